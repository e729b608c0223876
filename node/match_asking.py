"""Asks one origin about identifiers that it must not see.

    identifiers → blinded in a thread → match → matched → unblinded in a thread → tokens

Nothing of it is kept: a token that was asked for would answer the same question for ever, without
its origin. One question at a time goes to an origin, since it takes each number of ours once only.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from weakref import WeakKeyDictionary

from federation.errors import Unreachable
from federation.peers import PeerState
from keys.oprf import Blinded, blind_all, finalize_all, token_input, token_of
from node.errors import PeerTrouble
from node.exchange import Exchange, PeerRefused
from node.runtime import Node
from node.store.peers import Peer
from protocol.errors import ErrorNumber, ProtocolError
from protocol.limits import MATCH_ITEMS
from protocol.messages_match import Match, Matched

ASK_S = 12.0  # a person waits: an origin that needs longer is reported as not asked
TRIES = 2  # the first may be refused for a number of before a restore

_REASONS = {
    ErrorNumber.QUOTA: "quota",
    ErrorNumber.NOT_GRANTED: "not_granted",
    ErrorNumber.LOCKED: "locked",
    ErrorNumber.UNVERIFIED_PEER: "not_verified_there",
}
_ASKING: WeakKeyDictionary[Node, dict[int, asyncio.Lock]] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Identifier:
    """A whole identifier in its normal form."""

    kind: str
    normal: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Tokens:
    """An origin's tokens of what it was asked; `reason` says why there are none, `retry_s` when."""

    kid: bytes = b""
    of: Mapping[Identifier, bytes] = field(default_factory=dict, repr=False)
    reason: str = ""
    retry_s: int = 0


async def ask_origin(
    node: Node, exchange: Exchange, peer: Peer, wanted: Sequence[Identifier]
) -> Tokens:
    """Have an origin evaluate identifiers, at most 16 a question; never raises for its faults."""
    why = why_not_asked(peer)
    if why:
        return Tokens(reason=why)
    locks = _ASKING.setdefault(node, {})
    try:
        async with asyncio.timeout(ASK_S), locks.setdefault(peer.id, asyncio.Lock()):
            return await _ask(node, exchange, peer, wanted)
    except PeerRefused as refused:
        known = _REASONS.get(ErrorNumber(refused.number)) if refused.number in _NUMBERS else None
        return Tokens(reason=known or f"refused_{refused.number}", retry_s=refused.detail)
    except Unreachable as error:
        return Tokens(reason=error.why)
    except TimeoutError:
        return Tokens(reason="timeout")
    except (PeerTrouble, ProtocolError) as error:
        return Tokens(reason=error.code)


_NUMBERS = frozenset(int(number) for number in ErrorNumber)


def why_not_asked(peer: Peer) -> str:
    """Why a peer cannot be asked, before it is tried; empty where it can."""
    if peer.state is not PeerState.TRUSTED:
        return peer.state.value
    if peer.endpoint is None:
        return "no_endpoint"
    card = peer.docs.card
    return "" if card is not None and card.oprf_kid else "matching_unavailable_there"


async def _ask(node: Node, exchange: Exchange, peer: Peer, wanted: Sequence[Identifier]) -> Tokens:
    card = peer.docs.card
    kid = card.oprf_kid if card is not None else b""
    found: dict[Identifier, bytes] = {}
    for kind in sorted({each.kind for each in wanted}):
        of_kind = [each for each in wanted if each.kind == kind]
        for start in range(0, len(of_kind), MATCH_ITEMS):
            group = of_kind[start : start + MATCH_ITEMS]
            inputs = [token_input(each.kind, each.normal) for each in group]
            blinds = await asyncio.to_thread(blind_all, inputs, node.context.random)
            answer = await _answer(exchange, peer, Match(kind, _elements(blinds)))
            if answer.oprf_kid != kid:
                return Tokens(reason="key_changed")
            outputs = await asyncio.to_thread(finalize_all, inputs, blinds, answer.evaluated)
            found |= zip(group, map(token_of, outputs), strict=True)
    return Tokens(kid, found)


def _elements(blinds: Sequence[Blinded]) -> tuple[bytes, ...]:
    return tuple(each.element for each in blinds)


async def _answer(exchange: Exchange, peer: Peer, question: Match) -> Matched:
    for left in range(TRIES - 1, -1, -1):
        try:
            answer = await exchange.ask(peer.docs, question)
        except PeerRefused as refused:
            if refused.number != ErrorNumber.STALE or not left:
                raise
            continue
        if not isinstance(answer, Matched):
            raise ProtocolError(ErrorNumber.MALFORMED, "no answer to a match")
        return answer
    raise ProtocolError(ErrorNumber.MALFORMED, "no answer to a match")
