"""What follows at a hub, and at its peers, from what a peer just said or became.

A delta of an author may change what we pass on, so every ledger that is about it follows in the
same transaction; so does what we show of it. Peers with news are noted in the context: they are
told after the commit.
"""

from collections.abc import Collection

from sqlalchemy import Connection, select

from federation.origin import NO_DIGEST
from node.store.context import Context
from node.store.grants import StoreGrants
from node.store.onward import is_hub, spread_onward
from node.store.passed_on import show
from node.store.peers import Peer, peer_by_id
from node.store.tables import forwarded
from node.store.told_again import tell_held
from protocol.ids import OrgId, RecordKey


def hear(
    connection: Connection,
    context: Context,
    peer: Peer,
    rks: Collection[RecordKey],
    digest: bytes | None,
) -> None:
    """Have everything follow from what a peer just said: what we pass on of it, and what we show.

    `digest` is the one that both sides agree on now; None where they do not, or what the peer said
    may be a replay of what it said once.
    """
    now = peer_by_id(connection, peer.id)
    if now.in_synced and not peer.in_synced:  # its word is of today again
        passed = select(forwarded.c.rk).where(forwarded.c.source == peer.id)
        show(connection, context, {RecordKey(bytes(rk)) for (rk,) in connection.execute(passed)})
    is_in_step = digest is not None and digest != NO_DIGEST
    is_news = is_in_step and (peer.org not in context.in_step or now.in_synced != peer.in_synced)
    if is_in_step:
        context.in_step.add(peer.org)
    if not is_hub(connection, context) or not (rks or is_news):
        return
    whole = peer.org if is_news else None
    only = None if is_news else rks
    context.news |= spread_onward(connection, context, StoreGrants, only, whole)
    if is_news:  # what was asked for before this was not told
        context.news |= tell_held(connection, context, peer.org)


def follow_hub(connection: Connection, context: Context, org: OrgId) -> None:
    """After a peer's state or documents changed: what we show of it and pass on of it follows."""
    show(connection, context)
    context.news |= spread_onward(connection, context, StoreGrants, author=org)
