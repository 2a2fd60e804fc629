"""Machines: Debian trees, each booted with a systemd of its own in a container (systemd-nspawn), joined by a bridge.

    base = base_tree(["libcurl4"])
    make_bridge("10.78.0.1/24")  # in namespaces of its own: see scripts/proofs/units
    with Machines(run, base) as machines:
        machine = machines.add("alpha", "10.78.0.11/24")
        machine.write("/etc/motd", "...")
        machine.boot()
        machine.must("systemctl", "start", "something")

Needs root, mmdebstrap and systemd-container. All but base_tree() is to run in network, mount and process namespaces of its own, so
that whatever happens nothing is left of it; the base tree stays, in ~/.cache/holdfast.
"""
import collections
import datetime
import fcntl
import hashlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import tempfile
import time

from .processes import ProcessError, wait_until

SUITE = "bookworm"
PACKAGES = ["systemd", "systemd-sysv", "dbus", "iproute2", "procps"]
BRIDGE = "holdfast"
BOOT_TIMEOUT, STOP_TIMEOUT = 120.0, 120.0
_REBOOTS = 133  # systemd-nspawn --keep-unit ends with it, and wants to be started again
_CGROUP_ROOTS = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup"]
_NSPAWN = ["systemd-nspawn", "--quiet", "--register=no", "--keep-unit", "--private-users=no", "--resolv-conf=off",
           "--console=read-only", "--kill-signal=SIGRTMIN+3", f"--network-bridge={BRIDGE}",
           "--system-call-filter=@memlock", "--boot"]
# What only costs time, or wants a terminal or the Internet.
_MASKED = ["console-getty.service", "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "fstrim.timer",
           "e2scrub_all.timer", "systemd-timesyncd.service"]


def check_rights():
    missing = [name for name in ("mmdebstrap", "systemd-nspawn", "ip", "unshare") if not shutil.which(name)]
    if os.geteuid() != 0 or missing:
        raise ProcessError("booting machines needs root, mmdebstrap and systemd-container" + (
            f"; not here: {', '.join(missing)}" if missing else ""))


def libraries_of(programs):
    """The Debian packages of the shared libraries that programs of this machine use."""
    files = set()
    for program in programs:
        for line in _run(["ldd", program]).splitlines():
            files.update(os.path.realpath(word) for word in line.split() if word.startswith("/"))
    # dpkg knows some by their name of before /lib was a link to /usr/lib.
    names = [*files, *(file.removeprefix("/usr") for file in files)]
    found = subprocess.run(["dpkg-query", "-S", *names], capture_output=True, text=True, check=False).stdout
    return sorted({line.split(":")[0] for line in found.splitlines()})


def base_tree(packages):
    """The folder of a Debian with these packages, made once a week. Nothing may write to it."""
    packages = sorted({*PACKAGES, *packages})
    week = datetime.date.today().strftime("%G-%V")
    key = hashlib.sha256(" ".join([SUITE, week, *packages]).encode()).hexdigest()[:12]
    cache = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "holdfast")
    tree = os.path.join(cache, f"debian-{SUITE}-{key}")
    os.makedirs(cache, exist_ok=True)
    with open(os.path.join(cache, "debian.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.isdir(tree):
            shutil.rmtree(tree + ".new", ignore_errors=True)
            _run(["mmdebstrap", "--quiet", "--variant=minbase", "--include=" + ",".join(packages),
                  "--aptopt=Acquire::Languages \"none\"", "--dpkgopt=path-exclude=/usr/share/man/*",
                  "--dpkgopt=path-exclude=/usr/share/locale/*", SUITE, tree + ".new"])
            os.rename(tree + ".new", tree)
    return tree


def make_bridge(address):
    """What machines are joined by, with an address of ours."""
    # With a hardware address of its own; else it takes one of a machine, and another when that one reboots.
    for words in ("link set lo up", f"link add {BRIDGE} address 02:00:00:00:00:01 type bridge", f"addr add {address} dev {BRIDGE}", f"link set {BRIDGE} up"):
        _run(["ip", *words.split()])


def _run(argv, timeout=600):
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout, check=False)
    if done.returncode:
        raise ProcessError(f"{shlex.join(argv)} ended with code {done.returncode}: {(done.stdout + done.stderr).strip()[-2000:]}")
    return done.stdout


class Machines:
    """All of a run. At the end they are taken away as they stand; their journals are put beside the run's logs."""

    def __init__(self, run, base):
        self._run = run
        self._base = base
        self._folder = tempfile.mkdtemp(prefix="holdfast-machines-")
        self._all = []

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        for machine in self._all:
            machine.save_journal(self._run.path(machine.name + ".journal"))
            machine.remove()
        shutil.rmtree(self._folder, ignore_errors=True)

    def add(self, name, address):
        """address: with its prefix length, of its interface on the bridge."""
        machine = Machine(self._run, name, address, self._base, os.path.join(self._folder, name))
        self._all.append(machine)
        return machine


class Machine:
    """One tree, not booted: an overlay over the base."""

    def __init__(self, run, name, address, base, folder):
        self._run = run
        self._folder = folder
        self.name = name
        self.address = address.split("/")[0]
        self._unique = f"holdfast-{name}-{os.urandom(4).hex()}"
        self._cgroups = [os.path.join(root, self._unique) for root in _CGROUP_ROOTS
                         if os.path.exists(os.path.join(root, "cgroup.procs"))]
        self._container = None
        self.tree = self._mount(base)
        self._prepare(address)

    def path(self, inside):
        return self.tree + inside

    def write(self, inside, text, mode=0o644):
        os.makedirs(os.path.dirname(self.path(inside)), exist_ok=True)
        with open(self.path(inside), "w") as file:
            file.write(text)
        os.chmod(self.path(inside), mode)

    def copy(self, outside, inside, mode=None):
        """A file or a folder."""
        os.makedirs(os.path.dirname(self.path(inside)), exist_ok=True)
        if os.path.isdir(outside):
            shutil.copytree(outside, self.path(inside), dirs_exist_ok=True)
        else:
            shutil.copy(outside, self.path(inside))
            if mode is not None:
                os.chmod(self.path(inside), mode)

    def offline(self, *argv):
        """Runs a program of this machine on the tree before it is booted; it gets --root=TREE."""
        return _run([argv[0], f"--root={self.tree}", *argv[1:]])

    def boot(self):
        """Boots it; back as soon as its systemd takes commands."""
        for folder in self._cgroups:
            os.makedirs(folder, exist_ok=True)
        enter = "".join(f"echo $$ > {shlex.quote(folder)}/cgroup.procs; " for folder in self._cgroups)
        argv = [*_NSPAWN, f"--directory={self.tree}", f"--machine={self._unique}"]
        self._container = self._run.start(self.name, ["env", "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1", "sh", "-c",
                                                      f"{enter} exec {shlex.join(argv)}"])
        wait_until(self._is_up, BOOT_TIMEOUT, f"{self.name} to boot")
        return self

    def _is_up(self):
        if not self._container.running:
            raise ProcessError(f"{self.name} ended:\n{self._container.last_lines()}")
        return self.leader() and self.call("systemctl", "show", "--property=Version")[0] == 0

    def leader(self):
        """The process that is PID 1 in there, or None while there is none."""
        if not self._container:
            return None
        try:
            with open(f"/proc/{self._container.pid}/task/{self._container.pid}/children") as file:
                children = file.read().split()
            for child in children:
                with open(f"/proc/{child}/status") as file:
                    numbers = next(line for line in file if line.startswith("NSpid:")).split()
                if len(numbers) == 3 and numbers[2] == "1":
                    return int(child)
        except (OSError, StopIteration):
            pass
        return None

    def call(self, *argv, timeout=120.0):
        """Runs a command in there as root: (exit code, what it printed)."""
        leader = self.leader()
        if leader is None:
            return -1, f"{self.name} is not up"
        enter = ["nsenter", f"--target={leader}", "--mount", "--uts", "--ipc", "--net", "--pid", "--root", "--wd", "--",
                 "env", "-i", "PATH=/usr/sbin:/usr/bin", "LC_ALL=C.UTF-8", "SYSTEMD_COLORS=0", "SYSTEMD_PAGER="]
        done = subprocess.run([*enter, *argv], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, errors="replace", timeout=timeout, check=False)
        return done.returncode, done.stdout

    def must(self, *argv, timeout=120.0):
        code, text = self.call(*argv, timeout=timeout)
        if code:
            raise ProcessError(f"{self.name}: {shlex.join(argv)} ended with code {code}: {text.strip()[-3000:]}")
        return text

    def show(self, unit):
        """The properties of a unit: {name: text}; those that systemd leaves out are empty."""
        lines = self.must("systemctl", "show", "--timestamp=us+utc", unit).splitlines()
        return collections.defaultdict(str, (line.split("=", 1) for line in lines if "=" in line))

    def main_process(self, unit):
        """The number by which this process knows the only process of a service."""
        with open(os.path.join(self._cgroups[0], "payload", "system.slice", unit, "cgroup.procs")) as file:
            numbers = file.read().split()
        if len(numbers) != 1:
            raise ProcessError(f"{self.name}: {unit} has the processes {numbers} instead of one")
        return int(numbers[0])

    def journal(self, *options):
        """Entries as dicts, the oldest first; all boots unless the options (of journalctl) say otherwise."""
        code, text = self.call("journalctl", "--output=json", "--quiet", *options)
        if code not in (0, 1):
            raise ProcessError(f"{self.name}: journalctl ended with code {code}: {text.strip()[-1000:]}")
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    def begin_reboot(self):
        """`systemctl reboot`; when is_down(), boot() brings it up again."""
        self.must("systemctl", "reboot")

    def is_down(self):
        """Whether a reboot has come to where a machine would start anew."""
        if self._container.running:
            return False
        if self._container.exit_code != _REBOOTS:
            raise ProcessError(f"{self.name} did not reboot:\n{self._container.last_lines()}")
        return True

    def save_journal(self, file):
        """As text, of all boots."""
        with open(file, "w") as out:
            subprocess.run(["journalctl", f"--directory={self.path('/var/log/journal')}", "--output=short-precise", "--no-pager"],
                           stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, check=False)

    def remove(self):
        """Ends it as a power cut would, and takes its tree and cgroups away."""
        leader = self.leader()
        if leader:
            os.kill(leader, signal.SIGKILL)
        if self._container:
            self._container.kill()
        for folder in self._cgroups:
            wait_until(lambda folder=folder: _remove_cgroup(folder), STOP_TIMEOUT, f"{self.name} to be gone")
        subprocess.run(["umount", "--lazy", self.tree], stderr=subprocess.DEVNULL, check=False)

    def _mount(self, base):
        folders = {name: os.path.join(self._folder, name) for name in ("upper", "work", "tree")}
        for folder in folders.values():
            os.makedirs(folder)
        os.chmod(folders["upper"], 0o755)
        _run(["mount", "-t", "overlay", "overlay", "-o",
              f"lowerdir={base},upperdir={folders['upper']},workdir={folders['work']}", folders["tree"]])
        return folders["tree"]

    def _prepare(self, address):
        self.write("/etc/hostname", self.name + "\n")
        self.write("/etc/machine-id", hashlib.sha256(self._folder.encode()).hexdigest()[:32] + "\n")
        os.makedirs(self.path("/var/log/journal"), exist_ok=True)  # so that it outlives a reboot
        self.write("/etc/systemd/network/10-lan.network",
                   f"[Match]\nName=host0\n[Network]\nAddress={address}\nLinkLocalAddressing=no\nIPv6AcceptRA=no\n")
        self.offline("systemctl", "mask", *_MASKED)
        self.offline("systemctl", "enable", "systemd-networkd.service", "systemd-networkd-wait-online.service")


def _remove_cgroup(folder):
    """Whether it and those in it are gone; they can go when nobody is in them."""
    for inner, _, _ in os.walk(folder, topdown=False):
        try:
            os.rmdir(inner)
        except OSError:
            return False
    return True
