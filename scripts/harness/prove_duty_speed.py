"""How fast duties are done, with everything between real: 3 simulated beacon nodes, 4 protectors with fsync and quorum 3, local keys
with real BLS, mainnet preset, all duties on (blocks in every slot, sync committee, aggregation).

Measured is the time from the slot's first head event leaving the simulated chain to the arrival there of the last of the slot's
attestations; CPU seconds per slot and resident memory of holdfast-primary; and what the chain says of every duty. The anchors are
other validator clients on the same kind of machine, without slashing protection, attestations only (docs/benchmarks.md).

Exit code 0 only if in every scenario nothing was missed, no vote went to an old head, and nothing is slashable; times are compared
with the goals and told, not judged: they depend on what else the machine does.
"""
import argparse
import dataclasses
import json
import os
import sys
import time

from . import http_json
from .cluster import Chain, Cluster, Primary
from .http_json import HttpError
from .processes import ProcessError, Run

NODES, MEMBERS, QUORUM = 3, 4, 3
# p50 of Vouch with local keys (ms); CPU seconds per slot of Vero; resident memory of Vouch (MB). By validators.
ANCHORS = {1000: {"p50_ms": 18.1, "cpu": 0.06, "rss_mb": 60}, 10000: {"p50_ms": 164, "cpu": 0.25, "rss_mb": 135}}
# What the chain must have judged beside attestations, and how long it may take over it.
KINDS = frozenset({"aggregation", "proposal", "sync_message", "sync_contribution"})
VERDICT_TIMEOUT = 60
# On a chain with many others every so many slots a block is ours.
SHARE_OF_BLOCKS = 8
GOAL_P50 = {1000: 0.5, 10000: 0.4}
GOAL_CPU, GOAL_RSS, GOAL_FAULT_P50, GOAL_FAULT_MAX = 0.3, 0.5, 1.1, 3


@dataclasses.dataclass
class Phase:
    title: str
    slots: int
    faults: dict = dataclasses.field(default_factory=dict)  # node -> faults


@dataclasses.dataclass
class Scenario:
    name: str
    validators: int
    phases: list
    slot_ms: int = 3000
    warm_up: int = 8  # slots before the first phase
    chain: int = 0    # validators on the chain, of whom ours are the first; 0: no others
    judged: frozenset = KINDS
    lag_ms: int = 0


def scenarios(options):
    slots, few = options.slots, max(4, options.slots // 2)
    return [
        # As the anchors were measured, where our keys are a part of the chain and few of them sit in a sync committee ...
        Scenario("1000", 1000, [Phase("healthy", slots)], chain=32000),
        Scenario("10000", 10000, [Phase("healthy", slots)], chain=320000),
        # ... and with all blocks and the whole sync committee.
        Scenario("1000-of-1000", 1000, [Phase("healthy", slots)]),
        Scenario("10000-of-10000", 10000, [Phase("healthy", slots)]),
        Scenario("faults", 1000, chain=32000, phases=[Phase("healthy", few), Phase("node 1 hung", few, {1: {"hang": True}}),
                                                     Phase("node 0 down", few, {0: {"down": True}})]),
        Scenario("apart", 1000, [Phase("nodes 60 ms apart", few)], chain=32000, lag_ms=60),
        # Over the end of the first epoch. The chain does not work out who of thousands in a slot has to aggregate.
        Scenario("100000", 100000, [Phase("healthy", 12)], slot_ms=12000, warm_up=26, judged=KINDS - {"aggregation"}),
    ]


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/prove duty-speed", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    names = [scenario.name for scenario in scenarios(argparse.Namespace(slots=32))]
    parser.add_argument("scenarios", nargs="*", metavar="SCENARIO", help=f"default: all ({', '.join(names)})")
    parser.add_argument("--slots", type=int, default=32, help="slots to measure; half as many with each fault (default 32)")
    parser.add_argument("--block-ms", type=int, default=500, help="when in the slot the block is there (default 500)")
    parser.add_argument("--primary-option", action="append", default=[], metavar="WORD", help="one more word for holdfast-primary")
    parser.add_argument("--json", action="store_true", help="print only the JSON line")
    parser.add_argument("--keep-logs", action="store_true")
    options = parser.parse_args()
    unknown = sorted(set(options.scenarios) - set(names))
    if unknown:
        parser.error(f"no scenario '{unknown[0]}': there are {', '.join(names)}")
    if options.slots < 1:
        parser.error("--slots must be at least 1")
    return options


def percentile(values, share):
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


class Usage:
    """CPU time of some processes between two moments."""

    def __init__(self, processes):
        self._processes = processes
        self._start = self._now()

    def _now(self):
        return sum(process.cpu_seconds() for process in self._processes)

    def per_slot(self, slots):
        return round((self._now() - self._start) / slots, 4)


class Rig:
    """One scenario's processes, on duty."""

    def __init__(self, run, scenario, options):
        keystores = run.path("keystores")
        ours = f"0:{scenario.validators}"
        chain = scenario.chain or scenario.validators
        self.chain = Chain(run, nodes=NODES, validators=chain, preset="mainnet", slot_ms=scenario.slot_ms, keystores=keystores,
                           keys=ours, genesis_delay_ms=15000 + scenario.validators * 2,
                           options=["--block-ms", options.block_ms, "--node-lag-ms", scenario.lag_ms, "--score", ours,
                                    "--proposals-of-ours", 1 if chain == scenario.validators else SHARE_OF_BLOCKS])
        self.cluster = Cluster(run, MEMBERS, QUORUM, self.chain.time, self.chain.info["genesis_validators_root"]).start()
        self.primary = Primary(run, self.chain.nodes, keystores, self.cluster,
                               ["--fee-recipient", "0x" + "f0" * 20, "--doppelganger-detection", "off", *options.primary_option])

    def usages(self):
        return {"primary": Usage([self.primary.process]), "protectors": Usage([member.process for member in self.cluster.members]),
                "sim": Usage([self.chain.process])}


def measure(scenario, options):
    with Run(f"speed-{scenario.name}", keep=options.keep_logs) as run:
        rig = Rig(run, scenario, options)
        rig.primary.wait_ready(timeout=120 + scenario.validators / 100)
        first = max(scenario.warm_up, rig.chain.time.slot() + 2)
        figures = []
        for phase in scenario.phases:
            figures.append(measure_phase(rig, phase, first, scenario.judged))
            first += phase.slots
        result = {"scenario": scenario.name, "validators": scenario.validators, "slot_ms": scenario.slot_ms, "phases": figures,
                  "slashable": rig.chain.totals([]).slashable,
                  "primary_rss_mb": round(rig.primary.process.rss_bytes() / 1e6, 1)}
        result["holds"] = result["slashable"] == 0 and all(part["holds"] for part in figures)
        if not result["holds"]:
            run.keep()
        return result


def measure_phase(rig, phase, first, judged):
    """The slots from `first` on; the faults begin in the slot before and end with the phase."""
    chain_time = rig.chain.time
    chain_time.wait_slot(first - 1, 0.8)
    for node, faults in phase.faults.items():
        rig.chain.faults(node, **faults)
    chain_time.wait_slot(first, 0.01)
    usages, begun = rig.usages(), chain_time.slot()
    scores = [score_later(rig.chain, slot) for slot in range(first, first + phase.slots)]
    slots = chain_time.slot() - begun + 1
    cpu = {name: usage.per_slot(slots) for name, usage in usages.items()}
    for node in phase.faults:
        rig.chain.faults(node)
    duties = other_duties(rig.chain, range(first, first + phase.slots))
    figures = phase_figures(phase, scores, duties, cpu)
    figures["holds"] = figures["holds"] and judged <= set(duties)
    return figures


def score_later(chain, slot):
    """(score, arrivals) of a slot, asked for when its attestations had time to be included, and before the chain forgets it."""
    chain.time.wait_slot(slot + 2, 0.9)
    return chain.slot_totals(slot), chain.acceptance_ms(slot)


def other_duties(chain, slots):
    """What the chain says of the duties besides attestations, by kind: as soon as it has verified all of these slots."""
    end = time.monotonic() + VERDICT_TIMEOUT
    while True:
        of_slots = [http_json.get(f"{chain.admin}/score?slot={slot}")["kinds"] for slot in slots]
        if all(of_slots) or time.monotonic() > end:
            return add_duties(of_slots)
        time.sleep(1)


def phase_figures(phase, scores, duties, cpu):
    totals = [total for total, _ in scores]
    times = [arrivals for _, arrivals in scores if arrivals]
    if not times:
        raise ProcessError(f"{phase.title}: none of the slots' attestations arrived")
    last = [t[1] for t in times]
    due, right = sum(t.due for t in totals), sum(t.right_head for t in totals)
    included = sum(t.included for t in totals)
    return {"phase": phase.title, "slots": len(scores), "due": due, "missed": due - included, "old_head_votes": included - right,
            "head_to_first_ms_p50": percentile([t[0] for t in times], 50),
            **{f"head_to_all_ms_p{share}": percentile(last, share) for share in (50, 90, 99)}, "head_to_all_ms_max": max(last),
            "cpu_seconds_per_slot": cpu, "duties": duties,
            "holds": due > 0 and all(t.perfect() for t in totals) and len(times) == len(scores)
            and all(figures["accepted"] == figures["expected"] for figures in duties.values())}


def add_duties(of_slots):
    """{kind: {"expected", "accepted", "right", "last_ms", "missed": some}} of all the slots together."""
    kinds = {}
    for slot in of_slots:
        for kind, figures in slot.items():
            total = kinds.setdefault(kind, {"expected": 0, "accepted": 0, "right": 0, "last_ms": 0, "missed": []})
            for name in ("expected", "accepted", "right"):
                total[name] += figures[name]
            total["last_ms"] = max(total["last_ms"], figures.get("last_ms", 0))
            total["missed"] = (total["missed"] + figures.get("missed", []))[:3]
    return kinds


def goals(results):
    """[(what, goal, here, met)], as far as measured."""
    by_name = {result["scenario"]: result for result in results}
    found = []

    def add(what, goal, here, unit):
        found.append({"what": what, "goal": round(goal, 3), "here": round(here, 3), "unit": unit, "met": here <= goal})

    for validators, anchor in ANCHORS.items():
        result = by_name.get(str(validators))
        if result:
            healthy = result["phases"][0]
            add(f"{validators} validators: p50, {GOAL_P50[validators]}x Vouch", GOAL_P50[validators] * anchor["p50_ms"],
                healthy["head_to_all_ms_p50"], "ms")
            add(f"{validators} validators: CPU per slot, {GOAL_CPU}x Vero", GOAL_CPU * anchor["cpu"],
                healthy["cpu_seconds_per_slot"]["primary"], "s")
            add(f"{validators} validators: memory, {GOAL_RSS}x Vouch", GOAL_RSS * anchor["rss_mb"], result["primary_rss_mb"], "MB")
    if "faults" in by_name:
        healthy, *faulty = by_name["faults"]["phases"]
        for phase in faulty:
            add(f"{phase['phase']}: p50, {GOAL_FAULT_P50}x healthy", GOAL_FAULT_P50 * healthy["head_to_all_ms_p50"],
                phase["head_to_all_ms_p50"], "ms")
            add(f"{phase['phase']}: largest, {GOAL_FAULT_MAX}x healthy", GOAL_FAULT_MAX * healthy["head_to_all_ms_max"],
                phase["head_to_all_ms_max"], "ms")
    if "apart" in by_name:
        add("nodes 60 ms apart: votes for the old head", 0, by_name["apart"]["phases"][0]["old_head_votes"], "votes")
    return found


def table(results, found):
    """For people."""
    for result in results:
        for phase in result["phases"]:
            times = " / ".join(f"{phase['head_to_all_ms_' + name]:.1f}" for name in ("p50", "p90", "p99", "max"))
            yield (f"{result['validators']:>7} validators, {phase['phase']}: {times} ms (p50 / p90 / p99 / max), "
                   f"{phase['cpu_seconds_per_slot']['primary']:.3f} s CPU per slot, {phase['missed']} of {phase['due']} missed, "
                   f"{phase['old_head_votes']} for the old head")
            yield "        " + ", ".join(f"{kind} {duties['accepted']}/{duties['expected']}" for kind, duties in phase["duties"].items())
        yield f"        {result['primary_rss_mb']} MB resident, {result['slashable']} slashable"
    for goal in found:
        yield f"{'met   ' if goal['met'] else 'MISSED'} {goal['what']}: {goal['here']} {goal['unit']} (goal {goal['goal']})"


def main():
    options = arguments()
    results, load = [], os.getloadavg()[0]
    try:
        for scenario in scenarios(options):
            if options.scenarios and scenario.name not in options.scenarios:
                continue
            results.append(measure(scenario, options))
            if not options.json:
                print("\n".join(table(results[-1:], [])), flush=True)
    except (ProcessError, HttpError) as error:
        print(f"scripts/prove duty-speed: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    found, holds = goals(results), all(result["holds"] for result in results)
    if not options.json:
        print("\n".join(table([], found)), flush=True)
    print(json.dumps({"proof": "duty-speed", "holds": holds, "goals_met": all(goal["met"] for goal in found), "goals": found,
                      "nodes": NODES, "protectors": MEMBERS, "quorum": QUORUM, "load_before": round(load, 2),
                      "load_after": round(os.getloadavg()[0], 2), "scenarios": results}))
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
