"""A stranger who opens connections and says nothing must not keep a node from its peers."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import aiohttp
import pytest

from federation import door
from federation.endpoint import Endpoint

PATH = "s" * 32


async def answer(wire: bytes) -> bytes | None:
    if wire == b"wait":
        await asyncio.sleep(1.5)
    return b"answered " + wire


@contextlib.asynccontextmanager
async def listening() -> AsyncIterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port: int = free.getsockname()[1]
    endpoint = Endpoint("127.0.0.1", port, PATH, answer)
    await endpoint.start()
    try:
        yield port
    finally:
        await endpoint.stop()


async def ask(port: int, wire: bytes) -> bytes:
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"http://127.0.0.1:{port}/{PATH}", data=wire) as response,
    ):
        assert response.status == 200
        return await response.read()


async def crowd(port: int, said: bytes, count: int) -> list[asyncio.StreamWriter]:
    writers = []
    for _ in range(count):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(said)
        writers.append(writer)
    await asyncio.sleep(0.1)
    return writers


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"POST /",
        f"POST /{PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 900\r\n\r\nab".encode(),
    ],
)
async def test_connections_that_say_nothing_give_way_to_one_that_does(
    monkeypatch: pytest.MonkeyPatch, said: bytes
) -> None:
    monkeypatch.setattr(door, "MOST_OPEN", 20)
    async with listening() as port:
        waiting = asyncio.create_task(ask(port, b"wait"))
        await asyncio.sleep(0.3)
        writers = await crowd(port, said, 60)
        assert await asyncio.wait_for(ask(port, b"hello"), 3) == b"answered hello"
        assert await asyncio.wait_for(waiting, 5) == b"answered wait"  # a long poll is not cut
        for writer in writers:
            writer.close()


async def test_a_connection_that_says_nothing_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door, "SILENT_S", 0.3)
    async with listening() as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with contextlib.suppress(ConnectionError):
            assert await asyncio.wait_for(reader.read(), 5) == b""
        writer.close()


async def test_a_connection_that_speaks_again_and_again_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(door, "SILENT_S", 0.6)
    async with listening() as port, aiohttp.ClientSession() as session:
        for _ in range(5):
            url = f"http://127.0.0.1:{port}/{PATH}"
            async with session.post(url, data=b"hello") as response:
                assert await response.read() == b"answered hello"
            await asyncio.sleep(0.3)
