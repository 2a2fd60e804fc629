"""A simulated chain, protectors and a primary, as real processes on 127.0.0.1."""
import dataclasses
import json
import os
import subprocess
import time

from . import http_json
from .processes import ProcessError, free_ports, wait_until

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
START_TIMEOUT = 60.0


def program(name):
    """The path of a built program: HOLDFAST_BIN, or the release build."""
    path = os.path.join(os.environ.get("HOLDFAST_BIN") or os.path.join(ROOT, "build", "release", "bin"), name)
    if not os.access(path, os.X_OK):
        raise ProcessError(f"no program {path}: build first, or set HOLDFAST_BIN to the folder of the programs")
    return path


@dataclasses.dataclass(frozen=True)
class ChainTime:
    """Where the clock stands on a chain."""
    genesis_time: float
    slot_ms: int
    slots_per_epoch: int

    def slot(self, at=None):
        """The slot at a time (now); -1 before genesis."""
        passed = (time.time() if at is None else at) - self.genesis_time
        return -1 if passed < 0 else int(passed * 1000 // self.slot_ms)

    def start_of(self, slot):
        return self.genesis_time + slot * self.slot_ms / 1000

    def epoch_of(self, slot):
        return slot // self.slots_per_epoch

    def first_slot(self, epoch):
        return epoch * self.slots_per_epoch

    def wait_slot(self, slot, fraction=0.0):
        """Sleeps until that fraction of the slot has passed."""
        while True:
            left = self.start_of(slot) + fraction * self.slot_ms / 1000 - time.time()
            if left <= 0:
                return
            time.sleep(min(left, 0.5))


@dataclasses.dataclass
class Score:
    """What the chain says of our validators' attestations; of some epochs, or of one slot."""
    due: int = 0
    included: int = 0
    right_source: int = 0
    right_target: int = 0
    right_head: int = 0
    distance_sum: int = 0
    distance_max: int = 0
    slashable: int = 0

    def add(self, entry):
        """entry: one epoch or slot of the chain's answer to /score."""
        self.due += entry["duties"]
        self.included += entry["included"]
        self.right_source += entry["right_source"]
        self.right_target += entry["right_target"]
        self.right_head += entry["right_head"]
        self.distance_sum += entry["distance_sum"]
        self.distance_max = max(self.distance_max, entry["distance_max"])

    def perfect(self):
        """All that was due is in the chain and right, and nothing can be slashed."""
        return (self.due > 0 and self.due == self.included == self.right_source == self.right_target == self.right_head
                and self.slashable == 0)

    def figures(self):
        return {"due": self.due, "included": self.included, "right_source": self.right_source,
                "right_target": self.right_target, "right_head": self.right_head, "distance_mean": round(self.distance_sum / max(1, self.included), 3),
                "distance_max": self.distance_max, "slashable": self.slashable}


@dataclasses.dataclass
class Duties:
    """What the chain says of one kind of duty besides attestations, in some slots."""
    expected: int = 0
    accepted: int = 0
    right: int = 0
    last_ms: int = 0
    missed: list = dataclasses.field(default_factory=list)  # sentences

    def add(self, entry):
        self.expected += entry["expected"]
        self.accepted += entry["accepted"]
        self.right += entry["right"]
        self.last_ms = max(self.last_ms, entry["last_ms"])
        self.missed += [f"slot {item['slot']}, validator {item['validator']}: {item['why']}" for item in entry["missed"]]

    def perfect(self):
        """All that was expected came, and said what was right."""
        return self.expected == self.accepted == self.right

    def figures(self):
        return {"expected": self.expected, "accepted": self.accepted, "right": self.right, "last_ms": self.last_ms}


class Chain:
    """holdfast-sim and its admin interface."""

    def __init__(self, run, *, nodes=3, validators=64, preset="minimal", slot_ms=2000, fork="fulu", genesis_delay_ms=6000,
                 keystores=None, keys=None, options=()):
        argv = [program("holdfast-sim"), "--nodes", nodes, "--base-port", 0, "--admin-port", 0, "--validators", validators,
                "--preset", preset, "--slot-ms", slot_ms, "--fork", fork, "--genesis-delay-ms", genesis_delay_ms]
        if keystores:
            argv += ["--write-keystores", keystores]
        if keys:
            argv += ["--keys", keys]
        self.process = run.start("chain", [*argv, *options])
        self.process.wait_line(r"^\{.*\}$", START_TIMEOUT + validators / 50)
        self.info = json.loads(next(line for line in self.process.out().splitlines() if line.startswith("{")))
        self.nodes = list(self.info["nodes"])
        self.admin = self.info["admin"]
        self.time = ChainTime(float(self.info["genesis_time"]), int(self.info["slot_ms"]), int(self.info["slots_per_epoch"]))

    def status(self):
        return http_json.get(self.admin + "/status")

    def score(self):
        return http_json.get(self.admin + "/score")

    def totals(self, epochs):
        """The score of some epochs, as far as the chain has come. Slashable pairs are those of all times."""
        answer = self.score()
        total = Score(slashable=answer["slashable_pairs"])
        for entry in answer["epochs"]:
            if entry["epoch"] in epochs:
                total.add(entry)
        return total

    def slot_totals(self, slot):
        """The score of one slot of this or the last epoch, without slashable pairs."""
        score = Score()
        score.add(http_json.get(f"{self.admin}/score?slot={slot}"))
        return score

    def kinds(self, slots):
        """{kind: Duties} of these slots, each of which must have been over for half a slot."""
        found = {}
        for slot in slots:
            for kind, entry in http_json.get(f"{self.admin}/score?slot={slot}")["kinds"].items():
                found.setdefault(kind, Duties()).add(entry)
        return found

    def all_kinds(self):
        """The same of all slots that are over."""
        found = {}
        for kind, entry in self.score()["kinds"].items():
            found.setdefault(kind, Duties()).add(entry)
        return found

    def missed(self, slot):
        """Why each missing attestation of a slot is missing, as sentences."""
        answer = http_json.get(f"{self.admin}/score?slot={slot}")
        return [f"validator {item['validator']}: {item['why']}" for item in answer["missed"]]

    def accepted(self, slot):
        """How many validators' attestations of a slot have arrived."""
        return len(self.received(slot)["received"])

    def acceptance_ms(self, slot):
        """(first, last) arrival of the slot's attestations in ms after the head event, or None without one of these."""
        answer = self.received(slot)
        if answer["head_event_sent_us"] is None or not answer["received"]:
            return None
        after = [item["after_head_event_us"] / 1000 for item in answer["received"]]
        return min(after), max(after)

    def received(self, slot):
        return http_json.get(f"{self.admin}/received?slot={slot}")

    def faults(self, node, **faults):
        """Sets the faults of a node; none given clears them."""
        return http_json.post(self.admin + "/faults", {"node": node, "faults": faults})

    def restart(self, node, down_ms):
        """Closes a node's port and connections for that long."""
        return http_json.post(self.admin + "/restart", {"node": node, "down_ms": down_ms})

    def command(self, **what):
        """Tells the chain to do something: a late or missing block, a reorganisation."""
        return http_json.post(self.admin + "/chain", what)


class Protector:
    """One holdfast-protector; its data folder outlives its process."""

    def __init__(self, run, cluster_file, name, port):
        self._run = run
        self._cluster_file = cluster_file
        self.name = name
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.data = run.path(name)
        self.process = None

    def launch(self, init=False, options=()):
        """Starts the process and does not wait."""
        argv = [program("holdfast-protector"), "--cluster", self._cluster_file, "--node-id", self.name, "--data-dir", self.data,
                *(["--init"] if init else []), *options]
        self.process = self._run.start(self.name, argv)
        return self

    def ready(self):
        """Waits until it answers."""
        self.process.wait_line(r"listening on 127\.0\.0\.1:", START_TIMEOUT)
        return self

    def voting(self):
        """Waits until it votes: enough of the other members have said what they saw of it."""
        wait_until(lambda: self.status()["state"] == "voting", START_TIMEOUT, f"{self.name} to vote")
        return self

    def restart(self):
        return self.launch().ready().voting()

    def kill(self):
        self.process.kill()

    def status(self):
        return http_json.get(self.url + "/v1/status")

    def records(self, target_epoch):
        """What it has recorded for an epoch: [{"source_epoch", "target_epoch", "signing_root", "data", "pubkeys"}]."""
        headers = {"holdfast-cluster": self.status()["cluster"]}
        return http_json.get(f"{self.url}/v1/records?target_epoch={target_epoch}", headers=headers)["groups"]


class Cluster:
    """A cluster file on free ports of the loopback, and its protectors p1, p2, ..."""

    def __init__(self, run, count, quorum, chain_time, genesis_validators_root, mode="fenced", name="cluster"):
        self.quorum = quorum
        self.file = run.path(name + ".toml")
        ports = free_ports(count)
        self.members = [Protector(run, self.file, f"p{number}", port) for number, port in enumerate(ports, 1)]
        with open(self.file, "w") as file:
            file.write(f'name = "{name}"\nquorum = {quorum}\nmode = "{mode}"\nunknown-validators = "accept"\n'
                       f'[chain]\ngenesis-time = {int(chain_time.genesis_time)}\n'
                       f'genesis-validators-root = "{genesis_validators_root}"\n'
                       f'slot-duration-ms = {chain_time.slot_ms}\nslots-per-epoch = {chain_time.slots_per_epoch}\n')
            for member in self.members:
                file.write(f'[[member]]\nname = "{member.name}"\nurl = "{member.url}"\n')

    def start(self):
        """Starts all with new databases, and waits until they vote."""
        for member in self.members:
            member.launch(init=True)
        for member in self.members:
            member.ready()
        for member in self.members:
            member.voting()
        return self


class Instance:
    """holdfast-primary or holdfast-secondary. Its addresses and its control socket stay the same over restarts."""

    def __init__(self, run, name, make_argv, control=True):
        """make_argv(options of the listeners): the command line."""
        self._run = run
        self.name = name
        self.port, self.control_port = free_ports(2)
        self.url = f"http://127.0.0.1:{self.port}"
        self.control_url = f"http://127.0.0.1:{self.control_port}"
        self.socket = run.path(name + ".sock") if control else None
        listeners = ["--instance", name, "--listen", f"127.0.0.1:{self.port}"]
        if control:
            listeners += ["--control-socket", self.socket, "--control-listen", f"127.0.0.1:{self.control_port}"]
        self.argv = make_argv(*listeners)
        self.process = None

    def start(self):
        """Starts the process and does not wait; also again, when it has ended."""
        self.process = self._run.start(self.name, self.argv)
        return self

    def kill(self):
        """SIGKILL. Returns the moment (wall clock)."""
        when = time.time()
        self.process.kill()
        return when

    def ask(self, path, timeout=2.0):
        """(status, text) of a path, or (0, "") while nothing answers."""
        try:
            return http_json.request("GET", self.url + path, timeout=timeout)
        except http_json.HttpError:
            return 0, ""

    def _document(self, path, timeout):
        try:
            return json.loads(self.ask(path, timeout)[1])
        except ValueError:
            return None

    def health(self, timeout=2.0):
        """The parsed body of /healthz, or None while nothing answers."""
        return self._document("/healthz", timeout)

    def status(self, timeout=2.0):
        """The parsed body of /status, or None while nothing answers."""
        return self._document("/status", timeout)

    def metrics(self):
        return http_json.request("GET", self.url + "/metrics")[1]

    def states(self):
        """(state, state by its role's rules), or ("", "") while nothing answers."""
        health = self.health() or {}
        return health.get("state", ""), health.get("rules_state", "")

    def active(self):
        """Whether /activez says that it is on duty."""
        return self.ask("/activez")[0] == 200

    def wait_for(self, condition, timeout, what):
        """Waits until condition(body of /healthz) is true, and returns that body; ProcessError also when the process ends."""
        end = time.monotonic() + timeout
        while True:
            health = self.health()
            if health and condition(health):
                return health
            if not self.process.running:
                raise ProcessError(f"{self.name} ended with code {self.process.exit_code}:\n{self.process.last_lines()}")
            if time.monotonic() > end:
                names = ("state", "rules_state", "reason", "ready", "why_not_ready", "healthy", "generation", "paused")
                said = {name: health.get(name) for name in names} if health else "no answer"
                raise ProcessError(f"waited {timeout:.0f} s in vain for {self.name}: {what}; it says {said}\n"
                                   f"{self.process.last_lines()}")
            time.sleep(0.05)

    def wait_state(self, *states, timeout=START_TIMEOUT):
        """Waits for one of these states ("on_duty", "standby", "armed", ...); returns the body of /healthz."""
        return self.wait_for(lambda health: {health.get("state"), health.get("rules_state")} & set(states), timeout,
                             " or ".join(states))

    def wait_ready(self, timeout=START_TIMEOUT):
        """Waits until /healthz answers 200."""
        end = time.monotonic() + timeout
        while self.ask("/healthz")[0] != 200:
            if not self.process.running:
                raise ProcessError(f"{self.name} ended with code {self.process.exit_code}:\n{self.process.last_lines()}")
            if time.monotonic() > end:
                raise ProcessError(f"{self.name} was not healthy after {timeout:.0f} s:\n{self.process.last_lines()}")
            time.sleep(0.05)
        return self

    def command(self, *words, timeout=60.0):
        """`holdfast WORDS` through the control socket: (exit code, what it printed)."""
        argv = [program("holdfast"), *words, "--socket", self.socket]
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False)
        return done.returncode, done.stdout + done.stderr

    def begin_command(self, *words):
        """As command(), but doesn't wait: the process."""
        return self._run.start("holdfast", [program("holdfast"), *words, "--socket", self.socket])

    def must(self, *words, timeout=60.0):
        """As command(), and ProcessError unless it exits with 0."""
        code, text = self.command(*words, timeout=timeout)
        if code:
            raise ProcessError(f"holdfast {' '.join(words)} at {self.name} ended with code {code}: {text.strip()}\n"
                               f"{self.process.last_lines()}")
        return text


class Primary(Instance):
    """holdfast-primary, started."""

    def __init__(self, run, nodes, keystores, cluster, options=(), instance="primary", control=False):
        super().__init__(run, instance, lambda *listeners: primary_argv(nodes, keystores, cluster.file, *listeners, *options),
                         control)
        self.start()


def primary_argv(nodes, keystores, cluster_file, *options):
    return [program("holdfast-primary"), "--beacon-nodes", ",".join(nodes), "--keystores", keystores, "--cluster", cluster_file,
            *options]
