"""Kills protectors with SIGKILL at random moments (while they start, vote, commit, fold their journal, copy their log), under load,
and looks after each kill for everything that a client has seen approved, promised or halted: in the database, read by a program of
its own, and by asking the restarted daemon for the same message (repeated) and for another of the same target (refused).

A cluster of four with quorum 3 and two of one member each, all on this machine. Exit code 1 if anything was lost; the folder with the
databases is then kept. What a killed process had given to the kernel survives it: this proves the order of commit and answer and that
a database can be read after any death of its daemon. Lost and partial writes are the subject of the store's fault tests.
"""
import argparse
import json
import random
import sys
import time

from .run import run


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/prove durability", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=1000, help="how many, over all protectors (default 1000)")
    parser.add_argument("--seed", type=int, help="of all random choices (default: a new one); times are the machine's")
    parser.add_argument("--json", action="store_true", help="print only the JSON line")
    parser.add_argument("--keep", action="store_true", help="keep the folder with databases and logs")
    options = parser.parse_args()
    if options.kills < 1:
        parser.error("--kills must be at least 1")
    return options


def main():
    options = arguments()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
    say = (lambda line: None) if options.json else (lambda line: print(line, flush=True))
    say(f"durability: {options.kills} kills, seed {seed}")
    started = time.monotonic()
    figures, losses, failures = run(options.kills, seed, say, keep=options.keep or None)
    for loss in losses[:20]:
        print("LOST: " + loss, file=sys.stderr)
    for failure in failures:
        print("FAILED: " + failure, file=sys.stderr)
    figures |= {"seed": seed, "losses": len(losses), "seconds": round(time.monotonic() - started, 1)}
    result = f"{len(losses)} LOSSES, seed {seed}" if losses else "nothing was lost" + (", but the run FAILED" if failures else "")
    say(f"{figures['kills']} kills in {figures['seconds']} s, {figures['approved']} messages approved: {result}")
    print(json.dumps(figures))
    return 1 if losses or failures else 0


if __name__ == "__main__":
    sys.exit(main())
