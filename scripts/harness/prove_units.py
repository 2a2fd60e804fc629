"""The units of packaging/systemd on three machines with a systemd of their own (Debian in containers), joined by a bridge.

alpha has the primary and protector p1, beta the secondary and p2, gamma p3 and p4 (3 of 4 must agree); all speak TLS. The simulated
chain is outside. One after the other: first starts; a protector is killed, another hangs (SIGSTOP) until the watchdog ends it; the
primary is killed; beta reboots while its secondary has duty; the primary hangs, as a whole and then only the thread of its duties;
it is stopped; it is started with a wrong configuration; alpha reboots while the primary has duty; both are stopped. Needs root;
installs mmdebstrap and systemd-container. The first run of a week makes a Debian tree (a minute or two).
"""
import argparse
import contextlib
import json
import os
import re
import sys
import time

from .cluster import program
from .debian import base_tree, check_rights, libraries_of
from .http_json import HttpError
from .pair import first_move
from .processes import ProcessError, Run
from .unit_journal import STARTED, STARTING, STOPPED, STOPPING, UnitJournal
from .unit_rig import MEMBERS, METRICS, PRIMARY, PROGRAMS, SECONDARY, UNITS, UnitRig, member_unit

# From a kill or a hang to the other on duty: what the defaults of the times allow until it is noticed (docs/failover.md), and an
# attempt to acquire.
TAKEOVER_BOUND = 2.3 + 1.0
EXPOSURE_BOUND = 2.0
QUIET_SLOTS = 3
KILL_AT = 0.05  # of a slot: before its block
STOP_TIMEOUT = 90


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/prove units", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--slot-ms", type=int, default=4000, metavar="MS", help="length of a slot (default 4000)")
    parser.add_argument("--validators", type=int, default=64, metavar="N", help="how many (default 64)")
    parser.add_argument("--json", action="store_true", help="print only the JSON line")
    parser.add_argument("--keep-logs", action="store_true", help="keep the programs' logs")
    parser.add_argument("--prepare", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.slot_ms < 3000:
        parser.error("--slot-ms must be at least 3000: the units run with the programs' own times")
    return options


class Proof:
    def __init__(self, options, run, rig):
        self._options = options
        self._run = run
        self._rig = rig
        self._figures = {}
        self._slots = {}
        self._problems = []

    def say(self, text):
        if not self._options.json:
            print(text, flush=True)

    def go(self):
        rig = self._rig
        self._verify()
        self._first_starts()
        rig.begin_book()
        rig.pass_time(QUIET_SLOTS * self._slot)
        with self._step("protectors"):
            self._protectors()
        with self._step("kill"):
            self._kill()
        with self._step("reboot_secondary"):
            self._reboot(rig.beta, "p2", SECONDARY, rig.secondary, rig.primary)
        with self._step("hang"):
            self._hang("hang", lambda: rig.alpha.must("systemctl", "kill", "-s", "STOP", PRIMARY))
        with self._step("failback"):
            self._fail_back()
        with self._step("hung_loop"):
            self._hang("hung_loop", self._freeze_loop)
        with self._step("failback_2"):
            self._fail_back()
        with self._step("stop"):
            self._stop()
        with self._step("wrong_configuration"):
            self._wrong_configuration()
        with self._step("failback_3"):
            self._fail_back()
        with self._step("reboot_primary"):
            self._reboot(rig.alpha, "p1", PRIMARY, rig.primary, rig.secondary)
        rig.wait_could_take(rig.primary)
        self._close_book()
        self._stop_alone()
        return self._all_figures()

    # The steps.

    def _verify(self):
        machine = self._rig.alpha
        verified = machine.must("systemd-analyze", "verify", *[f"/usr/lib/systemd/system/{unit.replace('@', '@p1')}" for unit in UNITS])
        self._expect(not verified.strip(), f"systemd-analyze verify: {verified.strip()}")
        exposure = {}
        for unit in UNITS:
            name = unit.replace("@", "@p1")
            found = re.search(r"exposure level for .*: ([0-9.]+)", machine.call("systemd-analyze", "security", "--no-pager", name)[1])
            exposure[name] = float(found[1]) if found else None
            self._expect(found and float(found[1]) < EXPOSURE_BOUND, f"{name}: exposure {exposure[name]}")
        self._note("security", exposure)

    def _first_starts(self):
        rig = self._rig
        for member in MEMBERS:
            machine, unit = rig.protector(member)
            once = f"/run/holdfast-protector/{member}.once"
            machine.must("sh", "-c", f"echo HOLDFAST_ONCE=--init > {once}")
            machine.must("systemctl", "enable", "--now", unit)
            self._expect(machine.call("test", "-e", once)[0] != 0, f"{once} is still there after the start")
        for member in MEMBERS:
            machine, unit = rig.protector(member)
            rig.wait(lambda m=machine, u=unit: m.show(u)["StatusText"].startswith("voting"), 60, f"{member} to vote")
        self._expect(any(entry["MESSAGE"] == f"metrics on {METRICS}" for entry in rig.gamma.journal("--unit", member_unit("p3"))),
                     "p3 did not get the options of its file")
        self._ready_when_known()
        rig.beta.must("systemctl", "enable", "--now", SECONDARY)
        rig.wait_could_take(rig.secondary)
        self._look_at_sandbox(rig.primary)
        self._look_at_sandbox(rig.secondary)
        self._note("status_lines", {
            instance.name: instance.properties()["StatusText"] for instance in (rig.primary, rig.secondary)
        } | {member: machine.show(unit)["StatusText"] for member in MEMBERS for machine, unit in [rig.protector(member)]})

    def _ready_when_known(self):
        """As long as no beacon node answers the primary is not ready."""
        rig = self._rig
        for node in range(len(rig.chain.nodes)):
            rig.chain.faults(node, hang=True)
        rig.alpha.must("systemctl", "enable", PRIMARY)
        rig.alpha.must("systemctl", "start", "--no-block", PRIMARY)
        rig.pass_time(3)
        waiting = rig.primary.properties()
        self._expect(waiting["ActiveState"] == "activating", f"without beacon nodes the primary is {waiting['ActiveState']}")
        for node in range(len(rig.chain.nodes)):
            rig.chain.faults(node)
        rig.wait(lambda: rig.primary.properties()["ActiveState"] == "active", 90, "the primary to be active")
        health = rig.primary.health()
        self._expect(health["state"] in ("on_duty", "standby"), f"ready in state {health['state']}")
        rig.wait_state(rig.primary, "on_duty")
        self._note("ready", {"without_nodes": waiting["ActiveState"], "status_then": waiting["StatusText"], "ready_in": health["state"]})

    def _look_at_sandbox(self, instance):
        machine = instance.machine
        status = machine.must("cat", f"/proc/{instance.properties()['MainPID']}/status")
        for line in ("NoNewPrivs:\t1", "Seccomp:\t2", "CapBnd:\t0000000000000000"):
            self._expect(line in status, f"{instance.unit} runs without {line.split(':')[0]}")
        for path, wanted in (("/run/holdfast", "700 holdfast"), (f"/run/holdfast/{instance.name}.sock", "600 holdfast")):
            found = machine.must("stat", "--format=%a %U", path).strip()
            self._expect(found == wanted, f"{machine.name}: {path} is {found}")
        code, _ = machine.call("runuser", "-u", "holdfast-protector", "--", "holdfast", "status")
        self._expect(code != 0, f"{machine.name}: another user may use the control socket")

    def _protectors(self):
        """One is killed, one hangs; both vote again, and meanwhile nothing is missed."""
        figures = {}
        for member, signal, result in (("p3", "KILL", "signal"), ("p4", "STOP", "watchdog")):
            rig = self._rig
            machine, unit = rig.protector(member)
            when = time.time()
            machine.must("systemctl", "kill", "-s", signal, unit)
            rig.wait(lambda m=machine, u=unit: int(m.show(u)["NRestarts"]) == 1, 90, f"systemd to start {member} again")
            rig.wait(lambda m=machine, u=unit: m.show(u)["StatusText"].startswith("voting"), 60, f"{member} to vote again")
            figures[f"{result}_seconds"] = round(time.time() - when, 3)
            self._expect(self._result(machine, unit, when) == result, f"{member} was not ended by {result}")
            machine.must("systemctl", "reload", unit)
            self._expect(machine.show(unit)["ActiveState"] == "active", f"{member} did not outlive a reload")
        self._note("protectors", figures)

    def _stop_alone(self):
        """Nobody is left to hand over to: it ends all the same, and soon."""
        rig = self._rig
        rig.alpha.must("systemctl", "stop", PRIMARY)
        when = time.time()
        rig.beta.must("systemctl", "stop", SECONDARY)
        seconds = round(time.time() - when, 3)
        self._expect(seconds < 3 * self._slot, f"without another instance the stop took {seconds} s")
        self._note("stop_alone", {"stop_seconds": seconds, "result": rig.secondary.properties()["Result"]})

    def _kill(self):
        rig = self._rig
        restarts = int(rig.primary.properties()["NRestarts"])
        rig.book.sleep_to_slot(rig.time.slot() + 2, KILL_AT)
        when = time.time()
        rig.alpha.must("systemctl", "kill", "-s", "KILL", PRIMARY)
        self._note("kill", {"takeover_seconds": self._taken_over(when), "restart_seconds": self._restarted(restarts, when, "signal")})

    def _hang(self, name, hang):
        rig = self._rig
        restarts = int(rig.primary.properties()["NRestarts"])
        rig.wait_could_take(rig.secondary)
        rig.book.sleep_to_slot(rig.time.slot() + 2, KILL_AT)
        when = time.time()
        hang()
        self._note(name, {"takeover_seconds": self._taken_over(when), "restart_seconds": self._restarted(restarts, when, "watchdog")})

    def _freeze_loop(self):
        """Only the thread that performs the duties stands still: the process lives, and those that decrypt and sign go on."""
        thread = self._rig.alpha.main_process(PRIMARY)
        holder = self._run.start("freeze", [sys.executable, "-m", "harness.freeze_thread", thread])
        holder.wait_line("^frozen$")

    def _stop(self):
        rig = self._rig
        rig.wait_could_take(rig.secondary)
        rig.book.sleep_to_slot(rig.time.slot() + 2, KILL_AT)
        when = time.time()
        rig.alpha.must("systemctl", "stop", "--no-block", PRIMARY)
        rig.wait(lambda: rig.primary.properties()["ActiveState"] == "inactive", STOP_TIMEOUT, "the primary to stop")
        took = time.time() - when
        move = self._on_duty_since(rig.secondary, when)
        properties = rig.primary.properties()
        self._expect(properties["Result"] == "success", f"the stop of the primary: {properties['Result']}")
        self._expect(move.when <= when + took, "the secondary was not on duty before the primary had ended")
        kept = rig.alpha.call("test", "-d", "/run/holdfast")[0] == 0
        self._expect(kept, "/run/holdfast went with the primary")
        self._note("stop", {"handover_seconds": round(move.when - when, 3), "stop_seconds": round(took, 3), "why": move.why})

    def _wrong_configuration(self):
        """Exit code 2 is not tried again; and the primary comes back on standby once the file is right."""
        rig = self._rig
        path = "/etc/holdfast/primary.toml"
        with open(rig.alpha.path(path)) as file:
            right = file.read()
        rig.alpha.write(path, right + 'no-such-option = "x"\n')
        rig.alpha.call("systemctl", "start", PRIMARY)
        rig.pass_time(5)
        properties = rig.primary.properties()
        found = {name: properties[name] for name in ("ActiveState", "Result", "ExecMainStatus", "NRestarts")}
        self._expect(found == {"ActiveState": "failed", "Result": "exit-code", "ExecMainStatus": "2", "NRestarts": "0"},
                     f"a wrong configuration: {found}")
        lines = [entry["MESSAGE"] for entry in rig.alpha.journal("--unit", PRIMARY, "--lines=20")
                 if "no-such-option" in str(entry["MESSAGE"])]
        self._expect(lines, "the journal does not name the wrong option")
        rig.alpha.write(path, right)
        rig.alpha.must("systemctl", "start", PRIMARY)
        self._note("wrong_configuration", found | {"journal": lines[:1]})

    def _fail_back(self):
        rig = self._rig
        rig.wait_could_take(rig.primary)
        code, text = rig.secondary.command("failback")
        self._expect(code == 0, f"holdfast failback: {text.strip()}")
        rig.wait_state(rig.primary, "on_duty")
        rig.wait_could_take(rig.secondary)

    def _reboot(self, machine, member, unit, ours, other):
        """`systemctl reboot` of the machine whose instance has duty."""
        rig = self._rig
        rig.wait_state(ours, "on_duty")
        rig.wait_could_take(other)
        rig.book.sleep_to_slot(rig.time.slot() + 2, KILL_AT)
        when = time.time()
        machine.begin_reboot()
        rig.wait(machine.is_down, STOP_TIMEOUT, f"{machine.name} to go down")
        down = time.time()
        move = self._on_duty_since(other, when)
        machine.boot()
        rig.wait(lambda: ours.properties()["ActiveState"] == "active", 90, f"{unit} to start after the reboot")
        up = time.time()
        rig.wait_could_take(ours)
        before, after = UnitJournal(machine, -1), UnitJournal(machine)
        protector = member_unit(member)
        self._problems += [f"{machine.name} going down: {problem}" for problem in before.wrong_order(
            ("the instance told to stop", before.moment(STOPPING, unit, last=True)),
            ("the instance stopped", before.moment(STOPPED, unit, last=True)),
            ("its protector told to stop", before.moment(STOPPING, protector, last=True)),
            ("its protector stopped", before.moment(STOPPED, protector, last=True)))]
        self._problems += [f"{machine.name} coming up: {problem}" for problem in after.wrong_order(
            ("network-online.target", after.moment(STARTED, "network-online.target")),
            ("its protector starting", after.moment(STARTING, protector)),
            ("its protector ready", after.moment(STARTED, protector)),
            ("the instance starting", after.moment(STARTING, unit)),
            ("its duties known", after.said(unit, "warm: ")),
            ("the instance ready", after.moment(STARTED, unit)))]
        self._expect(move.when < down, f"{machine.name} was down before the {other.name} was on duty")
        self._note(f"reboot_{ours.name}", {
            "handover_seconds": round(move.when - when, 3), "down_seconds": round(down - when, 3),
            "ready_again_seconds": round(up - down, 3), "boot_to_ready": after.moment(STARTED, unit), "why": move.why})

    # What they have in common.

    @property
    def _slot(self):
        return self._options.slot_ms / 1000

    @contextlib.contextmanager
    def _step(self, name):
        rig = self._rig
        self.say(f"slot {rig.time.slot()}: {name.replace('_', ' ')}")
        first = rig.time.slot()
        yield
        rig.pass_time(self._slot)
        self._slots[name] = range(first, rig.time.slot())

    def _expect(self, condition, sentence):
        if not condition:
            self._problems.append(sentence)
            self.say("  FAILED: " + sentence)

    def _note(self, name, figures):
        self._figures[name] = figures
        self.say(f"  {name}: " + json.dumps(figures))

    def _on_duty_since(self, instance, after):
        rig = self._rig
        return rig.wait(lambda: first_move(instance.status() or {"changes": []}, after, "on_duty"), 30,
                        f"the {instance.name} to be on duty")

    def _taken_over(self, when):
        seconds = round(self._on_duty_since(self._rig.secondary, when).when - when, 3)
        self._expect(seconds <= TAKEOVER_BOUND, f"takeover after {seconds} s")
        return seconds

    def _restarted(self, restarts, when, result):
        """Waits until systemd has started the primary again, and it is on standby; seconds until it was ready."""
        rig = self._rig
        rig.wait(lambda: int(rig.primary.properties()["NRestarts"]) > restarts, 60, "systemd to start the primary again")
        rig.wait(lambda: rig.primary.properties()["ActiveState"] == "active", 60, "the primary to be active again")
        seconds = round(time.time() - when, 3)
        found = self._result(rig.alpha, PRIMARY, when)
        self._expect(found == result, f"the journal gives '{found}' as the primary's end")
        rig.wait_could_take(rig.primary)
        return seconds

    def _result(self, machine, unit, when):
        """Why the unit's process ended since then, in systemd's word ("signal", "watchdog", ...), or None."""
        return next((entry["UNIT_RESULT"] for entry in machine.journal("--boot=0", "--since", f"@{int(when)}")
                     if entry.get("UNIT") == unit and "UNIT_RESULT" in entry), None)

    def _close_book(self):
        last = self._rig.time.slot() + 1
        self._rig.book.sleep_to_slot(last + 1)
        self._rig.book.close(last)

    def _all_figures(self):
        rig = self._rig
        entries = rig.book.entries.values()
        missed = sum(entry.missing for entry in entries)
        self._problems += [entry.describe() for entry in entries if entry.missing or not entry.due]
        score = rig.chain.score()
        self._expect(score["slashable_pairs"] == 0, f"{score['slashable_pairs']} slashable pairs")
        steps = {name: {"missed": sum(entry.missing for entry in rig.book.of(slots)),
                        "distance_max": max((entry.distance_max for entry in rig.book.of(slots)), default=0)}
                 for name, slots in self._slots.items()}
        return {"proof": "units", "holds": not self._problems, "slot_ms": self._options.slot_ms, "slots": len(entries),
                "due": sum(entry.due for entry in entries), "missed": missed,
                "distance_max": max(entry.distance_max for entry in entries), "slashable": score["slashable_pairs"],
                "steps": steps, **self._figures, "problems": self._problems[:20]}


def main():
    options = arguments()
    try:
        check_rights()
        base = base_tree(libraries_of([program(name) for name in PROGRAMS]))
        if options.prepare:
            return 0
        started, load = time.time(), os.getloadavg()[0]
        with Run("units", keep=options.keep_logs) as run, UnitRig(run, base, options.slot_ms, options.validators) as rig:
            proof = Proof(options, run, rig)
            figures = proof.go() | {"load_before": round(load, 2), "took_seconds": round(time.time() - started)}
            if not figures["holds"]:
                run.keep()
    except (ProcessError, HttpError) as error:
        print(f"scripts/prove units: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    for problem in figures["problems"]:
        proof.say("FAILED: " + problem)
    print(json.dumps(figures))
    return 0 if figures["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
