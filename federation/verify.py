"""Turns the items of a delta into checked ones: decoded, signed by their author, each field opened.

This is where a received record becomes `Verified`; nothing else makes one. It is pure and slow
(a signature and some hashes an item), so callers run it off the event loop. A bad item never
spoils its neighbours: it is carried on with the reason, to be held and reported.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from keys.orgdoc import OrgDoc
from keys.signing import verify
from protocol.commitment import (
    Disclosure,
    decode_disclosures,
    erased_hash,
    state_hash,
    stopped_hash,
)
from protocol.entry import Entry, Status, decode_entry
from protocol.errors import ErrorNumber, ProtocolError
from protocol.hashing import h
from protocol.ids import Day, EntryId, RecordKey
from protocol.messages import Put, Stop


@dataclass(frozen=True, slots=True)
class Verified:
    """An entry that its author signed, and the fields it opens. Only this file makes one."""

    entry: Entry
    sig: bytes = field(repr=False)
    disclosures: bytes = field(repr=False)  # as they travelled
    opened: tuple[Disclosure, ...] = field(repr=False)

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

    @property
    def is_stop(self) -> bool:
        """Whether the item asks to stop showing a record."""
        return self.record is None and not self.problem


def verify_record(
    entry_raw: bytes, sig: bytes, disclosures: bytes, author: OrgDoc, today: Day
) -> Verified:
    """Check one signed record of `author`; ProtocolError if anything of it is not as it must be."""
    entry = decode_entry(entry_raw)
    if entry.org != author.org:
        raise ProtocolError(ErrorNumber.NOT_GRANTED, "a record of another organisation")
    state = author.key_state(entry.node_key, today)
    if state in {"unknown", "revoked"}:
        raise ProtocolError(ErrorNumber.KEY, f"a record under a key that is {state}")
    verify(entry.node_key, "entry", entry_raw, sig)
    return Verified(entry, sig, disclosures, decode_disclosures(disclosures, entry))


def check_items(items: Sequence[Put | Stop], author: OrgDoc, today: Day) -> list[CheckedItem]:
    """Check each item of a delta that came from `author` itself; never raises for an item."""
    return [_check(item, author, today) for item in items]


def _check(item: Put | Stop, author: OrgDoc, today: Day) -> CheckedItem:
    if isinstance(item, Stop):
        return CheckedItem(item.pseq, item.rk, stopped_hash(item.rk), item.exp)
    exp = today
    try:
        exp = decode_entry(item.entry).exp_day  # a row held back must last as long as its record
        record = verify_record(item.entry, item.sig, item.disclosures, author, today)
        if record.entry.rk != item.rk:
            raise ProtocolError(ErrorNumber.MALFORMED, "an item under another record's key")
    except ProtocolError as error:
        claimed = state_hash(EntryId(h("entry", item.entry)), item.disclosures)
        return CheckedItem(item.pseq, item.rk, claimed, exp, problem=error.code)
    return CheckedItem(item.pseq, item.rk, record.state, exp, record)
