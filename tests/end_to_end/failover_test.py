"""The pair, with real processes: whatever happens to the primary, the secondary does its duties, nothing is missed, and never are two
on duty. Every test begins and ends with the primary on duty and the secondary armed."""
import json
import signal
import unittest

from harness.pair import ARMED, Pair
from harness.processes import ProcessError, wait_until
from rig import NO_DETECTION, RigTest

TIMEOUT = 40.0


class Failover(RigTest):
    validators = 32

    @classmethod
    def start_instances(cls):
        cls.pair = Pair(cls.run_, cls.chain, cls.keystores, cls.cluster, primary_options=NO_DETECTION,
                        secondary_options=NO_DETECTION).wait_armed()
        cls.primary, cls.secondary = cls.pair.primary, cls.pair.secondary

    def setUp(self):
        self.pair.wait_armed(TIMEOUT)
        self.assertIs(self.pair.holder(), self.primary)

    def tearDown(self):
        self.assertEqual(self.chain.totals([]).slashable, 0)
        self.primary.process.resume()
        for node in range(self.nodes):
            self.chain.faults(node)
        if self._outcome.result.wasSuccessful():
            return
        # So that one failure isn't all others', too.
        for instance in self.pair.both:
            if not instance.process.running:
                instance.start()
            wait_until(lambda i=instance: i.command("resume")[0] == 0, TIMEOUT, "to be told to go on")
        if not self.primary.active():
            wait_until(lambda: self.primary.command("failback", "--force")[0] == 0, TIMEOUT, "the primary to be ready")

    def assert_none_missed(self, first, last=None):
        """From slot `first` to `last` (or the one that is now) every attestation is in the chain."""
        for slot in range(first, (self.chain.time.slot() if last is None else last) + 1):
            self.chain.time.wait_slot(slot + 1, 0.5)
            self.assertGreater(self.chain.slot_totals(slot).due, 0)
            try:
                wait_until(lambda s=slot: not self.chain.missed(s), 3 * self.chain.time.slot_ms / 1000, "the slot's attestations")
            except ProcessError:
                self.fail(f"slot {slot}: {self.chain.slot_totals(slot).figures()} {self.chain.missed(slot)}\n"
                          f"the primary says:\n{self.primary.process.last_lines(25)}\n"
                          f"the secondary says:\n{self.secondary.process.last_lines(25)}")

    def wait_secondary_on_duty(self):
        health = self.secondary.wait_for(lambda health: health["on_duty"], TIMEOUT, "to take over")
        # By force, the other hears of it from the protectors.
        wait_until(lambda: self.pair.on_duty() == [self.secondary], TIMEOUT, "only the secondary to be on duty")
        return health

    def give_back(self, at=None):
        """Duty goes back to the primary, planned."""
        self.pair.wait_primary_standby(TIMEOUT)
        self.pair.hand_over(self.primary, at, TIMEOUT)
        self.assertIs(self.pair.holder(), self.primary)

    def test_killed_and_started_again(self):
        before = int(self.primary.health()["generation"])
        first = self.next_slot()
        self.primary.kill()
        health = self.wait_secondary_on_duty()
        self.assertGreater(int(health["generation"]), before)
        self.assertRegex(health["reason"], "can't be reached")
        self.next_slot()
        self.primary.start()
        self.pair.wait_primary_standby(TIMEOUT)
        self.assertIs(self.pair.holder(), self.secondary)
        self.give_back()
        self.assert_none_missed(first)

    def test_zombie(self):
        """It is stopped, replaced, and goes on: fenced, and on standby by itself."""
        first = self.next_slot()
        self.primary.process.pause()
        self.wait_secondary_on_duty()
        self.next_slot()
        self.primary.process.resume()
        self.primary.wait_state("fenced", "standby", timeout=TIMEOUT)
        self.pair.wait_primary_standby(TIMEOUT)
        self.assertIs(self.pair.holder(), self.secondary)
        self.give_back(at=self.secondary)
        self.assert_none_missed(first)

    def test_stopped_by_the_operator(self):
        """SIGTERM: duty is handed over first."""
        first = self.next_slot()
        self.primary.process.signal(signal.SIGTERM)
        health = self.wait_secondary_on_duty()
        self.assertRegex(health["reason"], "hands over")
        self.assertEqual(self.primary.process.wait(TIMEOUT), 0)
        self.primary.start()
        self.give_back()
        self.assert_none_missed(first)

    def test_secondary_stopped_on_duty(self):
        """SIGTERM to a secondary on duty: the primary gets it back first."""
        first = self.next_slot()
        self.pair.hand_over(self.secondary)
        self.pair.wait_primary_standby(TIMEOUT)
        self.secondary.process.signal(signal.SIGTERM)
        self.assertEqual(self.secondary.process.wait(TIMEOUT), 0)
        self.primary.wait_state("on_duty", timeout=TIMEOUT)
        self.secondary.start()
        self.secondary.wait_state(ARMED, timeout=TIMEOUT)
        self.assert_none_missed(first)

    def test_planned_both_ways(self):
        first = self.next_slot()
        self.pair.hand_over(self.secondary, at=self.primary)
        self.give_back(at=self.secondary)
        self.pair.wait_armed(TIMEOUT)
        self.pair.hand_over(self.secondary, at=self.secondary)
        self.give_back(at=self.primary)
        self.assert_none_missed(first)

    def test_what_can_not_be_done_is_refused(self):
        for instance, command, why in ((self.primary, "failback", "on duty already"),
                                       (self.secondary, "failback", "not on duty")):
            code, text = instance.command(command)
            self.assertEqual(code, 1, text)
            self.assertIn(why, text)
        self.assertIs(self.pair.holder(), self.primary)

    def test_by_force(self):
        first = self.next_slot()
        self.secondary.must("failover", "--force")
        self.wait_secondary_on_duty()
        self.pair.wait_primary_standby(TIMEOUT)
        self.primary.must("failback", "--force")
        self.primary.wait_state("on_duty", timeout=TIMEOUT)
        wait_until(lambda: self.pair.on_duty() == [self.primary], TIMEOUT, "only the primary to be on duty")
        self.assert_none_missed(first)

    def test_pause_and_resume(self):
        self.secondary.must("pause")
        self.assertTrue(self.secondary.health()["paused"])
        self.next_slot()
        self.primary.kill()
        end = self.next_slot() + 2
        self.chain.time.wait_slot(end)
        self.assertEqual(self.pair.on_duty(), [])
        self.secondary.must("resume")
        self.wait_secondary_on_duty()
        self.assert_none_missed(self.next_slot(), self.chain.time.slot())
        self.primary.start()
        self.give_back(at=self.secondary)

    def test_no_beacon_nodes_for_both(self):
        """The same outage for both: nobody moves, both say why, and afterwards exactly one performs."""
        before = [instance.health()["generation"] for instance in self.pair.both]
        for node in range(self.nodes):
            self.chain.faults(node, down=True)
        for instance in self.pair.both:
            health = instance.wait_for(lambda health: not health["healthy"], TIMEOUT, "to be unwell")
            self.assertIn("beacon_nodes", [check["name"] for check in health["checks"] if not check["ok"]])
        self.chain.time.wait_slot(self.chain.time.slot() + 3)
        self.assertFalse(self.secondary.health()["ready"])
        self.assertIn("beacon_nodes", self.secondary.health()["why_not_ready"])
        self.assertEqual([instance.health()["generation"] for instance in self.pair.both], before)
        for node in range(self.nodes):
            self.chain.faults(node)
        for instance in self.pair.both:
            instance.wait_for(lambda health: health["healthy"] and health["ready"], TIMEOUT, "to be well again")
        wait_until(lambda: len(self.pair.on_duty()) == 1, TIMEOUT, "exactly one to be on duty: " + self.pair.describe())
        first = self.next_slot() + 1
        self.assert_none_missed(first, first)
        # Whoever was well again first.
        if self.pair.holder() is self.secondary:
            self.give_back()

    def test_drill(self):
        code, text = self.secondary.command("drill", "--slots", "2")
        self.assertEqual(code, 0, text)
        self.assertIn("same", text)
        self.assertIs(self.pair.holder(), self.primary)

    def test_status(self):
        code, text = self.secondary.command("status")
        self.assertEqual(code, 0, text)
        code, text = self.secondary.command("status", "--json")
        self.assertEqual(code, 0, text)
        status = json.loads(text)
        self.assertEqual((status["instance"], status["rules_state"]), ("secondary", ARMED))
        self.assertEqual(self.primary.ask("/activez")[0], 200)
        self.assertEqual(self.secondary.ask("/activez")[0], 503)
        self.assertEqual([instance.ask("/readyz")[0] for instance in self.pair.both], [200, 200])


if __name__ == "__main__":
    unittest.main()
