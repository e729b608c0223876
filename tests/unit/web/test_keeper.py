"""The keeper's pages: what they say of the node, and what they change in it."""

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from node.web.routes import ROUTES
from protocol.ids import text_id
from tests.support.one_node import befriend, published
from tests.support.pages import PASSPHRASE, Pages, Person, pages


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Pages]:
    async with pages(tmp_path / "node") as found:
        yield found


@pytest.fixture
async def keeper(site: Pages) -> Person:
    return await site.somebody("keeper", "Wren")


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
    await keeper.confirm("/house/people/role", {"name": "Heron", "role": "reviewer"})
    assert (await heron.get("/me")).goes == "/in"
    wrong = await keeper.post("/house/people/remove", {"name": "Heron", "sure": "1", "typed": "x"})
    assert (wrong.status, "Nothing was done" in wrong.words) == (400, True)
    await keeper.confirm("/house/people/remove", {"name": "Heron"}, "heron")
    assert (await heron.sign_in("Heron")).status == 400


async def test_the_last_keeper_stays(site: Pages, keeper: Person) -> None:
    await keeper.get("/house/people")
    fields = {"name": "Wren", "sure": "yes", "typed": "Wren"}
    answer = await keeper.post("/house/people/remove", fields)
    assert (answer.status, "last keeper" in answer.words) == (400, True)


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
    await keeper.confirm("/house/freeze", {"reason": "a door was open"}, "freeze")
    assert site.node.context.frozen
    assert "a door was open" in (await keeper.get("/house")).words
    await keeper.get("/house/backups")
    await keeper.confirm("/house/thaw", {}, "thaw")
    assert not site.node.context.frozen


async def test_no_page_of_the_keeper_shows_a_secret(site: Pages, keeper: Person) -> None:
    secrets = [site.node.settings.secret_path, "orchard lamp seven", str(site.node.home)]
    words = [path.read_text().split() for path in site.node.home.parent.glob("words/*root.txt")]
    for route in ROUTES:
        if route.method == "GET" and route.path.startswith("/house") and "{" not in route.path:
            text = (await keeper.get(route.path)).text
            assert not [each for each in secrets if each and each in text], route.path
            assert not [each for each in words if " ".join(each[-6:]) in text], route.path


async def test_what_is_hostile_is_refused_or_shown_as_text(site: Pages, keeper: Person) -> None:
    script = "<script>alert(1)</script>"
    await site.somebody("member", script)
    other = await befriend(site.node, script)
    path = f"/house/peers/{text_id(other.org)}"
    for each in ("/house", "/house/people", "/house/peers", path, "/house/coverage"):
        page = await keeper.get(each)
        assert (page.status, script in page.text) == (200, False), each
    asked = await keeper.post("/house/people/remove", {"name": f'"><img src=x>{script}\u202e\x00'})
    assert "<img" not in asked.text
    assert "\u202e" not in asked.words.split("To confirm")[-1]
    for route in ROUTES:
        if route.method != "POST" or not route.path.startswith("/house"):
            continue
        address = route.path.replace("{id}", "%2e%2e%2f%00%E2%80%AE")
        for fields in ({"text": script * 9_000, "name": "x"}, {"name": "\x00\u202e", "sure": "1"}):
            answer = await keeper.post(address, {**fields, "role": script, "act": script})
            assert answer.status in {200, 303, 400, 404, 413, 429}, (route.path, answer.status)
            assert script not in answer.text, route.path
    assert not site.node.context.frozen


async def test_another_keepers_form_changes_nothing_for_who_is_no_keeper(site: Pages) -> None:
    for role in ("member", "outreach", "reviewer"):
        one = await site.somebody(role)
        for path in ("/house/people/role", "/house/freeze", "/house/backups", "/house/rules/apply"):
            answer = await one.post(
                path, {"sure": "yes", "typed": "freeze", "passphrase": PASSPHRASE}
            )
            assert answer.status == 403, (role, path)
    assert not site.node.context.frozen


async def test_a_backup_too_large_to_send_is_left_at_the_machine(
    site: Pages, keeper: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.commands.backups.INLINE", 0)
    await keeper.get("/house/backups")
    answer = await keeper.post("/house/backups", {"passphrase": PASSPHRASE})
    (left,) = (site.node.home / "backups").iterdir()
    assert left.name in answer.words
    assert str(site.node.home) not in answer.text
