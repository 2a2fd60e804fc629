#!/usr/bin/env python3
"""How long a durable decision takes over mutual TLS, beside the limits of the machine in the same run: one key at one protector, one
key by a quorum of 3 of 4 (all four on this machine), a batch of 3,000 keys out of 100,000, and all 100,000 in one request.

The floor is the commit of one SQLite row (select and upsert; WAL, synchronous=FULL) plus a libcurl round trip over plain HTTP to a
server that does nothing. All take turns in each pass; p50 and p99 are over all passes. One JSON line at the end; exit code 0 only if
every goal is met.
"""
import argparse
import json
import os
import statistics
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scripts"))

from harness.cluster import program  # noqa: E402
from harness.processes import ProcessError, Run, free_port  # noqa: E402

MEMBERS, QUORUM, BATCH = 4, 3, 3000
# Dirk's batch call of 1,000 keys, its fastest, measured on this kind of machine in another run: ../shared/performance.md.
DIRK_PER_SECOND = 343_000


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/prove quorum-speed", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passes", type=int, default=10, help="how often all measurements take turns (default 10)")
    parser.add_argument("--singles", type=int, default=200, help="single decisions in a pass (default 200)")
    parser.add_argument("--batches", type=int, default=10, help="batches in a pass (default 10)")
    parser.add_argument("--dirk-rate", type=int, default=DIRK_PER_SECOND, metavar="N",
                        help="decisions/s of Dirk's batch call on this machine now (default 343000, of another run)")
    parser.add_argument("--json", action="store_true", help="print only the JSON line")
    parser.add_argument("--keep-logs", action="store_true")
    options = parser.parse_args()
    if min(options.passes, options.singles, options.batches) < 1:
        parser.error("--passes, --singles and --batches must be at least 1")
    return options


def make_cluster(folder, quorum, count, instances=("primary",)):
    """A cluster on free ports, with certificates for every machine. Its chain is so far on that every target of a run lies in its
    past."""
    members = [word for number in range(1, count + 1) for word in ("--member", f"p{number}=https://127.0.0.1:{free_port()}")]
    subprocess.run([program("holdfast"), "cluster", "create", "--dir", folder, "--name", "benchmark", "--quorum", str(quorum), *members,
                    *(word for name in instances for word in ("--instance", name)), "--genesis-time", "1", "--genesis-validators-root", f"0x{7:064x}", "--slot-duration-ms", "1000",
                    "--slots-per-epoch", "1"], check=True, stdout=subprocess.DEVNULL)


def start_protectors(run, folder, count):
    for name in (f"p{number}" for number in range(1, count + 1)):
        process = run.start(f"of{count}-{name}", [program("holdfast-protector"), "--cluster", os.path.join(folder, name, "cluster.toml"),
                                                  "--node-id", name, "--data-dir", run.path(f"data-of{count}-{name}"), "--init"])
        process.wait_line("listening on")


def percentile(values, share):
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * share // 100) - 1)]


def measure(options):
    """All latencies in microseconds, by measurement."""
    with Run("quorum-speed", keep=options.keep_logs) as run:
        one, four = run.path("one"), run.path("four")
        for folder, quorum, count in ((one, 1, 1), (four, QUORUM, MEMBERS)):
            make_cluster(folder, quorum, count)
            start_protectors(run, folder, count)
        argv = [program("holdfast_quorum_bench"), "--one", one, "--four", four, "--passes", str(options.passes), "--singles",
                str(options.singles), "--batches", str(options.batches)]
        done = subprocess.run(argv, stdout=subprocess.PIPE, text=True, env=os.environ | {"HOLDFAST_BENCH_DIR": run.folder}, check=False)
        if done.returncode:
            raise ProcessError("the benchmark failed")
        measured = {}
        for line in done.stdout.splitlines():
            entry = json.loads(line)
            measured.setdefault(entry["what"], []).append(entry["us"])
        return measured


def summary(passes):
    """Of one measurement: p50 and p99 over all passes in ms, and the lowest and highest p50 of a pass."""
    values = [value for one in passes for value in one]
    medians = [statistics.median(one) for one in passes]
    return {"p50_ms": percentile(values, 50) / 1000, "p99_ms": percentile(values, 99) / 1000, "runs": len(values),
            "lowest_ms": min(medians) / 1000, "highest_ms": max(medians) / 1000}


def goals(measured, dirk_rate):
    """(what, value, limit, met, unit): each limit is one of ../shared/performance.md."""
    p50 = {what: figures["p50_ms"] for what, figures in measured.items()}
    floor = p50["sqlite_1"] + p50["curl_plain"]
    floor_p99 = measured["sqlite_1"]["p99_ms"] + measured["curl_plain"]["p99_ms"]
    rate = BATCH / p50["one_3000"] * 1000
    wanted = 3 * dirk_rate

    def at_most(what, value, limit, unit):
        return {"goal": what, "value": round(value, 3), "limit": limit, "met": value <= limit, "unit": unit}

    return [at_most("one decision at one protector, p50", p50["one_1"] / floor, 2, "x the floor's p50"),
            at_most("one decision at one protector, p99", measured["one_1"]["p99_ms"] / floor, 3, "x the floor's p50"),
            at_most("the same p99 beside the floor's own", measured["one_1"]["p99_ms"] / floor_p99, 3, "x the floor's p99"),
            at_most("one decision by quorum 3 of 4, p50", p50["four_1"] / floor, 5, "x the floor's p50"),
            {"goal": "a batch of 3,000 at one protector", "value": round(rate), "limit": wanted, "met": rate >= min(wanted, 1_000_000),
             "unit": "decisions/s, or 1,000,000"},
            at_most("100,000 keys in one request", p50["one_100000"] / p50["sqlite_100000"], 0.2, "x 100,000 upserts")]


NAMES = {"sqlite_1": "SQLite, one row", "curl_plain": "libcurl round trip, plain", "curl_tls": "libcurl round trip, mutual TLS",
         "one_1": "one decision at one protector", "four_1": "one decision by quorum 3 of 4", "sqlite_3000": "SQLite, 3,000 rows",
         "one_3000": "3,000 keys at one protector", "four_3000": "3,000 keys by quorum 3 of 4", "sqlite_100000": "SQLite, 100,000 rows",
         "one_100000": "100,000 keys at one protector", "four_100000": "100,000 keys by quorum 3 of 4"}


def show(measured, judged, load):
    print(f"load average {load[0]:.1f} before, {load[1]:.1f} after\n")
    print(f"{'':<34}{'p50 ms':>10}{'p99 ms':>10}{'lowest-highest pass':>22}{'runs':>8}")
    for what, name in NAMES.items():
        figures = measured[what]
        spread = f"{figures['lowest_ms']:.3f}-{figures['highest_ms']:.3f}"
        print(f"{name:<34}{figures['p50_ms']:>10.3f}{figures['p99_ms']:>10.3f}{spread:>22}{figures['runs']:>8}")
    print()
    for goal in judged:
        print(f"{'met ' if goal['met'] else 'MISSED':<8}{goal['goal']}: {goal['value']:,} {goal['unit']} (goal {goal['limit']:,})")


def main():
    options = arguments()
    before = os.getloadavg()[0]
    try:
        measured = {what: summary(passes) for what, passes in measure(options).items()}
    except ProcessError as error:
        print(error, file=sys.stderr)
        return 1
    judged = goals(measured, options.dirk_rate)
    load = (before, os.getloadavg()[0])
    if not options.json:
        show(measured, judged, load)
    print(json.dumps({"measured": measured, "goals": judged, "load": load}))
    return 0 if all(goal["met"] for goal in judged) else 1


if __name__ == "__main__":
    sys.exit(main())
