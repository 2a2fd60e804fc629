"""Counts the aggregates and contributions that a beacon node has accepted, from its events.

Ask a node that the validator client does not use: it has everything by gossip then, and a node tells of gossip only what it has
verified. Of several aggregates with the same votes nodes pass on the first only, so what is counted is committees and
subcommittees for which one came, not messages.
"""
import collections
import http.client
import json
import threading
import time
import urllib.parse

from .block_count import bits

TOPICS = "attestation,contribution_and_proof,block"


class GossipCount:
    """Listens in a thread of its own from now until stop()."""

    def __init__(self, url):
        address = urllib.parse.urlsplit(url)
        self._host, self._port = address.hostname, address.port
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self.aggregates = collections.defaultdict(collections.Counter)     # slot -> {committee: most votes}
        self.contributions = collections.defaultdict(collections.Counter)  # slot -> {subcommittee: most votes}
        self.block_seen = {}                                               # slot -> wall clock of its first block
        self.breaks = 0
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self):
        self._stopped.set()
        self._thread.join(5)

    def figures(self, slots, committees_at, subcommittees=4):
        """Of these slots. committees_at: {slot: number of committees}."""
        with self._lock:
            due, seen = sum(committees_at.get(slot, 0) for slot in slots), sum(len(self.aggregates.get(slot, ())) for slot in slots)
            votes = sum(sum(self.contributions.get(slot, {}).values()) for slot in slots)
            return {"committees": due, "committees_with_aggregate": seen, "subcommittees": subcommittees * len(slots),
                    "subcommittees_with_contribution": sum(len(self.contributions.get(slot, ())) for slot in slots),
                    "contribution_votes": votes}

    def _run(self):
        while not self._stopped.is_set():
            try:
                self._listen()
            except (OSError, ValueError, http.client.HTTPException):
                pass
            if not self._stopped.is_set():
                self.breaks += 1
                time.sleep(0.2)

    def _listen(self):
        connection = http.client.HTTPConnection(self._host, self._port, timeout=30)
        connection.request("GET", "/eth/v1/events?topics=" + TOPICS, headers={"Accept": "text/event-stream"})
        answer = connection.getresponse()
        topic = ""
        while not self._stopped.is_set():
            line = answer.readline()
            if not line:
                return
            name, _, value = line.decode().rstrip("\r\n").partition(":")
            if name == "event":
                topic = value.strip()
            elif name == "data":
                self._take(topic, json.loads(value))

    def _take(self, topic, data):
        with self._lock:
            if topic == "block":
                self.block_seen.setdefault(int(data["slot"]), time.time())
            elif topic == "attestation":
                self._aggregate(data)
            elif topic == "contribution_and_proof":
                part = data["message"]["contribution"]
                self._most(self.contributions[int(part["slot"])], int(part["subcommittee_index"]), sum(bits(part["aggregation_bits"])))

    def _aggregate(self, data):
        for index, on in enumerate(bits(data["committee_bits"])):
            if on:  # the last bit that is set is the list's end mark
                self._most(self.aggregates[int(data["data"]["slot"])], index, sum(bits(data["aggregation_bits"])) - 1)

    @staticmethod
    def _most(counter, key, votes):
        counter[key] = max(counter[key], votes)
