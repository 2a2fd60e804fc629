"""The operator's commands for the pair: status, failover, failback, pause, resume, drill; against instances that the test plays."""
import json
import os
import signal
import subprocess
import time
import unittest

from fake_instance import FakeInstance, health, node, polled, protector, slot
from harness.cluster import program
from harness.processes import Run, wait_until


class InstanceTest(unittest.TestCase):
    def setUp(self):
        self.run_ = Run("cli-instance")
        self.addCleanup(self.run_.end)
        self.folder = self.run_.path("run")
        os.mkdir(self.folder)

    def fake(self, document=None, name="primary", **more):
        """On a socket where it is found, or without a name on a port."""
        made = FakeInstance(document, os.path.join(self.folder, name + ".sock") if name else None, **more)
        self.addCleanup(made.end)
        return made

    def environment(self):
        return {**os.environ, "HOLDFAST_RUN": self.folder}

    def holdfast(self, *words, code=0):
        """What it prints, on either."""
        done = subprocess.run([program("holdfast"), *map(str, words)], capture_output=True, text=True, timeout=60, check=False,
                              env=self.environment())
        self.assertEqual(done.returncode, code, f"{words}\n{done.stdout}{done.stderr}")
        return done.stdout + done.stderr


class Found(InstanceTest):
    def test_the_only_socket(self):
        fake = self.fake()
        self.holdfast("pause")
        self.assertEqual(fake.commands, [("application/json", {"command": "pause"})])

    def test_none(self):
        self.assertIn(f"there is no socket in {self.folder}", self.holdfast("status", code=1))

    def test_more_than_one(self):
        first = self.fake()
        second = self.fake(name="secondary")
        said = self.holdfast("pause", code=2)
        self.assertIn(f"{first.path}, {second.path}", said)
        self.holdfast("pause", "--socket", second.path)
        self.assertEqual((len(first.commands), len(second.commands)), (0, 1))

    def test_other_files_do_not_count(self):
        with open(os.path.join(self.folder, "notes.sock"), "w", encoding="utf-8"):
            pass
        self.fake()
        self.holdfast("pause")

    def test_url(self):
        fake = self.fake(name=None)
        self.holdfast("resume", "--url", fake.url + "/")
        self.assertEqual(fake.commands[0][1], {"command": "resume"})

    def test_address_without_commands(self):
        fake = self.fake(name=None)
        fake.takes_commands = False
        self.assertIn("takes no commands; use the instance's --control-listen address", self.holdfast("pause", "--url", fake.url, code=1))

    def test_dead_socket(self):
        self.fake().end()
        self.assertIn("nobody listens on", self.holdfast("pause", code=1))

    def test_wrong_words(self):
        for words, sentence in ((["--url", "ftp://x"], "url: "), (["--url", "https://127.0.0.1:1"], "cluster: "),
                                (["--url", "http://a,http://b"], "url: this command is for one instance"),
                                (["--socket", "x", "--url", "http://a"], "url: give --socket or --url"), (["now"], "now")):
            self.assertIn(sentence, self.holdfast("pause", *words, code=2), words)
        self.assertIn("json: give --json or --watch", self.holdfast("status", "--json", "--watch", "--socket", "x", code=2))


class Status(InstanceTest):
    def test_all_is_well(self):
        self.fake()
        said = self.holdfast("status")
        self.assertRegex(said, r"slot 97, epoch 3\n")
        self.assertRegex(said, r"primary +primary +on duty +YES +yes +yes .* 3 +0\.1\.0 +answered in ")
        self.assertIn("primary: on duty: nobody else is on duty\n", said)
        self.assertRegex(said, r"p4 +yes +voting +3 primary +0\.8 ms")
        self.assertIn("4 of 4 vote, 3 are needed\n", said)
        self.assertRegex(said, r"http://node1:5052 +yes +96 +100 +Sim/v1\n")
        self.assertIn("256 of 256 validators are active; epoch 2: 256 of 256 attested here\n", said)
        self.assertRegex(said, r"\n96 +8 +8 +904 ms +910 ms +915 ms\n")
        self.assertIn("restart: safe now: the secondary is ready\n", said)
        self.assertIn("starting -> on duty: nobody else was on duty\n", said)
        self.assertNotIn("!", said)
        self.assertNotIn("\x1b", said)

    def test_secondary_shows_the_primary_it_polls(self):
        self.fake(health("secondary", "standby", rules_state="armed", reason="the primary is on duty and well"), name="secondary",
                  peer=polled(health()), failback_at="2026-11-21T10:20:00.000Z")
        said = self.holdfast("status")
        self.assertRegex(said, r"secondary +secondary +armed +- +yes +yes ")
        self.assertRegex(said, r"primary +primary +on duty +YES .*polled by secondary: answered\n")
        self.assertRegex(said, "duty goes back to the primary at [0-9- ]*10:20:00\n")

    def test_a_primary_that_is_gone_is_not_shown_on_duty(self):
        gone = {"outcome": "refused", "performs": False, "sentence": "no connection: connection refused"}
        self.fake(health("secondary", rules_state="on_duty"), name="secondary", peer=polled(health(), last_poll=gone))
        said = self.holdfast("status")
        self.assertRegex(said, r"primary +primary +\? +\? .*polled by secondary: refused\n")
        self.assertIn("! the primary: no connection: connection refused\n", said)
        self.assertNotIn("the protectors:", said)

    def test_each_slot_once(self):
        self.fake(recent=[slot(96, adopted=True, decided_ms=None), slot(96, attested=0, only_decided=True), slot(95),
                          slot(94, adopted=True, decided_ms=None), slot(93), slot(93, adopted=True, attested=3)])
        said = self.holdfast("status")
        self.assertRegex(said, r"\n96 +8 +- +904 ms .* decided, off duty; adopted\n95 +8 +8 +904 ms +910 ms +915 ms\n"
                               r"94 +8 +8 +- +910 ms +915 ms +adopted\n93 +8 +8 +904 ms +910 ms +915 ms +adopted\n\n")

    def test_what_is_wrong_is_said(self):
        bad_check = {"name": "beacon_nodes", "ok": False, "since": "2026-11-21T10:01:00.000Z", "detail": "1 of 3 fit, 2 needed"}
        silent = {"outcome": "silent", "performs": False, "sentence": "no answer within 400 ms"}
        self.fake(health("secondary", "standby", healthy=False, ready=False, why_not_ready="not armed", paused=True,
                         checks=[bad_check]),
                  peer=polled(None, last_poll=silent, differences=["validator keys: 100 here, 101 at the primary"]),
                  protectors={"quorum": 3, "members": [protector("p1", votes=False), protector("p2")]},
                  beacon_nodes={"threshold": 2, "nodes": [node("n1", fit=False, detail="80 slots behind")]},
                  recent=[slot(96, attested=6, missed={"no_quorum": 2}, missed_details={"no_quorum": "3 have said no"}),
                          slot(95, attested=0, only_decided=True)],
                  restart={"safe_now": False, "sentence": "not now: a proposal is due in slot 98"})
        said = self.holdfast("status")
        for sentence in ("! paused: nothing happens by itself", "! not ready for duty: not armed", "! beacon_nodes, since ",
                         ": 1 of 3 fit, 2 needed", "! differs: validator keys: 100 here, 101 at the primary",
                         "! the primary: no answer within 400 ms", "connection refused", "1 of 2 vote, 3 are needed",
                         "NO: syncing", "80 slots behind", "0 of 1 fit, 2 are needed", "missed 2: 3 have said no",
                         "decided, off duty", "restart: not now: a proposal is due in slot 98"):
            self.assertIn(sentence, said)

    def test_less_than_expected_is_shown_as_far_as_it_goes(self):
        fake = self.fake()
        fake.more = {"protectors": [1, "x"], "beacon_nodes": None, "recent": {"a": 1}, "changes": "none", "peer": 5, "slot": {},
                     "validators": [], "restart": "?"}
        self.assertRegex(self.holdfast("status"), r"primary +primary +on duty")
        fake.more = {"protectors": {"quorum": -1, "members": [1, {"name": []}]}, "recent": [None, {"missed_details": 3}],
                     "peer": {"health": {"role": 1}, "differences": {}, "last_poll": 3}}
        self.assertRegex(self.holdfast("status"), r"primary +primary +on duty")

    def test_what_an_instance_says_does_not_move_the_cursor(self):
        self.fake(health(reason="\x1b[2Jgone\rover"))
        said = self.holdfast("status")
        self.assertIn("?[2Jgone?over", said)
        self.assertNotIn("\x1b", said)

    def test_garbage(self):
        fake = self.fake()
        fake.garbage = "<html>"
        self.holdfast("status", code=1)
        fake.garbage = "[" * 100_000
        self.holdfast("status", code=1)

    def test_json_is_the_instances_own(self):
        fake = self.fake()
        self.assertEqual(json.loads(self.holdfast("status", "--json")), {**fake.health, **fake.more})

    def test_both_instances(self):
        primary = self.fake(name=None)
        secondary = self.fake(health("secondary", "standby", rules_state="armed"), name=None, peer=polled(health()))
        said = self.holdfast("status", "--url", primary.url, "--url", secondary.url)
        self.assertEqual(said.count("polled by"), 0)
        self.assertRegex(said, r"\nprimary +primary +on duty .*\nsecondary +secondary +armed ")
        primary.end()
        said = self.holdfast("status", "--url", f"{primary.url},{secondary.url}")
        self.assertIn(f"no answer: {primary.url}", said)
        self.assertRegex(said, r"secondary +secondary +armed ")
        secondary.end()
        self.holdfast("status", "--url", f"{primary.url},{secondary.url}", code=1)

    def test_watch_survives_the_instance(self):
        fake = self.fake()
        path = self.run_.path("watch.txt")
        with open(path, "w", encoding="utf-8") as out:
            watch = subprocess.Popen([program("holdfast"), "status", "--watch"], stdout=out, stderr=out, env=self.environment())

        self.addCleanup(watch.wait, 10)
        self.addCleanup(watch.send_signal, signal.SIGTERM)

        def said():
            with open(path, encoding="utf-8") as file:
                return file.read()
        wait_until(lambda: "answered in" in said(), 20, "first look")
        fake.end()
        wait_until(lambda: "NO ANSWER for" in said(), 20, "its silence")
        self.assertIn("! what follows is what it said at", said())
        self.assertIsNone(watch.poll())
        before = len(said())
        self.fake(health(reason="it is back"))
        wait_until(lambda: "it is back" in said()[before:], 20, "its return")


class Handovers(InstanceTest):
    """The fake changes its state after some polls."""

    def script(self, fake, *states):
        """Each of `states` for two polls, from the command on; the last one stays."""
        begun = []

        def on_command(_):
            begun.append(fake.polls)
            return 200, "the primary drains, then the secondary takes duty"

        def on_poll(_):
            if begun:
                fake.set(**states[min((fake.polls - begun[0] - 1) // 2, len(states) - 1)])
        fake.on_command = on_command
        fake.on_poll = on_poll

    def test_failover_at_the_primary(self):
        fake = self.fake()
        draining = {"state": "draining", "rules_state": "draining", "reason": "the duties of slot 97"}
        self.script(fake, draining, {**draining, "drained": True, "on_duty": False, "reason": "waiting for the secondary"},
                    {"state": "fenced", "rules_state": "standby", "on_duty": False, "drained": False,
                     "reason": "secondary is on duty in generation 4"})
        said = self.holdfast("failover")
        self.assertEqual(fake.commands[0][1], {"command": "failover"})
        lines = [line.split("s  ", 1)[1] for line in said.splitlines()]
        self.assertEqual(lines, ["primary is on duty: nobody else is on duty", "the primary drains, then the secondary takes duty",
                                 "primary is draining: the duties of slot 97", "primary is draining: waiting for the secondary",
                                 "primary is standby: secondary is on duty in generation 4", "done: primary is off duty"])
        self.assertRegex(said, r"^[0-9:]{8}  \+0\.\d s  ")

    def test_failover_that_is_given_up(self):
        fake = self.fake()
        self.script(fake, {"state": "draining", "rules_state": "draining"},
                    {"state": "on_duty", "since": "2026-11-21T10:00:09.000Z", "reason": "the secondary did not come"})
        self.assertIn("it was given up: primary is", self.holdfast("failover", code=1))

    def test_failover_at_the_secondary(self):
        fake = self.fake(health("secondary", "standby", rules_state="armed"))
        self.script(fake, {"rules_state": "taking_over", "state": "standby"},
                    {"state": "on_duty", "rules_state": "on_duty", "on_duty": True, "generation": "4"})
        self.assertIn("done: secondary is on duty, in generation 4\n", self.holdfast("failover"))

    def test_by_force(self):
        fake = self.fake(health("secondary", "standby", rules_state="armed"))
        self.script(fake, {"state": "on_duty", "rules_state": "on_duty", "on_duty": True})
        self.holdfast("failover", "--force")
        self.assertEqual(fake.commands[0][1], {"command": "force-failover"})

    def test_failback(self):
        for role, states, flag, sent in (
                ("primary", {"state": "on_duty", "rules_state": "on_duty", "on_duty": True}, [], "failback"),
                ("secondary", {"state": "standby", "rules_state": "standby", "on_duty": False}, ["--force"], "force-failback")):
            fake = self.fake(health(role, "standby" if role == "primary" else "on_duty"))
            self.script(fake, states)
            self.holdfast("failback", *flag)
            self.assertEqual(fake.commands[0][1], {"command": sent})
            fake.end()
            os.unlink(fake.path)

    def test_refused(self):
        fake = self.fake()
        fake.on_command = lambda _: (409, "the secondary is not ready: it is paused")
        said = self.holdfast("failover", code=1)
        self.assertIn("holdfast failover: the secondary is not ready: it is paused\n", said)

    def test_not_in_time(self):
        fake = self.fake(health("secondary", "standby", rules_state="armed"), peer=polled(health()))
        said = self.holdfast("failover", "--wait", "500ms", code=1)
        self.assertIn("it has not happened within 500ms; secondary is armed: ", said)
        self.assertIn("; primary is on_duty. It may still happen", said)
        started = time.monotonic()
        self.holdfast("failover", "--wait", "0s")
        self.assertLess(time.monotonic() - started, 20)
        self.assertEqual(len(fake.commands), 2)

    def test_instance_that_is_away_for_a_moment(self):
        fake = self.fake(health("secondary", "standby", rules_state="armed"))
        again = []

        def leave(_):
            fake.end(cut=False)
            again.append(self.fake(health("secondary", "on_duty", generation="9")))
            return 200, "the secondary takes duty now"
        fake.on_command = leave
        self.assertIn("in generation 9", self.holdfast("failover", "--force"))

    def test_switches(self):
        fake = self.fake()
        self.assertEqual(self.holdfast("pause"), "as you wish\n")
        self.assertEqual(self.holdfast("resume"), "as you wish\n")
        self.assertEqual([command["command"] for _, command in fake.commands], ["pause", "resume"])


class Drill(InstanceTest):
    def line(self, number, same=True, note=""):
        vote = {"head": "0x" + 32 * "ab", "source": "1:0x", "target": "2:0x", "decided_ms": 904.0, "due": 8}
        return {"slot": str(number), "ours": vote, "primary": {**vote, "attested": 8}, "same": same, "note": note}

    def secondary(self, *lines):
        fake = self.fake(health("secondary", "standby", rules_state="armed"))
        fake.drill = lines
        return fake

    def test_the_same(self):
        fake = self.secondary(self.line(97), self.line(98), {"done": True, "slots": 2, "same": 2})
        said = self.holdfast("drill", "--slots", 2)
        self.assertIn("/v1/drill?slots=2", fake.asked)
        self.assertIn("1/2  slot 97  same       here 0xababababab at 904 ms, 8 duties; primary 0xababababab at 904 ms, 8 duties, "
                      "8 attested\n", said)
        self.assertTrue(said.endswith("2 of 2 slots: the same as the primary\n"), said)

    def test_not_the_same(self):
        self.secondary(self.line(97), self.line(98, same=False, note="another vote than the primary's"),
                       {"done": True, "slots": 2, "same": 1})
        said = self.holdfast("drill", "--slots", 2, code=1)
        self.assertIn("2/2  slot 98  NOT SAME", said)
        self.assertIn("; another vote than the primary's\n", said)
        self.assertIn("1 of 2 slots", said)

    def test_ends_early(self):
        self.secondary(self.line(97))
        self.assertIn("ended it after 1 of 2 slots", self.holdfast("drill", "--slots", 2, code=1))

    def test_refused(self):
        self.fake()
        self.assertIn("holdfast drill: a drill is for the secondary\n", self.holdfast("drill", code=1))

    def test_garbage(self):
        self.secondary("nonsense", "[" * 10_000)
        self.assertIn("a line of the answer can't be read", self.holdfast("drill", "--slots", 2, code=1))

    def test_too_many(self):
        self.fake()
        self.assertIn("slots: ", self.holdfast("drill", "--slots", 5000, code=2))


if __name__ == "__main__":
    unittest.main()
