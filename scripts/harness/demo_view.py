"""What the demo shows: a table that is redrawn in a terminal, one line per slot elsewhere."""
import time

from .http_json import HttpError
from .screen import BOLD, DIM, GREEN, RED, YELLOW

SLOTS_SHOWN = 8
SETTLED_SLOTS = 2  # so many slots later an attestation is in a block, if nothing is wrong
HEADER = "  slot  epoch  attested  in the chain  source  target  head    block  aggregates  sync messages  contributions"


class DemoView:
    def __init__(self, screen, quiet=False):
        self._screen = screen
        self._quiet = quiet
        self._said_slot = -1
        self._started = time.time()
        self.live = screen.live and not quiet

    def say(self, text):
        if not self._quiet:
            self._screen.say(text)

    def update(self, demo):
        if self._quiet:
            return
        if self.live:
            self._screen.show(self._lines(demo))
            return
        settled = min(demo.chain.time.slot() - SETTLED_SLOTS, demo.last_slot)
        while self._said_slot < settled:
            if self._said_slot < 0:
                self._screen.say(HEADER)
            self._said_slot += 1
            self._screen.say("".join(text for text, _ in self._slot_line(demo, self._said_slot)))

    def finish(self, figures):
        self._screen.keep()
        self._screen.say("")
        self._screen.say(f"{figures['included']} of {figures['due']} attestations of {figures['epochs']} epochs are in the chain: "
                         f"right source {figures['right_source']}, target {figures['right_target']}, head {figures['right_head']}; "
                         f"{figures['slashable']} slashable")
        for kind, found in figures["kinds"].items():
            text = f"  {found['accepted']} of {found['expected']} {kind.replace('_', ' ')}"
            self._screen.say(text + (f", {found['right']} of them right" if found["right"] < found["accepted"] else ""))
        for sentence in figures["missed"]:
            self._screen.say("  missed: " + sentence)
        if figures["takeover_seconds"] is not None:
            self._screen.say(f"the secondary was on duty {figures['takeover_seconds']:.2f} s after the primary's kill")
        verdict = "it holds: nothing missed that a kill may not cost, nothing wrong, nothing slashable" if figures["holds"] else "it does NOT hold"
        self._screen.say(self._screen.paint(verdict, GREEN if figures["holds"] else RED))

    def _lines(self, demo):
        chain_time = demo.chain.time
        slot = chain_time.slot()
        where = (f"slot {slot}, epoch {chain_time.epoch_of(slot)}" if slot >= 0
                 else f"genesis in {chain_time.genesis_time - time.time():.0f} s")
        lines = [[("Holdfast", BOLD), (f"   {where}   {time.time() - self._started:.0f} s", None)], ""]
        lines += self._node_lines(demo)
        lines += self._protector_lines(demo)
        lines += [self._instance_line(instance) for instance in demo.pair.both]
        lines += ["", HEADER]
        shown = range(max(0, slot - SLOTS_SHOWN + 1), slot + 1)
        lines += [self._slot_line(demo, number) for number in shown]
        return [*lines, "", self._score_line(demo)]

    def _node_lines(self, demo):
        lines = []
        for node in demo.chain.status()["nodes"]:
            up = node["open"]
            state = (f" head {node['head_slot']:5}", None) if up else (" killed    ", RED)
            lines.append([(f"  node {node['node']}       ", None), self._light(up), state, (f"  {node['url']}", DIM)])
        return lines

    def _protector_lines(self, demo):
        lines = []
        for member in demo.protectors:
            up = member.process.running
            lines.append([(f"  protector {member.name} ", None), self._light(up),
                          (self._member_text(member) if up else " killed    ", None if up else RED), (f"  {member.url}", DIM)])
        return lines

    def _instance_line(self, instance):
        up = instance.process.running
        health = (instance.health(timeout=0.5) if up else None) or {}
        text = f" {health.get('rules_state', 'no answer').replace('_', ' ')}" if up else " killed    "
        if health.get("on_duty"):
            text += f", generation {health['generation']}"
        colour = RED if not up else GREEN if health.get("on_duty") else None
        return [(f"  {instance.name:12} ", None), self._light(up), (text, colour), (f"  {instance.url}", DIM)]

    @staticmethod
    def _member_text(member):
        try:
            status = member.status()
        except HttpError:
            return " no answer "
        return f" yes to {int(status['approved']) + int(status['repeated'])}, no to {status['refused']}"

    @staticmethod
    def _slot_line(demo, slot):
        score = demo.chain.slot_totals(slot)
        settled = demo.chain.time.slot() - slot >= SETTLED_SLOTS
        colour = GREEN if score.perfect() else RED if settled else YELLOW
        text = (f"  {slot:4}  {demo.chain.time.epoch_of(slot):5}  {demo.chain.accepted(slot):3} of {score.due:2}     "
                f"{score.included:3} of {score.due:2}     {score.right_source:3}     {score.right_target:3}   {score.right_head:3}")
        return [(text, colour), *DemoView._kind_columns(demo.chain.kinds([slot]))]

    @staticmethod
    def _kind_columns(kinds):
        """Of a slot whose books are closed."""
        columns = []
        for kind, width in ("proposal", 9), ("aggregation", 12), ("sync_message", 15), ("sync_contribution", 15):
            duties = kinds.get(kind)
            text = f"{duties.accepted} of {duties.expected}" if duties else ""
            columns.append((text.rjust(width), None if not duties else GREEN if duties.perfect() else RED))
        return columns

    def _score_line(self, demo):
        epochs = range(max(0, demo.chain.time.epoch_of(max(0, demo.chain.time.slot() - SETTLED_SLOTS)) + 1))
        total = demo.chain.totals(epochs)
        text = f"  so far {total.included} of {total.due} in the chain (this epoch's are still coming), {total.slashable} slashable"
        return [(text, RED if total.slashable else None)]

    def _light(self, up):
        return ("●", GREEN) if up else ("✕", RED)
