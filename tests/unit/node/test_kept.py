"""What a reader keeps in memory is what the store says, whoever commits meanwhile."""

import asyncio
import threading
from functools import partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from federation.peers import PeerState
from node.runtime import Node
from node.store import meta
from node.store.kept import kept
from node.store.lookup import seen
from node.store.peers import set_peer
from tests.support.one_node import befriend, one_node, received

KEY = "told"


def told(connection: Connection) -> int:
    return kept(connection, KEY, lambda: meta.get_int(connection, KEY))


def tell(connection: Connection, value: int) -> int:
    meta.put_int(connection, KEY, value)
    return told(connection)


def become(connection: Connection, state: PeerState) -> None:
    set_peer(connection, 1, state=state.value)


async def everywhere(node: Node) -> list[int]:
    """What each of the connections that read says; several in turn, each once at least."""
    return [await node.read(told) for _ in range(6)]


async def test_what_is_kept_is_read_anew_after_each_commit(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        for value in (1, 2, 3):
            await node.change(partial(tell, value=value))
            assert set(await everywhere(node)) == {value}


async def test_nothing_is_read_twice_while_nothing_is_committed(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        reads: list[None] = []

        def look(connection: Connection) -> None:
            for _ in range(2):
                kept(connection, KEY, lambda: reads.append(None))

        for _ in range(6):
            await node.read(look)
        assert len(reads) == 3  # once for each connection


async def test_what_is_kept_stays_within_a_transaction(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await node.change(partial(tell, value=1))
        begun, committed = asyncio.Event(), threading.Event()
        loop = asyncio.get_running_loop()

        def around(connection: Connection) -> tuple[int, int]:
            before = told(connection)
            loop.call_soon_threadsafe(begun.set)
            assert committed.wait(20)
            return before, told(connection)

        reading = asyncio.create_task(node.read(around))
        await begun.wait()
        await node.change(partial(tell, value=2))
        committed.set()
        assert await reading == (1, 1)
        assert set(await everywhere(node)) == {2}


async def test_who_writes_sees_its_own_change_and_keeps_nothing(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:

        def twice(connection: Connection) -> tuple[int, int]:
            return tell(connection, 4), tell(connection, 5)

        assert await node.change(twice) == (4, 5)

        def fail(connection: Connection) -> None:
            tell(connection, 6)
            raise LookupError

        await asyncio.gather(node.change(fail), return_exceptions=True)
        assert await node.change(told) == 5
        assert set(await everywhere(node)) == {5}


async def test_another_day_is_not_what_was_kept_of_this_one(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        today = node.today
        assert (await node.read(seen, node.context)).today == today
        now = node.context.now_us()
        node.context.now_us = lambda: now + 86_400_000_000
        for _ in range(3):
            assert (await node.read(seen, node.context)).today == today + 1


async def test_checks_at_once_show_nobody_who_was_blocked_before_they_began(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        await received(node, await befriend(node, "Harbour"), phone=["+15105550123"])

        async def found() -> int:
            answer: dict[str, Any] = await node.dispatch("check", {"text": "510 555 0123"})
            return len(answer["matches"])

        for state, shown in ((PeerState.BLOCKED, 0), (PeerState.TRUSTED, 1)) * 3:
            early = [asyncio.create_task(found()) for _ in range(20)]
            await node.change(partial(become, state=state))
            assert set(await asyncio.gather(*(found() for _ in range(50)))) == {shown}
            await asyncio.gather(*early)
