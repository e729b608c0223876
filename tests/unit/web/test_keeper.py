"""The keeper's pages: what they say of the node, and what they change in it."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from federation.peers import PeerState
from keys.safety import safety_code
from node.web.routes import ROUTES
from protocol.ids import text_id
from tests.support.one_node import DAY_US, befriend, published, received
from tests.support.pages import PASSPHRASE, Pages, Person, pages


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Pages]:
    async with pages(tmp_path / "node") as found:
        yield found


@pytest.fixture
async def keeper(site: Pages) -> Person:
    return await site.somebody("keeper", "Wren")


async def yes(one: Person, path: str, fields: dict[str, str], typed: str = "") -> str:
    """Go through the question before a step; gives where it leads."""
    asked = await one.post(path, fields)
    assert asked.status == 200, asked.words
    answer = await one.post(path, {**fields, "sure": "yes", "typed": typed})
    assert answer.status == 303, answer.words
    return answer.goes


async def test_the_front_says_what_is_wrong_and_what_to_do(site: Pages, keeper: Person) -> None:
    page = await keeper.get("/house")
    assert "There is no backup." in page.words
    assert "recovery words are still on this machine" in page.words
    assert "No other organisation is connected yet" in page.words
    deeper = await keeper.post("/house")
    assert "Every page of the store was read" in deeper.words


async def test_every_page_of_the_keeper_opens(site: Pages, keeper: Person) -> None:
    other = await befriend(site.node, "Harbour")
    await published(site.node, phone="+14155550142")
    for route in ROUTES:
        if route.method == "GET" and route.path.startswith("/house") and "{" not in route.path:
            answer = await keeper.get(route.path)
            assert answer.status == 200, (route.path, answer.words)
            assert answer.text.count("<h1") == 1, route.path
    assert (await keeper.get(f"/house/peers/{text_id(other.org)}")).status == 200


async def test_an_invitation_is_shown_once_and_lets_one_person_in(
    site: Pages, keeper: Person
) -> None:
    await keeper.get("/house/invite")
    shown = await keeper.post("/house/invite", {"role": "outreach"})
    code = re.search(r"\b(?:[a-z2-7]{4}-){3}[a-z2-7]{4}\b", shown.words)
    assert code
    assert f"{site.base}/join/{code[0]}" in shown.words
    assert "data:image/svg+xml;base64," in shown.text
    assert code[0] not in (await keeper.get("/house/invite")).words
    assert (await site.person().join(code[0], "Heron")).status == 303
    assert "Heron" in (await keeper.get("/house/people")).words


async def test_a_reviewer_invites_members_and_never_a_keeper(site: Pages) -> None:
    one = await site.somebody("reviewer")
    page = await one.get("/house/invite")
    assert 'value="member"' in page.text
    assert 'value="keeper"' not in page.text
    assert (await one.post("/house/invite", {"role": "keeper"})).status == 400
    assert (await one.post("/house/invite", {"role": "member"})).status == 200
    offered = await site.node.dispatch("member_invite", {"role": "keeper"})
    assert offered["id"] not in (await one.get("/house/invite")).text
    assert (await one.post("/house/invite/cancel", {"id": offered["id"]})).status == 400


async def test_an_invitation_is_taken_back(site: Pages, keeper: Person) -> None:
    offered = await site.node.dispatch("member_invite", {"role": "member"})
    await keeper.get("/house/invite")
    await keeper.post("/house/invite/cancel", {"id": offered["id"]})
    assert (await site.person().join(offered["code"], "Heron")).status == 400


async def test_roles_change_and_members_go_only_after_a_second_step(
    site: Pages, keeper: Person
) -> None:
    heron = await site.somebody("member", "Heron")
    await keeper.get("/house/people")
    await yes(keeper, "/house/people/role", {"name": "Heron", "role": "reviewer"})
    assert (await heron.get("/me")).goes == "/in"
    wrong = await keeper.post("/house/people/remove", {"name": "Heron", "sure": "1", "typed": "x"})
    assert (wrong.status, "Nothing was done" in wrong.words) == (400, True)
    await yes(keeper, "/house/people/remove", {"name": "Heron"}, "heron")
    assert (await heron.sign_in("Heron")).status == 400


async def test_the_last_keeper_stays(site: Pages, keeper: Person) -> None:
    await keeper.get("/house/people")
    fields = {"name": "Wren", "sure": "yes", "typed": "Wren"}
    answer = await keeper.post("/house/people/remove", fields)
    assert (answer.status, "last keeper" in answer.words) == (400, True)


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
        await yes(keeper, f"{path}/step", {"act": act}, typed)
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
    await yes(keeper, f"{path}/step", {"act": "pause"})
    states = {
        each["id"]: each["state"] for each in (await site.node.dispatch("peer_list", {}))["peers"]
    }
    assert states[text_id(good.org)] == "paused"
    assert sorted(states.values()) == ["paused", "trusted"]


async def test_their_alerts_wait_for_a_person_or_are_left_out(site: Pages, keeper: Person) -> None:
    other = await befriend(site.node, "Harbour")
    path = f"/house/peers/{text_id(other.org)}"
    await keeper.get(path)
    await keeper.post(f"{path}/mode", {"mode": "review"})
    assert (await site.node.dispatch("peer_mode", {"peer": "Harbour"}))["mode"] == "review"
    assert (await keeper.post(f"{path}/mode", {"mode": "ignore"})).status == 400
    await keeper.post(f"{path}/mode", {"mode": "ignore", "code": ["uneasy", "no_show"]})
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
    await yes(keeper, f"{path}/distrust", fields)
    shown = await site.node.dispatch("alert_list", {"status": "quarantined"})
    assert [each["id"] for each in shown["alerts"]] == [alert]
    assert "is believed" in (await keeper.get(path)).words
    bad = await keeper.post(f"{path}/distrust", {"since": "soon", "sure": "yes"})
    assert (bad.status, 'value="soon"' in bad.text) == (400, True)
    await yes(keeper, f"{path}/believe", {})
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


async def test_a_backup_needs_her_passphrase_and_is_encrypted(site: Pages, keeper: Person) -> None:
    page = await keeper.get("/house/backups")
    assert "There is none" in page.words
    assert (await keeper.post("/house/backups", {"passphrase": "wrong"})).status == 400
    answer = await keeper.post("/house/backups", {"passphrase": PASSPHRASE})
    assert answer.status == 200
    assert answer.body.startswith(b"PARASOL-BACKUP1")
    assert b"Wren" not in answer.body
    assert "attachment" in answer.headers["Content-Disposition"]
    assert "There is none" not in (await keeper.get("/house/backups")).words


async def test_the_node_is_frozen_and_thawed_by_a_word(site: Pages, keeper: Person) -> None:
    await keeper.get("/house/backups")
    await yes(keeper, "/house/freeze", {"reason": "a door was open"}, "freeze")
    assert site.node.context.frozen
    assert "a door was open" in (await keeper.get("/house")).words
    await keeper.get("/house/backups")
    await yes(keeper, "/house/thaw", {}, "thaw")
    assert not site.node.context.frozen


async def test_no_page_of_the_keeper_shows_a_secret(site: Pages, keeper: Person) -> None:
    secrets = [site.node.settings.secret_path, "orchard lamp seven", str(site.node.home)]
    words = [path.read_text().split() for path in site.node.home.parent.glob("words/*root.txt")]
    for route in ROUTES:
        if route.method == "GET" and route.path.startswith("/house") and "{" not in route.path:
            text = (await keeper.get(route.path)).text
            assert not [each for each in secrets if each and each in text], route.path
            assert not [each for each in words if " ".join(each[-6:]) in text], route.path
