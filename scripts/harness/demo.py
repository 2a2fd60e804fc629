"""Holdfast's main job on a simulated chain: 3 beacon nodes, 4 protectors of which 3 must agree, a primary with 64 validators.

After the first epoch one protector and one beacon node are killed while it runs. At the end the chain's own score must show
every attestation of all epochs included with the right source, target and head, and nothing slashable: exit code 0 only then.
"""
import argparse
import json
import sys
import time

from .cluster import Chain, Cluster, Primary
from .demo_view import DemoView
from .http_json import HttpError
from .processes import ProcessError, Run
from .screen import Screen

NODES, PROTECTORS, QUORUM, VALIDATORS = 3, 4, 3, 64
KILLED_PROTECTOR, KILLED_NODE = 2, 1
GENESIS_DELAY_MS = 8000
INCLUSION_SLOTS = 3  # after the last slot, so that its attestations can be in a block


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=3, help="epochs to run and to score (default 3)")
    parser.add_argument("--slot-ms", type=int, default=2000, help="length of a slot in milliseconds (default 2000)")
    parser.add_argument("--fork", choices=["electra", "fulu"], default="fulu")
    parser.add_argument("--no-kill", action="store_true", help="kill nothing on the way")
    parser.add_argument("--json", action="store_true", help="no view: only the score, as one JSON line at the end")
    parser.add_argument("--keep-logs", action="store_true", help="keep the programs' logs")
    options = parser.parse_args()
    if options.epochs < 1 or options.slot_ms < 500:
        parser.error("--epochs must be at least 1, --slot-ms at least 500")
    return options


class Demo:
    """The processes of one run, and what was done to them."""

    def __init__(self, options, run, view):
        self._options = options
        self._view = view
        keystores = run.path("keystores")
        view.say(f"starting a chain with {NODES} beacon nodes and {VALIDATORS} validators")
        self.chain = Chain(run, nodes=NODES, validators=VALIDATORS, slot_ms=options.slot_ms, fork=options.fork,
                           genesis_delay_ms=GENESIS_DELAY_MS, keystores=keystores)
        view.say(f"starting {PROTECTORS} protectors and the primary")
        cluster = Cluster(run, PROTECTORS, QUORUM, self.chain.time, self.chain.info["genesis_validators_root"]).start()
        self.protectors = cluster.members
        self.primary = Primary(run, self.chain.nodes, keystores, cluster)
        self.last_slot = options.epochs * self.chain.time.slots_per_epoch - 1

    def go(self):
        """Runs to the end; returns the score."""
        kill_slot = None if self._options.no_kill else min(self.chain.time.first_slot(1), (self.last_slot + 1) // 2)
        end = self.chain.time.start_of(self.last_slot + INCLUSION_SLOTS) + 0.9 * self._options.slot_ms / 1000
        while time.time() < end:
            if kill_slot is not None and self.chain.time.slot() >= kill_slot:
                self._kill()
                kill_slot = None
            if not self.primary.process.running:
                raise ProcessError(f"the primary ended with code {self.primary.process.exit_code}:\n"
                                   f"{self.primary.process.last_lines()}")
            self._view.update(self)
            time.sleep(0.25 if self._view.live else 0.5)
        score = self.chain.totals(range(self._options.epochs))
        self._view.update(self)
        return score

    def _kill(self):
        self.protectors[KILLED_PROTECTOR].kill()
        self.chain.faults(KILLED_NODE, down=True)
        self._view.say(f"slot {self.chain.time.slot()}: killed {self.protectors[KILLED_PROTECTOR].name} (SIGKILL) "
                       f"and beacon node {KILLED_NODE}")


def report(score, options, started):
    holds = score.perfect() and score.due == options.epochs * VALIDATORS
    return {"demo": "attestations", "holds": holds, "epochs": options.epochs, "validators": VALIDATORS, **score.figures(),
            "protector_killed": not options.no_kill, "beacon_node_killed": not options.no_kill,
            "seconds": round(time.time() - started, 1)}


def main():
    options = arguments()
    started = time.time()
    screen = Screen(sys.stderr if options.json else sys.stdout)
    view = DemoView(screen, quiet=options.json)
    try:
        with Run("demo", keep=options.keep_logs) as run:
            score = Demo(options, run, view).go()
            figures = report(score, options, started)
            if not figures["holds"]:
                run.keep()
    except (ProcessError, HttpError) as error:
        print(f"scripts/demo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    if options.json:
        print(json.dumps(figures))
    else:
        view.finish(figures)
    return 0 if figures["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
