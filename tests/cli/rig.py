"""The `holdfast` program, and protectors that run with the files that it made."""
import json
import os
import ssl
import subprocess
import time
import unittest
import urllib.request

from harness.cluster import program
from harness.processes import Run, free_ports, wait_until

TIMEOUT = 30
CHAIN_ROOT = "0x" + 32 * "5a"
SLOT_MS = 12_000
SLOTS_PER_EPOCH = 32
EPOCH = 1000  # in which the tests run


def holdfast(*words, folder=None):
    """Runs the program; its exit code, and what it says."""
    return subprocess.run([program("holdfast"), *map(str, words)], cwd=folder, capture_output=True, text=True, timeout=120, check=False)


def key(number):
    return "0x" + format(number, "096x")


def interchange(*validators, chain_root=CHAIN_ROOT):
    """An EIP-3076 file; each validator: (number, source, target, slot)."""
    return json.dumps({
        "metadata": {"interchange_format_version": "5", "genesis_validators_root": chain_root},
        "data": [{"pubkey": key(number), "signed_blocks": [{"slot": str(slot)}],
                  "signed_attestations": [{"source_epoch": str(source), "target_epoch": str(target)}]}
                 for number, source, target, slot in validators]})


class FolderTest(unittest.TestCase):
    """A folder of its own for every test, and words about the program's answers."""

    def setUp(self):
        self.run_ = Run(type(self).__name__)
        self.addCleanup(self.run_.end)

    def path(self, *names):
        return os.path.join(self.run_.folder, *names)

    def read(self, *names):
        with open(self.path(*names), encoding="utf-8") as file:
            return file.read()

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def holdfast(self, *words, expect=0):
        done = holdfast(*words, folder=self.run_.folder)
        self.assertEqual(done.returncode, expect, f"holdfast {' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
        return done.stdout

    def refused(self, sentence, *words, expect=2):
        """Ends with that exit code, and says the sentence (a part of it) on standard error."""
        done = holdfast(*words, folder=self.run_.folder)
        self.assertEqual(done.returncode, expect, f"holdfast {' '.join(map(str, words))}\n{done.stdout}{done.stderr}")
        self.assertIn(sentence, done.stderr)

    def openssl(self, *words, expect=0):
        done = subprocess.run(["openssl", *words], cwd=self.run_.folder, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, expect, f"openssl {' '.join(words)}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr


class ProtectorsTest(FolderTest):
    """A cluster made by `holdfast cluster create`, and its protectors."""

    members = 4
    quorum = 3
    tls = True
    more = ()

    def setUp(self):
        super().setUp()
        self.ports = free_ports(self.members)
        self.names = [f"p{i + 1}" for i in range(self.members)]
        scheme = "https" if self.tls else "http"
        members = [word for name, port in zip(self.names, self.ports) for word in ("--member", f"{name}={scheme}://127.0.0.1:{port}")]
        genesis = int(time.time()) - EPOCH * SLOTS_PER_EPOCH * SLOT_MS // 1000
        clients = ("--instance", "primary", "--operator", "admin") if self.tls else ()
        self.holdfast("cluster", "create", "--dir", "home", "--name", "home", "--quorum", self.quorum, *members, *clients,
                      "--genesis-time", genesis, "--genesis-validators-root", CHAIN_ROOT, *self.more)
        self.processes = {}

    def cluster_file(self, name):
        return self.path("home", name, "cluster.toml") if self.tls else self.path("home", "cluster.toml")

    def start(self, *names, how="--init"):
        for name in names:
            argv = [program("holdfast-protector"), "--cluster", self.cluster_file(name), "--node-id", name, "--data-dir",
                    self.path("data-" + name), *([how] if how else [])]
            self.processes[name] = self.run_.start(name, argv)
        for name in names:
            self.processes[name].wait_line(r"listening on 127\.0\.0\.1:", TIMEOUT)

    def start_all(self):
        self.start(*self.names)
        self.wait_until_voting()

    def wait_until_voting(self):
        wait_until(lambda: self.states() == ["voting"] * self.members, TIMEOUT, "all members to vote")

    def stop(self, *names):
        for name in names:
            self.processes[name].stop()

    def connection(self, person="admin"):
        person_words = ("--operator", person) if self.tls else ()
        return ("--cluster", self.cluster_file(person), *person_words, "--wait", "0s")

    def protection(self, *words, expect=0, person="admin"):
        return self.holdfast("protection", *words, *self.connection(person), expect=expect)

    def protection_json(self, *words, expect=0):
        return json.loads(self.protection(*words, "--json", expect=expect))

    def states(self):
        done = holdfast("protection", "status", "--json", *self.connection())
        return [member["status"]["state"] for member in json.loads(done.stdout)["members"] if member["status"]]

    def status_of(self, name):
        members = json.loads(holdfast("protection", "status", "--json", *self.connection()).stdout)["members"]
        return next(member["status"] for member in members if member["member"] == name)

    def done(self, answer):
        return [member["done"] for member in answer["members"]]

    def ask(self, name, path, value, person="primary"):
        """A validator client's question to one protector."""
        context = None
        port = self.ports[self.names.index(name)]
        if self.tls:
            context = ssl.create_default_context(cafile=self.path("home", person, "ca.pem"))
            context.load_cert_chain(self.path("home", person, person + ".pem"), self.path("home", person, person + ".key"))
        cluster = self.status_of(name)["cluster"]
        head = {"cluster": cluster, "instance": person, "generation": "1", "genesis_validators_root": CHAIN_ROOT}
        scheme = "https" if self.tls else "http"
        request = urllib.request.Request(f"{scheme}://127.0.0.1:{port}{path}", json.dumps({**head, **value}).encode(),
                                         {"content-type": "application/json"})
        with urllib.request.urlopen(request, timeout=TIMEOUT, context=context) as response:
            return json.load(response)

    def verdict(self, name, number, source, target):
        message = {"pubkey": key(number), "signing_root": "0x" + 32 * "77", "source_epoch": str(source), "target_epoch": str(target)}
        return self.ask(name, "/v1/attestations", {"messages": [message]})["verdicts"][0]["verdict"]
