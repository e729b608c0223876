"""What the desk owes others: calls, objections by their day, urgent alerts, and a log of it all."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from federation.policy import Policy
from node.runtime import Node
from tests.support.one_node import DAY_US, befriend, published, received
from tests.support.pages import Pages, pages


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Pages]:
    async with pages(tmp_path / "node") as found:
        yield found


def with_reviewers(node: Node, reviewers: int) -> Policy:
    policy = node.context.policy
    moderation = policy.moderation.model_copy(update={"reviewers": reviewers})
    return policy.model_copy(update={"moderation": moderation})


async def report(site: Pages, *consent: str) -> str:
    from node.reporting import Told, take_report

    private = {"reporter:reach": "510 555 0177, mornings", "reporter:say": "I am <b>Kim</b>'s aunt"}
    told = Told({"codes": ["NP"]}, consent, private)
    taken = await take_report(site.node, told, receipt=False)
    assert taken is not None
    return taken.draft.id


async def test_who_wants_a_call_is_listed_with_what_may_be_said(site: Pages) -> None:
    wants, wants_none = await report(site, "members", "contact"), await report(site, "members")
    one = await site.somebody("reviewer", "Heron")
    page = await one.get("/desk/calls")
    assert "I am &lt;b&gt;Kim" in page.text
    assert "510 555 0177, mornings" in page.words
    assert wants in page.text
    assert wants_none not in page.text
    assert (await one.post("/desk/calls", {"draft": wants})).goes == "/desk/calls?done=called"
    assert "Called by Heron" in (await one.get("/desk/calls")).words
    assert (await one.post("/desk/calls", {"draft": wants_none})).status == 400
    await one.post("/desk/calls", {"draft": wants, "do": "again"})
    assert "Called by" not in (await one.get("/desk/calls")).words
    acts = (await site.node.dispatch("audit", {}))["acts"]
    assert ("Heron", "called", wants) in {(a["who"], a["what"], a["why"]) for a in acts}


async def test_an_objection_is_taken_answered_and_closed_by_its_day(site: Pages) -> None:
    alert = await published(site.node, phone="510 555 0123")
    one = await site.somebody("reviewer", "Heron")
    await one.get("/desk/objections")
    wrong = await one.post("/desk/objections", {"alert": "nothing", "objection": "it was not me"})
    assert wrong.status == 400
    assert "it was not me" in wrong.words
    taken = await one.post("/desk/objections", {"alert": alert, "objection": "it was not me"})
    assert taken.goes == "/desk/objections?done=objection"
    site.clock.now += 30 * DAY_US
    await one.sign_in("Heron")
    assert "overdue" in (await one.get("/desk")).words
    identity = (await site.node.dispatch("dispute_list", {}))["disputes"][0]["id"]
    await one.get("/desk/objections")
    none = await one.post("/desk/objections/answer", {"id": identity, "answer": "we looked"})
    assert none.status == 400
    assert "we looked" in none.words
    sent = {"id": identity, "answer": "we looked", "outcome": "withdrawn"}
    assert (await one.post("/desk/objections/answer", sent)).status == 303
    assert (await one.post("/desk/objections/close", {"id": identity})).status == 303
    shown = await site.node.dispatch("alert_show", {"alert": alert})
    assert shown["status"] == "withdrawn"
    assert "Closed by Heron" in (await one.get("/desk/objections?all=1")).words


async def test_an_urgent_alert_is_confirmed_by_another_or_ends(site: Pages) -> None:
    site.node.context.policy = with_reviewers(site.node, 2)
    form = {"codes": ["SA"], "city": ["Oakland"]}
    identity = (await site.node.dispatch("draft_new", {"fields": form}))["id"]
    one, two = await site.somebody("reviewer", "Heron"), await site.somebody("keeper", "Crane")
    page = await one.get(f"/desk/{identity}")
    assert "It is urgent: publish for" in page.words
    words = page.text.partition('name="words" value="')[2].partition('"')[0]
    answer = await one.post(f"/desk/{identity}", {"words": words, "then": "publish"})
    assert answer.goes == "/desk?done=provisional"
    assert "Out, and not confirmed" in (await two.get("/desk")).words
    waits = await two.get("/desk/urgent")
    assert "agreed so far: Heron" in waits.words
    alert = (await site.node.dispatch("alert_list", {}))["alerts"][0]["id"]
    assert (await two.post("/desk/urgent", {"alert": alert})).status == 303
    assert "Nothing waits here" in (await two.get("/desk/urgent")).words


async def test_an_urgent_alert_that_is_taken_back_waits_no_more(site: Pages) -> None:
    site.node.context.policy = with_reviewers(site.node, 2)
    alert = await published(site.node, codes="SA")
    one = await site.somebody("reviewer", "Heron")
    assert "1 alert waits" in (await one.get("/desk/urgent")).words
    await site.node.dispatch("alert_erase", {"alert": alert})
    assert "Nothing waits here" in (await one.get("/desk/urgent")).words


async def test_agreeing_alone_publishes_nothing(site: Pages) -> None:
    site.node.context.policy = with_reviewers(site.node, 2)
    identity = (await site.node.dispatch("draft_new", {"fields": {"codes": ["NP"]}}))["id"]
    for name, left in (("Heron", 0), ("Crane", 1)):
        one = await site.somebody("reviewer", name)
        page = await one.get(f"/desk/{identity}")
        words = page.text.partition('name="words" value="')[2].partition('"')[0]
        then = "publish" if left else "agree"
        assert (await one.post(f"/desk/{identity}", {"words": words, "then": then})).status == 303
        assert len((await site.node.dispatch("alert_list", {}))["alerts"]) == left


async def test_alerts_of_a_peer_in_review_are_let_through(site: Pages) -> None:
    other = await befriend(site.node, "Harbour")
    await site.node.dispatch("peer_mode", {"peer": "Harbour", "mode": "review"})
    alert = await received(site.node, other, phone=["+15105550123"])
    one, member = await site.somebody("reviewer", "Heron"), await site.somebody("member")
    queue = await one.get("/desk")
    assert "1 alert that nobody here has looked at" in queue.words
    link = queue.text.partition('href="/desk/others/')[2].partition('"')[0]
    page = await one.get(f"/desk/others/{link}")
    assert "510" in page.words
    assert (await one.post(f"/desk/others/{link}", {})).status == 400
    assert (await one.post(f"/desk/others/{link}", {"alert": alert})).status == 303
    await member.get("/")
    await member.post("/look", {"q": "510 555 0123"})
    assert "1 alert" in (await member.get("/look")).words


async def test_the_log_says_who_did_what_in_words(site: Pages) -> None:
    await published(site.node)
    one = await site.somebody("reviewer", "Heron")
    page = await one.get("/desk/log")
    assert "published an alert" in page.words
    assert "joined" in page.words
    for path in ("/desk/log", "/desk/calls", "/desk/objections"):
        for role in ("member", "outreach"):
            assert (await (await site.somebody(role, f"{role} {path}")).get(path)).status == 403


def test_each_act_has_words() -> None:
    from node.store.audit import Act
    from node.web.vocabulary_words import OTHER_WORDS

    assert {f"act_{act.value}" for act in Act} <= OTHER_WORDS.keys()


async def test_two_alerts_are_said_to_be_about_one_person_or_about_two(site: Pages) -> None:
    other = await befriend(site.node, "Harbour")
    ours = await published(site.node, phone="510 555 0123")
    theirs = await received(site.node, other, phone=["+15105550123"])
    one = await site.somebody("reviewer", "Heron")
    page = await one.get("/desk/same")
    assert "the same: Phone number" in page.words
    assert "2 alerts, 2 organisations" in page.words
    assert (await one.post("/desk/same", {"alert": ours, "other": theirs})).status == 400
    answer = await one.post("/desk/same", {"alert": ours, "other": theirs, "do": "part"})
    assert answer.goes == "/desk/same?done=grouped"
    assert "Nothing here looks alike" in (await one.get("/desk/same")).words
    await one.post("/desk/same", {"alert": ours, "other": theirs, "do": "join"})
    assert "confirmed" in (await one.get("/desk/same")).words
