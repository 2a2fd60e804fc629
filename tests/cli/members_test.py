"""Goal: a cluster's members change as docs/cluster.md says, step by step, with the files that `holdfast cluster` makes; what was recorded
is still there afterwards. Method: real protectors with mutual TLS."""
import os
import shutil
import unittest

from harness.processes import Run, free_port, wait_until
from tool import START_TIMEOUT, Cluster, holdfast, interchange, key, marks_of, write_json


class MembersTest(unittest.TestCase):
    def setUp(self):
        self.run_ = Run("cli-members")
        self.addCleanup(self.run_.end)
        self.cluster = Cluster(self.run_, members=3, quorum=2).start().wait_voting()
        self.cluster.protection("import", write_json(self.run_.path("in.json"), interchange({1: (10, 20, 30)})))

    def wait_states(self, **wanted):
        wait_until(lambda: self.cluster.states() == wanted, START_TIMEOUT, f"{wanted}; it is {self.cluster.states()}")

    def check_records(self):
        """Every member alone still knows what was imported."""
        for each in self.cluster.status()["members"]:
            self.assertEqual((each["status"]["validators"], each["status"]["highest_target_epoch"]), ("1", "20"), each["member"])
        self.assertEqual(marks_of(self.cluster.protection("export", "-")), {key(1): (10, 20, 30)})

    def test_one_more(self):
        before = self.cluster.status()["members"][0]["status"]["cluster"]
        url = f"https://127.0.0.1:{free_port()}"
        said = holdfast("cluster", "add-member", "--dir", self.cluster.folder, "--member", f"p4={url}", "--quorum", 3)
        self.assertIn("--change-cluster", said)
        self.assertIn("--rejoin", said)
        self.cluster.stop("p1", "p2", "p3")
        self.cluster.start("p1", "p2", "p3", how=("--change-cluster",))
        wait_until(lambda: list(self.cluster.states().values())[:3] == ["voting"] * 3, START_TIMEOUT, "the old members to vote")
        self.cluster.start("p4", how=("--rejoin",))
        self.wait_states(p1="voting", p2="voting", p3="voting", p4="rejoining")
        self.assertNotEqual(self.cluster.status()["members"][0]["status"]["cluster"], before)
        self.check_records()

    def test_a_member_that_was_not_told_is_refused(self):
        holdfast("cluster", "add-member", "--dir", self.cluster.folder, "--member", f"p4=https://127.0.0.1:{free_port()}", "--quorum", 3)
        self.cluster.stop("p1")
        self.cluster.start("p1", how=())
        self.assertEqual(self.cluster.processes["p1"].wait(), 2)
        self.assertIn("--change-cluster", self.cluster.processes["p1"].printed())
        self.assertIn("another cluster", self.cluster.protection("status", code=1))

    def test_another_machine_under_the_old_name(self):
        before = self.cluster.status()["members"][0]["status"]["cluster"]
        self.cluster.stop("p3")
        shutil.rmtree(self.run_.path("home-p3-data"))
        url = f"https://127.0.0.1:{free_port()}"
        said = holdfast("cluster", "replace-member", "--dir", self.cluster.folder, "--member", f"p3={url}")
        self.assertIn("--rejoin", said)
        self.cluster.stop("p1", "p2")
        self.cluster.start("p1", "p2", how=())
        self.cluster.start("p3", how=("--rejoin",))
        self.wait_states(p1="voting", p2="voting", p3="rejoining")
        self.assertEqual(self.cluster.status()["members"][2]["status"]["cluster"], before)
        self.assertTrue(os.path.exists(self.run_.path("home-p3-data")))
        self.check_records()

    def test_one_fewer(self):
        holdfast("cluster", "remove-member", "--dir", self.cluster.folder, "--name", "p3", "--quorum", 2)
        self.cluster.stop("p1", "p2", "p3")
        self.cluster.start("p1", "p2", how=("--change-cluster",))
        self.wait_states(p1="voting", p2="voting")
        self.check_records()


if __name__ == "__main__":
    unittest.main()
