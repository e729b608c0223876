"""Reports on pages: what is needed, what is stored, what is never lost, and who gets the code."""

import asyncio
import re
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from node.receipt_codes import open_code
from node.store.parked import parked
from node.store.receipt_attempts import Door
from node.web.report_form import CODE_GROUPS
from protocol.vocabulary import CODES
from tests.support.pages import Answer, Pages, Person, pages

Fields = Mapping[str, str | Sequence[str]]
LEAST: Fields = {"codes": "robbery", "when": "yesterday"}


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Pages]:
    async with pages(tmp_path / "node") as found:
        yield found


def hidden(answer: Answer, name: str) -> str:
    found = re.search(rf'name="{name}" value="([^"]*)"', answer.text)
    return found[1] if found else ""


async def begin(person: Person, path: str = "/new") -> dict[str, str | Sequence[str]]:
    """Open the form; what it carries unseen."""
    answer = await person.get(path)
    assert answer.status == 200, answer.words
    return {name: hidden(answer, name) for name in ("once", "writer")}


async def report(person: Person, fields: Fields = LEAST) -> str:
    """Send a report; its code."""
    unseen = await begin(person)
    answer = await person.post("/new", unseen | dict(fields))
    assert answer.goes == "/new/sent", answer.words
    shown = await person.get("/new/sent")
    found = re.search(r'id="words"[^>]*>([^<]+)<', shown.text)
    assert found is not None
    return found[1]


async def drafts(site: Pages) -> list[dict[str, Any]]:
    listed = (await site.node.dispatch("draft_list", {}))["drafts"]
    return [await site.node.dispatch("draft_show", {"id": each["id"]}) for each in listed]


def test_each_code_stands_in_the_form_once() -> None:
    shown = [code for _, codes in CODE_GROUPS for code in codes]
    assert sorted(shown) == sorted(CODES)


async def test_a_member_reports_and_comes_back_with_the_code(site: Pages) -> None:
    one = await site.somebody("member")
    code = await report(one, {
        "codes": ["robbery", "threat"], "when": "today", "slot": "18-24", "phone": "510 555 0123",
        "plate": "7ABC123", "name": "Bob", "text": "Er nahm alles.", "place.city": "Oakland",
        "person.hair": "grey", "consent": ["members", "peers"], "location_type": "hotel",
    })  # fmt: skip
    (draft,) = await drafts(site)
    fields, private = draft["fields"], draft["report"]
    assert fields["codes"] == ["robbery", "threat"]
    assert fields["phone"] == ["+15105550123"]
    assert fields["date.slot"] == "18-24"
    assert fields["basis"] == "first_hand"
    assert fields["text"] == ["en", "Er nahm alles."]
    assert (private["phone"], private["told by"]) == ("510 555 0123", "member")
    assert draft["consent"]["members"] is True
    assert draft["consent"]["print"] is None  # nothing but a yes of hers allows it
    opens = await open_code(site.node, code, Door.PAGE)
    assert opens.draft == draft["id"]


async def test_only_what_and_when_are_needed_and_without_a_tick_nobody_is_warned(
    site: Pages,
) -> None:
    one = await site.somebody("member")
    await report(one)
    (draft,) = await drafts(site)
    done = await site.node.dispatch("draft_publish", {"ids": [draft["id"]]})
    assert done["published"] == []
    assert done["refused"][0]["reason"] == "no_consent"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"when": "today"}, "tick at least one"),
        ({"codes": "theft"}, "roughly when"),
        ({**LEAST, "phone": "4471"}, "no whole number"),
        ({**LEAST, "codes": ["raid", "theft"]}, "accuses nobody is sent alone"),
        ({**LEAST, "codes": "nonsense"}, "Report"),
        ({"codes": "theft", "when": "earlier", "day": "2031-01-01"}, "no such day"),
        ({**LEAST, "place.region": "nowhere"}, "written as a code"),
        ({**LEAST, "place.district": "Docks"}, "Write the city too"),
        ({**LEAST, "person.hair": "x" * 290}, "cannot be read"),
        ({**LEAST, "reach": "+44 7700 900123"}, "how to reach you"),
        ({**LEAST, "text": "y" * 20_000}, "too long"),
    ],
)
async def test_a_form_that_cannot_be_read_comes_back_with_everything_in_it(
    site: Pages, fields: dict[str, str], says: str
) -> None:
    one = await site.somebody("member")
    unseen = await begin(one)
    typed = {"name": "Grey Bob", "text": "He had <b>two</b> phones.", "consent": "print"}
    answer = await one.post("/new", unseen | typed | fields)
    assert answer.status == 400
    assert says in answer.words
    assert 'value="Grey Bob"' in answer.text
    assert "<b>two</b>" not in answer.text
    assert (typed | fields)["text"][:30].replace("<", "&lt;").replace(">", "&gt;") in answer.text
    assert re.search(r'value="print" checked', answer.text)
    for name in ("phone", "place.district", "reach", "person.hair"):
        if name in fields:
            assert f'value="{fields[name]}"' in answer.text
    assert hidden(answer, "once") == unseen["once"]
    assert await drafts(site) == []


async def test_a_form_sent_twice_makes_one_report_and_the_code_is_still_shown(site: Pages) -> None:
    one = await site.somebody("member")
    unseen = await begin(one)
    for _ in range(3):
        assert (await one.post("/new", unseen | dict(LEAST))).goes == "/new/sent"
    assert len(await drafts(site)) == 1
    shown = await one.get("/new/sent")
    assert 'id="words"' in shown.text
    await one.post("/new/sent")
    assert 'id="words"' not in (await one.get("/new/sent")).text


async def test_a_long_story_is_kept_whole_and_left_for_the_desk_to_cut(site: Pages) -> None:
    one = await site.somebody("member")
    await report(one, {**LEAST, "text": "Она ждала. " * 800})
    (draft,) = await drafts(site)
    assert "text" not in draft["fields"]
    assert draft["report"]["text"].count("ждала") == 800


async def test_script_and_marks_of_direction_are_words_and_nothing_else(site: Pages) -> None:
    one = await site.somebody("member")
    await report(one, {**LEAST, "text": "<script>alert(1)</script>\u202ea\x00b", "name": "\u2066x"})
    (draft,) = await drafts(site)
    assert draft["fields"]["text"] == ["en", "<script>alert(1)</script>ab"]
    assert draft["fields"]["name"] == ["x"]


async def test_a_megabyte_of_text_is_refused_and_nothing_breaks(site: Pages) -> None:
    one = await site.somebody("member")
    unseen = await begin(one)
    answer = await one.post("/new", {**unseen, **LEAST, "text": "z" * 1_000_000})
    assert answer.status == 413
    assert await drafts(site) == []
    assert (await one.get("/me")).status == 200


async def test_outreach_workers_report_for_others_with_consent_and_members_do_not(
    site: Pages,
) -> None:
    worker = await site.somebody("outreach")
    await begin(worker)
    await report(worker)
    member = await site.somebody("member")
    await report(member, {**LEAST, "basis": "with_consent"})
    bases = [each["fields"]["basis"] for each in await drafts(site)]
    assert sorted(bases) == ["first_hand", "with_consent"]


async def test_how_to_reach_her_stays_in_the_private_report_and_only_if_she_wants(
    site: Pages,
) -> None:
    one = await site.somebody("member")
    reach = {"reach": "07700 900123, mornings", "say": "The library"}
    await report(one, {**LEAST, **reach, "consent": ["members", "contact"]})
    (draft,) = await drafts(site)
    assert draft["report"]["reporter:reach"] == reach["reach"]
    assert draft["report"]["reporter:say"] == reach["say"]
    assert "900123" not in str(draft["fields"])


async def test_what_the_law_asks_for_is_read_before_anything_is_written(site: Pages) -> None:
    text = (await site.node.dispatch("policy_show", {}))["text"]
    told = 'mandatory_reporting = "We must tell of a child in danger."\n'
    text = re.sub(r"(?m)^mandatory_reporting = .*\n", "", text)
    await site.node.dispatch("policy_apply", {"text": told + text})
    one = await site.somebody("member")
    first = await one.get("/new")
    assert "We must tell of a child in danger." in first.words
    assert "robbery" not in first.text
    mark = re.search(r'href="(/new\?read=\w+)"', first.text)
    assert mark is not None
    answer = await one.post("/new", LEAST)
    assert (answer.status, "tick that you have" in answer.words) == (400, True)
    form = await one.get(mark[1])
    unseen = {name: hidden(form, name) for name in ("once", "writer", "read")}
    assert (await one.post("/new", unseen | dict(LEAST))).goes == "/new/sent"


async def test_visitors_report_only_where_the_organisation_says_so(
    site: Pages, tmp_path: Path
) -> None:
    stranger = site.person()
    await stranger.get("/in")
    assert (await stranger.get("/new")).goes == "/in"
    assert (await stranger.post("/new", LEAST)).status in {303, 403}
    assert await drafts(site) == []
    async with pages(tmp_path / "open", public_reports=True) as other:
        visitor = other.person()
        assert 'href="/new"' in (await visitor.get("/in")).text
        await report(visitor)
        (draft,) = await drafts(other)
        assert draft["report"]["told by"] == "visitor"
        assert (await visitor.post("/new/keep", LEAST)).status in {303, 403}


async def test_a_visitor_without_cookies_gets_her_form_back(tmp_path: Path) -> None:
    async with pages(tmp_path / "open", public_reports=True) as site:
        visitor = site.person()
        await visitor.get("/new")
        answer = await visitor.post("/new", {**LEAST, "name": "Grey Bob"}, proof="nothing")
        assert (answer.status, 'value="Grey Bob"' in answer.text) == (403, True)
        assert await drafts(site) == []


async def test_reports_of_visitors_are_bounded_all_together(tmp_path: Path) -> None:
    async with pages(tmp_path / "open", public_reports=True) as site:
        took = 0
        for _ in range(32):
            visitor = site.person()
            unseen = await begin(visitor)
            answer = await visitor.post("/new", {**unseen, **LEAST, "name": "Grey Bob"})
            took += answer.status == 303
            if answer.status != 303:
                assert (answer.status, 'value="Grey Bob"' in answer.text) == (429, True)
        assert took == 30


# A half-written report


async def test_a_session_that_ends_mid_report_loses_nothing(site: Pages) -> None:
    one = await site.somebody("member", "Heron")
    unseen = await begin(one)
    site.clock.now += 2 * 3_600_000_000
    answer = await one.post("/new", {**unseen, "codes": "theft", "name": "Grey Bob"})
    assert answer.status == 403
    assert "What you wrote is kept" in answer.words
    answer = await one.sign_in("Heron")
    assert answer.goes.startswith("/new")
    assert "You began a report" in (await one.get("/new")).words
    form = await one.get("/new?on=1")
    assert 'value="Grey Bob"' in form.text
    assert re.search(r'value="theft" checked', form.text)


async def test_a_session_long_gone_loses_nothing_either(site: Pages) -> None:
    one = await site.somebody("member", "Heron")
    unseen = await begin(one)
    await one.post("/done")
    await one.get("/in")
    answer = await one.post("/new", {**unseen, **LEAST, "name": "Grey Bob"})
    assert "What you wrote is kept" in answer.words
    await one.sign_in("Heron")
    assert 'value="Grey Bob"' in (await one.get("/new?on=1")).text


async def test_nobody_else_at_that_phone_is_given_it(site: Pages) -> None:
    one = await site.somebody("member", "Heron")
    await site.somebody("member", "Wren")
    unseen = await begin(one)
    await one.post("/new/keep", {**unseen, "name": "Grey Bob"})
    await one.post("/done")
    assert (await one.sign_in("Wren")).goes == "/"
    assert "Grey Bob" not in (await one.get("/new")).text
    assert "Grey Bob" not in (await one.get("/new?on=1")).text
    # and what is sent from an old page of Heron's goes to Heron
    answer = await one.post("/new", {**unseen, **LEAST, "name": "Old Bob"}, proof="old")
    assert answer.status == 403
    assert "Old Bob" not in (await one.get("/new?on=1")).text
    await one.post("/done")
    await one.sign_in("Heron")
    assert "Old Bob" in (await one.get("/new?on=1")).text


async def test_what_the_script_keeps_is_offered_and_can_be_thrown_away(site: Pages) -> None:
    one = await site.somebody("member")
    unseen = await begin(one)
    assert (await one.post("/new/keep", {**unseen, "text": "He was"})).status == 204
    assert "You began a report" in (await one.get("/new")).words
    assert "He was" in (await one.get("/new?on=1")).text
    await one.post("/new/drop")
    assert "You began a report" not in (await one.get("/new")).words


async def test_without_script_a_button_keeps_it(site: Pages) -> None:
    one = await site.somebody("member")
    unseen = await begin(one)
    assert (
        await one.post("/new", {**unseen, "text": "He was", "later": "1"})
    ).goes == "/?done=kept"
    assert "He was" in (await one.get("/new?on=1")).text


async def test_a_report_that_was_sent_is_kept_no_more_also_where_the_script_is_late(
    site: Pages,
) -> None:
    one = await site.somebody("member")
    unseen = await begin(one)
    await one.post("/new/keep", {**unseen, "text": "He was"})
    await one.post("/new", {**unseen, **LEAST})
    await one.post("/new/keep", {**unseen, "text": "He was"})
    assert "You began a report" not in (await one.get("/new")).words


async def test_what_another_member_s_form_says_is_not_kept_for_who_is_signed_in(
    site: Pages,
) -> None:
    one, other = await site.somebody("member", "Heron"), await site.somebody("member", "Wren")
    hers = await begin(one)
    await begin(other)
    assert (await other.post("/new/keep", {**hers, "text": "hers"})).status == 400
    assert await site.node.read(parked, "nobody", "report", site.clock.now) == ()


async def test_the_code_is_for_this_browser_and_some_minutes(site: Pages) -> None:
    one, other = await site.somebody("member", "Heron"), await site.somebody("member", "Wren")
    unseen = await begin(one)
    await one.post("/new", {**unseen, **LEAST})
    assert 'id="words"' not in (await other.get("/new/sent")).text
    assert 'id="words"' in (await one.get("/new/sent")).text
    site.clock.now += 6 * 60_000_000
    assert 'id="words"' not in (await one.get("/new/sent")).text


async def test_a_form_sent_twice_at_the_same_moment_makes_one_report(site: Pages) -> None:
    one = await site.somebody("member")
    unseen = await begin(one)
    answers = await asyncio.gather(*(one.post("/new", {**unseen, **LEAST}) for _ in range(4)))
    assert {each.goes for each in answers} == {"/new/sent"}
    assert len(await drafts(site)) == 1
    assert 'id="words"' in (await one.get("/new/sent")).text


async def test_every_word_for_when_becomes_a_day_a_week_or_a_month(site: Pages) -> None:
    one = await site.somebody("member")  # 20 January 2026, a Tuesday, where the organisation is
    for when, field, value in (
        ("today", "date.day", "2026-01-20"), ("yesterday", "date.day", "2026-01-19"),
        ("this_week", "date.week", "2026-W04"), ("last_week", "date.week", "2026-W03"),
        ("this_month", "date.month", "2026-01"), ("last_month", "date.month", "2025-12"),
    ):  # fmt: skip
        await report(one, {"codes": "theft", "when": when, "name": when})
        (found,) = [d for d in await drafts(site) if d["fields"]["name"] == [when]]
        assert found["fields"][field] == value
    await report(one, {"codes": "theft", "when": "earlier", "month": "2025-09", "name": "month"})
    await report(one, {"codes": "theft", "when": "today", "day": "2026-01-02", "name": "day"})
    dates = {d["fields"]["name"][0]: d["fields"] for d in await drafts(site)}
    assert dates["month"]["date.month"] == "2025-09"
    assert dates["day"]["date.day"] == "2026-01-02"


async def test_a_member_s_report_never_goes_out_as_a_visitor_s(tmp_path: Path) -> None:
    async with pages(tmp_path / "open", public_reports=True) as site:
        one = await site.somebody("member", "Heron")
        unseen = await begin(one)
        site.clock.now += 2 * 3_600_000_000
        answer = await one.post("/new", {**unseen, **LEAST, "name": "Grey Bob"})
        assert (answer.status, "What you wrote is kept" in answer.words) == (403, True)
        assert await drafts(site) == []
        await one.sign_in("Heron")
        form = await one.get("/new?on=1")
        again = {name: hidden(form, name) for name in ("once", "writer")}
        assert (await one.post("/new", {**again, **LEAST})).goes == "/new/sent"
        (draft,) = await drafts(site)
        assert draft["report"]["told by"] == "member"
