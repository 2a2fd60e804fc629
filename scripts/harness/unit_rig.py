"""Three machines with the unit files of packaging/systemd: alpha (the primary and p1), beta (the secondary and p2), gamma (p3 and p4),
all speaking TLS. The chain and this process are outside, at the bridge between them."""
import contextlib
import json
import os
import subprocess
import sys
import time

from .cluster import ROOT, Chain, Instance, program
from .debian import Machines, make_bridge
from .processes import ProcessError
from .slot_book import SlotBook

PACKAGING = os.path.join(ROOT, "packaging", "systemd")
PROGRAMS = ["holdfast", "holdfast-primary", "holdfast-secondary", "holdfast-protector"]
UNITS = ["holdfast-primary.service", "holdfast-secondary.service", "holdfast-protector@.service"]
PRIMARY, SECONDARY = UNITS[:2]
OUTSIDE, PREFIX = "10.78.0.1", "/24"
ADDRESSES = {"alpha": "10.78.0.11", "beta": "10.78.0.12", "gamma": "10.78.0.13"}
MEMBERS = {"p1": ("alpha", 7701), "p2": ("beta", 7701), "p3": ("gamma", 7701), "p4": ("gamma", 7702)}
CONTROL_PORT, QUORUM, NODES = 7772, 3, 3
METRICS = "127.0.0.1:9103"  # of p3
GENESIS_DELAY_MS = 12000


def member_unit(member):
    return f"holdfast-protector@{member}.service"


class UnitInstance(Instance):
    """An instance that is a unit of a machine."""

    def __init__(self, machine, name, unit, port):
        self.machine, self.name, self.unit = machine, name, unit
        self.url = f"http://{machine.address}:{port}"
        self.process = self

    # What Instance asks of its process. A unit is started again, so it never ends for good.
    running, exit_code = True, None

    def last_lines(self):
        return self.machine.call("journalctl", "--unit", self.unit, "--lines=20", "--output=short-precise")[1]

    def command(self, *words, timeout=60.0):
        """`holdfast WORDS` on its machine, as root."""
        return self.machine.call("holdfast", *words, timeout=timeout)

    def properties(self):
        return self.machine.show(self.unit)


class UnitRig:
    """Everything is on the machines and booted; no unit of ours is enabled or started."""

    def __init__(self, run, base, slot_ms, validators):
        make_bridge(OUTSIDE + PREFIX)
        self._run = run
        self._keystores = run.path("keystores")
        self.chain = Chain(run, nodes=NODES, validators=validators, slot_ms=slot_ms, keystores=self._keystores,
                           genesis_delay_ms=GENESIS_DELAY_MS, options=["--address", OUTSIDE, "--block-ms", slot_ms // 6])
        self.time = self.chain.time
        self.book = None
        self._create_cluster()
        self._stack = contextlib.ExitStack()
        machines = self._stack.enter_context(Machines(run, base))
        try:
            self.machines = {name: machines.add(name, address + PREFIX) for name, address in ADDRESSES.items()}
            for machine in self.machines.values():
                self._install(machine)
            self._configure()
            for machine in self.machines.values():
                machine.boot()
        except BaseException:
            self._stack.__exit__(*sys.exc_info())
            raise
        self.alpha, self.beta, self.gamma = self.machines.values()
        self.primary = UnitInstance(self.alpha, "primary", PRIMARY, 7770)
        self.secondary = UnitInstance(self.beta, "secondary", SECONDARY, 7771)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return self._stack.__exit__(*error)

    def begin_book(self):
        self.book = SlotBook(self.chain, self.time.slot() + 1)

    def wait(self, condition, timeout, what):
        """Waits until condition() is true and returns its value; keeps the book meanwhile."""
        end = time.monotonic() + timeout
        while True:
            value = condition()
            if value:
                return value
            if time.monotonic() > end:
                raise ProcessError(f"waited {timeout:.0f} s in vain for: {what}; " + self.describe())
            if self.book:
                self.book.turn()
            time.sleep(0.05)

    def pass_time(self, seconds):
        end = time.monotonic() + seconds
        self.wait(lambda: time.monotonic() >= end, seconds + 60, "time to pass")

    def wait_state(self, instance, state, timeout=60.0):
        return self.wait(lambda: state in instance.states(), timeout, f"the {instance.name} to be {state}")

    def wait_could_take(self, instance, timeout=60.0):
        """Until this one is off duty and could take it, and the other knows."""
        if instance is self.secondary:
            return self.wait_state(instance, "armed", timeout)

        def known():
            peer = (self.secondary.status() or {}).get("peer") or {}
            # Its state is "fenced" if the other took duty from it.
            return (instance.health() or {}).get("rules_state") == "standby" and (peer.get("health") or {}).get("ready")
        return self.wait(known, timeout, "the primary to be ready on standby, and the secondary to know")

    def describe(self):
        peer = (self.secondary.status() or {}).get("peer")
        return "\n".join([*(f"{instance.name}: {json.dumps(instance.health())}\n{instance.last_lines()}"
                            for instance in (self.primary, self.secondary)), f"the secondary's peer: {json.dumps(peer)}"])

    def protector(self, member):
        """(machine, unit)"""
        return self.machines[MEMBERS[member][0]], member_unit(member)

    def _create_cluster(self):
        members = [f"--member={name}=https://{ADDRESSES[machine]}:{port}" for name, (machine, port) in MEMBERS.items()]
        done = subprocess.run([
            program("holdfast"), "cluster", "create", "--dir", self._run.path("cluster"), "--name", "units", "--quorum", str(QUORUM),
            "--genesis-time", str(int(self.time.genesis_time)), "--slot-duration-ms", str(self.time.slot_ms),
            "--genesis-validators-root", self.chain.info["genesis_validators_root"],
            "--slots-per-epoch", str(self.time.slots_per_epoch), *members, f"--instance=primary={ADDRESSES['alpha']}",
            f"--instance=secondary={ADDRESSES['beta']}", "--operator=admin"],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ProcessError("holdfast cluster create: " + done.stdout + done.stderr)

    def _install(self, machine):
        """What a package would do."""
        for name in PROGRAMS:
            machine.copy(program(name), f"/usr/bin/{name}", 0o755)
        for unit in UNITS:
            machine.copy(os.path.join(PACKAGING, unit), f"/usr/lib/systemd/system/{unit}", 0o644)
        for folder in ("sysusers.d", "tmpfiles.d"):
            machine.copy(os.path.join(PACKAGING, folder, "holdfast.conf"), f"/usr/lib/{folder}/holdfast.conf", 0o644)
        machine.offline("systemd-sysusers", "holdfast.conf")
        machine.offline("systemd-tmpfiles", "--create", "holdfast.conf")

    def _configure(self):
        """What an operator would do, as docs/systemd.md says."""
        common = 'cluster = "/etc/holdfast/cluster.toml"\n'
        alpha, beta = self.machines["alpha"], self.machines["beta"]
        for name, (machine, _) in MEMBERS.items():
            self._give(self.machines[machine], name, "holdfast-protector")
        self._give(alpha, "primary", "holdfast")
        self._give(beta, "secondary", "holdfast")
        self.machines["gamma"].write("/etc/holdfast/p3.env", f"HOLDFAST_OPTIONS=--metrics-listen {METRICS}\n")
        for machine in (alpha, beta):
            machine.copy(self._keystores, "/etc/holdfast/keystores")
        # alpha: the keystores are the user's own.
        self._chown(alpha, "/etc/holdfast/keystores", "holdfast")
        alpha.write("/etc/holdfast/primary.toml", common + self._nodes(OUTSIDE) + 'keystores = "/etc/holdfast/keystores"\n'
                    f'listen = "{alpha.address}:7770"\ncontrol-listen = "{alpha.address}:{CONTROL_PORT}"\n')
        # beta: they are root's, and systemd hands them over.
        self._chown(beta, "/etc/holdfast/keystores", "root")
        beta.write(f"/etc/systemd/system/{SECONDARY}.d/keys.conf", "[Service]\nLoadCredential=keys:/etc/holdfast/keystores\n")
        # And the nodes have names there, which it must be able to look up.
        beta.write("/etc/hosts", f"127.0.0.1 localhost\n{OUTSIDE} chain.test\n")
        beta.write("/etc/holdfast/secondary.toml", common + self._nodes("chain.test") + f'keystores = "/run/credentials/{SECONDARY}"\n'
                   f'listen = "{beta.address}:7771"\ncontrol-listen = "{beta.address}:{CONTROL_PORT}"\n'
                   f'primary = "https://{alpha.address}:{CONTROL_PORT}"\nfailback = "manual"\n')

    def _nodes(self, host):
        return "beacon-nodes = [" + ", ".join(f'"{node.replace(OUTSIDE, host)}"' for node in self.chain.nodes) + "]\n"

    def _give(self, machine, party, user):
        machine.copy(self._run.path(f"cluster/{party}"), "/etc/holdfast")
        self._chown(machine, f"/etc/holdfast/{party}.key", user)

    def _chown(self, machine, inside, user):
        """Users of the tree have other numbers than ours."""
        with open(machine.path("/etc/passwd")) as file:
            entry = next(line.split(":") for line in file if line.startswith(user + ":"))
        uid, gid = int(entry[2]), int(entry[3])
        path = machine.path(inside)
        for file in [path, *(os.path.join(path, name) for name in (os.listdir(path) if os.path.isdir(path) else []))]:
            os.chown(file, uid, gid)
