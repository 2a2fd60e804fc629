"""What happens to a pair in scripts/prove chaos: for each scenario what is done, for how long, and what must come of it."""
import dataclasses
import os
import signal
import typing

from .lab_rig import PRIMARY, PRIMARY_NODES, PROTECTORS, SECONDARY, SECONDARY_NODES
from .pair import ON_DUTY
from .processes import ProcessError

FAULT = 20.0  # seconds
DELAY_MS, LONG_DELAY_MS = 100, 200  # each way
LOSS_PERCENT = 30
CLOCK_OFF = 5.0
ALL_PROTECTORS = list(PROTECTORS.values())


@dataclasses.dataclass(frozen=True)
class Scenario:
    """begin(rig) breaks something, end(rig) mends it (the network is healed in any case)."""
    name: str
    what: str
    begin: typing.Callable
    end: typing.Callable = lambda rig: None
    seconds: float = FAULT
    at: float = 0.0           # of a slot: when it begins
    holder: str = "primary"   # who is on duty at the end; None: either, but one
    takeovers: int = 0        # generations acquired until the end, at most; at least one if the holder changes
    nobody: bool = False      # while it lasts nothing can be signed: all that is missed has that reason
    missed_slots: int = 0     # at most, in which anything is missed
    prepare: typing.Callable = None
    slots: int = 0            # it lasts at least so many
    then: typing.Callable = None  # (rig): a sentence of what is wrong at the end, or nothing


# What is done

def _cut(*pairs):
    def begin(rig):
        for one, other in pairs:
            rig.lab.cut(one, other)
    return begin


def _cut_one_way(*pairs):
    def begin(rig):
        for sender, receiver in pairs:
            rig.lab.shape(sender, receiver, cut=True)
    return begin


def _shape(pairs, **rule):
    def begin(rig):
        for one, other in pairs:
            rig.lab.shape_both(one, other, **rule)
    return begin


def _each(one, others):
    return [(one, other) for other in others]


def _turned(pairs):
    return [(other, one) for one, other in pairs]


def _signal(name, number):
    return lambda rig: getattr(rig.pair, name).process.signal(number)


def _protectors(names, number):
    def begin(rig):
        for protector in rig.protectors:
            if protector.name in names:
                protector.process.signal(number)
    return begin


def _kill_protectors(names):
    def begin(rig):
        for protector in rig.protectors:
            if protector.name in names:
                protector.kill()
    return begin


def _restart_protectors(names):
    def end(rig):
        for protector in rig.protectors:
            if protector.name in names:
                protector.launch().ready()
    return end


def _nodes(instances, **faults):
    def begin(rig):
        for instance in instances:
            for number, _ in rig.nodes_of(instance):
                rig.chain.faults(number, **faults)
    return begin


def _clock(party, seconds):
    return lambda rig: rig.clocks.set(party, seconds)


def _fill(folder_of):
    def begin(rig):
        with open(os.path.join(folder_of(rig), "full"), "wb", buffering=0) as file:
            try:
                while True:
                    file.write(bytes(1 << 16))
            except OSError:
                pass
        try:  # and the last bytes
            with open(os.path.join(folder_of(rig), "full"), "ab", buffering=0) as file:
                while True:
                    file.write(b"x")
        except OSError:
            pass
    return begin


def _free(folder_of):
    def end(rig):
        disk = os.statvfs(folder_of(rig))
        os.unlink(os.path.join(folder_of(rig), "full"))
        if disk.f_bavail > 1:
            raise ProcessError(f"{folder_of(rig)} was not full to the end of the scenario")
    return end


def _protector_disk(rig):
    return rig.path("disk")


def _log_disk(rig):
    return rig.path("log-disk")


def _log_to_small_disk(rig):
    """The primary starts again with its log on a disk of its own, and has duty."""
    primary = rig.pair.primary
    primary.process.stop(90)
    primary.host_run.log_folder = rig.small_disk("log-disk")
    primary.start()
    rig.give_back()


def _free_and_restart(rig):
    """A protector ends when it can't write; systemd would start it again."""
    last = rig.protectors[-1]
    if last.process.running:
        raise ProcessError(f"{last.name} goes on with a full disk")
    _free(_protector_disk)(rig)
    last.launch().ready()


# What must be so at the end

def _zombie_is_on_standby(rig):
    health = rig.pair.primary.health() or {}
    if health.get("rules_state") != "standby" or health.get("on_duty"):
        return f"the primary that was stopped should be on standby by itself: {health.get('state')}, {health.get('reason')}"
    return None


def _primary_never_fenced(rig):
    health = rig.pair.primary.health() or {}
    return None if health.get("state") == ON_DUTY else f"the primary should be on duty: {health.get('state')}"


def _stopped(seconds, offsets):
    for at in offsets:
        taken = seconds >= 5
        yield Scenario(f"primary-stopped-{seconds:g}s-at-{at:g}",
                       f"SIGSTOP of the primary for {seconds:g} s, from {at:g} of a slot on",
                       _signal("primary", signal.SIGSTOP), _signal("primary", signal.SIGCONT), seconds=seconds, at=at,
                       holder="secondary" if taken else "primary", takeovers=1 if taken else 0,
                       then=_zombie_is_on_standby if taken else _primary_never_fenced)


def _links():
    """The network cut between each pair of parties, and in one direction."""
    pp, ps = _each(PRIMARY, ALL_PROTECTORS), _each(SECONDARY, ALL_PROTECTORS)
    among = [(a, b) for a in ALL_PROTECTORS for b in ALL_PROTECTORS if a < b]
    everything = [*pp, (PRIMARY, SECONDARY), (PRIMARY, PRIMARY_NODES)]
    moved = {"holder": "secondary", "takeovers": 1}
    yield Scenario("cut-primary-secondary", "no link between primary and secondary", _cut((PRIMARY, SECONDARY)))
    yield Scenario("cut-primary-quorum", "no link between primary and protectors", _cut(*pp), **moved)
    yield Scenario("cut-primary-two-protectors", "no link between primary and p1, p2", _cut(*pp[:2]), **moved)
    yield Scenario("cut-primary-one-protector", "no link between primary and p1", _cut(pp[0]))
    yield Scenario("cut-primary-all", "the primary alone", _cut(*everything), **moved)
    yield Scenario("cut-primary-nodes", "no link between primary and its nodes", _cut((PRIMARY, PRIMARY_NODES)), **moved)
    yield Scenario("cut-secondary-quorum", "no link between secondary and protectors", _cut(*ps))
    yield Scenario("cut-secondary-nodes", "no link between secondary and its nodes", _cut((SECONDARY, SECONDARY_NODES)))
    yield Scenario("cut-secondary-all", "the secondary alone",
                   _cut(*ps, (PRIMARY, SECONDARY), (SECONDARY, SECONDARY_NODES)))
    yield Scenario("cut-among-protectors", "no link among the protectors", _cut(*among))
    yield Scenario("one-way-primary-to-secondary", "frames from primary to secondary are lost",
                   _cut_one_way((PRIMARY, SECONDARY)))
    yield Scenario("one-way-secondary-to-primary", "frames from secondary to primary are lost",
                   _cut_one_way((SECONDARY, PRIMARY)))
    yield Scenario("one-way-primary-to-quorum", "frames from primary to protectors are lost", _cut_one_way(*pp), **moved)
    yield Scenario("one-way-quorum-to-primary", "frames from protectors to primary are lost",
                   _cut_one_way(*_turned(pp)), **moved)
    yield Scenario("one-way-primary-to-nodes", "frames from primary to its nodes are lost",
                   _cut_one_way((PRIMARY, PRIMARY_NODES)), **moved)
    yield Scenario("one-way-nodes-to-primary", "frames from the nodes to the primary are lost",
                   _cut_one_way((PRIMARY_NODES, PRIMARY)), **moved)
    yield Scenario("one-way-secondary-to-quorum", "frames from secondary to protectors are lost", _cut_one_way(*ps))
    yield Scenario("one-way-quorum-to-secondary", "frames from protectors to secondary are lost", _cut_one_way(*_turned(ps)))


def _bad_links():
    pp, ps = _each(PRIMARY, ALL_PROTECTORS), _each(SECONDARY, ALL_PROTECTORS)
    among = [(a, b) for a in ALL_PROTECTORS for b in ALL_PROTECTORS if a < b]
    nodes = [(PRIMARY, PRIMARY_NODES), (SECONDARY, SECONDARY_NODES)]
    everywhere = [*pp, *ps, *among, *nodes, (PRIMARY, SECONDARY)]
    loss = {"loss_percent": LOSS_PERCENT}
    yield Scenario("loss-primary-secondary", "30 % loss between primary and secondary", _shape([(PRIMARY, SECONDARY)], **loss))
    yield Scenario("loss-primary-quorum", "30 % loss between primary and protectors", _shape(pp, **loss),
                   holder=None, takeovers=1, missed_slots=2)
    yield Scenario("loss-everywhere", "30 % loss everywhere", _shape(everywhere, **loss), holder=None, takeovers=2,
                   missed_slots=3)
    for each_way in (DELAY_MS, LONG_DELAY_MS):
        delay = {"delay_ms": each_way}
        # Over links so long a new connection to a protector takes more than a sixth of a slot of 4 s.
        long = {"missed_slots": 6} if each_way == LONG_DELAY_MS else {}
        yield Scenario(f"delay-{each_way}-primary-secondary", f"{each_way} ms each way between primary and secondary",
                       _shape([(PRIMARY, SECONDARY)], **delay))
        yield Scenario(f"delay-{each_way}-primary-quorum", f"{each_way} ms each way between primary and protectors",
                       _shape(pp, **delay), **(long | {"holder": None, "takeovers": 1} if long else {}))
        yield Scenario(f"delay-{each_way}-everywhere", f"{each_way} ms each way everywhere",
                       _shape(everywhere, **delay), **long)


def _protectors_gone():
    one, two = ["p1"], ["p1", "p2"]
    yield Scenario("protector-killed", "p1 is killed", _kill_protectors(one), _restart_protectors(one))
    yield Scenario("protector-stopped", "SIGSTOP of p1", _protectors(one, signal.SIGSTOP), _protectors(one, signal.SIGCONT))
    yield Scenario("two-protectors-killed", "p1 and p2 are killed: no quorum", _kill_protectors(two), _restart_protectors(two),
                   nobody=True, missed_slots=6)
    yield Scenario("two-protectors-stopped", "SIGSTOP of p1 and p2: no quorum", _protectors(two, signal.SIGSTOP),
                   _protectors(two, signal.SIGCONT), nobody=True, missed_slots=6)


def _nodes_gone():
    yield Scenario("nodes-of-primary-down", "all beacon nodes of the primary are down", _nodes(["primary"], down=True),
                   _nodes(["primary"]), holder="secondary", takeovers=1)
    yield Scenario("nodes-of-primary-hang", "all beacon nodes of the primary hang", _nodes(["primary"], hang=True),
                   _nodes(["primary"]), holder="secondary", takeovers=1, missed_slots=1)
    yield Scenario("nodes-of-secondary-down", "all beacon nodes of the secondary are down", _nodes(["secondary"], down=True),
                   _nodes(["secondary"]))
    yield Scenario("nodes-of-both-down", "all beacon nodes are down", _nodes(["primary", "secondary"], down=True),
                   _nodes(["primary", "secondary"]), nobody=True, missed_slots=6)


def _clocks():
    for party, title in (("primary", "the primary"), ("secondary", "the secondary"), ("p1", "p1")):
        for seconds, word in ((CLOCK_OFF, "fast"), (-CLOCK_OFF, "slow")):
            # A clock that is fast looks like late blocks: eight of them are waited for, unless duties fail before.
            of_primary = {"holder": "secondary", "takeovers": 1, "missed_slots": 2, "slots": 10} if party == "primary" else {}
            yield Scenario(f"clock-{party}-{word}", f"the clock of {title} is set {abs(seconds):g} s {word}",
                           _clock(party, seconds), _clock(party, 0), **of_primary)


def _disks():
    yield Scenario("disk-full-protector", "the disk of p4 is full", _fill(_protector_disk), _free_and_restart)
    yield Scenario("disk-full-log", "the disk with the primary's log is full", _fill(_log_disk), _free(_log_disk),
                   prepare=_log_to_small_disk)


def all_scenarios():
    return [*_stopped(1, (0.02, 0.18, 0.6)), *_stopped(5, (0.02, 0.18, 0.6)), *_stopped(20, (0.1, 0.9)), *_stopped(60, (0.15,)),
            Scenario("secondary-stopped-20s", "SIGSTOP of the secondary for 20 s", _signal("secondary", signal.SIGSTOP),
                     _signal("secondary", signal.SIGCONT)),
            *_links(), *_bad_links(), *_protectors_gone(), *_nodes_gone(), *_clocks(), *_disks()]
