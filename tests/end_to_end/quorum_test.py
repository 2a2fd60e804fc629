"""No quorum, no signature: with two of four protectors gone nothing is signed, seen from the chain and from the protectors'
databases; one that comes back brings the duties back, and has kept its records."""
import collections
import unittest

from harness import http_json
from records import recorded_targets
from rig import RigTest


class Quorum(RigTest):
    def test_1_no_quorum_no_signature(self):
        whole = self.next_slot() + 1
        self.chain.time.wait_slot(whole, 0.9)
        self.assertEqual(self.chain.accepted(whole), self.chain.slot_totals(whole).due)

        for member in self.protectors[:2]:
            member.kill()
        first = self.next_slot()
        last = first + 2
        self.chain.time.wait_slot(last, 0.9)
        for slot in range(first, last + 1):
            self.assertEqual(self.chain.accepted(slot), 0, f"slot {slot}: something was signed without a quorum")
        self.assert_never_a_quorum(range(first, last + 1))

        self.protectors[0].restart()
        self.assert_all_right([self.next_slot(), self.chain.time.slot() + 1], "after one protector is back,")
        self.assertEqual(self.chain.totals([]).slashable, 0)
        self.protectors[1].restart()

    def assert_never_a_quorum(self, slots):
        """No attestation of these slots is recorded by as many protectors as a signature needs."""
        holders = collections.Counter()
        for member in self.protectors:
            holders.update({record for record in recorded_targets(member.data) if record.slot in slots})
        self.assertTrue(holders, "the two that were left must have recorded what they said yes to")
        for record, count in holders.items():
            self.assertLess(count, self.quorum, record)

    def test_2_a_killed_protector_keeps_its_records(self):
        member = self.protectors[3]
        first = self.ask(member, signing_root="0x" + "11" * 32)
        self.assertEqual(first["verdict"], "approved")
        member.kill()
        member.restart()
        self.assertEqual(self.ask(member, signing_root="0x" + "11" * 32)["verdict"], "repeated", "a repeat is a yes")
        conflict = self.ask(member, signing_root="0x" + "22" * 32)
        self.assertEqual(conflict["verdict"], "refused")
        self.assertIn("reason", conflict)

    def ask(self, member, signing_root):
        """One vote of a validator that nobody else uses."""
        target = max(0, self.chain.time.epoch_of(self.asked_slot))
        message = {"pubkey": "0x" + "ab" * 48, "signing_root": signing_root, "source_epoch": "0", "target_epoch": str(target)}
        status = member.status()
        answer = http_json.post(member.url + "/v1/attestations", {
            "cluster": status["cluster"], "instance": "test", "generation": status["generation"],
            "genesis_validators_root": self.chain.info["genesis_validators_root"], "messages": [message]})
        return answer["verdicts"][0]

    @property
    def asked_slot(self):
        if not hasattr(self, "_asked_slot"):
            self._asked_slot = self.chain.time.slot()
        return self._asked_slot


if __name__ == "__main__":
    unittest.main()
