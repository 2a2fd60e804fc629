"""Goal: `holdfast cluster` makes files that OpenSSL and people can use, changes them without breaking a running cluster, and refuses
everything else with a sentence, nothing half made. Method: the real program; openssl judges the certificates."""
import os
import stat
import tarfile
import unittest

from rig import CHAIN_ROOT, FolderTest

CHAIN = ("--chain", "mainnet")
FOUR = [word for i in range(1, 5) for word in ("--member", f"p{i}=https://10.0.0.{i}:7701")]
CLIENTS = ("--instance", "primary", "--instance", "secondary", "--operator", "admin")


class ClusterTest(FolderTest):
    def create(self, *words, folder="home", quorum=3, members=FOUR, clients=CLIENTS):
        return self.holdfast("cluster", "create", "--dir", folder, "--name", "home", "--quorum", quorum, *members, *clients,
                             *(words or CHAIN))

    def text_of(self, *names):
        return self.openssl("x509", "-noout", "-text", "-in", self.path(*names))

    def verify(self, name, purpose, ca="home/ca/ca.pem", expect=0):
        return self.openssl("verify", "-x509_strict", "-purpose", purpose, "-CAfile", self.path(ca),
                            self.path("home", name, name + ".pem"), expect=expect)

    def mode(self, *names):
        return stat.S_IMODE(os.stat(self.path(*names)).st_mode)

    def files(self, folder):
        return sorted(os.path.relpath(os.path.join(where, name), self.path(folder))
                      for where, _, names in os.walk(self.path(folder)) for name in names)

    def id_of(self, *names):
        out = self.holdfast("cluster", "show", "--cluster", self.path(*names))
        return next(line.split()[1] for line in out.splitlines() if line.startswith("id "))


class Create(ClusterTest):
    def test_every_machine_gets_what_it_needs(self):
        out = self.create()
        for name in ("p1", "p2", "p3", "p4", "primary", "secondary", "admin"):
            self.assertEqual(self.files("home/" + name), sorted(["ca.pem", "cluster.toml", name + ".key", name + ".pem"]))
            self.assertEqual(self.mode("home", name, name + ".key"), 0o600)
            self.assertEqual(self.read("home", name, "cluster.toml"), self.read("home", "cluster.toml"))
            self.assertIn(f"home/{name}/*", out)
        self.assertEqual(self.mode("home", "ca", "ca.key"), 0o600)
        self.assertEqual(self.mode("home", "ca"), 0o700)
        self.assertIn("holdfast-protector --cluster /etc/holdfast/cluster.toml --node-id p4", out)

    def test_members_serve_and_call_others_only_call(self):
        self.create()
        for name in ("p1", "p4"):
            self.verify(name, "sslserver")
            self.verify(name, "sslclient")
        for name in ("primary", "admin"):
            self.verify(name, "sslclient")
            self.verify(name, "sslserver", expect=2)
        self.assertIn("CN = member/p1", self.text_of("home", "p1", "p1.pem"))
        self.assertIn("CN = instance/primary", self.text_of("home", "primary", "primary.pem"))
        self.assertIn("CN = operator/admin", self.text_of("home", "admin", "admin.pem"))

    def test_hosts_are_addresses_or_names(self):
        self.create(members=("--member", "a=https://10.1.2.3:1", "--member", "b=https://[fd00::7]:1", "--member", "c=https://c.example:1"),
                    quorum=2)
        self.assertIn("IP Address:10.1.2.3", self.text_of("home", "a", "a.pem"))
        self.assertIn("IP Address:FD00:0:0:0:0:0:0:7", self.text_of("home", "b", "b.pem"))
        self.assertIn("DNS:c.example", self.text_of("home", "c", "c.pem"))

    def test_how_long(self):
        self.create(*CHAIN, "--days", 3)
        day = 86400
        check = ("x509", "-noout", "-in", self.path("home", "p1", "p1.pem"), "-checkend")
        self.openssl(*check, str(3 * day - 600))
        self.openssl(*check, str(3 * day + 600), expect=1)
        self.openssl("x509", "-noout", "-in", self.path("home", "ca", "ca.pem"), "-checkend", str(3649 * day))

    def test_keys_are_on_p256_and_fit(self):
        self.create()
        public = self.openssl("pkey", "-in", self.path("home", "p1", "p1.key"), "-pubout")
        self.assertEqual(public, self.openssl("x509", "-noout", "-pubkey", "-in", self.path("home", "p1", "p1.pem")))
        self.assertIn("prime256v1", self.text_of("home", "p1", "p1.pem"))

    def test_archives(self):
        out = self.create(*CHAIN, "--archive")
        self.assertEqual(self.mode("home", "p1.tar.gz"), 0o600)
        self.assertFalse(os.path.exists(self.path("home", "p1")))
        with tarfile.open(self.path("home", "p1.tar.gz")) as archive:
            self.assertEqual(sorted(archive.getnames()), ["p1", "p1/ca.pem", "p1/cluster.toml", "p1/p1.key", "p1/p1.pem"])
            self.assertEqual(archive.getmember("p1/p1.key").mode, 0o600)
        self.assertIn("home/p1.tar.gz", out)

    def test_nothing_is_overwritten(self):
        self.create()
        before = self.read("home", "ca", "ca.key")
        self.refused("is there already", "cluster", "create", "--dir", "home", "--name", "x", "--quorum", 3, *FOUR, *CHAIN)
        self.assertEqual(self.read("home", "ca", "ca.key"), before)

    def test_laptop_without_certificates(self):
        out = self.create(members=("--member", "p1=http://127.0.0.1:7701"), quorum=1, clients=())
        self.assertEqual(self.files("home"), ["cluster.toml"])
        self.assertIn("Risk: quorum 1 of 1", out)

    def test_the_risk_of_a_quorum_is_said(self):
        self.assertNotIn("Risk", self.create())
        out = self.create(folder="three", quorum=2, members=FOUR[:6])
        self.assertIn("safe only while no protector loses its memory", out)

    def test_settings_reach_the_file(self):
        self.create("--genesis-time", 1700000000, "--genesis-validators-root", CHAIN_ROOT, "--slot-duration-ms", 5000, "--slots-per-epoch",
                    16, "--mode", "shared", "--unknown-validators", "refuse")
        text = self.read("home", "cluster.toml")
        for line in ("genesis-time = 1700000000", f'genesis-validators-root = "{CHAIN_ROOT}"', "slot-duration-ms = 5000",
                     "slots-per-epoch = 16", 'mode = "shared"', 'unknown-validators = "refuse"', "quorum = 3"):
            self.assertIn(line + "\n", text)

    def test_wrong_words(self):
        start = ("cluster", "create", "--dir", "home", "--name", "home")
        for sentence, words in (
                ("unsafe", ("--quorum", 2, *FOUR, *CHAIN)),
                ("impossible", ("--quorum", 5, *FOUR, *CHAIN)),
                ("'goerli' is none of mainnet", ("--quorum", 3, *FOUR, "--chain", "goerli")),
                ("chain: name one of", ("--quorum", 3, *FOUR)),
                ("not both", ("--quorum", 3, *FOUR, *CHAIN, "--genesis-time", 5)),
                ("is not NAME=URL", ("--quorum", 1, "--member", "p1", *CHAIN)),
                ("for loopback only", ("--quorum", 1, "--member", "p1=http://10.0.0.1:1", *CHAIN)),
                ("comes twice", ("--quorum", 3, *FOUR, *CHAIN, "--instance", "p1")),
                ("can't be a name", ("--quorum", 3, *FOUR, *CHAIN, "--operator", "../x")),
                ("can't be a name", ("--quorum", 3, *FOUR, *CHAIN, "--operator", "ca")),
                ("quorum: is required", (*FOUR, *CHAIN)),
                ("--bogus is not an option", ("--quorum", 3, *FOUR, *CHAIN, "--bogus")),
        ):
            with self.subTest(sentence):
                self.refused(sentence, *start, *words)
                self.assertEqual(os.listdir(self.run_.folder), [])

    def test_unknown_commands(self):
        self.refused("there is no command 'clutser'; there are: status, failover, failback, pause, resume, drill, cluster, protection", "clutser")
        self.refused("there is no command 'make'", "cluster", "make")
        self.refused("name a command")
        for words in (("--help",), ("cluster", "--help"), ("cluster", "create", "--help"), ("protection", "import", "--help")):
            self.assertIn("Example", self.holdfast(*words))


class Show(ClusterTest):
    def test_says_what_there_is(self):
        self.create()
        out = self.holdfast("cluster", "show", "--cluster", self.path("home", "p1", "cluster.toml"))
        for words in ("3 of 4", "https://10.0.0.4:7701", "member/p1", "in 824 days", "survives one member"):
            self.assertIn(words, out)

    def test_a_broken_file(self):
        self.refused("quorum", "cluster", "show", "--cluster", self.write("x.toml", "quorum = 0"))
        self.refused("nowhere.toml", "cluster", "show", "--cluster", "nowhere.toml")


class Renew(ClusterTest):
    def test_all_or_some(self):
        self.create()
        before = {name: self.read("home", name, name + ".pem") for name in ("p1", "p2", "admin")}
        self.holdfast("cluster", "renew", "--dir", "home", "--name", "p1", "--days", 9)
        self.assertNotEqual(self.read("home", "p1", "p1.pem"), before["p1"])
        self.assertEqual(self.read("home", "p2", "p2.pem"), before["p2"])
        self.verify("p1", "sslserver")
        self.assertIn("IP Address:10.0.0.1", self.text_of("home", "p1", "p1.pem"))
        self.holdfast("cluster", "renew", "--dir", "home")
        self.assertNotEqual(self.read("home", "p2", "p2.pem"), before["p2"])
        self.assertNotEqual(self.read("home", "admin", "admin.pem"), before["admin"])
        self.verify("admin", "sslclient")

    def test_machines_whose_folder_was_moved_away(self):
        self.create()
        os.rename(self.path("home", "p1"), self.path("elsewhere"))
        self.holdfast("cluster", "renew", "--dir", "home", "--name", "p1")
        self.assertEqual(self.files("home/p1"), ["ca.pem", "cluster.toml", "p1.key", "p1.pem"])

    def test_archives_stay_archives(self):
        self.create(*CHAIN, "--archive")
        self.holdfast("cluster", "renew", "--dir", "home", "--name", "p1")
        self.assertFalse(os.path.exists(self.path("home", "p1")))
        with tarfile.open(self.path("home", "p1.tar.gz")) as archive:
            self.assertEqual(archive.extractfile("p1/p1.pem").read().decode(), self.read("home", "ca", "issued", "p1.pem"))

    def test_refused(self):
        self.create()
        self.refused("nobody of this cluster is called 'p9'", "cluster", "renew", "--dir", "home", "--name", "p9", expect=1)
        os.remove(self.path("home", "ca", "ca.key"))
        self.refused("ca.key", "cluster", "renew", "--dir", "home", expect=1)


class NewAuthority(ClusterTest):
    def test_both_count_until_the_end(self):
        self.create()
        old = self.path("old.pem")
        os.link(self.path("home", "ca", "ca.pem"), old)
        self.holdfast("cluster", "new-ca", "--dir", "home")
        self.verify("p1", "sslserver")  # the old certificate, with both CAs
        self.assertEqual(self.read("home", "p1", "ca.pem").count("BEGIN CERTIFICATE"), 2)
        self.refused("still of the old CA", "cluster", "new-ca", "--dir", "home", "--finish", expect=1)
        self.refused("already", "cluster", "new-ca", "--dir", "home", expect=1)
        self.holdfast("cluster", "renew", "--dir", "home")
        self.verify("p1", "sslserver")
        self.verify("p1", "sslserver", ca="old.pem", expect=2)
        self.holdfast("cluster", "new-ca", "--dir", "home", "--finish")
        self.verify("p1", "sslserver")
        self.assertEqual(self.read("home", "p1", "ca.pem").count("BEGIN CERTIFICATE"), 1)
        self.refused("no old CA", "cluster", "new-ca", "--dir", "home", "--finish", expect=1)


class Members(ClusterTest):
    def test_add_one(self):
        self.create()
        before = self.id_of("home", "cluster.toml")
        out = self.holdfast("cluster", "add-member", "--dir", "home", "--member", "p5=https://10.0.0.5:7701", "--quorum", 4)
        self.assertIn("--change-cluster", out)
        self.assertNotEqual(self.id_of("home", "cluster.toml"), before)
        self.verify("p5", "sslserver")
        for name in ("p1", "p5", "admin"):
            self.assertEqual(self.read("home", name, "cluster.toml"), self.read("home", "cluster.toml"))

    def test_a_change_that_is_too_large(self):
        self.create()
        before = self.read("home", "cluster.toml")
        more = [word for i in range(5, 9) for word in ("--member", f"p{i}=https://10.0.0.{i}:7701")]
        self.refused("change fewer members", "cluster", "add-member", "--dir", "home", *more, "--quorum", 5, expect=1)
        self.refused("unsafe", "cluster", "add-member", "--dir", "home", *more, expect=1)
        self.refused("comes twice", "cluster", "add-member", "--dir", "home", "--member", "p1=https://10.0.0.9:1", expect=1)
        self.refused("comes twice", "cluster", "add-member", "--dir", "home", "--member", "admin=https://10.0.0.9:1", expect=1)
        self.assertEqual(self.read("home", "cluster.toml"), before)
        self.assertFalse(os.path.exists(self.path("home", "p5")))

    def test_remove_one(self):
        self.create()
        self.holdfast("cluster", "remove-member", "--dir", "home", "--name", "p4", "--quorum", 3)
        self.assertNotIn("p4", self.read("home", "p1", "cluster.toml"))
        self.assertFalse(os.path.exists(self.path("home", "p4")))
        self.refused("no member is called 'p4'", "cluster", "remove-member", "--dir", "home", "--name", "p4", expect=1)

    def test_replace_one(self):
        self.create()
        before = self.id_of("home", "cluster.toml")
        out = self.holdfast("cluster", "replace-member", "--dir", "home", "--member", "p2=https://10.0.9.9:7701")
        self.assertIn("--rejoin", out)
        self.assertEqual(self.id_of("home", "cluster.toml"), before)
        self.assertIn("IP Address:10.0.9.9", self.text_of("home", "p2", "p2.pem"))
        self.assertIn("10.0.9.9", self.read("home", "primary", "cluster.toml"))
        self.refused("no member is called 'p7'", "cluster", "replace-member", "--dir", "home", "--member", "p7=https://10.0.9.9:1",
                     expect=1)

    def test_add_clients(self):
        self.create()
        self.holdfast("cluster", "add-client", "--dir", "home", "--instance", "tertiary", "--operator", "bob")
        self.verify("tertiary", "sslclient")
        self.assertIn("CN = operator/bob", self.text_of("home", "bob", "bob.pem"))
        self.refused("comes twice", "cluster", "add-client", "--dir", "home", "--operator", "bob", expect=1)
        self.refused("name an --instance or an --operator", "cluster", "add-client", "--dir", "home")


class ProtectionWords(FolderTest):
    """What `holdfast protection` refuses before it asks anybody."""

    def test_sentences(self):
        self.holdfast("cluster", "create", "--dir", "home", "--name", "home", "--quorum", 1, "--member", "p1=https://127.0.0.1:1",
                      "--operator", "admin", "--chain", "mainnet")
        cluster = ("--cluster", self.path("home", "admin", "cluster.toml"))
        admin = (*cluster, "--operator", "admin")
        for sentence, words in (
                ("cluster: is required", ("status",)),
                ("operator: name the operator", ("status", *cluster)),
                ("can't read", ("status", *cluster, "--operator", "eve")),
                ("name one FILE", ("import", *admin)),
                ("one word too many", ("import", "a", "b", *admin)),
                ("name at least one public key", ("halt", *admin)),
                ("there is no command 'imprt'", ("imprt",)),
                ("--generation is not an option", ("status", *admin, "--generation", "3")),
        ):
            with self.subTest(sentence):
                self.refused(sentence, "protection", *words)


if __name__ == "__main__":
    unittest.main()
