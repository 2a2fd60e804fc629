"""Reads a protector's database as a stranger would: the table of latest records, then the journal over it, from the layouts that
docs/protector-api.md gives. Only ever from a copy, so that the reader changes nothing."""
import os
import shutil
import sqlite3
import struct
import tempfile
from dataclasses import dataclass, field

from .wire import Vote

_HAS_VOTE, _HAS_DATA, _HAS_BLOCK, _HALTED = 1, 2, 4, 8


@dataclass
class Record:
    vote: Vote | None = None
    block: Vote | None = None
    halted: bool = False


@dataclass
class Contents:
    records: dict = field(default_factory=dict)  # by public key
    generation: int = 0
    holder: str = ""
    sequence: int = 0     # of the last commit that the journal or the table knows
    journal_rows: int = 0
    wal_bytes: int = 0
    half_folded: bool = False  # the table already had something of the journal
    problem: str = ""     # what SQLite says of the file, unless it is whole


def read(folder):
    """The contents of the database in that data directory, whose daemon is dead."""
    with tempfile.TemporaryDirectory(prefix="holdfast-read-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None) as copy:
        contents = Contents()
        for suffix in ("", "-wal"):
            source = os.path.join(folder, "protection.sqlite" + suffix)
            if os.path.exists(source):
                shutil.copyfile(source, os.path.join(copy, "protection.sqlite" + suffix))
                contents.wal_bytes = os.path.getsize(source) if suffix else 0
        database = sqlite3.connect(os.path.join(copy, "protection.sqlite"))
        try:
            _read_all(database, contents)
        except (sqlite3.Error, struct.error, LookupError, ValueError) as error:
            contents.problem = f"{type(error).__name__}: {error}"
        finally:
            database.close()
        return contents


def _read_all(database, contents):
    said = database.execute("PRAGMA quick_check(1)").fetchone()[0]
    if said != "ok":
        contents.problem = said
        return
    meta = dict(database.execute("SELECT name, value FROM meta"))
    contents.generation = int(meta.get("generation", 0))
    contents.holder = meta.get("holder", "")
    records = _read_table(database)
    for seq, changes in database.execute("SELECT seq, changes FROM journal ORDER BY seq"):
        _Journal(changes, records, contents).replay()
        contents.sequence = seq
        contents.journal_rows += 1
    contents.sequence = max(contents.sequence, int(meta.get("last_seq", 0)))
    contents.records = {record.key: record for record in records}


@dataclass
class _Row(Record):
    key: bytes = b""


def _read_table(database):
    rows = []
    columns = "id, pubkey, source, target, signing_root, slot, block_root, halted"
    for number, key, source, target, root, slot, block_root, halted in database.execute(
            f"SELECT {columns} FROM validators ORDER BY id"):
        if number != len(rows):
            raise ValueError(f"validator {number} is out of order")
        vote = None if target is None else Vote(source, target, root)
        block = None if slot is None else Vote(0, slot, block_root)
        rows.append(_Row(vote, block, bool(halted), key))
    return rows


class _Journal:
    """One row: groups of changes."""

    def __init__(self, changes, records, contents):
        self._changes = changes
        self._at = 0
        self._records = records
        self._contents = contents

    def replay(self):
        while self._at < len(self._changes):
            kind = chr(self._number("B"))
            getattr(self, "_group_" + kind)()

    def _number(self, form):
        value, = struct.unpack_from("<" + form, self._changes, self._at)
        self._at += struct.calcsize("<" + form)
        return value

    def _take(self, size):
        if self._at + size > len(self._changes):
            raise ValueError("a journal row is cut off")
        self._at += size
        return self._changes[self._at - size:self._at]

    def _ids(self):
        count = self._number("I")
        return struct.unpack(f"<{count}I", self._take(4 * count))

    def _vote(self):
        return Vote(self._number("Q"), self._number("Q"), self._take(32))

    def _block(self):
        return Vote(0, self._number("Q"), self._take(32))

    def _text(self):
        return self._take(self._number("B")).decode()

    def _group_v(self):
        first, count = self._number("I"), self._number("I")
        for number in range(first, first + count):
            key = self._take(48)
            if number == len(self._records):
                self._records.append(_Row(key=key))
            elif self._records[number].key != key:
                raise ValueError(f"validator {number} has two keys")

    def _group_a(self):
        vote = self._vote()
        if self._number("B"):
            self._take(128)
        for number in self._ids():
            self._newer(self._records[number], "vote", vote)

    def _group_b(self):
        block = self._block()
        for number in self._ids():
            self._newer(self._records[number], "block", block)

    def _newer(self, record, what, new):
        old = getattr(record, what)
        if old is None or new.target > old.target:
            setattr(record, what, new)
        else:
            self._contents.half_folded = True
            if new.target == old.target and new != old:
                raise ValueError(f"two messages for one target: {new} and {old}")

    def _group_h(self):
        halted = bool(self._number("B"))
        for number in self._ids():
            self._records[number].halted = halted

    def _group_e(self):
        self._ids()

    def _group_i(self):
        for _ in range(self._number("I")):
            record, flags = self._records[self._number("I")], self._number("B")
            vote = self._vote() if flags & _HAS_VOTE else None
            if flags & _HAS_DATA:
                self._take(128)
            block = self._block() if flags & _HAS_BLOCK else None
            if vote and (record.vote is None or vote.target > record.vote.target):
                record.vote = vote
            if block and (record.block is None or block.target > record.block.target):
                record.block = block
            record.halted = record.halted or bool(flags & _HALTED)

    def _group_g(self):
        generation = self._number("Q")
        self._number("Q")
        holder = self._text()
        if generation >= self._contents.generation:
            self._contents.generation, self._contents.holder = generation, holder

    def _group_s(self):
        self._take(16)
        self._text()

    def _group_f(self):
        self._take(24)
