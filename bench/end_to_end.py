#!/usr/bin/env python3
"""From the head event to the arrival of all the slot's attestations at the simulated chain, which then verifies and includes
them. All between is real: 3 beacon nodes, 4 protectors with fsync and quorum 3, local keys, mainnet preset, 3-second slots.

Prints p50 and p99 over the measured slots, CPU seconds per slot and resident memory of holdfast-primary, as one JSON line at
the end. Exit code 0 only if no attestation was missed and nothing is slashable.
"""
import argparse
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scripts"))

from harness.cluster import Chain, Cluster, Primary  # noqa: E402
from harness.http_json import HttpError  # noqa: E402
from harness.processes import ProcessError, Run  # noqa: E402

NODES, MEMBERS, QUORUM = 3, 4, 3


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/prove duty-latency", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--validators", type=lambda text: [int(part) for part in text.split(",")], default=[1000, 10000],
                        metavar="N,N", help="one run for each (default 1000,10000)")
    parser.add_argument("--slots", type=int, default=32, help="slots to measure in each run (default 32)")
    parser.add_argument("--warm-up", type=int, default=6, help="slots before that (default 6)")
    parser.add_argument("--slot-ms", type=int, default=3000)
    parser.add_argument("--block-ms", type=int, default=500, help="when in the slot the block is there (default 500)")
    parser.add_argument("--node-lag-ms", type=int, default=0, help="how much later each further node has it")
    parser.add_argument("--keep-logs", action="store_true")
    options = parser.parse_args()
    if options.slots < 1 or not options.validators:
        parser.error("--slots and --validators must name something to measure")
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


def measure(validators, options):
    with Run(f"latency-{validators}", keep=options.keep_logs) as run:
        keystores = run.path("keystores")
        chain = Chain(run, nodes=NODES, validators=validators, preset="mainnet", slot_ms=options.slot_ms, keystores=keystores,
                      genesis_delay_ms=15000 + validators * 2,
                      options=["--block-ms", options.block_ms, "--node-lag-ms", options.node_lag_ms])
        cluster = Cluster(run, MEMBERS, QUORUM, chain.time, chain.info["genesis_validators_root"]).start()
        primary = Primary(run, chain.nodes, keystores, cluster)
        first = max(1, options.warm_up)
        last = first + options.slots - 1
        chain.time.wait_slot(first, 0.01)
        usages = {"primary": Usage([primary.process]), "protectors": Usage([member.process for member in cluster.members]),
                  "sim": Usage([chain.process])}
        scores = [score_later(chain, slot) for slot in range(first, last + 1)]
        slots = chain.time.slot() - first + 1
        cpu = {name: usage.per_slot(slots) for name, usage in usages.items()}
        return figures(validators, chain, scores, cpu, primary.process.rss_bytes())


def score_later(chain, slot):
    """(score, times) of a slot, asked for when its attestations had time to be included, and before the chain forgets it."""
    chain.time.wait_slot(slot + 2, 0.9)
    return chain.slot_totals(slot), chain.acceptance_ms(slot)


def figures(validators, chain, scores, cpu, rss):
    totals = [total for total, _ in scores]
    times = [time for _, time in scores if time]
    if not times:
        raise ProcessError(f"none of the slots' attestations arrived:\n{chain.missed(chain.time.slot() - 2)[:3]}")
    first, last = [t[0] for t in times], [t[1] for t in times]
    due, right = sum(t.due for t in totals), sum(t.right_head for t in totals)
    slashable = chain.totals([]).slashable
    return {"validators": validators, "slots": len(scores), "due": due, "included": sum(t.included for t in totals),
            "right_head": right, "slashable": slashable, "head_to_first_ms_p50": percentile(first, 50),
            "head_to_all_ms_p50": percentile(last, 50), "head_to_all_ms_p90": percentile(last, 90),
            "head_to_all_ms_p99": percentile(last, 99), "head_to_all_ms_max": max(last),
            "cpu_seconds_per_slot": cpu, "primary_rss_mb": round(rss / 1e6, 1),
            "holds": slashable == 0 and due > 0 and all(t.perfect() for t in totals) and len(times) == len(scores)}


def main():
    options = arguments()
    runs, load = [], os.getloadavg()[0]
    try:
        for validators in options.validators:
            runs.append(measure(validators, options))
            print(f"{validators} validators: {json.dumps(runs[-1])}", file=sys.stderr, flush=True)
    except (ProcessError, HttpError) as error:
        print(f"scripts/prove duty-latency: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    holds = all(run["holds"] for run in runs)
    print(json.dumps({"proof": "duty-latency", "holds": holds, "slot_ms": options.slot_ms, "nodes": NODES,
                      "protectors": MEMBERS, "quorum": QUORUM, "load_before": round(load, 2),
                      "load_after": round(os.getloadavg()[0], 2), "runs": runs}))
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
