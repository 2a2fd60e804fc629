"""A secondary that must not take over, and one that must though it never saw its primary."""
import os
import shutil
import unittest

from harness.cluster import Cluster, Primary
from harness.pair import ARMED, Secondary, times_for
from harness.processes import free_port, wait_until
from rig import NO_DETECTION, RigTest

TIMEOUT = 40.0


class SecondaryAlone(RigTest):
    nodes = 2
    validators = 32

    @classmethod
    def start_instances(cls):
        cls.times = [*times_for(cls.chain.time.slot_ms), *NO_DETECTION]
        cls.primary = Primary(cls.run_, cls.chain.nodes, cls.keystores, cls.cluster, cls.times, control=True).wait_ready()

    def start(self, name, *options, keystores=None, cluster=None, primary_url=None):
        """A secondary with that name, which is ended with the test."""
        secondary = Secondary(self.run_, self.chain.nodes, keystores or self.keystores, cluster or self.cluster,
                              primary_url or self.primary.url, [*self.times, *options], instance=name).start()
        self.addCleanup(secondary.kill)
        return secondary

    def assert_never_takes_over(self, secondary):
        """Not while the primary performs, and not when it is gone; then the primary is started again."""
        self.chain.time.wait_slot(self.chain.time.slot() + 2)
        self.assertFalse(secondary.health()["on_duty"])
        self.primary.kill()
        self.chain.time.wait_slot(self.chain.time.slot() + 3)
        self.assertFalse(secondary.health()["on_duty"])
        self.assertEqual(secondary.process.running, True)
        self.primary.start().wait_ready()
        self.assertEqual(self.chain.totals([]).slashable, 0)

    def test_1_other_keys(self):
        fewer = self.run_.path("fewer-keys")
        shutil.copytree(self.keystores, fewer)
        for name in sorted(os.listdir(fewer))[:2]:  # a keystore and its password
            os.remove(os.path.join(fewer, name))
        secondary = self.start("fewer-keys", keystores=fewer)
        health = secondary.wait_for(lambda health: "validator keys" in health["why_not_ready"], TIMEOUT, "to see the drift")
        self.assertIn("validator keys: 31 here, 32 at the primary", health["why_not_ready"])
        self.assertFalse(health["ready"])
        self.assert_never_takes_over(secondary)

    def test_2_accepted_drift(self):
        secondary = self.start("accepts", "--accept-drift", "keys,fee_recipients", keystores=self.run_.path("fewer-keys"))
        secondary.wait_state(ARMED, timeout=TIMEOUT)

    def test_3_another_cluster(self):
        """Its own protectors would say yes to anything: only the drift keeps it from signing."""
        other = Cluster(self.run_, 1, 1, self.chain.time, self.chain.info["genesis_validators_root"], name="other")
        for member in other.members:  # the first cluster's p1 has that folder
            member.data += "-other"
        secondary = self.start("other-cluster", cluster=other.start())
        health = secondary.wait_for(lambda health: "cluster id" in health["why_not_ready"], TIMEOUT, "to see the drift")
        self.assertRegex(health["why_not_ready"], r"cluster id: \w+\.\. here, \w+\.\. at the primary")
        self.assert_never_takes_over(secondary)

    def test_4_wrong_address_of_the_primary(self):
        """Nothing answers there, but the protectors hear that the primary is well."""
        secondary = self.start("lost", "--start-grace", "0ms", primary_url=f"http://127.0.0.1:{free_port()}")
        health = secondary.wait_state("suspecting", timeout=TIMEOUT)
        generation = self.primary.health()["generation"]
        self.chain.time.wait_slot(self.chain.time.slot() + 3)
        health = secondary.health()
        self.assertFalse(health["on_duty"])
        self.assertRegex(health["reason"], "primary was heard .* on duty and well")
        self.assertEqual(self.primary.health()["generation"], generation)
        slot = self.chain.time.slot() - 1
        self.assert_all_right([slot])

    def test_5_not_a_primary_at_all(self):
        """A beacon node answers at the address."""
        secondary = self.start("mistaken", "--start-grace", "0ms", primary_url=self.chain.nodes[0])
        self.chain.time.wait_slot(self.chain.time.slot() + 3)
        self.assertFalse((secondary.health() or {"on_duty": False})["on_duty"])
        for name, url in (("word", "nothing"), ("address", "127.0.0.1:7770")):
            wrong = self.start(name, primary_url=url)
            self.assertEqual(wrong.process.wait(TIMEOUT), 2, wrong.process.last_lines())
            self.assertIn("primary: ", wrong.process.printed())

    def test_6_the_primary_is_never_started(self):
        """Last in this class: it ends the primary for good."""
        self.primary.process.stop()
        secondary = self.start("secondary", "--start-grace", "2s")
        secondary.wait_for(lambda health: health["on_duty"], TIMEOUT, "to go on duty alone")
        first = self.next_slot() + 1
        self.assert_all_right([first], "alone,", by=secondary)
        self.assertEqual(self.chain.totals([]).slashable, 0)


if __name__ == "__main__":
    unittest.main()
