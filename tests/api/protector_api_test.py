"""Goal: docs/protector-api.yaml says exactly what the protector does: every call, answered as the file says, good input and bad, in both
forms; and neither has a call that the other hasn't. Each exchange is held against the file by daemon.py."""
import copy
import json
import os
import random
import re
import unittest

from harness.processes import Run, wait_until

import octets
from daemon import (API, CHAIN_ROOT, EPOCH, RECORDER, ROOT, SLOTS_PER_EPOCH, TIMEOUT, Cluster, Daemon, FakeMember, key, root,
                    to_hex)
from examples import (DOMAIN, attestation_data, body_of, call, examples, interchange, keys_request, one_vote, proposals,
                      votes)
from openapi import JSON, OCTETS

OTHER = to_hex(root(0))  # of no cluster and no chain
MEBIBYTE = 1 << 20


class DaemonTest(unittest.TestCase):
    """One protector for all tests of a class. Each test uses validators of its own."""

    cluster_options = {}

    @classmethod
    def setUpClass(cls):
        cls.run_ = Run(cls.__name__)
        cls.addClassCleanup(cls.run_.end)
        cls.daemon = Daemon(cls.run_, Cluster(cls.run_.path("cluster"), **cls.cluster_options))

    def words(self, answer):
        return [verdict["verdict"] for verdict in answer["verdicts"]]

    def octets(self, path, body):
        answer = self.daemon.call("POST", path, {"content-type": OCTETS}, body)
        self.assertEqual(answer.headers["content-type"], OCTETS)
        return octets.read_answer(answer.body)

    def octet_head(self, generation=0, request_id=5, instance="primary"):
        return octets.Head(bytes.fromhex(self.daemon.cluster_id[2:]), CHAIN_ROOT, generation, request_id, instance)


def octet_data(value):
    """AttestationData as JSON has it, for octets."""
    def checkpoint(point):
        return int(point["epoch"]), bytes.fromhex(point["root"][2:])

    return octets.Data(int(value["slot"]), int(value["index"]), bytes.fromhex(value["beacon_block_root"][2:]),
                       checkpoint(value["source"]), checkpoint(value["target"]))


def json_record(record):
    """A record of octets as JSON has it."""
    if isinstance(record, octets.Vote):
        return {"signing_root": to_hex(record.root), "source_epoch": str(record.source), "target_epoch": str(record.target)}
    return {"slot": str(record.slot), "signing_root": to_hex(record.root)} if record else None


class Verdicts(DaemonTest):
    """In a shared cluster of one, which votes at once."""

    def test_one_vote_in_both_forms(self):
        numbers = range(1, 4)
        request = one_vote(self.daemon, numbers, request_id=77)
        answer = self.daemon.post("/v1/attestations", request)
        self.assertEqual(self.words(answer), ["approved"] * 3)
        self.assertEqual((answer["node"], answer["request_id"], answer["generation"], answer["holder"]), ("p1", "77", "0", ""))
        data, keys = octet_data(request["data"]), [key(number) for number in numbers]
        head, verdicts = self.octets("/v1/attestations", octets.attestations_with_data(self.octet_head(), data, DOMAIN, keys))
        self.assertEqual([verdict.word for verdict in verdicts], ["repeated"] * 3)
        self.assertEqual((head.request_id, head.node, head.generation, head.holder), (5, "p1", 0, ""))
        self.assertGreater(head.position, (1, 0))
        # The protector computes the signing root as the specification says.
        vote = octets.Vote(EPOCH - 1, EPOCH, octets.signing_root(data, DOMAIN))
        body = octets.attestations_with_votes(self.octet_head(), keys, [vote] * 3)
        self.assertEqual([verdict.word for verdict in self.octets("/v1/attestations", body)[1]], ["repeated"] * 3)

    def test_a_double_vote_in_both_forms(self):
        self.daemon.post("/v1/attestations", votes(self.daemon, [(10, 5, 6, 1)]))
        refused = self.daemon.post("/v1/attestations", votes(self.daemon, [(10, 5, 6, 2), (11, 5, 6, 2)]))["verdicts"]
        self.assertEqual([verdict["verdict"] for verdict in refused], ["refused", "approved"])
        self.assertIn("another vote", refused[0]["reason"])
        body = octets.attestations_with_votes(self.octet_head(), [key(10)], [octets.Vote(5, 6, root(2))])
        verdict, = self.octets("/v1/attestations", body)[1]
        self.assertEqual(verdict, octets.Verdict("refused", 3, octets.Vote(5, 6, root(1))))
        self.assertEqual(json_record(verdict.record), refused[0]["record"])

    def test_blocks_in_both_forms(self):
        answer = self.daemon.post("/v1/blocks", proposals(self.daemon, [(20, 100, 1), (20, 100, 1), (20, 100, 2), (20, 99, 3)]))
        self.assertEqual(self.words(answer), ["approved", "repeated", "refused", "refused"])
        self.assertEqual(answer["verdicts"][3]["record"], {"slot": "100", "signing_root": to_hex(root(1))})
        asked = [octets.Block(100, root(1)), octets.Block(100, root(2)), octets.Block(99, root(3)), octets.Block(101, root(4))]
        _, verdicts = self.octets("/v1/blocks", octets.blocks(self.octet_head(), [key(20)] * 4, asked))
        recorded = octets.Block(100, root(1))
        self.assertEqual(verdicts, [octets.Verdict("repeated", 0, None), octets.Verdict("refused", 7, recorded),
                                    octets.Verdict("refused", 8, recorded), octets.Verdict("approved", 0, None)])

    def test_both_forms_decide_alike(self):
        """Twin validators are asked the same, one in JSON and one in octets, and get the same."""
        dice = random.Random(4)
        for _ in range(60):
            twins = [(2000 + dice.randrange(10), 3000) for _ in range(8)]
            entries = [(number, dice.randrange(8), dice.randrange(1, 9), dice.randrange(3)) for number, _ in twins]
            said = self.daemon.post("/v1/attestations", votes(self.daemon, entries))["verdicts"]
            body = octets.attestations_with_votes(self.octet_head(), [key(number + 1000) for number, *_ in entries],
                                                  [octets.Vote(source, target, root(mark)) for _, source, target, mark in entries])
            self.assert_alike(said, self.octets("/v1/attestations", body)[1])
            slots = [(number, dice.randrange(50), dice.randrange(3)) for number, _ in twins]
            said = self.daemon.post("/v1/blocks", proposals(self.daemon, slots))["verdicts"]
            body = octets.blocks(self.octet_head(), [key(number + 1000) for number, *_ in slots],
                                 [octets.Block(slot, root(mark)) for _, slot, mark in slots])
            self.assert_alike(said, self.octets("/v1/blocks", body)[1])

    def assert_alike(self, said, verdicts):
        self.assertEqual([(one["verdict"], one.get("record")) for one in said],
                         [(one.word, json_record(one.record)) for one in verdicts])
        self.assertTrue(all(("reason" in one) == (one["verdict"] == "refused") for one in said))

    def test_a_generation_in_a_shared_cluster(self):
        refused = self.daemon.post("/v1/attestations", votes(self.daemon, [(30, 1, 2, 3)], generation=4))
        self.assertEqual(self.words(refused), ["refused"])
        body = octets.attestations_with_votes(self.octet_head(generation=4), [key(30)], [octets.Vote(1, 2, root(3))])
        self.assertEqual(self.octets("/v1/attestations", body)[1], [octets.Verdict("refused", 13, None)])
        self.assertFalse(self.daemon.post("/v1/generations", self.daemon.head(generation=4))["promised"])

    def test_a_halted_validator(self):
        halt = keys_request(self.daemon, [40, 41])
        self.assertEqual(self.daemon.post("/v1/halts", halt), {"node": "p1", "changed": "2"})
        self.assertEqual(self.daemon.post("/v1/halts", halt)["changed"], "0")
        body = octets.attestations_with_votes(self.octet_head(), [key(40)], [octets.Vote(1, 2, root(3))])
        self.assertEqual(self.octets("/v1/attestations", body)[1], [octets.Verdict("refused", 9, None)])
        self.assertTrue(self.daemon.get(f"/v1/records?pubkey={to_hex(key(40))}")["halted"])
        self.assertEqual(self.daemon.post("/v1/halts", halt, method="DELETE")["changed"], "2")
        self.assertEqual(self.octets("/v1/attestations", body)[1], [octets.Verdict("approved", 0, None)])

    def test_nothing_is_asked(self):
        self.assertEqual(self.daemon.post("/v1/attestations", votes(self.daemon, []))["verdicts"], [])
        self.assertEqual(self.octets("/v1/blocks", octets.blocks(self.octet_head(), [], []))[1], [])


class Records(DaemonTest):
    """What is recorded, and the calls about it."""

    def test_records_of_an_epoch_in_both_forms(self):
        request = one_vote(self.daemon, [1, 2], target=EPOCH - 3)
        self.daemon.post("/v1/attestations", request)
        self.daemon.post("/v1/attestations", votes(self.daemon, [(3, EPOCH - 5, EPOCH - 3, 9)]))
        target = f"/v1/records?target_epoch={EPOCH - 3}"
        said = self.daemon.get(target)["groups"]
        answer = self.daemon.call("GET", target, {"holdfast-cluster": self.daemon.cluster_id, "accept": OCTETS})
        self.assertEqual(answer.headers["content-type"], OCTETS)
        head, groups = octets.read_records(answer.body)
        self.assertEqual(head.node, "p1")
        self.assertEqual({group.vote.root: (group.data, set(group.keys)) for group in groups},
                         {octets.signing_root(octet_data(request["data"]), DOMAIN): (octet_data(request["data"]), {key(1), key(2)}),
                          root(9): (None, {key(3)})})
        self.assertCountEqual([(group["signing_root"], group.get("data"), set(group["pubkeys"])) for group in said],
                              [(to_hex(group.vote.root), request["data"] if group.data else None, set(map(to_hex, group.keys)))
                               for group in groups])

    def test_the_record_of_one_validator(self):
        self.daemon.post("/v1/attestations", one_vote(self.daemon, [10], target=EPOCH - 4))
        self.daemon.post("/v1/blocks", proposals(self.daemon, [(10, 50, 6)]))
        record = self.daemon.get(f"/v1/records?pubkey={to_hex(key(10))}")
        self.assertEqual(record["attestation"]["data"], attestation_data(EPOCH - 4))
        self.assertEqual(record["block"], {"slot": "50", "signing_root": to_hex(root(6))})
        self.daemon.get(f"/v1/records?pubkey={to_hex(key(11))}", expect=404)
        for bad in ("pubkey=0x12", "pubkey=", "target_epoch=", "target_epoch=x", "target_epoch=-1"):
            self.daemon.get(f"/v1/records?{bad}", expect=400)

    def test_interchange(self):
        self.assertEqual(self.import_file(interchange([(20, 70, 5, 6)]))["changed"], "1")
        self.assertEqual(self.import_file(interchange([(20, 60, 4, 5)]))["changed"], "0")  # never lower
        refused = self.daemon.post("/v1/attestations", votes(self.daemon, [(20, 5, 6, 1)]))
        self.assertEqual(self.words(refused), ["refused"])
        exported = self.daemon.get("/v1/interchange")
        entry, = [entry for entry in exported["data"] if entry["pubkey"] == to_hex(key(20))]
        self.assertEqual(entry["signed_blocks"], [{"slot": "70"}])
        self.assertEqual(entry["signed_attestations"], [{"source_epoch": "5", "target_epoch": "6"}])
        self.assertEqual(exported["metadata"]["genesis_validators_root"], to_hex(CHAIN_ROOT))

    def test_foreign_and_broken_interchange(self):
        self.import_file(interchange([(21, 1, 2, 3)], chain_root=root(1)), expect=409)
        self.import_file(interchange([(21, 1, 2, 3)], version="4"), expect=409)
        self.import_file(b"{}", expect=400)
        self.import_file(b"", expect=400)
        good = json.dumps(interchange([(21, 1, 2, 3)])).encode()
        for size in range(0, len(good), 7):
            self.import_file(good[:size], expect=400)
        self.daemon.get(f"/v1/records?pubkey={to_hex(key(21))}", expect=404)

    def import_file(self, value, expect=200):
        return self.daemon.post("/v1/interchange", value, expect=expect, headers={"holdfast-cluster": self.daemon.cluster_id})

    def test_enrolment(self):
        request = keys_request(self.daemon, [30])
        self.assertEqual(self.daemon.post("/v1/validators", request)["changed"], "1")
        self.assertEqual(self.daemon.post("/v1/validators", request)["changed"], "0")
        record = self.daemon.get(f"/v1/records?pubkey={to_hex(key(30))}")
        self.assertEqual((record["enrolled"], record["halted"]), (True, False))

    def test_check_status_health_metrics(self):
        answer = self.daemon.call("POST", "/v1/check", {"holdfast-cluster": self.daemon.cluster_id})
        self.assertTrue(json.loads(answer.body)["whole"], answer.body)
        status = self.daemon.get("/v1/status")
        self.assertEqual((status["node"], status["mode"], status["state"]), ("p1", "shared", "voting"))
        self.assertEqual(int(status["slot"]) // SLOTS_PER_EPOCH, EPOCH)
        self.assertNotIn("certificate_expires", status)
        self.assertTrue(self.daemon.get("/healthz")["healthy"])
        text = self.daemon.call("GET", "/metrics").body.decode()
        self.assertRegex(text, r"(?m)^holdfast_protector_[a-z_]+(\{.*\})? [0-9]")


class BadInput(DaemonTest):
    """File and protector agree on what is no good request, and what it is answered."""

    def test_broken_json(self):
        """Each member of each request left out, named otherwise, doubled or given another value."""
        dice = random.Random(5)
        for example in examples(self.daemon):
            if example.value is None or example.target == "/v1/interchange":
                continue
            for broken in broken_values(example.value, dice):
                body = json.dumps(broken).encode()
                bad = API.request_problems(example.method, example.target, {}, example.headers, body)
                with self.subTest(call=example[:2], body=body[:600]):
                    self.assertTrue(bad, "the file allows this")
                    self.daemon.call(example.method, example.target, example.headers, body, expect=400)
            text = body_of(example)
            for body in (b"", b"null", b"[]", b"{}", text[:-1], text + b"x", text.replace(b'"cluster"', b'"request_id": "1", "request_id"', 1)):
                with self.subTest(call=example[:2], body=body[:600]):
                    self.daemon.call(example.method, example.target, example.headers, body, expect=400)

    def test_broken_octets(self):
        vote, data = octets.Vote(1, 2, root(3)), octet_data(attestation_data(EPOCH))
        good = {"/v1/attestations": octets.attestations_with_data(self.octet_head(), data, DOMAIN, [key(1)]),
                "/v1/blocks": octets.blocks(self.octet_head(), [key(1)], [octets.Block(1, root(3))])}
        votes_too = octets.attestations_with_votes(self.octet_head(), [key(1)], [vote])
        for path, body in [*good.items(), ("/v1/attestations", votes_too)]:
            for size in range(0, len(body), 11):
                self.bad_octets(path, body[:size])
            self.bad_octets(path, body[:-1])
            self.bad_octets(path, body + b"\0")
            self.bad_octets(path, b"HFV1" + body[4:])
            self.bad_octets(path, body.replace(b"\x07primary", b"\x07prim/ry"))
            self.bad_octets(path, body.replace(b"\x01\x00\x00\x00" + key(1), b"\xff\xff\xff\xff" + key(1)))
        self.bad_octets("/v1/attestations", good["/v1/blocks"])
        self.bad_octets("/v1/blocks", votes_too)

    def bad_octets(self, path, body):
        self.daemon.call("POST", path, {"content-type": OCTETS}, body, expect=400)

    def test_another_domain_than_an_attesters(self):
        request = one_vote(self.daemon, [1])
        request["domain"] = "0x" + "00" * 32
        self.assertIn("domain", self.daemon.post("/v1/attestations", request, expect=400)["message"])

    def test_another_cluster_or_chain(self):
        for example in examples(self.daemon):
            if example.value and "cluster" in example.value:
                for member in ("cluster", "genesis_validators_root"):
                    other = example._replace(value={**example.value, member: OTHER})
                    call(self.daemon, other, expect=409)
            elif "holdfast-cluster" in example.headers:
                call(self.daemon, example._replace(headers={**example.headers, "holdfast-cluster": OTHER}), expect=409)
                headers = {name: value for name, value in example.headers.items() if name != "holdfast-cluster"}
                call(self.daemon, example._replace(headers=headers), expect=400)
        for position, path, values in ((0, "/v1/blocks", [octets.Block(1, root(3))]), (1, "/v1/blocks", [])):
            head = list(self.octet_head())
            head[position] = root(0)
            body = octets.blocks(octets.Head(*head), [key(1)] * len(values), values)
            self.daemon.call("POST", path, {"content-type": OCTETS}, body, expect=409)

    def test_a_form_that_the_call_has_not(self):
        for example in examples(self.daemon):
            operation = API.operation(example.method, example.target.split("?")[0])
            if example.method == "GET" or OCTETS in operation.get("requestBody", {}).get("content", {}):
                continue
            call(self.daemon, example._replace(headers={**example.headers, "content-type": OCTETS}), expect=415)

    def test_a_body_that_is_too_large(self):
        for example in examples(self.daemon):
            if example.method == "GET":
                continue
            size = (256 if example.target == "/v1/interchange" else 32) * MEBIBYTE + 1
            self.daemon.call(example.method, example.target, example.headers, length=size, expect=413)

    def test_more_keys_than_a_request_may_have(self):
        many = [key(0)] * 100_001
        request = keys_request(self.daemon, [])
        request["pubkeys"] = [to_hex(one) for one in many]
        self.assertIn("100000", self.daemon.post("/v1/validators", request, expect=400)["message"])
        self.bad_octets("/v1/attestations", octets.attestations_with_data(
            self.octet_head(), octet_data(attestation_data(EPOCH)), DOMAIN, many))

    def test_methods_and_paths_that_are_not_there(self):
        for path in API.document["paths"]:
            for method in {"GET", "POST", "PUT", "DELETE", "PATCH"} - API.methods(path):
                answer = self.daemon.call(method, path, expect=405)
                allowed = {word.strip() for word in answer.headers["allow"].split(",")}
                self.assertEqual(allowed, API.methods(path), path)
        for path in ("/", "/v1", "/v1/", "/v1/attestation", "/v1/attestations/", "/v2/status", "/metrics/x", "/healthz/"):
            for method in ("GET", "POST"):
                self.daemon.call(method, path, expect=404)


def broken_values(value, dice):
    """The same request, wrong in one place: every member of every object once left out, once misspelt, once of a wrong kind."""
    for path in member_paths(value):
        for change in ("drop", "misspell", "number", "null", "text"):
            if change == "drop" and path[-1] == "request_id":
                continue
            broken = copy.deepcopy(value)
            holder = broken
            for step in path[:-1]:
                holder = holder[step]
            old = holder.pop(path[-1])
            if change == "misspell":
                holder[path[-1] + "x"] = old
            elif change != "drop":
                text = dice.choice(["a b", "é", "p1/"] if path[-1] == "instance" else ["0y12", "-1", "", "a b", "0x", "1e3", "é"])
                holder[path[-1]] = {"number": 7, "null": None, "text": text}[change]
            yield broken
    yield {**value, "surplus": "1"}


def member_paths(value, at=()):
    if isinstance(value, list):
        if value:
            yield from member_paths(value[0], (*at, 0))
    elif isinstance(value, dict):
        for name, member in value.items():
            yield (*at, name)
            yield from member_paths(member, (*at, name))


class Fenced(DaemonTest):
    """p1 of three members, fenced; p2 is ours to speak for, p3 is down."""

    cluster_options = {"members": 3, "quorum": 2, "mode": "fenced"}

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.peer = FakeMember(cls.daemon.cluster.ports[1], "p2")
        cls.addClassCleanup(cls.peer.close)
        cls.starting = cls.all_statuses()
        cls.peer.seen_of_p1 = "0.0"
        wait_until(lambda: cls.daemon.get("/v1/status")["state"] == "voting", TIMEOUT, "votes")

    @classmethod
    def all_statuses(cls):
        return {(example.method, example.target): call(cls.daemon, example, expect=None).status
                for example in examples(cls.daemon, generation=1)}

    def test_while_it_starts_it_answers_only_some_calls(self):
        for (method, target), status in self.starting.items():
            at_any_time = API.operation(method, target.split("?")[0]).get("x-any-time", False)
            self.assertEqual(status, 200 if at_any_time else 503, (method, target))

    def test_then_it_answers_all(self):
        self.assertEqual({call: status for call, status in self.all_statuses().items() if status != 200}, {})

    def test_what_it_asks_other_members_is_in_the_file_too(self):
        self.assertGreater(self.peer.asked, 0)
        self.assertEqual(self.peer.problems, [])

    def test_acquired_fenced_learned(self):
        promised = self.daemon.post("/v1/generations", self.daemon.head(100, "primary", request_id=9))
        self.assertEqual((promised["promised"], promised["generation"], promised["holder"], promised["request_id"]),
                         (True, "100", "primary", "9"))
        other = self.daemon.post("/v1/generations", self.daemon.head(100, "secondary"))
        self.assertEqual((other["promised"], other["holder"]), (False, "primary"))
        self.assertTrue(self.daemon.post("/v1/generations", self.daemon.head(101, "secondary"))["promised"])
        fenced = self.daemon.post("/v1/attestations", votes(self.daemon, [(1, 1, 2, 3)], generation=100))
        self.assertEqual((self.words(fenced), fenced["generation"], fenced["holder"]), (["refused"], "101", "secondary"))
        body = octets.attestations_with_votes(self.octet_head(100), [key(1)], [octets.Vote(1, 2, root(3))])
        head, verdicts = self.octets("/v1/attestations", body)
        self.assertEqual((verdicts, head.generation, head.holder), ([octets.Verdict("refused", 12, None)], 101, "secondary"))
        self.assertEqual(str(head.since), fenced["since"])
        body = octets.attestations_with_votes(self.octet_head(102, instance="third"), [key(1)], [octets.Vote(1, 2, root(3))])
        head, verdicts = self.octets("/v1/attestations", body)
        self.assertEqual((verdicts[0].word, head.generation, head.holder), ("approved", 102, "third"))

    def test_generation_zero(self):
        body = octets.blocks(self.octet_head(0), [key(2)], [octets.Block(1, root(3))])
        self.assertEqual(self.octets("/v1/blocks", body)[1], [octets.Verdict("refused", 13, None)])

    def test_heartbeats(self):
        beat = {**self.daemon.head(3, "beating"), "on_duty": True, "well": False}
        self.daemon.post("/v1/heartbeats", beat)
        heard, = [one for one in self.daemon.get("/v1/heartbeats")["heard"] if one["instance"] == "beating"]
        self.assertEqual((heard["generation"], heard["on_duty"], heard["well"]), ("3", True, False))
        self.daemon.post("/v1/heartbeats", {**beat, "instance": ""}, expect=400)

    def test_positions_of_members(self):
        answer = self.daemon.post("/v1/peers", {**self.daemon.head(instance="p3"), "position": "4.20"})
        self.assertEqual((answer["node"], answer["rejoining"]), ("p1", False))
        answer = self.daemon.post("/v1/peers", {**self.daemon.head(instance="p3"), "position": "4.19"})
        self.assertEqual(answer["seen_of_you"], "4.20")
        for name in ("p1", "p4", ""):
            self.daemon.post("/v1/peers", {**self.daemon.head(instance=name), "position": "1.1"}, expect=403)

    def test_everything_for_a_member_that_rejoins(self):
        generation = 1 + int(self.daemon.get("/v1/status")["generation"])
        request = one_vote(self.daemon, [50, 51], generation=generation)
        self.daemon.post("/v1/attestations", request)
        self.daemon.post("/v1/blocks", proposals(self.daemon, [(51, 60, 7)], generation=generation))
        self.daemon.post("/v1/halts", keys_request(self.daemon, [52]))
        self.daemon.post("/v1/validators", keys_request(self.daemon, [53]))
        headers = {"holdfast-cluster": self.daemon.cluster_id, "holdfast-member": "p2"}
        all_of_it = octets.read_everything(self.daemon.call("GET", "/v1/records", headers).body)
        self.assertEqual((all_of_it.node, all_of_it.rejoining, all_of_it.epoch), ("p1", False, EPOCH))
        self.assertEqual((all_of_it.generation, all_of_it.highest_target), (generation, EPOCH))
        entries = {entry.key: entry[1:] for entry in all_of_it.entries}
        data = octet_data(request["data"])
        vote = octets.Vote(EPOCH - 1, EPOCH, octets.signing_root(data, DOMAIN))
        self.assertEqual(entries[key(50)][:3], (vote, data, None))
        self.assertEqual(entries[key(51)][:3], (vote, data, octets.Block(60, root(7))))
        self.assertEqual(entries[key(52)][:4], (None, None, None, True))
        self.assertEqual(entries[key(53)], (None, None, None, False, True))
        for name in ("p1", "p9"):
            self.daemon.call("GET", "/v1/records", {**headers, "holdfast-member": name}, expect=403)


class Stale(DaemonTest):
    """A protector that somebody has seen further on than it is."""

    def test_it_stops_voting(self):
        request = votes(self.daemon, [(1, 1, 2, 3)])
        self.daemon.post("/v1/attestations", request, headers={"holdfast-seen": "0.5"})
        self.daemon.post("/v1/attestations", request, headers={"holdfast-seen": "9.5"}, expect=503)
        status = self.daemon.get("/v1/status")
        self.assertEqual(status["state"], "stale")
        self.assertIn("9", status["detail"])
        for example in examples(self.daemon):
            at_any_time = API.operation(example.method, example.target.split("?")[0]).get("x-any-time", False)
            if at_any_time is not True:
                call(self.daemon, example, expect=503)


class Roles(DaemonTest):
    """Over mutual TLS every call is for the roles that the file names, and for no other."""

    cluster_options = {"members": 3, "quorum": 2, "mode": "fenced", "tls": True}
    names = {"instance": "instance/primary", "member": "member/p2", "operator": "operator/anna", "none": "nobody"}

    def test_who_may_call_what(self):
        for role, name in self.names.items():
            context = self.daemon.certificates.client(name)
            for example in examples(self.daemon, generation=1):
                path = example.target.split("?")[0]
                operation = API.operation(example.method, path)
                for_all = "403" not in operation["responses"]
                allowed = for_all or role in API.roles(operation, example.parameter)
                status = call(self.daemon, example, expect=None, context=context).status
                with self.subTest(role=role, call=example[:2]):
                    self.assertEqual(status != 403, allowed, status)

    def test_certificates_and_their_expiry_in_the_status(self):
        status = self.daemon.get("/v1/status")
        self.assertGreater(int(status["certificate_expires"]), 1_700_000_000)
        self.assertGreater(int(status["ca_expires"]), 1_700_000_000)


class TheFile(unittest.TestCase):
    """The file itself."""

    def test_it_is_whole(self):
        document = API.document
        self.assertTrue(document["openapi"].startswith("3.0."))
        used = API.references() | {"#/components/responses/NoSuchPath"}
        named = {f"#/components/{kind}/{name}" for kind, items in document["components"].items() for name in items}
        self.assertEqual(used, named)  # nothing is missing, nothing is left over
        names = [operation["operationId"] for _, _, operation in API.operations()]
        self.assertEqual(len(names), len(set(names)))
        for method, path, operation in API.operations():
            self.assertIn("200", operation["responses"], (method, path))
            self.assertTrue(operation["summary"])

    def test_the_protector_has_no_other_routes(self):
        """Its own table (protector/access.cpp) has the file's calls and no more."""
        with open(os.path.join(ROOT, "protector", "access.cpp"), encoding="utf-8") as source:
            table = re.findall(r'Route\{"([A-Z]+)", "([^"]+)",', source.read())
        self.assertEqual(set(table), {(method, path) for method, path, _ in API.operations()})

    def test_the_page_names_every_call(self):
        with open(os.path.join(ROOT, "docs", "protector-api.md"), encoding="utf-8") as page:
            text = page.read()
        for path in API.document["paths"]:
            self.assertIn(path, text)


class ZCoverage(unittest.TestCase):
    """Runs last (unittest goes by name): what the other classes have called, all together."""

    def test_every_call_was_answered_in_every_way(self):
        if not RECORDER.statuses:
            self.skipTest("no other class has run")
        for method, path, operation in API.operations():
            seen = {str(status) for status in RECORDER.statuses[method, path]}
            for other in ("PUT", "PATCH"):  # methods that no path has
                seen |= {str(status) for status in RECORDER.statuses[other, path]}
            with self.subTest(call=(method, path)):
                self.assertEqual(set(operation["responses"]) - seen, set())
            parameters = {API.resolve(one)["name"] for one in operation.get("parameters", [])
                          if API.resolve(one)["in"] == "query"}
            self.assertEqual(parameters - RECORDER.parameters[method, path], set())


if __name__ == "__main__":
    unittest.main()
