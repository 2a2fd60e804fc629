"""An instance as `holdfast status` and its like see it: HTTP on a Unix socket or on loopback, with what the test says."""
import contextlib
import http.server
import json
import os
import socket
import socketserver
import threading
import urllib.parse

CHECKS = [{"name": "beacon_nodes", "ok": True, "since": "2026-11-21T10:00:00.000Z", "detail": "3 of 3 fit"}]


def health(role="primary", state="on_duty", **more):
    """A health document."""
    document = {
        "role": role, "instance": role, "state": state, "rules_state": more.pop("rules_state", state), "reason": "nobody else is on duty",
        "since": "2026-11-21T10:00:00.000Z", "healthy": True, "on_duty": state == "on_duty", "ready": True, "why_not_ready": "",
        "drained": False, "wants_duty": False, "asks_for_duty": False, "paused": False,
        "generation": "3" if state == "on_duty" else "0",
        "configuration": {"cluster": "0x01", "chain": "0x02", "keys": "0x03", "key_count": 100, "fee_recipients": "0x04",
                          "threshold": 2, "version": "0.1.0"},
        "checks": CHECKS}
    return {**document, **more}


def protector(name, votes=True, **more):
    return {"name": name, "url": f"http://127.0.0.1/{name}", "votes": votes, "reachable": votes, "foreign": False,
            "state": "voting" if votes else "", "generation": "3", "holder": "primary", "since": "2026-11-21T10:00:00.000Z",
            "detail": "" if votes else "connection refused", "latency_ms": 0.8, "last_answer_age_ms": 100, "approved": 100,
            "refused": 0, "fenced": 0, "failed_requests": 0, **more}


def node(name, fit=True, **more):
    return {"url": name, "fit": fit, "fitness": "fit" if fit else "syncing", "detail": "", "head_slot": "96", "score": 100,
            "version": "Sim/v1", **more}


def slot(number, due=8, attested=8, **more):
    return {"slot": str(number), "epoch": str(number // 32), "due": due, "attested": attested, "adopted": False,
            "only_decided": False, "caught_up": False, "missed": {}, "missed_details": {}, "deadline_ms": 4000,
            "head_event_ms": 900, "started_ms": 900, "decided_ms": 904.5, "approved_ms": 910, "posted_ms": 915, "vote": None,
            "gave_up": None, **more}


def status(**more):
    """What /status has beside the health."""
    return {
        "now": "2026-11-21T10:10:00.000Z", "slot": "97", "epoch": "3", "peer": None, "seen": "nobody else is on duty",
        "protectors": {"quorum": 3, "members": [protector(f"p{i}") for i in range(1, 5)]},
        "beacon_nodes": {"threshold": 2, "nodes": [node(f"http://node{i}:5052") for i in range(1, 4)]},
        "validators": {"known": 256, "active": 256}, "recent": [slot(96), slot(95)],
        "last_epoch": {"epoch": "2", "due": 256, "attested": 256, "missed": 0},
        "restart": {"safe_now": True, "sentence": "safe now: the secondary is ready", "next_proposal": None, "next_attestation": "98",
                    "sync_committee_until": None, "idle_ms": 1000},
        "changes": [{"when": "2026-11-21T10:00:00.000Z", "from": "starting", "to": "on_duty", "why": "nobody else was on duty"}],
        "failback_at": None, "takeovers": 0, **more}


def polled(document, **more):
    """A peer, as the secondary has polled it."""
    return {"url": "http://127.0.0.1:7770", "last_answer": "2026-11-21T10:09:59.900Z", "round_trip_ms": 1.2,
            "last_poll": {"outcome": "answered", "performs": True, "sentence": "primary is on_duty"}, "health": document,
            "differences": [], **more}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def setup(self):
        super().setup()
        self.server.fake.connections.add(self.connection)

    def finish(self):
        self.server.fake.connections.discard(self.connection)
        super().finish()

    def handle_one_request(self):
        super().handle_one_request()
        self.close_connection = self.close_connection or self.server.fake.ended

    def address_string(self):
        return "local"

    def reply(self, code, body, kind="application/json"):
        data = body.encode()
        self.send_response(code)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        fake = self.server.fake
        url = urllib.parse.urlsplit(self.path)
        fake.asked.append(self.path)
        if url.path == "/healthz":
            fake.polls += 1
            fake.on_poll(fake)
            self.reply(200 if fake.health["healthy"] else 503, json.dumps(fake.health))
        elif url.path == "/status":
            self.reply(200, fake.garbage or json.dumps({**fake.health, **fake.more}))
        elif url.path == "/v1/drill" and fake.drill is not None:
            self.stream(fake.drill)
        else:
            self.reply(fake.refuse_with[0], json.dumps({"code": fake.refuse_with[0], "message": fake.refuse_with[1]}))

    def stream(self, lines):
        self.send_response(200)
        self.send_header("content-type", "application/x-ndjson")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        for line in lines:
            data = (json.dumps(line) if isinstance(line, dict) else line) + "\n"
            # In two pieces, as a network may do it.
            for piece in (data[:7], data[7:]):
                self.wfile.write(f"{len(piece):x}\r\n{piece}\r\n".encode())
                self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")

    def do_POST(self):
        fake = self.server.fake
        body = self.rfile.read(int(self.headers["content-length"]))
        if self.path != "/v1/commands" or not fake.takes_commands:
            return self.reply(404, json.dumps({"code": 404, "message": "there is /livez, /readyz"}))
        fake.commands.append((self.headers["content-type"], json.loads(body)))
        code, message = fake.on_command(fake)
        return self.reply(code, json.dumps({"message": message} if code == 200 else {"code": code, "message": message}))


class UnixServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True


class TcpServer(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True


class FakeInstance:
    """`path`: of its Unix socket; without, it listens on a port of its own."""

    def __init__(self, document=None, path=None, **more):
        self.health = document or health()
        self.more = status(**more)
        self.garbage = None
        self.drill = None
        self.refuse_with = (409, "a drill is for the secondary")
        self.takes_commands = True
        self.commands = []
        self.asked = []
        self.polls = 0
        self.connections = set()
        self.ended = False
        self.on_poll = lambda fake: None
        self.on_command = lambda fake: (200, "as you wish")
        self.path = path
        if path:
            if os.path.exists(path):
                os.unlink(path)
            self.server = UnixServer(path, Handler)
        else:
            self.server = TcpServer(("127.0.0.1", 0), Handler)
        self.server.fake = self
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def set(self, **values):
        self.health = {**self.health, **values}

    def end(self, cut=True):
        """Leaves its socket behind, as a process does that is killed. Not `cut`: what is being answered gets its answer."""
        if self.ended:
            return
        self.ended = True
        self.server.shutdown()
        self.server.socket.close()
        for connection in list(self.connections) if cut else []:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)
