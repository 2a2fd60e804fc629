"""All kinds of duties while one of three beacon nodes has a fault: nothing is missed. The long form, with every fault and 1,000
validators, is scripts/prove duties."""
import unittest

from all_duties import AllDutiesTest

SLOTS = 4  # with each fault
FAULTS = {"hang": True}, {"garbage": True}, {"wrong_block": True}, {"foreign_payee": True}, {"wrong_head": True}, {"json_only": True}


class FaultyDuties(AllDutiesTest):
    def test_each_fault_on_one_node(self):
        first = self.next_slot() + 1
        for number, fault in enumerate(FAULTS):
            with self.subTest(**fault):
                node = number % self.nodes
                self.chain.time.wait_slot(first - 1, 0.8)
                self.chain.faults(node, **fault)
                slots = range(first, first + SLOTS)
                self.chain.time.wait_slot(slots[-1], 0.8)
                self.chain.faults(node)
                self.assert_all_done(slots, kinds=set(), message=str(fault))
                first = self.chain.time.slot() + 2


if __name__ == "__main__":
    unittest.main()
