"""What this node mirrors of one origin in one open transaction: `federation.receiver` works on it.

A put replaces what its origin disclosed; what is no longer disclosed is purged in the same
transaction. An item that may not be held or cannot be applied keeps its mirror row, without values,
and is reported as held. What a hub passes on of others is mirrored by `node.store.forwarded`; both
together are the hub's channel.
"""

from collections.abc import Collection, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, bindparam, delete, func, select, update

from federation.admit import door
from federation.ledger import RowKind
from federation.origin import ASK_AGAIN
from federation.receiver import Incoming, MirrorRow
from federation.verify import CheckedItem
from node.store.adopted_drafts import forget_what_was_made
from node.store.asking import REVOKED, is_asking
from node.store.authorship import gives_way, turn_away
from node.store.brake import Brake, may_take
from node.store.context import Context
from node.store.digests import bounds
from node.store.forwarded import Forwarded, yield_to_author
from node.store.incoming_row import COLUMNS, RowMaker
from node.store.lawful import LAWFUL_HOLD
from node.store.match_counts import count_given
from node.store.passed_on import is_derived
from node.store.peers import Peer, set_peer
from node.store.records import (
    NOTHING_DISCLOSED,
    chunks,
    index_rows,
    reindex,
    tokens_in,
    unindex,
)  # fmt: skip
from node.store.tables import records
from node.store.token_index import with_tokens_of
from protocol.codec import Value
from protocol.entry import Status
from protocol.ids import Day, RecordKey
from protocol.limits import GIVE_ITEMS
from protocol.messages import Given

SIDE = "in"

# Each message runs these; to build a statement takes three times as long as to run it.
_STATES = select(records.c.rk, records.c.state).where(
    records.c.org == bindparam("org"),
    records.c.row_exp >= bindparam("asof"),
    records.c.rk >= bindparam("lo"),
    records.c.rk < bindparam("hi"),
)
_HELD = select(records.c.rk, records.c.held).where(
    records.c.org == bindparam("org"), records.c.held != "", records.c.row_exp > 0
)
_TAKEN = frozenset({"", "not_accepted", LAWFUL_HOLD})
"""Why the first own word of an author may be held, and still end what hubs say of its record."""

_LAST_ID = select(func.max(records.c.id))
_INSERTED = ("id", "rk", "org", *COLUMNS)
_in_order = itemgetter(*_INSERTED)
_INSERT = (
    f"INSERT INTO records ({', '.join(_INSERTED)})"  # noqa: S608  # our own column names
    f" VALUES ({', '.join('?' * len(_INSERTED))})"
)
_UPDATE = (
    update(records)
    .where(records.c.id == bindparam("b_id"))
    .values({name: bindparam(name) for name in COLUMNS})
)
_EXISTING = ", ".join(_INSERTED)


class StoreIntake:
    """`federation.receiver.Intake` over the database."""

    def __init__(
        self, connection: Connection, context: Context, peer: Peer, list_pos: bytes | None
    ) -> None:
        self._connection = connection
        self._context = context
        self.peer = peer
        self._passed_on = Forwarded(connection, context, peer)
        self.today = context.today
        self.channel = Incoming(peer.in_cursor, peer.in_relist, peer.in_synced, list_pos)

    def save(self) -> None:
        """Write the channel back, where it changed."""
        channel, peer = self.channel, self.peer
        now = (channel.cursor, channel.relist, channel.synced)
        if now != (peer.in_cursor, peer.in_relist, peer.in_synced):
            set_peer(
                self._connection, peer.id,
                in_cursor=channel.cursor, in_relist=channel.relist, in_synced=int(channel.synced),
            )  # fmt: skip

    def digest(self, asof: Day) -> bytes:
        """The digest of the mirror's rows that last to `asof` or longer."""

        def rows(bucket: int | None, day: Day) -> list[tuple[RecordKey, bytes]]:
            asked = {"org": self.peer.org, "asof": day, **bounds(bucket)}
            found = self._connection.execute(_STATES, asked).fetchall()
            own = [(RecordKey(rk), state) for rk, state in found]
            return own + self._passed_on.states(bucket, day)

        return self._context.digests.digest(SIDE, self.peer.id, asof, rows)

    def rows_from(self, lo: bytes, asof: Day, limit: int) -> list[MirrorRow]:
        """The mirror's rows from `lo` on, in order.

        What is hidden under a revoked key is asked for again: the origin's own word may have the
        same state as the thief's, since all tombstones of a record do.
        """
        query = (
            select(records)
            .where(records.c.org == self.peer.org, records.c.rk >= lo, records.c.row_exp >= asof)
            .order_by(records.c.rk)
            .limit(limit)
        )
        own = [
            MirrorRow(
                RecordKey(bytes(row.rk)), row.rev, bytes(row.eid), _listed_state(row),
                Day(row.row_exp), row.row_kind == RowKind.STOP, row.held,
            )
            for row in self._connection.execute(query)
        ]  # fmt: skip
        others = self._passed_on.rows_from(lo, asof, limit)
        return sorted(own + others, key=lambda row: row.rk)[:limit] if others else own

    def held(self) -> list[tuple[RecordKey, str]]:
        """What is here and cannot be applied or may not be stored, and why."""
        held = self._connection.execute(_HELD, {"org": self.peer.org}).fetchall()
        found = {RecordKey(bytes(rk)): why for rk, why in held}
        found |= self._passed_on.held()
        return list({**self._context.turned_away.get(self.peer.id, {}), **found}.items())

    def is_asking(self, cursor: int) -> bool:
        """Whether something that is asked for again was not told since this cursor."""
        own = is_asking(self._connection, self.peer.org, cursor, self.today)
        return own or self._passed_on.is_asking(cursor, self.today)

    def give(self, rks: Collection[RecordKey], max_bytes: int) -> list[Given]:
        """The origin's own records, back to it, as many as fit.

        Not one that our policy left empty: there it would outrank an earlier, whole revision.
        """
        given: list[Given] = []
        is_empty = records.c.disclosures == NOTHING_DISCLOSED
        whole = ~((records.c.status == int(Status.LIVE)) & is_empty) & (records.c.eid != b"")
        for group in chunks(rks):
            query = select(records.c.entry, records.c.sig, records.c.disclosures).where(
                records.c.rk.in_(group), records.c.org == self.peer.org, whole
            )
            for entry, sig, disclosures in self._connection.execute(query):
                max_bytes -= len(entry) + len(disclosures) + 100
                if max_bytes < 0 or len(given) >= GIVE_ITEMS:
                    return given
                given.append(Given(bytes(entry), bytes(sig), bytes(disclosures)))
        for item in self._passed_on.given(rks):
            max_bytes -= len(item.entry) + len(item.disclosures) + 100
            if max_bytes < 0 or len(given) >= GIVE_ITEMS:
                return given
            given.append(item)
        return given

    def apply(self, items: Sequence[CheckedItem]) -> None:
        """Apply checked items in their order, all in this transaction."""
        seen: set[RecordKey] = set()
        batch: list[CheckedItem] = []
        for item in items:  # a delta names a record once; a strange one is taken in turns
            if item.rk in seen:
                self._apply_batch(batch)
                batch, seen = [], set()
            batch.append(item)
            seen.add(item.rk)
        self._apply_batch(batch)

    def _apply_batch(self, items: Sequence[CheckedItem]) -> None:
        if not items:
            return
        existing = self._existing([item.rk for item in items])
        items, passed_on = self._passed_on.sort_out(items, existing)
        maker = RowMaker(
            self._connection, self._context, self.peer, door(self._context.policy, self.peer.org)
        )
        brake = Brake(self._connection, self._context, self.peer)
        room = self._context.live_limit - self._live_count()
        inserts: list[dict[str, Any]] = []
        updates: list[dict[str, Any]] = []
        purged: list[tuple[int, bytes]] = []
        values_of: dict[RecordKey, dict[str, Value]] = {}
        said: list[Any] = []
        tokens: set[str] = set()
        ids = {rk: row.id for rk, row in existing.items()}
        next_id = self._next_id()
        for item in items:
            old = existing.get(item.rk)
            if self._is_turned_away(item, old, room):
                continue
            of_hubs = old if old is not None and is_derived(old) else None
            if old is not None and (of_hubs is not None or bytes(old.org) != self.peer.org):
                old = None  # its own word begins here
            row, values = maker.row(item, old, full=old is None and room <= 0)
            self._context.digests.touch(SIDE, self.peer.id, item.rk)
            if of_hubs is not None:
                if row["held"] not in _TAKEN:
                    self._passed_on.note(row)
                    continue
                said.append(of_hubs)
                brake.watch(of_hubs, row, values)
            tokens |= tokens_in(values)
            if old is None:
                room -= 1
                row["id"] = ids[item.rk] = next_id
                next_id += 1
                inserts.append(row)
                values_of[item.rk] = values
            else:
                changes = bytes(old.disclosures) != row["disclosures"]
                if may_take(old, row):
                    brake.watch(old, row, values)
                if changes:
                    purged.append((old.id, bytes(old.disclosures)))
                    values_of[item.rk] = values
                row["b_id"] = old.id
                del row["rk"], row["org"]
                updates.append(row)
        self._count_new(tokens)
        unindex(self._connection, purged)
        self._take_over(said)
        if updates:
            self._connection.execute(_UPDATE, updates)
        if inserts:
            # Driver SQL: the compiled statement spends as long on names as SQLite on the row.
            self._connection.exec_driver_sql(_INSERT, [_in_order(row) for row in inserts])
            self._context.live_counts[self.peer.id] = self._live_count() + len(inserts)
            self._passed_on.forget_notes([RecordKey(row["rk"]) for row in inserts])
        self._index(ids, values_of)
        self._passed_on.apply(passed_on)
        forget_what_was_made(self._connection, self.today, items)

    def _count_new(self, tokens: set[str]) -> None:
        """Count the tokens that came and of which no record of this origin is held yet."""
        held = with_tokens_of(self._connection, self._context, tokens)
        new = tokens - {row.norm for row in held if row.org == self.peer.org}
        if new:
            count_given(self._connection, self.peer.id, self.today, len(new))

    def _is_turned_away(self, item: CheckedItem, old: Any, room: int) -> bool:
        """Whether there is no row for this item at all; then that is noted."""
        is_new = old is None or is_derived(old)
        if old is not None and bytes(old.org) != self.peer.org:
            if not gives_way(self._connection, self._context, old, item):
                turn_away(self._context, self.peer.id, item, "not_author")
                return True  # no one may touch another organisation's record
            is_new = True
        if is_new and room <= -self._context.live_limit:
            turn_away(self._context, self.peer.id, item, "full")
            return True  # as many again have a row that says so; there must be an end
        self._context.turned_away.get(self.peer.id, {}).pop(item.rk, None)
        return False

    def _take_over(self, said: Sequence[Any]) -> None:
        """The author speaks for itself from now on: what hubs said of these records goes."""
        if not said:
            return
        unindex(self._connection, [(row.id, bytes(row.disclosures)) for row in said])
        rks = [RecordKey(bytes(row.rk)) for row in said]
        for group in chunks(rks):
            self._connection.execute(delete(records).where(records.c.rk.in_(group)))
        yield_to_author(self._connection, rks)
        self._context.live_counts.pop(self.peer.id, None)

    def _index(
        self, ids: dict[RecordKey, int], values_of: dict[RecordKey, dict[str, Value]]
    ) -> None:
        reindex(
            self._connection,
            (row for rk, values in values_of.items() for row in index_rows(ids[rk], values)),
        )

    def _next_id(self) -> int:
        """The next row id: there is one writer, and it is in this transaction."""
        return (self._connection.execute(_LAST_ID).scalar() or 0) + 1

    def _existing(self, rks: Collection[RecordKey]) -> dict[RecordKey, Any]:
        found: dict[RecordKey, Any] = {}
        for group in chunks(rks):
            # Driver SQL: an IN of hundreds of bound names costs more to render than to run.
            marks = ",".join("?" * len(group))
            query = f"SELECT {_EXISTING} FROM records WHERE rk IN ({marks})"  # noqa: S608
            for row in self._connection.exec_driver_sql(query, tuple(group)).fetchall():
                found[RecordKey(row.rk)] = row
        return found

    def _live_count(self) -> int:
        counts = self._context.live_counts
        if self.peer.id not in counts:
            query = select(func.count()).select_from(records)
            counts[self.peer.id] = self._connection.execute(
                query.where(records.c.org == self.peer.org)
            ).scalar_one()
        return counts[self.peer.id]


def _listed_state(row: Any) -> bytes:
    is_hidden = row.hidden == REVOKED and row.row_kind == RowKind.PUT
    return ASK_AGAIN if is_hidden else bytes(row.state)
