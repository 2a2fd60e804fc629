"""The certificates of `holdfast cluster`, judged by the openssl program and by running protectors over mutual TLS."""
import os
import re
import shutil
import signal
import subprocess
import tempfile
import unittest

from harness.processes import Run, wait_until
from tool import Cluster, holdfast, openssl, verifies

WAIT = 20


def text(certificate):
    return openssl("x509", "-in", certificate, "-noout", "-text")


def days_until_end(certificate):
    """Whole days, by asking openssl whether it still holds then."""
    def holds(days):
        done = subprocess.run(["openssl", "x509", "-in", certificate, "-noout", "-checkend", str(days * 86400 - 600)],
                              capture_output=True, check=False)
        return done.returncode == 0
    low, high = 0, 5000
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if holds(middle) else (low, middle - 1)
    return low


class Made(unittest.TestCase):
    """One cluster for all; nothing runs."""

    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.home = os.path.join(temporary.name, "home")
        holdfast("cluster", "create", "--dir", cls.home, "--name", "home", "--chain", "mainnet", "--quorum", 2, "--member",
                 "p1=https://10.0.0.1:7701", "--member", "p2=https://p2.example.org:7701", "--member", "p3=https://[fd00::3]:7701",
                 "--instance", "primary", "--operator", "admin")
        cls.ca = cls.path("ca", "ca.pem")

    @classmethod
    def path(cls, *names):
        return os.path.join(cls.home, *names)

    def test_members_serve_and_call(self):
        for name, host in [("p1", ("-verify_ip", "10.0.0.1")), ("p2", ("-verify_hostname", "p2.example.org")),
                           ("p3", ("-verify_ip", "fd00::3"))]:
            certificate = self.path(name, f"{name}.pem")
            self.assertTrue(verifies(self.ca, certificate, "-purpose", "sslserver", *host))
            self.assertTrue(verifies(self.ca, certificate, "-purpose", "sslclient"))
            self.assertFalse(verifies(self.ca, certificate, "-purpose", "sslserver", "-verify_ip", "10.0.0.99"))
            self.assertFalse(verifies(self.ca, certificate, "-purpose", "sslserver", "-verify_hostname", "other.example.org"))

    def test_the_others_only_call(self):
        for name, common_name in [("primary", "instance/primary"), ("admin", "operator/admin")]:
            certificate = self.path(name, f"{name}.pem")
            self.assertTrue(verifies(self.ca, certificate, "-purpose", "sslclient"))
            self.assertFalse(verifies(self.ca, certificate, "-purpose", "sslserver"))
            self.assertIn(f"CN = {common_name}", openssl("x509", "-in", certificate, "-noout", "-subject"))

    def test_an_instance_that_is_asked_serves_too_and_stays_so(self):
        with tempfile.TemporaryDirectory() as folder:
            home = os.path.join(folder, "home")
            holdfast("cluster", "create", "--dir", home, "--name", "home", "--chain", "mainnet", "--quorum", 1, "--member",
                     "p1=https://10.0.0.1:7701", "--instance", "primary=10.0.1.1", "--instance", "secondary=v2.example.org", "--instance", "six=fd00::6")
            ca = os.path.join(home, "ca", "ca.pem")

            def serves(name, *host):
                return verifies(ca, os.path.join(home, name, f"{name}.pem"), "-purpose", "sslserver", *host)
            for _ in range(2):
                self.assertTrue(serves("primary", "-verify_ip", "10.0.1.1"))
                self.assertFalse(serves("primary", "-verify_ip", "10.0.1.2"))
                self.assertTrue(serves("secondary", "-verify_hostname", "v2.example.org"))
                self.assertTrue(serves("six", "-verify_ip", "fd00::6"))
                holdfast("cluster", "renew", "--dir", home)
            holdfast("cluster", "renew", "--dir", home, "--name", "primary=10.0.1.9")
            self.assertTrue(serves("primary", "-verify_ip", "10.0.1.9"))
            for wrong, code in (("p1=10.0.0.9", 1), ("primary=https://x", 2), ("primary=", 2)):
                holdfast("cluster", "renew", "--dir", home, "--name", wrong, code=code)

    def test_keys_are_on_p256_and_belong_to_their_certificates(self):
        seen = set()
        for certificate, key in [(self.ca, self.path("ca", "ca.key")),
                                 *[(self.path(name, f"{name}.pem"), self.path(name, f"{name}.key"))
                                   for name in ("p1", "p2", "p3", "primary", "admin")]]:
            self.assertIn("ASN1 OID: prime256v1", text(certificate))
            self.assertIn("Version: 3", text(certificate))
            public = openssl("x509", "-in", certificate, "-noout", "-pubkey")
            self.assertEqual(public, openssl("pkey", "-in", key, "-pubout"))
            seen.add(public)
        self.assertEqual(len(seen), 6)

    def test_the_ca_signs_certificates_but_no_cas(self):
        self.assertRegex(text(self.ca), r"CA:TRUE, pathlen:0")
        self.assertRegex(text(self.path("p1", "p1.pem")), r"CA:FALSE")
        self.assertFalse(verifies(self.path("p1", "p1.pem"), self.path("p2", "p2.pem"), "-no-CAfile"))

    def test_how_long_they_last(self):
        self.assertEqual(days_until_end(self.path("p1", "p1.pem")), 825)
        self.assertEqual(days_until_end(self.ca), 3650)


class Renewed(unittest.TestCase):
    """Protectors that run while their certificates change."""

    def setUp(self):
        self.run_ = Run("cli-certificates")
        self.addCleanup(self.run_.end)
        self.cluster = Cluster(self.run_, members=3, quorum=2)
        self.home = self.cluster.folder

    def reload(self):
        for process in self.cluster.processes.values():
            process.signal(signal.SIGHUP)

    def certificates(self):
        return {name: text(self.cluster.path(name, f"{name}.pem")) for name in ("p1", "p2", "admin")}

    def ends(self):
        """When the certificates end that the members serve with, by the openssl program as a client."""
        all_ends = set()
        for url in self.cluster.urls.values():
            done = subprocess.run(["openssl", "s_client", "-connect", url.removeprefix("https://"), "-CAfile",
                                   self.cluster.path("admin", "ca.pem"), "-cert", self.cluster.path("admin", "admin.pem"), "-key",
                                   self.cluster.path("admin", "admin.key"), "-verify_return_error"], input="", text=True,
                                  capture_output=True, check=False, timeout=30)
            found = re.search(r"NotAfter: (.*)", done.stdout)
            all_ends.add(found.group(1) if found else done.stderr)
        return all_ends

    def test_renewal_while_all_runs(self):
        self.cluster.start().wait_voting()
        before = self.ends()
        self.assertEqual(len(before), 1)
        said = holdfast("cluster", "renew", "--dir", self.home, "--days", 400)
        self.assertIn("Nothing has to be restarted", said)
        self.assertEqual(days_until_end(self.cluster.path("p1", "p1.pem")), 400)
        self.reload()
        wait_until(lambda: not before & self.ends(), WAIT, "the new certificates")
        self.assertEqual(set(self.cluster.states().values()), {"voting"})

    def test_one_name_only(self):
        before = self.certificates()
        holdfast("cluster", "renew", "--dir", self.home, "--name", "p1")
        after = self.certificates()
        self.assertNotEqual(after["p1"], before["p1"])
        self.assertEqual((after["p2"], after["admin"]), (before["p2"], before["admin"]))
        self.assertIn("nobody of this cluster is called 'p9'", holdfast("cluster", "renew", "--dir", self.home, "--name", "p9",
                                                                        code=1))

    def test_a_new_ca_while_all_runs(self):
        self.cluster.start().wait_voting()
        old = self.run_.path("old")
        shutil.copytree(self.cluster.path("admin"), old)
        self.assertIn("each step on all machines", holdfast("cluster", "new-ca", "--dir", self.home))
        self.assertIn("--finish", holdfast("cluster", "new-ca", "--dir", self.home, code=1))
        self.reload()
        self.assertIn("still of the old CA", holdfast("cluster", "new-ca", "--dir", self.home, "--finish", code=1))
        self.assertEqual(set(self.cluster.states().values()), {"voting"})

        holdfast("cluster", "renew", "--dir", self.home)
        self.reload()
        wait_until(lambda: set(self.cluster.states().values()) == {"voting"}, WAIT, "members that vote with new certificates")

        holdfast("cluster", "new-ca", "--dir", self.home, "--finish")
        self.assertTrue(verifies(self.cluster.path("p1", "ca.pem"), self.cluster.path("p1", "p1.pem")))
        self.assertFalse(verifies(self.cluster.path("p1", "ca.pem"), os.path.join(old, "admin.pem")))
        self.reload()
        wait_until(lambda: set(self.cluster.states().values()) == {"voting"}, WAIT, "members that vote with the new CA")
        # Who still has a certificate of the old CA is let in no more. With the new ca.pem, so that it is the member that refuses.
        shutil.copy(self.cluster.path("admin", "ca.pem"), old)
        wait_until(lambda: "NO ANSWER" in holdfast("protection", "status", "--cluster", os.path.join(old, "cluster.toml"),
                                                   "--operator", "admin", code=1), WAIT, "the old certificate's refusal")

    def test_another_clusters_operator_is_refused(self):
        self.cluster.start().wait_voting()
        other = Cluster(self.run_, "other", members=3, quorum=2)
        shutil.copy(self.cluster.path("cluster.toml"), other.path("admin"))
        said = other.protection("status", code=1)
        self.assertEqual(said.count("NO ANSWER"), 3)
        # Even one that trusts this cluster's members.
        shutil.copy(self.cluster.path("admin", "ca.pem"), other.path("admin"))
        self.assertEqual(other.protection("status", code=1).count("NO ANSWER"), 3)
        self.assertEqual(set(self.cluster.states().values()), {"voting"})

    def test_an_instance_is_no_operator(self):
        self.cluster.start().wait_voting()
        said = self.cluster.protection("export", self.run_.path("out.json"), person="primary", code=1)
        self.assertIn("operator", said)
        self.assertFalse(os.path.exists(self.run_.path("out.json")))


if __name__ == "__main__":
    unittest.main()
