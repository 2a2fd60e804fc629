"""One kill of a primary after the other on one rig: SIGKILL at a moment of the slot, the secondary takes over, two more slots pass,
the primary is started again and gets its duty back by a planned handover, and the next kill follows."""
import dataclasses
import random
import re
import time

from .cluster import Duties
from .pair import first_move
from .pair_rig import TIMEOUT, PairRig, kinds_of
from .processes import ProcessError

QUIET_SLOTS = 8      # at the beginning of each rig: the baseline
SLOTS_AFTER = 2      # after the slot of the kill, until the primary is started again
DEADLINE = 1 / 3     # of the slot: when a vote is made without a block of the slot
LATE_BLOCK = 0.45    # of the slot: when a late block arrives
HANDOVER_MS = 600    # a handover is over by then, as a rule
PROPOSAL_MS = -20, 400  # around the start of a slot, when a block is made
WINDOW_MS = -10, 40  # around the block's arrival or the deadline: where kills are dense


@dataclasses.dataclass(frozen=True)
class Moment:
    """When in its slot the primary is killed. late_block: the slot's block comes after the deadline, so its votes are made then.
    handover_ms: so long before the kill the operator asked for a planned handover."""
    fraction: float
    late_block: bool
    why: str  # "slot": spread over all of it; "head": around the block's arrival; "deadline"; "handover"; "proposal"
    handover_ms: int = None

    def __str__(self):
        return (f"{self.fraction:.5f}" + (":late" if self.late_block else "")
                + (f":handover{self.handover_ms}" if self.handover_ms is not None else ""))

    @staticmethod
    def parse(text):
        found = re.fullmatch(r"(0?\.\d+|0)(?:(:late)|:handover(\d+))?", text)
        if not found:
            raise ValueError(text)
        return Moment(float(found[1]), bool(found[2]), "asked", int(found[3]) if found[3] else None)


def spread(count, seed, slot_ms, block_ms):
    """Moments for `count` kills: half over the whole slot, a third around the block's arrival, the rest around the deadline of slots
    whose block is late; each group stratified, all shuffled."""
    chosen = random.Random(seed)
    near_head, near_deadline = count // 3, count // 6
    over_all = count - near_head - near_deadline

    def strata(number, low, width):
        return [low + width * (i + chosen.random()) / number for i in range(number)]

    low, width = WINDOW_MS[0] / slot_ms, (WINDOW_MS[1] - WINDOW_MS[0]) / slot_ms
    found = [Moment(at, False, "slot") for at in strata(over_all, 0.0, 1.0)]
    found += [Moment(at, False, "head") for at in strata(near_head, block_ms / slot_ms + low, width)]
    found += [Moment(at, True, "deadline") for at in strata(near_deadline, DEADLINE + low, width)]
    chosen.shuffle(found)
    return found


def spread_with_proposals(count, seed, slot_ms):
    """Moments on a chain whose blocks are ours: half over the whole slot, the rest around its start, where a block is made."""
    chosen = random.Random(seed)
    near = count // 2
    found = [Moment((i + chosen.random()) / (count - near), False, "slot") for i in range(count - near)]
    low, width = PROPOSAL_MS[0] / slot_ms, (PROPOSAL_MS[1] - PROPOSAL_MS[0]) / slot_ms
    found += [Moment((low + width * (i + chosen.random()) / near) % 1, False, "proposal") for i in range(near)]
    chosen.shuffle(found)
    return found


def spread_in_handovers(count, seed):
    """Moments spread over the slot, at most HANDOVER_MS after a planned handover was asked for."""
    chosen = random.Random(seed)
    leads = [HANDOVER_MS * (i + chosen.random()) / count for i in range(count)]
    chosen.shuffle(leads)
    return [Moment((i + chosen.random()) / count, False, "handover", round(lead)) for i, lead in enumerate(leads)]


class KillRig:
    """Says ("kill", record), ("handover", record) and ("rig", figures) with what was found wrong in "problems"."""

    def __init__(self, run, say, slot_ms, moments, seed, proposals_of_ours=0):
        self._run = run
        self._say = say
        self._moments = moments
        self._rig = PairRig(run, slot_ms, seed=seed, proposals_of_ours=proposals_of_ours)
        self._time = self._rig.time
        self._open = []      # records whose slots are not all booked yet
        self._touched = set()  # slots of kills and handovers
        self._kills = 0

    def go(self):
        book = self._rig.book
        book.sleep_to_slot(self._rig.first_slot + QUIET_SLOTS)
        for moment in self._moments:
            self._kill(moment)
            self._give_back()
            self._settle()
        book.close(self._time.slot())
        self._settle(everything=True)
        self._say("rig", self._figures())

    def _slot_for(self, moment):
        """The next slot that has that moment (and the handover's before it) before it; for a late block not the first of an epoch, whose block is the target."""
        slot = self._time.slot()
        while True:
            ahead = self._time.start_of(slot) - time.time()
            first_of_epoch = slot % self._time.slots_per_epoch == 0
            if ahead + moment.fraction * self._time.slot_ms / 1000 > 0.2 + (moment.handover_ms or 0) / 1000 and not (
                    moment.late_block and (ahead <= 0.1 or first_of_epoch)):
                return slot
            slot += 1

    def _kill(self, moment):
        rig, pair = self._rig, self._rig.pair
        slot = self._slot_for(moment)
        if moment.late_block:
            rig.chain.command(late=slot, ms=round(LATE_BLOCK * self._time.slot_ms))
        when = self._time.start_of(slot) + moment.fraction * self._time.slot_ms / 1000
        asked = None
        if moment.handover_ms is not None:
            rig.book.sleep_until(when - moment.handover_ms / 1000)
            asked = pair.primary.begin_command("failover")
        rig.book.sleep_until(when)
        when = pair.primary.kill()
        self._kills += 1
        record = {"number": self._kills, "moment": str(moment), "why": moment.why, "slot": slot, "when": when,
                  "at": round((when - self._time.start_of(slot)) * 1000 / self._time.slot_ms, 5), "problems": []}
        self._touched.update(range(slot, slot + SLOTS_AFTER + 1))
        try:
            pair.secondary.wait_for(lambda health: health["on_duty"], TIMEOUT, "to take over")
            rig.book.sleep_to_slot(slot + SLOTS_AFTER, 0.6)
            if pair.on_duty() != [pair.secondary]:
                record["problems"].append("the secondary should be the one on duty: " + pair.describe())
            self._add_times(record, pair.secondary.status(), moment.handover_ms or 0)
            if asked:
                asked.kill()  # it would wait half a minute for a primary that is gone
        except ProcessError as error:
            record["problems"].append(str(error))
            self._say("kill", record)
            raise
        self._open.append((slot + SLOTS_AFTER, range(slot - 1, slot + SLOTS_AFTER + 1), record, "kill"))

    @staticmethod
    def _add_times(record, status, handover_ms):
        when = record["when"]
        record["generation"] = int(status["generation"])
        for name in ("suspecting", "taking_over", "on_duty"):
            move = first_move(status, when - handover_ms / 1000 - 0.01, name)
            # What happened before the kill was the handover.
            record[name] = None if move is None or (handover_ms and move.when < when) else round(move.when - when, 3)
            if move is None:
                record["problems"].append(f"the secondary's status names no change to {state} after the kill")

    def _give_back(self):
        """The primary comes back to standby and gets its duty; asked at either of the two in turn."""
        rig, pair = self._rig, self._rig.pair
        started = time.monotonic()
        pair.primary.start()
        pair.wait_primary_standby()
        standby = time.monotonic() - started
        record = rig.hand_over(pair.primary, pair.both[self._kills % 2])
        record |= {"number": self._kills, "standby_seconds": round(standby, 3), "problems": []}
        pair.wait_armed(TIMEOUT)
        slots = range(record["slot"], record["last_slot"] + 2)
        self._touched.update(slots)
        self._open.append((slots[-1], slots, record, "handover"))
        rig.book.turn()

    def _settle(self, everything=False):
        """Judges the records whose slots are booked."""
        for last, slots, record, kind in list(self._open):
            if not everything and any(slot not in self._rig.book.entries or self._rig.book.entries[slot].missing
                                      for slot in slots):
                continue
            self._open.remove((last, slots, record, kind))
            self._judge(record, slots, kind)
            self._say(kind, record)

    def _judge(self, record, slots, kind):
        entries = self._rig.book.of(slots)
        record |= {"due": sum(entry.due for entry in entries), "included": sum(entry.included for entry in entries),
                   "distance_max": max(entry.distance_max for entry in entries), "slashable": self._rig.slashable()}
        record["problems"] += [entry.describe() for entry in entries if entry.missing or not entry.due]
        if record["slashable"]:
            record["problems"].append(f"{record['slashable']} slashable pairs")
        record["kinds"] = kinds_of(entries)
        record["proposals_missed"] = sum(entry.missing_of("proposal") for entry in entries)
        if record["proposals_missed"] > (1 if kind == "kill" else 0):
            missed = [sentence for entry in entries for sentence in entry.kinds.get("proposal", Duties()).missed]
            record["problems"].append(f"{record['proposals_missed']} proposals missed: {missed}")
        # Without its block a slot's votes wait for the next one.
        baseline = self._baseline()["distance_max"]
        if record["distance_max"] > baseline + 1 + record["proposals_missed"]:
            record["problems"].append(f"an inclusion distance of {record['distance_max']}; without a kill it is {baseline}")
        if kind == "kill":
            self._add_exchange(record, self._rig.book.entries[record["slot"]], entries)
        if record["problems"]:
            self._run.keep()

    def _add_exchange(self, record, entry, entries):
        """Where in its exchange the kill hit the primary, and what it delayed: attestations whose moment had come before the
        secondary took over, and that arrived after that."""
        begin = self._exchange_begin(entry, record["moment"].endswith(":late"))
        end = begin + self._baseline()["exchange_seconds_max"]
        record["phase"] = "before" if record["when"] < begin else "inside" if record["when"] <= end else "after"
        taken = record["when"] + record["taking_over"] if record["taking_over"] is not None else None
        delayed = [arrival for other in entries if taken and self._exchange_begin(other, False) < taken
                   for arrival in other.arrivals if arrival >= taken]
        record["delayed"] = len(delayed)
        record["first_attestation"] = round(min(delayed) - record["when"], 3) if delayed else None

    def _exchange_begin(self, entry, late_block):
        """When its votes are made: at its block's arrival, or at the deadline."""
        deadline = self._time.start_of(entry.slot) + DEADLINE * self._time.slot_ms / 1000
        return deadline if late_block or not entry.head_event else min(entry.head_event, deadline)

    def _baseline(self):
        """Of the slots at the beginning, before the first kill."""
        first = self._rig.first_slot
        entries = [entry for entry in self._rig.book.of(range(first, first + QUIET_SLOTS)) if entry.slot not in self._touched]
        exchanges = [entry.exchange_seconds() for entry in entries if entry.exchange_seconds() is not None]
        return {"slots": len(entries), "due": sum(entry.due for entry in entries),
                "included": sum(entry.included for entry in entries),
                "distance_max": max((entry.distance_max for entry in entries), default=0),
                "exchange_seconds_max": max(exchanges, default=0.0)}

    def _figures(self):
        figures = self._rig.figures() | {"baseline": self._baseline()}
        quiet = [entry for slot, entry in self._rig.book.entries.items() if slot not in self._touched]
        figures["problems"] = [entry.describe() for entry in quiet if entry.missing]
        figures["problems"] += [f"slot {entry.slot}: {kind} {duties.figures()} {duties.missed[:3]}" for entry in quiet
                                for kind, duties in entry.kinds.items() if duties.accepted < duties.expected]
        if figures["problems"]:
            self._run.keep()
        return figures


def work(run, say, slot_ms, moments, seed, proposals_of_ours=0):
    KillRig(run, say, slot_ms, moments, seed, proposals_of_ours).go()
