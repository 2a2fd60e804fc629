"""One good request for every call of the API."""
import json
from collections import namedtuple

from daemon import EPOCH, key, root, to_hex, CHAIN_ROOT
from openapi import JSON

Example = namedtuple("Example", "method target parameter headers value")  # value: of the JSON body, None if there is none

DOMAIN = b"\x01\x00\x00\x00" + root(7)[:28]


def attestation_data(target, head=1, source=None):
    """As JSON has it."""
    source = target - 1 if source is None else source
    return {"slot": str(target * 32), "index": "0", "beacon_block_root": to_hex(root(head)),
            "source": {"epoch": str(source), "root": to_hex(root(source))},
            "target": {"epoch": str(target), "root": to_hex(root(target))}}


def one_vote(daemon, keys, target=EPOCH, head=1, **common):
    return {**daemon.head(**common), "data": attestation_data(target, head), "domain": to_hex(DOMAIN),
            "pubkeys": [to_hex(key(number)) for number in keys]}


def votes(daemon, entries, **common):
    """entries: (key's number, source, target, signing root's number)"""
    messages = [{"pubkey": to_hex(key(number)), "signing_root": to_hex(root(mark)), "source_epoch": str(source),
                 "target_epoch": str(target)} for number, source, target, mark in entries]
    return {**daemon.head(**common), "messages": messages}


def proposals(daemon, entries, **common):
    """entries: (key's number, slot, signing root's number)"""
    messages = [{"pubkey": to_hex(key(number)), "slot": str(slot), "signing_root": to_hex(root(mark))}
                for number, slot, mark in entries]
    return {**daemon.head(**common), "messages": messages}


def keys_request(daemon, keys):
    return {**daemon.head(instance="anna"), "pubkeys": [to_hex(key(number)) for number in keys]}


def interchange(entries, chain_root=CHAIN_ROOT, version="5"):
    """entries: (key's number, block's slot, source, target)"""
    data = [{"pubkey": to_hex(key(number)), "signed_blocks": [{"slot": str(slot)}],
             "signed_attestations": [{"source_epoch": str(source), "target_epoch": str(target)}]}
            for number, slot, source, target in entries]
    return {"metadata": {"interchange_format_version": version, "genesis_validators_root": to_hex(chain_root)}, "data": data}


def examples(daemon, generation=0, keys=range(900_000, 900_002)):
    """Of each call; they can be made again and again."""
    body = {"content-type": JSON}
    cluster = {"holdfast-cluster": daemon.cluster_id}
    member = {**cluster, "holdfast-member": "p2"}
    common = daemon.head(generation)
    return [
        Example("POST", "/v1/attestations", None, body, one_vote(daemon, keys, generation=generation)),
        Example("POST", "/v1/attestations", None, body, votes(daemon, [(n, 1, 2, 3) for n in keys], generation=generation)),
        Example("POST", "/v1/blocks", None, body, proposals(daemon, [(n, 5, 6) for n in keys], generation=generation)),
        Example("POST", "/v1/generations", None, body, common),
        Example("POST", "/v1/heartbeats", None, body, {**common, "on_duty": True, "well": True}),
        Example("GET", "/v1/heartbeats", None, cluster, None),
        Example("POST", "/v1/halts", None, body, keys_request(daemon, [900_100])),
        Example("DELETE", "/v1/halts", None, body, keys_request(daemon, [900_100])),
        Example("POST", "/v1/validators", None, body, keys_request(daemon, [900_100])),
        Example("GET", f"/v1/records?target_epoch={EPOCH}", "target_epoch", cluster, None),
        Example("GET", f"/v1/records?pubkey={to_hex(key(900_100))}", "pubkey", cluster, None),
        Example("GET", "/v1/records", None, member, None),
        Example("GET", "/v1/interchange", None, cluster, None),
        Example("POST", "/v1/interchange", None, {**body, **cluster}, interchange([(900_101, 1, 2, 3)])),
        Example("POST", "/v1/check", None, cluster, None),
        Example("POST", "/v1/peers", None, body, {**daemon.head(instance="p2"), "position": "1.1"}),
        Example("GET", "/v1/status", None, {}, None),
        Example("GET", "/healthz", None, {}, None),
        Example("GET", "/metrics", None, {}, None),
    ]


def body_of(example):
    return b"" if example.value is None else json.dumps(example.value).encode()


def call(daemon, example, **options):
    return daemon.call(example.method, example.target, example.headers, body_of(example), **options)
