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
        metrics = self.primary.metrics()
        for member in self.protectors:
            self.assertRegex(metrics, rf'sp_member_verdicts_total\{{member="{member.name}",result="approved"\}} [1-9]')
            self.assertRegex(metrics, rf'sp_member_answer_seconds_count\{{member="{member.name}"\}} [1-9]')
            self.assertRegex(metrics, rf'sp_member_votes\{{member="{member.name}"\}} 1')
        self.assertRegex(metrics, r"(?m)^sp_generation 1$")
        self.assertRegex(metrics, r"(?m)^sp_fenced 0$")
        health = self.primary.health()
        self.assertEqual((health["state"], health["generation"]), ("on_duty", "1"))
        self.assertEqual(health["configuration"]["cluster"], self.protectors[0].status()["cluster"])

    def test_3_sigterm_finishes_the_duty_of_the_slot(self):
        slot = self.next_slot()
        self.assertEqual(self.primary.process.stop(), 0, self.primary.process.last_lines())
        total = self.after(slot)
        self.assertEqual(total.included, total.due, "the duty of the slot in which SIGTERM came is done")
        self.assertEqual(self.after(slot + 1).included, 0, "no duty is begun after it")


if __name__ == "__main__":
    unittest.main()
