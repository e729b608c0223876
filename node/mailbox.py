"""The holder's side of mailboxes: takes sealed wires for peers, and gives each its own.

Both ends must be trusted at that moment, and this node's keeper must have turned it on. Nothing of
a wire is logged, and nobody is told what another has here.
"""

from sqlalchemy import Connection

from federation.mailbox import check_drop
from federation.peers import PeerState
from keys.envelope import Inner
from node.runtime import Node
from node.store.guards import guard
from node.store.mailbox import hand_over, hold, kept_of
from node.store.peers import peer_of
from protocol.errors import ErrorNumber, ProtocolError
from protocol.messages_mailbox import Drop, Fetch, Mail


def take_drop(connection: Connection, node: Node, inner: Inner, drop: Drop) -> None:
    """Hold a wire for a peer. ProtocolError as `check_drop`; STALE or CLOCK for one seen before."""
    context = node.context
    guard(connection, context, inner)
    check_drop(
        drop.wire,
        offered=node.settings.mailbox,
        depositor_trusted=_is_trusted(connection, inner.from_org),
        recipient_trusted=_is_trusted(connection, drop.to_org),
        kept=kept_of(connection, inner.from_org),
    )
    hold(connection, context, inner.from_org, drop.to_org, drop.wire)


def answer_fetch(connection: Connection, node: Node, inner: Inner, fetch: Fetch) -> Mail:
    """Forget what the peer acknowledges, and give it what else is here for it.

    ProtocolError NOT_GRANTED where this node holds no mail or does not trust the peer.
    """
    context = node.context
    guard(connection, context, inner)
    if not node.settings.mailbox or not _is_trusted(connection, inner.from_org):
        raise ProtocolError(ErrorNumber.NOT_GRANTED, "no mailbox for them here")
    return Mail(tuple(hand_over(connection, inner.from_org, fetch.acked, context.now_us())))


def _is_trusted(connection: Connection, org: bytes) -> bool:
    peer = peer_of(connection, org)
    return peer is not None and peer.state is PeerState.TRUSTED
