"""The octet-stream forms of docs/protector-api.md, written from that page alone: what it doesn't say is not known here."""
import hashlib
import struct
from collections import namedtuple

Vote = namedtuple("Vote", "source target root")
Block = namedtuple("Block", "slot root")
Data = namedtuple("Data", "slot index beacon_block_root source target")  # source, target: (epoch, root)
Head = namedtuple("Head", "cluster root generation request_id instance")
AnswerHead = namedtuple("AnswerHead", "request_id node position generation since holder")
Verdict = namedtuple("Verdict", "word reason record")
Group = namedtuple("Group", "vote data keys")
Entry = namedtuple("Entry", "key vote data block halted enrolled")
Everything = namedtuple("Everything", "node rejoining epoch slot generation since holder seen highest_target highest_slot entries")

WORDS = {0: "unknown", 1: "approved", 2: "repeated"}
DATA_SIZE = 128


class Malformed(Exception):
    """Bytes that are no such message."""


def name(text):
    return struct.pack("<B", len(text)) + text.encode()


def vote(value):
    return struct.pack("<QQ", value.source, value.target) + value.root


def block(value):
    return struct.pack("<Q", value.slot) + value.root


def ssz(value):
    return (struct.pack("<QQ", value.slot, value.index) + value.beacon_block_root + struct.pack("<Q", value.source[0]) +
            value.source[1] + struct.pack("<Q", value.target[0]) + value.target[1])


def head(value):
    return value.cluster + value.root + struct.pack("<QQ", value.generation, value.request_id) + name(value.instance)


def keys_of(keys):
    return struct.pack("<I", len(keys)) + b"".join(keys)


def attestations_with_data(request_head, data, domain, keys):
    return b"HFA1" + head(request_head) + b"\x01" + ssz(data) + domain + keys_of(keys)


def attestations_with_votes(request_head, keys, votes):
    return b"HFA1" + head(request_head) + b"\x02" + keys_of(keys) + b"".join(map(vote, votes))


def blocks(request_head, keys, values):
    return b"HFB1" + head(request_head) + keys_of(keys) + b"".join(map(block, values))


class Reader:
    def __init__(self, octets, magic):
        self.octets, self.at = octets, 0
        if self.take(4) != magic:
            raise Malformed(f"it begins with {octets[:4]!r}, not {magic!r}")

    def take(self, size):
        if self.at + size > len(self.octets):
            raise Malformed(f"cut off: {size} bytes wanted at {self.at} of {len(self.octets)}")
        self.at += size
        return self.octets[self.at - size:self.at]

    def numbers(self, form):
        form = "<" + form
        return struct.unpack(form, self.take(struct.calcsize(form)))

    def number(self, form):
        return self.numbers(form)[0]

    def flag(self):
        value = self.number("B")
        if value > 1:
            raise Malformed("neither 0 nor 1")
        return value == 1

    def name(self):
        return self.take(self.number("B")).decode("ascii")

    def vote(self):
        return Vote(*self.numbers("QQ"), self.take(32))

    def block(self):
        return Block(self.number("Q"), self.take(32))

    def data(self):
        slot, index = self.numbers("QQ")
        root = self.take(32)
        source = (self.number("Q"), self.take(32))
        return Data(slot, index, root, source, (self.number("Q"), self.take(32)))

    def keys(self):
        return [self.take(48) for _ in range(self.number("I"))]

    def answer_head(self):
        request_id = self.number("Q")
        node = self.name()
        position = self.numbers("QQ")
        generation, since = self.numbers("QQ")
        return AnswerHead(request_id, node, position, generation, since, self.name())

    def end(self):
        if self.at != len(self.octets):
            raise Malformed(f"{len(self.octets) - self.at} bytes too many")


def read_answer(octets):
    """The head and a Verdict for each key."""
    reader = Reader(octets, b"HFV1")
    answer_head = reader.answer_head()
    verdicts = []
    for code in reader.take(reader.number("I")):
        if code in WORDS:
            verdicts.append(Verdict(WORDS[code], 0, None))
        elif code >= 64 and code % 64 <= 14:
            verdicts.append(Verdict("refused", code % 64, (None, "vote", "block")[code // 64 - 1]))
        else:
            raise Malformed(f"code {code}")
    read = {"vote": reader.vote, "block": reader.block}
    verdicts = [verdict._replace(record=read[verdict.record]()) if verdict.record else verdict for verdict in verdicts]
    reader.end()
    return answer_head, verdicts


def read_records(octets):
    """The head and the groups of one epoch."""
    reader = Reader(octets, b"HFR1")
    answer_head = reader.answer_head()
    groups = []
    for _ in range(reader.number("I")):
        recorded = reader.vote()
        data = reader.data() if reader.flag() else None
        groups.append(Group(recorded, data, reader.keys()))
    reader.end()
    return answer_head, groups


def read_everything(octets):
    reader = Reader(octets, b"HFM1")
    node, rejoining = reader.name(), reader.flag()
    epoch, slot = reader.numbers("QQ")
    generation, since = reader.numbers("QQ")
    holder = reader.name()
    seen = reader.numbers("QQ")
    highest_target, highest_slot = reader.numbers("QQ")
    table = [reader.data() for _ in range(reader.number("I"))]
    entries = [_entry(reader, table) for _ in range(reader.number("I"))]
    reader.end()
    return Everything(node, rejoining, epoch, slot, generation, since, holder, seen, highest_target, highest_slot, entries)


def _entry(reader, table):
    key, parts = reader.take(48), reader.number("B")
    if parts > 31 or parts & 3 == 2:
        raise Malformed(f"parts {parts}")
    recorded = reader.vote() if parts & 1 else None
    data = table[reader.number("I")] if parts & 2 else None
    return Entry(key, recorded, data, reader.block() if parts & 4 else None, bool(parts & 8), bool(parts & 16))


def signing_root(data, domain):
    """SSZ: hash_tree_root of the SigningData of an AttestationData (consensus-specs, compute_signing_root)."""
    def pair(left, right):
        return hashlib.sha256(left + right).digest()

    def number(value):
        return struct.pack("<Q", value) + bytes(24)

    leaves = [number(data.slot), number(data.index), data.beacon_block_root, pair(number(data.source[0]), data.source[1]),
              pair(number(data.target[0]), data.target[1])] + [bytes(32)] * 3
    while len(leaves) > 1:
        leaves = [pair(leaves[i], leaves[i + 1]) for i in range(0, len(leaves), 2)]
    return pair(leaves[0], domain)
