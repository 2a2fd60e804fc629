"""Counts a set of validators' attestations from the blocks of a chain, through the Beacon API of any of its nodes.

Only what stands in canonical blocks counts. Right source, target and head are judged against the chain itself: the justified
checkpoint of the epoch, and the block roots at the epoch's first slot and at the attested slot (the last block at or before).
"""
import collections
import dataclasses

from . import http_json

# A canonical block: its root, the attestations in it, who proposed it, and what it says of the proposer and the sync committee.
Block = collections.namedtuple("Block", "root attestations proposer graffiti fee_recipient sync_bits")


@dataclasses.dataclass
class EpochCount:
    """One epoch of our validators' attestations."""
    epoch: int
    due: int = 0
    included: int = 0
    right_source: int = 0
    right_target: int = 0
    right_head: int = 0
    distances: list = dataclasses.field(default_factory=list)
    empty_slots: int = 0
    wrong: list = dataclasses.field(default_factory=list)  # sentences: what is missing or wrong

    def all_right(self):
        return self.due > 0 and self.due == self.included == self.right_source == self.right_target == self.right_head

    def figures(self):
        mean = sum(self.distances) / len(self.distances) if self.distances else 0
        return {"epoch": self.epoch, "due": self.due, "included": self.included, "right_source": self.right_source,
                "right_target": self.right_target, "right_head": self.right_head, "inclusion_distance_mean": round(mean, 2),
                "inclusion_distance_max": max(self.distances, default=0), "empty_slots": self.empty_slots}


def bits(text):
    """The bits of a 0x text, in SSZ order."""
    return [byte >> i & 1 for byte in bytes.fromhex(text[2:]) for i in range(8)]


def attesters(attestation, committees):
    """The validators of an Electra aggregate. committees: {(slot, index): [validator, ...]}."""
    slot, voted, at, found = int(attestation["data"]["slot"]), bits(attestation["aggregation_bits"]), 0, []
    for index, on in enumerate(bits(attestation["committee_bits"])):
        if on:
            members = committees[slot, index]
            found += [member for i, member in enumerate(members) if voted[at + i]]
            at += len(members)
    return found


def read_block(root, message):
    body = message["body"]
    graffiti = bytes.fromhex(body["graffiti"][2:]).rstrip(b"\0").decode(errors="replace")
    return Block(root, body["attestations"], int(message["proposer_index"]), graffiti,
                 body["execution_payload"]["fee_recipient"].lower(), bits(body["sync_aggregate"]["sync_committee_bits"]))


class ChainReader:
    """Reads a chain through the first of its nodes that answers, so it outlives a killed node."""

    def __init__(self, nodes):
        self._nodes = list(nodes)
        self._blocks = {}
        spec = self.get("/eth/v1/config/spec")["data"]
        genesis = self.get("/eth/v1/beacon/genesis")["data"]
        self.slots_per_epoch = int(spec["SLOTS_PER_EPOCH"])
        self.slot_ms = int(spec.get("SLOT_DURATION_MS") or int(spec["SECONDS_PER_SLOT"]) * 1000)
        self.genesis_time = int(genesis["genesis_time"])
        self.genesis_validators_root = genesis["genesis_validators_root"]

    def get(self, path, or_none=False):
        for position, node in enumerate(self._nodes):
            try:
                answer = (http_json.get_or_none if or_none else http_json.get)(node + path, timeout=5)
            except http_json.HttpError as error:
                if error.status or position + 1 == len(self._nodes):
                    raise
                continue
            if position:  # the first that answers is asked first from now on
                self._nodes = self._nodes[position:] + self._nodes[:position]
            return answer

    def indices_of(self, public_keys):
        """{public key: index} of those that the chain knows."""
        found = {}
        for key in public_keys:
            answer = self.get(f"/eth/v1/beacon/states/head/validators/{key}", or_none=True)
            if answer:
                found[key] = int(answer["data"]["index"])
        return found

    def committees(self, epoch):
        """{(slot, index): validators}; ask while the head is near that epoch."""
        answer = self.get(f"/eth/v1/beacon/states/head/committees?epoch={epoch}")["data"]
        return {(int(c["slot"]), int(c["index"])): [int(v) for v in c["validators"]] for c in answer}

    def checkpoints(self):
        """(justified (epoch, root), finalized epoch) of the head state."""
        data = self.get("/eth/v1/beacon/states/head/finality_checkpoints")["data"]
        justified = data["current_justified"]
        return (int(justified["epoch"]), justified["root"]), int(data["finalized"]["epoch"])

    def head_slot(self):
        return int(self.get("/eth/v1/beacon/headers/head")["data"]["header"]["message"]["slot"])

    def block(self, slot):
        """The canonical Block in a past slot, or None."""
        if slot not in self._blocks:
            header = self.get(f"/eth/v1/beacon/headers/{slot}", or_none=True)
            block = header and self.get(f"/eth/v2/beacon/blocks/{slot}", or_none=True)
            self._blocks[slot] = block and read_block(header["data"]["root"], block["data"]["message"])
        return self._blocks[slot]

    def root_at(self, slot):
        """The root of the last block at or before a slot."""
        while slot > 0 and not self.block(slot):
            slot -= 1
        return self.block(slot).root if self.block(slot) else self.get("/eth/v1/beacon/headers/0")["data"]["root"]

    def count(self, epoch, ours, committees, justified):
        """Counts one epoch, whose blocks must all be there to the end of the next. justified: (epoch, root) at its start."""
        count = EpochCount(epoch)
        duty = {v: key for key, members in committees.items() for v in members if v in ours}
        count.due = len(duty)
        first, after = epoch * self.slots_per_epoch, (epoch + 1) * self.slots_per_epoch
        count.empty_slots = sum(1 for slot in range(first, after) if not self.block(slot))
        included = self._included(epoch, committees)
        for validator, (slot, _) in sorted(duty.items(), key=lambda item: item[1]):
            if validator not in included:
                count.wrong.append(f"validator {validator}: nothing in the chain for slot {slot}")
                continue
            self._judge(count, validator, slot, justified, *included[validator])
        return count

    def _included(self, epoch, committees):
        """{validator: (data, block slot)} of the first inclusion of each."""
        found = {}
        for slot in range(epoch * self.slots_per_epoch + 1, (epoch + 2) * self.slots_per_epoch):
            block = self.block(slot)
            for attestation in block.attestations if block else []:
                if int(attestation["data"]["target"]["epoch"]) == epoch:
                    for validator in attesters(attestation, committees):
                        found.setdefault(validator, (attestation["data"], slot))
        return found

    def _judge(self, count, validator, slot, justified, data, block_slot):
        count.included += 1
        count.distances.append(block_slot - slot)
        source = (int(data["source"]["epoch"]), data["source"]["root"])
        rights = {"source": source == justified,
                  "target": data["target"]["root"] == self.root_at(count.epoch * self.slots_per_epoch),
                  "head": data["beacon_block_root"] == self.root_at(slot)}
        count.right_source += rights["source"]
        count.right_target += rights["target"]
        count.right_head += rights["head"]
        for name, right in rights.items():
            if not right:
                count.wrong.append(f"validator {validator}: the {name} of its vote in slot {slot} is not the chain's")
