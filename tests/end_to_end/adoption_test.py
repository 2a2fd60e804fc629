"""A primary is killed between approval and publication, at each point of the exchange; the instance that comes after it publishes
the same message for every validator that any protector has recorded, and nothing is slashable. With real processes.

A successor starts in a later slot than the one it adopts: with votes of its own it could not reach that slot any more.
"""
import random
import unittest

from harness.cluster import Primary
from harness.processes import ProcessError, wait_until
from rig import NO_DETECTION, RigTest

GONE = {"drop_posts": True}  # a node says yes to what it is sent, and loses it
TIMEOUT = 30.0


class Adoption(RigTest):
    nodes = 2
    validators = 32
    starts = 1
    primary_options = NO_DETECTION

    def tearDown(self):
        for node in range(self.nodes):
            self.chain.faults(node)
        for member in self.protectors:
            member.process.resume()
        self.assertEqual(self.chain.totals([]).slashable, 0)

    def replace_primary(self):
        """Another instance goes on duty with the same keys."""
        type(self).starts += 1
        type(self).primary = Primary(self.run_, self.chain.nodes, self.keystores, self.cluster, self.primary_options,
                                     instance=f"instance{self.starts}")
        self.primary.wait_state("on_duty")

    def lose_publications(self):
        for node in range(self.nodes):
            self.chain.faults(node, **GONE)

    def keep_publications(self):
        for node in range(self.nodes):
            self.chain.faults(node)

    def quiet_moment(self, last_of_epoch=False):
        """Waits until a slot's duties are done and the next one's have not begun; returns the next slot."""
        slot = self.chain.time.slot() + 1
        if last_of_epoch:
            slot = self.chain.time.first_slot(self.chain.time.epoch_of(slot) + 1) - 1
        self.chain.time.wait_slot(slot - 1, 0.85)
        self.assertEqual(self.chain.time.slot(), slot - 1, "the machine is too slow for this slot time")
        return slot

    def due_in(self, slot):
        """How many attestations the slot has; the chain counts an epoch's duties when the epoch begins."""
        return wait_until(lambda: self.chain.slot_totals(slot).due, TIMEOUT, f"the duties of slot {slot}")

    def recorded(self, slot, members):
        """{member's name: {public key: signing root}} of that slot's votes."""
        target = self.chain.time.epoch_of(slot)
        found = {}
        for member in members:
            groups = [group for group in member.records(target) if group["data"] and int(group["data"]["slot"]) == slot]
            found[member.name] = {key: group["signing_root"] for group in groups for key in group["pubkeys"]}
        return found

    def assert_adopted(self, slot, before):
        """All that anybody had recorded of the slot is in the chain, and is what is recorded now."""
        roots = {}
        for messages in before.values():
            for key, root in messages.items():
                self.assertEqual(roots.setdefault(key, root), root, "one client, one message")
        try:
            wait_until(lambda: self.chain.accepted(slot) >= len(roots), TIMEOUT, f"all votes of slot {slot}")
            after = self.recorded(slot, self.protectors)
            of_this_epoch = self.chain.time.epoch_of(self.chain.time.slot()) == self.chain.time.epoch_of(slot)
            wait_until(lambda: self.chain.slot_totals(slot).included >= len(roots), TIMEOUT, f"slot {slot} in the chain")
        except ProcessError as error:
            self.fail(f"{error}: {self.chain.slot_totals(slot).figures()} {self.chain.missed(slot)}\n"
                      f"{self.primary.process.last_lines(30)}")
        self.assertEqual(self.chain.slot_totals(slot).included, len(roots))
        for key, root in roots.items():
            holders = [messages[key] for messages in after.values() if key in messages]
            self.assertLessEqual(set(holders), {root}, "the successor made another message")
            if of_this_epoch:  # afterwards the protectors know later votes only
                self.assertGreaterEqual(len(holders), self.quorum)

    def kill_with_recorded_at(self, count, last_of_epoch=False):
        """The primary dies when exactly the first `count` protectors have its votes of a slot."""
        slot = self.quiet_moment(last_of_epoch)
        asleep = self.protectors[count:]
        for member in asleep:
            member.process.pause()
        self.lose_publications()
        due = self.due_in(slot)
        awake = self.protectors[:count]
        wait_until(lambda: all(len(messages) == due for messages in self.recorded(slot, awake).values()), 20.0, "the votes")
        self.primary.process.kill()
        # What lies in the others' sockets never reaches them.
        for member in asleep:
            member.kill()
        before = self.recorded(slot, awake)
        for member in asleep:
            member.launch()
        for member in asleep:
            member.ready().voting()
        self.assertEqual(self.chain.accepted(slot), 0, "nothing of it was published")
        self.keep_publications()
        self.chain.time.wait_slot(slot + 1)
        self.replace_primary()
        self.assert_adopted(slot, before)

    def test_recorded_by_one_of_four(self):
        self.kill_with_recorded_at(1)

    def test_recorded_by_two_of_four(self):
        self.kill_with_recorded_at(2)

    def test_recorded_by_the_quorum(self):
        self.kill_with_recorded_at(3)

    def test_recorded_by_all(self):
        self.kill_with_recorded_at(4)

    def test_in_the_last_slot_of_an_epoch(self):
        """The successor starts in the next epoch: its validators' next votes must not shut out those."""
        self.kill_with_recorded_at(2, last_of_epoch=True)

    def test_requests_that_arrive_after_the_kill(self):
        """Two protectors sleep over the kill and wake when the successor is there: late requests of the old generation."""
        slot = self.quiet_moment()
        for member in self.protectors[2:]:
            member.process.pause()
        due = self.due_in(slot)
        wait_until(lambda: len(self.recorded(slot, self.protectors[:1])[self.protectors[0].name]) == due, 20.0, "the votes")
        self.primary.process.kill()
        before = self.recorded(slot, self.protectors[:2])
        self.chain.time.wait_slot(slot + 1)
        for member in self.protectors[2:]:
            member.process.resume()
        self.replace_primary()
        self.assert_adopted(slot, before)

    def test_killed_at_random_moments(self):
        """Around the block's arrival, where votes are decided, approved, signed and published within milliseconds."""
        seed = random.SystemRandom().randrange(1 << 32)
        moments = random.Random(seed)
        for _ in range(3):
            slot = self.quiet_moment()
            into = (200 + moments.uniform(0, 40)) / self.chain.time.slot_ms
            with self.subTest(seed=seed, into_the_slot=into):
                self.chain.time.wait_slot(slot, into)
                self.primary.process.kill()
                before = self.recorded(slot, self.protectors)
                self.chain.time.wait_slot(slot + 1)
                self.replace_primary()
                self.assert_adopted(slot, before)

    def test_a_primary_that_wakes_up_is_fenced(self):
        old = self.primary
        self.addCleanup(old.kill)
        old.process.pause()
        self.replace_primary()
        old.process.resume()
        health = wait_until(lambda: (old.health() or {}).get("state") == "fenced" and old.health(), 20.0, "the old one to be fenced")
        self.assertFalse(health["on_duty"])
        self.assertRegex(health["reason"], rf"fenced by generation \d+, held by instance{self.starts} since 20")
        first = self.next_slot() + 1
        self.assert_all_right([first, first + 1], "with a fenced primary beside it,")
        self.assertEqual(old.process.stop(), 0)


if __name__ == "__main__":
    unittest.main()
