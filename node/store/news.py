"""What a member wants to hear of, and what her feed has told her: rows, and nothing decided.

Whoever holds the address of a feed may read it; the store has its hash only. When she leaves, or
makes a new address, what was told goes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from node.store.members import token_hash
from node.store.tables_news import subscriptions, told
from protocol.ids import RecordKey


@dataclass(frozen=True, slots=True)
class Subscription:
    """What one member wants to hear of. Empty sets and tuples are all there is.

    `quiet` are two hours of the organisation's day, (22, 7); alike, there are none.
    """

    member: str
    severity: int = 0
    codes: frozenset[str] = frozenset()
    places: tuple[str, ...] = ()
    sectors: frozenset[str] = frozenset()
    quiet: tuple[int, int] = (0, 0)
    daily: bool = False
    feed: bytes | None = field(repr=False, default=None)
    feed_us: int = 0


@dataclass(frozen=True, slots=True)
class Told:
    """One alert in a feed: how the feed names it, and when it came, changed and went."""

    rk: RecordKey
    entry: str
    rev: int
    from_us: int
    changed_us: int
    gone_us: int = 0


def subscription_of(connection: Connection, member: str) -> Subscription:
    """What a member wants to hear of; all of it where she never said."""
    query = select(subscriptions).where(subscriptions.c.member == member)
    row = connection.execute(query).first()
    return Subscription(member) if row is None else _subscription(row)


def subscription_at(connection: Connection, token: str) -> Subscription | None:
    """Whose feed an address is; None for nobody's."""
    query = select(subscriptions).where(subscriptions.c.feed == token_hash(token))
    row = connection.execute(query).first()
    return None if row is None else _subscription(row)


def subscribe(connection: Connection, wanted: Subscription) -> None:
    """Remember what a member wants to hear of; her feed's address stays."""
    old = subscription_of(connection, wanted.member)
    _put(connection, wanted, old.feed, old.feed_us)


def give_address(connection: Connection, member: str, token: str | None, now_us: int) -> None:
    """Give a member's feed a new address, or none: the one before leads nowhere from now on."""
    connection.execute(delete(told).where(told.c.member == member))
    feed = None if token is None else token_hash(token)
    _put(connection, subscription_of(connection, member), feed, now_us)


def _put(connection: Connection, wanted: Subscription, feed: bytes | None, feed_us: int) -> None:
    connection.execute(delete(subscriptions).where(subscriptions.c.member == wanted.member))
    connection.execute(
        insert(subscriptions).values(
            member=wanted.member, severity=wanted.severity, codes=" ".join(sorted(wanted.codes)),
            places="\n".join(wanted.places), sectors=" ".join(sorted(wanted.sectors)),
            quiet_from=wanted.quiet[0], quiet_until=wanted.quiet[1], daily=int(wanted.daily),
            feed=feed, feed_us=feed_us,
        )
    )  # fmt: skip


def end_feeds(connection: Connection) -> None:
    """End every feed: an old backup may have put back an address that was ended since."""
    connection.execute(delete(told))
    connection.execute(update(subscriptions).values(feed=None))


def told_to(connection: Connection, member: str) -> dict[RecordKey, Told]:
    """What a member's feed has told, also what is gone."""
    rows = connection.execute(select(told).where(told.c.member == member))
    return {each.rk: each for each in map(_told, rows)}


def told_entry(connection: Connection, member: str, entry: str) -> RecordKey | None:
    """The alert that an entry of a member's own feed is about."""
    query = select(told.c.rk).where(told.c.member == member, told.c.entry == entry)
    found = connection.execute(query).scalar()
    return None if found is None else RecordKey(bytes(found))


def tell(
    connection: Connection,
    reader: Subscription,
    before: Mapping[RecordKey, Told],
    rows: Sequence[Told],
    never: Sequence[RecordKey],
) -> bool:
    """Remember what is told, and drop what was never shown and is gone.

    Whether it was: not where the feed ended meanwhile, or told something that is not in `before`.
    """
    member = reader.member
    same_feed = subscription_of(connection, member).feed == reader.feed
    if not same_feed or told_to(connection, member) != before:
        return False
    for rk in (*(each.rk for each in rows), *never):
        connection.execute(delete(told).where(told.c.member == member, told.c.rk == rk))
    if rows:
        connection.execute(
            insert(told),
            [
                {
                    "member": member, "rk": each.rk, "entry": each.entry, "rev": each.rev,
                    "from_us": each.from_us, "changed_us": each.changed_us,
                    "gone_us": each.gone_us,
                }
                for each in rows
            ],
        )  # fmt: skip
    return True


def forget_told(connection: Connection, before_us: int) -> None:
    """Forget what went from feeds long ago: every reader has heard of it."""
    connection.execute(delete(told).where(told.c.gone_us > 0, told.c.gone_us < before_us))


def _subscription(row: Row[Any]) -> Subscription:
    return Subscription(
        row.member, row.severity, frozenset(row.codes.split()), tuple(row.places.splitlines()),
        frozenset(row.sectors.split()), (row.quiet_from, row.quiet_until), bool(row.daily),
        None if row.feed is None else bytes(row.feed), row.feed_us,
    )  # fmt: skip


def _told(row: Row[Any]) -> Told:
    return Told(
        RecordKey(bytes(row.rk)), row.entry, row.rev, row.from_us, row.changed_us, row.gone_us
    )
