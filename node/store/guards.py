"""Which request of each sender came last: one is taken once, however often a network brings it.

The last n of each sender's key and message type is committed with what the request changed. A
`pull` that changed nothing needs no commit of its own, which would cost more than all else about
it: its n is kept in memory, and written at most once a minute. After a crash such a pull may be
taken once more, and that is no more than a network that had delayed it could have done: while it
changed nothing, having come and being on the way are the same (docs/adr/0018).
"""

from typing import Any

from sqlalchemy import Connection

from keys.envelope import Inner
from node.moments import DAY_US, SECOND_US
from node.store import meta
from node.store.context import Context
from protocol.errors import ErrorNumber, ProtocolError

WRITE_EVERY_US = 60 * SECOND_US

_LAST = (
    "SELECT (SELECT n FROM guards WHERE sender = ? AND type = ?),"
    " (SELECT value FROM meta WHERE key = ?)"
)
_KEEP = (
    "INSERT INTO guards (sender, type, n) VALUES (?, ?, ?)"
    " ON CONFLICT (sender, type) DO UPDATE SET n = excluded.n"
)


def guard(connection: Connection, context: Context, inner: Inner) -> None:
    """Refuse a request that was seen or is from the future; else keep its n, with its effect.

    ProtocolError STALE or CLOCK.
    """
    look(connection, context, inner)
    keep(connection, inner)


def look(connection: Connection, context: Context, inner: Inner) -> bool:
    """Refuse as `guard` does; whether what is durable is a minute behind this n.

    A restored store has forgotten what it saw last; what was sent before that is refused, or a
    replay would confirm what the backup says. ProtocolError STALE or CLOCK.
    """
    key = _key(inner)
    asked: tuple[Any, ...] = (*key, meta.GUARD_FLOOR)
    kept, floor = connection.exec_driver_sql(_LAST, asked).one()
    durable = max(kept or 0, int.from_bytes(floor or b"", "big"))
    last = max(durable, context.last_n.get(key, 0))
    if inner.n <= last:
        raise ProtocolError(ErrorNumber.STALE, "a request that was seen before", last)
    now = context.now_us()
    if inner.n > now + DAY_US:
        raise ProtocolError(ErrorNumber.CLOCK, "a request from the future", now)
    return inner.n - durable >= WRITE_EVERY_US


def keep(connection: Connection, inner: Inner) -> None:
    """Write the n of a request that was looked at, in its transaction."""
    row: tuple[Any, ...] = (*_key(inner), inner.n)
    connection.exec_driver_sql(_KEEP, row)


def remember(context: Context, inner: Inner) -> None:
    """Keep the n of a request that changed nothing, for as long as this process lives."""
    context.last_n[_key(inner)] = inner.n


def _key(inner: Inner) -> tuple[bytes, str]:
    return bytes(inner.from_key), inner.type


def changes(connection: Connection) -> int:
    """How many rows this connection has written in its life: equal before and after, none."""
    count: int = connection.connection.driver_connection.total_changes  # type: ignore[union-attr]
    return count
