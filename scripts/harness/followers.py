"""HAProxy and keepalived from Debian in a network laboratory, and a client that sees which instance answers through them."""
import http.client
import json
import os
import re
import threading
import time

from .cluster import ROOT

EXAMPLE_NETWORK, EXAMPLE_DEVICE = "10.0.0.", "eth0"
CLIENT_TIMEOUT, CLIENT_PERIOD = 0.15, 0.01


def example(path, network, device=None):
    """The text of a configuration file of packaging/, with the laboratory's addresses."""
    with open(os.path.join(ROOT, "packaging", path)) as file:
        text = file.read().replace(EXAMPLE_NETWORK, network)
    return text.replace(f"interface {EXAMPLE_DEVICE}", f"interface {device}") if device else text


def without(text, *patterns):
    """The text without what matches these; each must match."""
    for pattern in patterns:
        text, count = re.subn(pattern, "", text)
        if not count:
            raise ValueError(f"nothing matches {pattern}")
    return text


def haproxy_defaults(text):
    """The same servers and question, with HAProxy's own times: a check every 2 s, two good ones, three bad ones."""
    return without(text, r" inter 200ms fastinter 100ms downinter 200ms rise 1 fall 2", r" *timeout check .*\n",
                   r" *retries 0\n", r" *default-server observe .*\n")


def keepalived_defaults(text):
    """The same check, with keepalived's own times: VRRP 2, an advertisement every second."""
    return without(text, r" *vrrp_version 3\n", r" *advert_int .*\n", r" *vrrp_garp_master_delay .*\n")


def plain_haproxy(port, servers):
    """Two servers, one of them as a backup, and HAProxy's own times. servers: [(name, address:port)]"""
    lines = "".join(f"    server {name} {address} check{' backup' if position else ''}\n"
                    for position, (name, address) in enumerate(servers))
    return ("defaults\n    mode http\n    timeout connect 1s\n    timeout client 5s\n    timeout server 5s\n"
            f"frontend f\n    bind :{port}\n    default_backend b\nbackend b\n    option httpchk GET /\n{lines}")


def plain_keepalived(state, priority, device, address, port):
    """keepalived's own times: an advertisement and a check every second."""
    return ("global_defs {\n    enable_script_security\n    script_user nobody nogroup\n}\n"
            f'vrrp_script alive {{\n    script "/usr/bin/curl --silent --fail -o /dev/null http://127.0.0.1:{port}/"\n}}\n'
            f"vrrp_instance v {{\n    state {state}\n    interface {device}\n    virtual_router_id 71\n"
            f"    priority {priority}\n"
            f"    virtual_ipaddress {{\n        {address}/24\n    }}\n    track_script {{\n        alive\n    }}\n}}\n")


def start_haproxy(run, name, text):
    """run: of the host that it belongs to."""
    path = _write(run, name + ".cfg", text)
    return run.start(name, ["haproxy", "-db", "-f", path])


def start_keepalived(run, name, text):
    path = _write(run, name + ".conf", text)
    pids = [run.path(f"{name}.{kind}.pid") for kind in ("main", "vrrp")]
    for pid in pids:
        if os.path.exists(pid):  # a stale one whose number is in use again stops the start
            os.unlink(pid)
    return run.start(name, ["keepalived", "--dont-fork", "--log-console", "--log-detail", "--vrrp", "-f", path, "-p", pids[0],
                            "-r", pids[1]])


def _write(run, name, text):
    path = run.path(name)
    with open(path, "w") as file:
        file.write(text)
    os.chmod(path, 0o644)
    return path


class Client(threading.Thread):
    """Asks one address all the time, over a new connection each time. answers: [(time, who answered or None)], one for each
    change; failed: requests without a usable answer since the last reset."""

    def __init__(self, address, port, path):
        super().__init__(daemon=True)
        self._where, self._path = (address, port), path
        self._ended = threading.Event()
        self.answers = [(time.time(), None)]
        self.failed = 0

    @property
    def who(self):
        return self.answers[-1][1]

    def run(self):
        while not self._ended.wait(CLIENT_PERIOD):
            name = self._ask()
            self.failed += name is None
            if name != self.who:
                self.answers.append((time.time(), name))

    def end(self):
        self._ended.set()
        self.join()

    def first(self, name, after):
        """When `name` answered for the first time after a moment, or None."""
        return next((when for when, who in self.answers if who == name and when >= after), None)

    def _ask(self):
        connection = http.client.HTTPConnection(*self._where, timeout=CLIENT_TIMEOUT)
        try:
            connection.request("GET", self._path)
            answer = connection.getresponse()
            document = json.loads(answer.read())
            return document["instance"] if document.get("on_duty", True) else None
        except (OSError, ValueError, KeyError, http.client.HTTPException):
            return None
        finally:
            connection.close()
