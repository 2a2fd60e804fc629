"""What keeps keys from harm, with real processes: a validator that is slashed stops and stays stopped; the look for doppelgangers
holds up a cold start, and no restart."""
import unittest

from harness import http_json
from harness.cluster import Primary
from harness.processes import wait_until
from rig import RigTest

TIMEOUT = 30.0


class SafetyTest(RigTest):
    def attested(self, epoch):
        """The validators whose attestations of an epoch have arrived; waits until it is over."""
        first = self.chain.time.first_slot(epoch)
        found = set()
        for slot in range(first, first + self.chain.time.slots_per_epoch):
            self.after(slot)
            found |= {item["validator"] for item in self.chain.received(slot)["received"]}
        return found

    def next_epoch(self):
        return self.chain.time.epoch_of(self.chain.time.slot()) + 1

    def check(self, name):
        return next(check for check in self.primary.health()["checks"] if check["name"] == name)

    def tell(self, path, **what):
        http_json.post(self.chain.admin + path, what)

    def everybody_but(self, *validators):
        return set(range(self.validators)) - set(validators)


class Slashed(SafetyTest):
    validators = 32
    victim = 5

    def halted(self):
        return [member.status()["halted"] for member in self.protectors]

    def restart_primary(self):
        self.primary.kill()
        self.primary.start()
        self.primary.wait_ready()

    def test_1_a_restart_waits_for_nobody(self):
        """From the third epoch on keys are watched, but for those that the protectors know of."""
        self.chain.time.wait_slot(self.chain.time.first_slot(2) + 1)
        self.restart_primary()
        first = self.next_slot() + 1
        self.assert_all_right([first, first + 1], "after a restart,")
        self.assertTrue(self.check("doppelganger")["ok"])

    def test_2_it_is_halted_and_the_others_go_on(self):
        self.tell("/slash", validator=self.victim)
        wait_until(lambda: sum(int(count) == 1 for count in self.halted()) >= self.quorum, TIMEOUT, "the halt at a quorum")
        wait_until(lambda: not self.check("slashing")["ok"], TIMEOUT, "the check to say so")
        health = self.primary.health()
        self.assertEqual((health["state"], health["healthy"]), ("on_duty", True), "that moves no duty")
        self.assertRegex(self.primary.metrics(), r"(?m)^slashing_detected 1$")
        self.assertEqual(self.attested(self.next_epoch()), self.everybody_but(self.victim))

    def test_3_it_stays_halted_over_a_restart(self):
        self.restart_primary()
        self.assertEqual(self.attested(self.next_epoch()), self.everybody_but(self.victim))
        self.assertTrue(self.check("slashing")["ok"], "of that somebody knows")
        self.assertEqual(self.chain.totals([]).slashable, 0)


class ColdStart(SafetyTest):
    """Keys that this cluster has never used, on a chain that is older: somebody else may be using them."""

    validators = 16
    victim = 3
    chain_options = {"slot_ms": 1000}

    @classmethod
    def start_instances(cls):
        cls.chain.time.wait_slot(cls.chain.time.first_slot(2))
        cls.primary = Primary(cls.run_, cls.chain.nodes, cls.keystores, cls.cluster)
        cls.primary.wait_state("on_duty")

    def test_keys_are_silent_for_two_epochs_and_one_that_is_live_stays_so(self):
        started = self.chain.time.epoch_of(self.chain.time.slot())
        self.chain.time.wait_slot(self.chain.time.first_slot(started + 1), 0.5)
        self.tell("/live", validator=self.victim)
        for epoch in (started, started + 1, started + 2):
            self.assertEqual(self.attested(epoch), set(), f"epoch {epoch}")
        self.assertEqual(self.attested(started + 3), self.everybody_but(self.victim), self.primary.process.last_lines(20))
        check = self.check("doppelganger")
        self.assertFalse(check["ok"])
        self.assertIn("another client signs", check["detail"])
        self.assertTrue(self.primary.health()["healthy"])


if __name__ == "__main__":
    unittest.main()
