"""Our own conversations with one peer: introduce, push what it lacks, pull what we lack.

Each step is one commit here and one request to the peer; a conversation may be cut anywhere and is
taken up by the next one. The rules are in `federation.origin` and `federation.receiver`.
"""

import asyncio

from sqlalchemy import Connection

from federation import origin, receiver
from federation.peers import PeerState
from node.answering import BYE_LEFT, knows_contact, note_contact, others_of, take_delta, unconfirmed
from node.catching_up import CatchingUp, leads_on
from node.exchange import Exchange
from node.hub import ask_authors
from node.introductions import note_trouble, our_hello, prove_hello, receive_hello
from node.pipeline import spread
from node.recall import left_by
from node.runtime import Node
from node.store.authors import wanted_documents
from node.store.grants import StoreGrants
from node.store.intake import StoreIntake
from node.store.peers import Peer, peer_by_id, set_peer
from node.store.records import own_records
from protocol.errors import ErrorNumber, ParasolError, ProtocolError
from protocol.messages import Bye, Delta, Give, List, Message, Ok, Pull

MOST_ROUNDS = 1000  # a conversation of half a million records; the next one goes on from there


class Rounds:
    """Conversations with peers, one at a time for each peer and direction."""

    def __init__(self, node: Node, exchange: Exchange, list_positions: dict[int, bytes]) -> None:
        self._node = node
        self._exchange = exchange
        self._list_positions = list_positions
        self._catching_up = CatchingUp(node, exchange, list_positions)

    async def greet(self, peer: Peer) -> Peer:
        """Send our documents, take theirs. Raises as `ask_hello` and `receive_hello` do."""
        node = self._node
        async with self._exchange.greeting[bytes(peer.org)]:
            peer = await node.read(peer_by_id, peer.id)  # one that was under way may have met it
            hello = our_hello(node, peer, peer.token if peer.state is PeerState.INVITED else b"")
            opened = await self._exchange.ask_hello(peer.docs, hello)
            answer, docs = await asyncio.to_thread(prove_hello, opened, node.today)
            greeted = await receive_hello(node, opened.inner, answer, docs, is_answer=True)
            if greeted is None:
                raise ProtocolError(ErrorNumber.KEY, "a hello from an organisation we do not know")
            await node.change(note_trouble, peer.id, "", hello_due=0)
            return await node.read(peer_by_id, peer.id)

    async def push(self, peer: Peer, *, compare: bool = False) -> None:
        """Give the peer what it lacks until it says that it has all of it, or stops moving.

        With `compare` also where nothing is new: its answer shows whether it knows more of us than
        we do, because this store is an older one that was put back.
        """
        node = self._node
        delta = await node.change(self._next_delta, peer.id, compare=compare)
        for _ in range(MOST_ROUNDS):
            if delta is None:
                return
            answer = await self._exchange.ask(peer.docs, delta)
            delta = await self._hear(peer, delta, answer)

    def _next_delta(
        self, connection: Connection, peer_id: int, *, compare: bool = False
    ) -> Delta | None:
        """What to push next; None where the peer is known to have everything."""
        peer = peer_by_id(connection, peer_id)
        grants = StoreGrants(connection, self._node.context, peer)
        channel = grants.channel
        if channel.frozen:
            return None
        is_told = channel.listed and channel.cursor >= channel.pseq
        if is_told and not compare and not unconfirmed(connection, peer):
            return None
        return _next_of(grants)

    async def _hear(self, peer: Peer, sent: Delta, answer: Message) -> Delta | None:
        """Take the peer's answer to a pushed delta; returns what to push next."""
        node = self._node
        match answer:
            case Ok():
                return await node.change(self._on_ok, peer.id, sent, answer)
            case List():
                return await node.change(self._on_list, peer.id, answer)
            case Give():
                news = await node.change(self._on_give, peer.id, answer)
                node.on_news(news - {peer.id})
                return await node.change(self._next_delta, peer.id)
            case _:
                raise ProtocolError(ErrorNumber.MALFORMED, "no answer to a delta")

    def _on_ok(self, connection: Connection, peer_id: int, sent: Delta, answer: Ok) -> Delta | None:
        peer = peer_by_id(connection, peer_id)
        grants = StoreGrants(connection, self._node.context, peer)
        before = grants.channel.cursor
        origin.on_ok(grants, answer)
        grants.save()
        note_contact(connection, grants.peer, self._node.context.now_us())
        channel = grants.channel
        moved = channel.cursor != before or channel.pseq > sent.to_seq
        if channel.frozen or not moved or (channel.listed and channel.cursor >= channel.pseq):
            return None  # all told; what is not confirmed is listed at the next conversation
        return _next_of(grants)

    def _on_list(self, connection: Connection, peer_id: int, listing: List) -> Delta:
        peer = peer_by_id(connection, peer_id)
        grants = StoreGrants(connection, self._node.context, peer)
        delta = origin.on_list(grants, listing)
        grants.save()
        note_contact(connection, grants.peer, self._node.context.now_us())
        return delta

    def _on_give(self, connection: Connection, peer_id: int, give: Give) -> set[int]:
        context = self._node.context
        grants = StoreGrants(connection, context, peer_by_id(connection, peer_id))
        wanted = set(grants.channel.wanted)
        origin.on_give(grants, give)
        grants.save()
        note_contact(connection, grants.peer, context.now_us())
        return spread(connection, context, own_records(connection, context.org, wanted))

    async def pull(self, peer: Peer, wait_s: int = 0) -> bool:
        """Take from the peer what we lack, and confirm it; whether there was anything that moved.

        `wait_s` lets the peer wait for news once.
        """
        try:
            moved, is_settled = await self._pull(peer, wait_s)
            if not is_settled and await ask_authors(self._node, self._exchange, peer):
                again, _ = await self._pull(peer, 0)
                return again or moved
            return moved
        except ProtocolError as error:
            if error.number is not ErrorNumber.NOT_GRANTED:
                raise
            return False  # the peer was let go while its answer was under way: no failure

    async def _pull(self, peer: Peer, wait_s: int) -> tuple[bool, bool]:
        """Whether anything moved, and whether nothing at all is left to ask this peer."""
        node = self._node
        seen: set[tuple[bytes, bytes]] = set()
        for turn in range(MOST_ROUNDS):
            request, is_settled = await node.change(self._pull_request, peer.id, wait_s)
            delta = await self._exchange.ask(peer.docs, request, wait_s=wait_s)
            wait_s = 0
            has_led_on = leads_on(delta)
            if isinstance(delta, Delta) and has_led_on:
                behind = await self._catching_up.follow(peer, delta)
                if behind is None:
                    continue
                if leads_on(behind):
                    return True, False  # as much as one conversation takes; the next one goes on
                delta = behind
            if isinstance(delta, Bye):
                await node.change(left_by, node.context, peer)
                node.on_peers()
                return True, False
            if not isinstance(delta, Delta):
                raise ProtocolError(ErrorNumber.MALFORMED, "no answer to a pull")
            if is_settled and receiver.brings_nothing(request, delta):
                return turn > 0, True
            if not await self._take(peer, delta) and not delta.items and not has_led_on:
                return turn > 0, False
            if (request.digest, delta.digest) in seen:
                return False, False  # nothing moves: what differs waits for a person
            seen.add((request.digest, delta.digest))
        return True, False

    def _pull_request(self, connection: Connection, peer_id: int, wait_s: int) -> tuple[Pull, bool]:
        """The request, and whether an answer that brings nothing leaves nothing to write down."""
        context = self._node.context
        peer = peer_by_id(connection, peer_id)
        intake = StoreIntake(connection, context, peer, None)
        is_in_step = intake.channel.synced and intake.channel.relist == receiver.NOT_ASKED
        is_in_step = is_in_step and peer.org in context.in_step  # else a hub waits for this answer
        is_telling = peer_id in self._list_positions or wanted_documents(connection, peer_id)
        is_settled = is_in_step and not is_telling and knows_contact(peer, context.now_us())
        return receiver.pull(intake, wait_s), is_settled

    async def _take(self, peer: Peer, delta: Delta) -> bool:
        """Apply a delta and say what follows from it; whether another pull is worth while."""
        node = self._node
        said = False
        while True:
            others = await others_of(node, delta, peer.org)
            items = await node.checking.check(delta.items, peer.docs.current, node.today, others)
            next_ = await node.change(
                take_delta, node, peer.id, delta, items, self._list_positions, is_answer=True
            )
            if isinstance(next_, Ok):
                return delta.more or said
            said = True
            try:
                answer = await self._exchange.ask(peer.docs, next_)
            except (ParasolError, TimeoutError):
                self._list_positions.pop(peer.id, None)  # what we listed may not have arrived
                raise
            if not isinstance(answer, Delta):
                return True  # what we gave was taken; ask again what follows
            delta = answer

    async def part(self, peer: Peer) -> bool:
        """Say goodbye to a leaving peer once all is recalled there; whether it is gone."""
        if await self._node.read(unconfirmed, peer):
            return False
        await self._exchange.ask(peer.docs, Bye(BYE_LEFT, 0))
        await self._node.change(set_peer, peer.id, state=PeerState.GONE.value)
        return True


def _next_of(grants: StoreGrants) -> Delta | None:
    """The next delta; None where all that may be told by now was told, and the rest is news."""
    delta = origin.next_delta(grants, grants.channel.cursor, grants.today)
    grants.save()
    return None if origin.says_nothing(delta) else delta
