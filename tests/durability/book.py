"""What the clients of one protector have seen it say, and whether its database agrees."""
import threading
from collections import Counter
from dataclasses import dataclass, field

from .wire import APPROVED, FENCED, Vote

_REMEMBERED = 16  # targets of one validator for which a second message would be noticed


@dataclass
class Track:
    """One validator's attestations, or its blocks."""
    approved: Vote | None = None                  # the highest that a client has seen approved
    roots: dict = field(default_factory=dict)     # of approved messages, by target
    unanswered: set = field(default_factory=set)  # sent, and nobody knows what became of them

    @property
    def target(self):
        return self.approved.target if self.approved else 0

    @property
    def source(self):
        return self.approved.source if self.approved else 0

    def note(self, vote):
        """False if another message was approved for that target."""
        if self.roots.setdefault(vote.target, vote.root) != vote.root:
            return False
        if vote.target > self.target or self.approved is None:
            self.approved = vote
        while len(self.roots) > _REMEMBERED:
            del self.roots[min(self.roots)]
        return True

    def differs(self, found):
        """Why the database can't be right; empty if it can."""
        if self.approved is None:
            return "" if found is None or found in self.unanswered else "the database has what was never sent"
        if found is None:
            return "the database has nothing"
        if found.target < self.approved.target:
            return "the database has an older one"
        if found.target == self.approved.target:
            return "" if found == self.approved else "the database has another one for that target"
        return "" if found in self.unanswered else "the database has what was never sent"

    def settle(self, found):
        """From now on the database's word holds, also for what had no answer."""
        self.unanswered.clear()
        if found is not None:
            self.note(found)


class Book:
    """Thread-safe. `losses` are sentences: each is a proof that the protector has broken its word."""

    def __init__(self, name):
        self.name = name
        self.lock = threading.Lock()
        self.votes = {}   # Track by public key
        self.blocks = {}
        self.halted = {}  # True, False, or None where the answer is missing
        self.position = (0, 0)
        self.generation = 0
        self.promised = (0, "")
        self.counts = Counter()
        self.losses = []

    def lose(self, sentence):
        self.losses.append(f"{self.name}: {sentence}")

    def begin(self, tracks, keys, votes):
        with self.lock:
            for key, vote in zip(keys, votes):
                tracks[key].unanswered.add(vote)
                self.halted.setdefault(key, False)

    def end(self, tracks, keys, votes, answer, must_approve):
        """must_approve: nobody else votes for these validators, so a message that is newer must be approved."""
        with self.lock:
            self.saw(answer.position, answer.generation)
            for key, vote, verdict in zip(keys, votes, answer.verdicts):
                track = tracks[key]
                track.unanswered.discard(vote)
                if verdict.yes:
                    self.counts["approved" if verdict.outcome == APPROVED else "repeated"] += 1
                    if not track.note(vote):
                        self.lose(f"two messages approved for one target of {key.hex()}: {vote} and root "
                                  f"{track.roots[vote.target].hex()}")
                    continue
                self.counts["fenced" if verdict.reason == FENCED else "refused"] += 1
                if must_approve and verdict.reason != FENCED:
                    self.lose(f"a newer message for {key.hex()} was refused (reason {verdict.reason}): {vote}, after "
                              f"{track.approved}, because of {verdict.record}")

    def saw(self, position, generation):
        self.position = max(self.position, position)
        self.generation = max(self.generation, generation)

    def promise(self, generation, holder):
        with self.lock:
            self.counts["promises"] += 1
            self.promised = max(self.promised, (generation, holder))
            self.generation = max(self.generation, generation)

    def set_halted(self, keys, value):
        with self.lock:
            for key in keys:
                self.halted[key] = value
            self.counts["halts"] += len(keys) if value is not None else 0

    def check(self, contents):
        """The database after a kill against all that was seen. Nobody may be using the protector."""
        if contents.problem:
            self.lose(f"the database is damaged: {contents.problem}")
            return
        records = contents.records
        for what, tracks in (("vote", self.votes), ("block", self.blocks)):
            for key, track in tracks.items():
                found = getattr(records[key], what) if key in records else None
                why = track.differs(found)
                if why:
                    self.lose(f"{what} of {key.hex()}: a client has seen {track.approved} approved; {why}: {found}")
                track.settle(found)
        self._check_halts(records)
        self._check_generation(contents)
        self.counts["checked"] += len(self.votes) + len(self.blocks)

    def _check_halts(self, records):
        for key, halted in self.halted.items():
            found = key in records and records[key].halted
            if halted is not None and found != halted:
                self.lose(f"{key.hex()}: {'halted' if halted else 'not halted'}, said the protector; the database says the contrary")
            self.halted[key] = found

    def _check_generation(self, contents):
        if contents.generation < self.generation:
            self.lose(f"generation {self.generation} was answered, the database has {contents.generation}")
        if contents.generation == self.promised[0] and contents.holder != self.promised[1]:
            self.lose(f"generation {self.promised[0]} was promised to {self.promised[1]}, the database says {contents.holder}")
        self.generation = contents.generation
