"""Photos of reports: made anew, sealed, shown to reviewers, purged; bombs and anything else."""

import io
import re
import struct
import tempfile
import zlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import aiohttp
import pytest
from PIL import Image
from sqlalchemy import Connection

from node.duties import do_duties
from node.errors import NotFound
from node.pictures import MOST_BYTES, BadPicture, Darkroom
from node.store.drafts import DAY_US, blank_ended, find_draft, save_draft
from node.store.photos import add_photos, open_photo, photos_of
from node.store.tables_reports import photo_keys, photos
from tests.support.pages import Answer, Pages, Person, pages
from tests.support.store_scan import found_in

SECRET = b"GPS 37.8044 N 122.2712 W"


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Pages]:
    async with pages(tmp_path / "node") as found:
        yield found


def photo(kind: str = "JPEG", size: tuple[int, int] = (1600, 900), orientation: int = 1) -> bytes:
    picture = Image.radial_gradient("L").resize(size).convert("RGB")
    exif = Image.Exif()
    exif[0x010E] = SECRET.decode()  # what it shows
    exif[0x0112] = orientation
    out = io.BytesIO()
    picture.save(out, kind, exif=exif, quality=90)
    return out.getvalue()


def png(width: int, height: int, rows: int) -> bytes:
    """A PNG that says how large it is and holds `rows` rows."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(b"\0" * (width * 3 + 1) * rows, 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


async def send(person: Person, *files: bytes, **fields: str) -> Answer:
    form = await person.get("/new")
    unseen = {
        name: re.search(rf'name="{name}" value="([^"]*)"', form.text)[1]  # type: ignore[index]
        for name in ("once", "writer")
    }
    return await send_form(person, {**unseen, "codes": "theft", "when": "today", **fields}, *files)


async def send_form(person: Person, fields: dict[str, str], *files: bytes) -> Answer:
    form = aiohttp.FormData()
    for name, value in {"csrf": person.proof, **fields}.items():
        form.add_field(name, value)
    for data in files:
        form.add_field("photo", io.BytesIO(data), filename="photo.jpg", content_type="image/jpeg")
    return await person._ask("POST", "/new", data=form)


async def only_draft(site: Pages) -> str:
    (line,) = (await site.node.dispatch("draft_list", {}))["drafts"]
    found: str = line["id"]
    return found


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
async def test_a_photo_is_made_anew_small_upright_and_without_what_was_in_it(kind: str) -> None:
    body = await Darkroom().develop(photo(kind, (4000, 2000), orientation=6))
    made = Image.open(io.BytesIO(body))
    assert (made.format, made.size) == ("WEBP", (640, 1280))
    assert len(body) <= 60_000
    assert SECRET not in body
    assert b"EXIF" not in body
    assert not made.getexif()


@pytest.mark.parametrize(
    "data",
    [
        b"", b"GIF89a" + b"\0" * 100, b"\xff\xd8\xff" + b"x" * 1000, b"RIFF\0\0\0\0WEBPVP8 ",
        photo()[:2000], png(50_000, 50_000, 1), png(30_000, 100, 100), png(6000, 5000, 5000),
        b"<svg xmlns='http://www.w3.org/2000/svg'/>", b"\xff\xd8\xff" + b"\0" * (MOST_BYTES + 1),
    ],
    ids=["empty", "gif", "no-jpeg", "no-webp", "cut", "huge", "wide", "many-pixels", "svg", "long"],
)  # fmt: skip
async def test_what_is_no_photo_or_a_bomb_is_refused_and_the_next_is_taken(data: bytes) -> None:
    room = Darkroom()
    with pytest.raises(BadPicture):
        await room.develop(data)
    assert await room.develop(photo())


async def test_a_reviewer_looks_at_a_photo_and_nobody_else_does(site: Pages) -> None:
    one = await site.somebody("member")
    assert (await send(one, photo(), photo("PNG"))).goes == "/new/sent"
    draft = await only_draft(site)
    lines = await site.node.read(photos_of, draft)
    assert [each.number for each in lines] == [1, 2]
    reviewer = await site.somebody("reviewer")
    answer = await reviewer.get(f"/desk/{draft}/photo/1")
    assert answer.status == 200
    assert answer.headers["Content-Type"] == "image/webp"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert Image.open(io.BytesIO(answer.body)).size == (1280, 720)
    for number in ("3", "x", "-1", "9" * 20, "%C2%B2", "1%00"):
        assert (await reviewer.get(f"/desk/{draft}/photo/{number}")).status == 404
    assert (await reviewer.get("/desk/other/photo/1")).status == 404
    for role in ("member", "outreach", "visitor"):
        other = await site.somebody(role, f"another {role}")
        answer = await other.get(f"/desk/{draft}/photo/1")
        assert (answer.status, b"WEBP" in answer.body) in {(403, False), (303, False)}


async def test_photos_that_could_be_read_wait_while_the_rest_of_the_form_is_put_right(
    site: Pages,
) -> None:
    one = await site.somebody("member")
    answer = await send(one, photo(), b"\xff\xd8\xffnothing", phone="4471")
    assert answer.status == 400
    assert "One photo could not be read" in answer.words
    assert "1 photo is attached" in answer.words
    fields = {
        name: re.search(rf'name="{name}" value="([^"]*)"', answer.text)[1]  # type: ignore[index]
        for name in ("once", "writer")
    }
    sent = await send_form(one, {**fields, "codes": "theft", "when": "today"})
    assert sent.goes == "/new/sent"
    assert len(await site.node.read(photos_of, await only_draft(site))) == 1


async def test_more_than_four_photos_are_not_taken(site: Pages) -> None:
    one = await site.somebody("member")
    answer = await send(one, *[photo(size=(40, 30))] * 5)
    assert (answer.status, "At most 4 photos" in answer.words) == (400, True)


async def _rows(site: Pages) -> tuple[int, int]:
    def count(connection: Connection) -> tuple[int, int]:
        return tuple(len(connection.execute(t.select()).fetchall()) for t in (photos, photo_keys))  # type: ignore[return-value]

    return await site.node.read(count)


@pytest.mark.parametrize("end", ["refuse", "publish", "withdraw", "blank"])
async def test_photos_go_with_the_private_report(site: Pages, end: str) -> None:
    one = await site.somebody("member")
    await send(one, photo(), consent="members")
    words = re.search(r'id="words"[^>]*>([^<]+)<', (await one.get("/new/sent")).text)
    assert words is not None
    draft = await only_draft(site)
    assert await _rows(site) == (1, 1)
    if end == "refuse":
        await site.node.dispatch("draft_refuse", {"id": draft})
    elif end == "publish":  # this policy keeps nothing that leads to a reporter from then on
        assert (await site.node.dispatch("draft_publish", {"ids": [draft]}))["published"]
    elif end == "withdraw":
        await site.node.dispatch("receipt_withdraw", {"code": words[1]})
    else:
        await site.node.dispatch("draft_refuse", {"id": draft})
        await site.node.change(blank_ended, site.clock.now + 31 * DAY_US)
    assert await _rows(site) == (0, 0)
    with pytest.raises(NotFound):
        await site.node.read(open_photo, draft, 1)


def _in_clear(folder: Path, needles: Sequence[bytes]) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files for each in needles if each in path.read_bytes()]


async def test_nothing_of_a_report_or_a_photo_lies_on_the_disk_in_clear(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    home = tmp_path / "node"
    async with pages(home) as site:
        one = await site.somebody("member")
        words = "a heron on the pier"
        await send(one, photo(), text=words, phone="+1 510 555 0123")
        draft = await only_draft(site)
        body = await site.node.read(open_photo, draft, 1)
        needles = (words.encode(), b"5105550123", b"510 555 0123", body[200:264], SECRET)
        assert _in_clear(tmp_path, needles) == []
        key = site.node.keystore.store_key
        # who has the store's key finds the words, and the photo only sealed
        assert found_in(home, key, [words.encode()])
        assert not found_in(home, key, [body[200:264]])
        code = re.search(r'id="words"[^>]*>([^<]+)<', (await one.get("/new/sent")).text)
        assert code is not None
        assert not found_in(home, key, [code[1].encode()])
        await site.node.dispatch("receipt_withdraw", {"code": code[1]})
        await site.node.store.checkpoint()
        assert not found_in(home, key, [words.encode()])
    assert list(scratch.iterdir()) == []
    assert "heron" not in caplog.text
    assert "0123" not in caplog.text


async def test_a_photo_that_is_far_too_large_costs_none_of_the_words(site: Pages) -> None:
    one = await site.somebody("member")
    answer = await send(one, b"\xff\xd8\xff" + b"\0" * (20 * 1024 * 1024), name="Grey Bob")
    assert (answer.status, 'value="Grey Bob"' in answer.text) == (400, True)
    assert "One photo could not be read" in answer.words
    assert await site.node.dispatch("draft_list", {}) == {"drafts": []}


async def test_a_session_that_ends_keeps_the_words_and_not_the_photos(site: Pages) -> None:
    one = await site.somebody("member", "Heron")
    form = await one.get("/new")
    writer = re.search(r'name="writer" value="([^"]*)"', form.text)
    assert writer is not None
    site.clock.now += 2 * 3_600_000_000
    answer = await send_form(one, {"writer": writer[1], "name": "Grey Bob"}, photo())
    assert "What you wrote is kept" in answer.words
    await one.sign_in("Heron")
    assert 'value="Grey Bob"' in (await one.get("/new?on=1")).text
    assert await _rows(site) == (0, 0)


async def test_a_purged_photo_that_a_backup_brings_back_goes_again(site: Pages) -> None:
    one = await site.somebody("member")
    await send(one, photo(), consent="members")
    node, draft = site.node, await only_draft(site)
    before = await node.read(find_draft, draft)
    body = await node.read(open_photo, draft, 1)
    await node.dispatch("draft_refuse", {"id": draft})
    assert await _rows(site) == (0, 0)

    def put_back(connection: Connection) -> None:
        save_draft(connection, before)
        add_photos(connection, draft, [body], node.context.random)

    await node.change(put_back)
    assert await _rows(site) == (1, 1)
    await do_duties(node)
    assert await _rows(site) == (0, 0)
