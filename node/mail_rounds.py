"""Leaves mail for peers at a common peer, and fetches what others left for us.

    route → is there anything to say? → messages, sealed to the peer → one drop each at the holder
    holder → fetch → each wire taken in, as one of a bundle → acknowledged by the next fetch

Written is only to whom our keeper named, at the holder that he named for it: a holder learns who
writes to whom. Nothing is confirmed by a holder's word: the peer's own pull does that, by mail.
"""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection

from federation.errors import Unreachable
from federation.mailbox import (
    DELTAS,
    HELD_ROWS,
    ITEM_BYTES,
    LIST_ROWS,
    MOST_WIRE,
    RETRY_S,
    offers,
)
from federation.peers import PeerState
from federation.receiver import ASKED
from node.answering import unconfirmed
from node.carrying import Load, gone_if_recalled, messages_for, promised, take_in, told
from node.errors import Refused
from node.exchange import NARROWED, Exchange, PeerRefused
from node.introductions import our_hello
from node.moments import HOUR_US, SECOND_US
from node.runtime import Node
from node.store.mailbox import Route, note_route, routes
from node.store.peers import Peer, all_peers, peer_by_id
from protocol.codec import encode
from protocol.errors import ErrorNumber, ParasolError, ProtocolError, too_big
from protocol.messages import Message
from protocol.messages_mailbox import Drop, Fetch, Mail

MAIL = Load(ITEM_BYTES, LIST_ROWS, HELD_ROWS, DELTAS)
SOON_US = 300 * SECOND_US  # who was heard so lately, and can call us, is told by a line
MOST_PAGES = 64
WRITTEN_TO = frozenset(state for state in PeerState if state.may_hold_ours)
OTHERS_EVERY = 5  # rounds: how often a holder is asked at which we write to nobody

_log = logging.getLogger("parasol.mail")


@dataclass(slots=True)
class Carried:
    """What one round did, by the names of peers."""

    left: dict[str, int] = field(default_factory=dict)  # messages left for whom
    fetched: dict[str, int] = field(default_factory=dict)  # wires fetched at which holder
    items: int = 0
    unread: int = 0  # wires that were none of a verified peer's, or did not verify
    unanswered: set[str] = field(default_factory=set)  # who wrote, and is written to by no mailbox
    troubles: dict[str, str] = field(default_factory=dict)  # codes, by who it is about


class MailRounds:
    """One node's mail."""

    def __init__(self, node: Node, exchange: Exchange) -> None:
        self._node = node
        self._exchange = exchange
        self._rounds = 0

    async def carry(self, *, at_once: bool = False) -> Carried:
        """Fetch, leave, and say what came of it. `at_once`: also what would wait a while."""
        node, carried = self._node, Carried()
        every = at_once or self._rounds % OTHERS_EVERY == 0
        self._rounds += 1
        peers = {bytes(peer.org): peer for peer in await node.read(all_peers)}
        known = await node.read(routes)
        named = {bytes(route.holder) for route in known}
        for holder in peers.values():
            if _may_ask(holder, node.today) and (every or bytes(holder.org) in named):
                await self._fetch_at(holder, carried)
        for route in await node.read(routes):
            peer, holder_ = peers.get(bytes(route.org)), peers.get(bytes(route.holder))
            if peer is not None and peer.state in WRITTEN_TO:
                await self._leave_for(route, peer, holder_, carried, at_once=at_once)
        return carried

    async def _fetch_at(self, holder: Peer, carried: Carried) -> None:
        try:
            await self._fetch(holder, carried)
        except (ParasolError, TimeoutError) as error:
            carried.troubles[holder.name] = why(error)

    async def _fetch(self, holder: Peer, carried: Carried) -> None:
        acked: tuple[bytes, ...] = ()
        for _ in range(MOST_PAGES):
            answer = await self._exchange.ask(holder.docs, Fetch(acked))
            if not isinstance(answer, Mail):
                raise ProtocolError(ErrorNumber.MALFORMED, "no answer to a fetch")
            if not answer.items:
                return
            for _, wire in answer.items:
                await self._take(wire, carried)
            acked = tuple(mid for mid, _ in answer.items)
            carried.fetched[holder.name] = carried.fetched.get(holder.name, 0) + len(acked)

    async def _take(self, wire: bytes, carried: Carried) -> None:
        """Take in one wire; one that says nothing to us must not keep the others from us."""
        node = self._node
        try:
            taken = await take_in(node, self._exchange, wire)
        except (ProtocolError, Refused) as error:
            if not (isinstance(error, ProtocolError) and error.number is ErrorNumber.STALE):
                carried.unread += 1
            return
        carried.items += taken.items
        if taken.peer is not None and taken.moved:
            await node.change(_answer_due, bytes(taken.peer.org))
            known = {bytes(route.org) for route in await node.read(routes)}
            if taken.peer.endpoint is None and bytes(taken.peer.org) not in known:
                carried.unanswered.add(taken.peer.name)
        if taken.peer is not None:
            await node.change(gone_if_recalled, taken.peer.id)

    async def _leave_for(
        self, route: Route, peer: Peer, holder: Peer | None, carried: Carried, *, at_once: bool
    ) -> None:
        node = self._node
        now = node.context.now_us()
        if not at_once and (now < route.next_us or not is_out_of_reach(node, peer, route)):
            return
        wait_s = RETRY_S
        try:
            if holder is None or not _may_ask(holder, node.today):
                raise Refused("it offers no mailbox")
            if count := await self._leave(route, peer, holder):
                carried.left[peer.name] = count
            trouble, wait_s = "", 0
        except (ParasolError, TimeoutError) as error:
            trouble = "no_mailbox" if isinstance(error, Refused) else why(error)
            if trouble == NARROWED:
                return  # it is put together anew in the next round
            if isinstance(error, PeerRefused) and error.number == ErrorNumber.QUOTA:
                wait_s = max(60, min(error.detail, 24 * RETRY_S))
            elif isinstance(error, Unreachable | TimeoutError):
                wait_s = 60
            carried.troubles[peer.name] = trouble
            _log.info("mail for peer %s: %s", peer.id, trouble)
        if trouble != route.trouble or wait_s:
            next_us = now + wait_s * SECOND_US
            await node.change(note_route, route.org, trouble=trouble, next_us=next_us)

    async def _leave(self, route: Route, peer: Peer, holder: Peer) -> int:
        """Leave all that there is to say, if it was not left already; how many messages."""
        node, exchange = self._node, self._exchange
        narrowings = exchange.narrowings
        hello = _hash([our_hello(node, peer)])
        waits = route.answer_due or await node.read(_is_waiting, peer.id)
        if not waits and hello == route.hello:
            return 0
        messages = await node.change(messages_for, node, peer.id, MAIL)
        said = _hash(messages[1:])
        if (said, hello) == (route.said, route.hello):  # it is there, or was taken in since
            await node.change(note_route, route.org, answer_due=0)
            return 0
        wires = [await exchange.seal(message, peer.docs) for message in messages]
        if any(len(wire) > MOST_WIRE for wire in wires):
            raise too_big("more than a mailbox takes in one message; write a bundle")
        for wire in wires:
            if exchange.narrowings != narrowings:
                raise Unreachable(NARROWED, "something was narrowed; it is told anew")
            await exchange.ask(holder.docs, Drop(peer.org, wire))
        await node.change(_left, node, peer.id, route, messages, (hello, said))
        return len(wires)


def is_out_of_reach(node: Node, peer: Peer, route: Route) -> bool:
    """Whether mail is what reaches a peer now: it has no endpoint, or has not answered for an hour.

    A peer that can call us and did so within minutes hears by that call.
    """
    quiet_us = node.context.now_us() - peer.contact_us
    if route.answer_due:
        return True  # it wrote by mail, so that is how it hears
    if peer.endpoint is not None:
        return peer.failures > 0 and quiet_us > HOUR_US
    return not node.settings.endpoints or quiet_us > SOON_US


def why(error: Exception) -> str:
    """A code for what went wrong with a holder."""
    if isinstance(error, Unreachable):
        return error.why
    if isinstance(error, PeerRefused):
        known = error.number in list(ErrorNumber)
        return ErrorNumber(error.number).name.lower() if known else f"refused_{error.number}"
    return error.code if isinstance(error, ParasolError) else "timeout"


def _may_ask(holder: Peer, today: int) -> bool:
    is_trusted = holder.state is PeerState.TRUSTED
    return is_trusted and holder.endpoint is not None and offers(holder.docs.card, today)


def _is_waiting(connection: Connection, peer_id: int) -> bool:
    """Whether we have something to say to a peer that it has not confirmed, or asked us for."""
    peer = peer_by_id(connection, peer_id)
    if peer.state.heard and (peer.in_relist == ASKED or promised(connection, peer_id)):
        return True
    if not peer.state.may_hold_ours:
        return False
    return not peer.out_listed or bool(peer.out_wanted) or unconfirmed(connection, peer) > 0


def _hash(messages: Sequence[Message]) -> bytes:
    digest = hashlib.blake2b(digest_size=16)
    for message in messages:
        digest.update(encode([message.name, message.encode_body()]))
    return digest.digest()


def _answer_due(connection: Connection, org: bytes) -> None:
    note_route(connection, org, answer_due=1)


def _left(
    connection: Connection,
    node: Node,
    peer_id: int,
    route: Route,
    messages: Sequence[Message],
    hashes: tuple[bytes, bytes],
) -> None:
    told(connection, peer_id, messages)
    hello, said = hashes
    note_route(
        connection, route.org, hello=hello, said=said, answer_due=0,
        left_us=node.context.now_us(),
    )  # fmt: skip
