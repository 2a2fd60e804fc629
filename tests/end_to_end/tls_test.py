"""The main job over mutual TLS, with the files that `holdfast cluster create` makes; and certificates that protectors don't let in."""
import os
import subprocess
import unittest

from harness.cluster import Chain, Primary, Protector, primary_argv, program
from harness.processes import Run, free_port, free_ports
from rig import BLOCK_MS, SETTLE_SLOTS, SLOT_MS

TIMEOUT = 60


class TlsCluster:
    """Four protectors, of which three must agree; each program reads the folder of its own machine."""

    def __init__(self, run, name, chain, ports):
        self._folder = run.path(name)
        members = [f"--member=p{number}=https://127.0.0.1:{port}" for number, port in enumerate(ports, 1)]
        subprocess.run([program("holdfast"), "cluster", "create", "--dir", self._folder, "--name", name, "--quorum", "3", *members,
                        "--instance", "primary", "--operator", "admin", "--genesis-time", str(int(chain.time.genesis_time)),
                        "--genesis-validators-root", chain.info["genesis_validators_root"], "--slot-duration-ms",
                        str(chain.time.slot_ms), "--slots-per-epoch", str(chain.time.slots_per_epoch)],
                       check=True, stdout=subprocess.DEVNULL)
        self.file = self.path("primary", "cluster.toml")
        self.members = [Protector(run, self.path(f"p{number}", "cluster.toml"), f"p{number}", port)
                        for number, port in enumerate(ports, 1)]

    def path(self, *names):
        return os.path.join(self._folder, *names)

    def start(self):
        for member in self.members:
            member.launch(init=True)
        for member in self.members:
            member.process.wait_line(r"now voting|voting: ", TIMEOUT)
        return self


class Tls(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.run_ = Run("Tls")
        cls.addClassCleanup(cls.run_.end)
        cls.keystores = cls.run_.path("keystores")
        cls.chain = Chain(cls.run_, nodes=2, validators=32, slot_ms=SLOT_MS, keystores=cls.keystores, genesis_delay_ms=8000,
                          options=["--block-ms", BLOCK_MS])
        ports = free_ports(4)
        cls.cluster = TlsCluster(cls.run_, "home", cls.chain, ports).start()
        cls.stranger = TlsCluster(cls.run_, "stranger", cls.chain, ports)  # the same names and addresses under another CA

    def check(self, *options):
        argv = primary_argv(self.chain.nodes, self.keystores, self.cluster.file, "--listen", f"127.0.0.1:{free_port()}", "--check",
                            *options)
        return subprocess.run([str(word) for word in argv], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=TIMEOUT, check=False)

    def test_duties_over_mutual_tls(self):
        primary = Primary(self.run_, self.chain.nodes, self.keystores, self.cluster).wait_ready()
        first = max(0, self.chain.time.slot()) + 1
        for slot in (first, first + 1):
            self.chain.time.wait_slot(slot + SETTLE_SLOTS, 0.6)
            total = self.chain.slot_totals(slot)
            self.assertTrue(total.perfect(), f"slot {slot}: {total.figures()}\n{primary.process.last_lines()}")
        self.assertEqual(self.chain.totals([]).slashable, 0)
        self.assertEqual(primary.process.stop(), 0)

    def test_check_with_its_own_certificate(self):
        done = self.check()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        for member in self.cluster.members:
            self.assertIn(f"https://127.0.0.1:{member.port}", done.stdout)

    def assert_no_protector(self, done):
        self.assertEqual(done.returncode, 1, done.stdout + done.stderr)
        self.assertIn("FAILED  protectors that vote: 0 of 4, 3 needed", done.stdout)

    def test_certificate_of_another_ca(self):
        path = self.stranger.path
        self.assert_no_protector(self.check("--certificate", path("primary", "primary.pem"), "--key", path("primary", "primary.key")))

    def test_protectors_under_another_ca(self):
        self.assert_no_protector(self.check("--ca", self.stranger.path("primary", "ca.pem")))

    def test_certificate_of_another_role(self):
        """It may read the status; but verdicts and generations are for instances."""
        path = self.cluster.path
        argv = primary_argv(self.chain.nodes, self.keystores, self.cluster.file, "--listen", f"127.0.0.1:{free_port()}",
                            "--start-timeout", "3", "--certificate", path("admin", "admin.pem"), "--key", path("admin", "admin.key"))
        wrong = self.run_.start("wrong-role", argv)
        self.assertEqual(wrong.wait(TIMEOUT), 1, wrong.last_lines())
        self.assertRegex(wrong.printed(), r"not on duty: only 0 of 4 protectors .*p1: HTTP 403: operator/admin may not ")


if __name__ == "__main__":
    unittest.main()
