"""The keeper's pages about other organisations and the rules: what they show and change."""

import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from federation.peers import PeerState
from keys.safety import safety_code
from protocol.ids import text_id
from tests.support.one_node import DAY_US, befriend, one_node, published, received
from tests.support.pages import Answer, Pages, Person, pages
from tests.support.taking import Origin


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Pages]:
    async with pages(tmp_path / "node") as found:
        yield found


@pytest.fixture
async def keeper(site: Pages) -> Person:
    return await site.somebody("keeper", "Wren")


async def test_codes_are_compared_and_a_wrong_one_is_kept_in_the_form(
    site: Pages, keeper: Person
) -> None:
    other = await befriend(site.node, "Harbour", PeerState.UNVERIFIED)
    path = f"/house/peers/{text_id(other.org)}"
    page = await keeper.get(path)
    assert safety_code(site.node.context.org) in page.words
    assert safety_code(other.org) not in page.words, "she is to hear it, not to read it here"
    wrong = await keeper.post(f"{path}/code", {"code": "12345 12345"})
    assert (wrong.status, 'value="12345 12345"' in wrong.text) == (400, True)
    answer = await keeper.post(f"{path}/code", {"code": safety_code(other.org)})
    assert answer.goes.startswith(path)
    (row,) = (await site.node.dispatch("peer_list", {}))["peers"]
    assert row["state"] == "trusted"


async def test_a_peer_is_paused_blocked_taken_up_and_removed(site: Pages, keeper: Person) -> None:
    other = await befriend(site.node, "Harbour")
    path = f"/house/peers/{text_id(other.org)}"
    states = []
    for act, typed in (("pause", ""), ("resume", ""), ("block", "Harbour"), ("remove", "Harbour")):
        await keeper.get(path)
        await keeper.confirm(f"{path}/step", {"act": act}, typed)
        states.append((await site.node.dispatch("peer_list", {}))["peers"][0]["state"])
    assert states == ["paused", "trusted", "blocked", "leaving"]
    assert (await keeper.post(f"{path}/step", {"act": "verify"})).status == 400


async def test_no_organisation_is_taken_for_another_by_its_name(
    site: Pages, keeper: Person
) -> None:
    good = await befriend(site.node, "Harbour")
    await befriend(site.node, text_id(good.org))
    path = f"/house/peers/{text_id(good.org)}"
    await keeper.get(path)
    await keeper.confirm(f"{path}/step", {"act": "pause"})
    states = {
        each["id"]: each["state"] for each in (await site.node.dispatch("peer_list", {}))["peers"]
    }
    assert states[text_id(good.org)] == "paused"
    assert sorted(states.values()) == ["paused", "trusted"]


async def test_their_alerts_wait_for_a_person_or_are_left_out(site: Pages, keeper: Person) -> None:
    other = await befriend(site.node, "Harbour")
    path = f"/house/peers/{text_id(other.org)}"
    await keeper.get(path)
    await keeper.confirm(f"{path}/mode", {"mode": "review"})
    assert (await site.node.dispatch("peer_mode", {"peer": "Harbour"}))["mode"] == "review"
    assert (await keeper.post(f"{path}/mode", {"mode": "ignore"})).status == 400
    kinds = {"mode": "ignore", "code": ["uneasy", "no_show"]}
    assert "Our members do not see" in (await keeper.post(f"{path}/mode", kinds)).words
    await keeper.post(f"{path}/mode", {**kinds, "sure": "yes"})
    found = await site.node.dispatch("peer_mode", {"peer": "Harbour"})
    assert found["ignored"] == ["no_show", "uneasy"]


async def test_a_peer_is_not_believed_since_a_moment_and_believed_again(
    site: Pages, keeper: Person
) -> None:
    other = await befriend(site.node, "Harbour")
    alert = await received(site.node, other)
    path = f"/house/peers/{text_id(other.org)}"
    await keeper.get(path)
    fields = {"since": "2026-01-01 02:00", "pause": "yes"}
    await keeper.confirm(f"{path}/distrust", fields)
    shown = await site.node.dispatch("alert_list", {"status": "quarantined"})
    assert [each["id"] for each in shown["alerts"]] == [alert]
    assert "is believed" in (await keeper.get(path)).words
    bad = await keeper.post(f"{path}/distrust", {"since": "soon", "sure": "yes"})
    assert (bad.status, 'value="soon"' in bad.text) == (400, True)
    await keeper.confirm(f"{path}/believe", {})
    assert "is believed" not in (await keeper.get(path)).words


async def test_an_invite_is_made_listed_and_taken_back(site: Pages, keeper: Person) -> None:
    await keeper.get("/house/meet")
    shown = await keeper.post("/house/meet", {"name": "Harbour"})
    assert "parasol1" in shown.text
    listed = await keeper.get("/house/peers")
    found = re.search(r'name="id" value="(\w+)"', listed.text)
    assert found
    assert "Harbour" in listed.words
    await keeper.post("/house/meet/cancel", {"id": found[1]})
    assert "Harbour" not in (await keeper.get("/house/peers")).words
    long = await keeper.post("/house/meet", {"name": "H" * 200})
    assert (long.status, "H" * 200 in long.text) == (400, True)


async def test_what_is_no_invite_stays_in_the_form(site: Pages, keeper: Person) -> None:
    await keeper.get("/house/meet/accept")
    answer = await keeper.post("/house/meet/accept", {"text": "<script>alert(1)</script>"})
    assert answer.status == 400
    assert "&lt;script&gt;" in answer.text


async def test_the_board_names_who_is_late_and_since_when(site: Pages, keeper: Person) -> None:
    other = await befriend(site.node, "Harbour", endpoints=())
    await published(site.node)
    site.clock.now += 2 * DAY_US
    await keeper.sign_in("Wren")
    page = await keeper.get("/house/coverage")
    assert "0 of 1 confirmed" in page.words
    assert "Harbour: overdue by" in page.words
    assert "Ring them up" in page.words
    only = await keeper.get(f"/house/coverage?of={text_id(other.org)}")
    assert "0 of 1 confirmed" in only.words


async def test_rules_are_checked_shown_and_put_in_force_after_a_word(
    site: Pages, keeper: Person
) -> None:
    await befriend(site.node, "Harbour")
    await published(site.node, phone="+14155550142")
    before = site.node.policy
    text = (await site.node.dispatch("policy_show", {}))["text"]
    wanted = text.replace('export_to = "trusted"', 'export_to = "nobody"')
    await keeper.get("/house/rules/change")
    shown = await keeper.post("/house/rules/check", {"text": wanted.replace("\n", "\r\n")})
    assert "Our alerts go to nobody." in shown.words
    assert "Harbour 1 0 0" in shown.words
    was = re.search(r'name="was" value="(\w+)"', shown.text)
    assert was
    fields = {"text": wanted, "was": was[1]}
    refused = await keeper.post("/house/rules/apply", {**fields, "typed": "yes"})
    assert (refused.status, site.node.policy) == (400, before)
    assert "export_to" in refused.text
    late = await keeper.post("/house/rules/apply", {**fields, "was": "0", "typed": "change"})
    assert (late.status, site.node.policy) == (400, before)
    answer = await keeper.post("/house/rules/apply", {**fields, "typed": "Change"})
    assert answer.goes == "/house/rules?done=rules"
    assert site.node.policy.export_to == "nobody"
    assert "Our alerts go to nobody." in (await keeper.get("/house/rules")).words


async def test_rules_with_a_fault_stay_in_the_form(site: Pages, keeper: Person) -> None:
    await keeper.get("/house/rules/change")
    answer = await keeper.post("/house/rules/check", {"text": 'name = "perhaps" # mine'})
    assert answer.status == 400
    assert "perhaps" in answer.text
    assert "# mine" in answer.text


async def test_the_preview_names_the_rule_behind_what_is_kept_back(
    site: Pages, keeper: Person
) -> None:
    other = await befriend(site.node, "Harbour")
    alert = await published(site.node, phone="+14155550142", name="Marek")
    path = f"/house/preview?of={text_id(other.org)}"
    assert "1 of 1 alerts" in (await keeper.get(path)).words
    page = await keeper.get(f"{path}&alert={alert}")
    assert "Our rules: Names he uses are not shared." in page.words
    assert "Marek" not in page.words
    assert (await keeper.get(f"{path}&alert=%3Cscript%3E")).status == 400


async def test_what_others_get_is_counted_before_the_rules_change(site: Pages) -> None:
    node = site.node
    await befriend(node, "Harbour")
    await published(node, phone="+14155550142")
    await published(node, codes="raid")
    text = (await node.dispatch("policy_show", {}))["text"]
    narrower = text.replace('phone = "clear"', 'phone = "masked"')
    assert narrower != text
    (row,) = (await node.dispatch("policy_foresee", {"text": narrower}))["peers"]
    assert (row["recalled"], row["narrowed"], row["sent"]) == (0, 1, 0)
    closed = text.replace('export_to = "trusted"', 'export_to = "nobody"')
    (row,) = (await node.dispatch("policy_foresee", {"text": closed}))["peers"]
    assert (row["recalled"], row["narrowed"], row["sent"]) == (2, 0, 0)
    assert node.policy.export_to == "trusted"


async def test_the_board_is_told_in_slices_the_longest_waiting_first(site: Pages) -> None:
    await befriend(site.node, "Harbour")
    alerts = []
    for _ in range(5):
        alerts.append(await published(site.node))
        site.clock.now += 1_000_000
    first = await site.node.dispatch("alert_board", {"most": 2})
    then = await site.node.dispatch("alert_board", {"start": 4, "most": 2})
    assert [each["alert"] for each in first["board"]] == alerts[:2]
    assert [each["alert"] for each in then["board"]] == alerts[4:]
    assert (first["more"], then["more"]) == (True, False)
    assert first["board"][0]["codes"] == ["non_payment"]
    assert first["board"][0]["pending"] == ["Harbour"]


async def test_a_reply_is_shown_where_neither_can_be_called(
    site: Pages, keeper: Person, tmp_path: Path
) -> None:
    async with one_node(tmp_path / "harbour" / "node") as harbour:
        offer = await harbour.dispatch("peer_invite", {})
    await keeper.get("/house/meet/accept")
    answer = await keeper.post("/house/meet/accept", {"text": offer["invite"], "name": "Harbour"})
    assert "Send them this reply" in answer.words
    (peer,) = (await site.node.dispatch("peer_list", {}))["peers"]
    assert (peer["name"], peer["state"]) == ("Harbour", "invited")
    own = await site.node.dispatch("peer_invite", {})
    assert (await keeper.post("/house/meet/accept", {"text": own["invite"]})).status == 400


async def test_we_are_introduced_only_when_we_say_so(site: Pages, keeper: Person) -> None:
    assert "We are not introduced" in (await keeper.get("/house/meet/others")).words
    await keeper.confirm("/house/meet/us", {"introduce": "yes"})
    assert "We may be introduced" in (await keeper.get("/house/meet/others")).words
    assert "Nobody." in (await keeper.post("/house/meet/others")).words


async def test_what_was_taken_away_at_once_is_decided_after_a_call(
    site: Pages, keeper: Person
) -> None:
    who = Origin(site.node, await befriend(site.node, "Harbour"))
    await who.give(30)
    await who.take_away(range(30))
    assert "Somebody took many alerts away" in (await keeper.get("/house/peers")).words
    page = await keeper.get("/house/brake")
    assert "10 alerts" in page.words
    peer, until = (
        re.search(f'name="{name}" value="([^"]+)"', page.text) for name in ("peer", "until")
    )
    assert peer
    assert until
    fields = {"peer": peer[1], "until": html.unescape(until[1]), "meant": "yes"}
    wrong = await keeper.post("/house/brake", {**fields, "sure": "yes", "typed": "yes"})
    assert wrong.status == 400
    assert await who.held() == {"braked": 10}
    await keeper.get("/house/brake")
    await keeper.confirm("/house/brake", fields, "harbour")
    assert await who.held() == {}
    assert "Nothing waits" in (await keeper.get("/house/brake")).words


async def test_what_they_did_not_mean_is_shown_again(site: Pages, keeper: Person) -> None:
    other = await befriend(site.node, "Harbour")
    who = Origin(site.node, other)
    await who.give(30)
    await who.take_away(range(30))
    await keeper.get("/house/brake")
    await keeper.confirm("/house/brake", {"peer": text_id(other.org), "meant": "no"})
    assert "is believed" in (await keeper.get(f"/house/peers/{text_id(other.org)}")).words
    assert (await site.node.dispatch("peer_brake_list", {}))["braked"] == []


async def test_both_sides_are_compared_and_who_cannot_be_asked_is_said(
    site: Pages, keeper: Person
) -> None:
    other = await befriend(site.node, "Harbour")
    await received(site.node, other)
    await published(site.node)
    path = f"/house/peers/{text_id(other.org)}"
    await keeper.get(path)
    page = await keeper.post(f"{path}/compare")
    assert "They could not be asked now" in page.words
    assert "0 equal, 1 differs" in page.words
    assert "not confirmed yet: 1" in page.words


async def test_two_keepers_meet_by_their_pages_alone(site: Pages, tmp_path: Path) -> None:
    here = await site.somebody("keeper", "Wren")
    async with pages(tmp_path / "harbour" / "node") as there_site:
        there = await there_site.somebody("keeper", "Heron")
        await here.get("/house/meet")
        invite = _pasted(await here.post("/house/meet", {"name": "Harbour"}), "invite")
        await there.get("/house/meet/accept")
        reply = _pasted(
            await there.post("/house/meet/accept", {"text": invite, "name": "Riverside"}), "reply"
        )
        await here.get("/house/meet/accept")
        met = await here.post("/house/meet/accept", {"text": f"  {reply}\r\n"})
        assert met.goes.startswith("/house/peers/")
        for one, at, other in ((here, site, there_site), (there, there_site, site)):
            (peer,) = (await at.node.dispatch("peer_list", {}))["peers"]
            path = f"/house/peers/{peer['id']}"
            await one.get(path)
            code = safety_code(other.node.context.org).replace(" ", "-")
            assert (await one.post(f"{path}/code", {"code": code})).status == 303
            assert (await at.node.dispatch("peer_list", {}))["peers"][0]["state"] == "trusted"


def _pasted(answer: Answer, name: str) -> str:
    found = re.search(f'<textarea id="{name}"[^>]*>([^<]+)<', answer.text)
    assert found, answer.words
    return html.unescape(found[1])
