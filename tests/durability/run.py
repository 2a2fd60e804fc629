"""Clusters of protectors, each with a thread that kills it, until the kills are done."""
import os
import threading
import time
from collections import Counter

from harness.cluster import program
from harness.processes import Run, free_port

from .clients import GENESIS_ROOT
from .member import Failed, Load, Member

CLUSTERS = {"home": 4, "alone1": 1, "alone2": 1}  # names and numbers of members
_PROGRESS_SECONDS = 5.0


class _Kills:
    """How many are left, for all threads."""

    def __init__(self, wanted):
        self.left = wanted
        self._lock = threading.Lock()

    def take(self):
        with self._lock:
            self.left -= 1
            return self.left >= 0


def run(kills, seed, say, load=Load(), clusters=None, after_kill=None, keep=None):
    """Returns (figures, losses, failures): the latter two as sentences; failures are why the run ended early.

    after_kill(member): whatever a test does to a database before it is read. keep: the folder (None: if anything was lost).
    """
    with Run("durability", keep=bool(keep)) as folder:
        members = []
        for name, count in (clusters or CLUSTERS).items():
            members += _make_cluster(folder.folder, name, count, seed, load)
        try:
            for member in members:
                member.begin()
            for member in members:
                member.first_votes()
            failures = _kill_all(members, _Kills(kills), kills, say, after_kill)
        finally:
            for member in members:
                member.end()
        losses = [loss for member in members for loss in member.book.losses]
        if keep is None and (losses or failures):
            folder.keep()
        return _figures(members), losses, failures


def _make_cluster(folder, name, count, seed, load):
    names = [f"{name}-p{number}" for number in range(1, count + 1)]
    ports = [free_port() for _ in names]
    file = os.path.join(folder, name + ".toml")
    with open(file, "w") as out:
        out.write(f'name = "{name}"\nquorum = {count // 2 + 1}\nmode = "fenced"\n\n[chain]\ngenesis-time = 1606824023\n'
                  f'genesis-validators-root = "0x{GENESIS_ROOT.hex()}"\nslot-duration-ms = 12000\nslots-per-epoch = 32\n')
        for member, port in zip(names, ports):
            out.write(f'\n[[member]]\nname = "{member}"\nurl = "http://127.0.0.1:{port}"\n')
    binary = program("holdfast-protector")
    return [Member(binary, file, member, port, folder, seed, load) for member, port in zip(names, ports)]


def _kill_all(members, kills, wanted, say, after_kill):
    failures = []
    working = set(members)
    over = threading.Event()

    def work(member):
        try:
            while kills.left > 0 and not failures and kills.take():
                member.live(after_kill)
            member.stand_by()
        except Failed as error:
            failures.append(str(error))
        except Exception as error:
            failures.append(f"{member.name}: {type(error).__name__}: {error}")
            raise
        finally:
            working.discard(member)
            # A process dies with the thread that started it.
            over.wait()

    threads = [threading.Thread(target=work, args=[member], name="killer-" + member.name, daemon=True) for member in members]
    started = said = time.monotonic()
    for thread in threads:
        thread.start()
    while working:
        time.sleep(0.05)
        if time.monotonic() - said > _PROGRESS_SECONDS:
            said = time.monotonic()
            figures = _figures(members)
            say(f"  {figures['kills']} of {wanted} kills, {figures['kills'] / (said - started):.1f}/s; {figures['approved']} messages "
                f"approved, {figures['asked_again']} asked again, {sum(len(member.book.losses) for member in members)} lost")
    over.set()
    for thread in threads:
        thread.join()
    return failures


def _figures(members):
    kills, counts = Counter(), Counter()
    for member in members:
        kills += member.kills
        counts += member.book.counts
    moments = ["starting", "request", "load", "long", "lull"]
    return {"kills": sum(kills[moment] for moment in moments), "kills_at": {moment: kills[moment] for moment in moments},
            "found_journal": kills["with_journal"], "found_half_folded": kills["half_folded"],
            **{name: counts[name] for name in ("approved", "repeated", "refused", "fenced", "promises", "halts", "checked", "asked_again")}}
