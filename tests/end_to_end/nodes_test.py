"""Decisions over many beacon nodes, with real processes: each test makes the chain or some of its nodes misbehave for a few
slots, and the score of exactly those slots tells whether the duties were done right."""
import contextlib
import unittest

from rig import RigTest

SLOTS = 2


class Nodes(RigTest):
    validators = 32

    @contextlib.contextmanager
    def faults(self, by_node):
        """Faults {node: {name: value}} from the end of this slot on, and none afterwards; gives the first slot with them."""
        self.chain.time.wait_slot(self.chain.time.slot(), 0.75)
        try:
            for node, faults in by_node.items():
                self.chain.faults(node, **faults)
            yield self.chain.time.slot() + 1
        finally:
            for node in by_node:
                self.chain.faults(node)

    def right_under(self, by_node, slots=SLOTS):
        with self.faults(by_node) as first:
            self.chain.time.wait_slot(first + slots - 1, 0.9)
        self.assert_all_right(range(first, first + slots), str(by_node))

    def test_minority_on_a_wrong_head(self):
        self.right_under({0: {"wrong_head": True}})

    def test_minority_with_other_checkpoints(self):
        self.right_under({1: {"wrong_checkpoints": True}})

    def test_minority_stale_but_claiming_to_be_synced(self):
        self.right_under({0: {"stale_head": True}})

    def test_all_slow(self):
        self.right_under({0: {"latency_ms": 150}, 1: {"latency_ms": 150}, 2: {"latency_ms": 150}})

    def test_one_hangs_on_tcp_level(self):
        self.right_under({1: {"hang": True}})

    def test_one_closes_every_connection(self):
        self.right_under({2: {"down": True}})

    def test_one_answers_garbage(self):
        self.right_under({0: {"garbage": True}})

    def test_one_drops_what_it_accepts(self):
        self.right_under({0: {"drop_accepted": True}})

    def test_nodes_freeze_their_first_answer(self):
        self.right_under({0: {"freeze_first": True}, 1: {"freeze_first": True}, 2: {"freeze_first": True}})

    def test_nodes_60_ms_apart(self):
        self.right_under({1: {"lag_ms": 60}, 2: {"lag_ms": 120}})

    def test_events_only_from_one_node(self):
        self.right_under({0: {"no_events": True}, 2: {"no_events": True}})

    def test_no_events_at_all(self):
        self.right_under({0: {"no_events": True}, 1: {"no_events": True}, 2: {"no_events": True}})

    def test_missing_block(self):
        slot = self.chain.time.slot() + 2
        self.chain.command(skip=slot)
        self.assert_all_right([slot, slot + 1])

    def test_late_block(self):
        """Behind the deadline: the vote is for the block before, made at the deadline and not later."""
        slot = self.chain.time.slot() + 2
        slot += slot % self.chain.time.slots_per_epoch == 0  # not the epoch's first: its block is the target, too
        self.chain.command(late=slot, ms=int(0.7 * self.chain.time.slot_ms))
        total = self.after(slot)
        self.assertEqual((total.included, total.right_source, total.right_target), (total.due,) * 3, total.figures())
        self.assertEqual(total.right_head, 0, "the late block could not be known at the deadline")
        self.assert_all_right([slot + 1])

    def test_reorganisation_over_the_epoch_edge(self):
        """The branch that wins leaves the old epoch's last blocks out: other targets, and other duties in the next epoch."""
        epoch = self.chain.time.epoch_of(self.chain.time.slot() + 1) + 1
        edge = self.chain.time.first_slot(epoch)
        self.chain.command(reorg=edge + 1, depth=3)
        self.assert_all_right([edge + 1, edge + 2])
        after = self.chain.time.first_slot(epoch + 1)
        self.assert_all_right([after, after + 1], "with the duties of the new branch,")

    def tearDown(self):
        self.assertTrue(self.primary.process.running)
        self.assertEqual(self.chain.totals([]).slashable, 0)


if __name__ == "__main__":
    unittest.main()
