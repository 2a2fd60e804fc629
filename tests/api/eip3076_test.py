"""The official EIP-3076 interchange tests, each against a fresh protector, over its API. What a protector keeps is the last message with its
signing root: where the tests name two right answers (a complete database's and a minimal one's) it may give either, and the
table in docs/eip3076.md, which is compared here, says which."""
import glob
import json
import os
import re
import unittest

from daemon import ROOT, Cluster, Daemon
from harness.processes import Run
from openapi import JSON

FILES = sorted(glob.glob(os.path.join(os.environ.get("HOLDFAST_SHARED", ""), "vectors", "eip3076", "*.json")))
OFFICIAL = 38
ZERO_ROOT = "0x" + 64 * "0"
TABLE = os.path.join(ROOT, "docs", "eip3076.md")


def import_file(daemon, interchange):
    headers = {"content-type": JSON, "holdfast-cluster": daemon.cluster_id}
    return daemon.call("POST", "/v1/interchange", headers, json.dumps(interchange).encode(), expect=None).status == 200


def verdict(daemon, path, message):
    answer = daemon.post(path, {**daemon.head(), "messages": [message]})
    return answer["verdicts"][0]["verdict"] in ("approved", "repeated")


def block_of(entry):
    return {"pubkey": entry["pubkey"], "slot": entry["slot"], "signing_root": entry.get("signing_root", ZERO_ROOT)}


def attestation_of(entry):
    return {"pubkey": entry["pubkey"], "signing_root": entry.get("signing_root", ZERO_ROOT),
            "source_epoch": entry["source_epoch"], "target_epoch": entry["target_epoch"]}


class Runner:
    """Runs one file and notes where the two columns differ and what the protector said: (step, what, minimal, complete, ours)."""

    def __init__(self, test, daemon):
        self._test = test
        self._daemon = daemon
        self.differences = []

    def run(self, steps):
        for number, step in enumerate(steps):
            taken = import_file(self._daemon, step["interchange"])
            if not step["should_succeed"]:
                self._test.assertFalse(taken, f"step {number}: the import")
            elif not step["contains_slashable_data"]:
                self._test.assertTrue(taken, f"step {number}: the import")
            for entry in step["blocks"]:
                what = f"block of slot {entry['slot']}"
                self._check(number, what, entry, verdict(self._daemon, "/v1/blocks", block_of(entry)))
            for entry in step["attestations"]:
                what = f"attestation {entry['source_epoch']} to {entry['target_epoch']}"
                self._check(number, what, entry, verdict(self._daemon, "/v1/attestations", attestation_of(entry)))

    def _check(self, number, what, entry, ours):
        minimal = entry["should_succeed"]
        complete = entry.get("should_succeed_complete", minimal)
        self._test.assertIn(ours, (minimal, complete), f"step {number}: {what} of {entry['pubkey'][:12]}")
        if minimal != complete:
            self.differences.append((number, what, minimal, complete, ours))


def rows_of(name, differences):
    word = {True: "yes", False: "no"}
    return [f"| `{name}` | {number} | {what} | {word[minimal]} | {word[complete]} | {word[ours]} |"
            for number, what, minimal, complete, ours in differences]


@unittest.skipUnless(FILES, "no official vectors: ../shared/vectors/eip3076 is not there")
class OfficialTests(unittest.TestCase):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        with open(TABLE, encoding="utf-8") as file:
            cls.documented = re.findall(r"^\| `\w+` \| \d+ \|.*$", file.read(), re.M)

    def check_file(self, path):
        with open(path, encoding="utf-8") as file:
            case = json.load(file)
        with Run("eip3076") as run:
            chain = bytes.fromhex(case["genesis_validators_root"][2:])
            daemon = Daemon(run, Cluster(run.path("cluster"), chain_root=chain))
            runner = Runner(self, daemon)
            runner.run(case["steps"])
        rows = rows_of(case["name"], runner.differences)
        self.assertEqual(rows, [row for row in self.documented if row.startswith(f"| `{case['name']}` ")])

    def test_all_are_there(self):
        self.assertEqual(len(FILES), OFFICIAL)


def add(path):
    name = os.path.basename(path)[:-len(".json")]
    setattr(OfficialTests, "test_" + name, lambda self: self.check_file(path))


for each in FILES:
    add(each)

if __name__ == "__main__":
    unittest.main()
