"""The mirror of what one hub passes on, in one open transaction; `node.store.intake` hands it over.

A row for each record that the hub says it passes on, as for an origin's own: what it tells is
confirmed by the same digest. Rows show nothing by themselves; `node.store.passed_on` makes of them
what people see. Where the author is a source of ours, a row has no values: the author's own count.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    true,
    update,
)

from federation.admit import door
from federation.ledger import RowKind
from federation.onward import NOT_ONWARD
from federation.origin import ASK_AGAIN
from federation.receiver import RETRYABLE, MirrorRow
from federation.verify import CheckedItem
from node.store.adopted_drafts import forget_what_was_made
from node.store.asking import REVOKED
from node.store.authors import forget_authors, is_refused
from node.store.authorship import turn_away
from node.store.brake import BRAKED, Brake, may_take
from node.store.context import Context
from node.store.digests import bounds
from node.store.incoming_row import RowMaker
from node.store.passed_on import show
from node.store.peers import Peer, all_peers
from node.store.purges import note_purge
from node.store.quarantine import QUARANTINED, since_of
from node.store.records import NOTHING_DISCLOSED, chunks, only, opened_values
from node.store.tables import forwarded, records
from protocol.entry import Status
from protocol.ids import Day, OrgId, RecordKey
from protocol.messages import Given

SIDE = "in"
COLUMNS = tuple(column.name for column in forwarded.c if column.name not in {"id", "source", "rk"})
_OF_LISTS = ("kind", "severity", "codes")  # columns of `records` that a mirror has no use for
_UPDATE = (
    update(forwarded)
    .where(forwarded.c.id == bindparam("b_id"))
    .values({name: bindparam(name) for name in COLUMNS})
)
_ALL = ", ".join(column.name for column in forwarded.c)
_WHOLE = f"SELECT {_ALL}, '' AS kind, 0 AS severity, '' AS codes FROM forwarded"  # noqa: S608  # our own


# Each message runs these; to build a statement takes three times as long as to run it.
_STATES = select(forwarded.c.rk, forwarded.c.state).where(
    forwarded.c.source == bindparam("wanted"),
    forwarded.c.row_exp >= bindparam("asof"),
    forwarded.c.rk >= bindparam("lo"),
    forwarded.c.rk < bindparam("hi"),
)
_HELD = select(forwarded.c.rk, forwarded.c.held).where(
    forwarded.c.source == bindparam("wanted"), forwarded.c.held != ""
)


class Forwarded:
    """What one hub passes on, as it is mirrored here."""

    def __init__(self, connection: Connection, context: Context, peer: Peer) -> None:
        self._connection = connection
        self._context = context
        self._peer = peer
        self._mine = forwarded.c.source == peer.id

    def sort_out(
        self, items: Sequence[CheckedItem], existing: Mapping[RecordKey, Any]
    ) -> tuple[list[CheckedItem], list[CheckedItem]]:
        """Part what the hub says of itself from what it passes on.

        `existing` are the rows of `records` under these keys. A stop says no author: it is of what
        it was passed on before, or of what another's own row is about.
        """
        rows = self._rows([item.rk for item in items])
        own: list[CheckedItem] = []
        others: list[CheckedItem] = []
        for item in items:
            at = existing.get(item.rk)
            is_anothers = item.is_stop and at is not None and bytes(at.org) != self._peer.org
            is_its_own = at is not None and bytes(at.org) == self._peer.org
            if item.record is not None:
                is_its_own = item.record.entry.org == self._peer.org
            is_known = item.rk in rows and not is_its_own
            passed = item.author is not None or is_known or is_anothers
            (others if passed else own).append(item)
        return own, others

    def apply(self, items: Sequence[CheckedItem]) -> None:
        """Mirror items that were passed on, each key once, and show what follows."""
        if not items:
            return
        rks = [item.rk for item in items]
        rows, direct = self._rows(rks), self._direct(rks)
        peers = {peer.org: peer for peer in all_peers(self._connection)}
        room = self._context.live_limit - self._count()
        away = self._context.turned_away.get(self._peer.id, {})
        brake = Brake(self._connection, self._context, self._peer)
        new: list[dict[str, Any]] = []
        changed: list[dict[str, Any]] = []
        for item in items:
            old = rows.get(item.rk)
            if old is None and room <= -self._context.live_limit:
                turn_away(self._context, self._peer.id, item, "full")
                continue
            away.pop(item.rk, None)
            row = self._row(item, old, peers, direct, full=old is None and room <= 0)
            if old is None:
                room -= 1
                new.append({"source": self._peer.id, **row})
            else:
                if may_take(old, row):
                    brake.watch(old, row, {})
                del row["rk"]
                changed.append({"b_id": old.id, **row})
            self._context.digests.touch(SIDE, self._peer.id, item.rk)
        if new:
            self._context.live_counts[-self._peer.id] = self._count() + len(new)
            self._vacate([row["rk"] for row in new])
            self._connection.execute(insert(forwarded), new)
        if changed:
            self._connection.execute(_UPDATE, changed)
            note_purge(self._connection)
        show(self._connection, self._context, rks)
        forget_what_was_made(self._connection, self._context.today, items)

    def _row(
        self,
        item: CheckedItem,
        old: Any,
        peers: Mapping[OrgId, Peer],
        direct: Mapping[RecordKey, bytes],
        *,
        full: bool,
    ) -> dict[str, Any]:
        author = item.author
        if author is None and old is not None and len(old.org):
            author = OrgId(bytes(old.org))
        if author == self._context.org:
            item = replace(item, record=None, problem=NOT_ONWARD, claimed=frozenset())
        org = author or self._peer.org
        way = door(self._context.policy, org)
        if author is not None and is_refused(peers.get(author)):
            way = replace(way, closed=(*way.closed, "receiver.peer=refused"))
        maker = RowMaker(
            self._connection, self._context, replace(self._peer, org=org), way,
            is_doubted=since_of(self._context, self._peer.org) is not None,
        )  # fmt: skip
        record = item.record
        if record is not None and direct.get(item.rk) == record.entry.org:
            # Only mirrored: neither the register nor what is shown hears of it.
            row = maker.row(replace(item, record=None, problem=""), old, full=full)[0]
            entry = record.entry
            row |= {
                "eid": entry.eid, "rev": entry.rev, "day": entry.day, "exp_day": entry.exp_day,
                "status": int(entry.status), "node_key": entry.node_key, "entry": entry.raw,
                "sig": record.sig, "row_kind": int(RowKind.PUT), "hidden": "",
            }  # fmt: skip
        else:
            row = maker.row(item, old, full=full)[0]
        if item.is_stop and row["status"] == Status.ERASED:
            # The tombstone stays, and counts; that the hub stands by it no more is told as well.
            last = max(item.exp, row["row_exp"])
            row |= {"state": item.state, "row_kind": int(RowKind.STOP), "row_exp": last}
        row["org"] = author or b""
        return {name: each for name, each in row.items() if name not in _OF_LISTS}

    def _rows(self, rks: Collection[RecordKey]) -> dict[RecordKey, Any]:
        if not self._count():
            return {}
        found: dict[RecordKey, Any] = {}
        for group in chunks(rks):
            # Driver SQL, as for the records: every delta asks, and most find nothing.
            marks = ",".join("?" * len(group))
            query = f"{_WHOLE} WHERE source = ? AND rk IN ({marks})"
            asked: tuple[Any, ...] = (self._peer.id, *group)
            for row in self._connection.exec_driver_sql(query, asked).fetchall():
                found[RecordKey(row.rk)] = row
        return found

    def _direct(self, rks: Collection[RecordKey]) -> dict[RecordKey, bytes]:
        """Who has a row of its own about each of these records: a source of ours."""
        query = select(records.c.rk, records.c.org).where(
            records.c.row_exp > 0, records.c.org != self._peer.org
        )
        return {
            RecordKey(bytes(rk)): bytes(org)
            for group in chunks(rks)
            for rk, org in self._connection.execute(query.where(records.c.rk.in_(group)))
        }

    def _vacate(self, rks: Collection[RecordKey]) -> None:
        """What the hub stopped before it named an author had a row as if it were its own."""
        for group in chunks(rks):
            self._connection.execute(
                delete(records).where(
                    records.c.rk.in_(group), records.c.org == self._peer.org, records.c.eid == b""
                )
            )

    def note(self, row: Mapping[str, Any]) -> None:
        """Mirror an item of the peer's own that is not taken, while hubs' word of it stands.

        `row` is an empty row of `records`; this one is told of, and shows nothing.
        """
        self.forget_notes([RecordKey(row["rk"])])
        noted = {name: row[name] for name in COLUMNS} | {"org": b""}
        added = insert(forwarded).values(source=self._peer.id, rk=row["rk"], **noted)
        self._connection.execute(added)
        self._context.live_counts.pop(-self._peer.id, None)

    def forget_notes(self, rks: Collection[RecordKey]) -> None:
        """Drop what `note` kept of these: `records` has their rows."""
        if not self._count():
            return
        empty = (self._mine, forwarded.c.eid == b"", forwarded.c.org == b"")
        for group in chunks(rks):
            query = delete(forwarded).where(*empty, forwarded.c.rk.in_(group))
            if self._connection.execute(query).rowcount:
                self._context.live_counts.pop(-self._peer.id, None)

    def _count(self) -> int:
        """How many rows the mirror has; nearly always none, so that is remembered."""
        counts, key = self._context.live_counts, -self._peer.id
        if key not in counts:
            query = select(func.count()).select_from(forwarded).where(self._mine)
            counts[key] = self._connection.execute(query).scalar_one()
        return counts[key]

    def states(self, bucket: int | None, asof: Day) -> list[tuple[RecordKey, bytes]]:
        """The key and state of each row, or of those whose key begins with a byte."""
        if not self._count():
            return []
        asked = {"wanted": self._peer.id, "asof": asof, **bounds(bucket)}
        found = self._connection.execute(_STATES, asked).fetchall()
        return [(RecordKey(bytes(rk)), bytes(state)) for rk, state in found]

    def rows_from(self, lo: bytes, asof: Day, limit: int) -> list[MirrorRow]:
        """The rows from `lo` on, in order; what is hidden is asked for again."""
        if not self._count():
            return []
        query = (
            select(forwarded)
            .where(self._mine, forwarded.c.rk >= lo, forwarded.c.row_exp >= asof)
            .order_by(forwarded.c.rk)
            .limit(limit)
        )
        return [
            MirrorRow(
                RecordKey(bytes(row.rk)), row.rev, bytes(row.eid),
                ASK_AGAIN if row.hidden == REVOKED and row.row_kind == RowKind.PUT
                else bytes(row.state),
                Day(row.row_exp), row.row_kind == RowKind.STOP, row.held,
            )
            for row in self._connection.execute(query)
        ]  # fmt: skip

    def held(self) -> dict[RecordKey, str]:
        """What is held back, and why."""
        if not self._count():
            return {}
        found = self._connection.execute(_HELD, {"wanted": self._peer.id}).fetchall()
        return {RecordKey(bytes(rk)): why for rk, why in found}

    def is_asking(self, cursor: int, today: Day) -> bool:
        """Whether a row that may be had now was not told since this cursor."""
        if not self._count():
            return False
        query = select(forwarded.c.id).where(
            self._mine,
            forwarded.c.pseq <= cursor,
            forwarded.c.row_exp >= today,
            forwarded.c.row_kind == int(RowKind.PUT),
            or_(forwarded.c.held.in_(RETRYABLE), forwarded.c.hidden == REVOKED),
        )
        return self._connection.execute(query.limit(1)).first() is not None

    def given(self, rks: Collection[RecordKey]) -> list[Given]:
        """What the hub passed on of these, for it to know again."""
        if not self._count():
            return []
        query = select(forwarded.c.entry, forwarded.c.sig, forwarded.c.disclosures).where(
            self._mine, forwarded.c.eid != b""
        )
        return [
            Given(bytes(entry), bytes(sig), bytes(disclosures))
            for group in chunks(rks)
            for entry, sig, disclosures in self._connection.execute(
                query.where(forwarded.c.rk.in_(group))
            )
        ]


def yield_to_author(connection: Connection, rks: Collection[RecordKey]) -> None:
    """The author speaks for itself from now on: what hubs disclosed of these is purged."""
    for group in chunks(rks):
        connection.execute(
            update(forwarded).where(forwarded.c.rk.in_(group)).values(disclosures=NOTHING_DISCLOSED)
        )
    note_purge(connection)


def forget_hub(connection: Connection, context: Context, peer: Peer) -> None:
    """Delete what a peer passed on, and show what others passed on, if anything."""
    query = select(forwarded.c.rk).where(forwarded.c.source == peer.id)
    rks = [RecordKey(bytes(rk)) for (rk,) in connection.execute(query)]
    connection.execute(delete(forwarded).where(forwarded.c.source == peer.id))
    context.live_counts.pop(-peer.id, None)
    note_purge(connection)
    forget_authors(connection)
    show(connection, context, rks)


def end_forwarded(connection: Connection, today: Day, before: Day) -> int:
    """Purge what expired mirrors say, and their rows once stops travel no more; how many ended."""
    is_over = (forwarded.c.exp_day < today, forwarded.c.disclosures != NOTHING_DISCLOSED)
    done = connection.execute(
        update(forwarded).where(*is_over).values(disclosures=NOTHING_DISCLOSED)
    )
    gone = connection.execute(
        delete(forwarded).where(forwarded.c.row_exp < before, forwarded.c.exp_day < before)
    )
    if gone.rowcount:
        forget_authors(connection)
    if done.rowcount:
        note_purge(connection)
    return done.rowcount + gone.rowcount


def purge_passed_on(
    connection: Connection, context: Context, rks: Collection[RecordKey] | None = None
) -> int:
    """Drop from the mirrors (None: of every record) what our policy no longer lets us hold."""
    if rks is None:
        count = _purge_mirrors(connection, context, true())
    else:
        groups = chunks(rks)
        count = sum(_purge_mirrors(connection, context, forwarded.c.rk.in_(g)) for g in groups)
    show(connection, context, rks)
    return count


def _purge_mirrors(connection: Connection, context: Context, which: ColumnElement[bool]) -> int:
    count = 0
    columns = forwarded.c.id, forwarded.c.org, forwarded.c.day, forwarded.c.disclosures
    query = select(*columns, forwarded.c.held).where(
        which, forwarded.c.status == int(Status.LIVE), forwarded.c.disclosures != NOTHING_DISCLOSED
    )
    for row in connection.execute(query).fetchall():
        raw = bytes(row.disclosures)
        values = opened_values(raw)
        way = door(context.policy, OrgId(bytes(row.org)))
        names = way.admit(values, context.today - row.day).names
        if len(names) < len(values):
            count += 1
            held = row.held if row.held in {BRAKED, QUARANTINED} else "not_accepted"
            left = {"disclosures": only(raw, names), "held": held}
            connection.execute(update(forwarded).where(forwarded.c.id == row.id).values(**left))
            note_purge(connection)
    return count
