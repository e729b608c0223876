"""The messages nodes exchange: one frozen type for each, and its body on the wire.

A body is the last field of a signed envelope. Entries, signatures, disclosures and documents stay
byte strings here: one bad item of a delta must not poison its neighbours, so each is decoded by
itself, later. Invariant: `decode_body(m.name, m.encode_body()) == m`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final, TypeAlias

from protocol import messages_further
from protocol.codec import Value
from protocol.errors import ErrorNumber, ProtocolError, malformed
from protocol.ids import RECORD_KEY_BYTES, Day, RecordKey
from protocol.limits import (
    DAY_MAX,
    DELTA_ITEMS,
    DISCLOSURES_BYTES,
    DOCUMENT_BYTES,
    ENTRY_BYTES,
    ENVELOPE_BYTES,
    GIVE_ITEMS,
    HELD_ROWS,
    INT_MAX,
    LIST_ROWS,
    ORG_DOCUMENTS,
    REASON_CHARACTERS,
    TOKEN_BYTES,
    WAIT_SECONDS,
    WANT_ROWS,
)
from protocol.messages_further import FurtherMessage
from protocol.shape import as_array, as_bool, as_bytes, as_int, as_str

PUT_TAG = 0
STOP_TAG = 1
SHORT_BYTES = 8  # of an entry id or state hash in a list row
NO_EID8: Final = bytes(SHORT_BYTES)  # a list row of a stop
_SIGNATURE_BYTES = 64
_DIGEST_BYTES = 32

Held: TypeAlias = "tuple[tuple[RecordKey, str], ...]"  # what I have and cannot apply, and why


@dataclass(frozen=True, slots=True)
class Hello:
    """First contact, or news of the sender's documents: `docs` are [bytes, sig], card last."""

    name: ClassVar[str] = "hello"
    token: bytes = field(repr=False)  # empty, or 16 bytes of an invite
    trusted: bool
    docs: tuple[tuple[bytes, bytes], ...]

    def encode_body(self) -> list[Value]:
        """Return `[token, trusted, docs]`."""
        return [self.token, self.trusted, [[raw, sig] for raw, sig in self.docs]]


@dataclass(frozen=True, slots=True)
class Pull:
    """Send me what follows my cursor; `wait_s` > 0 holds the request open until there is some."""

    name: ClassVar[str] = "pull"
    cursor: int
    asof: Day
    digest: bytes
    held: Held
    max_bytes: int
    wait_s: int

    def encode_body(self) -> list[Value]:
        """Return `[cursor, asof, digest, held, max_bytes, wait_s]`."""
        held = _held_value(self.held)
        return [self.cursor, self.asof, self.digest, held, self.max_bytes, self.wait_s]


@dataclass(frozen=True, slots=True)
class Put:
    """One record as the receiver is granted it, replacing what it had of that record."""

    pseq: int
    rk: RecordKey
    entry: bytes = field(repr=False)
    sig: bytes = field(repr=False)
    disclosures: bytes = field(repr=False)

    def encode_item(self) -> list[Value]:
        """Return `[pseq, 0, rk, entry, sig, disclosures]`."""
        return [self.pseq, PUT_TAG, self.rk, self.entry, self.sig, self.disclosures]


@dataclass(frozen=True, slots=True)
class Stop:
    """Stop showing a record: it is no longer granted; `exp` is the row's last day."""

    pseq: int
    rk: RecordKey
    exp: Day

    def encode_item(self) -> list[Value]:
        """Return `[pseq, 1, rk, exp]`."""
        return [self.pseq, STOP_TAG, self.rk, self.exp]


@dataclass(frozen=True, slots=True)
class Delta:
    """What changed for the receiver in (from_seq, to_seq], and the digest it leads to."""

    name: ClassVar[str] = "delta"
    from_seq: int
    to_seq: int
    more: bool
    asof: Day
    digest: bytes
    items: tuple[Put | Stop, ...]
    want: tuple[RecordKey, ...]

    def encode_body(self) -> list[Value]:
        """Return `[from, to, more, asof, digest, items, want]`."""
        return [
            *(self.from_seq, self.to_seq, self.more, self.asof, self.digest),
            [item.encode_item() for item in self.items],
            list(self.want),
        ]


@dataclass(frozen=True, slots=True)
class Ok:
    """Received and stored: where the sender of this answer now stands."""

    name: ClassVar[str] = "ok"
    cursor: int
    asof: Day
    digest: bytes
    held: Held

    def encode_body(self) -> list[Value]:
        """Return `[cursor, asof, digest, held]`."""
        return [self.cursor, self.asof, self.digest, _held_value(self.held)]


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a list; a stop has rev 0 and NO_EID8."""

    rk: RecordKey
    rev: int
    eid8: bytes
    s8: bytes
    exp: Day


@dataclass(frozen=True, slots=True)
class List:
    """All the rows the sender has with lo <= rk < hi; an empty hi means no upper bound."""

    name: ClassVar[str] = "list"
    lo: bytes
    hi: bytes
    rows: tuple[Row, ...]

    def encode_body(self) -> list[Value]:
        """Return `[lo, hi, [[rk, rev, eid8, s8, exp], …]]`."""
        return [self.lo, self.hi, [[r.rk, r.rev, r.eid8, r.s8, r.exp] for r in self.rows]]


@dataclass(frozen=True, slots=True)
class Given:
    """One of the receiver's own records, back to it."""

    entry: bytes = field(repr=False)
    sig: bytes = field(repr=False)
    disclosures: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Give:
    """Your own records that you just wanted back."""

    name: ClassVar[str] = "give"
    items: tuple[Given, ...]

    def encode_body(self) -> list[Value]:
        """Return `[[entry, sig, disclosures], …]`."""
        return [[item.entry, item.sig, item.disclosures] for item in self.items]


@dataclass(frozen=True, slots=True)
class Poke:
    """Pull me."""

    name: ClassVar[str] = "poke"

    def encode_body(self) -> list[Value]:
        """Return `[]`."""
        return []


@dataclass(frozen=True, slots=True)
class Err:
    """The request was refused; numbers unknown to this version are kept as they are."""

    name: ClassVar[str] = "err"
    number: int
    detail: int

    def encode_body(self) -> list[Value]:
        """Return `[number, detail]`."""
        return [int(self.number), self.detail]


@dataclass(frozen=True, slots=True)
class Bye:
    """The sender has left this peering."""

    name: ClassVar[str] = "bye"
    number: int
    detail: int

    def encode_body(self) -> list[Value]:
        """Return `[number, detail]`."""
        return [int(self.number), self.detail]


Message: TypeAlias = "Hello | Pull | Delta | Ok | List | Give | Poke | Err | Bye | FurtherMessage"


def decode_body(name: str, body: Value) -> Message:
    """Return the message of a type name and its decoded body.

    Raises ProtocolError: MALFORMED for a body of another shape, VERSION for a type name that is
    reserved or unknown.
    """
    decoder = _DECODERS.get(name)
    if decoder is None:
        raise ProtocolError(ErrorNumber.VERSION, "a message type this version does not know")
    return decoder(body)


def _hello(body: Value) -> Hello:
    token, trusted, docs = as_array(body, 3)
    token = as_bytes(token, most=TOKEN_BYTES)
    if len(token) not in {0, TOKEN_BYTES}:
        raise malformed("a token is empty or 16 bytes")
    pairs = [as_array(pair, 2) for pair in as_array(docs, most=ORG_DOCUMENTS)]
    return Hello(
        token,
        as_bool(trusted),
        tuple(
            (as_bytes(raw, most=DOCUMENT_BYTES), as_bytes(sig, _SIGNATURE_BYTES))
            for raw, sig in pairs
        ),
    )


def _pull(body: Value) -> Pull:
    cursor, asof, digest, held, max_bytes, wait_s = as_array(body, 6)
    return Pull(
        as_int(cursor, 0),
        _day(asof),
        as_bytes(digest, _DIGEST_BYTES),
        _held(held),
        as_int(max_bytes, 1, ENVELOPE_BYTES),
        as_int(wait_s, 0, WAIT_SECONDS),
    )


def _delta(body: Value) -> Delta:
    from_seq, to_seq, more, asof, digest, items, want = as_array(body, 7)
    first = as_int(from_seq, 0)
    last = as_int(to_seq, first)
    return Delta(
        first,
        last,
        as_bool(more),
        _day(asof),
        as_bytes(digest, _DIGEST_BYTES),
        tuple([_item(item, last) for item in as_array(items, most=DELTA_ITEMS)]),
        tuple([_rk(rk) for rk in as_array(want, most=WANT_ROWS)]),
    )


def _item(item: Value, last: int) -> Put | Stop:
    fields = as_array(item, most=6)
    tag = as_int(fields[1], PUT_TAG, STOP_TAG) if len(fields) > 1 else None
    if tag == PUT_TAG and len(fields) == 6:
        pseq, _, rk, entry, sig, disclosures = fields
        return Put(
            as_int(pseq, 1, last),
            _rk(rk),
            as_bytes(entry, most=ENTRY_BYTES),
            as_bytes(sig, _SIGNATURE_BYTES),
            as_bytes(disclosures, most=DISCLOSURES_BYTES),
        )
    if tag == STOP_TAG and len(fields) == 4:
        pseq, _, rk, exp = fields
        return Stop(as_int(pseq, 1, last), _rk(rk), _day(exp))
    raise malformed("an item is a put of six fields or a stop of four")


def _ok(body: Value) -> Ok:
    cursor, asof, digest, held = as_array(body, 4)
    return Ok(as_int(cursor, 0), _day(asof), as_bytes(digest, _DIGEST_BYTES), _held(held))


def _list(body: Value) -> List:
    lo_value, hi_value, rows = as_array(body, 3)
    lo = as_bytes(lo_value, most=RECORD_KEY_BYTES)
    hi = as_bytes(hi_value, most=RECORD_KEY_BYTES)
    if hi and lo >= hi:
        raise malformed("a list of an empty range")
    decoded = tuple([_row(row) for row in as_array(rows, most=LIST_ROWS)])
    previous = b""
    for row in decoded:
        if row.rk <= previous or row.rk < lo or (hi and row.rk >= hi):
            raise malformed("rows of a list ascend strictly, within its range")
        previous = row.rk
    return List(lo, hi, decoded)


def _row(row: Value) -> Row:
    rk, rev, eid8, s8, exp = as_array(row, 5)
    decoded = Row(
        _rk(rk),
        as_int(rev, 0, INT_MAX),
        as_bytes(eid8, SHORT_BYTES),
        as_bytes(s8, SHORT_BYTES),
        _day(exp),
    )
    if decoded.rev == 0 and decoded.eid8 != NO_EID8:
        raise malformed("the row of a stop names no entry")
    return decoded


def _give(body: Value) -> Give:
    items = [as_array(item, 3) for item in as_array(body, most=GIVE_ITEMS)]
    return Give(
        tuple(
            Given(
                as_bytes(entry, most=ENTRY_BYTES),
                as_bytes(sig, _SIGNATURE_BYTES),
                as_bytes(disclosures, most=DISCLOSURES_BYTES),
            )
            for entry, sig, disclosures in items
        )
    )


def _poke(body: Value) -> Poke:
    as_array(body, 0)
    return Poke()


def _err(body: Value) -> Err:
    number, detail = as_array(body, 2)
    return Err(as_int(number, 0, 255), as_int(detail))


def _bye(body: Value) -> Bye:
    number, detail = as_array(body, 2)
    return Bye(as_int(number, 0, 255), as_int(detail))


def _rk(value: Value) -> RecordKey:
    return RecordKey(as_bytes(value, RECORD_KEY_BYTES))


def _day(value: Value) -> Day:
    return Day(as_int(value, 0, DAY_MAX))


def _held(value: Value) -> Held:
    rows = [as_array(row, 2) for row in as_array(value, most=HELD_ROWS)]
    return tuple([(_rk(rk), as_str(reason, REASON_CHARACTERS)) for rk, reason in rows])


def _held_value(held: Held) -> list[Value]:
    return [[rk, reason] for rk, reason in held]


_DECODERS: Final[Mapping[str, Callable[[Value], Message]]] = {
    "hello": _hello,
    "pull": _pull,
    "delta": _delta,
    "ok": _ok,
    "list": _list,
    "give": _give,
    "poke": _poke,
    "err": _err,
    "bye": _bye,
    **messages_further.DECODERS,
}
NAMES: Final = frozenset(_DECODERS)
RESERVED_NAMES: Final = frozenset({"blob"})
