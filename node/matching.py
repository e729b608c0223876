"""Answers a peer's question about identifiers that this node must not see.

    match → who asks, and may they? counted, one commit → evaluated in a thread → matched

Only a peer that is trusted at that moment is answered, about kinds whose tokens it may have, and no
more identifiers in a day than the quota. They are counted before they are evaluated, so that no
crash and no refusal gives any back. What was asked is neither seen nor kept.
"""

import asyncio
import logging

from sqlalchemy import Connection

from federation.peers import PeerState
from federation.release import PeerView, gate
from keys.envelope import Inner
from keys.oprf import OprfKey, evaluate_all
from node.moments import DAY_US, SECOND_US
from node.runtime import Node
from node.store.guards import guard
from node.store.match_counts import count_answered
from node.store.peers import peer_by_id
from node.store.quarantine import since_of
from node.tokens import token_leaf
from protocol.errors import ErrorNumber, ProtocolError
from protocol.messages_match import Match, Matched

_log = logging.getLogger("parasol.matching")


async def answer_match(node: Node, peer: int, inner: Inner, match: Match) -> Matched:
    """Evaluate a trusted peer's elements.

    ProtocolError: NOT_GRANTED for who may not ask, LOCKED while we are frozen or the peer is in
    quarantine, QUOTA beyond the day's number, MALFORMED for an element that is none, STALE or CLOCK
    for a question that was seen.
    """
    key = await node.change(_admit, node, peer, inner, match)
    evaluated = await asyncio.to_thread(evaluate_all, key.of(match.idkind), match.blinded)
    await node.read(_need_leave, node, peer, match.idkind)  # it may have ended meanwhile
    return Matched(key.kid, tuple(evaluated))


def _admit(connection: Connection, node: Node, peer: int, inner: Inner, match: Match) -> OprfKey:
    guard(connection, node.context, inner)
    key = _need_leave(connection, node, peer, match.idkind)
    quota, day = node.settings.match_quota, node.today
    more = len(match.blinded)
    total = count_answered(connection, peer, day, more, quota)
    if total is None:
        _log.warning("peer %s: its quota of matching is used up for today", peer)
        now = node.context.now_us()
        retry_s = (DAY_US - now % DAY_US) // SECOND_US + 1
        raise ProtocolError(ErrorNumber.QUOTA, "no more identifiers today", retry_s)
    if is_alarming(total, quota) and not is_alarming(total - more, quota):
        _log.warning("peer %s: it has used half of its quota of matching today", peer)
    return key


def is_alarming(total: int, quota: int) -> bool:
    """Whether so many identifiers in a day are at least half of what a peer may ask."""
    return total > 0 and 2 * total >= quota


def _need_leave(connection: Connection, node: Node, peer: int, idkind: str) -> OprfKey:
    """Our key, where the peer may ask about this kind now. ProtocolError NOT_GRANTED, LOCKED.

    Nobody is answered by a frozen node, nor who is in quarantine: its node may be in other hands.
    """
    context = node.context
    whose = peer_by_id(connection, peer)
    if context.frozen or since_of(context, whose.org) is not None:
        raise ProtocolError(ErrorNumber.LOCKED, "no identifiers are evaluated now")
    view = PeerView(whose.org, whose.state is PeerState.TRUSTED, whose.accepts)
    way = gate(context.policy, context.region, view)
    may_have = not way.closed and token_leaf(idkind) in way.table.open_unmet
    if context.oprf_key is None or not may_have:
        raise ProtocolError(ErrorNumber.NOT_GRANTED, "not granted for matching")
    return context.oprf_key
