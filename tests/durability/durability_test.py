"""The short form of scripts/prove durability, and that it notices a loss."""
import glob
import os
import random
import sqlite3
import unittest

from durability import database
from durability.member import Load
from durability.run import run

_SMALL = Load(attesters=1, own=30, rivals=2, contested=10, proposers=1, blocks=10, bulk=200, halted=10)


def seed():
    return int(os.environ.get("HOLDFAST_SEED") or random.SystemRandom().randrange(1 << 32))


def forget_last_commit(member):
    """As if the last commit had never reached the disk, though it was answered."""
    connection = sqlite3.connect(os.path.join(member.data, "protection.sqlite"))
    connection.execute("DELETE FROM journal WHERE seq > (SELECT max(seq) FROM journal) - 20")
    connection.commit()
    connection.close()


class DurabilityTest(unittest.TestCase):
    def test_nothing_that_was_approved_is_lost(self):
        chosen = seed()
        figures, losses, failures = run(24, chosen, lambda line: None, _SMALL)
        self.assertEqual((losses[:5], failures), ([], []), f"seed {chosen}")
        self.assertEqual(figures["kills"], 24)
        for name in ("approved", "repeated", "refused", "promises", "halts", "checked", "asked_again"):
            self.assertGreater(figures[name], 0, name)

    def test_lost_commits_are_noticed(self):
        _, losses, _ = run(8, seed(), lambda line: None, _SMALL, {"alone": 1}, after_kill=forget_last_commit, keep=False)
        self.assertTrue(losses)

    def test_damaged_database_is_a_problem(self):
        def cut(member):
            for file in glob.glob(os.path.join(member.data, "protection.sqlite")):
                with open(file, "r+b") as out:
                    out.seek(4096)
                    out.write(b"\xff" * 4096)
            self.assertTrue(database.read(member.data).problem)

        _, losses, _ = run(1, seed(), lambda line: None, _SMALL, {"alone": 1}, after_kill=cut, keep=False)
        self.assertTrue(losses)


if __name__ == "__main__":
    unittest.main()
