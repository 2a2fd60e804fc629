"""Reads what a protector has recorded, from its database as it lies on the disk (protector/journal.hpp, protector/database.hpp).

The protector keeps its file locked while it runs, so a copy of the file and its write-ahead log is read; SQLite recovers it
as it would after a crash.
"""
import collections
import os
import shutil
import sqlite3
import struct
import tempfile

DATABASE = "protection.sqlite"
KEY_SIZE, ROOT_SIZE, DATA_SIZE = 48, 32, 128

# slot: None where only a signing root was asked about
Record = collections.namedtuple("Record", "key target slot signing_root")


def recorded_targets(data_folder):
    """The set of Records of all attestations in the table of latest records and in the journal."""
    with tempfile.TemporaryDirectory(prefix="holdfast-records-") as folder:
        for name in (DATABASE, DATABASE + "-wal"):
            if os.path.exists(os.path.join(data_folder, name)):
                shutil.copy(os.path.join(data_folder, name), folder)
        database = sqlite3.connect(os.path.join(folder, DATABASE))
        try:
            return _read(database)
        finally:
            database.close()


def _read(database):
    keys, found = {}, set()
    for number, key, target, root, data in database.execute("SELECT id, pubkey, target, signing_root, data FROM validators"):
        keys[number] = key
        if target is not None:
            found.add(Record(key, target, _slot_of(data), root))
    for (changes,) in database.execute("SELECT changes FROM journal ORDER BY seq"):
        found |= set(_journal_records(changes, keys))
    return found


def _slot_of(data):
    return struct.unpack_from("<Q", data)[0] if data else None


def _journal_records(changes, keys):
    at = 0

    def take(form):
        nonlocal at
        values = struct.unpack_from("<" + form, changes, at)
        at += struct.calcsize("<" + form)
        return values

    while at < len(changes):
        (kind,) = take("c")
        if kind == b"v":
            first, count = take("II")
            for number in range(first, first + count):
                (keys[number],) = take(f"{KEY_SIZE}s")
        elif kind == b"a":
            _, target, root, has_data = take(f"QQ{ROOT_SIZE}sB")
            data = take(f"{DATA_SIZE}s")[0] if has_data else None
            (count,) = take("I")
            for number in take(f"{count}I"):
                yield Record(keys[number], target, _slot_of(data), root)
        elif kind == b"b":
            _, _, count = take(f"Q{ROOT_SIZE}sI")
            take(f"{count}I")
        elif kind == b"g":  # a generation
            (_, _, size) = take("QQB")
            take(f"{size}s")
        elif kind == b"s":  # how far a peer was seen
            (_, _, size) = take("QQB")
            take(f"{size}s")
        else:
            raise ValueError(f"a journal row has a group of unknown kind {kind}")
