"""scripts/prove fuzz: builds the fuzz targets with clang and runs each for a while, two at a time."""
import argparse
import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGETS = ["beacon", "cluster", "health", "http_server", "interchange", "json", "ssz", "wire"]


def options():
    parser = argparse.ArgumentParser(prog="scripts/prove fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=f"default: all ({', '.join(TARGETS)})")
    parser.add_argument("--minutes", type=float, default=10, help="for each target (default 10)")
    parser.add_argument("--jobs", type=int, default=2, help="targets that run at once (default 2)")
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of libFuzzer (default: the time)")
    parser.add_argument("--folder", type=pathlib.Path, default=ROOT / "build" / "fuzzing",
                        help="for logs, what was found on the way, and crashes (default build/fuzzing)")
    parser.add_argument("--binaries", type=pathlib.Path, help="a folder with fuzz_TARGET that is built already")
    chosen = parser.parse_args()
    unknown = sorted(set(chosen.targets) - set(TARGETS))
    if unknown:
        parser.error(f"no fuzz target '{unknown[0]}': there are {', '.join(TARGETS)}")
    chosen.targets = chosen.targets or TARGETS
    return chosen


def build(targets):
    wanted = " ".join(f"fuzz_{target}" for target in targets)
    steps = f". scripts/lib.sh; install_packages clang-14 libclang-rt-14-dev; build fuzz {wanted}"
    subprocess.run(["bash", "-euc", steps], cwd=ROOT, check=True, stdout=sys.stderr)
    return ROOT / "build" / "fuzz" / "bin"


def last_number(pattern, text):
    found = re.findall(pattern, text)
    return int(found[-1]) if found else 0


def run(chosen, target):
    """Runs one target to its end or its first finding."""
    corpus = chosen.folder / "corpus" / target
    crashes = chosen.folder / "crashes" / target
    for folder in (corpus, crashes):
        folder.mkdir(parents=True, exist_ok=True)
    binary = chosen.binaries / f"fuzz_{target}"
    seeds = ROOT / "tests" / "fuzz" / "corpus" / target
    command = [str(binary), f"-max_total_time={round(chosen.minutes * 60)}", f"-seed={chosen.seed}", "-max_len=8192", "-timeout=20",
               "-rss_limit_mb=3000", "-print_final_stats=1", f"-artifact_prefix={crashes}/", str(corpus), str(seeds)]
    words = ROOT / "tests" / "fuzz" / f"{target}.dict"
    if words.is_file():
        command.insert(1, f"-dict={words}")
    log = chosen.folder / f"{target}.log"
    with log.open("wb") as output:
        code = subprocess.run(["nice", "-n", "15", *command], stdout=output, stderr=subprocess.STDOUT, check=False,
                              env={**os.environ, "HOLDFAST_CORE_DUMPS": "1"}).returncode
    text = log.read_text(errors="replace")
    finding = re.search(r"Test unit written to (\S+)", text)
    if finding:
        print(f"{target}: found something: {log} says what; again with: {binary} {finding[1]}", file=sys.stderr)
    return {"target": target, "executions": last_number(r"number_of_executed_units: (\d+)", text),
            "edges": last_number(r" cov: (\d+)", text), "inputs_kept": last_number(r" corp: (\d+)", text), "ok": code == 0}


def main():
    chosen = options()
    chosen.binaries = chosen.binaries or build(chosen.targets)
    print(f"each of {', '.join(chosen.targets)} for {chosen.minutes:g} minutes, seed {chosen.seed}", file=sys.stderr)
    with concurrent.futures.ThreadPoolExecutor(chosen.jobs) as pool:
        results = list(pool.map(lambda target: run(chosen, target), chosen.targets))
    for result in results:
        print(f"{result['target']:12} {result['executions']:>12,} executions  {result['edges']:>6,} edges"
              f"  {'nothing found' if result['ok'] else 'FAILED'}", file=sys.stderr)
    held = all(result["ok"] for result in results)
    print(json.dumps({"proof": "fuzz", "minutes": chosen.minutes, "seed": chosen.seed, "targets": results, "holds": held}))
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
