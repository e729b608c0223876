"""Answers what peers ask: opens an envelope, proves its sender, and runs it in one transaction.

    bytes → `Opened` → proved → message → effect and guard in one commit → answer → bytes

Anything that cannot be opened, and anyone we do not know, gets nothing (a bare 404). Until a person
has verified a peer, it is answered nothing but hello.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection, func, select

from federation import origin, receiver
from federation.peers import PeerState
from federation.verify import CheckedItem, Others, check_again, foreign_authors
from keys.documents import Documents
from keys.envelope import Inner, Opened, request_hash
from keys.knock import answer_knock, is_knock
from node.exchange import Exchange, aside
from node.hub import answer_authors, answer_introduce
from node.introductions import our_hello, prove_hello, receive_hello
from node.mailbox import answer_fetch, take_drop
from node.matching import answer_match
from node.pipeline import spread
from node.recall import left_by
from node.runtime import Node
from node.store.authors import WANTS_DOCUMENTS, others_in
from node.store.grants import StoreGrants
from node.store.guards import changes, guard, keep, look, remember
from node.store.hub import hear
from node.store.intake import StoreIntake
from node.store.peers import Peer, peer_by_id, peer_of, sender_of, set_peer
from node.store.records import own_records
from node.store.senders import Sender
from node.store.tables import ledger
from protocol.errors import ErrorNumber, ProtocolError
from protocol.ids import OrgId
from protocol.messages import (
    Bye,
    Delta,
    Err,
    Give,
    List,
    Message,
    Ok,
    Poke,
    Pull,
    decode_body,
)
from protocol.messages_hub import Authors, Introduce
from protocol.messages_mailbox import Drop, Fetch
from protocol.messages_match import Match

BYE_LEFT = 0
MESSAGES_A_MINUTE = 60
CONTACT_EVERY_US = 60_000_000
BURST = 1200  # a long catch-up is many messages; a flood is more


T = TypeVar("T")


class Answering:
    """The node's side of its endpoint. `list_positions` is shared with our own requests."""

    def __init__(self, node: Node, exchange: Exchange, list_positions: dict[int, bytes]) -> None:
        self._node = node
        self._exchange = exchange
        self._list_positions = list_positions
        self._waiting: dict[int, asyncio.Event] = {}  # the one pull of a peer that waits
        self._allowance: dict[bytes, tuple[float, float]] = {}
        self._stopping = asyncio.Event()
        self.on_poke: Callable[[int], None] = lambda _: None

    def wake(self, peers: set[int]) -> None:
        """Some peers have news: answer their waiting pulls."""
        for peer in peers:
            if peer in self._waiting:
                self._waiting[peer].set()

    def stop(self) -> None:
        """End every waiting pull with what there is."""
        self._stopping.set()
        self.wake(set(self._waiting))

    async def answer(self, wire: bytes) -> bytes | None:
        """The answer to one wire; None for a bare 404."""
        try:
            if is_knock(wire):
                return await asyncio.to_thread(answer_knock, wire, self._node.documents)
            opened = await self._exchange.open(wire)
        except ProtocolError:
            return None
        if opened.inner.re:
            return None
        try:
            if opened.inner.type == "hello":
                return await self._hello(opened)
            return await self._request(opened)
        except ProtocolError:
            return None

    async def _hello(self, opened: Opened) -> bytes | None:
        node = self._node
        hello, docs = await asyncio.to_thread(prove_hello, opened, node.today)
        try:
            if await node.read(peer_of, docs.org) is not None:
                self._count(docs.org)
            peer = await receive_hello(node, opened.inner, hello, docs)
        except ProtocolError as error:
            if error.number not in {ErrorNumber.STALE, ErrorNumber.CLOCK, ErrorNumber.QUOTA}:
                raise
            return await self._refuse(opened, docs, error)
        if peer is None:
            return None
        node.on_peers()
        answer = our_hello(node, peer)
        return await self._exchange.seal(answer, docs, re=_re(opened))

    async def _request(self, opened: Opened) -> bytes | None:
        peer = await self._sender(opened.inner.from_org)
        if peer is None:
            return None
        docs = peer.docs
        try:
            size = len(opened.inner.raw)
            await aside(size, self._exchange.prove, opened, docs)
            self._count(peer.org)
            if peer.state is PeerState.GONE:  # it may have missed our goodbye
                return await self._exchange.seal(Bye(BYE_LEFT, 0), docs, re=_re(opened))
            if peer.state in {PeerState.INVITED, PeerState.UNVERIFIED}:
                raise ProtocolError(ErrorNumber.UNVERIFIED_PEER, "not verified yet")
            message = await aside(size, decode_body, opened.inner.type, opened.inner.body)
            answer = await self._effect(peer, opened.inner, message)
        except ProtocolError as error:
            return await self._refuse(opened, docs, error)
        return await self._exchange.seal(answer, docs, re=_re(opened))

    async def _sender(self, org: bytes) -> Sender | None:
        senders = self._node.context.senders
        known, version = senders.get(org), senders.version
        if known is None:
            known = await self._node.read(sender_of, org)
            if known is not None:
                senders.keep(known, version)
        return known

    async def _refuse(self, opened: Opened, docs: Documents, error: ProtocolError) -> bytes | None:
        if error.number is ErrorNumber.SIGNATURE:
            return None  # whoever sent this is not the peer; it learns nothing
        refusal = Err(error.number, error.detail)
        with contextlib.suppress(ProtocolError):
            return await self._exchange.seal(refusal, docs, re=_re(opened))
        return None

    def _count(self, org: bytes) -> None:
        """60 messages a minute, and a burst for catching up. ProtocolError QUOTA."""
        now = asyncio.get_running_loop().time()
        left, then = self._allowance.get(org, (float(BURST), now))
        left = min(BURST, left + (now - then) * MESSAGES_A_MINUTE / 60) - 1
        self._allowance[org] = (max(left, 0.0), now)
        if left < 0:
            raise ProtocolError(ErrorNumber.QUOTA, "too many messages", 60)

    async def _effect(self, peer: Sender, inner: Inner, message: Message) -> Message:
        match message:
            case Pull():
                return await self._pull(peer, inner, message)
            case Delta():
                return await self._delta(peer, inner, message)
            case List():
                return await self._change(peer, inner, lambda g: origin.on_list(g, message))
            case Give():
                return await self._give(peer, inner, message)
            case Match():
                return await answer_match(self._node, peer.id, inner, message)
            case Drop():
                await self._node.change(take_drop, self._node, inner, message)
                return await self._node.change(self._standing, peer.id)
            case Fetch():
                return await self._node.change(answer_fetch, self._node, inner, message)
            case Poke():
                await self._change(peer, inner, lambda _: None)
                self.on_poke(peer.id)
                return await self._node.change(self._standing, peer.id)
            case Authors():
                return await self._node.change(answer_authors, self._node.context, inner, message)
            case Introduce():
                return await self._node.change(answer_introduce, self._node.context, inner, message)
            case Bye():
                await self._node.change(self._left, peer.id, inner)
                self._node.on_peers()
                return Bye(BYE_LEFT, 0)
            case _:
                raise ProtocolError(ErrorNumber.MALFORMED, "this is no request")

    def _standing(self, connection: Connection, peer_id: int) -> Ok:
        peer = peer_by_id(connection, peer_id)
        intake = StoreIntake(connection, self._node.context, peer, None)
        today = intake.today
        return Ok(intake.channel.cursor, today, intake.digest(today), ())

    async def _change(self, peer: Sender, inner: Inner, effect: Callable[[StoreGrants], T]) -> T:
        """Run one effect on the peer's ledger, with the guard, in one commit."""
        return await self._node.change(self._on_ledger, peer.id, inner, effect)

    def _on_ledger(
        self,
        connection: Connection,
        peer_id: int,
        inner: Inner,
        effect: Callable[[StoreGrants], T],
    ) -> T:
        context = self._node.context
        guard(connection, context, inner)
        return self._granted(connection, peer_id, effect)

    def _granted(
        self, connection: Connection, peer_id: int, effect: Callable[[StoreGrants], T]
    ) -> T:
        context = self._node.context
        grants = StoreGrants(connection, context, peer_by_id(connection, peer_id))
        result = effect(grants)
        grants.save()
        note_contact(connection, grants.peer, context.now_us())
        return result

    def _on_pull(self, connection: Connection, peer_id: int, inner: Inner, pull: Pull) -> Delta:
        """Answer a pull; where it changes nothing, nothing is written, and so nothing awaited."""
        context = self._node.context
        is_behind = look(connection, context, inner)
        before = changes(connection)
        delta = self._granted(connection, peer_id, lambda grants: origin.on_pull(grants, pull))
        if is_behind or changes(connection) != before or context.register.has_staged:
            keep(connection, inner)
        else:
            remember(context, inner)
        return delta

    async def _pull(self, peer: Sender, inner: Inner, pull: Pull) -> Delta | Bye:
        delta = await self._node.change(self._on_pull, peer.id, inner, pull)
        leaves_unreached = peer.state is PeerState.LEAVING and not peer.is_reachable
        if leaves_unreached and await self._node.change(self._parted, peer.id):
            self._node.on_peers()
            return Bye(BYE_LEFT, 0)
        if pull.wait_s == 0 or _says_something(delta, pull):
            return delta
        event = asyncio.Event()
        self.wake({peer.id})  # one that waited is answered now: its asker may be gone
        self._waiting[peer.id] = event
        try:
            async with asyncio.timeout(pull.wait_s):
                while self._waiting.get(peer.id) is event and not self._stopping.is_set():
                    event.clear()  # before the look: news that comes during it is not missed
                    delta = await self._node.change(self._next, peer.id, pull)
                    if _says_something(delta, pull):
                        break
                    await event.wait()
        except TimeoutError:
            pass
        finally:
            if self._waiting.get(peer.id) is event:
                del self._waiting[peer.id]
        return delta

    def _next(self, connection: Connection, peer_id: int, pull: Pull) -> Delta:
        peer = peer_by_id(connection, peer_id)
        grants = StoreGrants(connection, self._node.context, peer)
        delta = origin.next_delta(grants, pull.cursor, pull.asof, pull.max_bytes)
        grants.save()
        return delta

    async def _give(self, peer: Sender, inner: Inner, give: Give) -> Ok:
        node = self._node

        def effect(connection: Connection) -> set[int]:
            context = node.context
            guard(connection, context, inner)
            grants = StoreGrants(connection, context, peer_by_id(connection, peer.id))
            wanted = set(grants.channel.wanted)
            origin.on_give(grants, give)
            grants.save()
            note_contact(connection, grants.peer, context.now_us())
            return spread(connection, context, own_records(connection, context.org, wanted))

        node.on_news(await node.change(effect))
        return await node.change(self._standing, peer.id)

    async def _delta(self, peer: Sender, inner: Inner, delta: Delta) -> Message:
        if not peer.state.heard:
            raise ProtocolError(ErrorNumber.NOT_GRANTED, "not heard")
        author, today = peer.docs.current, self._node.today
        others = await others_of(self._node, delta, peer.org)
        items = await self._node.checking.check(delta.items, author, today, others)
        answer = await self._node.change(
            take_delta, self._node, peer.id, delta, items, self._list_positions, n=inner.n
        )
        if any(item.author and item.problem in WANTS_DOCUMENTS for item in items):
            self.on_poke(peer.id)  # in a conversation of our own we ask whose it is
        return answer

    def _parted(self, connection: Connection, peer_id: int) -> bool:
        """Let a peer go that we are leaving and cannot call, once all is recalled there."""
        peer = peer_by_id(connection, peer_id)
        if peer.state is not PeerState.LEAVING or unconfirmed(connection, peer):
            return False
        set_peer(connection, peer_id, state=PeerState.GONE.value)
        return True

    def _left(self, connection: Connection, peer_id: int, inner: Inner) -> None:
        guard(connection, self._node.context, inner)
        left_by(connection, self._node.context, peer_by_id(connection, peer_id))


def unconfirmed(connection: Connection, peer: Peer) -> int:
    """How many rows of a peer's ledger it has neither confirmed nor holds back."""
    query = select(func.count()).where(
        ledger.c.peer == peer.id, ledger.c.acked_us == 0, ledger.c.held == ""
    )
    return connection.execute(query).scalar_one()


async def others_of(node: Node, delta: Delta, sender: OrgId) -> Others:
    """The documents of the authors that a delta passes on; most pass on none, and none is read."""
    if not foreign_authors(delta.items, sender):
        return {}
    return await node.read(others_in, delta.items, sender)


def take_delta(
    connection: Connection,
    node: Node,
    peer_id: int,
    delta: Delta,
    items: list[CheckedItem],
    list_positions: dict[int, bytes],
    *,
    is_answer: bool = False,
    n: int = 0,
) -> Ok | List | Give:
    """Apply a checked delta in one transaction; returns what we have to say next.

    While it was checked the peer may have been blocked or removed, or its key revoked: both are
    asked again here. A delta that moves nothing on may be a replay, and is no contact. One that
    was pushed tells what its origin says now only where its `n` is of now.
    ProtocolError NOT_GRANTED where the peer is not heard.
    """
    peer = peer_by_id(connection, peer_id)
    if not peer.state.heard:
        raise ProtocolError(ErrorNumber.NOT_GRANTED, "not heard")
    others = others_in(connection, delta.items, peer.org)
    items = check_again(items, peer.docs.current, node.today, others)
    intake = StoreIntake(connection, node.context, peer, list_positions.get(peer_id))
    intake.channel.is_answer = is_answer
    intake.channel.is_now = node.context.is_of_now(n)
    answer = receiver.on_delta(intake, delta, items)
    intake.save()
    is_equal = isinstance(answer, Ok) and not delta.more and answer.digest == delta.digest
    agreed = delta.digest if is_equal and (is_answer or intake.channel.is_now) else None
    rks = [item.rk for item in items]
    hear(connection, node.context, peer, rks, agreed)
    if is_answer or intake.channel.cursor > peer.in_cursor:
        note_contact(connection, peer, node.context.now_us())
    if intake.channel.list_pos is None:
        list_positions.pop(peer_id, None)
    else:
        list_positions[peer_id] = intake.channel.list_pos
    return answer


def note_contact(connection: Connection, peer: Peer, now_us: int) -> None:
    """A verified message of this peer came: it is reachable, whatever we thought.

    Written once a minute, since a commit costs more than a message: `peer` is as this transaction
    read it.
    """
    if not knows_contact(peer, now_us):
        set_peer(connection, peer.id, contact_us=now_us, failures=0, next_try_us=0)


def knows_contact(peer: Peer, now_us: int) -> bool:
    """Whether nothing need be written of a message that came from this peer now."""
    is_well = not peer.failures and not peer.next_try_us
    return is_well and 0 <= now_us - peer.contact_us < CONTACT_EVERY_US


def _says_something(delta: Delta, pull: Pull) -> bool:
    if origin.says_nothing(delta):
        return False  # it is answered when there is more
    return bool(delta.items or delta.more or delta.want) or delta.digest != pull.digest


def _re(opened: Opened) -> bytes:
    return request_hash(opened.inner)
