"""What this node mirrors of one origin in one open transaction: `federation.receiver` works on it.

A put replaces what its origin disclosed; what is no longer disclosed is purged in the same
transaction. An item that may not be held or cannot be applied keeps its mirror row, without values,
and is reported as held.
"""

from collections.abc import Collection, Sequence
from operator import itemgetter
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, select, update

from federation.admit import Door, door
from federation.ledger import RowKind
from federation.origin import ASK_AGAIN
from federation.peers import PeerState
from federation.receiver import Incoming, MirrorRow
from federation.verify import CheckedItem, Verified
from node.store import register as permissions
from node.store.asking import REVOKED, is_asking
from node.store.authorship import gives_way, turn_away
from node.store.context import Context
from node.store.erasures import erased_row
from node.store.peers import Peer
from node.store.records import (
    NOTHING_DISCLOSED,
    chunks,
    index_rows,
    only,
    opened_values,
    reindex,
    summary,
    unindex,
)  # fmt: skip
from node.store.tables import equivocations, peers, records
from protocol.codec import Value, decode, encode
from protocol.commitment import WITHDRAWN_FIELDS
from protocol.entry import Entry, Status, decode_entry
from protocol.ids import Day, RecordKey
from protocol.limits import GIVE_ITEMS
from protocol.merge import conflicts, order
from protocol.messages import Given
from protocol.shape import as_array, as_bytes

SIDE = "in"
ALWAYS_HELD = frozenset({"paused", "full"})

_LAST_ID = select(func.max(records.c.id))
_COLUMNS = (
    "eid", "rev", "day", "exp_day", "status", "node_key", "entry", "sig", "disclosures",
    "received_us", "hidden", "kind", "severity", "codes", "pseq", "state", "row_kind", "row_exp",
    "held",
)  # fmt: skip
_INSERTED = ("id", "rk", "org", *_COLUMNS)
_in_order = itemgetter(*_INSERTED)
_INSERT = (
    f"INSERT INTO records ({', '.join(_INSERTED)})"  # noqa: S608  # our own column names
    f" VALUES ({', '.join('?' * len(_INSERTED))})"
)
_UPDATE = (
    update(records)
    .where(records.c.id == bindparam("b_id"))
    .values({name: bindparam(name) for name in _COLUMNS})
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
        self.today = context.today
        self.channel = Incoming(peer.in_cursor, peer.in_relist, peer.in_synced, list_pos)

    def save(self) -> None:
        """Write the channel back."""
        channel = self.channel
        self._connection.execute(
            update(peers)
            .where(peers.c.id == self.peer.id)
            .values(
                in_cursor=channel.cursor,
                in_relist=channel.relist,
                in_synced=int(channel.synced),
            )
        )

    def digest(self, asof: Day) -> bytes:
        """The digest of the mirror's rows that last to `asof` or longer."""

        def rows(bucket: int | None, day: Day) -> list[tuple[RecordKey, bytes]]:
            query = select(records.c.rk, records.c.state).where(
                records.c.org == self.peer.org, records.c.row_exp >= day
            )
            if bucket is not None:
                query = query.where(records.c.rk >= bytes([bucket]))
                if bucket < 255:
                    query = query.where(records.c.rk < bytes([bucket + 1]))
            found = self._connection.execute(query).fetchall()
            return [(RecordKey(rk), state) for rk, state in found]

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
        return [
            MirrorRow(
                RecordKey(bytes(row.rk)), row.rev, bytes(row.eid), _listed_state(row),
                Day(row.row_exp), row.row_kind == RowKind.STOP, row.held,
            )
            for row in self._connection.execute(query)
        ]  # fmt: skip

    def held(self) -> list[tuple[RecordKey, str]]:
        """What is here and cannot be applied or may not be stored, and why."""
        query = select(records.c.rk, records.c.held).where(
            records.c.org == self.peer.org, records.c.held != ""
        )
        found = {RecordKey(bytes(rk)): why for rk, why in self._connection.execute(query)}
        return list({**self._context.turned_away.get(self.peer.id, {}), **found}.items())

    def is_asking(self, cursor: int) -> bool:
        """Whether something that is asked for again was not told since this cursor."""
        return is_asking(self._connection, self.peer.org, cursor, self.today)

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
        way = door(self._context.policy, self.peer.org)
        room = self._context.live_limit - self._live_count()
        inserts: list[dict[str, Any]] = []
        updates: list[dict[str, Any]] = []
        purged: list[tuple[int, bytes]] = []
        values_of: dict[RecordKey, dict[str, Value]] = {}
        ids = {rk: row.id for rk, row in existing.items()}
        next_id = self._next_id()
        away = self._context.turned_away.get(self.peer.id, {})
        for item in items:
            old = existing.get(item.rk)
            if old is not None and bytes(old.org) != self.peer.org:
                if not gives_way(self._connection, self._context, old, item):
                    turn_away(self._context, self.peer.id, item, "not_author")
                    continue  # no one may touch another organisation's record
                old = None
            away.pop(item.rk, None)
            if old is None and room <= -self._context.live_limit:
                turn_away(self._context, self.peer.id, item, "full")
                continue  # as many again have a row that says so; there must be an end
            row, values = self._row(item, old, way, full=old is None and room <= 0)
            if old is None:
                room -= 1
                row["id"] = ids[item.rk] = next_id
                next_id += 1
                inserts.append(row)
                values_of[item.rk] = values
            else:
                if bytes(old.disclosures) != row["disclosures"]:
                    purged.append((old.id, bytes(old.disclosures)))
                    values_of[item.rk] = values
                row["b_id"] = old.id
                del row["rk"], row["org"]
                updates.append(row)
            self._context.digests.touch(SIDE, self.peer.id, item.rk)
        unindex(self._connection, purged)
        if updates:
            self._connection.execute(_UPDATE, updates)
        if inserts:
            # Driver SQL: the compiled statement spends as long on names as SQLite on the row.
            self._connection.exec_driver_sql(_INSERT, [_in_order(row) for row in inserts])
            self._context.live_counts[self.peer.id] = self._live_count() + len(inserts)
        self._index(ids, values_of)

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

    def _row(
        self, item: CheckedItem, old: Any, way: Door, *, full: bool
    ) -> tuple[dict[str, Any], dict[str, Value]]:
        """The row that this item makes of the old one, and the values to index."""
        if item.is_stop:
            return self._stopped(item, old), {}
        record = item.record
        if record is None:
            return self._reduced(item, old)
        if full:  # tombstones, too: each leaves a line in the register
            return self._unusable(item, old, "full"), {}
        if old is not None and len(old.eid) and old.hidden != REVOKED:
            known = decode_entry(bytes(old.entry))
            if known.eid != record.entry.eid:
                if conflicts(known, record.entry):
                    self._prove(old, known, record)
                if order(record.entry) < order(known):
                    if old.row_kind == RowKind.STOP:  # a listing could not tell it our revision
                        return self._unusable(item, old, "conflict"), {}
                    return self._kept(item, old), {}
        if record.entry.status is Status.ERASED:
            # With the time it came: revocation rolls it back by that, also after a restore.
            came = self._received(old, record.entry).to_bytes(8, "big")
            self._context.register.stage(
                permissions.ERASED, item.rk, encode([record.entry.raw, record.sig, came])
            )
        elif self._context.register.get(permissions.ERASED, item.rk) is not None:
            return self._kept_erased(item, old), {}
        why = self._refusal(old, record.entry)
        if why:
            return self._unusable(item, old, why), {}
        return self._applied(item, record, way, old)

    def _refusal(self, old: Any, entry: Entry) -> str:
        if entry.status is not Status.LIVE:
            return ""
        if entry.day > self.today + 1:
            return "clock"
        fresh = old is None or old.row_kind == RowKind.STOP or old.held in ALWAYS_HELD
        if self.peer.state is PeerState.PAUSED and fresh:
            return "paused"
        return ""

    def _applied(
        self, item: CheckedItem, record: Verified, way: Door, old: Any
    ) -> tuple[dict[str, Any], dict[str, Value]]:
        entry = record.entry
        values = dict(record.values)
        disclosures, held = record.disclosures, ""
        if entry.status is Status.LIVE:
            admitted = way.admit(values).names
            if len(admitted) != len(values):
                held = "not_accepted"
                values = {name: value for name, value in values.items() if name in admitted}
                disclosures = only(disclosures, admitted)
        row_exp = entry.exp_day if old is None else max(entry.exp_day, old.row_exp)
        row = {
            "rk": item.rk, "org": entry.org, "eid": entry.eid, "rev": entry.rev, "day": entry.day,
            "exp_day": entry.exp_day, "status": int(entry.status), "node_key": entry.node_key,
            "entry": entry.raw, "sig": record.sig, "disclosures": disclosures,
            "received_us": self._received(old, entry), "hidden": "", **summary(values),
            "pseq": item.pseq, "state": item.state, "row_kind": int(RowKind.PUT),
            "row_exp": row_exp, "held": held,
        }  # fmt: skip
        return row, values if entry.status is Status.LIVE else {}

    def _received(self, old: Any, entry: Entry) -> int:
        """When this entry first came: what revocation rolls back by."""
        same = old is not None and bytes(old.eid) == entry.eid
        return int(old.received_us) if same else self._context.now_us()

    def _stopped(self, item: CheckedItem, old: Any) -> dict[str, Any]:
        if old is None:
            return self._empty(item, "", RowKind.STOP)
        if old.status == Status.ERASED and old.hidden != REVOKED:
            return self._kept(item, old)
        return {
            **self._as_it_was(old), "disclosures": NOTHING_DISCLOSED, **summary({}),
            "pseq": item.pseq, "state": item.state, "row_kind": int(RowKind.STOP),
            "row_exp": max(item.exp, old.row_exp), "held": "",
        }  # fmt: skip

    def _unusable(self, item: CheckedItem, old: Any, why: str) -> dict[str, Any]:
        """A mirror row for what may not or cannot be held; an older good copy stays."""
        if old is None:
            return self._empty(item, why, RowKind.PUT)
        row = self._as_it_was(old)
        return {**row, "pseq": item.pseq, "state": item.state, "held": why, "row_kind": 0}

    def _reduced(self, item: CheckedItem, old: Any) -> tuple[dict[str, Any], dict[str, Value]]:
        """An older copy under an item that does not verify: no more than this one names."""
        row = self._unusable(item, old, item.problem)
        if old is None or old.row_kind == RowKind.STOP or old.status != Status.LIVE:
            return row, {}
        left = item.claimed if item.claimed - WITHDRAWN_FIELDS else frozenset[str]()
        row["disclosures"] = only(bytes(old.disclosures), left)
        values = opened_values(row["disclosures"])
        return {**row, **summary(values)}, values

    def _kept(self, item: CheckedItem, old: Any) -> dict[str, Any]:
        """A lower entry never replaces a row: the digests differ, a listing tells the origin."""
        return {**self._as_it_was(old), "pseq": item.pseq}

    def _kept_erased(self, item: CheckedItem, old: Any) -> dict[str, Any]:
        """The register says that this record was erased here: it does not come back."""
        if old is not None:
            return self._kept(item, old)
        raw = self._context.register.get(permissions.ERASED, item.rk) or b""
        return erased_row(self.peer, [as_bytes(part) for part in as_array(decode(raw))], item.pseq)

    def _as_it_was(self, old: Any) -> dict[str, Any]:
        row = {name: getattr(old, name) for name in _COLUMNS}
        return {"rk": bytes(old.rk), "org": bytes(old.org), **row}

    def _empty(self, item: CheckedItem, why: str, kind: RowKind) -> dict[str, Any]:
        return {
            "rk": item.rk, "org": self.peer.org, "eid": b"", "rev": 0, "day": 0, "exp_day": 0,
            "status": 0, "node_key": b"", "entry": b"", "sig": b"",
            "disclosures": NOTHING_DISCLOSED, "received_us": self._context.now_us(), "hidden": "",
            "kind": "", "severity": 0, "codes": "", "pseq": item.pseq, "state": item.state,
            "row_kind": int(kind), "row_exp": item.exp, "held": why,
        }  # fmt: skip

    def _prove(self, old: Any, known: Entry, record: Verified) -> None:
        """Keep the entry that loses: two texts for one revision, both signed."""
        new_wins = order(record.entry) > order(known)
        eid, entry, sig = (
            (known.eid, known.raw, bytes(old.sig))
            if new_wins
            else (record.entry.eid, record.entry.raw, record.sig)
        )
        self._connection.execute(
            insert(equivocations).prefix_with("OR IGNORE"),
            [{"eid": eid, "rk": known.rk, "entry": entry, "sig": sig}],
        )


def _listed_state(row: Any) -> bytes:
    is_hidden = row.hidden == REVOKED and row.row_kind == RowKind.PUT
    return ASK_AGAIN if is_hidden else bytes(row.state)
