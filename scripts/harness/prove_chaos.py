"""Everything that can go wrong around a pair goes wrong, one thing after the other: real processes in network namespaces.

A laboratory has a chain with 3 beacon nodes for each instance (minimal preset, 64 validators: 8 duties in every slot), 4
protectors of which 3 must agree, a primary and a secondary; every party has an address of its own, and speaks mutual TLS.
Before each scenario the primary is on duty and the secondary armed, with --failback manual, so that whoever has duty at the
end still has it. Needs root.

It holds if in no scenario a pair of signatures was slashable, the expected instance was on duty at the end, duty moved no
more often than expected, and no more slots than expected missed anything. What was missed is said, and why.
"""
import argparse
import json
import os
import sys
import time

from .chaos_run import work
from .chaos_scenarios import all_scenarios
from .netlab import LabError, check_rights
from .pair_rig import run_rigs
from .processes import ProcessError

OVERHEAD_SECONDS = 30  # of a scenario, beside its fault


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/prove chaos", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="NAMES", help="scenarios whose name contains one of these, comma-separated")
    parser.add_argument("--list", action="store_true", help="name the scenarios, and end")
    parser.add_argument("--slot-ms", type=int, default=4000, metavar="MS", help="length of a slot (default 4000)")
    parser.add_argument("--rigs", type=int, default=2, metavar="R", help="laboratories side by side (default 2)")
    parser.add_argument("--seed", type=int, default=1, help="of the chain and of what gets lost (default 1)")
    parser.add_argument("--json", action="store_true", help="print only the JSON line")
    parser.add_argument("--keep-logs", action="store_true", help="keep the programs' logs")
    options = parser.parse_args()
    options.scenarios = [one for one in all_scenarios()
                         if not options.only or any(word in one.name for word in options.only.split(","))]
    if not options.scenarios:
        parser.error(f"--only {options.only}: there is no such scenario; --list names them")
    if options.slot_ms < 1000 or options.rigs < 1:
        parser.error("--slot-ms must be at least 1000, --rigs at least 1")
    return options


def share(scenarios, count):
    """The scenarios in `count` parts that take about as long."""
    parts = [[] for _ in range(min(count, len(scenarios)))]
    for scenario in sorted(scenarios, key=lambda one: -one.seconds):
        min(parts, key=lambda part: sum(one.seconds + OVERHEAD_SECONDS for one in part)).append(scenario)
    return [sorted(part, key=scenarios.index) for part in parts]


class Proof:
    def __init__(self, options):
        self._options = options
        self._records, self._broken = {}, []

    def say(self, text):
        if not self._options.json:
            print(text, flush=True)

    def go(self):
        options = self._options
        started, load = time.time(), os.getloadavg()[0]
        parts = share(options.scenarios, options.rigs)
        self.say(f"{len(options.scenarios)} scenarios on slots of {options.slot_ms} ms, {len(parts)} laboratories")
        rigs = {f"chaos-{number}": (options.slot_ms, part, options.seed) for number, part in enumerate(parts, 1)}
        ended = run_rigs(work, rigs, self._on_message, options.keep_logs)
        self._broken += [f"{name}: {sentence}" for name, sentence in ended.items()]
        records = [self._records[one.name] for one in options.scenarios if one.name in self._records]
        problems = [f"{record['name']}: {problem}" for record in records for problem in record["problems"]] + self._broken
        return {"proof": "chaos", "holds": not problems and len(records) == len(options.scenarios), "slot_ms": options.slot_ms,
                "scenarios": len(records), "slashable": sum(record.get("slashable", 0) for record in records),
                "due": sum(record.get("due", 0) for record in records),
                "missed": sum(record.get("due", 0) - record.get("included", 0) for record in records),
                "problems": problems, "rigs": len(parts), "load_before": round(load, 2),
                "took_seconds": round(time.time() - started), "records": records}

    def _on_message(self, kind, _, content):
        if kind == "broken":
            self._broken.append(f"{content['name']}: {content['problem']}")
            self.say(f"{content['name']}: FAILED: {content['problem']}")
        elif kind == "scenario":
            self._records[content["name"]] = content
            self.say("  ".join(cells(content)))
            for problem in content["problems"]:
                self.say(f"    FAILED: {problem}")

    def report(self, figures):
        """For people: a table in Markdown."""
        self.say("\n| scenario | on duty at the end | secondary on duty after | attestations missed | why, and what else |")
        self.say("| --- | --- | --- | --- | --- |")
        for record in figures["records"]:
            self.say("| " + " | ".join(cells(record)) + " |")
        self.say(f"\n{figures['scenarios']} scenarios: {figures['missed']} of {figures['due']} attestations missed, "
                 f"{figures['slashable']} slashable pairs")
        for problem in figures["problems"]:
            self.say("FAILED: " + problem)


def cells(record):
    """A record's row in the table."""
    if "due" not in record:
        return [record["what"], record.get("holder", "?"), "", "", ""]
    after = record["secondary_on_duty_after"]
    missing = record["due"] - record["included"]
    slots, other_head = len(record["missed"]), record["included"] - record["right_head"]
    notes = [record["why"]] * bool(record["why"]) + [f"{other_head} votes for the head before"] * bool(other_head)
    where = f", in {slots} slot{'s' if slots > 1 else ''}" if slots else ""
    return [record["what"], record["holder"], "" if after is None else f"{after:.1f} s", f"{missing} of {record['due']}{where}",
            "; ".join(notes)]


def main():
    options = arguments()
    if options.list:
        for scenario in options.scenarios:
            print(f"{scenario.name:32} {scenario.what}")
        return 0
    try:
        check_rights()
        proof = Proof(options)
        figures = proof.go()
        proof.report(figures)
    except (ProcessError, LabError) as error:
        print(f"scripts/prove chaos: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(json.dumps(figures))
    return 0 if figures["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
