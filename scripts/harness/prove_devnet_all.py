"""All duties of all validators on a real chain: the part of `scripts/prove devnet` behind --all-keys.

A primary, its secondary and 4 protectors (quorum 3) have every key of the chain. Counted from the blocks, in three parts of the
run: all well; after the primary was killed with SIGKILL, so that the secondary is on duty; after a beacon node was killed too.
"""
import collections
import dataclasses
import re
import subprocess
import time

from . import http_json
from .block_count import ChainReader
from .cluster import ChainTime, Cluster
from .gossip_count import GossipCount
from .pair import ON_DUTY, Pair
from .processes import ProcessError

PROTECTORS, QUORUM = 4, 3
SHARE = 0.99  # of attestations and of sync committee votes

# What pair.Pair wants to know of a chain.
Chain = collections.namedtuple("Chain", "nodes time")


@dataclasses.dataclass
class Part:
    """Some epochs of the run, in which nothing changed but at the beginning."""
    title: str
    epochs: list
    counts: list = dataclasses.field(default_factory=list)     # block_count.EpochCount of each epoch
    committees: dict = dataclasses.field(default_factory=dict)  # slot -> number of committees
    finalized: int = -1                                         # when its last epoch was over

    def slots(self, slots_per_epoch):
        return range(self.epochs[0] * slots_per_epoch, (self.epochs[-1] + 1) * slots_per_epoch)


class AllKeysProof:
    def __init__(self, options, run, say):
        self._options, self._run, self.say = options, run, say
        self._reader = ChainReader(options.beacon_nodes)
        self._time = ChainTime(self._reader.genesis_time, self._reader.slot_ms, self._reader.slots_per_epoch)
        self._ours = set()
        self._seen = {}
        self._killed = {}

    def go(self):
        gossip = GossipCount(self._options.observer or self._options.beacon_nodes[0])
        try:
            self._pair = self._start()
            parts = self._plan()
            for part in parts:
                self._perform(part)
            return self._figures(parts, gossip)
        finally:
            gossip.stop()

    def _start(self):
        cluster = Cluster(self._run, PROTECTORS, QUORUM, self._time, self._reader.genesis_validators_root).start()
        words = ["--fee-recipient", self._options.fee_recipient, "--graffiti", self._options.graffiti, *self._options.option]
        pair = Pair(self._run, Chain(self._options.beacon_nodes, self._time), self._options.keystores, cluster,
                    primary_options=words, secondary_options=words)
        return pair.wait_armed(timeout=max(180, self._time.genesis_time - time.time() + 180))

    def _plan(self):
        """The parts of the run, from the next epoch on."""
        first = max(self._options.first_epoch, self._time.epoch_of(max(0, self._time.slot() + 1)) + 1)
        titles = ["all well"]
        if self._options.kill_primary:
            titles.append("primary killed")
        if self._options.kill_node:
            titles.append("primary and a beacon node killed" if self._options.kill_primary else "a beacon node killed")
        parts = []
        for title in titles:
            length = self._options.epochs if not parts else self._options.epochs_after_kill
            parts.append(Part(title, list(range(first, first + length))))
            first += length
        self.say("; ".join(f"epochs {part.epochs[0]} to {part.epochs[-1]}: {part.title}" for part in parts))
        return parts

    def _perform(self, part):
        for epoch in part.epochs:
            if epoch == part.epochs[0]:
                self._break(part)
            seen = self._look(epoch)
            part.committees.update(collections.Counter(slot for slot, _ in seen[1]))
            self._seen[epoch] = seen
        self._time.wait_slot(self._time.first_slot(part.epochs[-1] + 1), 0.7)
        part.finalized = self._reader.checkpoints()[1]

    def _break(self, part):
        """Late in the first slot of a part: what it begins with."""
        if "killed" not in part.title:
            return
        slot = self._time.first_slot(part.epochs[0])
        self._time.wait_slot(slot, self._options.kill_at)
        if part.title.startswith("primary killed"):
            self._pair.primary.kill()
            self._killed["primary"] = slot
            begun = time.monotonic()
            self._pair.secondary.wait_state(ON_DUTY, timeout=30)
            self._killed["secondary_on_duty_seconds"] = round(time.monotonic() - begun, 2)
            self.say(f"slot {slot}: primary killed; the secondary was on duty {self._killed['secondary_on_duty_seconds']} s later")
            return
        done = subprocess.run(["bash", "-c", self._options.kill_node], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        if done.returncode:
            raise ProcessError(f"the command to kill a node failed ({done.returncode}): {done.stderr.strip()}")
        self._killed["beacon_node"] = slot
        self.say(f"slot {slot}: {self._options.kill_node}")

    def _look(self, epoch):
        """In the middle of an epoch: what can be asked of the head state only now."""
        self._time.wait_slot(self._time.first_slot(epoch) + self._time.slots_per_epoch // 2)
        while self._time.epoch_of(self._reader.head_slot()) < epoch:
            if self._time.slot() >= self._time.first_slot(epoch + 1):
                raise ProcessError(f"no block in all of epoch {epoch}")
            time.sleep(0.2)
        committees = self._reader.committees(epoch)
        self._ours |= {validator for members in committees.values() for validator in members}
        return epoch, committees, self._reader.checkpoints()[0]

    def _figures(self, parts, gossip):
        self._time.wait_slot(self._time.first_slot(parts[-1].epochs[-1] + 2), 0.7)
        finalized = self._reader.checkpoints()[1]
        figures, problems = [], []
        for part in parts:
            part.counts = [self._reader.count(epoch, self._ours, *self._seen[epoch][1:]) for epoch in part.epochs]
            figures.append(self._part_figures(part, gossip))
            problems += [f"{part.title}: {sentence}" for sentence in self._problems(figures[-1])]
            self._report(part, figures[-1])
        if finalized < parts[-1].epochs[-1] - 1:
            problems.append(f"only epoch {finalized} is finalized after epoch {parts[-1].epochs[-1]}")
        problems += self._instance_problems()
        refused = self._refused_by_gossip()
        if refused:
            problems.append(f"the network refused messages: {refused}")
        for problem in problems:
            self.say("PROBLEM: " + problem)
        return {"proof": "devnet --all-keys", "holds": not problems, "validators": len(self._ours), "parts": figures,
                "finalized": finalized, "beacon_nodes": len(self._options.beacon_nodes), "killed": self._killed,
                "slot_ms": self._reader.slot_ms, "slots_per_epoch": self._reader.slots_per_epoch,
                "log_lines": self._log_lines(), "problems": problems}

    def _part_figures(self, part, gossip):
        slots = part.slots(self._time.slots_per_epoch)
        blocks = {slot: self._reader.block(slot) for slot in slots}
        there = [block for block in blocks.values() if block]
        ours = [block for block in there if block.graffiti.startswith(self._options.graffiti)]
        paid = [block for block in there if block.fee_recipient == self._options.fee_recipient.lower()]
        # A block carries the votes for the slot before it: those of the part's last slot stand in the next block.
        sync = [self._reader.block(slot + 1) for slot in slots]
        size = max((len(block.sync_bits) for block in there), default=0)
        count = part.counts
        figures = {"part": part.title, "epochs": len(part.epochs), "slots": len(slots), "blocks": len(there),
                   "blocks_with_our_graffiti": len(ours), "blocks_with_our_fee_recipient": len(paid),
                   "slots_without_block": [slot for slot in slots if not blocks[slot]],
                   "attestations_due": sum(c.due for c in count), "attestations_included": sum(c.included for c in count),
                   "right_source": sum(c.right_source for c in count), "right_target": sum(c.right_target for c in count),
                   "right_head": sum(c.right_head for c in count), "distance_max": max((d for c in count for d in c.distances), default=0),
                   "sync_votes_due": size * len(slots), "sync_votes": sum(sum(block.sync_bits) for block in sync if block),
                   "finalized_at_its_end": part.finalized}
        figures.update(gossip.figures(slots, part.committees))
        figures["block_seen_ms_max"] = round(max((1000 * (gossip.block_seen[slot] - self._time.start_of(slot))
                                                  for slot in slots if slot in gossip.block_seen), default=0))
        return figures

    @staticmethod
    def _problems(part):
        def share(done, due, what):
            if part[done] < SHARE * part[due]:
                yield f"{part[done]} of {part[due]} {what}"

        if part["blocks_with_our_graffiti"] < part["slots"]:
            yield f"{part['blocks_with_our_graffiti']} blocks of ours in {part['slots']} slots"
        if part["blocks_with_our_fee_recipient"] < part["slots"]:
            yield f"{part['blocks_with_our_fee_recipient']} blocks in {part['slots']} slots pay our fee recipient"
        yield from share("attestations_included", "attestations_due", "attestations included")
        yield from share("sync_votes", "sync_votes_due", "sync committee votes included")
        yield from share("committees_with_aggregate", "committees", "committees with an accepted aggregate")
        yield from share("subcommittees_with_contribution", "subcommittees", "subcommittees with an accepted contribution")

    def _instance_problems(self):
        if not self._pair.secondary.process.running:
            yield "the secondary has ended"
        if not self._options.kill_primary and not self._pair.primary.process.running:
            yield "the primary has ended"

    def _refused_by_gossip(self):
        """{topic: messages that the observer found wrong}, from Prysm's metrics."""
        if not self._options.observer_metrics:
            return {}
        text = http_json.request("GET", self._options.observer_metrics)[1]
        found = re.findall(r'^p2p_message_failed_validation_total\{topic="[^"]*/([a-z_]+?)_?\d*/ssz_snappy"\} (\d+)', text, re.MULTILINE)
        refused = collections.Counter()
        for topic, count in found:
            refused[topic] += int(count)
        return dict(refused)

    def _log_lines(self):
        """{program: {level: lines}}, and the sentences of warnings and errors, numbers left out, with how often they came."""
        counted = {}
        for instance in self._pair.both:
            found = re.findall(r"^\S+ \S+ (warning|error|critical) +(.*)$", instance.process.printed(), re.MULTILINE)
            sentences = collections.Counter(re.sub(r"0x[0-9a-f]+|\d+", "N", text)[:160] for _, text in found)
            counted[instance.name] = {**collections.Counter(level for level, _ in found), "most": sentences.most_common(8)}
        return counted

    def _report(self, part, figures):
        self.say(f"{part.title}, epochs {part.epochs[0]} to {part.epochs[-1]}:")
        for left, right, what in (("blocks_with_our_graffiti", "slots", "blocks of ours"),
                                  ("blocks_with_our_fee_recipient", "slots", "blocks that pay our fee recipient"),
                                  ("attestations_included", "attestations_due", "attestations"),
                                  ("right_head", "attestations_due", "of them for the right head"),
                                  ("sync_votes", "sync_votes_due", "sync committee votes"),
                                  ("committees_with_aggregate", "committees", "committees with an accepted aggregate"),
                                  ("subcommittees_with_contribution", "subcommittees", "subcommittees with an accepted contribution")):
            self.say(f"  {figures[left]:6} of {figures[right]:6} {what}")
        self.say(f"  finalized epoch {figures['finalized_at_its_end']}; the latest block was seen {figures['block_seen_ms_max']} ms into its slot")
        for sentence in [sentence for count in part.counts for sentence in count.wrong][:12]:
            self.say("    " + sentence)
