"""Protectors as real processes, a client that holds every exchange against the API's file, and a fake member."""
import hashlib
import http.client
import http.server
import json
import os
import ssl
import subprocess
import threading
import time
import urllib.parse
from collections import defaultdict, namedtuple

from harness.cluster import program
from harness.processes import free_port, wait_until

from openapi import JSON, Api

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
API = Api(os.path.join(ROOT, "docs", "protector-api.yaml"))

SLOT_SECONDS = 12
SLOTS_PER_EPOCH = 32
EPOCH = 1000  # that begins when the tests do
CHAIN_ROOT = hashlib.sha256(b"chain").digest()
TIMEOUT = 30

Answer = namedtuple("Answer", "status headers body")


def to_hex(octets):
    return "0x" + octets.hex()


def key(number):
    return hashlib.sha384(b"key %d" % number).digest()


def root(number):
    return hashlib.sha256(b"root %d" % number).digest()


class Cluster:
    """A cluster file. Members are p1, p2 ... on free ports of 127.0.0.1."""

    def __init__(self, folder, *, members=1, quorum=1, mode="shared", tls=False, chain_root=CHAIN_ROOT):
        os.makedirs(folder)
        self.folder = folder
        self.file = os.path.join(folder, "cluster.toml")
        self.tls = tls
        self.chain_root = chain_root
        self.ports = [free_port() for _ in range(members)]
        self.names = [f"p{i + 1}" for i in range(members)]
        genesis = int(time.time()) - EPOCH * SLOTS_PER_EPOCH * SLOT_SECONDS
        text = f"""name = "api"
quorum = {quorum}
mode = "{mode}"
[chain]
genesis-time = {genesis}
genesis-validators-root = "{to_hex(chain_root)}"
slot-duration-ms = {SLOT_SECONDS * 1000}
slots-per-epoch = {SLOTS_PER_EPOCH}
"""
        for name, port in zip(self.names, self.ports):
            text += f'[[member]]\nname = "{name}"\nurl = "{"https" if tls else "http"}://127.0.0.1:{port}"\n'
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(text)


class Recorder:
    """Which statuses each call was answered with."""

    def __init__(self):
        self.statuses = defaultdict(set)  # by (method, path)
        self.parameters = defaultdict(set)  # of the query, by (method, path)

    def note(self, method, path, query, status):
        self.statuses[method, path].add(status)
        self.parameters[method, path].update(query)


RECORDER = Recorder()


class Daemon:
    """One running protector, the first of its cluster."""

    def __init__(self, run, cluster):
        self.cluster = cluster
        self.port = cluster.ports[0]
        self.context = None
        if cluster.tls:
            self.certificates = Certificates(cluster.folder)
            self.certificates.issue("p1", "member/p1")
        data = os.path.join(cluster.folder, "data")
        self.process = run.start("protector", [program("holdfast-protector"), "--cluster", cluster.file, "--node-id", "p1",
                                               "--data-dir", data, "--init"])
        if cluster.tls:
            self.context = self.certificates.client("operator/anna")
        wait_until(self._answers, TIMEOUT, f"the protector's answer; it says:\n{self.process.last_lines()}")
        self.cluster_id = json.loads(self.call("GET", "/v1/status").body)["cluster"]

    def _answers(self):
        if not self.process.running:
            raise AssertionError(f"the protector ended:\n{self.process.last_lines()}")
        try:
            return self.exchange("GET", "/healthz").status == 200
        except OSError:
            return False

    def exchange(self, method, target, headers=None, body=b"", context=None, length=None):
        """One request and its answer. `length`: what content-length claims, of a body that is never sent."""
        if self.cluster.tls:
            connection = http.client.HTTPSConnection("127.0.0.1", self.port, timeout=TIMEOUT, context=context or self.context)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=TIMEOUT)
        try:
            connection.putrequest(method, target, skip_accept_encoding=True)
            for name, value in (headers or {}).items():
                connection.putheader(name, value)
            if body or length is not None or method in ("POST", "PUT", "DELETE"):
                connection.putheader("content-length", str(len(body) if length is None else length))
            connection.endheaders(body or None)
            response = connection.getresponse()
            return Answer(response.status, {name.lower(): value for name, value in response.getheaders()}, response.read())
        finally:
            connection.close()

    def call(self, method, target, headers=None, body=b"", *, expect=200, context=None, length=None):
        """As exchange, and holds both sides against the API's file: what is answered 200 must have been asked rightly."""
        headers = {name.lower(): value for name, value in (headers or {}).items()}
        answer = self.exchange(method, target, headers, body, context, length)
        path, _, text = target.partition("?")
        query = dict(urllib.parse.parse_qsl(text))
        RECORDER.note(method, path, query, answer.status)
        problems = API.answer_problems(method, path, answer.status, answer.headers, answer.body)
        if answer.status == 200:
            problems += API.request_problems(method, path, query, headers, body)
        what = f"{method} {target}: {answer.status} {answer.body[:500]!r}"
        if problems:
            raise AssertionError(f"{what}\n" + "\n".join(problems))
        if expect is not None and answer.status != expect:
            raise AssertionError(f"{what}; expected {expect}")
        return answer

    def post(self, path, value, *, expect=200, method="POST", headers=None, context=None):
        """JSON there and back."""
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        answer = self.call(method, path, {"content-type": JSON, **(headers or {})}, body, expect=expect, context=context)
        return json.loads(answer.body)

    def get(self, target, *, expect=200, headers=None, context=None):
        headers = {"holdfast-cluster": self.cluster_id, **(headers or {})}
        return json.loads(self.call("GET", target, headers, expect=expect, context=context).body)

    def head(self, generation=0, instance="primary", request_id=None):
        """The common members of a request."""
        members = {"cluster": self.cluster_id, "instance": instance, "generation": str(generation),
                   "genesis_validators_root": to_hex(self.cluster.chain_root)}
        return members if request_id is None else {**members, "request_id": str(request_id)}


class FakeMember:
    """Another member's address. Silent (503) until told how far it has seen p1; notes what it is asked."""

    def __init__(self, port, name):
        self.seen_of_p1 = None
        self.name = name
        self.problems = []
        self.asked = 0
        member = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                member.answer(self)

            def log_message(self, *_arguments):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def answer(self, request):
        body = request.rfile.read(int(request.headers["content-length"]))
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.problems += API.request_problems("POST", request.path, {}, headers, body)
        self.asked += 1
        status, value = 503, {"code": 503, "message": "starting"}
        if self.seen_of_p1 is not None:
            status = 200
            value = {"node": self.name, "position": "1.7", "seen_of_you": self.seen_of_p1, "rejoining": False}
        text = json.dumps(value).encode()
        if status == 200:  # one that waits to rejoin answers 503 to every call; the file doesn't repeat that for each
            self.problems += API.answer_problems("POST", request.path, status, {"content-type": JSON}, text)
        request.send_response(status)
        request.send_header("content-type", JSON)
        request.send_header("content-length", str(len(text)))
        request.end_headers()
        request.wfile.write(text)

    def close(self):
        self._server.shutdown()
        self._server.server_close()


class Certificates:
    """A certificate authority in a folder, by the openssl program."""

    def __init__(self, folder):
        self.folder = folder
        self._openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
                      "/CN=test", "-keyout", self.path("ca.key"), "-out", self.path("ca.pem"))

    def path(self, name):
        return os.path.join(self.folder, name)

    def _openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(done.stderr)

    def issue(self, file, common_name):
        request, extensions = self.path(file + ".csr"), self.path(file + ".ext")
        with open(extensions, "w", encoding="utf-8") as text:
            text.write("subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth,clientAuth\n")
        self._openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                      "/CN=" + common_name.replace("/", "\\/"), "-keyout", self.path(file + ".key"), "-out", request)
        self._openssl("x509", "-req", "-in", request, "-CA", self.path("ca.pem"), "-CAkey", self.path("ca.key"),
                      "-CAcreateserial", "-days", "2", "-extfile", extensions, "-out", self.path(file + ".pem"))

    def client(self, common_name):
        file = "client-" + common_name.replace("/", "-")
        self.issue(file, common_name)
        context = ssl.create_default_context(cafile=self.path("ca.pem"))
        context.load_cert_chain(self.path(file + ".pem"), self.path(file + ".key"))
        return context
