"""One protector that is killed again and again: its process, its clients, and what is looked at between two lives."""
import json
import os
import random
import select
import signal
import subprocess
import threading
import time
from collections import Counter
from dataclasses import dataclass

from . import clients, database, wire
from .book import Book, Track
from .connection import Broken, Connection, Refused

_START_TIMEOUT = 60.0
_ASKED_AT_ONCE = 2000


class Failed(Exception):
    """The proof can't go on: a program didn't do what every program must."""


@dataclass(frozen=True)
class Load:
    """How many validators each kind of client has."""
    attesters: int = 2
    own: int = 60
    rivals: int = 2
    contested: int = 30
    proposers: int = 1
    blocks: int = 40
    bulk: int = 1500
    halted: int = 30


class Member:
    def __init__(self, program, cluster_file, name, port, folder, seed, load):
        self.name = name
        self.port = port
        self.seed = seed
        self.data = os.path.join(folder, "data-" + name)
        self.book = Book(name)
        self.kills = Counter()
        self.cluster = bytes(32)
        self.serving = False
        self._argv = ["setpriv", "--pdeathsig", "KILL", program, "--cluster", cluster_file, "--node-id", name, "--data-dir", self.data]
        self._log = open(os.path.join(folder, name + ".log"), "ab")
        self._random = random.Random(f"{seed}-{name}")
        self._process = None
        self._start_seconds = 0.05
        self._gate = threading.Condition()
        self._ended = False
        self._working = 0
        self._resting = False
        self._request = threading.Event()
        self._clients = self._make_clients(load)

    # --- what the clients call ---

    def enter(self):
        """Waits until the protector may be used; False: never again."""
        with self._gate:
            self._gate.wait_for(lambda: self.serving or self._ended)
            self._working += 0 if self._ended else 1
            return not self._ended

    def leave(self):
        with self._gate:
            self._working -= 1
            self._gate.notify_all()

    def request_begins(self):
        self._request.set()

    def rest(self):
        """Waits while nobody may ask anything."""
        if self._resting:
            with self._gate:
                self._gate.wait_for(lambda: not self.serving)

    def pause(self, seconds):
        """Shorter if the protector is killed meanwhile."""
        with self._gate:
            self._gate.wait_for(lambda: not self.serving, seconds)

    # --- lives ---

    def begin(self):
        """The first life, with an empty database, which ends well: what is killed on the way to its first database may have none."""
        for client in self._clients:
            client.start()
        self._launch("--init")
        self._await_listening()

    def first_votes(self):
        self._await_voting()

    def live(self, after_kill=None):
        """One life and its end, SIGKILL; then after_kill(self), and a look at the disk."""
        kind = self._random.choices(["starting", "request", "load", "long", "lull"], [25, 25, 25, 10, 15])[0]
        if self._process is None:
            self._launch()
            if kind == "starting":
                time.sleep(self._random.random() * 1.3 * self._start_seconds)
                self._kill(kind, after_kill)
                return
            self._await_listening()
            self._await_voting()
            self._ask_again()
        elif kind == "starting":
            kind = "load"
        self._serve()
        time.sleep(self._random.random() * 0.5 if kind != "long" else 0.5 + 2 * self._random.random())
        if kind == "lull":
            self._rest()
        if kind == "request":
            self._request.clear()
            self._request.wait(1.0)
            time.sleep(self._random.random() * 0.0015)
        self._kill(kind, after_kill)

    def stand_by(self):
        """Up, but without load: the others need its word when they start."""
        if self._process is None:
            self._launch()

    def end(self):
        with self._gate:
            self._ended = True
            self.serving = False
            self._gate.notify_all()
        if self._process:
            self._process.kill()
            self._process.wait()
            self._process.stdout.close()
        self._log.close()

    def _launch(self, *options):
        self._process = subprocess.Popen([*self._argv, *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self._log)
        self._launched = time.monotonic()

    def _await_listening(self):
        said = b""
        while b"listening on" not in said:
            ready, _, _ = select.select([self._process.stdout], [], [], _START_TIMEOUT)
            more = os.read(self._process.stdout.fileno(), 4096) if ready else b""
            if not more:
                raise Failed(f"{self.name} did not start: {self._last_words()}")
            said += more
        self._start_seconds += 0.1 * (time.monotonic() - self._launched - self._start_seconds)

    def _await_voting(self):
        end = time.monotonic() + _START_TIMEOUT
        while True:
            try:
                with Connection(self.port) as connection:
                    status = json.loads(connection.request("GET", "/v1/status"))
            except Broken as error:
                raise Failed(f"{self.name} doesn't serve: {error}") from None
            if status["state"] == "stale":
                self.book.lose(f"stale: it has forgotten what it had told others ({status['detail']})")
            if status["state"] in ("voting", "stale"):
                break
            if time.monotonic() > end:
                raise Failed(f"{self.name} doesn't vote: {status['state']}, {status['detail']}")
            time.sleep(0.01)
        self.cluster = bytes.fromhex(status["cluster"][2:])
        position = tuple(int(part) for part in status["position"].split("."))
        if position < self.book.position:
            self.book.lose(f"it was at position {self.book.position}, after its restart it is at {position}")

    def _rest(self):
        """Nobody asks anything for up to a second and a bit: the journal is folded then, or has just been, or will soon be."""
        with self._gate:
            self._resting = True
        time.sleep(self._random.random() * 1.2)

    def _last_words(self):
        self._process.kill()
        self._process.wait()
        with open(self._log.name, errors="replace") as log:
            return log.read()[-600:]

    def _serve(self):
        with self._gate:
            self.serving = True
            self._resting = False
            self._gate.notify_all()

    def _kill(self, kind, after_kill):
        if self._process.poll() is not None:
            raise Failed(f"{self.name} ended by itself with code {self._process.returncode}: {self._last_words()}")
        self._process.send_signal(signal.SIGKILL)
        self._process.wait()
        self._process.stdout.close()
        self._process = None
        with self._gate:
            self.serving = False
            self._gate.notify_all()
            self._gate.wait_for(lambda: self._working == 0)
        self.kills[kind] += 1
        if after_kill:
            after_kill(self)
        contents = database.read(self.data)
        self.book.check(contents)
        self.kills["half_folded"] += contents.half_folded
        self.kills["with_journal"] += contents.journal_rows > 0

    # --- what the restarted daemon says ---

    def _ask_again(self):
        """The recorded message must be repeated, any other of the same target refused, and halted validators refused everything."""
        with Connection(self.port) as connection:
            for tracks, path in ((self.book.votes, "/v1/attestations"), (self.book.blocks, "/v1/blocks")):
                known = [key for key, track in tracks.items() if track.approved]
                for at in range(0, len(known), _ASKED_AT_ONCE):
                    self._ask_again_for(connection, path, tracks, known[at:at + _ASKED_AT_ONCE])
            self._ask_for_halted(connection)

    def _ask_again_for(self, connection, path, tracks, keys):
        votes = [tracks[key].approved for key in keys]
        others = [wire.Vote(vote.source, vote.target, self._random.randbytes(32)) for vote in votes]
        for key, vote, verdict in zip(keys, votes, self._ask(connection, path, keys, votes)):
            if verdict.outcome != wire.REPEATED:
                self.book.lose(f"{key.hex()}: {vote} is recorded, asked again it said {verdict}")
        for key, vote, verdict in zip(keys, votes, self._ask(connection, path, keys, others)):
            if verdict.yes or verdict.record != vote:
                self.book.lose(f"{key.hex()}: {vote} is recorded, asked for another message it said {verdict}")
        self.book.counts["asked_again"] += len(keys)

    def _ask_for_halted(self, connection):
        halted = [key for key, value in self.book.halted.items() if value]
        if not halted:
            return
        new = [wire.Vote(0, 1, bytes([1]) * 32)] * len(halted)
        for key, verdict in zip(halted, self._ask(connection, "/v1/attestations", halted, new)):
            if verdict.reason != wire.HALTED:
                self.book.lose(f"{key.hex()} was halted, asked for a vote it said {verdict}")

    def _ask(self, connection, path, keys, votes):
        encode = wire.block_request if path == "/v1/blocks" else wire.vote_request
        body = encode(self.cluster, clients.GENESIS_ROOT, max(1, self.book.generation), 1, "primary", keys, votes)
        try:
            return wire.answer(connection.post(path, body, clients.OCTETS, self.book.position)).verdicts
        except (Broken, Refused) as error:
            raise Failed(f"{self.name} could not be asked after its restart: {error}") from None

    def _make_clients(self, load):
        made = []
        numbers = random.Random(f"{self.seed}-{self.name}-keys")

        def some(count, tracks=None):
            keys = [numbers.randbytes(48) for _ in range(count)]
            if tracks is not None:
                tracks.update((key, Track()) for key in keys)
            return keys

        def add(kind, keys):
            made.append(kind(self, len(made) + 1, keys))

        for _ in range(load.attesters):
            add(clients.Attester, some(load.own, self.book.votes))
        contested = some(load.contested, self.book.votes)
        for _ in range(load.rivals):
            add(clients.Rival, contested)
        for _ in range(load.proposers):
            add(clients.Proposer, some(load.blocks, self.book.blocks))
        if load.bulk:
            add(clients.Bulk, some(load.bulk, self.book.votes))
        add(clients.Controller, some(load.halted))
        return made
