"""Proof on a real chain: 4 protectors (quorum 3) and holdfast-primary on a devnet that is already running.

Counts from the blocks that every attestation of our validators in each of the counted epochs is in the chain with the right
source, target and head, and that the chain finalises; a beacon node killed on the way must not change that. Prints the figures
as one JSON line at the end; exit code 0 only if they hold, 1 if not, 2 for wrong arguments.

With --all-keys all duties are counted, of all validators of the chain: primary, secondary and protectors have every key, and the
primary and then a beacon node are killed (prove_devnet_all.py).
"""
import argparse
import glob
import json
import os
import subprocess
import sys
import time

from .block_count import ChainReader
from .cluster import ChainTime, Cluster, Primary
from .http_json import HttpError
from .processes import ProcessError, Run
from .prove_devnet_all import AllKeysProof

PROTECTORS, QUORUM = 4, 3


def numbers(text):
    """'32-63' or '1,5,9-11' as a set."""
    found = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        found.update(range(int(first), int(last or first) + 1))
    return found


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/prove devnet", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--beacon-nodes", required=True, metavar="URL,URL", type=lambda text: text.rstrip("/").split(","),
                        help="all beacon nodes of the devnet; the primary uses them all")
    parser.add_argument("--keystores", required=True, metavar="DIR", help="keystores NAME.json with their passwords NAME.txt")
    parser.add_argument("--validators", type=numbers, metavar="LIST",
                        help="their indices, as 32-63 or 1,5,9-11 (default: looked up on the chain by public key)")
    parser.add_argument("--epochs", type=int, help="epochs to count (default 5; with --all-keys 10, before the first kill)")
    parser.add_argument("--kill-node", metavar="COMMAND", help="shell command that kills one beacon node")
    parser.add_argument("--kill-at-epoch", type=int, default=2, metavar="N",
                        help="run it in the middle of the Nth counted epoch (default 2)")
    add_all_keys(parser.add_argument_group("with --all-keys"))
    parser.add_argument("--json", action="store_true", help="print only the JSON line")
    parser.add_argument("--keep-logs", action="store_true", help="keep the programs' logs")
    options = parser.parse_args()
    options.epochs = options.epochs or (10 if options.all_keys else 5)
    if options.epochs < 1 or not options.all_keys and not 1 <= options.kill_at_epoch <= options.epochs:
        parser.error("--epochs must be at least 1, --kill-at-epoch one of them")
    return options


def add_all_keys(group):
    group.add_argument("--all-keys", action="store_true", help="all duties, with all keys of the chain")
    group.add_argument("--observer", metavar="URL", help="a beacon node that ours don't use: its events tell which aggregates and "
                       "contributions the network has accepted (default: the first of --beacon-nodes)")
    group.add_argument("--observer-metrics", metavar="URL", help="its metrics (Prysm's names): nothing of ours may have failed validation")
    group.add_argument("--no-kill", dest="kill_primary", action="store_false", help="the primary is not killed")
    group.add_argument("--kill-at", type=float, default=0.8, metavar="FRACTION", help="when in its slot something is killed (default 0.8)")
    group.add_argument("--epochs-after-kill", type=int, default=4, metavar="N", help="epochs to count after each kill (default 4)")
    group.add_argument("--first-epoch", type=int, default=1, metavar="N", help="count from this epoch on, or later (default 1)")
    group.add_argument("--fee-recipient", default="0x" + "f0" * 20, metavar="ADDRESS", help="what all blocks must pay")
    group.add_argument("--graffiti", default="holdfast-proof", help="what all blocks must begin their graffiti with")
    group.add_argument("--option", action="append", default=[], metavar="WORD", help="one more word for both instances' command lines")


def public_keys(folder):
    keys = []
    for path in sorted(glob.glob(os.path.join(folder, "*.json"))):
        with open(path) as file:
            keys.append("0x" + json.load(file)["pubkey"].removeprefix("0x"))
    return keys


class Proof:
    def __init__(self, options, run):
        self._options = options
        self._run = run
        self._reader = ChainReader(options.beacon_nodes)
        self._time = ChainTime(self._reader.genesis_time, self._reader.slot_ms, self._reader.slots_per_epoch)
        self._killed = None

    def say(self, text):
        if not self._options.json:
            print(text, flush=True)

    def go(self):
        ours = self._ours()
        primary = self._start()
        first = max(0, self._time.epoch_of(max(0, self._time.slot() + 1)) + 1)
        self.say(f"{len(ours)} validators on duty; counting epochs {first} to {first + self._options.epochs - 1}")
        finalized_before = self._finalized()
        counts, waiting = [], []  # an epoch is counted when the next one is over: until then its attestations may be included
        for epoch in range(first, first + self._options.epochs + 1):
            if epoch < first + self._options.epochs:
                waiting.append(self._watch(epoch, number=epoch - first + 1))
            self._time.wait_slot(self._time.first_slot(epoch + 1), 0.7)
            if epoch > first:
                counts.append(self._count(ours, *waiting.pop(0)))
        return self._figures(ours, counts, finalized_before, primary)

    def _ours(self):
        if self._options.validators:
            return self._options.validators
        keys = public_keys(self._options.keystores)
        if not keys:
            raise ProcessError(f"no keystores in {self._options.keystores}")
        found = self._reader.indices_of(keys)
        if len(found) < len(keys):
            raise ProcessError(f"{len(keys) - len(found)} of the {len(keys)} keys are not validators on this chain")
        return set(found.values())

    def _start(self):
        cluster = Cluster(self._run, PROTECTORS, QUORUM, self._time, self._reader.genesis_validators_root).start()
        primary = Primary(self._run, self._options.beacon_nodes, self._options.keystores, cluster)
        return primary.wait_ready(timeout=max(120, self._time.genesis_time - time.time() + 60))

    def _finalized(self):
        return self._reader.checkpoints()[1]

    def _watch(self, epoch, number):
        """In the middle of an epoch: what can be asked of the head state only now; and the kill."""
        self._time.wait_slot(self._time.first_slot(epoch) + self._time.slots_per_epoch // 2)
        while self._time.epoch_of(self._reader.head_slot()) < epoch:  # only empty slots so far
            if self._time.slot() >= self._time.first_slot(epoch + 1):
                raise ProcessError(f"no block in all of epoch {epoch}")
            time.sleep(0.2)
        seen = epoch, self._reader.committees(epoch), self._reader.checkpoints()[0]
        if self._options.kill_node and number == self._options.kill_at_epoch:
            self._kill()
        return seen

    def _kill(self):
        self.say(f"slot {self._time.slot()}: {self._options.kill_node}")
        done = subprocess.run(["bash", "-c", self._options.kill_node], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            raise ProcessError(f"the command to kill a node failed ({done.returncode}): {done.stderr.strip()}")
        self._killed = self._time.slot()

    def _count(self, ours, epoch, committees, justified):
        count = self._reader.count(epoch, ours, committees, justified)
        figures = count.figures()
        self.say(f"epoch {epoch}: {count.included} of {count.due} in the chain; right source {count.right_source}, target "
                 f"{count.right_target}, head {count.right_head}; distance mean {figures['inclusion_distance_mean']}, largest "
                 f"{figures['inclusion_distance_max']}; {count.empty_slots} empty slots; finalized {self._finalized()}")
        for sentence in count.wrong:
            self.say("  " + sentence)
        return count

    def _figures(self, ours, counts, finalized_before, primary):
        finalized = self._finalized()
        total = {name: sum(getattr(count, name) for count in counts)
                 for name in ("due", "included", "right_source", "right_target", "right_head", "empty_slots")}
        distances = sum((count.distances for count in counts), [])
        holds = all(count.all_right() for count in counts) and finalized > finalized_before and primary.process.running
        return {"proof": "devnet", "holds": holds, "validators": len(ours), "epochs": len(counts), **total,
                "inclusion_distance_mean": round(sum(distances) / max(1, len(distances)), 3),
                "inclusion_distance_max": max(distances, default=0), "finalized_before": finalized_before,
                "finalized_after": finalized, "beacon_nodes": len(self._options.beacon_nodes),
                "node_killed_in_slot": self._killed, "slot_ms": self._reader.slot_ms, "slots_per_epoch": self._reader.slots_per_epoch,
                "each_epoch": [count.figures() for count in counts]}


def say_unless(silent):
    return (lambda text: None) if silent else (lambda text: print(text, flush=True))


def main():
    options = arguments()
    try:
        with Run("devnet", keep=options.keep_logs) as run:
            figures = AllKeysProof(options, run, say_unless(options.json)).go() if options.all_keys else Proof(options, run).go()
            if not figures["holds"]:
                run.keep()
    except (ProcessError, HttpError) as error:
        print(f"scripts/prove devnet: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(json.dumps(figures))
    return 0 if figures["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
