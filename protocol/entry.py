"""The entry: the signed part of a record, which holds commitments and no field.

    [1, org, node key, rid, rev, day, last day, status, [leaf, leaf, …]]

An entry lasts at most 1,096 days: expiry erases the copies that nobody can reach any more. `day` is
the day of release, never of the incident. Invariant: an Entry keeps every rule of form, whether it
was made here or decoded; its signature is checked elsewhere, over `raw` as it was received.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from protocol.codec import Value, decode, pack
from protocol.errors import ErrorNumber, ProtocolError, malformed
from protocol.hashing import h
from protocol.ids import RECORD_KEY_BYTES, Day, EntryId, NodeKey, OrgId, RecordId, RecordKey
from protocol.limits import DAY_MAX, ENTRY_BYTES, EXPIRY_DAYS, INT_MAX, LEAF_COUNTS, VERSION

_FIELDS = 9
_BYTES_ONLY = {bytes}
_HASHES_ONLY = {32}
_TWO_BYTES = 0xCD  # msgpack's uint 16
_LEAVES_AT = 99
_LEAF_STEP = 34
_USUAL_SIZES = frozenset(_LEAVES_AT + _LEAF_STEP * count for count in LEAF_COUNTS)


class Status(IntEnum):
    """What an entry says of its record."""

    LIVE = 0
    WITHDRAWN = 1
    ERASED = 2


_STATUSES = tuple(Status)  # by number: a lookup costs a third of the enum's call


@dataclass(frozen=True, slots=True)
class Entry:
    """One revision of one record; `raw` is what was signed, `eid` and `rk` are computed."""

    org: OrgId
    node_key: NodeKey
    rid: RecordId
    rev: int
    day: Day
    exp_day: Day
    status: Status
    leaves: tuple[bytes, ...]
    raw: bytes
    eid: EntryId
    rk: RecordKey


def record_key(org: OrgId, rid: RecordId) -> RecordKey:
    """Return the 16 bytes that name a record everywhere but inside its entries."""
    return RecordKey(h("rk", org, rid)[:RECORD_KEY_BYTES])


def encode_entry(
    org: OrgId,
    node_key: NodeKey,
    rid: RecordId,
    rev: int,
    day: Day,
    exp_day: Day,
    status: Status,
    leaves: Sequence[bytes],
) -> Entry:
    """Make an entry ready to be signed; raises ProtocolError where a rule of form is broken."""
    array: list[Value] = [
        *(VERSION, org, node_key, rid, rev, day, exp_day, int(status)),
        list(leaves),
    ]
    return _entry(array, pack(array))


def decode_entry(raw: bytes) -> Entry:
    """Return the entry these bytes hold; raises ProtocolError MALFORMED, VERSION or TOO_BIG."""
    entry = _usual(raw)
    if entry is not None:
        return entry
    value = decode(raw, limit=ENTRY_BYTES)
    if type(value) is not list or not value:
        raise malformed("an entry is an array")
    if value[0] != VERSION or type(value[0]) is not int:
        raise ProtocolError(ErrorNumber.VERSION, "an entry of another version")
    return _entry(value, raw)


def _usual(raw: bytes) -> Entry | None:
    """The entry of bytes that are laid out as nearly all are, or None: then read them in full.

    Reading in full walks fifty values one by one. Here the layout is compared in a few slices: a
    revision under 128, days of two bytes, 32 or 64 leaves. Whatever passes is exactly what the full
    reading accepts (a property test holds the two to each other).
    """
    if len(raw) not in _USUAL_SIZES or raw[:4] != b"\x99\x01\xc4\x20":
        return None
    if raw[36:38] != b"\xc4\x20" or raw[70:72] != b"\xc4\x10" or not 1 <= raw[88] < 128:
        return None
    if raw[89] != _TWO_BYTES or raw[92] != _TWO_BYTES or raw[95] > Status.WITHDRAWN:
        return None
    day, exp_day = int.from_bytes(raw[90:92], "big"), int.from_bytes(raw[93:95], "big")
    if not 256 <= day <= exp_day <= day + EXPIRY_DAYS:
        return None
    count = (len(raw) - _LEAVES_AT) // _LEAF_STEP
    leaves_raw = raw[_LEAVES_AT:]
    if raw[96:99] != b"\xdc\x00" + bytes([count]):
        return None
    if leaves_raw[::_LEAF_STEP] != b"\xc4" * count or leaves_raw[1::_LEAF_STEP] != b"\x20" * count:
        return None
    leaves = [leaves_raw[at : at + 32] for at in range(2, len(leaves_raw), _LEAF_STEP)]
    if leaves != sorted(leaves) or len(set(leaves)) != count:
        return None
    org, rid = OrgId(raw[4:36]), RecordId(raw[72:88])
    return Entry(
        org, NodeKey(raw[38:70]), rid, raw[88], Day(day), Day(exp_day), Status(raw[95]),
        tuple(leaves), raw, EntryId(h("entry", raw)), record_key(org, rid),
    )  # fmt: skip


def _entry(value: list[Value], raw: bytes) -> Entry:
    if len(value) != _FIELDS:
        raise malformed("an entry has nine fields")
    _, org, node_key, rid, rev, day, exp_day, status, leaves = value
    if not (type(org) is type(node_key) is type(rid) is bytes):
        raise malformed("an entry's ids are byte strings")
    if len(org) != 32 or len(node_key) != 32 or len(rid) != 16:
        raise malformed("an entry's id of another size")
    if not (type(rev) is type(day) is type(exp_day) is type(status) is int):
        raise malformed("an entry's numbers are integers")
    if not (1 <= rev <= INT_MAX and 0 <= day <= exp_day <= DAY_MAX):
        raise malformed("an entry's number out of range")
    if exp_day > day + EXPIRY_DAYS:
        raise malformed("an entry outlives 1,096 days")
    if not Status.LIVE <= status <= Status.ERASED:
        raise malformed("an unknown status")
    return Entry(
        OrgId(org),
        NodeKey(node_key),
        RecordId(rid),
        rev,
        Day(day),
        Day(exp_day),
        _STATUSES[status],
        _leaves(leaves, status),
        raw,
        EntryId(h("entry", raw)),
        record_key(OrgId(org), RecordId(rid)),
    )


def _leaves(leaves: Value, status: int) -> tuple[bytes, ...]:
    if type(leaves) is not list:
        raise malformed("leaves are an array")
    if not leaves:
        if status == Status.LIVE:
            raise malformed("a live entry has leaves")
        return ()
    if status == Status.ERASED:
        raise malformed("an erased entry has no leaves")
    if len(leaves) not in LEAF_COUNTS:
        raise malformed("an entry has 32 or 64 leaves")
    if set(map(type, leaves)) != _BYTES_ONLY or set(map(len, leaves)) != _HASHES_ONLY:  # type: ignore[arg-type]
        raise malformed("a leaf is 32 bytes")
    hashes: list[bytes] = leaves  # type: ignore[assignment]
    if sorted(set(hashes)) != hashes:
        raise malformed("leaves ascend strictly")
    return tuple(hashes)
