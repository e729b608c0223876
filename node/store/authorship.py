"""Whose record a row is: nothing but an entry that its author signed proves that.

A stop, or bytes that do not verify, make a row for whoever sent them first, because they may be
the author's. The row holds nothing then, and gives way to the author's own entry.
"""

from typing import Any

from sqlalchemy import Connection

from federation.verify import CheckedItem
from node.store.context import Context
from node.store.passed_on import set_aside
from node.store.peers import peer_of

TURNED_AWAY = 100  # as many as are named to an origin; there may be more


def gives_way(connection: Connection, context: Context, old: Any, item: CheckedItem) -> bool:
    """Whether another organisation's row under this key proves nothing, and made room now.

    Whoever sent it keeps it among what it passes on, or would count as confirmed what is gone.
    """
    if item.record is None or len(old.eid):
        return False
    set_aside(connection, context, old)
    other = peer_of(connection, bytes(old.org))
    if other is not None:
        context.live_counts.pop(other.id, None)
    return True


def turn_away(context: Context, peer_id: int, item: CheckedItem, why: str) -> None:
    """Note for an origin what it sent and we keep no row of."""
    away = context.turned_away.setdefault(peer_id, {})
    if len(away) < TURNED_AWAY:
        away[item.rk] = why
