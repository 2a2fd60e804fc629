"""Goal: every call that we make to a beacon node is one of the Beacon API's documents: method, path, query, headers and body; and what
the documents give as answers is understood. Method: holdfast-beacon-calls makes each call of the C++ class against a server here, which
holds it against the documents and answers with their examples: once as a node does that knows everything, once as one that is older.
Skipped where the documents are not beside the project."""
import functools
import glob
import hashlib
import http.server
import json
import os
import re
import subprocess
import threading
import unittest
import urllib.parse
from collections import namedtuple

from harness.cluster import program

from beacon_openapi import Documents, request_problems
from openapi import JSON, OCTETS

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
FOLDER = os.path.join(os.environ.get("HOLDFAST_SHARED", ""), "openapi", "beacon-APIs")
BEACON = os.path.join(ROOT, "shared", "beacon")
FORKS = ("electra", "fulu", "gloas")

Request = namedtuple("Request", "method path template problems")


def get(template):
    return "GET", template


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def root_of_data(data):
    """hash_tree_root of AttestationData."""
    def pair(left, right):
        return hashlib.sha256(left + right).digest()

    def number(text):
        return int(text).to_bytes(32, "little")

    def octets(text):
        return bytes.fromhex(text[2:])

    source, target = [pair(number(data[name]["epoch"]), octets(data[name]["root"])) for name in ("source", "target")]
    left = pair(pair(number(data["slot"]), number(data["index"])), pair(octets(data["beacon_block_root"]), source))
    zero = pair(bytes(32), bytes(32))
    return "0x" + pair(left, pair(pair(target, bytes(32)), zero)).hex()


def spec(data):
    """The documents' example is an excerpt: with what a chain must say of itself."""
    data.update({"SLOT_DURATION_MS": "12000", "SLOTS_PER_EPOCH": "32", "GENESIS_FORK_VERSION": "0x00000000"})
    for number, fork in enumerate(("ALTAIR", "BELLATRIX", "CAPELLA", "DENEB", "ELECTRA", "FULU", "GLOAS")):
        data.update({f"{fork}_FORK_VERSION": f"0x0{number + 1}000000", f"{fork}_FORK_EPOCH": "0"})


def attester_duties(duties):
    """In the example, a committee of one has a second member."""
    duties[0].update({"committees_at_slot": "2", "committee_length": "128"})


def complete(value, fork):
    """Makes an example whole: bit vectors there are of one byte; and Gloas has gained fields that the documents don't have yet."""
    if isinstance(value, list):
        for part in value:
            complete(part, fork)
    if not isinstance(value, dict):
        return
    if "committee_bits" in value:
        value["committee_bits"] = value["committee_bits"].ljust(2 + 2 * 8, "0")
    elif "sync_committee_bits" in value:
        value["sync_committee_bits"] = value["sync_committee_bits"].ljust(2 + 2 * 64, "0")
    elif "subcommittee_index" in value:
        value["aggregation_bits"] = value["aggregation_bits"].ljust(2 + 2 * 16, "0")
    elif "payload_present" in value.get("data", {}) and "aggregation_bits" in value:
        value["aggregation_bits"] = value["aggregation_bits"].ljust(2 + 2 * 64, "0")
    for name, part in value.items():
        complete(part, fork)
        if fork == "gloas" and name in ("parent_execution_requests", "execution_requests"):
            part.setdefault("builder_deposits", [])
            part.setdefault("builder_exits", [])


CORRECTIONS = {"/eth/v1/config/spec": spec, "/eth/v1/validator/duties/attester/{epoch}": attester_duties}


class Server(http.server.ThreadingHTTPServer):
    """Answers as a node does. An old one lacks what is optional or new."""

    daemon_threads = True

    def __init__(self, documents, old):
        super().__init__(("127.0.0.1", 0), Handler)
        self.documents = documents
        self.old = old
        self.requests = []
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"

    def lacks(self, method, template, query, headers):
        """The status with which an old node refuses; 0 if it doesn't."""
        if not self.old:
            return 0
        if (method, template) == ("POST", "/eth/v1/beacon/states/{state_id}/validators"):
            return 405
        if template == "/eth/v2/validator/duties/proposer/{epoch}":
            return 404
        if OCTETS in headers.get("accept", ""):
            return 406
        if headers.get("content-type") == OCTETS:
            return 415
        topics = query.get("topics", [])
        return 400 if any("," in one or one not in ("head", "chain_reorg") for one in topics) else 0


def chooser(fork, blinded, included):
    """Of the forms of an answer, the one of the fork."""
    def choose(forms):
        def fits(form):
            return (form.name.lower().startswith(fork) and ("Blinded" in form.name) == blinded
                    and ("Contents" in form.name) == included)
        exact = [form for form in forms if fits(form)]
        earlier = [form for form in forms if form.name.startswith("Electra") and ("Contents" in form.name) == included]
        return (exact or earlier or forms)[0]
    return choose


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def reply(self, status, kind="", body=b"", headers=()):
        self.send_response(status)
        if kind:
            self.send_header("content-type", kind)
        for name, value in headers:
            self.send_header(name, value)
        if status != 204:
            self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_one(self, method):
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = self.rfile.read(int(headers.get("content-length", 0)))
        path, _, text = self.path.partition("?")
        query = urllib.parse.parse_qs(text, keep_blank_values=True)
        documents = self.server.documents
        template, operation = documents.operation(method, path)
        if operation is None:
            self.server.requests.append(Request(method, path, "", ["is not in the documents"]))
            return self.reply(404)
        problems = request_problems(documents, operation, template, path, query, headers, body)
        self.server.requests.append(Request(method, path, template, problems))
        status = self.server.lacks(method, template, query, headers)
        if status:
            return self.reply(status, JSON, json.dumps({"code": status, "message": "not here"}).encode())
        if template == "/eth/v1/events":
            return self.reply(200, "text/event-stream", self.events(operation, query))
        content = operation.get("responses").get("200").get("content")
        if content is None:
            return self.reply(200)
        return self.answer(template, path, query, content.get(JSON).get("schema"))

    do_GET = functools.partialmethod(handle_one, "GET")
    do_POST = functools.partialmethod(handle_one, "POST")

    def answer(self, template, path, query, schema):
        fork = "fulu"
        if template == "/eth/v2/beacon/blocks/{block_id}":
            fork = path.rsplit("/", 1)[-1]
        elif template.endswith("validator/blocks/{slot}"):
            fork = "gloas" if "/v4/" in template else bytes.fromhex(query["graffiti"][0][2:]).decode().strip("\0")
        elif "payload" in template:
            fork = "gloas"
        blinded = self.server.old and template == "/eth/v3/validator/blocks/{slot}"
        included = not blinded and template.endswith("validator/blocks/{slot}") and not (self.server.old and fork == "gloas")
        value = self.server.documents.example(schema, chooser(fork, blinded, included))
        value = json.loads(json.dumps(value))
        for name, said in (("version", fork), ("execution_payload_blinded", blinded), ("execution_payload_included", included)):
            if name in value:
                value[name] = said
        if template in CORRECTIONS:
            CORRECTIONS[template](value["data"])
        complete(value, fork)
        problems = self.server.documents.problems_of(value, schema)
        if problems:
            self.server.requests.append(Request("the answer to", path, template, problems))
        self.reply(200, JSON, json.dumps(value).encode())

    def events(self, operation, query):
        """The examples of the topics that were asked for."""
        examples = operation.get("responses").get("200").get("content").get("text/event-stream").value["examples"]
        topics = [topic for text in query["topics"] for topic in text.split(",")]
        return "".join(examples[topic]["value"].rstrip() + "\n\n" for topic in topics).encode()


@unittest.skipUnless(os.path.isdir(FOLDER), "the Beacon API's documents are not beside the project")
class BeaconApi(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.documents = Documents(FOLDER)
        cls.runs = {old: cls.make_calls(old) for old in (False, True)}

    @classmethod
    def make_calls(cls, old):
        """(the server, what the program said) of one run."""
        server = Server(cls.documents, old)
        aggregate = cls.example_of(get("/eth/v2/validator/aggregate_attestation"))["data"]
        complete(aggregate, "fulu")
        committees = int.from_bytes(bytes.fromhex(aggregate["committee_bits"][2:]), "little")
        contribution = cls.example_of(get("/eth/v1/validator/sync_committee_contribution"))["data"]
        validator = cls.example_of(get("/eth/v1/beacon/states/{state_id}/validators"))["data"][0]
        done = subprocess.run(
            [program("holdfast-beacon-calls"), server.url, root_of_data(aggregate["data"]), str(committees.bit_length() - 1),
             contribution["beacon_block_root"], validator["validator"]["pubkey"]],
            capture_output=True, text=True, timeout=120, check=False)
        server.shutdown()
        server.server_close()
        if done.returncode != 0:
            raise AssertionError(f"holdfast-beacon-calls ended with {done.returncode}: {done.stderr}")
        return server, [json.loads(line) for line in done.stdout.splitlines()]

    @classmethod
    def example_of(cls, call):
        method, template = call
        operation = cls.documents.root.get("paths").get(template).get(method.lower())
        schema = operation.get("responses").get("200").get("content").get(JSON).get("schema")
        return cls.documents.example(schema, chooser("fulu", False, False))

    def test_requests_are_as_the_documents_say(self):
        for old, (server, _) in self.runs.items():
            self.assertGreater(len(server.requests), 40)
            for request in server.requests:
                with self.subTest(old=old, request=f"{request.method} {request.path}"):
                    self.assertEqual(request.problems, [])

    def test_answers_are_understood(self):
        for old, (_, lines) in self.runs.items():
            for line in lines:
                with self.subTest(old=old, call=line["call"]):
                    self.assertTrue(line["ok"], line["detail"])

    def test_what_is_found_in_the_answers(self):
        details = {old: {(line["call"], line["detail"]) for line in lines} for old, (_, lines) in self.runs.items()}
        new, older = details[False], details[True]
        self.assertIn(("validators", "1"), new & older)
        self.assertIn(("proposer_duties", "with its root"), new)
        self.assertNotIn(("proposer_duties", "with its root"), older)
        self.assertLessEqual({("produce_block", fork) for fork in FORKS}, new)
        self.assertLessEqual({("produce_block", "electra blinded"), ("produce_block", "fulu blinded"), ("produce_block", "gloas")},
                             older)
        # Of two heads that a node tells in both versions, both come where the older one comes first.
        self.assertIn(("follow_events", "head=2 reorg=1 slashing=2 payload=1"), new)
        self.assertIn(("follow_events", "head=1 reorg=1 slashing=0 payload=0"), older)

    def test_every_call_of_a_node_is_made(self):
        """A call that is added to the class must be added to the program."""
        header = read(BEACON, "beacon_node.hpp")
        declared = set(re.findall(r"virtual\s+Task<.*>\s+(\w+)\(", header))
        self.assertGreater(len(declared), 25)
        for _, lines in self.runs.values():
            self.assertEqual({line["call"] for line in lines}, declared)

    def test_every_path_in_the_sources_was_asked_for(self):
        """A path that appears in the sources, in whatever program of ours, must be asked for here."""
        asked = {request.path for server, _ in self.runs.values() for request in server.requests}
        found = set()
        for folder in ("shared", "instance", "primary", "secondary", "healthcheck", "protector", "cli"):
            for file in glob.glob(os.path.join(ROOT, folder, "**", "*.[ch]pp"), recursive=True):
                code = re.sub(r"^\s*//.*$", "", read(file), flags=re.MULTILINE)
                found |= {literal.partition("?")[0] for literal in re.findall(r'"(/eth/v[^"]*)"', code)}
        self.assertGreater(len(found), 25)
        for path in found:
            self.assertTrue(any(one.startswith(path) for one in asked), f"{path} was not asked for")

    def test_both_forms_of_everything_were_sent(self):
        calls = {old: {(request.method, request.template) for request in server.requests} for old, (server, _) in self.runs.items()}
        validators = "/eth/v1/beacon/states/{state_id}/validators"
        self.assertIn(("GET", validators), calls[True])
        self.assertNotIn(("GET", validators), calls[False])
        self.assertIn(get("/eth/v1/validator/duties/proposer/{epoch}"), calls[True])
        for template in ("/eth/v2/beacon/blocks", "/eth/v2/beacon/blinded_blocks", "/eth/v1/beacon/execution_payload_envelopes"):
            self.assertIn(("POST", template), calls[False])
            self.assertIn(("POST", template), calls[True])


if __name__ == "__main__":
    unittest.main()
