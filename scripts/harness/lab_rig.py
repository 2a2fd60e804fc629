"""A pair, its protectors and its beacon nodes in a network laboratory: every party with an address of its own, and mutual TLS
between them with the files of `holdfast cluster create`. The run itself belongs to the host "outside", where the chain lives; it
sees the instances whatever is cut between the parties."""
import contextlib
import os
import struct
import subprocess
import time

from . import netlab
from .cluster import START_TIMEOUT, Chain, Instance, Protector, primary_argv, program
from .pair import ARMED, STANDBY, Pair, secondary_argv, times_for
from .processes import ProcessError, wait_until
from .slot_book import SlotBook

PRIMARY, SECONDARY = "10.77.0.1", "10.77.0.2"
PROTECTORS = {f"p{number}": f"10.77.0.{10 + number}" for number in range(1, 5)}
PRIMARY_NODES, SECONDARY_NODES = "10.77.0.21", "10.77.0.22"
OBSERVER = "10.77.0.100"
PORT, CONTROL_PORT, PROTECTOR_PORT = 7770, 7772, 7701
QUORUM, NODES_EACH, VALIDATORS = 3, 3, 64
GENESIS_DELAY_MS = 10000
BLOCK_AT = 1 / 6  # of the slot: when its block reaches the nodes
SMALL_DISK = 24 << 20


def hosts():
    """Those of the pair."""
    return {"outside": [OBSERVER, PRIMARY_NODES, SECONDARY_NODES], "primary": [PRIMARY], "secondary": [SECONDARY],
            **{name: [address] for name, address in PROTECTORS.items()}}


class HostRun:
    """A run whose programs belong to one host of the laboratory, with a clock that can be set, and their files in a folder."""

    def __init__(self, run, lab, host, folder, environment=None):
        self._run, self._lab, self._host, self._folder = run, lab, host, folder
        self._environment = environment or {}
        self.log_folder = None  # where logs go; the run's if None

    def path(self, name):
        return os.path.join(self._folder, name)

    def start(self, name, argv, env=None):
        with self._lab.inside(self._host):
            return self._run.start(name, argv, {**os.environ, **self._environment, **(env or {})}, self.log_folder)


class ClockShim:
    """Shifts the wall clocks of single programs (shifted_clock.c), while they run."""

    def __init__(self, folder):
        self._folder = folder
        self._library = os.path.join(folder, "shifted_clock.so")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shifted_clock.c")
        subprocess.run(["cc", "-O2", "-shared", "-fPIC", "-o", self._library, source, "-ldl"], check=True)

    def _path(self, party):
        return os.path.join(self._folder, party + ".shift")

    def environment(self, party):
        self.set(party, 0)
        return {"LD_PRELOAD": self._library, "HOLDFAST_CLOCK_SHIFT": self._path(party)}

    def set(self, party, seconds):
        """In place, because the program has the file mapped."""
        with open(os.open(self._path(party), os.O_RDWR | os.O_CREAT, 0o600), "r+b") as file:
            file.write(struct.pack("<q", round(seconds * 1e9)))


class LabProtector(Protector):
    def __init__(self, run, cluster_file, name, address, data):
        super().__init__(run, cluster_file, name, PROTECTOR_PORT)
        self.url = f"https://{address}:{PROTECTOR_PORT}"
        self.data = data

    def ready(self):
        self.process.wait_line(r"listening on ", START_TIMEOUT)
        return self

    def voting(self):
        """By its log: its status is for those with a certificate."""
        self.process.wait_line(r"now voting|voting: ", START_TIMEOUT)
        return self


class LabInstance(Instance):
    """Addresses of its own; /healthz for whoever asks, commands over mutual TLS and through its socket."""

    def __init__(self, run, name, address, make_argv):
        self._run = run
        self.host_run = run
        self.name = name
        self.url = f"http://{address}:{PORT}"
        self.control_url = f"https://{address}:{CONTROL_PORT}"
        self.socket = run.path(name + ".sock")
        self.argv = make_argv("--instance", name, "--listen", f"0.0.0.0:{PORT}", "--control-listen",
                              f"{address}:{CONTROL_PORT}", "--control-socket", self.socket)
        self.process = None


class LabPair(Pair):
    def __init__(self, primary, secondary):
        self.primary, self.secondary = primary, secondary


class LabRig:
    """Everything running, the primary on duty and the secondary armed. Three beacon nodes for each instance, one chain."""

    def __init__(self, run, folder, slot_ms, seed=1, more_hosts=None):
        self.run = run
        self._stack = contextlib.ExitStack()
        os.makedirs(folder)
        self._folder = folder
        try:
            self.lab = self._stack.enter_context(netlab.Lab(hosts() | (more_hosts or {}), seed))
            self.lab.enter("outside")
            self.clocks = ClockShim(folder)
            self.chain = self._start_chain(slot_ms, seed)
            self._create_cluster()
            self.protectors = self._start_protectors()
            self.pair = self._start_pair(slot_ms)
            self.pair.wait_armed()
        except BaseException:
            self.close()
            raise
        self.time = self.chain.time
        self.book = SlotBook(self.chain, max(1, self.time.slot() + 1))

    def close(self):
        """Ends its programs, and the laboratory."""
        for process in self.run.processes:
            process.kill()
        self._stack.close()

    def _host(self, host):
        return HostRun(self.run, self.lab, host, self._folder, self.clocks.environment(host))

    def path(self, *names):
        return os.path.join(self._folder, *names)

    def small_disk(self, name):
        folder = self.path(name)
        netlab.mount_memory(folder, SMALL_DISK)
        self._stack.callback(netlab.unmount, folder)
        return folder

    def _start_chain(self, slot_ms, seed):
        return Chain(HostRun(self.run, self.lab, "outside", self._folder), nodes=2 * NODES_EACH, validators=VALIDATORS,
                     slot_ms=slot_ms, keystores=self.path("keystores"), genesis_delay_ms=GENESIS_DELAY_MS,
                     options=["--address", "0.0.0.0", "--block-ms", round(slot_ms * BLOCK_AT), "--seed", seed])

    def _create_cluster(self):
        chain_time = self.chain.time
        members = [f"--member={name}=https://{address}:{PROTECTOR_PORT}" for name, address in PROTECTORS.items()]
        subprocess.run([program("holdfast"), "cluster", "create", "--dir", self.path("cluster"), "--name", "lab", "--quorum",
                        str(QUORUM), *members, "--instance", f"primary={PRIMARY}", "--instance", f"secondary={SECONDARY}",
                        "--operator", "admin", "--genesis-time", str(int(chain_time.genesis_time)), "--genesis-validators-root",
                        self.chain.info["genesis_validators_root"], "--slot-duration-ms", str(chain_time.slot_ms),
                        "--slots-per-epoch", str(chain_time.slots_per_epoch)], check=True, stdout=subprocess.DEVNULL)

    def cluster_file(self, machine):
        return self.path("cluster", machine, "cluster.toml")

    def _start_protectors(self):
        """The last has its data on a small disk, which a scenario fills."""
        last = list(PROTECTORS)[-1]
        made = [LabProtector(self._host(name), self.cluster_file(name), name, address,
                             self.path(self.small_disk("disk"), name) if name == last else self.path(name))
                for name, address in PROTECTORS.items()]
        for protector in made:
            protector.launch(init=True)
        for protector in made:
            protector.ready().voting()
        return made

    def nodes_of(self, instance):
        """(number of the node, URL) of an instance's beacon nodes."""
        first, address = (0, PRIMARY_NODES) if instance == "primary" else (NODES_EACH, SECONDARY_NODES)
        return [(number, f"http://{address}:" + self.chain.nodes[number].rsplit(":", 1)[1])
                for number in range(first, first + NODES_EACH)]

    def _start_pair(self, slot_ms):
        keystores, times = self.path("keystores"), times_for(slot_ms)

        def nodes(name):
            return [url for _, url in self.nodes_of(name)]
        primary = LabInstance(self._host("primary"), "primary", PRIMARY, lambda *listeners: primary_argv(
            nodes("primary"), keystores, self.cluster_file("primary"), *listeners, *times))
        secondary = LabInstance(self._host("secondary"), "secondary", SECONDARY, lambda *listeners: secondary_argv(
            nodes("secondary"), keystores, self.cluster_file("secondary"), primary.control_url, *listeners,
            "--failback", "manual", *times))
        return LabPair(primary.start(), secondary.start())

    def wait_calm(self, timeout):
        """Waits until exactly one is on duty and the other could take it; returns the one on duty."""
        def calm():
            primary, secondary = (instance.health() or {} for instance in self.pair.both)
            if primary.get("on_duty") and not secondary.get("on_duty") and secondary.get("rules_state") == ARMED:
                return self.pair.primary
            if secondary.get("on_duty") and primary.get("rules_state") == STANDBY and primary.get("ready"):
                return self.pair.secondary
            return None
        end = time.monotonic() + timeout
        while True:
            holder = calm()
            if holder:
                return holder
            if time.monotonic() > end:
                why = "; ".join(f"{one.name}: {(one.health() or {}).get('why_not_ready')}" for one in self.pair.both)
                raise ProcessError(f"no calm after {timeout:.0f} s: {self.pair.describe()}; {why}")
            self.book.sleep_until(time.time() + 0.2)

    def give_back(self, timeout=60.0):
        """The primary gets its duty back, by a planned handover, if it does not have it."""
        if self.wait_calm(timeout) is self.pair.secondary:
            def known():
                peer = (self.pair.secondary.status() or {}).get("peer") or {}
                return (peer.get("health") or {}).get("ready")
            wait_until(known, timeout, "the secondary to see the primary ready")
            self.pair.hand_over(self.pair.primary, timeout=timeout)
            self.wait_calm(timeout)

    def slashable(self):
        return self.chain.totals([]).slashable
