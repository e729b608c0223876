"""Turns the items of a delta into checked ones: decoded, signed by their author, each field opened.

This is where a received record becomes `Verified`; nothing else makes one. It is pure and slow
(a signature and some hashes an item), so callers run it off the event loop, a large delta in
another process (`check_apart`, `from_apart`). A bad item never spoils its neighbours: it is carried
on with the reason, to be held and reported. A hub's item names another author than the channel's:
it is verified by that author's document, and held to its terms.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from federation.onward import NOT_ONWARD, UNKNOWN_AUTHOR, is_within_terms
from keys.orgdoc import OrgDoc, decode_orgdoc
from keys.signing import verify
from protocol.codec import Value, decode
from protocol.commitment import (
    Disclosure,
    decode_disclosures,
    erased_hash,
    open_values,
    state_hash,
    stopped_hash,
)
from protocol.entry import Entry, Status, decode_entry
from protocol.errors import ErrorNumber, ProtocolError
from protocol.hashing import h
from protocol.ids import Day, EntryId, OrgId, RecordKey
from protocol.limits import DISCLOSURES_BYTES
from protocol.messages import Put, Stop
from protocol.shape import as_array, as_str


@dataclass(frozen=True, slots=True)
class Verified:
    """An entry that its author signed, and the fields it opens. Only this file makes one.

    `entry` may come without its leaves, which were checked and are not needed any more.
    """

    entry: Entry
    sig: bytes = field(repr=False)
    disclosures: bytes = field(repr=False)  # as they travelled
    values: Mapping[str, Value] = field(repr=False)

    def opened(self) -> tuple[Disclosure, ...]:
        """The disclosures one by one, with their salts."""
        return decode_disclosures(self.disclosures, decode_entry(self.entry.raw))

    @property
    def state(self) -> bytes:
        """The digest's s for whoever holds exactly this."""
        if self.entry.status is Status.ERASED:
            return erased_hash(self.entry.rk)
        return state_hash(self.entry.eid, self.disclosures)


@dataclass(frozen=True, slots=True)
class CheckedItem:
    """One item of a delta after its checks: a stop, a verified record, or a problem."""

    pseq: int
    rk: RecordKey
    state: bytes
    exp: Day
    record: Verified | None = None
    problem: str = ""
    claimed: frozenset[str] = frozenset()  # of a problem: what its origin says it discloses
    author: OrgId | None = None  # of a hub's: whose record it says it is

    @property
    def is_stop(self) -> bool:
        """Whether the item asks to stop showing a record."""
        return self.record is None and not self.problem


def verify_record(
    entry_raw: bytes, sig: bytes, disclosures: bytes, author: OrgDoc, today: Day
) -> Verified:
    """Check one signed record of `author`; ProtocolError if anything of it is not as it must be."""
    return _verify(decode_entry(entry_raw), sig, disclosures, author, today)


def _verify(entry: Entry, sig: bytes, disclosures: bytes, author: OrgDoc, today: Day) -> Verified:
    if entry.org != author.org:
        raise ProtocolError(ErrorNumber.NOT_GRANTED, "a record of another organisation")
    state = author.key_state(entry.node_key, today)
    if state in {"unknown", "revoked"}:
        raise ProtocolError(ErrorNumber.KEY, f"a record under a key that is {state}")
    verify(entry.node_key, "entry", entry.raw, sig)
    return Verified(entry, sig, disclosures, open_values(disclosures, entry))


Others = Mapping[OrgId, OrgDoc]  # whom a hub may bring records of, as far as we know them
NOBODY: Others = {}
_BEGINS = b"\x99\x01\xc4\x20"  # an entry: nine parts, version 1, and 32 bytes of its author
_ORG = slice(4, 36)


def foreign_authors(items: Sequence[Put | Stop], sender: OrgId) -> set[OrgId]:
    """The organisations other than the sender whose entries these items say they are."""
    claimed = {
        OrgId(item.entry[_ORG])
        for item in items
        if isinstance(item, Put) and item.entry.startswith(_BEGINS)
    }
    return claimed - {sender}


def check_items(
    items: Sequence[Put | Stop], author: OrgDoc, today: Day, others: Others = NOBODY
) -> list[CheckedItem]:
    """Check each item of a delta from `author`; never raises for an item.

    What the sender passes on of others is checked by their documents in `others`.
    """
    return [
        CheckedItem(item.pseq, item.rk, stopped_hash(item.rk), item.exp)
        if isinstance(item, Stop)
        else _check_put(item, author, today, others)
        for item in items
    ]


def _check_put(item: Put, sender: OrgDoc, today: Day, others: Others) -> CheckedItem:
    exp, by = today, None
    try:
        entry = decode_entry(item.entry)
        exp = entry.exp_day  # a row held back must last as long as its record
        if entry.rk != item.rk:
            raise ProtocolError(ErrorNumber.MALFORMED, "an item under another record's key")
        doc: OrgDoc | None = sender
        if entry.org != sender.org:
            by, doc = entry.org, others.get(entry.org)
        if doc is None:
            return _problem(item, exp, UNKNOWN_AUTHOR, by)
        record = _verify(entry, item.sig, item.disclosures, doc, today)
    except ProtocolError as error:
        return _problem(item, exp, error.code, by)
    if by is not None and not is_within_terms(record.values, entry.status):
        return _problem(item, exp, NOT_ONWARD, by)
    return CheckedItem(item.pseq, item.rk, record.state, exp, record, author=by)


def _problem(item: Put, exp: Day, why: str, by: OrgId | None) -> CheckedItem:
    claimed = state_hash(EntryId(h("entry", item.entry)), item.disclosures)
    names = _claimed(item.disclosures)
    return CheckedItem(item.pseq, item.rk, claimed, exp, problem=why, claimed=names, author=by)


def check_again(
    items: Sequence[CheckedItem], author: OrgDoc, today: Day, others: Others = NOBODY
) -> list[CheckedItem]:
    """Checked items by the documents as they are now; they may be newer than at the check.

    Cheap: whether a key is still good, once for each key. The signatures were checked.
    """
    used = {
        (item.record.entry.org, item.record.entry.node_key)
        for item in items
        if item.record is not None
    }
    gone = set()
    for org, key in used:
        doc = author if org == author.org else others.get(org)
        if doc is None or doc.key_state(key, today) in {"unknown", "revoked"}:
            gone.add((org, key))
    return [
        _without_key(item, item.record)
        if item.record is not None and (item.record.entry.org, item.record.entry.node_key) in gone
        else item
        for item in items
    ]


def _without_key(item: CheckedItem, record: Verified) -> CheckedItem:
    return replace(item, record=None, problem="key", claimed=frozenset(record.values))


def _claimed(disclosures: bytes) -> frozenset[str]:
    """The names in disclosures that could not be verified; none where they cannot be read."""
    try:
        rows = as_array(decode(disclosures, limit=DISCLOSURES_BYTES))
        return frozenset(as_str(as_array(row, 3)[1], 64) for row in rows)
    except ProtocolError:
        return frozenset()


Apart = tuple[Any, ...]  # plain values, which travel between processes at little cost


def puts_of(items: Sequence[Put | Stop]) -> list[Apart]:
    """The puts of a delta as plain values for `check_apart`."""
    return [
        (item.pseq, item.rk, item.entry, item.sig, item.disclosures)
        for item in items
        if isinstance(item, Put)
    ]


Signed = tuple[bytes, bytes]  # an org document and its signature, as they travel


def check_apart(
    puts: Sequence[Apart], author: Signed, today: int, others: Sequence[Signed] = ()
) -> list[Apart]:
    """Check puts in another process, by the documents of their sender and of others."""
    document = decode_orgdoc(*author)
    known = {each.org: each for each in (decode_orgdoc(*pair) for pair in others)}
    return [_plain(_check_put(Put(*put), document, Day(today), known)) for put in puts]


def _plain(item: CheckedItem) -> Apart:
    by = item.author or b""
    if item.record is None:
        return (item.state, item.exp, item.problem, by)
    entry = item.record.entry
    head = (entry.node_key, entry.rid, entry.rev, entry.day, int(entry.status), entry.eid)
    return (item.state, item.exp, "", by, head, item.record.values)


def from_apart(
    items: Sequence[Put | Stop], answers: Sequence[Apart], org: OrgId
) -> list[CheckedItem]:
    """The checked items of a delta from `org` whose puts `check_apart` checked, in order."""
    waiting = iter(answers)
    return [
        CheckedItem(item.pseq, item.rk, stopped_hash(item.rk), item.exp)
        if isinstance(item, Stop)
        else _from_plain(item, waiting, org)
        for item in items
    ]


def _from_plain(item: Put, answers: Iterator[Apart], org: OrgId) -> CheckedItem:
    answer = next(answers)
    state, exp, problem, by = answer[:4]
    author = OrgId(by) if by else None
    if problem:
        names = _claimed(item.disclosures)
        return CheckedItem(
            item.pseq, item.rk, state, exp, problem=problem, claimed=names, author=author
        )
    (node_key, rid, rev, day, status, eid), values = answer[4:]
    entry = Entry(
        author or org, node_key, rid, rev, day, exp, Status(status), (), item.entry, eid, item.rk
    )  # fmt: skip
    record = Verified(entry, item.sig, item.disclosures, values)
    return CheckedItem(item.pseq, item.rk, state, exp, record, author=author)
