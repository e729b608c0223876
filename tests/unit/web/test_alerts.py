"""The list of alerts and one alert in full: who sees what, and what reviewers do with it."""

import gzip
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from protocol.codec import Value
from tests.support.one_node import befriend, published, received
from tests.support.pages import Pages, pages

STAFF_ONLY: list[Value] = ["staff", False, False, False, False, []]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Pages]:
    async with pages(tmp_path / "node") as found:
        yield found


async def test_a_list_shows_what_is_in_force_newest_first_twenty_at_a_time(site: Pages) -> None:
    one = await site.somebody("member")
    for number in range(23):
        await published(site.node, codes="RB", phone=f"510 555 01{number:02}", city="Oakland")
    first, second = await one.get("/list"), await one.get("/list?page=1")
    assert (first.text.count("<article"), second.text.count("<article")) == (20, 3)
    assert "555 01 22" in first.words or "0122" in first.words
    assert "0100" in second.words
    assert len(gzip.compress(first.body)) < 14 * 1024
    assert (await one.get("/list?page=99999")).status == 200


async def test_members_see_nothing_of_what_is_hidden_or_for_staff(site: Pages) -> None:
    peer = await befriend(site.node, "Harbour")
    seen = await received(site.node, peer, person__words="Seen One")
    staff = await received(site.node, peer, person__words="Staff Only", terms=STAFF_ONLY)
    hidden = await received(site.node, peer, person__words="Hidden One")
    await site.node.dispatch("verdict_set", {"alert": hidden, "hide": True})
    for role in ("member", "outreach"):
        one = await site.somebody(role)
        page = (await one.get("/list")).words
        assert "Seen One" in page
        assert "Staff Only" not in page
        assert "Hidden One" not in page
        assert (await one.get(f"/list/{seen}")).status == 200
        for alert in (staff, hidden):
            answer = await one.get(f"/list/{alert}")
            assert answer.status == 404
            assert "Only" not in answer.words
            assert "Hidden One" not in answer.words
    reviewer = await site.somebody("reviewer")
    page = (await reviewer.get("/list")).words
    assert "Staff Only" in page
    assert "Hidden One" in page
    assert "hide it from members" in (await reviewer.get(f"/list/{hidden}")).words


async def test_filters_choose_by_severity_code_place_organisation_day_and_state(
    site: Pages,
) -> None:
    peer = await befriend(site.node, "Harbour")
    await published(site.node, codes="RB", name="Graver", city="Oakland")
    gone = await published(site.node, codes="NP", name="Lesser", city="Berkeley")
    other = await received(site.node, peer, person__words="Theirs")
    one = await site.somebody("reviewer")

    async def found(query: str) -> set[str]:
        words = (await one.get(f"/list?{query}")).words
        return {name for name in ("Graver", "Lesser", "Theirs") if name in words}

    assert await found("severity=3") == {"Graver"}
    assert await found("code=non_payment") == {"Lesser", "Theirs"}
    assert await found("place=oakland") == {"Graver"}
    assert await found("place=us-ca") == {"Graver", "Lesser"}
    assert await found("place=us") == {"Graver", "Lesser"}
    assert await found("since=2030-01-01") == set()
    listed = await site.node.dispatch("alert_show", {"alert": other})
    assert await found(f"org={listed['org'][:12]}") == {"Theirs"}
    await site.node.dispatch("alert_withdraw", {"alert": gone})
    assert "withdrawn" not in (await one.get("/list")).words.split("Newest first")[1]
    assert (await one.get("/list?status=withdrawn")).text.count("<article") == 1
    for bad in ("code=%3Cscript%3E", "since=soon", "severity=x", "status=x", "org=nobody"):
        assert (await one.get(f"/list?{bad}")).status == 400
    member = await site.somebody("member")
    assert (await member.get("/list?status=withdrawn")).status == 400


async def test_our_own_severity_counts_for_the_list_and_is_marked(site: Pages) -> None:
    peer = await befriend(site.node, "Harbour")
    alert = await received(site.node, peer, person__words="Judged")
    await site.node.dispatch("verdict_set", {"alert": alert, "severity": 4, "reason": "we know"})
    one = await site.somebody("member")
    assert "Judged" in (await one.get("/list?severity=4")).words
    page = (await one.get(f"/list/{alert}")).words
    assert "we say so; the organisation says: risky" in page
    assert "we know" not in page


async def test_an_alert_in_full_says_what_is_missing_its_language_and_its_corrections(
    site: Pages,
) -> None:
    peer = await befriend(site.node, "Harbour")
    alert = await received(site.node, peer, text=["fr", "Il a pris <b>tout</b>"])
    one = await site.somebody("member")
    answer = await one.get(f"/list/{alert}")
    assert 'lang="fr"' in answer.text
    assert "in French, as it was written" in answer.words
    assert "&lt;b&gt;tout" in answer.text
    assert "Phone number withheld or not recorded" in answer.words
    assert "Its signature is right" in answer.words
    ours = await published(site.node, codes="RB", phone="510 555 0123")
    await site.node.dispatch("alert_correct", {"alert": ours, "fields": {"name": ["Dave"]}})
    assert "Corrected: this is version 2" in (await one.get(f"/list/{ours}")).words


async def test_a_reviewer_judges_and_answers_an_alert_of_another(site: Pages) -> None:
    peer = await befriend(site.node, "Harbour")
    alert = await received(site.node, peer, name=["Dave"])
    one = await site.somebody("reviewer")
    at = f"/list/{alert}/judge"
    assert (await one.get(at)).status == 200
    wrong = await one.post(at, {"do": "verdict", "severity": "4", "note": "take <care>"})
    assert wrong.status == 400
    assert "take &lt;care&gt;" in wrong.text
    done = await one.post(at, {"do": "verdict", "hide": "on", "note": "take care", "severity": ""})
    assert (done.status, done.goes) == (303, f"/list/{alert}?done=saved")
    (verdict,) = (await site.node.dispatch("verdict_list", {}))["verdicts"]
    assert (verdict["hide"], verdict["note"]) == (True, "take care")
    await one.post(at, {"do": "clear"})
    assert (await site.node.dispatch("verdict_list", {}))["verdicts"] == []
    assert (await one.post(at, {"do": "dispute", "why": ""})).status == 400
    await one.post(at, {"do": "dispute", "why": "that plate is a bus"})
    assert "that plate is a bus" in (await one.get(f"/list/{alert}")).words
    await one.post(at, {"do": "take_back"})
    assert "that plate is a bus" not in (await one.get(f"/list/{alert}")).words
    await one.post(at, {"do": "adopt"})
    assert len((await site.node.dispatch("draft_list", {}))["drafts"]) == 1
    acts = (await site.node.dispatch("audit", {"alert": alert}))["acts"]
    assert {act["who"] for act in acts} == {"a reviewer"}
    assert (await one.get(f"/list/{alert}/change")).goes == at


async def test_a_reviewer_corrects_narrows_and_takes_back_an_alert_of_ours(site: Pages) -> None:
    alert = await published(site.node, codes="RB", phone="510 555 0123", name="Dave")
    one = await site.somebody("reviewer")
    at = f"/list/{alert}/change"
    page = await one.get(at)
    assert page.status == 200
    assert "+15105550123" in page.text
    refused = await one.post(
        at, {"do": "correct", "codes": "robbery", "codes_shown": "1", "f.date": "the 45th of May"}
    )
    assert refused.status == 400
    assert "the 45th of May" in refused.text
    await one.post(at, {"do": "correct", "codes": "robbery", "codes_shown": "1", "f.name": "David"})
    shown = await site.node.dispatch("alert_show", {"alert": alert})
    assert shown["fields"]["name"] == ["David"]
    assert shown["fields"]["phone"] == ["+15105550123"]
    await one.post(at, {"do": "narrow", "withhold": ["name"]})
    assert "Something of it is kept back" in (await one.get(at)).words
    await one.post(at, {"do": "widen"})
    assert "Something of it is kept back" not in (await one.get(at)).words
    await one.post(at, {"do": "withdraw", "reason": "mistaken"})
    shown = await site.node.dispatch("alert_show", {"alert": alert})
    assert (shown["status"], shown["fields"]["reason"]) == ("withdrawn", "mistaken")


async def test_an_alert_is_erased_only_where_its_letters_are_typed(site: Pages) -> None:
    alert = await published(site.node, codes="RB", name="Dave")
    one = await site.somebody("keeper")
    at = f"/list/{alert}/change"
    await one.get(at)
    assert (await one.post(at, {"do": "erase", "sure": "yes"})).status == 400
    assert (await one.post(at, {"do": "erase", "sure": alert[:8]})).status == 303
    assert (await site.node.dispatch("alert_show", {"alert": alert}))["status"] == "erased"
    for bad in ("nothing", "", "verdict", "\x00"):
        assert (await one.post(at, {"do": bad})).status == 400


async def test_alerts_that_share_a_number_say_why_they_stand_together(site: Pages) -> None:
    first = await published(site.node, codes="RB", phone="510 555 0123")
    second = await published(site.node, codes="TH", phone="510 555 0123")
    one = await site.somebody("member")
    answer = await one.get(f"/list/{first}")
    assert "These may be about the same person" in answer.words
    assert "the same: Phone number" in answer.words
    assert f"/list/{second}" in answer.text


async def test_hostile_words_of_a_peer_are_words(site: Pages) -> None:
    peer = await befriend(site.node, "Harbour")
    said = "<script>alert(1)</script>\u202e'\"{{ 7*7 }}"
    alert = await received(
        site.node, peer, text=["fr", said], person__words=said, **{"vehicle.make": said}
    )
    one = await site.somebody("reviewer")
    for path in ("/list", f"/list/{alert}", f"/list/{alert}/judge"):
        answer = await one.get(path)
        assert answer.status == 200
        assert "<script" not in answer.text
        assert "49" not in answer.words.replace("49 days", "")
    ours = await published(site.node, codes="RB", person__words=said)
    answer = await one.get(f"/list/{ours}/change")
    assert "<script" not in answer.text


async def test_too_much_and_other_peoples_alerts_are_refused(site: Pages) -> None:
    peer = await befriend(site.node, "Harbour")
    theirs = await received(site.node, peer)
    ours = await published(site.node, codes="RB")
    one = await site.somebody("reviewer")
    await one.get(f"/list/{theirs}/judge")
    big = {"do": "verdict", "note": "x" * 1_000_000}
    assert (await one.post(f"/list/{theirs}/judge", big)).status == 413
    for act in ("withdraw", "renew", "narrow", "correct"):
        answer = await one.post(f"/list/{theirs}/change", {"do": act, "whole": "on"})
        assert answer.status in {303, 400}
    assert (await one.post(f"/list/{theirs}/change", {"do": "erase", "sure": theirs[:8]})).status
    shown = await site.node.dispatch("alert_show", {"alert": theirs})
    assert (shown["status"], shown["rev"]) == ("live", 1)
    for act in ("verdict", "dispute", "corroborate", "adopt"):
        await one.post(f"/list/{ours}/judge", {"do": act, "hide": "on", "why": "wrong"})
    shown = await site.node.dispatch("alert_show", {"alert": ours})
    assert "verdict" not in shown
    assert shown["disputed_by"] == []
    for path in ("%00", "x" * 190, "%3Cscript%3E"):
        assert (await one.get(f"/list/{path}")).status in {303, 404}
    member = await site.somebody("member")
    for path in (f"/list/{theirs}/judge", f"/list/{ours}/change"):
        assert (await member.get(path)).status == 403
        assert (await member.post(path, {"do": "erase", "sure": ours[:8]})).status == 403
