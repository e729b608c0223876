"""What is being sent is held in memory within bounds, over all who send at once."""

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import pytest

from node.web.form import FILE_MOST, TEXTS_MOST
from node.web.room import Room
from node.web.views import report
from tests.support.pages import Pages, Person, pages
from tests.unit.web.test_report_photos import only_draft, photo, send


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Pages]:
    async with pages(tmp_path / "node", public_reports=True) as found:
        yield found


async def _half_a_form(one: Person, size: int) -> asyncio.StreamWriter:
    """A form with a file that is never sent to its end."""
    host, port = one.base.removeprefix("http://").split(":")
    _, out = await asyncio.open_connection(host, int(port))
    out.write(
        f"POST /new HTTP/1.1\r\nHost: {host}:{port}\r\nCookie: p={one.cookie}\r\n"
        "Content-Type: multipart/form-data; boundary=B\r\n"
        f"Content-Length: {FILE_MOST + 1000}\r\n\r\n--B\r\n"
        'Content-Disposition: form-data; name="photo"; filename="a"\r\n\r\n'.encode()
    )
    out.write(bytes(size))
    await out.drain()
    return out


async def _until(room: Room, least: int, most: int) -> None:
    async with asyncio.timeout(10):
        while not least <= room.taken <= most:  # noqa: ASYNC110 - a room tells nobody
            await asyncio.sleep(0.02)


async def test_files_of_all_who_send_share_one_room_and_words_are_kept_without_it(
    site: Pages,
) -> None:
    one, other = await site.somebody("member", "Heron"), await site.somebody("member", "Egret")
    site.gate.room.most = 100_000
    half = await _half_a_form(one, 99_000)
    await _until(site.gate.room, 30_000, 100_000)
    answer = await send(other, photo(), text="a blue van")
    assert answer.status == 400
    assert "a blue van" in answer.words
    half.close()
    await _until(site.gate.room, 0, 0)
    site.gate.room.most = 64 * 1024 * 1024
    assert (await send(other, photo(), text="a blue van")).goes == "/new/sent"
    assert await only_draft(site)
    assert site.gate.room.taken == 0


async def test_visitors_take_no_room_from_members(site: Pages) -> None:
    visitor, member = site.person(), await site.somebody("member")
    await visitor.get("/new")
    site.gate.visitors_room.most = 100_000
    half = await _half_a_form(visitor, 99_000)
    await _until(site.gate.visitors_room, 30_000, 100_000)
    assert (await send(member, photo())).goes == "/new/sent"
    assert (await send(site.person(), photo())).status == 400
    half.close()


@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "multipart/form-data"])
async def test_words_alone_are_never_as_large_as_photos(site: Pages, kind: str) -> None:
    body = b"a" * (2 * TEXTS_MOST)
    if kind.startswith("multipart"):
        kind += "; boundary=B"
        body = (
            b'--B\r\nContent-Disposition: form-data; name="text"\r\n\r\n' + body + b"\r\n--B--\r\n"
        )
    one = await site.somebody("member")
    for chunked in (False, True):
        sent = _pieces(body) if chunked else io.BytesIO(body)
        async with one.session.post("/new", data=sent, headers={"Content-Type": kind}) as answer:
            assert answer.status == 413
    assert site.gate.room.taken == 0


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for at in range(0, len(body), 65536):
        yield body[at : at + 65536]


async def test_many_large_texts_at_once_are_refused_and_small_ones_are_not(site: Pages) -> None:
    one = await site.somebody("member")
    site.gate.room.most = 0
    large = aiohttp.FormData({"csrf": one.proof, "text": "a" * (report.FORM_BYTES - 1000)})
    assert (await one._ask("POST", "/new", data=large)).status == 413
    await one.get("/new")
    assert (await send(one, text="a" * 9000)).goes == "/new/sent"
