"""Coming back with a receipt code: who gets in, what is shown, and what changes at once."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from node.asking_back import ask
from tests.support.one_node import befriend
from tests.support.pages import Pages, Person, pages


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Pages]:
    async with pages(tmp_path / "node") as found:
        yield found


async def told(site: Pages, *scopes: str) -> tuple[str, str]:
    made: dict[str, Any] = await site.node.dispatch(
        "draft_new",
        {"fields": {"codes": ["RB"], "city": ["Oakland"]}, "receipt": True,
         "consent": list(scopes) or ["members", "peers"]},
    )  # fmt: skip
    return made["id"], made["receipt"]


async def opened(site: Pages, code: str) -> Person:
    one = site.person()
    await one.get("/code")
    answer = await one.post("/code", {"code": f"  {code.upper()} "})
    assert answer.goes == "/code"
    await one.get("/code")
    return one


async def test_anybody_with_the_words_sees_what_became_of_it(site: Pages) -> None:
    await befriend(site.node, "Harbour")
    draft, code = await told(site)
    one = await opened(site, code)
    assert "It waits for the desk" in (await one.get("/code")).words
    await site.node.dispatch("draft_publish", {"ids": [draft]})
    words = (await one.get("/code")).words
    assert "is in force" in words
    assert "Harbour : alert – not confirmed yet" in words


async def test_a_report_that_a_member_opened_closes_when_her_session_is_ended_elsewhere(
    site: Pages,
) -> None:
    _, code = await told(site)
    lost, other = await site.somebody("member", "Heron"), site.person()
    await lost.get("/code")
    await lost.post("/code", {"code": code})
    assert "waits for the desk" in (await lost.get("/code")).words
    await other.sign_in("Heron")
    await other.get("/me")
    await other.post("/me/sessions")
    assert (await lost.get("/me")).goes == "/in"
    assert "waits for the desk" not in (await lost.get("/code")).words


async def test_whoever_copied_a_browsers_cookie_does_not_see_what_it_opens_later(
    site: Pages,
) -> None:
    _, code = await told(site)
    one, spy = site.person(), site.person()
    await one.get("/code")
    spy.session.cookie_jar.update_cookies({"p": one.cookie})
    await one.post("/code", {"code": code})
    assert "waits for the desk" in (await one.get("/code")).words
    assert "waits for the desk" not in (await spy.get("/code")).words


async def test_wrong_words_open_nothing_and_the_code_is_in_no_address_or_cookie(
    site: Pages,
) -> None:
    _, code = await told(site)
    one = site.person()
    await one.get("/code")
    for wrong in ("", "one two three four five six", code[:-3], "x" * 5000, "\x00\u202e"):
        answer = await one.post("/code", {"code": wrong})
        assert (answer.status, "Nothing opens" in answer.words) == (400, True)
    answer = await one.post("/code", {"code": code})
    assert answer.goes == "/code"
    first = code.split()[0]
    assert first not in str(answer.headers)
    assert first not in str([(c.key, c.value) for c in one.session.cookie_jar])
    assert first not in (await one.get("/code")).text


async def test_guesses_are_counted_for_all_pages_together(site: Pages) -> None:
    _, code = await told(site)
    seen = []
    for _ in range(32):
        one = site.person()
        await one.get("/code")
        seen.append((await one.post("/code", {"code": "wrong words"})).status)
    assert seen[:30] == [400] * 30
    assert 429 in seen[30:]
    site.clock.now += 60_000_000
    assert (await opened(site, code)).cookie


async def test_a_no_acts_at_once_and_a_yes_waits_for_the_desk(site: Pages) -> None:
    draft, code = await told(site)
    one = await opened(site, code)
    assert (await one.post("/code/consent", {"no": "peers"})).goes == "/code?done=narrowed"
    assert (await one.post("/code/consent", {"yes": "print"})).goes == "/code?done=widened"
    assert "your yes waits for the desk" in (await one.get("/code")).words
    shown = await site.node.dispatch("draft_show", {"id": draft})
    assert shown["consent"]["peers"] is False
    assert shown["consent"]["print"] is not True
    assert (await one.post("/code/consent", {"no": "keep"})).status == 400
    assert (await one.post("/code/consent", {"yes": "<b>"})).status == 400


async def test_what_she_adds_and_answers_waits_for_the_desk(site: Pages) -> None:
    draft, code = await told(site)
    asked = await ask(site.node, draft, "Was the car <b>grey</b>?")
    one = await opened(site, code)
    page = await one.get("/code")
    assert "Was the car <b>grey</b>?" in page.words
    assert "<b>grey" not in page.text
    await one.post("/code/say", {"text": "He limps.", "kind": "add"})
    await one.post("/code/say", {"text": "Not Tuesday.", "kind": "correct"})
    await one.post("/code/say", {"text": "Yes.", "question": asked.id})
    sent = (await site.node.dispatch("receipt_updates", {}))["updates"]
    assert [each["kind"] for each in sent] == ["add", "correct", "answer"]
    assert "The desk asks" not in (await one.get("/code")).words
    again = await one.post("/code/say", {"text": "Yes, again.", "question": asked.id})
    assert again.status == 400


async def test_words_that_are_too_long_come_back(site: Pages) -> None:
    _, code = await told(site)
    one = await opened(site, code)
    answer = await one.post("/code/say", {"text": "w" * 10_001, "kind": "add"})
    assert (answer.status, "w" * 10_001 in answer.text) == (400, True)
    assert (await one.post("/code/say", {"text": " ", "kind": "add"})).status == 400


async def test_all_of_it_is_taken_back_after_one_more_question(site: Pages) -> None:
    draft, code = await told(site)
    await site.node.dispatch("draft_publish", {"ids": [draft]})
    one = await opened(site, code)
    assert "cannot be undone" in (await one.get("/code/back")).words
    assert (await one.post("/code/back")).goes == "/code?done=taken_back"
    page = await one.get("/code")
    assert "All of it is deleted here" in page.words
    assert "/code/say" not in page.text
    (alert,) = (await site.node.dispatch("alert_list", {}))["alerts"]
    assert alert["status"] == "erased"
    assert (await one.post("/code/say", {"text": "more"})).status == 400


@pytest.mark.parametrize("leaving", ["/code/close", "/done", "/out", "time"])
async def test_the_next_person_at_this_browser_sees_nothing_of_it(
    site: Pages, leaving: str
) -> None:
    _, code = await told(site)
    one = await opened(site, code)
    if leaving == "time":
        site.clock.now += 11 * 60_000_000
    elif leaving == "/out":
        await one.get(leaving)
    else:
        await one.post(leaving)
    assert "Oakland" not in (await one.get("/code")).text
    assert "The six words" in (await one.get("/code")).words
    for path in ("/code/say", "/code/consent", "/code/back"):
        answer = await one.post(path, {"text": "x", "no": "peers"})
        assert answer.goes == "/code?done=closed"
    sent = (await site.node.dispatch("receipt_updates", {}))["updates"]
    assert sent == []


async def test_another_browser_is_not_let_in_by_the_first(site: Pages) -> None:
    _, code = await told(site)
    await opened(site, code)
    other = site.person()
    assert "The six words" in (await other.get("/code")).words
