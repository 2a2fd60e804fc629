"""The switch of a network laboratory (netlab.py): carries Ethernet frames between TAP devices.

usage: netlab_switch.py CONTROL SEED PORTS    CONTROL: a stream socket, JSON lines both ways; PORTS: [{"tap", "addresses"}]

It learns hardware addresses and floods what goes to all (ARP, VRRP). A rule is for the frames from one IPv4 address to another.
Frames that go to all count as being for the first address of each port. Ends when CONTROL is closed.
"""
import dataclasses
import heapq
import itertools
import json
import os
import random
import select
import socket
import sys
import time

FRAMES_AT_ONCE = 64
FRAME_MAX = 65536
IPV4, ARP = b"\x08\x00", b"\x08\x06"


@dataclasses.dataclass
class Rule:
    """Seconds, and a share of the frames."""
    delay: float = 0.0
    jitter: float = 0.0
    loss: float = 0.0
    cut: bool = False


def addresses_of(frame):
    """(sender, receiver) of an IPv4 or ARP frame, else (None, None)."""
    kind = frame[12:14]
    at = {IPV4: (26, 30), ARP: (28, 38)}.get(kind)
    if not at or len(frame) < at[1] + 4:
        return None, None
    return tuple(socket.inet_ntoa(frame[start:start + 4]) for start in at)


class Port:
    def __init__(self, tap, addresses):
        self.tap = tap
        self.addresses = addresses

    def party(self, address):
        """Which of its parties an address is."""
        return address if address in self.addresses else self.addresses[0]


class Switch:
    def __init__(self, ports, seed, now=time.monotonic):
        self._ports = ports
        self._random = random.Random(seed)
        self._now = now
        self._rules = {}
        self._learned = {}
        self._waiting = []
        self._order = itertools.count()
        self.sent = self.lost = 0

    def command(self, request):
        """Answers one request."""
        if request["do"] == "rule":
            self._rules[tuple(request["pair"])] = Rule(*(request[name] for name in ("delay", "jitter", "loss", "cut")))
        elif request["do"] == "heal":
            self._rules.clear()
        elif request["do"] != "counts":
            return {"error": f"nothing is called {request['do']}"}
        return {"sent": self.sent, "lost": self.lost}

    def take(self, source, frame):
        """A frame that has come from a port."""
        self._learned[frame[6:12]] = source
        known = None if frame[0] & 1 else self._learned.get(frame[:6])
        sender, receiver = addresses_of(frame)
        for port in [known] if known else self._ports:
            if port is not source:
                self._send(port, self._rules.get((source.party(sender), port.party(receiver))), frame)

    def _send(self, port, rule, frame):
        if rule is None:
            self._write(port, frame)
        elif rule.cut or self._random.random() < rule.loss:
            self.lost += 1
        else:
            delay = rule.delay + self._random.uniform(-rule.jitter, rule.jitter)
            heapq.heappush(self._waiting, (self._now() + delay, next(self._order), port, frame))

    def deliver(self):
        """Hands over what is due; returns the milliseconds until the next, or None."""
        now = self._now()
        while self._waiting and self._waiting[0][0] <= now:
            _, _, port, frame = heapq.heappop(self._waiting)
            self._write(port, frame)
        return max(0.0, self._waiting[0][0] - now) * 1000 if self._waiting else None

    def _write(self, port, frame):
        try:
            os.write(port.tap, frame)
            self.sent += 1
        except OSError:  # the host is gone, or its queue is full: frames get lost then
            self.lost += 1


def frames_of(tap):
    for _ in range(FRAMES_AT_ONCE):
        try:
            yield os.read(tap, FRAME_MAX)
        except OSError:
            return


def serve(switch, ports, control):
    poll, by_tap = select.poll(), {port.tap: port for port in ports}
    for tap in by_tap:
        poll.register(tap, select.POLLIN)
    poll.register(control, select.POLLIN)
    requests = control.makefile("r")
    while True:
        for ready, _ in poll.poll(switch.deliver()):
            if ready in by_tap:
                for frame in frames_of(ready):
                    switch.take(by_tap[ready], frame)
                continue
            line = requests.readline()
            if not line:
                return
            control.sendall(json.dumps(switch.command(json.loads(line))).encode() + b"\n")


def main():
    control, seed, ports = sys.argv[1:]
    ports = [Port(port["tap"], port["addresses"]) for port in json.loads(ports)]
    serve(Switch(ports, int(seed)), ports, socket.socket(fileno=int(control)))


if __name__ == "__main__":
    main()
