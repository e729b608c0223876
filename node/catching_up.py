"""Takes delta after delta where an origin has more: one is fetched, one checked, others stored.

Taken in turns, a catch-up waits for the network, then for the signatures, then for the disk. Here
each delta but the last is asked for as soon as the one before it is there, with a cursor that is
not durable yet. Such a pull carries no digest, so the origin can confirm nothing by it, and where
we die before the commit, the next pull names the cursor that was kept (docs/spec/07-sync.md, S36).
Deltas are stored in their order; what waits together shares a commit.
"""

import asyncio
from collections import deque
from typing import Any

from sqlalchemy import Connection

from federation import receiver
from federation.verify import CheckedItem
from node.answering import others_of, take_delta
from node.exchange import Exchange
from node.runtime import Node
from node.store.intake import StoreIntake
from node.store.peers import Peer
from protocol.messages import Delta, Message, Ok, Pull

MOST_DELTAS = 1000  # half a million records; the next conversation goes on from there
MOST_UNSTORED = 4  # each holds a quarter of a megabyte


def leads_on(answer: Message) -> bool:
    """Whether this is a delta with another right behind it, and nothing to say in between."""
    if not isinstance(answer, Delta):
        return False
    return answer.more and not answer.want and answer.to_seq > answer.from_seq


class CatchingUp:
    """One node's way through what it lacks of its origins; `list_positions` is the node's."""

    def __init__(self, node: Node, exchange: Exchange, list_positions: dict[int, bytes]) -> None:
        self._node = node
        self._exchange = exchange
        self._list_positions = list_positions

    async def follow(self, peer: Peer, first: Delta) -> "Message | None":
        """Take a delta that leads on, and all like it behind it; what comes then, not taken yet.

        None where what was stored is not what the next delta goes on from. Raises as asking and
        storing do, after all that was checked is stored.
        """
        storing: deque[asyncio.Task[bool]] = deque()
        fetching: asyncio.Task[Message] | None = None
        answer: Message = first
        try:
            for _ in range(MOST_DELTAS):
                if not isinstance(answer, Delta) or not leads_on(answer):
                    break
                fetching = asyncio.create_task(self._fetch(peer, answer.to_seq))
                items = await self._check(peer, answer)
                storing.append(asyncio.create_task(self._store(peer, answer, items)))
                if len(storing) == MOST_UNSTORED and not await storing.popleft():
                    return None
                answer = await fetching
            while storing:
                if not await storing.popleft():
                    return None
        finally:
            left: list[asyncio.Task[Any]] = [*storing]
            if fetching is not None:
                fetching.cancel()
                left.append(fetching)
            await asyncio.gather(*left, return_exceptions=True)
        return answer

    async def _fetch(self, peer: Peer, cursor: int) -> Message:
        request = await self._node.read(self._request, peer, cursor)
        return await self._exchange.ask(peer.docs, request)

    def _request(self, connection: Connection, peer: Peer, cursor: int) -> Pull:
        intake = StoreIntake(connection, self._node.context, peer, None)
        return receiver.pull_ahead(intake, cursor)

    async def _check(self, peer: Peer, delta: Delta) -> list[CheckedItem]:
        node = self._node
        others = await others_of(node, delta, peer.org)
        return await node.checking.check(delta.items, peer.docs.current, node.today, others)

    async def _store(self, peer: Peer, delta: Delta, items: list[CheckedItem]) -> bool:
        """Whether the cursor is now where this delta ends."""
        node = self._node
        said = await node.change(
            take_delta, node, peer.id, delta, items, self._list_positions, is_answer=True
        )
        return isinstance(said, Ok) and said.cursor >= delta.to_seq
