"""A cluster in shared mode: two instances with the same keys are on duty at once, without generations. Every duty is done, one of
them may be killed at any time, and nothing is slashable, because both need the same quorum."""
import unittest

from harness.cluster import Primary
from rig import RigTest


class SharedMode(RigTest):
    nodes = 2
    validators = 32
    mode = "shared"

    def test_two_on_duty_and_one_is_killed(self):
        second = Primary(self.run_, self.chain.nodes, self.keystores, self.cluster, instance="second").wait_ready()
        self.assertEqual((self.primary.health()["generation"], second.health()["generation"]), ("0", "0"))
        first = self.next_slot() + 1
        self.assert_all_right([first, first + 1], "with two on duty,")
        self.primary.process.kill()
        alone = self.next_slot() + 1
        self.assert_all_right([alone, alone + 1], "after one was killed,")
        self.assertEqual(second.health()["state"], "on_duty")
        self.assertEqual(self.chain.totals([]).slashable, 0)


if __name__ == "__main__":
    unittest.main()
