"""The laboratory of scripts/prove chaos and followers, without rights: the switch's rules, on frames made here; the clock that can be
set; what is left of the files of packaging/ when their times are taken out."""
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from harness import chaos_run, chaos_scenarios, followers, lab_rig, netlab_switch, prove_chaos

ONE, OTHER, THIRD = "10.77.0.1", "10.77.0.2", "10.77.0.3"
HARDWARE = {ONE: b"\x02\0\0\0\0\x01", OTHER: b"\x02\0\0\0\0\x02"}
ALL = b"\xff" * 6


def frame(sender, receiver, to=None):
    """An IPv4 frame without contents."""
    header = bytes(12) + socket.inet_aton(sender) + socket.inet_aton(receiver)
    return (to or HARDWARE[receiver]) + HARDWARE[sender] + netlab_switch.IPV4 + header


class SwitchTest(unittest.TestCase):
    """Two hosts; the second has a second address."""

    def setUp(self):
        self.now = 0.0
        pipes = [os.pipe() for _ in range(2)]
        for ends in pipes:
            os.set_blocking(ends[0], False)
            for end in ends:
                self.addCleanup(os.close, end)
        self.reads = [ends[0] for ends in pipes]
        self.ports = [netlab_switch.Port(pipes[0][1], [ONE]), netlab_switch.Port(pipes[1][1], [OTHER, THIRD])]
        self.switch = netlab_switch.Switch(self.ports, 1, lambda: self.now)

    def rule(self, sender, receiver, delay=0.0, jitter=0.0, loss=0.0, cut=False):
        self.switch.command({"do": "rule", "pair": [sender, receiver], "delay": delay, "jitter": jitter, "loss": loss, "cut": cut})

    def arrived(self, host):
        """How many bytes of frames a host has got since it was last asked."""
        try:
            return len(os.read(self.reads[host], 1 << 20))
        except BlockingIOError:
            return 0

    def test_without_rules_all_is_carried(self):
        self.switch.take(self.ports[0], frame(ONE, OTHER))
        self.assertEqual(self.arrived(1), 34)
        self.assertEqual(self.arrived(0), 0)

    def test_a_cut_is_for_one_direction_of_one_pair(self):
        self.rule(ONE, OTHER, cut=True)
        self.switch.take(self.ports[0], frame(ONE, OTHER))
        self.assertEqual(self.arrived(1), 0)
        self.switch.take(self.ports[1], frame(OTHER, ONE))
        self.assertEqual(self.arrived(0), 34)
        self.switch.take(self.ports[0], frame(ONE, THIRD, HARDWARE[OTHER]))
        self.assertEqual(self.arrived(1), 34)

    def test_frames_to_all_are_for_the_first_address(self):
        self.rule(ONE, OTHER, cut=True)
        self.switch.take(self.ports[0], frame(ONE, "224.0.0.18", ALL))
        self.assertEqual(self.arrived(1), 0)

    def test_a_delay_is_waited_for(self):
        self.rule(ONE, OTHER, delay=0.2)
        self.switch.take(self.ports[0], frame(ONE, OTHER))
        self.assertAlmostEqual(self.switch.deliver(), 200.0)
        self.assertEqual(self.arrived(1), 0)
        self.now = 0.2
        self.assertIsNone(self.switch.deliver())
        self.assertEqual(self.arrived(1), 34)

    def test_losses_and_healing(self):
        self.rule(ONE, OTHER, loss=0.3)
        for _ in range(1000):
            self.switch.take(self.ports[0], frame(ONE, OTHER))
        self.switch.deliver()
        got = self.arrived(1) // 34
        self.assertTrue(600 < got < 800, got)
        self.assertEqual(self.switch.lost, 1000 - got)
        self.switch.command({"do": "heal"})
        self.switch.take(self.ports[0], frame(ONE, OTHER))
        self.assertEqual(self.arrived(1), 34)

    def test_an_unknown_request_is_an_error(self):
        self.assertIn("error", self.switch.command({"do": "nothing"}))


class ClockTest(unittest.TestCase):
    def test_a_wall_clock_is_set_while_the_program_runs(self):
        if not shutil.which("cc"):
            self.skipTest("no C compiler")
        with tempfile.TemporaryDirectory() as folder:
            clocks = lab_rig.ClockShim(folder)
            script = "import time\nfor _ in range(2):\n input(); print(time.time(), time.monotonic(), flush=True)"
            with subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                  env={**os.environ, **clocks.environment("one")}) as program:
                found = []
                for seconds in (0, -5000):
                    clocks.set("one", seconds)
                    program.stdin.write("\n")
                    program.stdin.flush()
                    wall, steady = map(float, program.stdout.readline().split())
                    found.append((time.time() - wall, time.monotonic() - steady))
        self.assertLess(abs(found[0][0]), 1000)
        self.assertGreater(found[1][0], 4000)
        self.assertLess(abs(found[1][1]), 1000)


class FollowersTest(unittest.TestCase):
    def test_the_files_of_packaging_and_their_times(self):
        haproxy = followers.example("haproxy/holdfast.cfg", "10.77.0.")
        self.assertIn("server primary 10.77.0.1:7770", haproxy)
        slow = followers.haproxy_defaults(haproxy)
        self.assertIn("option httpchk GET /activez", slow)
        self.assertNotIn("inter 200ms", slow)
        keepalived = followers.example("keepalived/holdfast.conf", "10.77.0.", "lan0")
        self.assertIn("interface lan0", keepalived)
        self.assertNotIn("advert_int", followers.keepalived_defaults(keepalived))
        with self.assertRaises(ValueError):
            followers.without(keepalived, "no such line")


class ScenariosTest(unittest.TestCase):
    def test_each_is_named_once_and_shared_out_once(self):
        scenarios = chaos_scenarios.all_scenarios()
        names = [one.name for one in scenarios]
        self.assertEqual(len(names), len(set(names)))
        shared = [one.name for part in prove_chaos.share(scenarios, 3) for one in part]
        self.assertEqual(sorted(shared), sorted(names))

    def test_stops_last_as_long_as_their_names_say(self):
        for one in chaos_scenarios.all_scenarios():
            if one.name.startswith("primary-stopped-"):
                self.assertEqual(one.name, f"primary-stopped-{one.seconds:g}s-at-{one.at:g}")
                self.assertEqual(one.slots, 0)

    def test_reasons_come_from_the_instances_reports(self):
        text = "0 of 8 attested, no head event until +1 ms; missed 8: no_quorum (1 yes: p1: fenced; p2: no answer (refused))"
        self.assertEqual(chaos_run.MISSED.findall(text), [("no_quorum", "")])
        missed = [{"reports": {"primary": {"codes": ["no_quorum"], "text": text}}, "chain": ["never received"]},
                  {"reports": {}, "chain": ["never received"]}]
        self.assertEqual(chaos_run.why(missed), "primary: no_quorum; the chain: never received")


if __name__ == "__main__":
    unittest.main()
