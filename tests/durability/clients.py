"""The load on one protector: validators' clients that vote, propose, repeat themselves, contradict each other, take over from each
other and halt validators, as fast as they are answered. Each is a thread with a connection of its own."""
import json
import random
import threading

from . import wire
from .connection import Broken, Connection, Refused

GENESIS_ROOT = bytes([7]) * 32
OCTETS, JSON = "application/octet-stream", "application/json"
_SLOTS_PER_EPOCH = 32


class Client(threading.Thread):
    """Works through the lives of its member, one connection a life."""

    instance = "primary"

    def __init__(self, member, number, keys):
        super().__init__(name=f"{member.name}-{type(self).__name__}-{number}", daemon=True)
        self.member = member
        self.book = member.book
        self.keys = keys
        self.random = random.Random(f"{member.seed}-{self.name}")
        self.connection = None
        self._requests = number << 32

    def run(self):
        while self.member.enter():
            try:
                self.connection = Connection(self.member.port)
                while self.member.serving:
                    self.member.rest()
                    self.step()
            except Broken:
                pass
            except Refused as error:
                if error.status != 503 or "stale" in str(error):
                    self.book.lose(f"{self.name} was refused: {error}")
            except Exception as error:
                self.book.lose(f"{self.name} failed: {type(error).__name__}: {error}")
                raise
            finally:
                if self.connection:
                    self.connection.close()
                self.connection = None
                self.member.leave()

    def step(self):
        raise NotImplementedError

    def generation(self):
        """The one in force as far as anybody knows; sometimes one that the protector learns from the request."""
        return max(1, self.book.generation) + (1 if self.random.random() < 0.02 else 0)

    def ask(self, tracks, keys, votes, data=None, must_approve=False):
        self._requests += 1
        head = (self.member.cluster, GENESIS_ROOT, self.generation(), self._requests, self.instance)
        if tracks is self.book.blocks:
            path, body = "/v1/blocks", wire.block_request(*head, keys, votes)
        elif data:
            path, body = "/v1/attestations", wire.slot_request(*head, data, keys)
        else:
            path, body = "/v1/attestations", wire.vote_request(*head, keys, votes)
        self.book.begin(tracks, keys, votes)
        self.member.request_begins()
        answer = wire.answer(self.connection.post(path, body, OCTETS, self.book.position))
        if answer.node != self.member.name or answer.request_id != self._requests or len(answer.verdicts) != len(keys):
            self.book.lose(f"{self.name} got another's answer: {answer.node}, {answer.request_id}, {len(answer.verdicts)} verdicts")
        self.book.end(tracks, keys, votes, answer, must_approve)
        return answer

    def some(self, most=None):
        return self.random.sample(self.keys, self.random.randint(1, min(most or len(self.keys), len(self.keys))))


class Attester(Client):
    """Its validators are its own: whatever is newer must be approved, and what was approved must be repeated."""

    def __init__(self, member, number, keys):
        super().__init__(member, number, keys)
        self.instance = "secondary" if number % 2 else "primary"

    def step(self):
        choice = self.random.random()
        if choice < 0.6:
            self.one_for_all(self.some())
        elif choice < 0.85:
            self.one_for_each(self.some())
        else:
            self.again([key for key in self.some() if self.book.votes[key].approved])

    def one_for_all(self, keys):
        tracks = [self.book.votes[key] for key in keys]
        target = max(track.target for track in tracks) + self.random.randint(1, 3)
        source = min(target, max(track.source for track in tracks) + self.random.randint(0, 1))
        data = wire.attestation_data(target * _SLOTS_PER_EPOCH, self.random.randbytes(32), (source, bytes(32)),
                                     (target, self.random.randbytes(32)))
        vote = wire.Vote(source, target, wire.signing_root(data))
        self.ask(self.book.votes, keys, [vote] * len(keys), data, must_approve=True)

    def one_for_each(self, keys):
        self.ask(self.book.votes, keys, [self.newer(self.book.votes[key]) for key in keys], must_approve=True)

    def newer(self, track):
        target = track.target + self.random.randint(1, 3)
        return wire.Vote(min(target, track.source + self.random.randint(0, 1)), target, self.random.randbytes(32))

    def again(self, keys):
        if not keys:
            return
        votes = [self.book.votes[key].approved for key in keys]
        answer = self.ask(self.book.votes, keys, votes, must_approve=True)
        if any(verdict.outcome == wire.APPROVED for verdict in answer.verdicts):
            self.book.lose(f"{self.name}: what had been approved was approved anew, not repeated")


class Bulk(Attester):
    """Votes for all its validators at once, a different one for each: the journal grows fast and is folded often."""

    def step(self):
        self.one_for_each(self.keys)
        self.member.pause(self.random.random() * 0.06)


class Proposer(Client):
    """Blocks."""

    def step(self):
        keys = self.some(8)
        votes = [wire.Vote(0, self.book.blocks[key].target + self.random.randint(1, 3), self.random.randbytes(32)) for key in keys]
        self.ask(self.book.blocks, keys, votes, must_approve=True)


class Rival(Client):
    """Shares its validators with other rivals, and votes without asking them: at most one may get each target."""

    def step(self):
        keys = self.some(12)
        votes = []
        for key in keys:
            track = self.book.votes[key]
            target = max(1, track.target + self.random.randint(0, 2))
            votes.append(wire.Vote(min(track.source, target), target, self.random.randbytes(32)))
        self.ask(self.book.votes, keys, votes)


class Controller(Client):
    """Acquires generations, halts validators and lifts the halts."""

    def step(self):
        if self.random.random() < 0.5:
            self.acquire()
        else:
            self.halt(self.some(5), self.random.random() < 0.6)
        self.member.pause(self.random.random() * 0.02)

    def acquire(self):
        generation, holder = self.book.generation + 1, self.random.choice(["primary", "secondary"])
        answer = self._post("POST", "/v1/generations", {"instance": holder, "generation": str(generation)})
        if answer["promised"]:
            self.book.promise(generation, holder)

    def halt(self, keys, value):
        self.book.set_halted(keys, None)
        self._post("POST" if value else "DELETE", "/v1/halts", {"instance": "primary", "generation": "0",
                                                                "pubkeys": ["0x" + key.hex() for key in keys]})
        self.book.set_halted(keys, value)

    def _post(self, method, path, members):
        head = {"cluster": "0x" + self.member.cluster.hex(), "genesis_validators_root": "0x" + GENESIS_ROOT.hex()}
        self.member.request_begins()
        body = self.connection.request(method, path, json.dumps(head | members).encode(), f"content-type: {JSON}\r\n")
        return json.loads(body)
