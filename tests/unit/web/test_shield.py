"""A member's own list: nothing of it is shown again, and a draft with it waits for two people."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.pages import PASSPHRASE, Pages, Person, pages


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Pages]:
    async with pages(tmp_path / "node") as found:
        yield found


async def enter(one: Person, kind: str, own: str) -> int:
    await one.get("/me/shield")
    return (await one.post("/me/shield", {"kind": kind, "own": own})).status


async def words_of(one: Person, identity: str) -> str:
    found = re.search(r'name="words" value="(\w+)"', (await one.get(f"/desk/{identity}")).text)
    assert found
    return found[1]


async def test_only_the_count_the_kind_and_the_day_are_shown(site: Pages) -> None:
    one = await site.somebody("member", "Wren")
    assert await enter(one, "phone", "510 555 0123") == 303
    assert await enter(one, "phone", "+1 (510) 555-0123") == 303  # the same
    assert await enter(one, "name", "Rosalinda") == 303
    page = await one.get("/me/shield")
    assert "2 entries" in page.words
    assert "phone number, Jan 21, 2026" in page.words
    assert "0123" not in page.text
    assert "osalinda" not in page.text


async def test_what_cannot_be_read_stays_in_the_form(site: Pages) -> None:
    one = await site.somebody("member", "Wren")
    await one.get("/me/shield")
    answer = await one.post("/me/shield", {"kind": "phone", "own": '"><script>1'})
    assert answer.status == 400
    assert "&#34;&gt;&lt;script&gt;1" in answer.text
    assert (await one.post("/me/shield", {"kind": "x", "own": "y" * 100_000})).status == 400


async def test_entries_are_taken_off_one_by_one_or_all_and_never_anothers(site: Pages) -> None:
    one, other = await site.somebody("member", "Wren"), await site.somebody("member", "Lark")
    for number in ("510 555 0123", "510 555 0124", "510 555 0125"):
        await enter(one, "phone", number)
    page = await one.get("/me/shield")
    entry = page.text.partition('name="id" value="')[2].partition('"')[0]
    await other.get("/me/shield")
    await other.post("/me/shield/off", {"id": entry})
    await other.post("/me/shield/off", {"all": "1"})
    assert "3 entries" in (await one.get("/me/shield")).words
    await one.post("/me/shield/off", {"id": entry})
    assert "2 entries" in (await one.get("/me/shield")).words
    await one.post("/me/shield/off", {"all": "1"})
    assert "0 entries" in (await one.get("/me/shield")).words
    assert (await one.post("/me/shield/off", {})).status == 400


async def test_a_report_that_names_a_worker_is_held_until_another_person_agrees(
    site: Pages,
) -> None:
    member = await site.somebody("member", "Wren")
    await enter(member, "name", "Rosalinda")
    form = {"codes": ["NP"], "text": ["he asked for rosalinda"]}
    identity = (await site.node.dispatch("draft_new", {"fields": form}))["id"]
    one, two = await site.somebody("reviewer", "Heron"), await site.somebody("reviewer", "Crane")
    page = await one.get(f"/desk/{identity}")
    assert "This may name a worker" in page.words
    assert "Wren" not in page.words
    assert "It is urgent" not in page.words
    sent = {"words": await words_of(one, identity), "then": "publish", "despite": "on"}
    answer = await one.post(f"/desk/{identity}", sent)
    assert answer.status == 400
    assert "another person must agree" in answer.words
    assert (await one.post(f"/desk/{identity}", sent)).status == 400
    assert (await site.node.dispatch("alert_list", {}))["alerts"] == []
    sent["words"] = await words_of(two, identity)
    assert (await two.post(f"/desk/{identity}", sent)).goes == "/desk?done=published"


async def test_leaving_takes_the_list_along(site: Pages) -> None:
    one = await site.somebody("member", "Wren")
    await enter(one, "phone", "510 555 0123")
    await one.get("/me/leave")
    assert (await one.post("/me/leave", {"passphrase": PASSPHRASE})).status == 303
    form = {"codes": ["NP"], "phone": ["510 555 0123"]}
    identity = (await site.node.dispatch("draft_new", {"fields": form}))["id"]
    shown = await site.node.dispatch("draft_show", {"id": identity})
    assert "may_name_a_worker" not in shown
