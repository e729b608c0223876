"""Envelopes in and out: opens and verifies what arrives, signs and seals what leaves.

What is large runs off the event loop; what is small here, since the trip to a thread and back
takes as long as the work. A request's `n` rises for ever; an answer is bound to its request
by `re`. What a message means is decided in `node.answering` and `node.syncing`.
"""

import asyncio
import contextlib
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any, TypeVar, TypeVarTuple

from federation.client import Client
from federation.errors import Unreachable
from keys.documents import Documents
from keys.envelope import Inner, Opened, make_inner, open_wire, request_hash, seal
from node.errors import PeerTrouble
from node.runtime import Node
from protocol.errors import ErrorNumber, ProtocolError
from protocol.messages import Delta, Err, Give, List, Message, decode_body
from protocol.messages_mailbox import Drop

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

NARROWED = "narrowed"
DAY_US = 86_400_000_000
SMALL_BYTES = 16 * 1024  # some 200 µs of work
SMALL_ITEMS = 4


async def aside(size: int, work: Callable[[*Ts], T], *args: *Ts) -> T:
    """Do work on so many bytes: in a thread where they are many, else at once."""
    if size <= SMALL_BYTES:
        return work(*args)
    return await asyncio.to_thread(work, *args)


def _is_small(message: Message) -> bool:
    match message:
        case Delta() | Give():
            return len(message.items) <= SMALL_ITEMS
        case List():
            return len(message.rows) <= SMALL_ITEMS
        case _:
            return True


class PeerRefused(PeerTrouble):
    """The peer's node refused the request."""

    code = "peer_refused"

    def __init__(self, number: int, detail: int) -> None:
        super().__init__(f"the peer refused: error {number}")
        self.number = number
        self.detail = detail


class Exchange:
    """One node's envelopes. `n` never repeats, for one recipient, here or in a life before."""

    def __init__(self, node: Node, client: Client) -> None:
        self._node = node
        self._client = client
        self._records_on_the_way: set[asyncio.Future[bytes]] = set()
        self.narrowings = 0  # how often something was narrowed while this ran
        # One hello at a time to each organisation: an invite's token opens the door only once.
        self.greeting: defaultdict[bytes, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._last_n: dict[bytes, int] = {}  # of each peer: none may push the others' along

    def next_n(self, org: bytes) -> int:
        """The next number for an organisation: the time in microseconds, or one after the last."""
        n = max(self._node.context.now_us(), self._last_n.get(org, 0) + 1)
        self._last_n[org] = n
        return n

    async def open(self, wire: bytes) -> Opened:
        """Unseal a wire that is meant for us; ProtocolError if it cannot be."""
        node = self._node
        return await aside(len(wire), open_wire, wire, node.box_keys, node.context.org)

    async def seal(self, message: Message, docs: Documents, *, re: bytes = b"") -> bytes:
        """Sign and seal a message to the organisation of `docs`; ProtocolError without a card."""
        wire, _ = await self._sealed(message, docs, re)
        return wire

    async def _sealed(self, message: Message, docs: Documents, re: bytes) -> tuple[bytes, Inner]:
        n = self.next_n(docs.org)
        if _is_small(message):
            return self._seal(message, docs, re, n)
        return await asyncio.to_thread(self._seal, message, docs, re, n)

    def _seal(self, message: Message, docs: Documents, re: bytes, n: int) -> tuple[bytes, Inner]:
        if docs.card is None:
            raise ProtocolError(ErrorNumber.KEY, "there is no card to seal to")
        key = self._node.key
        inner = make_inner(
            message.name, self._node.context.org, key.public, docs.org, n, re,
            message.encode_body(),
        )  # fmt: skip
        return seal(inner, key, docs.card.box_public), inner

    async def ask(self, docs: Documents, message: Message, *, wait_s: int = 0) -> Message:
        """Send a request to an organisation's endpoint and return its verified answer.

        Unreachable, PeerRefused, or ProtocolError for an answer that is not one.
        """
        opened = await self._send(docs, message, wait_s)
        size = len(opened.inner.raw)
        await aside(size, self.prove, opened, docs)
        return await aside(size, decode_body, opened.inner.type, opened.inner.body)

    async def ask_hello(self, docs: Documents, message: Message) -> Opened:
        """Send a hello; the answer is not proved yet, because the documents in it do that."""
        return await self._send(docs, message, 0)

    async def _send(self, docs: Documents, message: Message, wait_s: int) -> Opened:
        card = docs.card
        if card is None or not card.endpoints:
            raise Unreachable("no_endpoint", "it has no endpoint")
        if not card.is_current(self._node.today):
            raise Unreachable("card_expired", "its card has expired; a newer one is asked for")
        wire, inner = await self._sealed(message, docs, b"")
        posting = self._client.post(card.endpoints[0], wire, wait_s=wait_s)
        if isinstance(message, Delta | Drop):
            posting = self._unless_narrowed(posting)
        opened = await self.open(await posting)
        if opened.inner.from_org != docs.org or opened.inner.re != request_hash(inner):
            raise ProtocolError(ErrorNumber.MALFORMED, "an answer to another request")
        if opened.inner.type == "err":
            self.prove(opened, docs)
            refused = decode_body("err", opened.inner.body)
            if isinstance(refused, Err):
                soon = self._node.context.now_us() + DAY_US
                if refused.number == ErrorNumber.STALE and refused.detail <= soon:
                    self._last_n[docs.org] = max(self._last_n[docs.org], refused.detail)
                raise PeerRefused(refused.number, refused.detail)
        return opened

    async def _unless_narrowed(self, posting: Coroutine[Any, Any, bytes]) -> bytes:
        """Post records, but not after something was narrowed since they were put together.

        A connection may take a minute. What was committed meanwhile must not go out as it was.
        """
        task = asyncio.ensure_future(posting)
        self._records_on_the_way.add(task)
        try:
            await asyncio.wait({task})
            if task.cancelled():
                raise Unreachable(NARROWED, "something was narrowed; it is told anew")
            return task.result()
        finally:
            self._records_on_the_way.discard(task)
            task.cancel()

    def narrowed(self) -> None:
        """Something was narrowed: stop what is on the way. It is put together anew."""
        self.narrowings += 1
        for task in self._records_on_the_way:
            task.cancel()

    async def post(self, endpoint: str, raw: bytes) -> bytes:
        """Send bytes that are no envelope, and return the answer as it comes. Unreachable."""
        return await self._client.post(endpoint, raw)

    def prove(self, opened: Opened, docs: Documents) -> None:
        """Prove the sender by a key of its documents that is valid today. ProtocolError."""
        key = opened.inner.from_key
        if docs.current.key_state(key, self._node.today) != "valid":
            raise ProtocolError(ErrorNumber.KEY, "a message under a key that is not valid now")
        opened.verify(key)


@asynccontextmanager
async def exchange_of(node: Node) -> AsyncIterator[Exchange]:
    """The server's exchange, or one with a client of its own where no server runs."""
    if node.exchange is not None:
        yield node.exchange
        return
    settings = node.settings
    client = Client(allow_loopback=settings.allow_loopback, socks_proxy=settings.socks_proxy)
    try:
        yield Exchange(node, client)
    finally:
        with contextlib.suppress(OSError):
            await client.close()
