"""What this node passes on as a hub: its peers' ledger rows about records of other organisations.

Rows are derived from what stands in `records` as it came from its author, and from the author's
terms, our policy and the peer's card (`federation.hub`). Nothing is signed here and no value is
added. Invariants: a record goes on only from its author's own row, so one hop; never back to its
author; nothing live of an author goes on anew before this process has had an equal digest with it,
because a store that was put back would pass on what was narrowed since; whatever our own copy
loses, every row that was ever passed on follows in the same transaction, or is due from then on
(`node.store.due`).
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from federation.hub import Carrier, carrier
from federation.ledger import LedgerRow, RowKind, outcome
from federation.origin import Known
from federation.release import PeerView, RecordView
from node.store.asking import REVOKED
from node.store.context import Context
from node.store.ledger_rows import ledger_row
from node.store.peers import Peer, all_peers
from node.store.quarantine import QUARANTINED
from node.store.records import chunks, only, opened_values
from node.store.tables import ledger, records
from protocol.commitment import erased_hash, state_hash, stopped_hash
from protocol.entry import Entry, Status, decode_entry
from protocol.ids import Day, OrgId, RecordKey
from protocol.messages import Put

if TYPE_CHECKING:
    from node.store.grants import StoreGrants

SOUND = frozenset({"", "not_accepted", QUARANTINED})
"""Why a row may be held and still be its author's word: our policy keeps a part of it out, or we
stay with what it said before the moment from which it is not believed; what came since is hidden.
"""


@dataclass(frozen=True, slots=True)
class Foreign:
    """Another organisation's record, as it came from its author.

    `stands`: it may be shown here. `is_disowned`: its author revoked the key that signed it.
    """

    entry: Entry
    sig: bytes = field(repr=False)
    disclosures: bytes = field(repr=False)
    stands: bool
    is_disowned: bool

    def view(self, published: Day) -> RecordView:
        """The record as the export function sees it: what we hold of it."""
        return RecordView(opened_values(self.disclosures), self.entry.day, published)


# Each delta asks; the condition is that of the partial index.
_ANY_PASSED_ON = "SELECT 1 FROM ledger WHERE author != x'' LIMIT 1"


def is_hub(connection: Connection, context: Context) -> bool:
    """Whether anything is passed on, or was once."""
    return context.policy.onward == "on" or has_passed_on(connection)


def has_passed_on(connection: Connection) -> bool:
    """Whether a ledger has a row about a record of another organisation."""
    return connection.exec_driver_sql(_ANY_PASSED_ON).first() is not None


def foreign_records(
    connection: Connection,
    own: OrgId,
    rks: Collection[RecordKey] | None = None,
    author: OrgId | None = None,
) -> dict[RecordKey, Foreign]:
    """What stands here from its author itself: of these keys, of one author, or all."""
    query = select(
        records.c.rk, records.c.entry, records.c.sig, records.c.disclosures, records.c.row_kind,
        records.c.hidden, records.c.held,
    ).where(records.c.org != own, records.c.row_exp > 0, records.c.eid != b"")  # fmt: skip
    if author is not None:
        query = query.where(records.c.org == author)
    groups = [query] if rks is None else [query.where(records.c.rk.in_(g)) for g in chunks(rks)]
    return {
        RecordKey(bytes(row.rk)): Foreign(
            decode_entry(bytes(row.entry)),
            bytes(row.sig),
            bytes(row.disclosures),
            row.row_kind == RowKind.PUT and not row.hidden and row.held in SOUND,
            row.hidden == REVOKED,
        )
        for each in groups
        for row in connection.execute(each).fetchall()
    }


def onward_rows(
    connection: Connection,
    peer: int,
    rks: Collection[RecordKey] | None = None,
    author: OrgId | None = None,
) -> dict[RecordKey, LedgerRow]:
    """A peer's ledger rows about records of others: of these keys, of one author, or all."""
    query = select(ledger).where(ledger.c.peer == peer, ledger.c.author != b"")
    if author is not None:
        query = query.where(ledger.c.author == author)
    groups = [query] if rks is None else [query.where(ledger.c.rk.in_(g)) for g in chunks(rks)]
    found = (ledger_row(row) for each in groups for row in connection.execute(each).fetchall())
    return {row.rk: row for row in found}


def _unclaimed_rows(
    connection: Connection, peer: int, rks: Collection[RecordKey]
) -> dict[RecordKey, LedgerRow]:
    """A peer's rows about these records of others that do not say whose they are.

    A restored hub made them of stops that the peer listed: a stop names no author.
    """
    query = select(ledger).where(ledger.c.peer == peer, ledger.c.author == b"")
    found = (
        ledger_row(row)
        for group in chunks(rks)
        for row in connection.execute(query.where(ledger.c.rk.in_(group))).fetchall()
    )
    return {row.rk: row for row in found}


@dataclass(slots=True)
class Passing:
    """What is passed on to one peer, in one transaction."""

    connection: Connection
    context: Context
    peer: Peer
    _authors: Mapping[OrgId, Peer]
    _carriers: dict[OrgId, Carrier] = field(default_factory=dict)

    def changes(
        self,
        known: Mapping[RecordKey, Foreign],
        rks: Collection[RecordKey] | None,
        author: OrgId | None,
    ) -> list[tuple[LedgerRow | None, LedgerRow]]:
        """The rows that must change (the old one, or None), without their numbers.

        `known` are the records of others with these keys, of this author, or all.
        """
        rows = onward_rows(self.connection, self.peer.id, rks, author)
        rows |= _unclaimed_rows(self.connection, self.peer.id, known.keys() - rows.keys())
        found = []
        for rk in known.keys() | rows.keys():
            row = rows.get(rk)
            wanted = self._desired(rk, known.get(rk), row)
            if wanted is not None and (row is None or wanted.state != row.state):
                found.append((row, wanted))
        return sorted(found, key=lambda change: change[1].rk)

    def _desired(
        self, rk: RecordKey, record: Foreign | None, row: LedgerRow | None
    ) -> LedgerRow | None:
        """What the row should be; None where it should stay as it is."""
        org = OrgId(row.author) if record is None and row is not None else _org(record)
        if org == self.peer.org:
            return None
        author = self._authors.get(org)
        is_heard = author is not None and author.state.heard
        if record is None or not is_heard:
            in_step = not is_heard or is_in_step(self.context, author)
            return self._stopped(rk, row) if in_step else None
        if not record.stands:
            is_grave = record.entry.status is Status.ERASED and not record.is_disowned
            return self._stopped(rk, row, even_erased=not is_grave)
        return self._standing(record, row, author)

    def _standing(
        self, record: Foreign, row: LedgerRow | None, author: Peer | None
    ) -> LedgerRow | None:
        entry, context = record.entry, self.context
        is_live = entry.status is Status.LIVE
        if is_live and entry.exp_day < context.today:
            return None
        # What has gone on once has waited: a correction must not go dark for the delay.
        is_there = row is not None and row.kind is RowKind.PUT
        view = record.view(Day(0) if is_there else entry.day)
        way = self._way(entry.org, author)
        names = way.live(view, context.today) if is_live else frozenset[str]()
        if (
            is_live and row is not None
            and row.state == erased_hash(row.rk) and entry.rev <= row.rev
        ):  # fmt: skip
            return None  # it knows of an erasure that we have still to hear of
        if is_live and not is_in_step(context, author):
            # Nothing goes on anew, but what our own copy no longer says ends without waiting.
            covers = row is None or (names and names.issuperset(row.names))
            return None if covers else self._stopped(entry.rk, row)
        match outcome(entry.status, self.peer.state, row, sorted(names)):
            case "tombstone":
                return self._row(entry, RowKind.PUT, erased_hash(entry.rk), (), row)
            case "stop":
                return self._row(entry, RowKind.STOP, stopped_hash(entry.rk), (), row)
            case "withdrawal":
                names = way.withdrawal(view)
            case "put":
                pass
            case _:
                return None
        hashed = state_hash(entry.eid, only(record.disclosures, names))
        return self._row(entry, RowKind.PUT, hashed, tuple(sorted(names)), row)

    def _way(self, org: OrgId, author: Peer | None) -> Carrier:
        if org not in self._carriers:
            context, peer = self.context, self.peer
            view = PeerView(peer.org, peer.state.keeps, peer.accepts)
            home = "" if author is None else author.region
            self._carriers[org] = carrier(context.policy, context.region, home, view)
        return self._carriers[org]

    def _stopped(
        self, rk: RecordKey, row: LedgerRow | None, *, even_erased: bool = False
    ) -> LedgerRow | None:
        if row is None or (row.state == erased_hash(rk) and not even_erased):
            return None
        return LedgerRow(
            rk, 0, RowKind.STOP, stopped_hash(rk), row.eid, row.rev, (), row.exp, author=row.author
        )

    def _row(
        self,
        entry: Entry,
        kind: RowKind,
        state: bytes,
        names: tuple[str, ...],
        row: LedgerRow | None,
    ) -> LedgerRow:
        exp = entry.exp_day if row is None else Day(max(entry.exp_day, row.exp))
        return LedgerRow(
            entry.rk, 0, kind, state, entry.eid, entry.rev, names, exp, author=entry.org
        )


def is_in_step(context: Context, author: Peer | None) -> bool:
    """Whether what we have of an author is its word of now, as far as we can tell."""
    if author is None or context.hold_all:
        return False
    return author.in_synced and author.org in context.in_step


def _org(record: Foreign | None) -> OrgId:
    if record is None:
        raise LookupError("neither a record nor a row")
    return record.entry.org


def onward_items(
    connection: Connection, context: Context, rows: Sequence[LedgerRow]
) -> dict[int, tuple[Put]]:
    """The put of each row about a record of others, by pseq; none where it is another by now.

    None either of an author with whom we are not in step: the row may be from before a restore. Its
    peer lists it then, and gets it when we are.
    """
    wanted = [row for row in rows if row.author and row.kind is RowKind.PUT]
    if not wanted:
        return {}
    known = foreign_records(connection, context.org, [row.rk for row in wanted])
    authors = {peer.org: peer for peer in all_peers(connection)}
    found: dict[int, tuple[Put]] = {}
    for row in wanted:
        record = known.get(row.rk)
        if record is None or not record.stands:
            continue
        author = authors.get(record.entry.org)
        if record.entry.status is Status.LIVE and not is_in_step(context, author):
            continue
        raw = only(record.disclosures, row.names)
        is_erased = record.entry.status is Status.ERASED
        state = erased_hash(row.rk) if is_erased else state_hash(record.entry.eid, raw)
        if state == row.state:
            found[row.pseq] = (Put(row.pseq, row.rk, record.entry.raw, record.sig, raw),)
    return found


def known_foreign(
    connection: Connection, own: OrgId, peer: int, rks: Collection[RecordKey]
) -> dict[RecordKey, Known]:
    """What we know of these records of others: from their author, or as this peer was told."""
    found = {
        rk: Known(row.rev, row.eid, row.state == erased_hash(rk))
        for rk, row in onward_rows(connection, peer, rks).items()
    }
    for rk, record in foreign_records(connection, own, rks).items():
        entry = record.entry
        found[rk] = Known(entry.rev, entry.eid, entry.status is Status.ERASED)
    return found


def derive_onward(
    connection: Connection,
    context: Context,
    grants: "StoreGrants",
    rks: Collection[RecordKey] | None = None,
) -> None:
    """Re-derive one peer's rows about records of others: of these keys, or all."""
    if not _may_be_told(grants) or not is_hub(connection, context):
        return
    known = foreign_records(connection, context.org, rks)
    authors = {peer.org: peer for peer in all_peers(connection)}
    grants.change(Passing(connection, context, grants.peer, authors).changes(known, rks, None))


def spread_onward(
    connection: Connection,
    context: Context,
    grants_of: "Callable[[Connection, Context, Peer], StoreGrants]",
    rks: Collection[RecordKey] | None = None,
    author: OrgId | None = None,
) -> set[int]:
    """Re-derive what is passed on to every peer; returns the peers with news."""
    if not is_hub(connection, context):
        return set()
    known = foreign_records(connection, context.org, rks, author)
    authors = {peer.org: peer for peer in all_peers(connection)}
    changed = set()
    for peer in authors.values():
        grants = grants_of(connection, context, peer)
        if _may_be_told(grants):
            passing = Passing(connection, context, peer, authors)
            grants.change(passing.changes(known, rks, author))
        if grants.channel.pseq != peer.out_pseq:
            grants.save()
            changed.add(peer.id)
    return changed


def _may_be_told(grants: "StoreGrants") -> bool:
    return grants.channel.listed and grants.peer.state.may_hold_ours


def authors_told(connection: Connection, peer: int, orgs: Collection[OrgId]) -> set[OrgId]:
    """Those of these organisations of which this peer was ever passed on a record."""
    query = (
        select(ledger.c.author)
        .where(ledger.c.peer == peer, ledger.c.author.in_(list(orgs)))
        .group_by(ledger.c.author)
    )
    return {OrgId(bytes(org)) for (org,) in connection.execute(query)}
