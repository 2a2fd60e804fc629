"""The operator's commands from another machine: over mutual TLS, to a real pair on the simulated chain."""
import os
import subprocess
import types
import unittest

from harness.cluster import Chain, Primary, Protector, program
from harness.pair import ARMED, ON_DUTY, Secondary, times_for
from harness.processes import Run, free_ports
from tool import holdfast

SLOT_MS = int(os.environ.get("HOLDFAST_TEST_SLOT_MS", "1500"))
TIMEOUT = 60


class Remote(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.run_ = Run("cli-remote")
        cls.addClassCleanup(cls.run_.end)
        keystores = cls.run_.path("keystores")
        cls.chain = Chain(cls.run_, nodes=2, validators=32, slot_ms=SLOT_MS, keystores=keystores, genesis_delay_ms=8000,
                          options=["--block-ms", 200])
        ports = free_ports(4)
        cls.folder = cls.create("home", ports)
        cls.stranger = cls.create("stranger", ports)
        cls.start_protectors(ports)
        times = times_for(SLOT_MS)
        cls.primary = Primary(cls.run_, cls.chain.nodes, keystores, cls.machine("primary"), times, control=True)
        cls.secondary = Secondary(cls.run_, cls.chain.nodes, keystores, cls.machine("secondary"), cls.remote(cls.primary), times).start()

    @classmethod
    def create(cls, name, ports):
        folder = cls.run_.path(name)
        time = cls.chain.time
        holdfast("cluster", "create", "--dir", folder, "--name", name, "--quorum", 3, "--operator", "anna",
                 "--instance", "primary=127.0.0.1", "--instance", "secondary=127.0.0.1",
                 *[f"--member=p{number}=https://127.0.0.1:{port}" for number, port in enumerate(ports, 1)],
                 "--genesis-time", int(time.genesis_time), "--slot-duration-ms", time.slot_ms, "--slots-per-epoch",
                 time.slots_per_epoch, "--genesis-validators-root", cls.chain.info["genesis_validators_root"])
        return folder

    @classmethod
    def start_protectors(cls, ports):
        members = [Protector(cls.run_, os.path.join(cls.folder, f"p{number}", "cluster.toml"), f"p{number}", port)
                   for number, port in enumerate(ports, 1)]
        for member in members:
            member.launch(init=True)
        for member in members:
            member.process.wait_line(r"now voting|voting: ", TIMEOUT)

    @classmethod
    def machine(cls, name):
        return types.SimpleNamespace(file=os.path.join(cls.folder, name, "cluster.toml"))

    @staticmethod
    def remote(instance):
        return f"https://127.0.0.1:{instance.control_port}"

    def setUp(self):
        self.primary.wait_state(ON_DUTY, timeout=TIMEOUT)
        self.secondary.wait_state(ARMED, timeout=TIMEOUT)

    def ask(self, *words, code=0, person="anna", folder=None):
        """As that operator, with the files of the operator's machine."""
        file = os.path.join(folder or self.folder, "anna", "cluster.toml")
        return holdfast(*words, "--cluster", file, *(["--operator", person] if person else []), code=code)

    def test_status_of_both(self):
        said = self.ask("status", "--url", self.remote(self.primary), "--url", self.remote(self.secondary))
        self.assertRegex(said, r"\nprimary +primary +on duty +YES +yes +yes .*\nsecondary +secondary +armed +- +yes +yes ")
        self.assertEqual(said.count("4 of 4 vote, 3 are needed"), 2)
        self.assertEqual(said.count("2 of 2 fit, 2 are needed"), 2)
        self.assertNotIn("!", said)

    def test_there_and_back(self):
        """The secondary passes the command on, with its own certificate."""
        said = self.ask("failover", "--url", self.remote(self.secondary))
        self.assertIn("done: secondary is on duty, in generation ", said)
        self.primary.wait_state("standby", timeout=TIMEOUT)
        said = self.ask("failback", "--url", self.remote(self.primary))
        self.assertIn("done: primary is on duty, in generation ", said)
        self.assertEqual(self.chain.totals([]).slashable, 0)

    def test_drill(self):
        # The first slot of the chain may have begun before the pair was there.
        self.chain.time.wait_slot(max(2, self.chain.time.slot() + 1), 0.1)
        said = self.ask("drill", "--slots", 2, "--url", self.remote(self.secondary))
        self.assertIn("2 of 2 slots: the same as the primary", said)

    def test_pause_at_the_secondary_is_for_both(self):
        self.assertIn("at the primary too", self.ask("pause", "--url", self.remote(self.secondary)))
        self.assertIn("! paused", self.ask("status", "--url", self.remote(self.primary)))
        self.ask("resume", "--url", self.remote(self.secondary))
        self.assertNotIn("paused", self.ask("status", "--url", self.remote(self.primary)))

    def test_who_is_not_known_gets_nothing(self):
        url = self.remote(self.primary)
        self.assertIn("operator: name the operator", self.ask("status", "--url", url, code=2, person=None))
        member = [os.path.join(self.folder, "p1", "p1." + end) for end in ("pem", "key")]
        said = self.ask("pause", "--url", url, "--certificate", member[0], "--key", member[1], code=1)
        self.assertIn("it is for operators and validator instances", said)
        for words in (["status"], ["pause"], ["failover", "--force"], ["drill"]):
            self.ask(*words, "--url", url, folder=self.stranger, code=1)
        self.assertFalse(self.primary.health()["paused"])

    def test_the_open_address_takes_no_commands(self):
        self.assertIn("on duty", self.ask("status", "--url", self.primary.url))
        said = self.ask("failover", "--url", self.primary.url, code=1)
        self.assertIn(f"{self.primary.url} takes no commands; use the instance's --control-listen address or --socket", said)

    def test_help_names_every_command(self):
        said = subprocess.run([program("holdfast"), "--help"], capture_output=True, text=True, check=True, timeout=20).stdout
        for name in ("status", "failover", "failback", "pause", "resume", "drill", "cluster", "protection"):
            self.assertRegex(said, rf"\n  {name} +\w")


if __name__ == "__main__":
    unittest.main()
