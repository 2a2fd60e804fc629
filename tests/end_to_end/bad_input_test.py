"""Bad input: each kind is answered by one clear sentence and a non-zero exit code; and --check says what it found."""
import json
import os
import shutil
import subprocess
import unittest

from harness.cluster import Chain, Cluster, primary_argv
from harness.processes import Run, free_port

TIMEOUT = 60


class BadInput(unittest.TestCase):
    """A chain and four protectors stand ready; each test starts a primary that must not go on duty."""

    @classmethod
    def setUpClass(cls):
        cls.run_ = Run("BadInput")
        cls.addClassCleanup(cls.run_.end)
        cls.keystores = cls.run_.path("keystores")
        cls.chain = Chain(cls.run_, nodes=3, validators=64, keystores=cls.keystores, keys="0:4", genesis_delay_ms=2000)
        cls.cluster = cls.make_cluster().start()
        cls.protectors = cls.cluster.members

    @classmethod
    def make_cluster(cls, name="cluster", count=4, quorum=3, root=None):
        return Cluster(cls.run_, count, quorum, cls.chain.time, root or cls.chain.info["genesis_validators_root"], name=name)

    def primary(self, *, nodes=None, keystores=None, cluster=None, port=None, options=("--check",)):
        argv = primary_argv(nodes or self.chain.nodes, keystores or self.keystores, cluster or self.cluster.file, "--listen",
                            f"127.0.0.1:{port or free_port()}", *options)
        return subprocess.run([str(word) for word in argv], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=TIMEOUT, check=False)

    def assert_refused(self, done, *words):
        """It ended with an error, and one line of what it says has all these words."""
        said = done.stdout + done.stderr
        self.assertGreater(done.returncode, 0, said)
        self.assertLess(done.returncode, 126, said)
        wanted = [word.lower() for word in words]
        found = any(all(word in line.lower() for word in wanted) for line in said.splitlines())
        self.assertTrue(found, f"{words} not in:\n{said}")
        self.assertNotIn("terminate called", said)
        self.assertNotIn("Assertion", said)

    def copied_keys(self, name):
        folder = self.run_.path(name)
        shutil.copytree(self.keystores, folder)
        return folder

    def keystore_files(self, folder):
        return sorted(os.path.join(folder, name) for name in os.listdir(folder) if name.endswith(".json"))

    def test_check_says_what_it_found(self):
        done = self.primary()
        said = done.stdout + done.stderr
        self.assertEqual(done.returncode, 0, said)
        for url in self.chain.nodes + [member.url for member in self.protectors]:
            self.assertIn(url, said)
        self.assertRegex(said, r"\b4\b.*(key|validator)")

    def test_all_beacon_nodes_unreachable(self):
        url = f"http://127.0.0.1:{free_port()}"
        self.assert_refused(self.primary(nodes=[url]), url)

    def test_one_of_three_beacon_nodes_unreachable_is_named(self):
        url = f"http://127.0.0.1:{free_port()}"
        done = self.primary(nodes=[*self.chain.nodes[:2], url])
        self.assertIn(url, done.stdout + done.stderr)

    def test_foreign_beacon_node(self):
        self.chain.faults(2, foreign_genesis=True)
        self.addCleanup(self.chain.faults, 2)
        self.assert_refused(self.primary(nodes=self.chain.nodes[1:]), self.chain.nodes[2], "genesis")

    def test_quorum_that_could_be_split(self):
        self.assert_refused(self.primary(cluster=self.make_cluster("split", quorum=2).file), "quorum", "2", "4")

    def test_quorum_larger_than_the_members(self):
        self.assert_refused(self.primary(cluster=self.make_cluster("large", quorum=5).file), "quorum", "5", "4")

    def test_port_in_use(self):
        taken = str(self.protectors[0].port)
        done = self.primary(port=taken, options=[])
        self.assert_refused(done, taken, "in use")

    def test_protector_port_in_use(self):
        taken = self.protectors[0].port
        second = self.make_cluster("second", 1, 1).members[0]
        second.data = self.run_.path("second")
        second.launch(init=True, options=["--listen", f"127.0.0.1:{taken}"])
        self.assertGreater(second.process.wait(TIMEOUT), 0)
        self.assertRegex(second.process.printed(), rf"{taken}.*in use|in use.*{taken}")

    def test_wrong_password(self):
        folder = self.copied_keys("wrong-password")
        file = self.keystore_files(folder)[1]
        with open(file[:-len(".json")] + ".txt", "w") as password:
            password.write("not the password")
        self.assert_refused(self.primary(keystores=folder), os.path.basename(file), "password")

    def test_broken_keystore(self):
        folder = self.copied_keys("broken")
        file = self.keystore_files(folder)[0]
        with open(file, "w") as keystore:
            keystore.write('{"crypto": 1')
        self.assert_refused(self.primary(keystores=folder), os.path.basename(file))

    def test_duplicated_key(self):
        folder = self.copied_keys("twice")
        file = self.keystore_files(folder)[0]
        shutil.copy(file, os.path.join(folder, "again.json"))
        shutil.copy(file[:-len(".json")] + ".txt", os.path.join(folder, "again.txt"))
        with open(file) as keystore:
            key = json.load(keystore)["pubkey"].removeprefix("0x")
        self.assert_refused(self.primary(keystores=folder), "again.json", os.path.basename(file), key[:8])

    def test_no_keystores(self):
        folder = self.run_.path("empty")
        os.makedirs(folder)
        self.assert_refused(self.primary(keystores=folder), folder)

    def test_unknown_configuration_key(self):
        path = self.run_.path("config.toml")
        with open(path, "w") as file:
            file.write('clusterr = 3\n')
        self.assert_refused(self.primary(options=["--config", path, "--check"]), "clusterr")

    def test_unknown_option(self):
        self.assert_refused(self.primary(options=["--no-such-option"]), "no-such-option")

    def test_cluster_of_another_chain(self):
        cluster = self.make_cluster("foreign", root="0x" + "77" * 32)
        self.assert_refused(self.primary(cluster=cluster.file), "another chain", "0x7777", "genesis validators root")

    def test_protectors_of_another_cluster(self):
        """The same addresses under a cluster file that the protectors don't have."""
        path = self.run_.path("renamed.toml")
        with open(self.cluster.file) as file, open(path, "w") as renamed:
            renamed.write(file.read().replace('"p1"', '"q1"'))
        done = self.primary(cluster=path)
        self.assert_refused(done, self.protectors[1].url, "another cluster")
        self.assert_refused(done, self.protectors[0].url, "leads to protector p1, not to q1")

    def test_missing_cluster_file(self):
        self.assert_refused(self.primary(cluster=self.run_.path("none.toml")), "cluster", "none.toml")

    def test_protector_without_a_database(self):
        stray = self.make_cluster("stray", 1, 1).members[0]
        stray.data = self.run_.path("stray")
        stray.launch(init=False)
        self.assertGreater(stray.process.wait(TIMEOUT), 0)
        self.assertIn("--init", stray.process.printed())


if __name__ == "__main__":
    unittest.main()
