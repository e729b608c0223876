"""One peer's ledger in one open transaction: what `federation.origin` works on.

Derives rows from records, policy, register and card, and gives each changed row the peer's next
`pseq`. Nothing here sends anything: a row is told by the next delta and confirmed by a digest.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile

from sqlalchemy import Connection, delete, insert, select

from federation.hub import terms_are_due
from federation.ledger import LedgerRow, RowKind, outcome, outlives
from federation.origin import Known, Outgoing
from federation.release import Gate, PeerView, gate
from node.store import meta
from node.store.adopted import adopted
from node.store.consents import in_force
from node.store.context import Context
from node.store.doubts import (
    STRANGE_STOPS,
    held_back,
    note_conflicts,
    recover_all,
    recover_alone,
    strange_rows,
)
from node.store.known import NO_EID, known_records
from node.store.ledger_rows import (
    UPDATE_ROW,
    columns_of,
    note_cursor,
    note_held,
    rows_after,
    rows_between,
    rows_of,
    states,
)
from node.store.onward import derive_onward, onward_items
from node.store.peers import Peer, set_peer
from node.store.records import OwnRecord, own_records
from node.store.tables import ledger, records, suspended
from node.store.takeback import take_back
from protocol.codec import encode
from protocol.commitment import encode_disclosures, erased_hash, stopped_hash
from protocol.entry import Status
from protocol.ids import Day, RecordKey
from protocol.limits import EXPIRY_DAYS
from protocol.messages import Given, Put, Stop

NARROWER_THERE = "narrower_there"  # why it is suspended: the peer holds less than we would give
DUE_AT_ONCE = 120  # as many as fit a delta
_LAST_DAY = select(records.c.exp_day)
SIDE = "out"


class StoreGrants:
    """`federation.origin.Grants` over the database."""

    def __init__(self, connection: Connection, context: Context, peer: Peer) -> None:
        self._connection = connection
        self._context = context
        self.peer = peer
        self._strange: int | None = None
        self.today = context.today
        self.channel = Outgoing(
            peer.out_pseq, peer.out_cursor, peer.out_listed, peer.out_list_pos,
            set(peer.out_wanted), context.frozen, peer.out_due,
        )  # fmt: skip

    def save(self) -> None:
        """Write the channel back, where it changed."""
        channel, peer = self.channel, self.peer
        wanted = tuple(sorted(channel.wanted))
        now = (channel.pseq, channel.cursor, channel.listed, channel.list_pos, wanted, channel.due)
        was = (
            peer.out_pseq, peer.out_cursor, peer.out_listed, peer.out_list_pos, peer.out_wanted,
            peer.out_due,
        )  # fmt: skip
        if now != was:
            set_peer(
                self._connection, peer.id,
                out_pseq=channel.pseq, out_cursor=channel.cursor, out_listed=int(channel.listed),
                out_list_pos=channel.list_pos, out_wanted=b"".join(wanted), out_due=channel.due,
            )  # fmt: skip

    def digest(self, asof: Day) -> bytes:
        """The digest of this ledger's rows that last to `asof` or longer."""

        def rows(bucket: int | None, day: Day) -> list[tuple[RecordKey, bytes]]:
            return states(self._connection, self.peer.id, bucket, day)

        return self._context.digests.digest(SIDE, self.peer.id, asof, rows)

    def rows_after(self, pseq: int, limit: int) -> list[LedgerRow]:
        """The rows that changed after `pseq`, in order: none that is still to be derived anew.

        The first of those that are due are derived here, so that what is new need not wait. `save`
        is to be called after it.
        """
        due = self.channel.due
        if due is None:
            return rows_after(self._connection, self.peer.id, pseq, limit)
        limit = min(limit, DUE_AT_ONCE)
        rows = rows_after(self._connection, self.peer.id, pseq, limit)
        derived = {row.rk for row in rows if row.rk >= due}
        self.derive(derived)  # what that changes has a later number
        rows = rows_after(self._connection, self.peer.id, pseq, limit)
        # Not over a row that is due to one that is not: it would count as told.
        return list(takewhile(lambda row: row.rk < due or row.rk in derived, rows))

    def rows_between(self, lo: bytes, hi: bytes, asof: Day) -> dict[RecordKey, LedgerRow]:
        """The rows with lo ≤ rk < hi (empty hi: to the end) that last to `asof`."""
        return rows_between(self._connection, self.peer.id, lo, hi, asof)

    def items(self, rows: Sequence[LedgerRow]) -> list[Put | Stop]:
        """What each row says on the wire; a put is made from the record as it stands now."""
        wanted = [row.rk for row in rows if row.kind is RowKind.PUT and not row.author]
        known = own_records(self._connection, self._context.org, wanted)
        passed_on = onward_items(self._connection, self._context, rows)
        items: list[Put | Stop] = []
        for row in rows:
            if row.kind is RowKind.STOP:
                items.append(Stop(row.pseq, row.rk, row.exp))
                continue
            if row.author:
                items.extend(passed_on.get(row.pseq, ()))
                continue
            record = known.get(row.rk)
            # All tombstones of a record are one state: whichever stands now is sent.
            is_erased = record is not None and record.entry.status is Status.ERASED
            if record is None or (record.entry.eid != row.eid and not is_erased):
                continue  # it came back unsigned by us now: it waits for the keeper
            if record.entry.status is Status.LIVE and self._may_not_put(record, row.rev):
                continue  # the register is asked here too: a restored row may say more
            raw = encode_disclosures(
                record.opened[name] for name in row.names if name in record.opened
            )
            items.append(Put(row.pseq, row.rk, record.entry.raw, record.sig, raw))
        return items

    def known(self, rks: Collection[RecordKey]) -> dict[RecordKey, Known]:
        """What we know of these records: our own, and those that we pass on."""
        return known_records(self._connection, self._context.org, self.peer.id, rks)

    def reissue(self, rows: Iterable[LedgerRow]) -> None:
        """Give each row the next pseq, unconfirmed."""
        self._write([(row, self._issued(row)) for row in rows])

    @property
    def is_told(self) -> bool:
        """Whether anything may be told from this ledger now."""
        return self.channel.listed and self.peer.state.may_hold_ours

    def derive(self, rks: Collection[RecordKey] | None = None) -> None:
        """Re-derive this peer's rows (None: all) from records, policy and its card."""
        if not self.is_told or (rks is not None and not rks):
            return
        self.derive_records(own_records(self._connection, self._context.org, rks))
        derive_onward(self._connection, self._context, self, rks)
        if rks is None:
            self.channel.due = None

    def derive_records(self, known: Mapping[RecordKey, OwnRecord]) -> None:
        """Re-derive the rows of records that were read already."""
        if not self.is_told or not known:
            return
        way = self._gate()
        rows = self._rows_of(known)
        caps = held_back(self._connection, self.peer.id, known)
        changes = []
        for rk, record in known.items():
            row = rows.get(rk)
            wanted = self._desired(record, row, way, caps.get(rk))
            if wanted is not None and (row is None or wanted.state != row.state):
                changes.append((row, self._issued(wanted)))
        self._write(changes)

    def _gate(self) -> Gate:
        trusted = self.peer.state.keeps
        view = PeerView(self.peer.org, trusted, self.peer.accepts)
        return gate(self._context.policy, self._context.region, view)

    def _desired(
        self,
        record: OwnRecord,
        row: LedgerRow | None,
        way: Gate,
        cap: frozenset[str] | None,
    ) -> LedgerRow | None:
        """What the row should be, without pseq; None where it should stay as it is."""
        entry = record.entry
        state = self.peer.state
        names: frozenset[str] = frozenset()
        if entry.status is Status.LIVE and entry.exp_day >= self.today:
            names = self._released(record, way)
        elif entry.status is Status.LIVE and not outlives(row, entry):
            return None  # expired: the copies end by themselves
        match outcome(entry.status, state, row, names):
            case "tombstone":
                hashed = erased_hash(entry.rk)
                return self._row(record, RowKind.PUT, hashed, (), row)
            case "stop":
                return self._row(record, RowKind.STOP, stopped_hash(entry.rk), (), row)
            case "withdrawal":
                names = way.withdrawal(record.view(), record.restrictions)
            case "put":
                if self._may_not_put(record, entry.rev) or (cap is not None and not names <= cap):
                    # What the peer has it may keep, unless a correction took something out since.
                    is_behind = entry.rev < self._context.register.least_revision(entry.rk)
                    if row is None or (names.issuperset(row.names) and not is_behind):
                        return None
                    return self._row(record, RowKind.STOP, stopped_hash(entry.rk), (), row)
                terms = record.view().names_values.get("terms")
                is_new = row is None or row.kind is RowKind.STOP or row.eid != entry.eid
                if is_new and terms_are_due(record.restrictions, terms):
                    stop = self._row(record, RowKind.STOP, stopped_hash(entry.rk), (), row)
                    return None if row is None else stop
            case _:
                return None
        put = record.put_as(names)
        return self._row(record, RowKind.PUT, put.state, put.names, row)

    def _may_not_put(self, record: OwnRecord, rev: int) -> bool:
        """Whether the register forbids this revision, this alert, or everything."""
        rk, register = record.entry.rk, self._context.register
        forbidden = self._context.hold_all or not in_force(register, rk, record.consent).peers
        return forbidden or rev < register.least_revision(rk)

    def _released(self, record: OwnRecord, way: Gate) -> frozenset[str]:
        """What policy and consent release; of the consent, no more than the register knows."""
        consent = in_force(self._context.register, record.entry.rk, record.consent)
        return way.release(record.view(), consent, record.restrictions, self.today).names

    def _row(
        self,
        record: OwnRecord,
        kind: RowKind,
        state: bytes,
        names: tuple[str, ...],
        row: LedgerRow | None,
    ) -> LedgerRow:
        entry = record.entry
        exp = entry.exp_day if row is None else Day(max(entry.exp_day, row.exp))
        return LedgerRow(entry.rk, 0, kind, state, entry.eid, entry.rev, names, exp)

    def change(self, changes: Iterable[tuple[LedgerRow | None, LedgerRow]]) -> None:
        """Write rows that replace others (the old one, or None), each under the next pseq."""
        issued = [(old, self._issued(row)) for old, row in changes]
        for old, row in issued:
            if old is not None and row.author and not old.author:
                self.uncap(row.rk)  # it turned out to be another's, and its word decides
        self._write(issued)

    def _issued(self, row: LedgerRow) -> LedgerRow:
        self.channel.pseq += 1
        now = self._context.now_us()
        return replace(row, pseq=self.channel.pseq, since_us=now, acked_us=0, held="")

    def _rows_of(self, rks: Collection[RecordKey]) -> dict[RecordKey, LedgerRow]:
        return rows_of(self._connection, self.peer.id, rks)

    def _write(self, changes: Sequence[tuple[LedgerRow | None, LedgerRow]]) -> None:
        """Write rows that replace others (the old one, or None for a new row)."""
        new = [columns_of(self.peer.id, row) for old, row in changes if old is None]
        changed = [
            {**columns_of(self.peer.id, row), "b_peer": self.peer.id, "b_rk": row.rk}
            for old, row in changes
            if old is not None
        ]
        if new:
            self._connection.execute(insert(ledger), new)
        if changed:
            for columns in changed:
                del columns["peer"], columns["rk"]
            self._connection.execute(UPDATE_ROW, changed)
        for _, row in changes:
            self._context.digests.touch(SIDE, self.peer.id, row.rk)

    def has_row(self, rk: RecordKey) -> bool:
        """Whether this peer was ever told anything of a record."""
        return bool(self._rows_of([rk]))

    def set_row(self, row: LedgerRow) -> None:
        """Make one row exactly this, whatever it was."""
        old = self._rows_of([row.rk]).get(row.rk)
        self._write([(old, replace(row, author=row.author or (old.author if old else b"")))])

    def confirm(self, cursor: int, held: Mapping[RecordKey, str], *, equal: bool) -> None:
        """Note what the peer says it has: equal digests confirm all but what it holds back."""
        note_held(self._connection, self.peer.id, held)
        note_cursor(self._connection, self.peer.id, cursor, self._context.now_us(), equal=equal)
        note_conflicts(self._connection, self._context, self.peer.id, held)

    def suspend(self, row: LedgerRow, why: str) -> None:
        """Take the row out of the ledger until the keeper confirms."""
        self._connection.execute(
            delete(ledger).where(ledger.c.peer == self.peer.id, ledger.c.rk == row.rk)
        )
        self._context.digests.touch(SIDE, self.peer.id, row.rk)
        if not row.author:  # else its author's word decides, and no keeper of ours
            self.cap(row.rk, why, ())

    def cap(self, rk: RecordKey, why: str, names: Iterable[str]) -> None:
        """Until the keeper confirms, disclose no more of this record than these names."""
        self.uncap(rk)
        self._connection.execute(
            insert(suspended).values(peer=self.peer.id, rk=rk, why=why, names=encode(sorted(names)))
        )

    def uncap(self, rk: RecordKey) -> None:
        """Lift a suspension."""
        self._connection.execute(
            delete(suspended).where(suspended.c.peer == self.peer.id, suspended.c.rk == rk)
        )

    def adopt_stop(self, rk: RecordKey, exp: Day) -> None:
        """Make the row a stop, as the peer was told, until the keeper confirms."""
        if not self._has_room(rk, self._context.live_limit):
            return
        now, exp = self._context.now_us(), self._latest(exp)
        row = LedgerRow(rk, 0, RowKind.STOP, stopped_hash(rk), NO_EID, 0, (), exp, since_us=now)
        self.set_row(row)
        self.cap(rk, "was_stopped", ())

    def issue_stop(self, rk: RecordKey, exp: Day) -> None:
        """Make the row a stop that is still to be told."""
        self.uncap(rk)
        if not self._has_room(rk, STRANGE_STOPS):
            return
        row = LedgerRow(
            rk, 0, RowKind.STOP, stopped_hash(rk), NO_EID, 0, (), self._latest(exp)
        )  # fmt: skip
        self.set_row(self._issued(row))

    def _latest(self, exp: Day) -> Day:
        return Day(min(exp, self.today + EXPIRY_DAYS))

    def _has_room(self, rk: RecordKey, most: int) -> bool:
        """Whether a row may be about this key: those of no record of ours are few."""
        if self.has_row(rk) or rk in self.known([rk]):
            return True
        if self._strange is None:
            self._strange = strange_rows(self._connection, self.peer.id)
        self._strange += 1
        return self._strange <= most

    def take_back(self, items: Sequence[Given], wanted: Collection[RecordKey]) -> set[RecordKey]:
        """Merge wanted own records that came back, and adopt the rows that this peer holds.

        Where the peer holds less than policy would now release, somebody may have narrowed it in a
        time that this store has forgotten: no more goes there before the keeper confirms. Not so
        where the register itself has found out that this store was restored: it knows.
        """
        came = take_back(self._connection, self._context, self, items, wanted)
        for adopt in adopted(self._connection, self._context, self.peer, items):
            if adopt.rk in wanted:
                self.set_row(adopt)
                came.add(adopt.rk)
        if meta.get(self._connection, meta.VOUCHED) is not None:
            return came
        rows = self._rows_of(came)
        for rk, record in own_records(self._connection, self._context.org, came).items():
            row = rows.get(rk)
            if row is None or record.entry.status is not Status.LIVE or row.eid != record.entry.eid:
                continue
            if not self.released(record) <= set(row.names):
                self.cap(rk, NARROWER_THERE, row.names)
        return came

    def released(self, record: OwnRecord) -> frozenset[str]:
        """The leaves of a record that may go to this peer now."""
        return self._released(record, self._gate())

    def abandon(self, rk: RecordKey) -> None:
        """The peer lists a record that it cannot give: stop it there; it is put again if it may."""
        known = self.known([rk]).get(rk)
        if known is None or not known.erased:
            exp = self._connection.execute(_LAST_DAY.where(records.c.rk == rk)).scalar()
            self.issue_stop(rk, Day(exp or self.today))

    def start_recovery(self) -> None:
        """Put this peer nothing before it has listed what it holds; nobody, where all is held.

        Where no restore explains what it says, the register may be an older one, too.
        """
        if self.channel.listed:
            meta.drop(self._connection, meta.VOUCHED)
        if self._context.hold_all:
            recover_all(self._connection, self._context, self.peer.id)
        recover_alone(self._context, self.peer.id)
        self.channel.listed, self.channel.list_pos = False, None
        self.channel.due = None  # it is derived as a whole when it has been listed
        self.channel.wanted.clear()
