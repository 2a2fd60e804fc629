"""All that a validator does, with real processes: each block, aggregate, sync committee message and contribution comes in time and is
right; also across the fork to Gloas."""
import json
import unittest
import urllib.request

from all_duties import FEE_RECIPIENT, GLOAS_KINDS, KINDS, AllDutiesTest


class AllDuties(AllDutiesTest):
    def test_1_two_epochs_of_all_duties(self):
        last = self.chain.time.first_slot(2) - 1
        self.assert_all_done(range(1, last + 1))
        proposals = self.chain.kinds(range(1, last + 1))["proposal"]
        self.assertEqual(proposals.expected, last, "every block is ours")

    def test_2_blocks_pay_whom_the_operator_named(self):
        with urllib.request.urlopen(self.chain.nodes[0] + "/eth/v2/beacon/blocks/head") as response:
            block = json.load(response)["data"]["message"]
        self.assertEqual(block["body"]["execution_payload"]["fee_recipient"], FEE_RECIPIENT)


class Builders(AllDutiesTest):
    """Every second block is a builder's."""

    sim_options = ("--builder-every", 2)
    primary_options = ("--fee-recipient", FEE_RECIPIENT, "--builder")

    def test_an_epoch_of_blinded_and_full_blocks(self):
        last = self.chain.time.first_slot(1) + 2
        self.assert_all_done(range(1, last + 1))
        self.assertEqual(self.chain.score()["registered"], self.validators, "all are registered with builders")


class ForkToGloas(AllDutiesTest):
    """Fulu, and Gloas from the second epoch on."""

    sim_options = ("--gloas-epoch", 2)

    def test_nothing_is_missed_across_the_fork(self):
        fork = self.chain.time.first_slot(2)
        self.assert_all_done(range(1, fork), KINDS, "before the fork,")
        self.assert_all_done(range(fork, fork + 8), KINDS | GLOAS_KINDS, "after the fork,")


if __name__ == "__main__":
    unittest.main()
