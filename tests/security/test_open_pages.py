"""A stranger who sends forms without end must not keep members from the pages."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest

from federation import door
from node.web.server import PagesServer
from tests.support.one_node import one_node
from tests.support.processes import free_port


@pytest.fixture
async def port(tmp_path: Path) -> AsyncIterator[int]:
    async with one_node(tmp_path / "node") as node:
        found = free_port()
        node.settings = replace(node.settings, web_host="127.0.0.1", web_port=found)
        pages = PagesServer(node)
        await pages.start()
        try:
            yield found
        finally:
            await pages.stop()


def _head(port: int, path: str, kind: str, size: int) -> bytes:
    return (
        f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: {kind}\r\n"
        f"Content-Length: {size}\r\n\r\n"
    ).encode()


async def _opened(port: int) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.get(f"http://127.0.0.1:{port}/in") as answer,
    ):
        return answer.status


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
async def test_forms_that_never_come_whole_give_way_to_whoever_opens_a_page(
    port: int, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "MOST_OPEN", 20)
    kind += "; boundary=B" if kind.startswith("multipart") else ""
    assert await _opened(port) == 200  # the pages are loaded
    out = []
    for _ in range(60):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(_head(port, "/in", kind, 900) + b"--B\r\n")
        out.append(writer)
    await asyncio.sleep(0.3)
    try:
        assert await asyncio.wait_for(_opened(port), 5) == 200
    finally:
        for writer in out:
            writer.close()


async def test_a_form_that_comes_slowly_is_heard_to_its_end(
    port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "SILENT_S", 0.5)
    back, out = await asyncio.open_connection("127.0.0.1", port)
    body = b"name=Heron&passphrase=wrong"
    out.write(_head(port, "/in", "application/x-www-form-urlencoded", len(body)))
    for at in range(0, len(body), 9):
        await asyncio.sleep(0.4)
        out.write(body[at : at + 9])
        await out.drain()
    async with asyncio.timeout(5):
        assert (await back.readline()).startswith(b"HTTP/1.1 403")
    out.close()


@pytest.mark.parametrize(
    "broken", ["Cookie: p=secret\x01", "Content-Length: <b>secret", f"X: {'secret' * 2000}"]
)
async def test_a_request_that_cannot_be_read_is_told_nothing_and_shown_nothing_of_it(
    port: int, broken: str
) -> None:
    back, out = await asyncio.open_connection("127.0.0.1", port)
    out.write(f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{broken}\r\n\r\n".encode())
    answer = await asyncio.wait_for(back.read(), 5)
    out.close()
    assert answer.startswith(b"HTTP/1.0 400")
    assert b"secret" not in answer
    assert b"Python" not in answer
    assert b"Cache-Control: no-store" in answer
