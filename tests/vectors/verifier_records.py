"""The verifier's own entries, disclosures, states, merge and messages (docs/spec/02 and 03)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.vectors.verifier_bytes import array, binary, dec, enc, h, integer, need, show, text
from tests.vectors.verifier_fields import field, together

_LEAVES = {0: (32, 64), 1: (0, 32, 64), 2: (0,)}
_DAY = 1_000_000
_ENTRY = ("org", "node_key", "rid", "rev", "day", "exp_day", "status", "leaves")


def entry(raw: bytes) -> dict[str, Any]:
    """Read an entry."""
    value = dec(raw, 4_096)
    need(type(value) is list and value)
    need(type(value[0]) is int and value[0] == 1, "version")
    found = dict(zip(_ENTRY, array(value, 9)[1:], strict=True))
    for name, size in (("org", 32), ("node_key", 32), ("rid", 16)):
        binary(found[name], size)
    integer(found["rev"], 1)
    integer(found["day"], 0, _DAY)
    integer(found["exp_day"], found["day"], min(found["day"] + 1_096, _DAY))
    integer(found["status"], 0, 2)
    leaves = array(found["leaves"])
    for leaf in leaves:
        binary(leaf, 32)
    need(len(leaves) in _LEAVES[found["status"]])
    need(leaves == sorted(set(leaves)))
    return {**found, "eid": h("entry", raw), "rk": h("rk", found["org"], found["rid"])[:16]}


def _entries(given: Any) -> Any:
    found = entry(bytes.fromhex(given["entry"]))
    found["leaves"] = len(found["leaves"])
    return {n: v.hex() if isinstance(v, bytes) else v for n, v in found.items()}


def _disclosures(given: Any) -> Any:
    of = entry(bytes.fromhex(given["entry"]))
    fields: dict[str, Any] = {}
    leaves: list[bytes] = []
    raw = bytes.fromhex(given["disclosures"])
    for item in array(dec(raw, 32_768)):
        salt, name, value = array(item, 3)
        binary(salt, 16)
        text(name, 40)
        need(name > max(fields, default=""))
        opened = enc([name, value])
        need(len(opened) <= 4_096, "too_big")
        leaves.append(h("leaf", salt, of["org"], of["rid"], opened))
        need(leaves[-1] in of["leaves"])
        field(name, value)
        fields[name] = value
    need(of["status"] == 0 or fields.keys() <= {"kind", "terms", "reason"})
    together(fields)
    return {"fields": {n: show(v) for n, v in fields.items()}, "leaves": [x.hex() for x in leaves]}


def _states(given: Any) -> Any:
    raw = {name: bytes.fromhex(x) for name, x in given.items() if name not in {"sort", "rows"}}
    if given["sort"] == "put":
        return {"state": h("state", raw["eid"], raw["disclosures"]).hex()}
    if given["sort"] != "digest":
        return {"state": h("state", raw["rk"], given["sort"].encode()).hex()}
    rows = sorted(bytes.fromhex(rk) + bytes.fromhex(state) for rk, state in given["rows"])
    buckets = [h("digest", *(row for row in rows if row[0] == first)) for first in range(256)]
    return {"digest": h("digest", *buckets).hex()}


def _merge(given: Any) -> Any:
    a, b = (entry(bytes.fromhex(raw)) for raw in given)
    stands = max((x["status"] == 2, x["rev"], x["eid"]) for x in (a, b))
    alive = a["status"] != 2 and b["status"] != 2
    conflict = alive and a["rev"] == b["rev"] and a["eid"] != b["eid"]
    return {"stands": stands[2].hex(), "conflict": conflict}


def _held(value: Any) -> None:
    for row in array(value):
        rk, reason = array(row, 2)
        binary(rk, 16)
        text(reason, 32, 0)


def _hello(body: Any) -> None:
    token, trusted, docs = array(body, 3)
    binary(token)
    need(len(token) in {0, 16} and type(trusted) is bool)
    for pair in array(docs, most=256):
        document, sig = array(pair, 2)
        binary(document, most=65_536)
        binary(sig, 64)


def _stands(cursor: Any, asof: Any, digest: Any, held: Any) -> None:
    integer(cursor)
    integer(asof, 0, _DAY)
    binary(digest, 32)
    _held(held)


def _pull(body: Any) -> None:
    *where, most, wait = array(body, 6)
    _stands(*where)
    integer(most, 1, 262_144)
    integer(wait, 0, 50)


def _delta(body: Any) -> None:
    first, last, more, asof, digest, items, want = array(body, 7)
    _stands(first, asof, digest, [])
    integer(last, first)
    need(type(more) is bool)
    for item in array(items, most=500):
        need(len(array(item)) in {4, 6})
        integer(item[0], 1, last)
        integer(item[1], 0, 1)
        need((item[1] == 0) == (len(item) == 6))
        binary(item[2], 16)
        if item[1] == 0:
            _given(item[3:])
        else:
            integer(item[3], 0, _DAY)
    for rk in array(want, most=4_000):
        binary(rk, 16)


def _given(item: Any) -> None:
    raw, sig, disclosures = array(item, 3)
    binary(raw, most=4_096)
    binary(sig, 64)
    binary(disclosures, most=32_768)


def _list(body: Any) -> None:
    lo, hi, rows = array(body, 3)
    binary(lo, most=16)
    binary(hi, most=16)
    need(not hi or lo < hi)
    last = b""
    for row in array(rows, most=4_000):
        rk, rev, eid8, s8, exp = array(row, 5)
        binary(rk, 16)
        integer(rev)
        binary(eid8, 8)
        binary(s8, 8)
        integer(exp, 0, _DAY)
        need(rev > 0 or eid8 == bytes(8))
        need(rk > last and rk >= lo and (not hi or rk < hi))
        last = rk


def _give(body: Any) -> None:
    for item in array(body, most=500):
        _given(item)


def _number(body: Any) -> None:
    number, detail = array(body, 2)
    integer(number, 0, 255)
    integer(detail, -(2**53) + 1)


_BODIES: dict[str, Callable[[Any], object]] = {
    "hello": _hello,
    "pull": _pull,
    "delta": _delta,
    "ok": lambda body: _stands(*array(body, 4)),
    "list": _list,
    "give": _give,
    "poke": lambda body: array(body, 0),
    "err": _number,
    "bye": _number,
}


def _messages(given: Any) -> Any:
    need(given["type"] in _BODIES, "version")
    _BODIES[given["type"]](dec(bytes.fromhex(given["body"])))
    return {"body": given["body"]}


CHECKS: dict[str, Callable[[Any], Any]] = {
    "entries.json": _entries,
    "disclosures.json": _disclosures,
    "states.json": _states,
    "merge.json": _merge,
    "messages.json": _messages,
}
