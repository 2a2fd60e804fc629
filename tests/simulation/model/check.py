"""Runs the Spin model (quorum.pml beside this file): as it stands nothing may be found, with a rule taken out something must be.

usage: check.py [--all] [--json]
  --all   the large searches too, and clusters of 4 members: some 15 minutes, and 4 GB of memory; without it some 30 seconds
  --json  one line of figures at the end
Exit code 0: as expected; 1: not; 77: spin or gcc is not installed.
"""
import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MODEL = Path(__file__).with_name("quorum.pml")
SKIPPED = 77

# Flags, what they stand for; whether something must be found. Requests that outlive the wait may also carry a promise, so that the
# fence (which is not about safety) is not checked with them.
INTACT = [
    ("", "2 of 3"),
    ("-DLOSSES=1", "2 of 3, a disk is lost"),
]
INTACT_LARGE = [
    ("-DLOSSES=2", "2 of 3, two disks are lost, one after another"),
    ("-DLOSSES=1 -DLATE -DNO_FENCING_CHECK", "2 of 3, a disk is lost, requests outlive the wait"),
    ("-DRESTORES=1", "2 of 3, an old backup that the others have seen beyond"),
    ("-DN=4 -DQ=3", "3 of 4"),
    ("-DN=4 -DQ=3 -DLOSSES=1", "3 of 4, a disk is lost"),
    ("-DN=4 -DQ=3 -DLOSSES=1 -DLATE -DNO_FENCING_CHECK", "3 of 4, a disk is lost, requests outlive the wait"),
    ("-DN=4 -DQ=3 -DRESTORES=1", "3 of 4, an old backup that the others have seen beyond"),
]
MUTANTS = [
    ("-DNO_OTHER_VOTE", "another vote for a target replaces the first"),
    ("-DNO_TARGET_BELOW", "a target below the record is voted"),
    ("-DNO_SOURCE_BELOW", "a source below the record is voted"),
    ("-DNO_FENCE", "a lower generation is not refused"),
    ("-DN=4 -DQ=2 -DNO_FENCING_CHECK", "a quorum of one half"),
    ("-DLOSSES=1 -DLATE -DNO_FENCING_CHECK -DNO_FLOOR", "no floor after a rejoin"),
    ("-DRESTORES=1 -DNO_STALE", "an old backup votes"),
    ("-DNO_ADOPTION", "the successor proposes its own message"),
    ("-DNO_ADOPTION_READS_QUORUM", "the successor reads one member"),
    ("-DNO_PROMISE_BEFORE_READING", "the successor reads members that have not promised"),
]
MUTANTS_LARGE = [
    ("-DLOSSES=1 -DNO_WAIT -DNO_FENCING_CHECK", "a rejoin does not wait for requests in flight"),
    ("-DLOSSES=1 -DNO_READS_ENOUGH", "a rejoin reads one member"),
    ("-DLOSSES=1 -DNO_TAKES_HIGHEST", "a rejoin takes the first answer"),
    ("-DRESTORES=1 -DRESTORE_UNSEEN", "an old backup from within the second between two exchanges, 2 of 3"),
]


def run(command, folder):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def search(flags):
    """What Spin's exhaustive search finds: (assertion or "", states, seconds)."""
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        made = run(["spin", "-a", *flags.split(), str(MODEL)], folder)
        built = run(["gcc", "-O1", "-w", "-DSAFETY", "-DCOLLAPSE", "-DMEMLIM=8000", "-o", "pan", "pan.c"], folder)
        if made.returncode or built.returncode:
            sys.exit(f"spin {flags}: {made.stdout}{made.stderr}{built.stderr}")
        said = run(["./pan", "-E", "-m500000"], folder).stdout
    if "max search depth too small" in said or "Search not completed" in said and "errors: 0" in said:
        sys.exit(f"spin {flags}: the search was not exhaustive:\n{said}")
    found = re.search(r"assertion violated (.*) \(at depth", said)
    states = re.search(r"(\d+) states, stored", said)
    return (found[1] if found else ""), int(states[1]) if states else 0, time.monotonic() - started


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--json", action="store_true")
    wishes = parser.parse_args()
    if not shutil.which("spin") or not shutil.which("gcc"):
        print("skipped: spin or gcc is not installed")
        return SKIPPED
    cases = [(flags, text, False) for flags, text in INTACT + (INTACT_LARGE if wishes.all else [])]
    cases += [(flags, text, True) for flags, text in MUTANTS + (MUTANTS_LARGE if wishes.all else [])]
    wrong = 0
    for flags, text, expected in cases:
        found, states, seconds = search(flags)
        good = bool(found) == expected
        wrong += not good
        verdict = "found" if found else "holds"
        print(f"{'' if good else 'WRONG: '}{verdict}  {text}  ({states:,} states, {seconds:.0f} s)  {flags}", flush=True)
    if wishes.json:
        print(json.dumps({"held": wrong == 0, "cases": len(cases), "wrong": wrong}))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
