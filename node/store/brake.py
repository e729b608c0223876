"""The brake: whoever speaks for an origin cannot make this node forget at a stroke what it held.

An item that takes something away (a tombstone, a withdrawal, a stop, a put that no longer says what
the shown copy says, or ends it sooner and within a month) acts at once: nothing that it takes
away is shown or searched from then on. Up to twenty in 24 hours from one origin, or a tenth where
it has 50 to 199 here, are purged with it. From the next one on the copy is set aside in `braked`,
its row is held as `braked` and so never confirmed, and the register does not know of the erasure
yet. What was set aside is purged when the keeper confirms or after 72 hours; it comes back when the
keeper rejects it or its key is revoked.

What a hub passes on counts as the hub's: whoever speaks for it can stop that.

The count is by our receive time and in the register: neither a restart nor a restore forgets it.
Called by `node.store.intake` and `forwarded` for items that `may_take`, for no others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, delete, func, insert, literal, select, union_all, update

from federation.admit import door
from federation.ledger import RowKind
from federation.terms import allows
from node.store import register as permissions
from node.store.authors import forget_authors
from node.store.context import Context
from node.store.earlier import (
    SIGNED,
    drop_all_earlier,
    drop_earlier,
    drop_old_earlier,
    keep_earlier,
    set_all_earlier_aside,
    set_earlier_aside,
)
from node.store.peers import Peer
from node.store.purges import note_purge
from node.store.records import NOTHING_DISCLOSED, only, opened_values
from node.store.tables import forwarded, peers, records
from node.store.tables_defence import COPIED, braked
from protocol.codec import Value, decode, encode
from protocol.entry import Status, decode_entry
from protocol.ids import Day, OrgId, RecordKey
from protocol.shape import as_array, as_int

BRAKED = "braked"
TAKEN = "taken"  # in the register: org → when its newest takings came, as [µs…]
HOUR_US = 3600 * 1_000_000
WINDOW_US = 24 * HOUR_US
PATIENCE_US = 72 * HOUR_US
SOON_DAYS = 30  # whoever cuts lives shorter than this erases before anybody notices
SHARE_FROM = 50  # from so many records of an origin on, a tenth of them is many, too
SHARE = 10
_NOT_CONTENT = frozenset({"terms"})  # signed anew with each policy; but see for whom it is


class Taking(StrEnum):
    """How something is taken away."""

    ERASED = "erased"
    WITHDRAWN = "withdrawn"
    STOPPED = "stopped"
    NARROWED = "narrowed"  # or changed: what it said before is said no longer
    SHORTENED = "shortened"  # it ends earlier, and soon
    PARTED = "parted"  # it said goodbye, which purges all that it gave us


class Brake:
    """What one origin takes away in one batch of items; rows are those of `node.store.tables`."""

    def __init__(self, connection: Connection, context: Context, peer: Peer) -> None:
        self._connection = connection
        self._context = context
        self._org = peer.org
        self._source = peer.id
        self._times: list[int] | None = None
        self._before = 0  # how many were taken before this batch, which is not written yet
        self._base: int | None = None

    def watch(self, old: Any, row: dict[str, Any], values: Mapping[str, Value]) -> None:
        """Set the old copy aside where `row` takes away from it and that is one too many.

        `row` is what is about to be written over `old`; its reason to be held is changed here.
        """
        if old.held == BRAKED:
            self._stay(old, row, values)
            return
        is_shown = _is_shown(old, self._context.today)
        how = _taking(old, row, values, self._context.today) if is_shown else None
        if is_shown and how is None:
            self._keep_if_signed_again(old, row, values)
        elif how is not None and self._is_too_many():
            self._set_aside(old, row, how)
        else:
            drop_earlier(self._connection, old.rk)

    def _keep_if_signed_again(
        self, old: Any, row: dict[str, Any], values: Mapping[str, Value]
    ) -> None:
        """What an origin says anew under another signature; not what a hub brings or brought."""
        is_own = bytes(old.org) == self._org and old.row_exp > 0
        if is_own and bytes(old.eid) != row["eid"]:
            said, now = opened_values(bytes(old.disclosures)), self._context.now_us()
            keep_earlier(self._connection, old, said, values, now)

    def _set_aside(self, old: Any, row: dict[str, Any], how: Taking) -> None:
        now, without = self._context.now_us(), row["held"]
        key = RecordKey(bytes(old.rk)), self._org
        if not set_earlier_aside(self._connection, *key, how.value, now, without):
            copy = {name: getattr(old, name) for name in COPIED}
            self._connection.execute(
                # A copy of before stays: it was shown when nothing had been taken away yet.
                insert(braked)
                .prefix_with("OR IGNORE")
                .values(
                    rk=old.rk, org=self._org, since_us=now, how=how.value, without=without, **copy
                )
            )
        self._hold(row)

    def _stay(self, old: Any, row: dict[str, Any], values: Mapping[str, Value]) -> None:
        """Another item for a record that is held: the copy goes once all of it is said again."""
        mine = (braked.c.rk == old.rk) & (braked.c.org == self._org)
        copy = self._connection.execute(select(braked).where(mine)).one_or_none()
        if copy is None or _taking(copy, row, values, self._context.today) is None:
            self._connection.execute(delete(braked).where(mine))
            row["held"] = "" if row["held"] == BRAKED else row["held"]
            return
        if row["held"] != BRAKED:
            self._connection.execute(update(braked).where(mine).values(without=row["held"]))
        self._hold(row)

    def _hold(self, row: dict[str, Any]) -> None:
        row["held"] = BRAKED
        if row["status"] == Status.ERASED:  # not yet: a restored node would erase by it
            self._context.register.stage(permissions.ERASED, bytes(row["rk"]), None)

    def _is_too_many(self) -> bool:
        """Count one more that takes away; whether it is over the limit."""
        now = self._context.now_us()
        if self._times is None:
            self._times = taken_at(self._context, self._org)
            self._before = sum(now - at < WINDOW_US for at in self._times)
        times = [at for at in self._times if now - at < WINDOW_US]
        is_over = len(times) >= self._limit(len(times))
        self._times = [*times, now][-self._context.brake_limit :]
        raw = encode(list(self._times))
        self._context.register.stage(TAKEN, self._org, raw)
        return is_over

    def _limit(self, taken: int) -> int:
        most = self._context.brake_limit
        if taken >= most or taken < SHARE_FROM // SHARE:
            return most  # a count of rows would change nothing
        if self._base is None:
            today = self._context.today
            own = select(records.c.id).where(*_shown(self._org, today))
            passed = select(forwarded.c.id).where(*_passed_on(self._source, today))
            self._base = self._before
            for few in (own, passed):
                query = select(func.count()).select_from(few.limit(most * SHARE).subquery())
                self._base += self._connection.execute(query).scalar_one()
        return min(most, self._base // SHARE) if self._base >= SHARE_FROM else most


def brake_goodbye(connection: Connection, context: Context, peer: Peer) -> int:
    """Set aside what is shown of a peer and by it, where a goodbye takes too much; how many.

    The rows stay as they are: the caller deletes them.
    """
    now, org = context.now_us(), peer.org
    said = (literal(org), literal(now), literal(Taking.PARTED.value), literal(""))
    shown = union_all(
        select(records.c.rk, *said, *(records.c[name] for name in COPIED)).where(
            *_shown(org, context.today)
        ),
        select(forwarded.c.rk, *said, *(forwarded.c[name] for name in COPIED)).where(
            *_passed_on(peer.id, context.today)
        ),
    )
    count = connection.execute(select(func.count()).select_from(shown.subquery())).scalar_one()
    taken = sum(now - at < WINDOW_US for at in taken_at(context, org))
    if taken + count <= context.brake_limit:
        drop_all_earlier(connection, org)
        return 0
    set_all_earlier_aside(connection, org, Taking.PARTED, now)
    names = ["rk", "org", "since_us", "how", "without", *COPIED]
    adding = insert(braked).prefix_with("OR IGNORE").from_select(names, shown)
    connection.execute(adding)
    return count


def _is_shown(old: Any, today: Day) -> bool:
    return bool(
        old.status == Status.LIVE
        and old.row_kind == RowKind.PUT
        and not old.hidden
        and old.exp_day >= today
        and bytes(old.disclosures) != NOTHING_DISCLOSED
    )


def _shown(org: OrgId, today: Day) -> tuple[Any, ...]:
    return (
        records.c.org == org, records.c.status == int(Status.LIVE), records.c.hidden == "",
        records.c.row_kind == int(RowKind.PUT), records.c.exp_day >= today,
        records.c.disclosures != NOTHING_DISCLOSED, records.c.row_exp > 0,  # its own word
    )  # fmt: skip


def _passed_on(source: int, today: Day) -> tuple[Any, ...]:
    return (
        forwarded.c.source == source, forwarded.c.status == int(Status.LIVE),
        forwarded.c.hidden == "", forwarded.c.row_kind == int(RowKind.PUT),
        forwarded.c.exp_day >= today, forwarded.c.disclosures != NOTHING_DISCLOSED,
    )  # fmt: skip


def may_take(old: Any, row: Mapping[str, Any]) -> bool:
    """Whether what is about to be written over `old` can take away from it at all; cheap."""
    changes = bytes(old.disclosures) != row["disclosures"]
    return bool(changes or row["exp_day"] < old.exp_day or old.held == BRAKED)


def _taking(
    before: Any, row: Mapping[str, Any], values: Mapping[str, Value], today: Day
) -> Taking | None:
    """How `row` takes away from the copy `before`; None where it says all of it still."""
    if row["status"] == Status.ERASED:
        return Taking.ERASED
    if row["row_kind"] == RowKind.STOP:
        return Taking.STOPPED
    after = values or opened_values(row["disclosures"])
    said = opened_values(bytes(before.disclosures))
    lost = any(
        name not in _NOT_CONTENT and after.get(name) != value for name, value in said.items()
    )
    # To those who check, an alert for staff alone is gone.
    lost = lost or (
        allows(said.get("terms"), "members") and not allows(after.get("terms"), "members")
    )
    if lost:
        return Taking.WITHDRAWN if row["status"] == Status.WITHDRAWN else Taking.NARROWED
    # Its values go on their last day, so whoever sets that day can erase by it.
    ends_first = row["exp_day"] < min(before.exp_day, today + SOON_DAYS)
    return Taking.SHORTENED if ends_first else None


def taken_at(context: Context, org: OrgId) -> list[int]:
    """When the newest items came that took something away, in microseconds, oldest first."""
    raw = context.register.get(TAKEN, org)
    return [] if raw is None else [as_int(at) for at in as_array(decode(raw))]


def last_day_aside(connection: Connection, rk: RecordKey) -> Day | None:
    """The last day of the copy that is set aside of a record; None where there is none."""
    query = select(func.max(braked.c.exp_day)).where(braked.c.rk == rk, braked.c.how != SIGNED)
    found = connection.execute(query).scalar()
    return None if found is None else Day(found)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What is set aside of one origin: how many by each way, from when to when, microseconds."""

    org: OrgId
    count: int
    since_us: int
    newest_us: int
    how: Mapping[str, int]


def waiting(connection: Connection) -> list[Waiting]:
    """What is set aside, of each origin."""
    found: dict[OrgId, list[tuple[str, int, int, int]]] = {}
    at = braked.c.since_us
    query = select(braked.c.org, braked.c.how, func.count(), func.min(at), func.max(at))
    query = query.where(braked.c.how != SIGNED).group_by(braked.c.org, braked.c.how)
    for org, *row in connection.execute(query):
        how, count, since, newest = row
        found.setdefault(OrgId(bytes(org)), []).append((how, count, since, newest))
    return [
        Waiting(
            org,
            sum(count for _, count, _, _ in rows),
            min(since for _, _, since, _ in rows),
            max(newest for _, _, _, newest in rows),
            {how: count for how, count, _, _ in rows},
        )
        for org, rows in found.items()
    ]


def let_go(connection: Connection, context: Context, org: OrgId, until_us: int) -> int:
    """Purge what this origin took away up to a moment, and count anew; returns of how many records.

    What came later was not decided about: it stays, and counts.
    """
    later = [at for at in taken_at(context, org) if at > until_us]
    context.register.stage(TAKEN, org, encode(list(later)) if later else None)
    mine = (braked.c.org == org) & (braked.c.since_us <= until_us)
    return _purge(connection, context, mine & (braked.c.how != SIGNED))


def let_go_old(connection: Connection, context: Context) -> int:
    """Purge what nobody decided about for 72 hours, or what has ended; returns how many."""
    drop_old_earlier(connection, context.now_us())
    is_old = (braked.c.since_us <= context.now_us() - PATIENCE_US) & (braked.c.how != SIGNED)
    return _purge(connection, context, is_old | (braked.c.exp_day < context.today))


def _purge(connection: Connection, context: Context, which: Any) -> int:
    is_row = (records.c.rk == braked.c.rk) & (records.c.row_exp > 0)
    is_row &= records.c.org == braked.c.org
    is_mirror = (forwarded.c.rk == braked.c.rk) & (forwarded.c.source == peers.c.id)
    is_mirror &= peers.c.org == braked.c.org
    queries: tuple[tuple[Any, Any], ...] = (
        (records, select(braked, *_held(records)).join(records, is_row)),
        (forwarded, select(braked, *_held(forwarded)).join(peers, peers.c.org == braked.c.org)
         .join(forwarded, is_mirror)),
    )  # fmt: skip
    erased: set[bytes] = set()
    for table, query in queries:
        for row in connection.execute(query.where(which, table.c.held == BRAKED)).fetchall():
            if row.now_status == Status.ERASED:
                came = row.now_received_us.to_bytes(8, "big")
                line = encode([bytes(row.now_entry), bytes(row.now_sig), came])
                context.register.stage(permissions.ERASED, bytes(row.rk), line)
                erased.add(bytes(row.rk))
            mine = table.c.id == row.id
            connection.execute(update(table).where(mine).values(held=row.without))
    count = connection.execute(delete(braked).where(which)).rowcount
    for rk in erased:  # its author's word, whoever brought it: no hub's copy outlives that
        forget_one(connection, RecordKey(rk))
    if count:
        note_purge(connection)
        forget_authors(connection)
    return count


def _held(table: Any) -> tuple[Any, ...]:
    names = ("status", "entry", "sig", "received_us")
    return (table.c.id, *(table.c[name].label(f"now_{name}") for name in names))


def forget_aside(connection: Connection, org: OrgId) -> None:
    """Drop every copy of this origin, as its records are dropped."""
    connection.execute(delete(braked).where(braked.c.org == org))
    note_purge(connection)


def forget_one(connection: Connection, rk: RecordKey) -> None:
    """Drop the copies of one record, which the register says was erased."""
    connection.execute(delete(braked).where(braked.c.rk == rk))


def purge_aside(connection: Connection, context: Context) -> None:
    """Drop from the copies what our own policy no longer lets us hold; nothing brakes that."""
    query = select(braked.c.rk, braked.c.org, braked.c.entry, braked.c.disclosures)
    for row in connection.execute(query).fetchall():
        raw = bytes(row.disclosures)
        values = opened_values(raw)
        entry = decode_entry(bytes(row.entry))
        names = door(context.policy, entry.org).admit(values, context.today - entry.day).names
        if len(names) != len(values):
            mine = (braked.c.rk == row.rk) & (braked.c.org == row.org)
            left = {"disclosures": only(raw, names), "held": "not_accepted"}
            connection.execute(update(braked).where(mine).values(**left))
            is_free = braked.c.without == ""  # what is held for no other reason is so for this one
            connection.execute(update(braked).where(mine, is_free).values(without="not_accepted"))
            note_purge(connection)
