"""The program `holdfast`, what it makes, and protectors that run with it."""
import hashlib
import json
import os
import subprocess
import time

from harness.cluster import program
from harness.processes import free_ports, wait_until

SLOT_SECONDS = 1  # a rejoin waits for two slots
SLOTS_PER_EPOCH = 32
EPOCH = 1000  # that begins when the tests do
CHAIN_ROOT = "0x" + hashlib.sha256(b"chain").hexdigest()
START_TIMEOUT = 30


def holdfast(*words, code=0, stdin=None):
    """Runs the command; what it printed on standard output, or with another expected exit code what it printed on either."""
    done = subprocess.run([program("holdfast"), *map(str, words)], capture_output=True, text=True, check=False, timeout=120,
                          input=stdin)
    if done.returncode != code:
        raise AssertionError(f"{words}: exit code {done.returncode}, expected {code}\n{done.stdout}{done.stderr}")
    return done.stdout if code == 0 else done.stdout + done.stderr


def openssl(*words, code=0):
    done = subprocess.run(["openssl", *map(str, words)], capture_output=True, text=True, check=False, timeout=60)
    if done.returncode != code:
        raise AssertionError(f"{words}: {done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def verifies(ca, certificate, *more):
    """Would OpenSSL trust this certificate for that purpose?"""
    done = subprocess.run(["openssl", "verify", "-x509_strict", "-CAfile", ca, *more, certificate], capture_output=True,
                          text=True, check=False, timeout=60)
    return done.returncode == 0


def key(number):
    return "0x" + hashlib.sha384(b"key %d" % number).hexdigest()


def root(number):
    return "0x" + hashlib.sha256(b"root %d" % number).hexdigest()


def interchange(entries, chain_root=CHAIN_ROOT):
    """An EIP-3076 file: {key number: (source, target, slot)}."""
    data = [{"pubkey": key(number), "signed_blocks": [{"slot": str(slot)}],
             "signed_attestations": [{"source_epoch": str(source), "target_epoch": str(target)}]}
            for number, (source, target, slot) in entries.items()]
    return {"metadata": {"interchange_format_version": "5", "genesis_validators_root": chain_root}, "data": data}


def marks_of(text):
    """The other way: {pubkey: (source, target, slot)}."""
    def number(entries, name):
        return int(entries[0][name]) if entries else None
    return {entry["pubkey"]: (number(entry["signed_attestations"], "source_epoch"),
                              number(entry["signed_attestations"], "target_epoch"), number(entry["signed_blocks"], "slot"))
            for entry in json.loads(text)["data"]}


def write_json(path, value):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file)
    return path


class Cluster:
    """A cluster that `holdfast cluster create` has made, with its protectors on free ports of 127.0.0.1."""

    def __init__(self, run, name="home", *, members=4, quorum=3, tls=True, more=()):
        self.run = run
        self.name = name
        self.folder = run.path(name)
        self.names = [f"p{i + 1}" for i in range(members)]
        self.urls = {member: f"http{'s' if tls else ''}://127.0.0.1:{port}"
                     for member, port in zip(self.names, free_ports(members))}
        self.processes = {}
        self.tls = tls
        genesis = int(time.time()) - EPOCH * SLOTS_PER_EPOCH * SLOT_SECONDS
        words = ["cluster", "create", "--dir", self.folder, "--name", name, "--quorum", quorum, "--genesis-time", genesis,
                 "--slot-duration-ms", SLOT_SECONDS * 1000, "--genesis-validators-root", CHAIN_ROOT, "--operator", "admin", "--instance", "primary", *more]
        for member, url in self.urls.items():
            words += ["--member", f"{member}={url}"]
        self.said = holdfast(*words)

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def file(self, name):
        """The cluster file as that machine has it."""
        return self.path(name, "cluster.toml") if self.tls else self.path("cluster.toml")

    def start(self, *names, how=("--init",)):
        for name in names or self.names:
            self.processes[name] = self.run.start(f"{self.name}-{name}", [
                program("holdfast-protector"), "--cluster", self.file(name), "--node-id", name, "--data-dir",
                self.run.path(f"{self.name}-{name}-data"), *how])
        return self

    def stop(self, *names):
        for name in names:
            self.processes.pop(name).stop()

    def protection(self, *words, code=0, person="admin", wait="0s"):
        """`holdfast protection ...` as an operator, with the files of the operator's machine."""
        tail = ["--cluster", self.file(person), "--operator", person]
        if words[0] != "status":
            tail += ["--wait", wait]
        return holdfast("protection", *words, *tail, code=code)

    def status(self, code=None):
        """The parsed status; any exit code unless one is named."""
        done = subprocess.run([program("holdfast"), "protection", "status", "--json", "--cluster", self.file("admin"),
                               "--operator", "admin"], capture_output=True, text=True, check=False, timeout=60)
        if code is not None and done.returncode != code:
            raise AssertionError(f"exit code {done.returncode}, expected {code}\n{done.stdout}{done.stderr}")
        return json.loads(done.stdout)

    def states(self):
        return {each["member"]: each["status"] and each["status"]["state"] for each in self.status()["members"]}

    def wait_voting(self, *names):
        wanted = names or self.names
        wait_until(lambda: all(self.states()[name] == "voting" for name in wanted), START_TIMEOUT,
                   f"{wanted} voting: {[process.last_lines(5) for process in self.processes.values()]}")
        return self
