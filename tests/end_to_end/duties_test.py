"""The main job with real processes: every duty of two epochs is done, nothing is slashable, SIGTERM finishes the slot's duty."""
import unittest

from rig import RigTest


class Duties(RigTest):
    def test_1_two_epochs_are_attested_whole(self):
        last = self.chain.time.first_slot(2) - 1
        self.assert_all_right(range(1, last + 1))
        total = self.chain.totals(range(2))
        self.assertEqual(total.due, 2 * self.validators)
        self.assertEqual(total.included, total.due)
        self.assertEqual(total.slashable, 0)
        for member in self.protectors:
            self.assertTrue(member.process.running)

    def test_2_metrics_and_health_say_so(self):
        self.assertIn("holdfast", self.primary.metrics())
        health = self.primary.health()
        self.assertEqual(health["state"], "on_duty")

    def test_3_sigterm_finishes_the_duty_of_the_slot(self):
        slot = self.next_slot()
        self.assertEqual(self.primary.process.stop(), 0, self.primary.process.last_lines())
        total = self.after(slot)
        self.assertEqual(total.included, total.due, "the duty of the slot in which SIGTERM came is done")
        self.assertEqual(self.after(slot + 1).included, 0, "no duty is begun after it")


if __name__ == "__main__":
    unittest.main()
