"""Goal: certificates and the CA are renewed while the protectors run and answer; afterwards the old CA counts for nothing.
Method: the documented steps, in their order, on running protectors with mutual TLS; after every step all members are asked."""
import os
import shutil
import signal
import unittest

from harness.processes import free_port, wait_until
from rig import TIMEOUT, ProtectorsTest, holdfast


class Rollover(ProtectorsTest):
    members = 3
    quorum = 2

    def reload(self):
        for process in self.processes.values():
            process.signal(signal.SIGHUP)

    def expiry(self, what):
        return [int(self.status_of(name)[what]) for name in self.names]

    def all_answer(self):
        """Members to members and operator to members: both directions of every certificate."""
        self.protection("check")
        self.assertEqual(self.states(), ["voting"] * self.members)

    def test_renew(self):
        self.start_all()
        before = self.expiry("certificate_expires")
        self.holdfast("cluster", "renew", "--dir", "home", "--days", 1000)
        self.all_answer()
        self.reload()
        wait_until(lambda: all(b > a for a, b in zip(before, self.expiry("certificate_expires"))), TIMEOUT, "the new certificates")
        self.all_answer()

    def test_new_authority(self):
        self.start_all()
        shutil.copytree(self.path("home", "admin"), self.path("thief"))
        before = self.expiry("ca_expires")
        self.holdfast("cluster", "new-ca", "--dir", "home")
        self.reload()
        wait_until(lambda: all(b > a for a, b in zip(before, self.expiry("ca_expires"))), TIMEOUT, "the new CA")
        self.all_answer()
        self.holdfast("cluster", "renew", "--dir", "home", "--days", 1000)
        self.all_answer()  # new operator's certificate, old members' ones
        certificates = self.expiry("certificate_expires")
        self.reload()
        wait_until(lambda: all(b > a for a, b in zip(certificates, self.expiry("certificate_expires"))), TIMEOUT, "new certificates")
        self.all_answer()
        thief = ("--cluster", self.path("home", "admin", "cluster.toml"), "--operator", "admin", "--wait", "0s", "--certificate",
                 self.path("thief", "admin.pem"), "--key", self.path("thief", "admin.key"))
        self.holdfast("protection", "check", *thief)  # the old CA still counts
        self.holdfast("cluster", "new-ca", "--dir", "home", "--finish")
        self.reload()
        wait_until(lambda: holdfast("protection", "check", *thief).returncode == 1, TIMEOUT, "the old CA to count no more")
        self.all_answer()

    def test_replace_a_machine(self):
        """A member's machine is lost: same name, another address, --rejoin; the cluster's id stays."""
        self.start_all()
        self.stop("p3")
        shutil.rmtree(self.path("data-p3"))
        self.ports[2] = free_port()
        self.holdfast("cluster", "replace-member", "--dir", "home", "--member", f"p3=https://127.0.0.1:{self.ports[2]}")
        self.stop("p1", "p2")
        self.start("p1", "p2", how="")
        self.start("p3", how="--rejoin")
        wait_until(lambda: self.states() == ["voting", "voting", "rejoining"], TIMEOUT, "the new machine to vote above its floor")
        self.assertTrue(os.path.exists(self.path("data-p3", "protection.sqlite")))


if __name__ == "__main__":
    unittest.main()
