"""Letting a peer go: recalling what is ours there, purging what is theirs here."""

from sqlalchemy import Connection, delete, select

from federation.peers import PeerState, may_move
from node.errors import BadRequest
from node.store import register as permissions
from node.store.brake import brake_goodbye, forget_aside
from node.store.context import Context
from node.store.forwarded import forget_hub
from node.store.grants import StoreGrants
from node.store.hub import follow_hub
from node.store.peers import Peer, peer_by_id, set_peer
from node.store.records import unindex
from node.store.tables import records
from node.store.verdicts import forget_judged

NARROWER = frozenset({PeerState.PAUSED, PeerState.BLOCKED, PeerState.LEAVING, PeerState.GONE})


def purge_theirs(
    connection: Connection, context: Context, peer: Peer, *, keep_aside: bool = False
) -> int:
    """Delete every record of this organisation, its index and its mirror; returns how many.

    With `keep_aside` not what the brake has set aside.
    """
    rows = connection.execute(
        select(records.c.id, records.c.disclosures).where(records.c.org == peer.org)
    ).fetchall()
    unindex(connection, [(row.id, bytes(row.disclosures)) for row in rows])
    connection.execute(delete(records).where(records.c.org == peer.org))
    if not keep_aside:
        forget_aside(connection, peer.org)
    forget_hub(connection, context, peer)
    forget_judged(connection, context.today)
    set_peer(connection, peer.id, in_cursor=0, in_relist=0, in_synced=1)
    context.digests.forget()
    context.live_counts.pop(peer.id, None)
    context.turned_away.pop(peer.id, None)
    return len(rows)


def left_by(connection: Connection, context: Context, peer: Peer) -> None:
    """The peer has recalled what it gave us, and goes.

    Its ledger stays: a goodbye proves nothing, and who must be told of an erasure is in there. Nor
    does it purge at a stroke what a thief of its key would like to see gone: that waits aside.
    """
    brake_goodbye(connection, context, peer)
    purge_theirs(connection, context, peer, keep_aside=True)
    set_peer(connection, peer.id, state=PeerState.GONE.value)


def move_peer(connection: Connection, context: Context, peer: Peer, new: PeerState) -> Peer:
    """Change a peer's state, and its ledger with it; BadRequest if that move does not exist.

    Lost trust is in the register before it is in the store: a restored backup must not forget it.
    """
    if new is not peer.state and not may_move(peer.state, new):
        raise BadRequest(f"{peer.name} is {peer.state}; it cannot become {new}")
    narrower = new.value.encode() if new in NARROWER else None
    context.register.stage(permissions.PEER, peer.org, narrower)
    set_peer(connection, peer.id, state=new.value, hello_due=1, next_try_us=0, failures=0)
    if new is PeerState.LEAVING:
        purge_theirs(connection, context, peer)
    if new is PeerState.BLOCKED:
        set_peer(connection, peer.id, in_synced=0)  # theirs stays, unseen, until trusted again
    if new is PeerState.TRUSTED:
        set_peer(connection, peer.id, in_relist=1)
    changed = peer_by_id(connection, peer.id)
    context.doubt(peer.org)
    follow_hub(connection, context, peer.org)
    grants = StoreGrants(connection, context, changed)
    grants.derive()
    grants.save()
    return peer_by_id(connection, peer.id)
