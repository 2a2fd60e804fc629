"""The harness itself: a proof that could not fail would prove nothing. Counting from blocks, on a chain of a few blocks made
here; how processes are started and ended."""
import subprocess
import sys
import unittest

from harness import block_count
from harness.processes import ProcessError, Run

SPE = 4
COMMITTEES = {(slot, 0): [slot * 2, slot * 2 + 1] for slot in range(SPE)} | {(slot, 1): [100 + slot] for slot in range(SPE)}


def root(slot):
    return f"0x{slot:064x}"


def attestation(slot, voters="0x07", committees="0x03", head=None, source=(0, root(0)), target=root(0)):
    return {"aggregation_bits": voters, "committee_bits": committees,
            "data": {"slot": str(slot), "index": "0", "beacon_block_root": root(slot) if head is None else head,
                     "source": {"epoch": str(source[0]), "root": source[1]},
                     "target": {"epoch": str(slot // SPE), "root": target}}}


class FakeReader(block_count.ChainReader):
    """A chain whose blocks are given: {slot: attestations}."""

    def __init__(self, blocks):  # pylint: disable=super-init-not-called
        self.slots_per_epoch = SPE
        self._blocks = {slot: (root(slot), blocks[slot]) if slot in blocks else None for slot in range(3 * SPE)}


def whole_chain():
    return {0: []} | {slot + 1: [attestation(slot)] for slot in range(SPE)}


class BlockCount(unittest.TestCase):
    ours = {0, 1, 4, 5, 7, 102}

    def count(self, blocks):
        return FakeReader(blocks).count(0, self.ours, COMMITTEES, (0, root(0)))

    def test_bits_are_little_endian_in_each_byte(self):
        self.assertEqual([i for i, on in enumerate(block_count.bits("0x0180")) if on], [0, 15])

    def test_whole(self):
        count = self.count(whole_chain())
        self.assertTrue(count.all_right(), count.wrong)
        self.assertEqual((count.due, count.distances), (6, [1] * 6))

    def test_voters_of_the_second_committee_follow_those_of_the_first(self):
        self.assertEqual(block_count.attesters(attestation(2, "0x0c"), COMMITTEES), [102])
        self.assertEqual(block_count.attesters(attestation(2, "0x03", "0x02"), COMMITTEES), [102])

    def test_missing_vote_is_missed(self):
        blocks = whole_chain()
        blocks[3] = [attestation(2, "0x06")]
        count = self.count(blocks)
        self.assertFalse(count.all_right())
        self.assertEqual((count.due, count.included), (6, 5))
        self.assertIn("validator 4", count.wrong[0])

    def test_late_inclusion_counts_with_its_distance(self):
        blocks = whole_chain()
        blocks[6] = blocks.pop(4)
        count = self.count(blocks)
        self.assertEqual((count.included, max(count.distances)), (6, 3))

    def test_votes_for_the_block_before_an_empty_slot_are_right(self):
        blocks = whole_chain()
        blocks.pop(2)
        blocks[3] = [attestation(2, head=root(1)), attestation(1)]
        count = self.count(blocks)
        self.assertTrue(count.all_right(), count.wrong)
        self.assertEqual(count.empty_slots, 1)

    def test_wrong_votes_are_wrong(self):
        for wrong, name in (({"head": root(9)}, "right_head"), ({"target": root(9)}, "right_target"),
                            ({"source": (0, root(9))}, "right_source")):
            count = self.count({**whole_chain(), 3: [attestation(2, **wrong)]})
            self.assertEqual(getattr(count, name), 6 - 3, name)
            self.assertFalse(count.all_right())

    def test_nothing_due_proves_nothing(self):
        self.assertFalse(FakeReader(whole_chain()).count(0, {999}, COMMITTEES, (0, root(0))).all_right())


class Processes(unittest.TestCase):
    def test_nothing_is_left_running(self):
        with Run("test") as run:
            code = ("import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
                    "print('ready', flush=True); time.sleep(600)")
            deaf = run.start("deaf", [sys.executable, "-c", code])
            deaf.wait_line("ready")
            pid = deaf.pid
        self.assertFalse(subprocess.run(["kill", "-0", str(pid)], stderr=subprocess.DEVNULL, check=False).returncode == 0)

    def test_what_it_said_is_in_the_error(self):
        with Run("test") as run:
            broken = run.start("broken", [sys.executable, "-c", "print('no such thing')"])
            with self.assertRaisesRegex(ProcessError, "no such thing"):
                broken.wait_line("never")


if __name__ == "__main__":
    unittest.main()
