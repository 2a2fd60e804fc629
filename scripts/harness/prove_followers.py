"""HAProxy and keepalived in front of a pair follow its failovers through /activez; beside them their own defaults.

The pair, its protectors and nodes run in a network laboratory (slots of 4 s); HAProxy on a host of its own, keepalived on the
two instances' hosts, with the files of packaging/, and a second time with the programs' own times. A client asks each of the
addresses every 10 ms. In every round the primary is killed, and afterwards gets its duty back by a planned handover. Then
plain web servers are killed behind HAProxy and keepalived as they are by default. Needs root.

It holds if every address led to the instance on duty after every failover, and the files of packaging/ were faster than the
defaults.
"""
import argparse
import json
import os
import random
import sys
import time

from . import followers, netlab
from .cluster import ROOT
from .distribution import distribution, table
from .http_json import HttpError
from .lab_rig import PORT, PRIMARY, SECONDARY, HostRun, LabRig
from .pair import first_move
from .processes import ProcessError, Run, wait_until

BALANCER, VIRTUAL, VIRTUAL_DEFAULT, VIRTUAL_PLAIN = "10.77.0.200", "10.77.0.50", "10.77.0.51", "10.77.0.52"
PLAIN = {"a": "10.77.0.61", "b": "10.77.0.62"}
HOSTS = {"balancer": [BALANCER], "a": [PLAIN["a"]], "b": [PLAIN["b"]]}
NETWORK = "10.77.0."
DEFAULTS_PORT, PLAIN_PORT, PLAIN_SERVER_PORT = 7780, 7790, 8080
TIMEOUT = 60.0
FOLLOWERS = {"haproxy": "HAProxy, packaging/haproxy/holdfast.cfg",
             "haproxy_default_times": "HAProxy, the same with its own times",
             "keepalived": "keepalived, packaging/keepalived/holdfast.conf",
             "keepalived_default_times": "keepalived, the same with its own times"}
PLAIN_EVENTS = {"haproxy": "HAProxy as it is, a killed web server", "keepalived": "keepalived as it is, a killed web server",
                "keepalived_host": "keepalived as it is, a dead host"}


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/prove followers", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=10, metavar="N", help="kills, and as many planned handovers (default 10)")
    parser.add_argument("--plain-rounds", type=int, default=5, metavar="N", help="of each of the defaults (default 5)")
    parser.add_argument("--seed", type=int, default=1, help="of the moments (default 1)")
    parser.add_argument("--json", action="store_true", help="print only the JSON line")
    parser.add_argument("--keep-logs", action="store_true", help="keep the programs' logs")
    options = parser.parse_args()
    if options.rounds < 1 or options.plain_rounds < 1:
        parser.error("--rounds and --plain-rounds must be at least 1")
    return options


class Following:
    """The pair, and all that follows it."""

    def __init__(self, run, say, seed):
        self._say = say
        self._random = random.Random(seed)
        self.rig = LabRig(run, run.path("lab"), 4000, seed, HOSTS)
        balancer = HostRun(run, self.rig.lab, "balancer", self.rig.path())
        config = followers.example("haproxy/holdfast.cfg", NETWORK)
        followers.start_haproxy(balancer, "haproxy", config)
        followers.start_haproxy(balancer, "haproxy-default-times",
                                followers.haproxy_defaults(config).replace(f"bind :{PORT}", f"bind :{DEFAULTS_PORT}"))
        config = followers.example("keepalived/holdfast.conf", NETWORK, netlab.DEVICE)
        slow = followers.keepalived_defaults(config).replace(VIRTUAL, VIRTUAL_DEFAULT).replace("router_id 51", "router_id 52")
        for instance in ("primary", "secondary"):
            host = HostRun(run, self.rig.lab, instance, self.rig.path())
            followers.start_keepalived(host, f"keepalived-{instance}", config)
            followers.start_keepalived(host, f"keepalived-default-times-{instance}", slow)
        self.clients = {name: followers.Client(address, port, "/healthz") for name, address, port in (
            ("haproxy", BALANCER, PORT), ("haproxy_default_times", BALANCER, DEFAULTS_PORT), ("keepalived", VIRTUAL, PORT),
            ("keepalived_default_times", VIRTUAL_DEFAULT, PORT))}
        for client in self.clients.values():
            client.start()

    def close(self):
        for client in self.clients.values():
            client.end()
        self.rig.close()

    def wait_at(self, instance):
        """Waits until all addresses lead to the instance."""
        wait_until(lambda: all(client.who == instance.name for client in self.clients.values()), TIMEOUT,
                   f"all addresses to lead to the {instance.name}")

    def round(self, number):
        """A kill and a planned handover; two records."""
        pair = self.rig.pair
        self.rig.wait_calm(TIMEOUT)
        self.wait_at(pair.primary)
        time.sleep(3 + self._random.random() * 4)
        killed = self._measure("kill", pair.secondary, pair.primary.kill)
        pair.primary.start()
        self.rig.wait_calm(TIMEOUT)
        time.sleep(3 + self._random.random() * 4)
        planned = self._measure("planned", pair.primary, self._give_back)
        for record in (killed, planned):
            self._say(f"{number:3} {record['event']:8} on duty after {record['on_duty']:.2f} s; traffic after "
                      + ", ".join(f"{record[name]:.2f} s ({name})" for name in FOLLOWERS))
        return killed, planned

    def _give_back(self):
        begun = time.time()
        self.rig.give_back(TIMEOUT)
        return begun

    def _measure(self, event, to, act):
        for client in self.clients.values():
            client.failed = 0
        begun = act()
        self.wait_at(to)
        wait_until(to.active, TIMEOUT, f"the {to.name} to be on duty")
        move = first_move(to.status(), begun, "on_duty")
        if move is None:
            raise ProcessError(f"the status of the {to.name} names no change to on_duty")
        return {"event": event, "on_duty": round(move.when - begun, 3),
                **{name: round(client.first(to.name, begun) - begun, 3) for name, client in self.clients.items()},
                "failed": {name: client.failed for name, client in self.clients.items()}}


class Plain:
    """Two plain web servers behind HAProxy and keepalived with nothing configured but the servers."""

    def __init__(self, run, lab, folder):
        self._lab = lab
        self._hosts = {name: HostRun(run, lab, name, folder) for name in (*PLAIN, "balancer")}

    def _servers(self):
        script = os.path.join(ROOT, "scripts", "harness", "followers_server.py")
        return {name: self._hosts[name].start(f"server-{name}", [sys.executable, "-B", script, name, PLAIN_SERVER_PORT])
                for name in PLAIN}

    def haproxy(self):
        """Seconds from the kill of a web server until another answers."""
        servers = self._servers()
        config = followers.plain_haproxy(PLAIN_PORT, [(name, f"{where}:{PLAIN_SERVER_PORT}") for name, where in PLAIN.items()])
        return self._until_b(BALANCER, PLAIN_PORT, servers, [followers.start_haproxy(self._hosts["balancer"], "plain", config)],
                             servers["a"].kill)

    def _keepalived(self):
        return {name: followers.start_keepalived(self._hosts[name], f"plain-{name}", followers.plain_keepalived(
            state, priority, netlab.DEVICE, VIRTUAL_PLAIN, PLAIN_SERVER_PORT))
                for name, state, priority in (("a", "MASTER", 150), ("b", "BACKUP", 100))}

    def keepalived(self):
        servers, daemons = self._servers(), self._keepalived()
        return self._until_b(VIRTUAL_PLAIN, PLAIN_SERVER_PORT, servers, daemons.values(), servers["a"].kill)

    def keepalived_host(self):
        """The host of the one that has the address loses its network, as when it dies."""
        servers, daemons = self._servers(), self._keepalived()

        def die():
            for address in (PLAIN["b"], self._lab.hosts["outside"][0]):
                self._lab.cut(PLAIN["a"], address)
        return self._until_b(VIRTUAL_PLAIN, PLAIN_SERVER_PORT, servers, daemons.values(), die)

    def _until_b(self, address, port, servers, daemons, act):
        client = followers.Client(address, port, "/")
        client.start()
        try:
            wait_until(lambda: client.who == "a", TIMEOUT, "the first web server to answer")
            time.sleep(5 + random.random())
            begun = time.time()
            act()
            wait_until(lambda: client.who == "b", TIMEOUT, "the second web server to answer")
            return round(client.first("b", begun) - begun, 3)
        finally:
            client.end()
            self._lab.heal()
            for process in (*daemons, *servers.values()):
                process.stop()


class Proof:
    def __init__(self, options):
        self._options = options

    def say(self, text):
        if not self._options.json:
            print(text, flush=True)

    def go(self, run):
        netlab.private_mounts()
        started, load = time.time(), os.getloadavg()[0]
        following = Following(run, self.say, self._options.seed)
        try:
            records = [record for number in range(1, self._options.rounds + 1) for record in following.round(number)]
            plain = Plain(run, following.rig.lab, following.rig.path())
            defaults = {name: [] for name in PLAIN_EVENTS}
            for _ in range(self._options.plain_rounds):
                for name, values in defaults.items():
                    values.append(getattr(plain, name)())
            slashable = following.rig.slashable()
        finally:
            following.close()
        return self._figures(records, defaults, slashable) | {"load_before": round(load, 2),
                                                              "took_seconds": round(time.time() - started)}

    def _figures(self, records, defaults, slashable):
        figures = {"proof": "followers", "holds": False, "slashable": slashable}
        for event in ("kill", "planned"):
            chosen = [record for record in records if record["event"] == event]
            figures[event] = {"on_duty": distribution([record["on_duty"] for record in chosen])}
            for name in FOLLOWERS:
                figures[event][name] = distribution([record[name] for record in chosen]) | {
                    "behind_duty": distribution([record[name] - record["on_duty"] for record in chosen]),
                    "failed_requests": sum(record["failed"][name] for record in chosen)}
        figures["plain"] = {name: distribution(values) for name, values in defaults.items()}
        figures["holds"] = slashable == 0 and all(
            figures["kill"][name]["median"] < figures["kill"][name + "_default_times"]["median"] and
            figures["kill"][name]["median"] < figures["plain"][other]["median"]
            for name, other in (("haproxy", "haproxy"), ("keepalived", "keepalived_host")))
        return figures

    def report(self, figures):
        """For people."""
        for event, title in (("kill", "seconds from the kill of the primary"), ("planned", "seconds from `holdfast failback`")):
            rows = {"the other is on duty": figures[event]["on_duty"]}
            rows |= {words: figures[event][name] for name, words in FOLLOWERS.items()}
            self.say("\n" + title)
            for line in table(rows):
                self.say("  " + line)
        self.say("\nseconds from the event, without a pair")
        for line in table({words: figures["plain"][name] for name, words in PLAIN_EVENTS.items()}):
            self.say("  " + line)


def main():
    options = arguments()
    try:
        netlab.check_rights()
        with Run("followers", keep=options.keep_logs) as run:
            proof = Proof(options)
            figures = proof.go(run)
            proof.report(figures)
            if not figures["holds"]:
                run.keep()
    except (ProcessError, HttpError, netlab.LabError) as error:
        print(f"scripts/prove followers: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    print(json.dumps(figures))
    return 0 if figures["holds"] else 1


if __name__ == "__main__":
    sys.exit(main())
