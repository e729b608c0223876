"""Commitments: the leaves an entry holds for its fields, and the disclosures that open them.

    leaf       = H("leaf", salt ‖ org ‖ rid ‖ enc([name, value]))
    disclosure = [salt, name, value]

A recipient, a hub or the law may drop any disclosure and the origin's signature still holds. Random
decoys fill the leaves to 32 or 64, so that nobody can count what was withheld. Invariant: disclosed
fields travel sorted by name, so a set of disclosures has one encoding and one state hash.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b

from protocol.codec import Value, decode, encode, pack
from protocol.entry import Entry, Status
from protocol.errors import ErrorNumber, ProtocolError, malformed, too_big
from protocol.fields import CHECKS, check_together, validate
from protocol.hashing import HASH_BYTES, h
from protocol.ids import EntryId, OrgId, RecordId, RecordKey, Salt
from protocol.limits import DISCLOSURES_BYTES, FIELD_BYTES, LEAF_COUNTS, MAX_LEAVES, SALT_BYTES

BUCKETS = 256
# A withdrawal leaves these of a record and nothing else.
WITHDRAWN_FIELDS = frozenset({"kind", "terms", "reason"})
# The same hash as h("leaf", …), begun once: a copy costs half of a new one.
_LEAF = blake2b(digest_size=HASH_BYTES, person=b"parasol1.leaf")


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One opened field of a record."""

    salt: Salt = field(repr=False)
    name: str
    value: Value = field(repr=False)

    def leaf(self, org: OrgId, rid: RecordId) -> bytes:
        """Return the 32 bytes that commit to this field in an entry of that org and rid."""
        return h("leaf", self.salt, org, rid, encode([self.name, self.value]))


def commit(
    org: OrgId,
    rid: RecordId,
    fields: Mapping[str, Value],
    random: Callable[[int], bytes],
) -> tuple[tuple[bytes, ...], tuple[Disclosure, ...]]:
    """Return the leaves of these fields, decoys included, and their disclosures sorted by name.

    `random(n)` gives n bytes: a fresh salt for each field, then the decoys. Raises ProtocolError
    for an invalid field, and TOO_BIG past 64 fields.
    """
    if len(fields) > MAX_LEAVES:
        raise too_big("a record has at most 64 fields, weaker forms included")
    disclosures = []
    for name in sorted(fields):
        validate(name, fields[name])
        disclosures.append(Disclosure(Salt(random(SALT_BYTES)), name, fields[name]))
    check_together(fields)
    leaves = [disclosure.leaf(org, rid) for disclosure in disclosures]
    size = next(count for count in LEAF_COUNTS if len(leaves) <= count)
    leaves += [random(HASH_BYTES) for _ in range(size - len(leaves))]
    if len(encode_disclosures(disclosures)) > DISCLOSURES_BYTES:
        raise too_big("the fields of a record take at most 32 KiB")
    return tuple(sorted(leaves)), tuple(disclosures)


def encode_disclosures(disclosures: Iterable[Disclosure]) -> bytes:
    """Return the one encoding of a set of disclosures: an array sorted by name."""
    ordered = sorted(disclosures, key=lambda disclosure: disclosure.name)
    return pack([[d.salt, d.name, d.value] for d in ordered])


def decode_disclosures(raw: bytes, entry: Entry) -> tuple[Disclosure, ...]:
    """Return the fields these bytes open, each held to its leaf in the entry and to its shape.

    Raises ProtocolError: MALFORMED (form, order, a name twice, no such leaf, an invalid value, a
    field that a withdrawn or erased record may not show) or TOO_BIG.
    """
    rows = _opened_rows(raw, entry)
    return tuple(Disclosure(salt, name, content) for salt, name, content in rows)


def open_values(raw: bytes, entry: Entry) -> dict[str, Value]:
    """Return name → value of the fields these bytes open; checks and errors as above."""
    return {name: content for _, name, content in _opened_rows(raw, entry)}


def _opened_rows(raw: bytes, entry: Entry) -> list[tuple[Salt, str, Value]]:
    value = decode(raw, limit=DISCLOSURES_BYTES)
    if type(value) is not list:
        raise malformed("disclosures are an array")
    leaves = frozenset(entry.leaves)
    binding = entry.org + entry.rid
    previous = ""
    values: dict[str, Value] = {}
    rows: list[tuple[Salt, str, Value]] = []
    for item in value:
        if type(item) is not list or len(item) != 3:
            raise malformed("a disclosure has three fields")
        salt, name, content = item
        if type(salt) is not bytes or len(salt) != SALT_BYTES or type(name) is not str:
            raise malformed("a disclosure is a salt, a name and a value")
        if name <= previous:
            raise malformed("disclosures ascend strictly by name")
        previous = name
        opened = pack([name, content])
        if len(opened) > FIELD_BYTES:
            raise too_big("a field over 4 KiB")
        leaf = _LEAF.copy()
        leaf.update(salt + binding + opened)
        if leaf.digest() not in leaves:
            raise malformed("a disclosure without its leaf")
        check = CHECKS.get(name)
        if check is None or not check(content):
            raise malformed("a disclosure of an unknown field, or of another shape")
        values[name] = content
        rows.append((Salt(salt), name, content))
    if entry.status is not Status.LIVE and not values.keys() <= WITHDRAWN_FIELDS:
        raise malformed("a withdrawn record shows its kind, terms and reason only")
    check_together(values)
    return rows


def state_hash(eid: EntryId, disclosures_raw: bytes) -> bytes:
    """Return the state of a put: which revision, and exactly what of it was disclosed."""
    return h("state", eid, disclosures_raw)


def erased_hash(rk: RecordKey) -> bytes:
    """Return the one state of an erased record, whatever its revision."""
    return h("state", rk, b"erased")


def stopped_hash(rk: RecordKey) -> bytes:
    """Return the one state of a record that is no longer granted."""
    return h("state", rk, b"stopped")


def bucket_hash(rows: Iterable[tuple[RecordKey, bytes]]) -> bytes:
    """Return the hash of the rows (rk, state) whose record keys share their first byte."""
    return h("digest", *(rk + state for rk, state in sorted(rows)))


def digest(buckets: Sequence[bytes]) -> bytes:
    """Return the digest of a ledger: its 256 bucket hashes, by first byte of the record key.

    Raises ProtocolError MALFORMED for another number of buckets.
    """
    if len(buckets) != BUCKETS:
        raise ProtocolError(ErrorNumber.MALFORMED, "a digest covers 256 buckets")
    return h("digest", *buckets)
