"""What is told a second time although nothing in a ledger has changed.

A peer that holds something back (it had paused us, it had no room) asks for it again when it can
take it. What this node may not tell at that moment is left out of its answer, and both digests
agree all the same: nobody would ask once more. So it is told as soon as it may be.
"""

from sqlalchemy import Connection

from node.store.context import Context
from node.store.grants import StoreGrants
from node.store.ledger_rows import held_rows
from node.store.peers import all_peers
from protocol.ids import OrgId


def tell_held(connection: Connection, context: Context, author: OrgId | None = None) -> set[int]:
    """Give each row that a peer holds back its next number; returns the peers with news.

    With `author` only what is passed on of that organisation.
    """
    news = set()
    for peer in all_peers(connection):
        if not peer.state.may_hold_ours:
            continue
        rows = held_rows(connection, peer.id)
        again = [row for row in rows if author is None or row.author == author]
        if again:
            grants = StoreGrants(connection, context, peer)
            grants.reissue(again)
            grants.save()
            news.add(peer.id)
    return news
