"""Planned handovers in a row, between real processes on the simulated chain: no duty missed, none done twice with different content.

Each slot time has a rig of its own (3 beacon nodes, minimal preset, 256 validators: 32 duties in every slot; 4 protectors of which 3
must agree; a primary and a secondary), side by side. `holdfast failover` and `holdfast failback` follow each other at moments spread
over the slot, asked at the instance that has duty or at the one that is to get it. The chain checks every signature that any of its
nodes gets: two different votes of a validator for one slot are a slashable pair.
"""
import argparse
import json
import os
import random
import sys
import time

from .distribution import distribution, table
from .http_json import HttpError
from .pair import ON_DUTY
from .pair_rig import TIMEOUT, PairRig, run_rigs
from .processes import ProcessError

QUIET_SLOTS = 4
PAUSE_SLOTS = 2  # from one handover's end to the slot of the next


def slot_times(text):
    found = [int(word) for word in text.split(",")]
    if min(found) < 1000:
        raise ValueError(text)
    return found


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/prove handovers", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=20, metavar="N", help="handovers for each slot time (default 20)")
    parser.add_argument("--slot-ms", type=slot_times, default=[4000, 2000], metavar="MS,MS",
                        help="slot times, side by side (default 4000,2000)")
    parser.add_argument("--proposals-of-ours", type=int, default=0, metavar="N", help="every N-th block is ours (default 0: none)")
    parser.add_argument("--seed", type=int, help="of the moments and chains (default: a new one)")
    parser.add_argument("--json", action="store_true", help="print only the JSON line")
    parser.add_argument("--keep-logs", action="store_true", help="keep the programs' logs")
    options = parser.parse_args()
    if options.count < 1:
        parser.error("--count must be at least 1")
    options.seed = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
    return options


def spread(count, seed):
    """Parts of a slot, one in each of `count` equal strata, shuffled."""
    chosen = random.Random(seed)
    found = [(i + chosen.random()) / count for i in range(count)]
    chosen.shuffle(found)
    return found


class HandoverRig:
    def __init__(self, run, say, slot_ms, fractions, seed, proposals_of_ours):
        self._run = run
        self._say = say
        self._fractions = fractions
        self._rig = PairRig(run, slot_ms, seed=seed, proposals_of_ours=proposals_of_ours)
        self._pair = self._rig.pair

    def go(self):
        rig, book = self._rig, self._rig.book
        book.sleep_to_slot(rig.first_slot + QUIET_SLOTS)
        for number, fraction in enumerate(self._fractions, 1):
            self._hand_over(number, fraction)
        last = rig.time.slot() + 1
        book.sleep_to_slot(last + 1)
        book.close(last)
        figures = rig.figures() | {"dropped": rig.chain.score()["dropped"]}
        figures["problems"] = [entry.describe() for entry in book.entries.values() if entry.missing or not entry.due]
        figures["problems"] += [f"slot {entry.slot}: {kind} {duties.figures()} {duties.missed[:3]}"
                                for entry in book.entries.values()
                                for kind, duties in entry.kinds.items() if duties.accepted < duties.expected]
        if figures["slashable"]:
            figures["problems"].append(f"{figures['slashable']} slashable pairs")
        if not rig.pair.primary.process.running or not rig.pair.secondary.process.running:
            figures["problems"].append("an instance has ended")
        if figures["problems"]:
            self._run.keep()
        self._say("rig", figures)

    def _hand_over(self, number, fraction):
        rig, pair = self._rig, self._pair
        to = pair.secondary if pair.holder() is pair.primary else pair.primary
        self._wait_ready(to)
        rig.book.sleep_to_slot(rig.time.slot() + PAUSE_SLOTS, fraction)
        at = to if number % 4 < 2 else pair.other(to)
        before = int(pair.holder().health()["generation"])
        record = rig.hand_over(to, at) | {"number": number, "fraction": round(fraction, 4), "problems": []}
        record["generation"] = int(to.health()["generation"])
        if record["generation"] <= before:
            record["problems"].append(f"generation {record['generation']} after {before}")
        self._say("handover", record)

    def _wait_ready(self, to):
        """Until the one that is to get duty could take it, and the other knows."""
        if to is self._pair.secondary:
            self._pair.wait_armed(TIMEOUT)
        else:
            self._pair.secondary.wait_state(ON_DUTY, timeout=TIMEOUT)
            self._pair.wait_primary_standby(TIMEOUT)


def work(run, say, slot_ms, fractions, seed, proposals_of_ours):
    HandoverRig(run, say, slot_ms, fractions, seed, proposals_of_ours).go()


class Proof:
    def __init__(self, options):
        self._options = options
        self._handovers, self._rigs, self._problems = {}, {}, []

    def say(self, text):
        if not self._options.json:
            print(text, flush=True)

    def go(self):
        load, started = os.getloadavg()[0], time.time()
        rigs = {f"handovers-{slot_ms}": (slot_ms, spread(self._options.count, self._options.seed), self._options.seed,
                                             self._options.proposals_of_ours)
                for slot_ms in self._options.slot_ms}
        self.say(f"{self._options.count} handovers on slots of {' and '.join(map(str, self._options.slot_ms))} ms, "
                 f"seed {self._options.seed}")
        ended = run_rigs(work, rigs, self._on_message, self._options.keep_logs)
        self._problems += [f"{name}: {sentence}" for name, sentence in ended.items()]
        return self._figures(rigs, load, time.time() - started)

    def _on_message(self, kind, name, content):
        if kind == "rig":
            self._rigs[name] = content
        elif kind == "handover":
            self._handovers.setdefault(name, []).append(content)
            self.say(f"{name[10:]:>5} handover {content['number']:2} to the {content['to']} at {content['fraction']:.2f} of slot "
                     f"{content['slot']}, asked at the {content['asked_at']}: on duty after {content['seconds']:.2f} s")
        if kind != "folder":
            self._problems += [f"{name}: {problem}" for problem in content["problems"]]

    def _figures(self, rigs, load, seconds):
        by_slot_time = []
        for name, (slot_ms, *_) in rigs.items():
            done, rig = self._handovers.get(name, []), self._rigs.get(name, {})
            by_slot_time.append({
                "slot_ms": slot_ms, "handovers": len(done), "slots": rig.get("slots"), "due": rig.get("due"),
                "missed": rig["due"] - rig["included"] if rig else None, "distance_max": rig.get("distance_max"),
                "slashable": rig.get("slashable"), "expected_and_missed": rig.get("kinds"), "dropped": rig.get("dropped"),
                "seconds": distribution([record["seconds"] for record in done])})
        complete = all(part["handovers"] == self._options.count and part["slots"] for part in by_slot_time)
        return {"proof": "handovers", "holds": complete and not self._problems, "seed": self._options.seed,
                "by_slot_time": by_slot_time, "problems": self._problems[:20], "load_before": round(load, 2),
                "took_seconds": round(seconds)}

    def report(self, figures):
        """For people."""
        rows = {f"command to the other on duty, slots of {part['slot_ms']} ms": part["seconds"] for part in figures["by_slot_time"]}
        self.say("\nseconds")
        for line in table(rows):
            self.say("  " + line)
        for part in figures["by_slot_time"]:
            self.say(f"slots of {part['slot_ms']} ms: {part['handovers']} handovers, {part['missed']} of {part['due']} attestations in "
                     f"{part['slots']} slots missed, largest inclusion distance {part['distance_max']}, {part['slashable']} slashable")
        for problem in self._problems:
            self.say("FAILED: " + problem)


def main():
    options = arguments()
    try:
        proof = Proof(options)
        figures = proof.go()
        proof.report(figures)
    except (ProcessError, HttpError) as error:
        print(f"scripts/prove handovers: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(json.dumps(figures))
    if not figures["holds"]:
        print(f"to repeat it: scripts/prove handovers --seed {options.seed}", file=sys.stderr)
    return 0 if figures["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
