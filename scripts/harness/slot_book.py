"""Books what the chain says of every slot, while it still says it: how many attestations were due and included, how far from their
slot, when they arrived, and why any is missing."""
import dataclasses
import time

# In slots: from a slot to its first booking, and until when one that is incomplete is looked at again. The chain tells of the slots
# of this and the last epoch.
FIRST_LOOK, LAST_LOOK = 3.5, 7.5


@dataclasses.dataclass
class Entry:
    """One slot. Times are seconds since 1970."""
    slot: int
    due: int = 0
    included: int = 0
    distance_max: int = 0
    right_head: int = 0
    right_target: int = 0
    head_event: float = None
    arrivals: list = dataclasses.field(default_factory=list)  # the first of each validator, in order
    missed: list = dataclasses.field(default_factory=list)    # sentences
    kinds: dict = dataclasses.field(default_factory=dict)     # {kind: cluster.Duties} of what is no attestation

    @property
    def missing(self):
        return self.due - self.included

    def missing_of(self, kind):
        """How many duties of a kind are missing."""
        duties = self.kinds.get(kind)
        return duties.expected - duties.accepted if duties else 0

    def exchange_seconds(self):
        """From the head event to the last arrival, or None."""
        return self.arrivals[-1] - self.head_event if self.arrivals and self.head_event else None

    def describe(self):
        return (f"slot {self.slot}: {self.included} of {self.due} included, largest distance {self.distance_max}"
                + "".join("; " + sentence for sentence in self.missed[:3]))


class SlotBook:
    """Of the slots from `first` on. turn() must be called every few seconds; sleep_until() does it while it waits."""

    def __init__(self, chain, first):
        self._chain = chain
        self._next = first
        self._incomplete = []
        self.entries = {}

    def turn(self):
        """Books what is due, and looks again at what was incomplete."""
        now = time.time()
        for slot in list(self._incomplete):
            self._look(slot)
            late = now > self._chain.time.start_of(slot + 1) + LAST_LOOK * self._slot
            if late or not self.entries[slot].missing:
                self._incomplete.remove(slot)
        while now > self._chain.time.start_of(self._next) + FIRST_LOOK * self._slot:
            self._look(self._next)
            if self.entries[self._next].missing:
                self._incomplete.append(self._next)
            self._next += 1

    def sleep_until(self, when, margin=0.3):
        """Sleeps until a moment of the wall clock; books nothing in the last `margin` seconds before it."""
        while True:
            left = when - time.time()
            if left <= 0:
                return
            if left > margin:
                self.turn()
            time.sleep(max(0.0, min(when - time.time(), 0.25)))

    def sleep_to_slot(self, slot, fraction=0.0):
        self.sleep_until(self._chain.time.start_of(slot) + fraction * self._slot)

    def close(self, last):
        """Waits until everything up to slot `last` is booked for good."""
        while self._next <= last or any(slot <= last for slot in self._incomplete):
            time.sleep(0.1)
            self.turn()

    def settled(self, slots):
        """Whether all of these are booked for good."""
        return all(slot in self.entries and slot not in self._incomplete for slot in slots)

    def of(self, slots):
        return [self.entries[slot] for slot in slots if slot in self.entries]

    @property
    def _slot(self):
        return self._chain.time.slot_ms / 1000

    def _look(self, slot):
        score, received = self._chain.slot_totals(slot), self._chain.received(slot)
        start = self._chain.time.start_of(slot)
        head = received["head_event_sent_us"]
        self.entries[slot] = Entry(slot, score.due, score.included, score.distance_max, score.right_head, score.right_target,
                                   None if head is None else start + head / 1e6,
                                   sorted(start + item["us"] / 1e6 for item in received["received"]),
                                   self._chain.missed(slot) if score.included < score.due else [], self._chain.kinds([slot]))
