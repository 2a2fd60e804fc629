"""What the tests of all kinds of duties have in common: a chain on which every block is ours, and what must have come of it."""
from rig import BLOCK_MS, GENESIS_DELAY_MS, RigTest

FEE_RECIPIENT = "0x" + "ab" * 20
KINDS = {"proposal", "aggregation", "sync_message", "sync_contribution"}
GLOAS_KINDS = {"envelope", "payload_attestation", "preferences"}


class AllDutiesTest(RigTest):
    """Every slot's proposer is one of the validators: without its block there is none."""

    sim_options = ()
    primary_options = ("--fee-recipient", FEE_RECIPIENT)

    @classmethod
    def setUpClass(cls):
        cls.chain_options = {"genesis_delay_ms": GENESIS_DELAY_MS,
                             "options": ["--block-ms", BLOCK_MS, "--proposals-of-ours", 1, *cls.sim_options]}
        super().setUpClass()

    def wait_over(self, slot):
        """Waits until the books of a slot are closed."""
        self.chain.time.wait_slot(slot + 2, 0.1)

    def lacking(self, slots, kinds=frozenset(KINDS)):
        """Sentences: what of these slots is missing or wrong. Kinds with nothing due in the slots are no fault, but all must be
        there once."""
        found = self.chain.kinds(slots)
        sentences = [f"no {kind} was due" for kind in sorted(kinds - found.keys())]
        for kind, duties in found.items():
            if not duties.perfect():
                sentences.append(f"{kind}: {duties.figures()}, missed {duties.missed[:5]}")
        for slot in slots:
            total = self.chain.slot_totals(slot)
            if total.due and not total.perfect():
                sentences.append(f"slot {slot}: {total.figures()} {self.chain.missed(slot)[:3]}")
        return sentences

    def assert_all_done(self, slots, kinds=frozenset(KINDS), message=""):
        self.wait_over(slots[-1])
        lacking = self.lacking(slots, kinds)
        slashable = self.chain.totals(range(1000)).slashable
        if lacking or slashable:
            self.fail(f"{message} slots {slots[0]} to {slots[-1]}: {lacking}, slashable {slashable}\nthe primary says:\n"
                      f"{self.primary.process.last_lines(30)}")
