"""A store that gives memory back loses nothing by it, whatever runs meanwhile."""

import asyncio
from pathlib import Path

from node.store import meta
from tests.support.one_node import one_node, published

KEY = "told"


async def test_what_was_read_before_is_read_again(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        alert = await published(node, phone="510 555 0123")
        for _ in range(2):
            found = await node.dispatch("check", {"text": "510 555 0123"})
            assert [match["alert"] for match in found["matches"]] == [alert]
            await node.store.let_go()
        assert await published(node, phone="510 555 0124")


async def test_reads_and_writes_go_on_meanwhile(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:

        async def count() -> None:
            for value in range(20):
                await node.change(meta.put_int, KEY, value)
                assert await node.read(meta.get_int, KEY) == value

        await asyncio.gather(count(), *(node.store.let_go() for _ in range(10)))


async def test_a_store_that_was_never_read_gives_back_nothing(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await node.store.close()
        await node.store.let_go()
