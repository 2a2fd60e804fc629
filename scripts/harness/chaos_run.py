"""Runs scenarios (chaos_scenarios.py) one after the other on a laboratory, and books what each has cost."""
import collections
import contextlib
import re
import threading
import time

from .http_json import HttpError
from .lab_rig import LabRig
from .netlab import LabError, private_mounts
from .processes import ProcessError

QUIET_SLOTS = 2     # before each scenario
SETTLE_SLOTS = 3    # after it
CALM_TIMEOUT = 60.0
LOOK_SECONDS, LOOK_TIMEOUT = 0.1, 0.3
SIGNING_TAKES = 1.0  # seconds after a fault's begin until when what was approved before may arrive
SLOT_LINE = re.compile(r"slot (\d+) \(epoch \d+\): (.*)")
MISSED = re.compile(r"(?:; missed \d+: (\w+)|, no vote: (\w+)) \(")
REPORT_MAX = 300


class Watch(threading.Thread):
    """Asks both instances all the time what they are. changes: [(time, name, state)], "silent" where nothing answers."""

    def __init__(self, pair):
        super().__init__(daemon=True)
        self._pair = pair
        self._ended = threading.Event()
        self.changes = []

    def run(self):
        last = {}
        while not self._ended.wait(LOOK_SECONDS):
            for instance in self._pair.both:
                health = instance.health(LOOK_TIMEOUT)
                state = "on duty" if health and health.get("on_duty") else health.get("rules_state", "") if health else "silent"
                if last.get(instance.name) != state:
                    last[instance.name] = state
                    self.changes.append((time.time(), instance.name, state))

    def end(self):
        self._ended.set()
        self.join()


class ChaosRun:
    """One laboratory and its scenarios. say("scenario", record) for each."""

    def __init__(self, run, say, rig):
        self._run, self._say, self._rig = run, say, rig
        self._open = []

    def go(self, scenario):
        rig, pair = self._rig, self._rig.pair
        rig.give_back()
        if scenario.prepare:
            scenario.prepare(rig)
        slot = max(1, rig.time.slot()) + QUIET_SLOTS
        rig.book.sleep_to_slot(slot, scenario.at)
        before = self._generation()
        watch = Watch(pair)
        watch.start()
        begun = time.time()
        try:
            scenario.begin(rig)
            rig.book.sleep_until(begun + max(scenario.seconds, scenario.slots * rig.time.slot_ms / 1000))
        finally:
            rig.lab.heal()
            scenario.end(rig)
        ended = time.time()
        record = {"name": scenario.name, "what": scenario.what, "expected": scenario.holder, "slot": slot,
                  "fault_seconds": round(ended - begun, 1), "problems": []}
        self._end(scenario, record, watch, begun)
        record["takeovers"] = self._generation() - before
        self._judge_duty(scenario, record)
        self._open.append((scenario, record, range(slot - 1, rig.time.slot() + 1), begun, ended))
        self.settle()

    def _generation(self):
        return max(int((instance.health() or {}).get("generation", 0)) for instance in self._rig.pair.both)

    def _end(self, scenario, record, watch, begun):
        rig = self._rig
        try:
            rig.book.sleep_to_slot(rig.time.slot() + SETTLE_SLOTS, 0.9)
            holder = rig.wait_calm(CALM_TIMEOUT)
            record["holder"] = holder.name
            wrong = scenario.then and scenario.then(rig)
            if wrong:
                record["problems"].append(wrong)
        except ProcessError as error:
            record["holder"] = " and ".join(instance.name for instance in rig.pair.on_duty()) or "nobody"
            record["problems"].append(str(error))
            raise
        finally:
            watch.end()
            record["seen"] = [[round(when - begun, 2), name, state] for when, name, state in watch.changes]
            taken = [when - begun for when, name, state in watch.changes if (name, state) == ("secondary", "on duty")]
            record["secondary_on_duty_after"] = round(taken[0], 2) if taken else None
            if record["problems"]:
                self._run.keep()
                self._say("scenario", record)

    @staticmethod
    def _judge_duty(scenario, record):
        if scenario.holder and record["holder"] != scenario.holder:
            record["problems"].append(f"the {record['holder']} is on duty, expected: the {scenario.holder}")
        if not (scenario.takeovers if scenario.holder == "secondary" else 0) <= record["takeovers"] <= scenario.takeovers:
            record["problems"].append(f"{record['takeovers']} generations were acquired, expected: {scenario.takeovers}")

    def settle(self, everything=False):
        """Says the records whose slots are booked."""
        for item in list(self._open):
            scenario, record, slots, begun, ended = item
            if everything:
                self._rig.book.close(slots[-1])
            if not self._rig.book.settled(slots):
                continue
            self._open.remove(item)
            self._judge_slots(scenario, record, slots, begun, ended)
            if record["problems"]:
                self._run.keep()
            self._say("scenario", record)

    def _judge_slots(self, scenario, record, slots, begun, ended):
        entries, reports = self._rig.book.of(slots), self._reports()
        incomplete = [entry for entry in entries if entry.missing]
        record |= {"slots": len(entries), "due": sum(entry.due for entry in entries),
                   "included": sum(entry.included for entry in entries),
                   "right_head": sum(entry.right_head for entry in entries), "slashable": self._rig.slashable(),
                   "distance_max": max(entry.distance_max for entry in entries),
                   "missed": [{"slot": entry.slot, "missing": entry.missing, "reports": reports.get(entry.slot, {}),
                               "chain": sorted({text.split(": ", 1)[1] for text in entry.missed})} for entry in incomplete]}
        record["why"] = why(record["missed"])
        if record["slashable"]:
            record["problems"].append(f"{record['slashable']} slashable pairs")
        if len(incomplete) > scenario.missed_slots:
            record["problems"].append(f"{len(incomplete)} slots miss something, at most {scenario.missed_slots} are expected: "
                                      + "; ".join(entry.describe() for entry in incomplete[:2]))
        arrived = sum(1 for entry in entries for when in entry.arrivals if begun + SIGNING_TAKES < when < ended)
        if scenario.nobody and arrived:
            record["problems"].append(f"{arrived} attestations arrived while nothing could be signed")

    def _reports(self):
        """{slot: {instance: what its log says was missed, and why}}"""
        found = collections.defaultdict(dict)
        for process in self._run.processes:
            name = process.name.split("#")[0]
            if name not in ("primary", "secondary"):
                continue
            for slot, text in SLOT_LINE.findall(process.log()):
                codes = [one or other for one, other in MISSED.findall(text)]
                if codes:
                    found[int(slot)].setdefault(name, {"codes": codes, "text": text[MISSED.search(text).start():][:REPORT_MAX]})
        return found


def why(missed):
    """The reasons of all missed slots, by instance, for people."""
    codes = collections.defaultdict(set)
    for item in missed:
        for name, report in item["reports"].items():
            codes[name].update(report["codes"])
        if not item["reports"]:
            codes["the chain"].update(item["chain"])
    return "; ".join(f"{name}: {', '.join(sorted(found))}" for name, found in codes.items())


def work(run, say, slot_ms, scenarios, seed):
    """All scenarios of one rig; after one that leaves the pair in disorder the next gets a new laboratory."""
    rig = chaos = None
    number = 0
    private_mounts()
    try:
        for scenario in scenarios:
            try:
                if rig is None:
                    number += 1
                    rig = LabRig(run, run.path(f"lab{number}"), slot_ms, seed)
                    chaos = ChaosRun(run, say, rig)
                chaos.go(scenario)
            except (ProcessError, HttpError, LabError) as error:
                say("broken", {"name": scenario.name, "problem": str(error)})
                run.keep()
                if rig:
                    with contextlib.suppress(ProcessError, HttpError):
                        chaos.settle(everything=True)
                    rig.close()
                rig = None
        if rig:
            chaos.settle(everything=True)
    finally:
        if rig:
            rig.close()
