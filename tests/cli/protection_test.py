"""`holdfast protection` against running protectors."""
import json
import os
import time
import unittest

from harness import http_json
from harness.cluster import program
from harness.processes import Run
from tool import CHAIN_ROOT, EPOCH, Cluster, interchange, key, marks_of, root, write_json

PARTLY = 3
OTHER_CHAIN = "0x" + 32 * "12"


class ProtectionTest(unittest.TestCase):
    def setUp(self):
        self.run_ = Run("cli-protection")
        self.addCleanup(self.run_.end)

    def cluster(self, name="home", **how):
        return Cluster(self.run_, name, **how).start().wait_voting()

    def file(self, value, name="in.json"):
        return write_json(self.run_.path(name), value)

    def exported(self, cluster, *words, code=0):
        path = self.run_.path("out.json")
        cluster.protection("export", path, "--overwrite", *words, code=code)
        with open(path, encoding="utf-8") as file:
            return marks_of(file.read())


class Files(ProtectionTest):
    def test_there_and_back_on_all_members(self):
        cluster = self.cluster()
        said = cluster.protection("import", self.file(interchange({1: (10, 20, 30), 2: (11, 21, 31)})))
        self.assertIn("2 validators", said)
        for name in cluster.names:
            self.assertRegex(said, rf"{name} +yes +2 validators changed")
        self.assertEqual(self.exported(cluster), {key(1): (10, 20, 30), key(2): (11, 21, 31)})
        self.assertEqual(os.stat(self.run_.path("out.json")).st_mode & 0o777, 0o600)

    def test_only_upwards_and_again_changes_nothing(self):
        cluster = self.cluster(members=1, quorum=1, tls=False)
        cluster.protection("import", self.file(interchange({1: (10, 20, 30)})))
        self.assertIn("1 validators changed", cluster.protection("import", self.file(interchange({1: (5, 25, 7)}))))
        self.assertEqual(self.exported(cluster), {key(1): (10, 25, 30)})
        self.assertIn("0 validators changed", cluster.protection("import", self.file(interchange({1: (9, 19, 29)}))))
        self.assertEqual(self.exported(cluster), {key(1): (10, 25, 30)})

    def test_a_wrong_file_reaches_nobody(self):
        cluster = self.cluster(members=1, quorum=1, tls=False)
        half = interchange({1: (10, 20, 30), 2: (1, 2, 3)})
        half["data"][1]["pubkey"] = "0x12"
        self.assertIn("nothing was changed", cluster.protection("import", self.file(half), code=2))
        said = cluster.protection("import", self.file(interchange({1: (1, 2, 3)}, OTHER_CHAIN)), code=2)
        self.assertIn("of another chain", said)
        old = interchange({1: (1, 2, 3)})
        old["metadata"]["interchange_format_version"] = "4"
        self.assertIn("version", cluster.protection("import", self.file(old), code=2))
        self.assertIn("nix.json", cluster.protection("import", self.run_.path("nix.json"), code=2))
        self.assertEqual(self.exported(cluster), {})

    def test_who_has_it_and_who_has_not(self):
        cluster = self.cluster()
        path = self.file(interchange({1: (10, 20, 30)}))
        cluster.stop("p4")
        said = cluster.protection("import", path, code=PARTLY)
        self.assertRegex(said, r"p1 +yes")
        self.assertRegex(said, r"p4 +NO +.*127\.0\.0\.1")
        self.assertIn("Run this again", said)
        cluster.stop("p3")
        report = json.loads(cluster.protection("import", path, "--json", code=1))
        self.assertFalse(report["complete"])
        self.assertEqual([(each["member"], each["done"]) for each in report["members"]],
                         [("p1", True), ("p2", True), ("p3", False), ("p4", False)])
        cluster.start("p3", "p4", how=()).wait_voting()
        said = json.loads(cluster.protection("import", path, "--json"))
        self.assertTrue(said["complete"])
        self.assertEqual(said["validators"], 1)

    def test_a_member_that_comes_back_meanwhile_gets_it(self):
        cluster = self.cluster()
        cluster.stop("p4")
        path = self.file(interchange({1: (10, 20, 30)}))
        command = self.run_.start("import", [*import_words(cluster, path), "--wait", "60s"])
        time.sleep(0.3)  # the other members have answered; without the wait it would end now
        self.assertTrue(command.running)
        cluster.start("p4", how=())
        self.assertEqual(command.wait(), 0)
        self.assertRegex(command.out(), r"p4 +yes +1 validators changed")

    def test_an_export_is_the_highest_of_all_and_never_lacks_what_was_approved(self):
        cluster = self.cluster()
        cluster.protection("import", self.file(interchange({1: (10, 20, 30)})))
        cluster.stop("p1")
        cluster.protection("import", self.file(interchange({1: (11, 19, 31), 2: (1, 2, 3)})), code=PARTLY)
        cluster.start("p1", how=()).wait_voting()
        cluster.stop("p4")
        # p1 has 10, 20, 30; the others that answer have 11, 20, 31.
        self.assertEqual(self.exported(cluster, code=PARTLY), {key(1): (11, 20, 31), key(2): (1, 2, 3)})
        cluster.stop("p3", "p2")
        path = self.run_.path("few.json")
        self.assertIn("at least 2 of 4", cluster.protection("export", path, code=1))
        self.assertFalse(os.path.exists(path))
        self.assertIn("may lack", cluster.protection("export", path, "--allow-partial", code=1))
        with open(path, encoding="utf-8") as file:
            self.assertEqual(marks_of(file.read()), {key(1): (10, 20, 30)})

    def test_no_file_is_overwritten_unless_told_to(self):
        cluster = self.cluster(members=1, quorum=1, tls=False)
        path = self.file({}, "mine.json")
        self.assertIn("--overwrite", cluster.protection("export", path, code=2))
        with open(path, encoding="utf-8") as file:
            self.assertEqual(file.read(), "{}")
        self.assertEqual(marks_of(cluster.protection("export", "-")), {})


class Status(ProtectionTest):
    def test_all_is_well(self):
        cluster = self.cluster()
        said = cluster.protection("status")
        self.assertIn("All is well", said)
        for name in cluster.names:
            self.assertRegex(said, rf"{name} +voting +0\.1\.0 +0 +0 +0 +1\.\d+ +\d+ days +[\d.]+ ms")
        report = cluster.status(code=0)
        self.assertEqual(report["problems"], [])
        self.assertEqual(report["members"][0]["status"]["node"], "p1")

    def test_problems_in_words(self):
        cluster = self.cluster()
        cluster.stop("p2")
        said = cluster.protection("status", code=PARTLY)
        self.assertRegex(said, r"p2 +NO ANSWER")
        self.assertIn("! p2: ", said)
        cluster.stop("p3")
        said = cluster.protection("status", code=1)
        self.assertIn("only 2 members vote, and 3 are needed: nothing can be signed", said)

    def test_a_certificate_that_ends_soon(self):
        cluster = self.cluster(members=1, quorum=1, more=("--days", "20"))
        self.assertRegex(cluster.protection("status", code=PARTLY), r"p1: its certificate ends in (19|20) days; holdfast cluster renew")

    def test_addresses_that_are_mixed_up(self):
        cluster = self.cluster(members=2, quorum=2, tls=False)
        with open(cluster.path("cluster.toml"), encoding="utf-8") as file:
            text = file.read()
        one, two = cluster.urls["p1"], cluster.urls["p2"]
        with open(cluster.path("cluster.toml"), "w", encoding="utf-8") as file:
            file.write(text.replace(one, "one").replace(two, one).replace("one", two))
        self.assertIn("at this address answers 'p2'", cluster.protection("status", code=1))
        self.assertIn("at this address answers 'p2'", cluster.protection("enrol", key(1), code=1))
        self.assertIn("at this address answers 'p2'", cluster.protection("check", code=1))
        self.assertIn("at this address answers 'p2'", cluster.protection("export", self.run_.path("out.json"), code=1))
        self.assertFalse(os.path.exists(self.run_.path("out.json")))

    def test_another_cluster(self):
        cluster = self.cluster(members=1, quorum=1, tls=False)
        with open(cluster.path("cluster.toml"), encoding="utf-8") as file:
            text = file.read()
        with open(cluster.path("cluster.toml"), "w", encoding="utf-8") as file:
            file.write(text.replace('mode = "fenced"', 'mode = "shared"'))
        self.assertIn("another cluster", cluster.protection("status", code=1))
        self.assertIn("another cluster", cluster.protection("import", self.file(interchange({1: (1, 2, 3)})), code=1))


class Keys(ProtectionTest):
    def vote(self, cluster, number, target=EPOCH):
        """What p1 says to a vote on plain HTTP."""
        head = {"cluster": self.cluster_id(cluster), "instance": "primary", "generation": "0",
                "genesis_validators_root": CHAIN_ROOT}
        message = {"pubkey": key(number), "signing_root": root(target), "source_epoch": str(target - 1),
                   "target_epoch": str(target)}
        answer = http_json.post(cluster.urls["p1"] + "/v1/attestations", {**head, "messages": [message]})
        return answer["verdicts"][0]

    @staticmethod
    def cluster_id(cluster):
        return cluster.status()["members"][0]["status"]["cluster"]

    def test_halt_and_lift(self):
        cluster = self.cluster(members=1, quorum=1, tls=False, more=("--mode", "shared"))
        self.assertEqual(self.vote(cluster, 1, EPOCH - 1)["verdict"], "approved")
        self.assertIn("1 newly halted", cluster.protection("halt", key(1)))
        refused = self.vote(cluster, 1)
        self.assertEqual(refused["verdict"], "refused")
        self.assertIn("halted", refused["reason"])
        self.assertIn("1 validators are halted", cluster.protection("status", code=PARTLY))
        self.assertIn("0 newly halted", cluster.protection("halt", key(1)))
        self.assertIn("1 no longer halted", cluster.protection("lift", key(1)))
        self.assertEqual(self.vote(cluster, 1)["verdict"], "approved")

    def test_a_halt_that_not_all_members_have(self):
        cluster = self.cluster()
        cluster.stop("p4")
        self.assertIn("A quorum refuses these", cluster.protection("halt", key(1), code=PARTLY))
        cluster.start("p4", how=()).wait_voting()
        self.assertIn("from 0 to 1 validators are halted, not the same everywhere", cluster.protection("status", code=PARTLY))
        cluster.protection("halt", key(1))
        self.assertIn("! 1 validators are halted", cluster.protection("status", code=PARTLY))

    def test_enrolment_from_a_file(self):
        cluster = self.cluster(members=1, quorum=1, tls=False, more=("--mode", "shared", "--unknown-validators", "refuse"))
        self.assertIn("unknown", self.vote(cluster, 1)["reason"])
        path = self.run_.path("keys.txt")
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"{key(1)}\r\n\n{key(2)} \n")
        self.assertIn("2 newly enrolled", cluster.protection("enrol", "--keys", path))
        self.assertEqual(self.vote(cluster, 1)["verdict"], "approved")
        self.assertEqual(self.vote(cluster, 2)["verdict"], "approved")

    def test_wrong_keys_reach_nobody(self):
        cluster = self.cluster(members=1, quorum=1, tls=False)
        self.assertIn("'0x12' is no public key", cluster.protection("enrol", key(1), "0x12", code=2))
        self.assertIn("name at least one public key", cluster.protection("halt", code=2))
        self.assertEqual(cluster.status()["members"][0]["status"]["validators"], "0")


class Check(ProtectionTest):
    def test_whole_databases(self):
        cluster = self.cluster()
        said = cluster.protection("check")
        for name in cluster.names:
            self.assertRegex(said, rf"{name} +yes")
        cluster.stop("p4")
        self.assertRegex(cluster.protection("check", code=PARTLY), r"p4 +NO")


def import_words(cluster, path):
    return [program("holdfast"), "protection", "import", path, "--cluster", cluster.file("admin"), "--operator", "admin"]


if __name__ == "__main__":
    unittest.main()
