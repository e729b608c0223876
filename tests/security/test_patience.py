"""One peer's word must not disturb our talk with others, nor outlast what was narrowed."""

import asyncio
from pathlib import Path

import pytest

from federation.client import Client
from federation.errors import Unreachable
from node.exchange import NARROWED, Exchange
from tests.support.one_node import befriend, one_node


async def test_one_peers_numbers_leave_those_of_others_alone(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        exchange = Exchange(node, Client())
        harbour, lakeside = await befriend(node, "Harbour"), await befriend(node, "Lakeside")
        far = exchange.next_n(harbour.org) + 10**15
        exchange._last_n[harbour.org] = far
        assert exchange.next_n(harbour.org) == far + 1
        assert exchange.next_n(lakeside.org) < far


async def test_records_on_the_way_are_stopped_when_something_is_narrowed(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        exchange = Exchange(node, Client())

        async def slow() -> bytes:
            await asyncio.sleep(60)
            return b""

        on_the_way = asyncio.create_task(exchange._unless_narrowed(slow()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        exchange.narrowed()
        with pytest.raises(Unreachable) as raised:
            await on_the_way
        assert raised.value.why == NARROWED


async def test_an_onion_peer_without_a_proxy_is_never_looked_up() -> None:
    client = Client()
    with pytest.raises(Unreachable) as raised:
        await client.post(f"http://{'a' * 56}.onion/x", b"")
    assert raised.value.why == "no_tor"
    await client.close()
