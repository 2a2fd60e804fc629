"""Holdfast's main job on a simulated chain: 3 beacon nodes, 4 protectors of which 3 must agree, a primary with 64 validators, and a
secondary that stands by. Every block is one of theirs, and the chain verifies all that they do.

After the first epoch one protector and one beacon node are killed, four slots later the primary too, and the secondary takes its
duty. At the end the chain's own score must show every attestation of all epochs included with the right source, target and head, every
block, aggregate, sync committee message and contribution (the primary's kill may cost the one block that it hits), and nothing
slashable: exit code 0 only then.
"""
import argparse
import json
import sys
import time

from .cluster import Chain, Cluster
from .demo_view import DemoView
from .http_json import HttpError
from .pair import ON_DUTY, Pair, first_move
from .pair_rig import FEE_RECIPIENT
from .processes import ProcessError, Run
from .screen import Screen

NODES, PROTECTORS, QUORUM, VALIDATORS = 3, 4, 3, 64
KILLED_PROTECTOR, KILLED_NODE = 2, 1
GENESIS_DELAY_MS = 8000
PRIMARY_SLOTS_LATER = 4  # after the protector and the node, the primary is killed
INCLUSION_SLOTS = 3  # after the last slot, so that its attestations can be in a block


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=3, help="epochs to run and to score (default 3)")
    parser.add_argument("--slot-ms", type=int, default=2000, help="length of a slot in milliseconds (default 2000)")
    parser.add_argument("--fork", choices=["electra", "fulu"], default="fulu")
    parser.add_argument("--gloas-epoch", type=int, metavar="N", help="Gloas from this epoch on (default never)")
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
                           genesis_delay_ms=GENESIS_DELAY_MS, keystores=keystores,
                           options=["--proposals-of-ours", 1, *(["--gloas-epoch", options.gloas_epoch] if options.gloas_epoch else [])])
        view.say(f"starting {PROTECTORS} protectors, the primary and the secondary")
        cluster = Cluster(run, PROTECTORS, QUORUM, self.chain.time, self.chain.info["genesis_validators_root"]).start()
        self.protectors = cluster.members
        payee = ["--fee-recipient", FEE_RECIPIENT]
        self.pair = Pair(run, self.chain, keystores, cluster, primary_options=payee, secondary_options=payee).wait_armed()
        self.primary, self.secondary = self.pair.both
        self.takeover_seconds = None
        self._killed_at = None
        self.last_slot = options.epochs * self.chain.time.slots_per_epoch - 1

    def go(self):
        """Runs to the end; returns the score."""
        first_kill = min(self.chain.time.first_slot(1), (self.last_slot + 1) // 2)
        steps = [] if self._options.no_kill else [
            (first_kill, self._kill), (min(first_kill + PRIMARY_SLOTS_LATER, self.last_slot), self._kill_primary)]
        end = self.chain.time.start_of(self.last_slot + INCLUSION_SLOTS) + 0.9 * self._options.slot_ms / 1000
        while time.time() < end:
            if steps and self.chain.time.slot() >= steps[0][0]:
                steps.pop(0)[1]()
            self._check()
            self._view.update(self)
            time.sleep(0.25 if self._view.live else 0.5)
        score = self.chain.totals(range(self._options.epochs))
        kinds = self.chain.kinds(range(self.last_slot + 1))
        self._view.update(self)
        return score, kinds

    def _kill(self):
        self.protectors[KILLED_PROTECTOR].kill()
        self.chain.faults(KILLED_NODE, down=True)
        self._view.say(f"slot {self.chain.time.slot()}: killed {self.protectors[KILLED_PROTECTOR].name} (SIGKILL) "
                       f"and beacon node {KILLED_NODE}")

    def _kill_primary(self):
        self._killed_at = self.primary.kill()
        self._view.say(f"slot {self.chain.time.slot()}: killed the primary (SIGKILL)")

    def _check(self):
        """That nothing has ended by itself; and says when the secondary has taken over."""
        for instance in self.pair.both:
            if not instance.process.running and not (instance is self.primary and self._killed_at):
                raise ProcessError(f"the {instance.name} ended with code {instance.process.exit_code}:\n"
                                   f"{instance.process.last_lines()}")
        if self._killed_at and self.takeover_seconds is None:
            taken = first_move(self.secondary.status() or {"changes": []}, self._killed_at, ON_DUTY)
            if taken:
                self.takeover_seconds = round(taken.when - self._killed_at, 2)
                self._view.say(f"slot {self.chain.time.slot()}: the secondary is on duty, {self.takeover_seconds:.2f} s after the "
                               f"kill: {taken.why}")


def all_done(kinds, killed):
    """Whether nothing was missed but the block (from Gloas on with what it brings) that a kill may have hit."""
    missed = {kind: duties.expected - duties.accepted for kind, duties in kinds.items()}
    allowed = 1 if killed else 0
    spared = {"proposal", "envelope"} if killed else set()
    return all(count == 0 for kind, count in missed.items() if kind not in spared) and missed.get("proposal", 0) <= allowed


def report(score, kinds, options, started, takeover_seconds):
    holds = (score.perfect() and score.due == options.epochs * VALIDATORS and all_done(kinds, not options.no_kill)
             and (options.no_kill or takeover_seconds is not None))
    return {"demo": "duties", "holds": holds, "epochs": options.epochs, "validators": VALIDATORS, **score.figures(),
            "kinds": {kind: duties.figures() for kind, duties in sorted(kinds.items())},
            "missed": [sentence for duties in kinds.values() for sentence in duties.missed][:10],
            "protector_killed": not options.no_kill, "beacon_node_killed": not options.no_kill,
            "primary_killed": not options.no_kill, "takeover_seconds": takeover_seconds,
            "seconds": round(time.time() - started, 1)}


def main():
    options = arguments()
    started = time.time()
    screen = Screen(sys.stderr if options.json else sys.stdout)
    view = DemoView(screen, quiet=options.json)
    try:
        with Run("demo", keep=options.keep_logs) as run:
            demo = Demo(options, run, view)
            figures = report(*demo.go(), options, started, demo.takeover_seconds)
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
