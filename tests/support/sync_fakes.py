"""Both ends of sync in memory: a ledger and a mirror without a database, and what runs between.

The fakes keep the promises of `federation.origin.Grants` and `federation.receiver.Intake` in the
plainest way. Records are really signed and messages really cross the wire, so that nothing passes
here that a node would refuse.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar, cast

from federation.ledger import LedgerRow, RowKind
from federation.origin import Known, Outgoing, on_give, on_list, on_pull
from federation.receiver import (
    NOT_ASKED,
    RETRYABLE,
    Incoming,
    MirrorRow,
    on_delta,
    pull,
)
from federation.verify import CheckedItem, check_items, verify_record
from protocol.codec import Value, decode, encode
from protocol.commitment import (
    bucket_hash,
    commit,
    encode_disclosures,
    erased_hash,
    state_hash,
    stopped_hash,
)
from protocol.entry import Entry, Status, encode_entry
from protocol.ids import Day, EntryId, RecordId, RecordKey
from protocol.merge import order
from protocol.messages import (
    Delta,
    Give,
    Given,
    List,
    Message,
    Ok,
    Put,
    Row,
    Stop,
    decode_body,
)
from tests.support.key_material import TODAY as TODAY_NUMBER
from tests.support.key_material import Chance, made_up

TODAY = Day(TODAY_NUMBER)
LATER = Day(TODAY + 30)
AUTHOR = made_up("an origin")
DOC = AUTHOR.doc()

M = TypeVar("M", bound=Message)


@dataclass(frozen=True, slots=True)
class Own:
    """One revision of one record of the origin, and all it discloses."""

    entry: Entry
    sig: bytes
    disclosures: bytes

    @property
    def rk(self) -> RecordKey:
        """The record's key."""
        return self.entry.rk

    @property
    def state(self) -> bytes:
        """The digest's s for whoever holds exactly this."""
        if self.entry.status is Status.ERASED:
            return erased_hash(self.rk)
        return state_hash(self.entry.eid, self.disclosures)

    @property
    def given(self) -> Given:
        """This record as a peer gives it back."""
        return Given(self.entry.raw, self.sig, self.disclosures)


def own(number: int, rev: int = 1, *, text: str = "seen again", erased: bool = False) -> Own:
    """Sign a revision of the record of this number; an erased one discloses nothing."""
    rid = RecordId(number.to_bytes(16, "big"))
    fields: dict[str, Value] = {} if erased else {"kind": "alert", "text": ["en", text]}
    leaves, disclosures = commit(DOC.org, rid, fields, Chance(f"{number}/{rev}/{text}"))
    entry = encode_entry(
        DOC.org, AUTHOR.node_key.public, rid, rev, TODAY, LATER,
        Status.ERASED if erased else Status.LIVE, () if erased else leaves,
    )  # fmt: skip
    return Own(entry, AUTHOR.node_key.sign("entry", entry.raw), encode_disclosures(disclosures))


def new_channel(*, listed: bool = True) -> Outgoing:
    """An outgoing channel on which nothing was ever told."""
    return Outgoing(0, 0, listed=listed, list_pos=None, wanted=set())


def _digest(states: Mapping[RecordKey, tuple[bytes, Day]], asof: Day) -> bytes:
    return bucket_hash((rk, state) for rk, (state, exp) in states.items() if exp >= asof)


@dataclass(slots=True)
class FakeGrants:
    """One peer's ledger. What is in `granted` and in `records` is what the peer should hold."""

    records: dict[RecordKey, Own] = field(default_factory=dict)
    granted: set[RecordKey] = field(default_factory=set)
    rows: dict[RecordKey, LedgerRow] = field(default_factory=dict)
    suspended: dict[RecordKey, str] = field(default_factory=dict)
    confirmed: set[RecordKey] = field(default_factory=set)
    held: dict[RecordKey, str] = field(default_factory=dict)
    recoveries: int = 0
    today: Day = TODAY
    channel: Outgoing = field(default_factory=new_channel)

    def publish(self, *records: Own) -> "FakeGrants":
        """Add or replace records that the peer is granted, and derive the ledger."""
        for record in records:
            self.records[record.rk] = record
            self.granted.add(record.rk)
        self.derive([record.rk for record in records])
        return self

    def withhold(self, rk: RecordKey) -> None:
        """Grant the peer this record no longer."""
        self.granted.discard(rk)
        self.derive([rk])

    def digest(self, asof: Day) -> bytes:
        return _digest({rk: (row.state, row.exp) for rk, row in self.rows.items()}, asof)

    def rows_after(self, pseq: int, limit: int) -> Sequence[LedgerRow]:
        later = [row for row in self.rows.values() if row.pseq > pseq]
        return sorted(later, key=lambda row: row.pseq)[:limit]

    def rows_between(self, lo: bytes, hi: bytes, asof: Day) -> dict[RecordKey, LedgerRow]:
        return {
            rk: row
            for rk, row in sorted(self.rows.items())
            if rk >= lo and (not hi or rk < hi) and row.exp >= asof
        }

    def items(self, rows: Sequence[LedgerRow]) -> Sequence[Put | Stop]:
        items: list[Put | Stop] = []
        for row in rows:
            record = self.records.get(row.rk)
            if row.kind is RowKind.STOP:
                items.append(Stop(row.pseq, row.rk, row.exp))
            elif record is not None and record.entry.eid == row.eid:
                raw, sig = record.entry.raw, record.sig
                items.append(Put(row.pseq, row.rk, raw, sig, record.disclosures))
        return items

    def known(self, rks: Collection[RecordKey]) -> Mapping[RecordKey, Known]:
        entries = [self.records[rk].entry for rk in rks if rk in self.records]
        return {e.rk: Known(e.rev, e.eid, e.status is Status.ERASED) for e in entries}

    def reissue(self, rows: Iterable[LedgerRow]) -> None:
        for row in rows:
            self.channel.pseq += 1
            self.rows[row.rk] = replace(row, pseq=self.channel.pseq)
            self.confirmed.discard(row.rk)

    def derive(self, rks: Collection[RecordKey] | None = None) -> None:
        if not self.channel.listed:
            return
        for rk in sorted(self.records.keys() if rks is None else self.records.keys() & set(rks)):
            row = self.rows.get(rk)
            wanted = self._desired(self.records[rk], row)
            if wanted is not None and (row is None or row.state != wanted.state):
                self.reissue([wanted])

    def _desired(self, record: Own, row: LedgerRow | None) -> LedgerRow | None:
        if record.rk in self.suspended:
            return None
        if record.entry.status is Status.ERASED:
            return self._put(record) if row is not None else None
        if record.rk in self.granted:
            return self._put(record)
        return self._stop(record.rk, record.entry.exp_day) if row is not None else None

    def _put(self, record: Own) -> LedgerRow:
        entry = record.entry
        kind, exp = RowKind.PUT, entry.exp_day
        return LedgerRow(entry.rk, 0, kind, record.state, entry.eid, entry.rev, (), exp)

    def _stop(self, rk: RecordKey, exp: Day) -> LedgerRow:
        return LedgerRow(rk, 0, RowKind.STOP, stopped_hash(rk), EntryId(b""), 0, (), exp)

    def confirm(self, cursor: int, held: Mapping[RecordKey, str], *, equal: bool) -> None:
        self.held = dict(held)
        told = {rk for rk, row in self.rows.items() if row.pseq <= cursor}
        self.confirmed &= told
        if equal:
            self.confirmed |= told
        self.confirmed -= held.keys()

    def suspend(self, row: LedgerRow, why: str) -> None:
        del self.rows[row.rk]
        self.suspended[row.rk] = why

    def adopt_stop(self, rk: RecordKey, exp: Day) -> None:
        self.rows[rk] = self._stop(rk, exp)
        self.suspended[rk] = "was_stopped"

    def issue_stop(self, rk: RecordKey, exp: Day) -> None:
        self.suspended.pop(rk, None)
        self.reissue([self._stop(rk, exp)])

    def take_back(self, items: Sequence[Given], wanted: Collection[RecordKey]) -> set[RecordKey]:
        came: set[RecordKey] = set()
        for item in items:
            verified = verify_record(item.entry, item.sig, item.disclosures, DOC, self.today)
            record = Own(verified.entry, verified.sig, verified.disclosures)
            if record.rk not in wanted:
                continue
            came.add(record.rk)
            mine = self.records.get(record.rk)
            if mine is None or order(record.entry) > order(mine.entry):
                self.records[record.rk] = record
                self.granted.add(record.rk)
            self.rows[record.rk] = self._put(record)
        return came

    def abandon(self, rk: RecordKey) -> None:
        if rk not in self.records:
            self.issue_stop(rk, self.today)

    def start_recovery(self) -> None:
        self.recoveries += 1
        self.channel.listed, self.channel.list_pos = False, None
        self.channel.wanted.clear()


@dataclass(slots=True)
class FakeIntake:
    """What a node mirrors of the origin; `refuse` says which records it may not hold, and why."""

    rows: dict[RecordKey, MirrorRow] = field(default_factory=dict)
    copies: dict[RecordKey, Given] = field(default_factory=dict, repr=False)
    refuse: dict[RecordKey, str] = field(default_factory=dict)
    applied: list[int] = field(default_factory=list)
    told: dict[RecordKey, int] = field(default_factory=dict)
    today: Day = TODAY
    channel: Incoming = field(default_factory=lambda: Incoming(0, NOT_ASKED, synced=False))

    def forget(self, rk: RecordKey) -> None:
        """Lose a row, as a damaged store would."""
        del self.rows[rk]
        self.copies.pop(rk, None)

    def digest(self, asof: Day) -> bytes:
        return _digest({rk: (row.state, row.exp) for rk, row in self.rows.items()}, asof)

    def apply(self, items: Sequence[CheckedItem]) -> None:
        for item in items:
            self.applied.append(item.pseq)
            self.told[item.rk] = item.pseq
            old = self.rows.get(item.rk)
            if item.is_stop:
                self.copies.pop(item.rk, None)
                self.rows[item.rk] = MirrorRow(
                    item.rk, 0, b"", item.state, item.exp, stopped=True, held=""
                )
                continue
            why = item.problem or self.refuse.get(item.rk, "")
            record = item.record
            if why or record is None:
                rev, eid = (old.rev, old.eid) if old is not None else (0, b"")
                self.rows[item.rk] = MirrorRow(
                    item.rk, rev, eid, item.state, item.exp, stopped=False, held=why
                )
            elif old is None or record.entry.rev >= old.rev:
                entry = record.entry
                self.copies[item.rk] = Given(entry.raw, record.sig, record.disclosures)
                self.rows[item.rk] = MirrorRow(
                    item.rk, entry.rev, entry.eid, item.state, item.exp, stopped=False, held=""
                )

    def rows_from(self, lo: bytes, asof: Day, limit: int) -> Sequence[MirrorRow]:
        later = [row for rk, row in sorted(self.rows.items()) if rk >= lo and row.exp >= asof]
        return later[:limit]

    def held(self) -> Sequence[tuple[RecordKey, str]]:
        return [(rk, row.held) for rk, row in sorted(self.rows.items()) if row.held]

    def is_asking(self, cursor: int) -> bool:
        return any(
            row.held in RETRYABLE and self.told.get(rk, 0) <= cursor
            for rk, row in self.rows.items()
        )

    def give(self, rks: Collection[RecordKey], max_bytes: int) -> Sequence[Given]:
        given: list[Given] = []
        for item in (self.copies[rk] for rk in rks if rk in self.copies):
            max_bytes -= len(item.entry) + len(item.disclosures) + 100
            if max_bytes < 0:
                break
            given.append(item)
        return given


def carried(message: M) -> M:
    """The message as it comes out at the other end of the wire."""
    return cast("M", decode_body(message.name, decode(encode(message.encode_body()))))


def take(intake: FakeIntake, delta: Delta, *, is_answer: bool = False) -> Ok | List | Give:
    """Bring a delta to the receiver: over the wire, checked, applied; returns its answer."""
    arrived = carried(delta)
    intake.channel.is_answer = is_answer
    return carried(on_delta(intake, arrived, check_items(arrived.items, DOC, intake.today)))


def converse(grants: FakeGrants, intake: FakeIntake, rounds: int = 20) -> str:
    """Pull until there is nothing to say; returns the names of all messages, in their order."""
    said: list[str] = []
    for _ in range(rounds):
        delta = on_pull(grants, carried(pull(intake, 0)))
        said += ["pull", "delta"]
        another = False
        while not isinstance(answer := take(intake, delta, is_answer=True), Ok):
            said.append(answer.name)
            another = True
            if isinstance(answer, Give):
                on_give(grants, answer)
                break
            delta = on_list(grants, answer)
            said.append("delta")
        if not another and not delta.items and not delta.more:
            return " ".join(said)
    raise AssertionError(f"no end of it: {' '.join(said)}")


def pair(*numbers: int) -> tuple[FakeGrants, FakeIntake]:
    """An origin and a receiver that are equal on these records."""
    grants, intake = FakeGrants().publish(*(own(number) for number in numbers)), FakeIntake()
    converse(grants, intake)
    return grants, intake


def in_recovery(*numbers: int) -> FakeGrants:
    """An origin that knows these records, granted none of them, and must hear its peer first."""
    grants = FakeGrants(channel=new_channel(listed=False))
    for number in numbers:
        grants.records[own(number).rk] = own(number)
    return grants


def halves(*records: Own) -> tuple[list[Own], list[Own], bytes]:
    """The records in two groups, and the key where the second begins."""
    ordered = sorted(records, key=lambda record: record.rk)
    middle = len(ordered) // 2
    return ordered[:middle], ordered[middle:], bytes(ordered[middle].rk)


def listed(record: Own, *, s8: bytes = b"") -> Row:
    """The row of a listing of a peer that holds exactly this."""
    entry = record.entry
    return Row(entry.rk, entry.rev, entry.eid[:8], s8 or record.state[:8], entry.exp_day)


def page(*rows: Row, lo: bytes = b"", hi: bytes = b"") -> List:
    """A page of a listing, its rows in their order."""
    return List(lo, hi, tuple(sorted(rows, key=lambda row: row.rk)))
