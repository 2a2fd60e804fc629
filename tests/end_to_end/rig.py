"""What the end-to-end tests stand on: one simulated chain, protectors and a primary for all tests of a class.

Nothing here depends on how long something takes, only on the chain's slots, which are long enough for a busy machine with two
cores.
"""
import contextlib
import os
import unittest

from harness.cluster import Chain, Cluster, Primary
from harness.processes import Run

SLOT_MS = int(os.environ.get("HOLDFAST_TEST_SLOT_MS", "1500"))
BLOCK_MS = 200
GENESIS_DELAY_MS = 8000
# Epochs take 12 s here: kills that follow one another cost a key its votes of two epochs, and then it is watched, as it should
# be. For tests in which that is not the matter.
NO_DETECTION = ("--doppelganger-detection", "off")
SETTLE_SLOTS = 2  # after a slot, until its attestations stand in a block


class RigTest(unittest.TestCase):
    """Starts the processes once; every test leaves them running and free of faults."""

    nodes = 3
    validators = 64
    members = 4
    quorum = 3
    mode = "fenced"
    chain_options = {}
    primary_options = ()

    @classmethod
    def setUpClass(cls):
        with contextlib.ExitStack() as stack:
            cls.run_ = stack.enter_context(Run(cls.__name__))
            cls.keystores = cls.run_.path("keystores")
            options = {"slot_ms": SLOT_MS, "genesis_delay_ms": GENESIS_DELAY_MS,
                       "options": ["--block-ms", BLOCK_MS], **cls.chain_options}
            cls.chain = Chain(cls.run_, nodes=cls.nodes, validators=cls.validators, keystores=cls.keystores, **options)
            cls.cluster = Cluster(cls.run_, cls.members, cls.quorum, cls.chain.time, cls.chain.info["genesis_validators_root"],
                                  cls.mode)
            cls.protectors = cls.cluster.start().members
            cls.start_instances()
            cls.addClassCleanup(stack.pop_all().close)

    @classmethod
    def start_instances(cls):
        cls.primary = Primary(cls.run_, cls.chain.nodes, cls.keystores, cls.cluster, cls.primary_options)
        cls.primary.wait_ready()

    def next_slot(self):
        """Waits for the beginning of the next slot; returns it."""
        slot = self.chain.time.slot() + 1
        self.chain.time.wait_slot(slot)
        return slot

    def after(self, slot):
        """Waits until the attestations of a slot can be in a block, and returns what became of them."""
        self.chain.time.wait_slot(slot + SETTLE_SLOTS, 0.6)
        return self.chain.slot_totals(slot)

    def assert_all_right(self, slots, message="", by=None):
        """Every attestation of these slots is in the chain with the right source, target and head, and nothing is slashable.

        What `by` says, the instance on duty (else the primary), is shown if not.
        """
        instance = by or self.primary
        for slot in slots:  # one after the other: the chain forgets the slots of older epochs
            total = self.after(slot)
            self.assertGreater(total.due, 0)
            if not total.perfect():
                self.fail(f"{message} slot {slot}: {total.figures()}\n{self.chain.missed(slot)}\n{instance.process.name} says:\n"
                          f"{instance.process.last_lines(20)}")
