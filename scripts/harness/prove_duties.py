"""All that validators do, on a simulated chain that verifies it: blocks, attestations, aggregates, sync committee messages and
contributions; from Gloas on payloads, payload attestations and preferences.

One chain (minimal preset, 3 beacon nodes, every block ours, every fourth a builder's), 4 protectors of which 3 must agree, and a primary
with all validators. First come epochs without a fault, then some with each fault on one of the nodes in turn, then the fork to Gloas
in the middle of a stretch, then faults again. It holds if every duty of every stretch was done and right (the slots in which a fault
begins or is healed are counted like all others), and nothing is slashable.
"""
import argparse
import json
import os
import sys
import time

from .cluster import Chain, Cluster, Primary, Score
from .http_json import HttpError
from .pair_rig import FEE_RECIPIENT, kinds_of
from .processes import ProcessError, Run
from .slot_book import SlotBook

NODES, PROTECTORS, QUORUM = 3, 4, 3
EPOCH = 8  # slots, in the minimal preset
HEALING_SLOTS = 3
FIRST_SLOT = 2
FAULTS = {
    "latency": {"latency_ms": 300}, "errors": {"error_percent": 50}, "hang": {"hang": True}, "down": {"down": True},
    "garbage": {"garbage": True}, "wrong head": {"wrong_head": True}, "wrong checkpoints": {"wrong_checkpoints": True},
    "stale head": {"stale_head": True}, "lag": {"lag_ms": 600}, "frozen data": {"freeze_first": True},
    "dropped posts": {"drop_accepted": True}, "no events": {"no_events": True}, "events twice": {"duplicate_events": True},
    "late events": {"late_events_ms": 700}, "optimistic": {"optimistic": True}, "foreign genesis": {"foreign_genesis": True},
    "foreign payee": {"foreign_payee": True}, "wrong blocks": {"wrong_block": True}, "half aggregates": {"half_aggregates": True},
    "old": {"old": True}, "JSON only": {"json_only": True}}
OTHER_PROGRAM = {"old", "json_only"}  # what another version of a node can do comes with a restart
GLOAS_FAULTS = {name: FAULTS[name] for name in ("hang", "garbage", "wrong head", "stale head", "old", "JSON only", "foreign payee")}
GLOAS_FAULTS["wrong payloads"] = {"wrong_payload": True}


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/prove duties", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--validators", type=int, default=1000)
    parser.add_argument("--slot-ms", type=int, default=3000)
    parser.add_argument("--epochs", type=int, default=10, help="without a fault (default 10)")
    parser.add_argument("--fault-epochs", type=int, default=2, help="with each fault (default 2); 0: none")
    parser.add_argument("--fork-epochs", type=int, default=6, help="with the fork to Gloas in their middle (default 6)")
    parser.add_argument("--faults", help="only these, as NAME,NAME (default all)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true", help="print only the JSON line")
    parser.add_argument("--keep-logs", action="store_true", help="keep the programs' logs")
    options = parser.parse_args()
    if min(options.epochs, options.fork_epochs) < 2 or options.fault_epochs < 0 or options.slot_ms < 1000:
        parser.error("--epochs and --fork-epochs must be at least 2, --slot-ms at least 1000")
    options.wanted = set(options.faults.split(",")) if options.faults else set(FAULTS) | set(GLOAS_FAULTS)
    unknown = options.wanted - set(FAULTS) - set(GLOAS_FAULTS)
    if unknown:
        parser.error(f"no such fault: {', '.join(sorted(unknown))}; there are {', '.join(FAULTS)}, wrong payloads")
    return options


def stretches(options):
    """[(name, faults, slots)] in order, and the epoch of the fork."""
    def with_faults(faults, prefix):
        return [(prefix + name, fault, options.fault_epochs * EPOCH) for name, fault in faults.items()
                if options.fault_epochs and name in options.wanted]

    found = [("no fault", {}, options.epochs * EPOCH)] + with_faults(FAULTS, "")
    before = FIRST_SLOT + sum(slots + HEALING_SLOTS for _, _, slots in found)
    fork = (before + options.fork_epochs * EPOCH // 2) // EPOCH + 1
    found.append(("fork to Gloas", {}, options.fork_epochs * EPOCH))
    return found + with_faults(GLOAS_FAULTS, "Gloas, "), fork


class Proof:
    def __init__(self, options, run):
        self._options = options
        self._run = run
        self._stretches, fork = stretches(options)
        keystores = run.path("keystores")
        self._chain = Chain(run, nodes=NODES, validators=options.validators, slot_ms=options.slot_ms, keystores=keystores,
                            genesis_delay_ms=12000 + 4 * options.validators,
                            options=["--block-ms", options.slot_ms // 10, "--seed", options.seed, "--proposals-of-ours", 1,
                                     "--builder-every", 4, "--gloas-epoch", fork])
        cluster = Cluster(run, PROTECTORS, QUORUM, self._chain.time, self._chain.info["genesis_validators_root"]).start()
        self._primary = Primary(run, self._chain.nodes, keystores, cluster,
                                ["--fee-recipient", FEE_RECIPIENT, "--builder"]).wait_ready()
        self._first = max(FIRST_SLOT, self._chain.time.slot() + 1)
        self._book = SlotBook(self._chain, self._first)
        self._results = []

    def say(self, text):
        if not self._options.json:
            print(text, flush=True)

    def go(self):
        started, load = time.time(), os.getloadavg()[0]
        first = self._first
        for number, (name, fault, slots) in enumerate(self._stretches):
            self._stretch(name, fault, number % NODES, range(first, first + slots))
            first += slots + HEALING_SLOTS
        slashable = self._chain.totals([]).slashable
        problems = [problem for result in self._results for problem in result["problems"]]
        return {"proof": "duties", "holds": not problems and slashable == 0, "validators": self._options.validators,
                "slot_ms": self._options.slot_ms, "slashable": slashable, "stretches": self._results,
                "missed": sum(result["missed"] for result in self._results), "problems": problems[:20],
                "seed": self._options.seed, "load_before": round(load, 2), "took_seconds": round(time.time() - started)}

    def _stretch(self, name, fault, node, slots):
        self._book.sleep_to_slot(slots[0] - 1, 0.9)
        if fault:
            self._chain.faults(node, **fault)
        self._book.sleep_to_slot(slots[-1], 0.9)
        if fault:
            self._chain.faults(node)
        if fault.keys() & OTHER_PROGRAM:
            self._chain.restart(node, self._options.slot_ms // 2)
        if not self._primary.process.running:
            raise ProcessError(f"the primary has ended:\n{self._primary.process.last_lines()}")
        self._book.close(slots[-1])
        entries = self._book.of(slots)
        total = Score()
        for slot in entries:
            total.due += slot.due
            total.included += slot.included
            total.right_head += slot.right_head
            total.right_target += slot.right_target
            total.distance_max = max(total.distance_max, slot.distance_max)
        kinds = kinds_of(entries)
        wrong = {kind: sum(entry.kinds[kind].accepted - entry.kinds[kind].right for entry in entries if kind in entry.kinds)
                 for kind in kinds}
        problems = [f"{name}: {entry.describe()}" for entry in entries if entry.missing]
        problems += [f"{name}, slot {entry.slot}: {kind} {duties.figures()} {duties.missed[:3]}" for entry in entries
                     for kind, duties in entry.kinds.items() if not duties.perfect()]
        if total.right_head < total.due or total.right_target < total.due:
            problems.append(f"{name}: right target {total.right_target}, right head {total.right_head} of {total.due}")
        missed = total.due - total.included + sum(missed for _, missed in kinds.values())
        self._results.append({"name": name, "slots": len(slots), "attestations": [total.due, total.due - total.included],
                              "wrong_heads": total.included - total.right_head, "distance_max": total.distance_max,
                              "expected_and_missed": kinds, "wrong": {kind: count for kind, count in wrong.items() if count},
                              "missed": missed, "problems": problems[:5]})
        of_kinds = ", ".join(f"{kind} {expected - missed} of {expected}" for kind, (expected, missed) in sorted(kinds.items()))
        self.say(f"{name:20} {len(slots):4} slots: attestations {total.included} of {total.due}, {of_kinds}"
                 + ("" if not problems else f"  FAILED: {problems[0]}"))
        if problems:
            self._run.keep()


def main():
    options = arguments()
    try:
        with Run("duties", keep=options.keep_logs) as run:
            figures = Proof(options, run).go()
    except (ProcessError, HttpError) as error:
        print(f"scripts/prove duties: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(json.dumps(figures))
    return 0 if figures["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
