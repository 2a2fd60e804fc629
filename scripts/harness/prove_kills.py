"""The primary gets SIGKILL at moments spread over the slot, and nothing is missed: real processes on the simulated chain.

Each rig has a chain with 3 beacon nodes (minimal preset, 256 validators: 32 duties in every slot; blocks arrive at 1/6 of the slot), 4
protectors of which 3 must agree, a primary and a secondary, and kills its primary again and again: the secondary takes over, two more
slots pass, the primary is started again and gets its duty back by a planned handover. Half of the kills are spread over the whole
slot, a third are dense around the block's arrival, where the attestations are exchanged, the rest around the deadline at 1/3 of slots
whose block is late. Several rigs run side by side.

With --proposals-of-ours every N-th block (1: every one) is a validator's of ours, and half of the kills are dense around the start of a
slot, when a block is made. A kill may then cost the one proposal that it hits, and nothing else of attestations; what it cost of aggregates
and sync committee duties is counted.

It holds if in every run no attestation was missed, the inclusion distance was at most 1 more than in slots without a kill, no pair
of signatures was slashable, exactly the secondary was on duty afterwards, and the handover back cost nothing.
"""
import argparse
import json
import os
import random
import sys
import time

from .distribution import distribution, table
from .kill_cycle import Moment, spread, spread_in_handovers, spread_with_proposals, work
from .pair_rig import BLOCK_AT, add_kinds, run_rigs
from .processes import ProcessError

TIMES = {"detection": "suspecting", "taking over": "taking_over", "activation": "on_duty", "first attestation": "first_attestation"}
WORST = 5


def slot_times(text):
    found = [int(word) for word in text.split(",")]
    if min(found) < 1000:
        raise ValueError(text)
    return found


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/prove kills", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=100, metavar="N", help="kills for each slot time (default 100)")
    parser.add_argument("--slot-ms", type=slot_times, default=[4000, 12000], metavar="MS,MS",
                        help="slot times, one after the other (default 4000,12000)")
    parser.add_argument("--rigs", type=int, default=4, metavar="R", help="rigs side by side (default 4)")
    parser.add_argument("--seed", type=int, help="of the moments and chains (default: a new one)")
    parser.add_argument("--in-handovers", action="store_true",
                        help="each kill within 0.6 s after `holdfast failover` was asked, spread over the slot")
    parser.add_argument("--proposals-of-ours", type=int, default=0, metavar="N", help="every N-th block is ours (default 0: none)")
    parser.add_argument("--at", type=Moment.parse, metavar="FRACTION[:late|:handoverMS]",
                        help="kill only at this part of the slot, as a failing run has printed it; :late delays the slot's block, "
                        ":handover120 asks for a handover 120 ms before")
    parser.add_argument("--json", action="store_true", help="print only the JSON line")
    parser.add_argument("--keep-logs", action="store_true", help="keep the programs' logs")
    options = parser.parse_args()
    if options.runs < 1 or options.rigs < 1:
        parser.error("--runs and --rigs must be at least 1")
    options.seed = random.SystemRandom().randrange(1 << 32) if options.seed is None else options.seed
    return options


class Proof:
    """All kills with one slot time."""

    def __init__(self, options, slot_ms):
        self._options = options
        self._slot_ms = slot_ms
        self._folders = {}
        self._kept = set()
        self._kills, self._handovers, self._rigs, self._problems = [], [], [], []

    def say(self, text):
        if not self._options.json:
            print(text, flush=True)

    def go(self):
        """Returns the figures."""
        started, load = time.time(), os.getloadavg()[0]
        count = min(self._options.rigs, self._options.runs)
        moments = self._moments()
        rigs = {f"kills-{self._slot_ms}-{rig}": (self._slot_ms, moments[rig::count], self._options.seed + rig,
                                                       self._options.proposals_of_ours)
                for rig in range(count)}
        self.say(f"{self._options.runs} kills on slots of {self._slot_ms} ms, {count} rigs, seed {self._options.seed}")
        ended = run_rigs(work, rigs, self._on_message, self._options.keep_logs)
        self._problems += [f"{name}: {sentence}" for name, sentence in ended.items()]
        return self._figures(time.time() - started, load)

    def _moments(self):
        count, seed = self._options.runs, self._options.seed
        if self._options.at:
            return [self._options.at] * count
        if self._options.in_handovers:
            return spread_in_handovers(count, seed)
        if self._options.proposals_of_ours:
            return spread_with_proposals(count, seed, self._slot_ms)
        return spread(count, seed, self._slot_ms, BLOCK_AT * self._slot_ms)

    def _on_message(self, kind, name, content):
        if kind == "folder":
            self._folders[name] = content
            return
        content["rig"] = name
        {"kill": self._kills, "handover": self._handovers, "rig": self._rigs}[kind].append(content)
        what = {"kill": self._say_kill, "handover": lambda record: f"handover {record['number']}", "rig": lambda record: "all slots"}
        for problem in content["problems"]:
            self._problems.append(f"{name}, {what[kind](content)}: {problem}")
        if kind == "kill":
            self.say(f"{name[6:]:>8} " + self._say_kill(content) + ("  FAILED" if content["problems"] else ""))

    @staticmethod
    def _say_kill(record):
        words = [f"kill {record['number']:3} at {record['moment']} of slot {record['slot']} ({record['why']}, {record.get('phase')})"]
        for title, name in TIMES.items():
            if record.get(name) is not None:
                words.append(f"{title} {record[name]:.2f} s")
        if "due" in record:
            words.append(f"{record['included']} of {record['due']} included, distance {record['distance_max']}")
            words += [f"{kind} {missed} of {expected} missed" for kind, (expected, missed) in record["kinds"].items() if missed]
        return ", ".join(words)

    def _figures(self, seconds, load):
        kills = self._kills
        times = {title: distribution([kill[name] for kill in kills if kill.get(name) is not None]) for title, name in TIMES.items()}
        counted = [record for record in kills + self._handovers if "due" in record]
        phases = [kill.get("phase") for kill in kills]
        complete = len(kills) == len(self._handovers) == self._options.runs and len(self._rigs) == len(self._folders)
        kinds, of_kills, of_handovers = {}, {}, {}
        for records, sums in (self._rigs, kinds), (kills, of_kills), (self._handovers, of_handovers):
            for record in records:
                add_kinds(sums, record.get("kinds", {}))
        worst = sorted((kill for kill in kills if kill.get("on_duty")), key=lambda kill: -kill["on_duty"])[:WORST]
        return {
            "slot_ms": self._slot_ms, "kills": len(kills), "handovers_back": len(self._handovers),
            "holds": complete and not self._problems,
            "killed_before_exchange": phases.count("before"), "killed_inside_exchange": phases.count("inside"),
            "killed_after_exchange": phases.count("after"), "kills_that_delayed": sum(1 for kill in kills if kill.get("delayed")),
            "due": sum(rig["due"] for rig in self._rigs), "missed": sum(rig["due"] - rig["included"] for rig in self._rigs),
            "slots": sum(rig["slots"] for rig in self._rigs), "slashable": sum(rig["slashable"] for rig in self._rigs),
            "distance_max": max((record["distance_max"] for record in counted), default=None),
            "distance_max_without_kill": max((rig["baseline"]["distance_max"] for rig in self._rigs), default=None),
            "exchange_seconds_max_without_kill": round(max((rig["baseline"]["exchange_seconds_max"] for rig in self._rigs),
                                                           default=0), 4),
            "seconds": {title.replace(" ", "_"): figures for title, figures in times.items()},
            "handover_back_seconds": distribution([record["seconds"] for record in self._handovers]),
            "slowest": [{"moment": kill["moment"], "phase": kill.get("phase"), "on_duty": kill["on_duty"]} for kill in worst],
            "proposals_of_ours": self._options.proposals_of_ours,
            "kills_that_cost_a_proposal": sum(1 for kill in kills if kill.get("proposals_missed")),
            "expected_and_missed": kinds, "in_slots_of_kills": of_kills, "in_slots_of_handovers": of_handovers,
            "problems": self._problems[:20], "rigs": len(self._folders), "load_before": round(load, 2),
            "took_seconds": round(seconds)}

    def report(self, figures):
        """For people."""
        rows = {f"kill to {title}": figures["seconds"][title.replace(" ", "_")] for title in TIMES}
        rows["handover back"] = figures["handover_back_seconds"]
        self.say("\nseconds")
        for line in table(rows):
            self.say("  " + line)
        self.say("  slowest activations: " + ", ".join(f"{kill['on_duty']:.2f} s (killed at {kill['moment']}, {kill['phase']} "
                                                         "the exchange)" for kill in figures["slowest"]))
        self.say(f"{figures['kills']} kills ({figures['killed_before_exchange']} before, {figures['killed_inside_exchange']} inside, "
                 f"{figures['killed_after_exchange']} after the exchange; {figures['kills_that_delayed']} delayed "
                 f"attestations), {figures['handovers_back']} handovers back: "
                 f"{figures['missed']} of {figures['due']} attestations in {figures['slots']} slots missed, largest inclusion "
                 f"distance {figures['distance_max']} ({figures['distance_max_without_kill']} without a kill), "
                 f"{figures['slashable']} slashable")
        for kind, (expected, missed) in figures["expected_and_missed"].items():
            of_handovers = figures["in_slots_of_handovers"].get(kind, [0, 0])[1]
            self.say(f"  {kind}: {missed} of {expected} missed ({of_handovers} in slots of handovers)")
        for problem in self._problems:
            self.say("FAILED: " + problem)


def main():
    options = arguments()
    results = []
    try:
        for slot_ms in options.slot_ms:
            proof = Proof(options, slot_ms)
            results.append(proof.go())
            proof.report(results[-1])
    except ProcessError as error:
        print(f"scripts/prove kills: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    holds = all(result["holds"] for result in results)
    print(json.dumps({"proof": "kills", "holds": holds, "seed": options.seed, "by_slot_time": results}))
    if not holds:
        print(f"to repeat one kill: scripts/prove kills --runs 1 --slot-ms MS --at MOMENT; all of it: --seed {options.seed}",
              file=sys.stderr)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
