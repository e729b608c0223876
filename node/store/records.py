"""Records as rows: reading own ones with all they hold, writing any, purging what must go.

Every function works inside the caller's transaction. Purging removes values, salts and index
entries together, with `secure_delete` set by the engine.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from federation.release import Consent, RecordView, Restrictions
from node.store.purges import note_purge
from node.store.ref_index import REF, ref_norms
from node.store.tables import identifiers, own, records
from node.store.token_index import token_norms
from protocol.codec import Value, decode, encode, unpack
from protocol.commitment import Disclosure, decode_disclosures, encode_disclosures, state_hash
from protocol.entry import Entry, Status, decode_entry
from protocol.errors import ProtocolError
from protocol.ids import Day, OrgId, RecordKey, day_of
from protocol.limits import DISCLOSURES_BYTES
from protocol.shape import as_array, as_bytes, as_str

SEARCHED = frozenset(
    {"phone", "email", "handle", "plate", "profile", "name", "plate.part",
    "phone.masked", "email.masked", "handle.masked", "plate.masked", "profile.masked",
    "phone.token", "email.token", "handle.token", "plate.token", "profile.token",
    REF}
)  # fmt: skip
NOTHING_DISCLOSED = encode([])
CHUNK = 500
DISPUTED = "disputed"  # why one of our own is not shown: an objection is being looked into


@dataclass(frozen=True, slots=True)
class PutAs:
    """One choice of a record's leaves: the digest's s, 32 bytes, and their names in order."""

    state: bytes
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnRecord:
    """One of our own records: the signed entry, all its fields, and what must never travel."""

    entry: Entry
    sig: bytes = field(repr=False)
    opened: Mapping[str, Disclosure] = field(repr=False)
    consent: Consent
    restrictions: Restrictions
    approved: frozenset[str]
    published_us: int
    renewed_us: int = 0
    # Worked out once for all peers: a change of policy asks it of every record for each of them.
    _view: RecordView | None = field(default=None, init=False, repr=False, compare=False)
    _put_as: dict[frozenset[str], "PutAs"] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )

    def view(self) -> RecordView:
        """The record as the export function sees it."""
        if self._view is None:
            values = {name: disclosure.value for name, disclosure in self.opened.items()}
            day = day_of(self.published_us)
            seen = RecordView(values, self.entry.day, day, approved=self.approved)
            object.__setattr__(self, "_view", seen)
            return seen
        return self._view

    def put_as(self, names: frozenset[str]) -> "PutAs":
        """What a put of exactly these leaves is to both sides."""
        found = self._put_as.get(names)
        if found is None:
            raw = encode_disclosures(self.opened[name] for name in names)
            found = PutAs(state_hash(self.entry.eid, raw), tuple(sorted(names)))
            self._put_as[names] = found
        return found

    @property
    def life_begins(self) -> Day:
        """The day from which the policy's days of keeping count: a correction does not renew."""
        return day_of(max(self.published_us, self.renewed_us))


def chunks(keys: Collection[RecordKey], size: int = CHUNK) -> Iterator[Sequence[RecordKey]]:
    """Keys in groups of this size; by default as many as fit one statement."""
    ordered = list(keys)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]


def own_records(
    connection: Connection, org: OrgId, rks: Collection[RecordKey] | None = None
) -> dict[RecordKey, OwnRecord]:
    """Our own records: those of `rks`, or all."""
    query = select(records, own).join(own, own.c.rk == records.c.rk).where(records.c.org == org)
    if rks is None:
        rows = connection.execute(query).fetchall()
    else:
        rows = [
            row
            for group in chunks(rks)
            for row in connection.execute(query.where(records.c.rk.in_(group))).fetchall()
        ]
    return {RecordKey(bytes(row.rk)): _own_record(row) for row in rows}


def _own_record(row: Row[Any]) -> OwnRecord:
    entry = decode_entry(bytes(row.entry))
    opened = decode_disclosures(bytes(row.disclosures), entry)
    return OwnRecord(
        entry,
        bytes(row.sig),
        {disclosure.name: disclosure for disclosure in opened},
        decode_consent(bytes(row.consent)),
        decode_restrictions(bytes(row.restrictions)),
        frozenset(_names(decode(bytes(row.approved)))),
        row.published_us,
        row.renewed_us,
    )


def opened_values(disclosures: bytes) -> dict[str, Value]:
    """Name → value of stored disclosures; they were verified when they were stored."""
    rows = as_array(unpack(disclosures))
    return {as_str(name, 64): value for _, name, value in map(as_array, rows)}


def readable_values(disclosures: bytes) -> dict[str, Value]:
    """The same of bytes that may be damaged: then nothing, and the signature says so."""
    try:
        return opened_values(disclosures)
    except (ProtocolError, ValueError, TypeError):
        return {}


def only(disclosures: bytes, names: Collection[str]) -> bytes:
    """Stored disclosures without those whose name is not among `names`."""
    rows = as_array(decode(disclosures, limit=DISCLOSURES_BYTES))
    kept: list[Value] = [row for row in rows if as_str(as_array(row)[1], 64) in names]
    return encode(kept)


def summary(values: Mapping[str, Value]) -> dict[str, Any]:
    """The columns that lists are made from."""
    codes = values.get("codes")
    severity = values.get("severity")
    return {
        "kind": str(values.get("kind", "")),
        "severity": severity if isinstance(severity, int) else 0,
        "codes": " ".join(str(code) for code in codes) if isinstance(codes, list) else "",
    }


def index_rows(record: int, values: Mapping[str, Value]) -> Iterator[dict[str, Any]]:
    """The rows of the identifier index for one record's values.

    A masked form stands for a number only where the number itself is not there: it must not make
    another number with the same last digits look like a match. So does a token: nobody needs to be
    asked about what is held. What speaks of another record stands under that record's key.
    """
    for kind in SEARCHED & values.keys():
        if kind.endswith((".masked", ".token")) and kind.rpartition(".")[0] in values:
            continue
        found = values[kind]
        if kind.endswith(".token"):
            for norm in token_norms(kind, found):
                yield {"norm": norm, "kind": kind, "record": record}
            continue
        if kind == REF:
            for norm in ref_norms(found):
                yield {"norm": norm, "kind": kind, "record": record}
            continue
        if isinstance(found, list):
            for norm in {str(item).casefold() if kind == "name" else str(item) for item in found}:
                yield {"norm": norm, "kind": kind, "record": record}


def tokens_in(values: Mapping[str, Value]) -> frozenset[str]:
    """The tokens among one record's values, as the index has them; those beside no clear form."""
    if not any(name.endswith(".token") for name in values):
        return frozenset()
    rows = index_rows(0, values)
    return frozenset(row["norm"] for row in rows if row["kind"].endswith(".token"))


_UNINDEX = delete(identifiers).where(
    identifiers.c.norm == bindparam("b_norm"),
    identifiers.c.kind == bindparam("b_kind"),
    identifiers.c.record == bindparam("b_record"),
)


def unindex(connection: Connection, stored: Iterable[tuple[int, bytes]]) -> None:
    """Remove the index entries of (record id, stored disclosures), whose bytes go with them."""
    given = list(stored)
    if any(raw != NOTHING_DISCLOSED for _, raw in given):
        note_purge(connection)
    rows = [
        {"b_norm": row["norm"], "b_kind": row["kind"], "b_record": row["record"]}
        for record, raw in given
        for row in index_rows(record, opened_values(raw))
    ]
    if rows:
        connection.execute(_UNINDEX, rows)


REINDEX = "INSERT OR IGNORE INTO identifiers (norm, kind, record) VALUES (?, ?, ?)"
"""Adds rows as tuples in this order; `node.store.identifier_index` listens for it."""


def reindex(connection: Connection, indexed: Iterable[dict[str, Any]]) -> None:
    """Add index entries."""
    rows = [(row["norm"], row["kind"], row["record"]) for row in indexed]
    if rows:
        connection.exec_driver_sql(REINDEX, rows)


def save_own(connection: Connection, record: OwnRecord, disclosures: bytes, now_us: int) -> bool:
    """Insert or replace one of our own records with its index.

    Returns whether it displaced what another organisation had sent under its key: then the digest
    of that organisation's mirror is another.
    """
    entry = record.entry
    values = {name: disclosure.value for name, disclosure in record.opened.items()}
    row: dict[str, Any] = {
        "org": entry.org, "eid": entry.eid, "rev": entry.rev, "day": entry.day,
        "exp_day": entry.exp_day, "status": int(entry.status), "node_key": entry.node_key,
        "entry": entry.raw, "sig": record.sig, "disclosures": disclosures,
        "received_us": now_us, "hidden": DISPUTED if record.restrictions.suspended else "",
        **summary(values),
        "pseq": 0, "state": b"", "row_kind": 0, "row_exp": entry.exp_day, "held": "",
    }  # fmt: skip
    private: dict[str, Any] = {
        "consent": encode_consent(record.consent),
        "restrictions": encode_restrictions(record.restrictions),
        "approved": encode(sorted(record.approved)),
        "published_us": record.published_us,
        "renewed_us": record.renewed_us,
    }
    old = connection.execute(
        select(records.c.id, records.c.disclosures, records.c.org).where(records.c.rk == entry.rk)
    ).one_or_none()
    displaces = False
    if old is not None and bytes(old.org) != entry.org:
        connection.execute(delete(records).where(records.c.id == old.id))
        displaces, old = True, None
    if old is None:
        result = connection.execute(insert(records).values(rk=entry.rk, **row))
        primary_key = result.inserted_primary_key
        record_id = primary_key[0] if primary_key else 0
        connection.execute(insert(own).values(rk=entry.rk, **private))
    else:
        record_id = old.id
        unindex(connection, [(old.id, bytes(old.disclosures))])
        connection.execute(update(records).where(records.c.id == old.id).values(**row))
        connection.execute(update(own).where(own.c.rk == entry.rk).values(**private))
    if entry.status is Status.LIVE:
        reindex(connection, index_rows(record_id, values))
    return displaces


def vouch_for(connection: Connection, rks: Collection[RecordKey]) -> None:
    """Forget under which key these came back from a peer: this organisation has revised them."""
    for group in chunks(rks):
        came = own.c.rk.in_(group) & (own.c.came_us > 0)
        connection.execute(update(own).where(came).values(came_key=b"", came_us=0))


def note_partial(connection: Connection, rks: Collection[RecordKey]) -> None:
    """Note that these came back from peers: consent and fields are as far as a peer knew them."""
    for group in chunks(rks):
        connection.execute(update(own).where(own.c.rk.in_(group)).values(partial=1))


def is_partial(connection: Connection, rk: RecordKey) -> bool:
    """Whether all that we know of this own record is what a peer had of it."""
    return bool(connection.execute(select(own.c.partial).where(own.c.rk == rk)).scalar())


def forget_expired(connection: Connection, before: Day) -> list[RecordKey]:
    """Delete the rows whose last day, plus the days that stops travel, is before `before`."""
    rows = connection.execute(
        select(records.c.id, records.c.rk, records.c.disclosures).where(
            records.c.exp_day < before, records.c.row_exp < before
        )
    ).fetchall()
    unindex(connection, [(row.id, bytes(row.disclosures)) for row in rows])
    keys = [RecordKey(bytes(row.rk)) for row in rows]
    for group in chunks(keys):
        connection.execute(delete(own).where(own.c.rk.in_(group)))
        connection.execute(delete(records).where(records.c.rk.in_(group)))
    return keys


def encode_consent(consent: Consent) -> bytes:
    """Consent as stored: seven booleans, in the order of the class."""
    return encode(
        [
            consent.members, consent.peers, consent.print, consent.statistics, consent.contact,
            consent.police_anonymised, consent.police_supported,
        ]
    )  # fmt: skip


def decode_consent(raw: bytes) -> Consent:
    """Consent from its stored form."""
    return Consent(*(bool(flag) for flag in as_array(decode(raw), 7)))


def encode_restrictions(restrictions: Restrictions) -> bytes:
    """Restrictions as stored: [only these peers or false, [[org or empty, [names]]…]].

    A third element, true, stands where the record is suspended.
    """
    peers: Value = (
        False if restrictions.peers is None else [bytes(o) for o in sorted(restrictions.peers)]
    )
    rows: list[Value] = [
        [b"" if org == "*" else bytes(org), sorted(names)]
        for org, names in sorted(restrictions.withhold.items(), key=lambda row: str(row[0]))
    ]
    suspended: list[Value] = [True] if restrictions.suspended else []
    return encode([peers, rows, *suspended])


def decode_restrictions(raw: bytes) -> Restrictions:
    """Restrictions from their stored form."""
    peers, rows, *suspended = as_array(decode(raw))
    allowed = None
    if peers is not False:
        allowed = frozenset(OrgId(as_bytes(org, 32)) for org in as_array(peers))
    withhold: dict[Any, frozenset[str]] = {}
    for org, names in map(as_array, as_array(rows)):
        withhold[OrgId(as_bytes(org, most=32)) if org else "*"] = frozenset(_names(names))
    return Restrictions(allowed, withhold, suspended == [True])


def _names(value: Value) -> list[str]:
    return [as_str(name, 64) for name in as_array(value)]
