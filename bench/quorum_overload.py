#!/usr/bin/env python3
"""How long one client's durable decisions take at one protector over mutual TLS, alone and beside each kind of abuse, all in one run
in turns: silent and half-open connections, slow headers, slow bodies, bodies that are too large or never end, and a thousand TLS
handshakes at once. The abusers run at the lowest priority on the same machine, for on another they would not use its processors.

One JSON line at the end; exit code 0 only if no kind adds more than --allowed milliseconds to the p99 of the client alone.
"""
import argparse
import json
import os
import re
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "scripts"))

from harness.cluster import program  # noqa: E402
from harness.processes import ProcessError, Run  # noqa: E402
from overload_abuse import KINDS  # noqa: E402
from quorum_speed import make_cluster, percentile, start_protectors  # noqa: E402

# A kind of abuse needs a moment until all of it is there.
WARM_UP_SECONDS = 3.0
# A pass of this many decisions takes about a second.
DECISIONS = 500


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/prove quorum-overload", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--passes", type=int, default=10, help=f"of {DECISIONS} decisions beside each kind (default 10)")
    parser.add_argument("--allowed", type=float, default=5.0, help="milliseconds that may be added to the p99 (default 5)")
    parser.add_argument("--only", choices=sorted(KINDS), help="one kind of abuse only")
    parser.add_argument("--keep-logs", action="store_true")
    return parser.parse_args()


class Decisions:
    """The client: decides without a pause, and says after each pass how long each decision took."""

    def __init__(self, run, cluster, idle):
        """`idle`: another cluster, which that program asks for."""
        argv = [program("holdfast_quorum_bench"), "--one", cluster, "--four", idle, "--only",
                "one_1", "--passes", "1000000", "--singles", str(DECISIONS)]
        self.process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True, env=os.environ | {"HOLDFAST_BENCH_DIR": run.folder})

    def take(self, passes):
        """Of whole passes from now on, in milliseconds."""
        self.one_pass()
        return [value for _ in range(passes) for value in self.one_pass()]

    def one_pass(self):
        line = self.process.stdout.readline()
        if not line:
            raise ProcessError("the client was refused or failed")
        return [us / 1000 for us in json.loads(line)["us"]]

    def skip(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.one_pass()

    def end(self):
        self.process.kill()
        self.process.wait()


def beside(kind, decisions, port, run, passes):
    """The client's times while that kind of abuse goes on."""
    script = os.path.join(os.path.dirname(os.path.abspath(__file__)), "overload_abuse.py")
    argv = ["nice", "-n", "19", sys.executable, "-B", script, kind, str(port), run.path("one/secondary"), "secondary"]
    with open(run.path(f"{kind}.log"), "wb") as log:
        abuse = subprocess.Popen(argv, stderr=log)
    try:
        decisions.skip(WARM_UP_SECONDS)
        times = decisions.take(passes)
        if abuse.poll() is not None:
            raise ProcessError(f"the abuser '{kind}' ended by itself")
        return times
    finally:
        abuse.kill()
        abuse.wait()


def figures(times):
    return {"p50_ms": round(percentile(times, 50), 3), "p99_ms": round(percentile(times, 99), 3), "max_ms": round(max(times), 3),
            "decisions": len(times)}


def measure(options):
    with Run("quorum-overload", keep=options.keep_logs) as run:
        cluster, idle = run.path("one"), run.path("idle")
        for folder, count in ((cluster, 1), (idle, 2)):
            make_cluster(folder, count, count, ("primary", "secondary"))
            start_protectors(run, folder, count)
        with open(os.path.join(cluster, "primary", "cluster.toml"), encoding="utf-8") as file:
            port = int(re.search(r"127\.0\.0\.1:(\d+)", file.read())[1])
        decisions = Decisions(run, cluster, idle)
        kinds = [options.only] if options.only else list(KINDS)
        try:
            measured = {"alone": figures(decisions.take(options.passes))}
            for kind in kinds:
                measured[kind] = figures(beside(kind, decisions, port, run, options.passes))
                decisions.skip(1.0)
            measured["alone again"] = figures(decisions.take(options.passes))
        finally:
            decisions.end()
        return measured


def main():
    options = arguments()
    load = os.getloadavg()[0]
    try:
        measured = measure(options)
    except ProcessError as error:
        print(error, file=sys.stderr)
        return 1
    limit = max(measured["alone"]["p99_ms"], measured["alone again"]["p99_ms"]) + options.allowed
    held = all(one["p99_ms"] <= limit for one in measured.values())
    print(f"load average {load:.1f} before\n{'':<14}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}", file=sys.stderr)
    for what, one in measured.items():
        print(f"{what:<14}{one['p50_ms']:>9.3f}{one['p99_ms']:>9.3f}{one['max_ms']:>9.3f}", file=sys.stderr)
    print(json.dumps({"proof": "quorum-overload", "measured": measured, "allowed_ms": options.allowed, "load": load, "holds": held}))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
