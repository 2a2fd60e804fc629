"""The harness itself: a proof that could not fail would prove nothing. Counting from blocks, on a chain of a few blocks made
here; how processes are started and ended."""
import contextlib
import io
import os
import shutil
import subprocess
import sys
import threading
import time
import unittest

from harness import block_count, kill_cycle
from harness.cluster import ChainTime, Score
from harness.distribution import distribution
from harness.pair import first_move, moves
from harness.pair_rig import run_rigs
from harness.processes import ProcessError, Run
from harness.slot_book import SlotBook

SPE = 4
COMMITTEES = {(slot, 0): [slot * 2, slot * 2 + 1] for slot in range(SPE)} | {(slot, 1): [100 + slot] for slot in range(SPE)}


def root(slot):
    return f"0x{slot:064x}"


def attestation(slot, voters="0x07", committees="0x03", head=None, source=(0, root(0)), target=root(0)):
    return {"aggregation_bits": voters, "committee_bits": committees,
            "data": {"slot": str(slot), "index": "0", "beacon_block_root": root(slot) if head is None else head,
                     "source": {"epoch": str(source[0]), "root": source[1]},
                     "target": {"epoch": str(slot // SPE), "root": target}}}


class FakeReader(block_count.ChainReader):
    """A chain whose blocks are given: {slot: attestations}."""

    def __init__(self, blocks):  # pylint: disable=super-init-not-called
        self.slots_per_epoch = SPE
        self._blocks = {slot: block_count.Block(root(slot), blocks[slot], 0, "", "", []) if slot in blocks else None
                        for slot in range(3 * SPE)}


def whole_chain():
    return {0: []} | {slot + 1: [attestation(slot)] for slot in range(SPE)}


class BlockCount(unittest.TestCase):
    ours = {0, 1, 4, 5, 7, 102}

    def count(self, blocks):
        return FakeReader(blocks).count(0, self.ours, COMMITTEES, (0, root(0)))

    def test_bits_are_little_endian_in_each_byte(self):
        self.assertEqual([i for i, on in enumerate(block_count.bits("0x0180")) if on], [0, 15])

    def test_whole(self):
        count = self.count(whole_chain())
        self.assertTrue(count.all_right(), count.wrong)
        self.assertEqual((count.due, count.distances), (6, [1] * 6))

    def test_voters_of_the_second_committee_follow_those_of_the_first(self):
        self.assertEqual(block_count.attesters(attestation(2, "0x0c"), COMMITTEES), [102])
        self.assertEqual(block_count.attesters(attestation(2, "0x03", "0x02"), COMMITTEES), [102])

    def test_missing_vote_is_missed(self):
        blocks = whole_chain()
        blocks[3] = [attestation(2, "0x06")]
        count = self.count(blocks)
        self.assertFalse(count.all_right())
        self.assertEqual((count.due, count.included), (6, 5))
        self.assertIn("validator 4", count.wrong[0])

    def test_late_inclusion_counts_with_its_distance(self):
        blocks = whole_chain()
        blocks[6] = blocks.pop(4)
        count = self.count(blocks)
        self.assertEqual((count.included, max(count.distances)), (6, 3))

    def test_votes_for_the_block_before_an_empty_slot_are_right(self):
        blocks = whole_chain()
        blocks.pop(2)
        blocks[3] = [attestation(2, head=root(1)), attestation(1)]
        count = self.count(blocks)
        self.assertTrue(count.all_right(), count.wrong)
        self.assertEqual(count.empty_slots, 1)

    def test_wrong_votes_are_wrong(self):
        for wrong, name in (({"head": root(9)}, "right_head"), ({"target": root(9)}, "right_target"),
                            ({"source": (0, root(9))}, "right_source")):
            count = self.count({**whole_chain(), 3: [attestation(2, **wrong)]})
            self.assertEqual(getattr(count, name), 6 - 3, name)
            self.assertFalse(count.all_right())

    def test_nothing_due_proves_nothing(self):
        self.assertFalse(FakeReader(whole_chain()).count(0, {999}, COMMITTEES, (0, root(0))).all_right())


class Processes(unittest.TestCase):
    def test_nothing_is_left_running(self):
        with Run("test") as run:
            code = ("import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); "
                    "print('ready', flush=True); time.sleep(600)")
            deaf = run.start("deaf", [sys.executable, "-c", code])
            deaf.wait_line("ready")
            pid = deaf.pid
        self.assertFalse(subprocess.run(["kill", "-0", str(pid)], stderr=subprocess.DEVNULL, check=False).returncode == 0)

    def test_what_it_said_is_in_the_error(self):
        with Run("test") as run:
            broken = run.start("broken", [sys.executable, "-c", "print('no such thing')"])
            with self.assertRaisesRegex(ProcessError, "no such thing"):
                broken.wait_line("never")


class FakeChain:
    """Slots of 100 ms since slot 20; of slot 12 one vote is included late, of slot 13 never."""
    time = None
    looks = 0

    def __init__(self):
        self.time = ChainTime(time.time() - 2.0, 100, 8)

    def slot_totals(self, slot):
        self.looks += slot == 12
        missing = slot == 13 or (slot == 12 and self.looks == 1)
        return Score(due=4, included=3 if missing else 4, distance_max=2 if slot == 12 else 1)

    def kinds(self, slots):
        return {}

    def missed(self, slot):
        return [f"validator 7: never received ({slot})"]

    def received(self, slot):
        return {"head_event_sent_us": 20_000, "received": [{"us": 31_000}, {"us": 25_000}]}


class Book(unittest.TestCase):
    def test_what_is_late_counts_and_what_is_missing_is_named(self):
        chain = FakeChain()
        book = SlotBook(chain, 10)
        book.close(15)
        self.assertGreaterEqual(set(book.entries), set(range(10, 16)))
        self.assertEqual([entry.missing for entry in book.of(range(11, 15))], [0, 0, 1, 0])
        self.assertEqual(book.entries[12].distance_max, 2)
        self.assertIn("never received (13)", book.entries[13].describe())
        self.assertAlmostEqual(book.entries[10].exchange_seconds(), 0.011, 5)

    def test_not_before_its_time(self):
        book = SlotBook(FakeChain(), 18)
        book.turn()
        self.assertNotIn(18, book.entries)


class Figures(unittest.TestCase):
    def test_distribution(self):
        self.assertEqual(distribution(list(range(100, 0, -1))),
                         {"count": 100, "min": 1, "median": 50, "p90": 90, "p99": 99, "max": 100})
        self.assertEqual(distribution([]), {"count": 0})

    def test_changes_of_a_status(self):
        at = "2026-11-21T10:00:0{}.250Z"
        status = {"changes": [{"when": at.format(number), "from": "a", "to": to, "why": ""}
                              for number, to in ((3, "on_duty"), (2, "suspecting"), (1, "on_duty"))]}
        first = moves(status)[0].when
        self.assertEqual(first % 60, 1.25)
        self.assertEqual(first_move(status, first + 0.5, "on_duty").when, first + 2)
        self.assertIsNone(first_move(status, first + 2.5, "on_duty"))

    def test_moments_of_kills(self):
        moments = kill_cycle.spread(60, 1, 4000, 667)
        self.assertEqual(moments, kill_cycle.spread(60, 1, 4000, 667))
        over_all = sorted(moment.fraction for moment in moments if moment.why == "slot")
        self.assertEqual([int(fraction * 30) for fraction in over_all], list(range(30)))
        self.assertEqual((len([m for m in moments if m.why == "head"]), len([m for m in moments if m.late_block])), (20, 10))
        in_handovers = kill_cycle.spread_in_handovers(10, 1)
        self.assertEqual(sorted(moment.handover_ms // 60 for moment in in_handovers), list(range(10)))
        for moment in moments + in_handovers:
            again = kill_cycle.Moment.parse(str(moment))
            self.assertEqual((round(again.fraction, 5), again.late_block, again.handover_ms),
                             (round(moment.fraction, 5), moment.late_block, moment.handover_ms))
        for wrong in ("1.0", "0.5:early", "0.5:handover", "x"):
            with self.assertRaises(ValueError):
                kill_cycle.Moment.parse(wrong)


def rig_that_speaks(run, say, number):
    say("number", number)
    if number == 3:
        raise ProcessError("it broke")
    if number == 4:  # dies in the middle of a sentence
        shutil.rmtree(run.folder)
        threading.Thread(target=say, args=("much", "x" * 10_000_000), daemon=True).start()
        time.sleep(0.01)
        os._exit(7)


class Rigs(unittest.TestCase):
    def test_side_by_side(self):
        said = []
        with contextlib.redirect_stderr(io.StringIO()):
            problems = run_rigs(rig_that_speaks, {f"rig{number}": (number,) for number in range(1, 5)},
                                lambda kind, name, content: said.append((kind, name, content)))
        self.assertLessEqual({("number", f"rig{number}", number) for number in (1, 2, 3)}, set(said))
        self.assertEqual(problems["rig3"], "it broke")
        self.assertIn("code 7", problems["rig4"])
        self.assertEqual(set(problems), {"rig3", "rig4"})
        for kind, _, folder in said:
            if kind == "folder":
                shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    unittest.main()
