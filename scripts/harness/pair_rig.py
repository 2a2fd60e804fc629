"""A rig of its own for a proof of failover: a chain, its protectors, a pair, and the book of every slot. Several run side by side,
each in a process of its own."""
import multiprocessing
import multiprocessing.connection
import signal
import sys
import threading

from .cluster import Chain, Cluster
from .http_json import HttpError
from .pair import Pair
from .processes import ProcessError, Run, end_with_parent
from .slot_book import SlotBook

NODES, PROTECTORS, QUORUM, VALIDATORS = 3, 4, 3, 256
GENESIS_DELAY_MS = 8000
BLOCK_AT = 1 / 6  # of the slot: when its block reaches the nodes
TIMEOUT = 60.0
FEE_RECIPIENT = "0x" + "ab" * 20


class PairRig:
    """The pair armed, and the book begun. Minimal preset: with 256 validators every slot has 32 duties."""

    def __init__(self, run, slot_ms, *, seed=1, validators=VALIDATORS, proposals_of_ours=0, primary_options=(), secondary_options=()):
        self.run = run
        self.block_ms = round(slot_ms * BLOCK_AT)
        keystores = run.path("keystores")
        self.chain = Chain(run, nodes=NODES, validators=validators, slot_ms=slot_ms, keystores=keystores,
                           genesis_delay_ms=GENESIS_DELAY_MS, options=["--block-ms", self.block_ms, "--seed", seed, "--proposals-of-ours", proposals_of_ours])
        self.time = self.chain.time
        self.cluster = Cluster(run, PROTECTORS, QUORUM, self.time, self.chain.info["genesis_validators_root"]).start()
        payee = ["--fee-recipient", FEE_RECIPIENT] if proposals_of_ours else []
        self.pair = Pair(run, self.chain, keystores, self.cluster, primary_options=[*payee, *primary_options],
                         secondary_options=[*payee, *secondary_options]).wait_armed()
        self.first_slot = max(1, self.time.slot() + 1)
        self.book = SlotBook(self.chain, self.first_slot)

    def slashable(self):
        return self.chain.totals([]).slashable

    def hand_over(self, to, at=None):
        """A planned handover, when both are ready for it: its record."""
        begun = self.time.slot()
        seconds = self.pair.hand_over(to, at, TIMEOUT)
        return {"to": to.name, "asked_at": (at or to).name, "slot": begun, "last_slot": self.time.slot(),
                "seconds": round(seconds, 3)}

    def figures(self):
        """Of all slots that are booked."""
        entries = self.book.entries.values()
        return {"slots": len(entries), "due": sum(entry.due for entry in entries),
                "included": sum(entry.included for entry in entries), "slashable": self.slashable(),
                "distance_max": max((entry.distance_max for entry in entries), default=0), "kinds": kinds_of(entries)}


def kinds_of(entries):
    """{kind: [expected, missed]} of all duties besides attestations in these entries of the book."""
    found = {}
    for entry in entries:
        for kind, duties in entry.kinds.items():
            expected, missed = found.get(kind, (0, 0))
            found[kind] = [expected + duties.expected, missed + duties.expected - duties.accepted]
    return found


def add_kinds(sums, kinds):
    """Adds what kinds_of() has found to the same form."""
    for kind, (expected, missed) in kinds.items():
        before = sums.get(kind, [0, 0])
        sums[kind] = [before[0] + expected, before[1] + missed]
    return sums


def _rig_process(work, name, arguments, keep, out):
    """Runs in a process of its own: `work(run, say, *arguments)`, whose messages go to `out`; ("end", problem or None) last."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends us
    end_with_parent(signal.SIGTERM)
    speaking = threading.Lock()

    def say(kind, content):
        with speaking:
            out.send((kind, content))

    problem = "it ended before its time"
    try:
        with Run(name, keep=keep) as run:
            say("folder", run.folder)
            try:
                work(run, say, *arguments)
                problem = None
            except (ProcessError, HttpError) as error:
                problem = str(error)
                run.keep()
    finally:
        say("end", problem)


def run_rigs(work, rigs, on_message, keep=False):
    """rigs: {name: arguments of work}. on_message(kind, name, content) gets what each rig says, here. Returns the problems of rigs
    that could not go to their end: {name: sentence}."""
    context = multiprocessing.get_context("fork")
    sys.stdout.flush()
    processes, pipes, problems = {}, {}, {}
    try:
        for name, arguments in rigs.items():
            # One pipe each: in a common queue a rig that dies while it speaks would silence all.
            reader, writer = context.Pipe(duplex=False)
            processes[name] = context.Process(target=_rig_process, args=(work, name, arguments, keep, writer))
            processes[name].start()
            writer.close()
            pipes[reader] = name
        while pipes:
            for reader in multiprocessing.connection.wait(list(pipes)):
                name = pipes[reader]
                kind, content = _hear(reader, processes[name])
                if kind != "end":
                    on_message(kind, name, content)
                    continue
                del pipes[reader]
                if content:
                    problems[name] = content
    finally:
        for process in processes.values():
            process.join(None if not pipes else 0.1)
            if process.is_alive():
                process.terminate()
                process.join()
    return problems


def _hear(reader, process):
    """The rig's next message; it ends with its process, too."""
    try:
        return reader.recv()
    except (EOFError, OSError):
        process.join()
        return "end", f"ended with code {process.exitcode}"
