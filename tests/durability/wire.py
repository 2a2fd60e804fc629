"""The octet-stream form of the protector's hot path (docs/protector-api.md) and the signing roots of attestations, written down
a second time: nothing here is shared with the daemon that it judges."""
import hashlib
import struct
from dataclasses import dataclass

APPROVED, REPEATED = 1, 2
OTHER_VOTE, OTHER_BLOCK, HALTED, FENCED, NOT_VOTING = 3, 7, 9, 12, 14
ATTESTER_DOMAIN = b"\x01" + bytes(31)

_REFUSED, _FOR_VOTE, _FOR_BLOCK, _REASON = 0x40, 0x80, 0xC0, 0x3F
_VOTE = struct.Struct("<QQ32s")
_BLOCK = struct.Struct("<Q32s")


@dataclass(frozen=True)
class Vote:
    """What may be signed once: an attestation (source, target), or a block (source 0, target: the slot)."""
    source: int
    target: int
    root: bytes

    def __str__(self):
        return f"{self.source}->{self.target} {self.root.hex()[:16]}"


@dataclass(frozen=True)
class Verdict:
    outcome: int  # APPROVED, REPEATED, or 0 for refused
    reason: int = 0
    record: Vote | None = None

    @property
    def yes(self):
        return self.outcome != 0


@dataclass(frozen=True)
class Answer:
    request_id: int
    node: str
    position: tuple
    generation: int
    holder: str
    verdicts: list


def _name(text):
    return bytes([len(text)]) + text.encode()


def _head(magic, cluster, root, generation, request_id, instance):
    return magic + cluster + root + struct.pack("<QQ", generation, request_id) + _name(instance)


def slot_request(cluster, root, generation, request_id, instance, data, keys):
    """One attestation, as 128 bytes of SSZ, for all keys."""
    return b"".join([_head(b"HFA1", cluster, root, generation, request_id, instance), b"\x01", data, ATTESTER_DOMAIN,
                     struct.pack("<I", len(keys)), *keys])


def vote_request(cluster, root, generation, request_id, instance, keys, votes):
    """An attestation of its own for each key."""
    return b"".join([_head(b"HFA1", cluster, root, generation, request_id, instance), b"\x02", struct.pack("<I", len(keys)), *keys,
                     *[_VOTE.pack(vote.source, vote.target, vote.root) for vote in votes]])


def block_request(cluster, root, generation, request_id, instance, keys, votes):
    return b"".join([_head(b"HFB1", cluster, root, generation, request_id, instance), struct.pack("<I", len(keys)), *keys,
                     *[_BLOCK.pack(vote.target, vote.root) for vote in votes]])


def answer(body):
    """ValueError or struct.error if it is not one, whole."""
    if body[:4] != b"HFV1":
        raise ValueError("no answer with verdicts")
    request_id, at = struct.unpack_from("<Q", body, 4)[0], 12
    node, at = _read_name(body, at)
    incarnation, sequence, generation, _since = struct.unpack_from("<QQQQ", body, at)
    holder, at = _read_name(body, at + 32)
    count, = struct.unpack_from("<I", body, at)
    codes, at = body[at + 4:at + 4 + count], at + 4 + count
    verdicts = []
    for code in codes:
        verdict, at = _read_verdict(code, body, at)
        verdicts.append(verdict)
    if at != len(body) or len(codes) != count:
        raise ValueError("an answer of the wrong length")
    return Answer(request_id, node, (incarnation, sequence), generation, holder, verdicts)


def _read_name(body, at):
    size = body[at]
    return body[at + 1:at + 1 + size].decode(), at + 1 + size


def _read_verdict(code, body, at):
    if code in (APPROVED, REPEATED):
        return (_APPROVED if code == APPROVED else _REPEATED), at
    kind, reason = code & ~_REASON, code & _REASON
    if kind == _FOR_VOTE:
        return Verdict(0, reason, Vote(*_VOTE.unpack_from(body, at))), at + _VOTE.size
    if kind == _FOR_BLOCK:
        slot, root = _BLOCK.unpack_from(body, at)
        return Verdict(0, reason, Vote(0, slot, root)), at + _BLOCK.size
    if kind != _REFUSED:
        raise ValueError(f"verdict {code}")
    return Verdict(0, reason), at


_APPROVED, _REPEATED = Verdict(APPROVED), Verdict(REPEATED)


def attestation_data(slot, block_root, source, target):
    """The SSZ of an AttestationData; source and target are (epoch, root)."""
    return struct.pack("<QQ32sQ32sQ32s", slot, 0, block_root, *source, *target)


def signing_root(data):
    """hash_tree_root(SigningData(hash_tree_root(data), domain)) (consensus-specs, phase0/beacon-chain.md)."""
    source = _pair(data[48:56] + bytes(24), data[56:88])
    target = _pair(data[88:96] + bytes(24), data[96:128])
    left = _pair(_pair(data[0:8] + bytes(24), data[8:16] + bytes(24)), _pair(data[16:48], source))
    right = _pair(_pair(target, bytes(32)), _pair(bytes(32), bytes(32)))
    return _pair(_pair(left, right), ATTESTER_DOMAIN)


def _pair(left, right):
    return hashlib.sha256(left + right).digest()
