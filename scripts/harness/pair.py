"""The pair: a primary and the secondary that takes over from it, as real processes beside a chain and its protectors."""
import collections
import datetime
import re
import time

from .cluster import START_TIMEOUT, Instance, Primary, program
from .processes import ProcessError, wait_until

ON_DUTY = "on_duty"
# The secondary's states when it could go on duty this second, and the primary's when it does nothing.
ARMED, STANDBY = "armed", "standby"

# The programs refuse times that take longer than a slot to notice a dead primary: the defaults fit slots of this length and more.
DEFAULT_TIMES_FROM_MS = 3000
SHORT_TIMES = ["--poll-interval", "250ms", "--poll-timeout", "200ms", "--look-interval", "250ms", "--look-timeout", "200ms",
               "--witness-age", "750ms"]

Moved = collections.namedtuple("Moved", "when before after why")  # one change of state: when (wall clock), from, to, why


class Secondary(Instance):
    """holdfast-secondary, not started."""

    def __init__(self, run, nodes, keystores, cluster, primary_url, options=(), instance="secondary"):
        super().__init__(run, instance, lambda *listeners: secondary_argv(nodes, keystores, cluster.file, primary_url,
                                                                          *listeners, *options))


class Pair:
    """A primary on duty and a secondary that watches it, through the primary's control address, so that commands asked at the
    secondary can be relayed. Both with the same nodes and keys unless told otherwise, and on short slots with times that fit."""

    def __init__(self, run, chain, keystores, cluster, *, primary_options=(), secondary_options=(), secondary_nodes=None,
                 secondary_keystores=None, secondary_cluster=None, primary_url=None):
        times = times_for(chain.time.slot_ms)
        self.primary = Primary(run, chain.nodes, keystores, cluster, [*times, *primary_options], control=True)
        self.secondary = Secondary(run, secondary_nodes or chain.nodes, secondary_keystores or keystores,
                                   secondary_cluster or cluster, primary_url or self.primary.control_url,
                                   [*times, *secondary_options]).start()

    @property
    def both(self):
        return [self.primary, self.secondary]

    def wait_armed(self, timeout=START_TIMEOUT):
        """Waits until the primary is on duty and the secondary armed, and the primary knows that from the protectors."""
        self.primary.wait_state(ON_DUTY, timeout=timeout)
        self.secondary.wait_state(ARMED, timeout=timeout)
        wait_until(lambda: "off duty and ready" in (self.primary.status() or {}).get("seen", ""), timeout,
                   "the primary to hear that the secondary is ready")
        return self

    def other(self, instance):
        return self.secondary if instance is self.primary else self.primary

    def on_duty(self):
        """Those that say they are on duty; one whose process is stopped says nothing."""
        return [instance for instance in self.both if instance.process.running and instance.active()]

    def holder(self):
        """The one on duty; ProcessError unless it is exactly one."""
        found = self.on_duty()
        if len(found) != 1:
            raise ProcessError(f"{len(found)} instances are on duty instead of one: " + self.describe())
        return found[0]

    def describe(self):
        return "; ".join(f"{instance.name}: {' / '.join(instance.states()) or 'no answer'}" for instance in self.both)

    def wait_primary_standby(self, timeout=START_TIMEOUT):
        """Waits until the primary is on standby and could take duty, and the secondary knows that from its polls."""
        def waits(health):
            return bool(health) and health["rules_state"] == STANDBY and health["ready"]

        self.primary.wait_for(waits, timeout, "to be on standby and ready")
        wait_until(lambda: waits(((self.secondary.status() or {}).get("peer") or {}).get("health")), timeout,
                   "the secondary to see that the primary could take duty")

    def hand_over(self, to, at=None, timeout=START_TIMEOUT):
        """Planned: `holdfast failover` to the secondary, `failback` to the primary, told to `at` (default: the one that is to
        take duty). Returns the seconds from the command until that one was on duty, by its own account; the other is not, then."""
        started = time.time()
        (at or to).must("failover" if to is self.secondary else "failback", timeout=timeout)
        wait_until(to.active, timeout, f"{to.name} to be on duty after the operator's command")
        self.holder()
        move = first_move(to.status() or {"changes": []}, started, ON_DUTY)
        if move is None:
            raise ProcessError(f"{to.name} is on duty, but its status names no such change since the operator's command")
        return move.when - started


def times_for(slot_ms):
    """Options for a chain with such slots."""
    return [] if slot_ms >= DEFAULT_TIMES_FROM_MS else SHORT_TIMES


def secondary_argv(nodes, keystores, cluster_file, primary_url, *options):
    return [program("holdfast-secondary"), "--beacon-nodes", ",".join(nodes), "--keystores", keystores, "--cluster", cluster_file,
            "--primary", primary_url, *options]


def seconds(text):
    """A UTC time of a document ("2026-11-21T07:00:00.123Z") as seconds since 1970."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(\.\d+)?Z?", text)
    if not found:
        raise ValueError(f"no UTC time: {text}")
    whole = datetime.datetime.strptime(f"{found[1]} {found[2]}", "%Y-%m-%d %H:%M:%S").replace(tzinfo=datetime.timezone.utc)
    return whole.timestamp() + float(found[3] or 0)


def moves(status):
    """The changes of state in the body of /status, the oldest first."""
    return [Moved(seconds(change["when"]), change["from"], change["to"], change.get("why", ""))
            for change in reversed(status["changes"])]


def first_move(status, after, to):
    """The first change into state `to` after a moment, or None."""
    return next((move for move in moves(status) if move.when >= after and move.after == to), None)
