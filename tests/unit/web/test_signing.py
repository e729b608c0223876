"""Joining, signing in and out, leaving at once and for good."""

import unicodedata
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pyotp
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from node.store.members import all_members
from node.web.sessions import find_session, sign_in
from tests.support.pages import PASSPHRASE, Pages, pages


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Pages]:
    async with pages(tmp_path / "node") as found:
        yield found


async def test_an_invitation_makes_one_member_and_signs_her_in(site: Pages) -> None:
    offer = await site.node.dispatch("member_invite", {"role": "outreach"})
    assert offer["links"] == [f"{site.base}/join/{offer['code']}"]
    one, other = site.person(), site.person()
    assert "outreach worker" in (await one.get(f"/join/{offer['code'].upper()}")).words
    answer = await one.join(offer["code"], "Blue Heron")
    assert (answer.status, answer.goes) == (303, "/me/start")
    assert "Blue Heron" in (await one.get("/me")).words
    assert (await other.join(offer["code"], "Grey Heron")).status == 400
    assert [each.name for each in await site.node.read(all_members)] == ["Blue Heron"]


async def test_whoever_tries_codes_keeps_nobody_with_an_invitation_out(site: Pages) -> None:
    offer = await site.node.dispatch("member_invite", {"role": "member"})
    one, other = site.person(), site.person()
    seen = [(await one.get(f"/join/{n:016}")).status for n in range(40)]
    assert seen[:30] == [404] * 30
    assert seen[-1] == 429
    assert (await other.get(f"/join/{offer['code']}")).status == 200
    assert (await other.join(offer["code"], "Heron")).status == 303


async def test_a_bad_name_or_passphrase_uses_no_invitation_up(site: Pages) -> None:
    offer = await site.node.dispatch("member_invite", {"role": "member"})
    one = site.person()
    for name, passphrase in (
        ("", PASSPHRASE), ("5551230199", PASSPHRASE), ("me@example.org", PASSPHRASE),
        ("Heron", "short"), ("long enough name", "Long Enough Name"), ("x" * 41, PASSPHRASE),
        ("He\ue000ron", PASSPHRASE),
    ):  # fmt: skip
        assert (await one.join(offer["code"], name, passphrase)).status == 400
    assert (await one.join(offer["code"], "Heron")).status == 303


async def test_two_members_cannot_have_one_name(site: Pages) -> None:
    await site.somebody("member", "Heron")
    offer = await site.node.dispatch("member_invite", {"role": "member"})
    one = site.person()
    assert "Choose another" in (await one.join(offer["code"], "  hERON ")).words
    assert (await one.join(offer["code"], "Egret")).status == 303


@pytest.mark.parametrize("typed", ["Rev\u200d", "R\ufe0fev", "Rev\u3164", "\uff32ev", "re\u034fv"])
async def test_no_name_looks_like_anothers_by_what_nobody_sees(site: Pages, typed: str) -> None:
    await site.somebody("reviewer", "Rev")
    offer = await site.node.dispatch("member_invite", {"role": "member"})
    assert "Choose another" in (await site.person().join(offer["code"], typed)).words
    spoof = await site.person().join(offer["code"], "the command\u200d line")
    assert spoof.status == 400


@pytest.mark.parametrize("typed", ["Zoe\u0308", "\uff28eron", "\u0645\u06cc\u200c\u0631\u0627"])
async def test_however_a_name_was_typed_she_acts_under_it_and_leaving_takes_it_off(
    site: Pages, typed: str
) -> None:
    await site.somebody("keeper", "Egret")
    one = await site.somebody("keeper", typed)
    assert (await one.post("/house/invite", {"role": "member"})).status == 200
    assert (await site.person().sign_in(typed)).status == 303
    (name,) = {each.name for each in await site.node.read(all_members)} - {"Egret"}
    await one.get("/me")
    assert (await one.post("/me/leave", {"passphrase": PASSPHRASE})).status == 303
    acts = str(await site.node.dispatch("audit", {}))
    assert not {name, unicodedata.normalize("NFKC", typed)} & set(acts.split("'"))


async def test_signing_in_answers_alike_for_wrong_and_unknown_names(site: Pages) -> None:
    await site.somebody("member", "Heron")
    one = site.person()
    wrong, unknown = await one.sign_in("Heron", "not this one at all"), await one.sign_in("Nobody")
    assert (wrong.status, unknown.status) == (400, 400)
    assert wrong.words.replace("Heron", "") == unknown.words.replace("Nobody", "")
    assert (await one.sign_in("heron")).goes == "/"


async def test_tries_at_a_name_run_out_whoever_has_it(site: Pages) -> None:
    await site.somebody("member", "Heron")
    one = site.person()
    for name in ("Heron", "Nobody"):
        answers = [(await one.sign_in(name, "wrong")).status for _ in range(11)]
        assert answers == [400] * 10 + [429]
    assert (await one.sign_in("Heron")).status == 429
    site.clock.now += 61_000_000
    assert (await one.sign_in("Heron")).status == 303


async def test_a_session_ends_by_its_owner_by_time_and_by_leaving_at_once(site: Pages) -> None:
    one = await site.somebody("member", "Heron")
    old = one.cookie
    assert (await one.post("/done")).goes == "/in?done=out"
    one.session.cookie_jar.update_cookies({"p": old})
    assert (await one.get("/")).goes == "/in"
    await one.sign_in("Heron")
    answer = await one.get("/out")
    assert answer.goes == "/measures"
    assert "cookies" in answer.headers["Clear-Site-Data"]
    harmless = await one.get("/measures")
    assert "/in" not in harmless.text
    assert "Parasol" not in harmless.text
    assert (await one.get("/")).goes == "/in"
    await one.sign_in("Heron")
    site.clock.now += 3_601_000_000
    assert (await one.get("/me")).goes == "/in"


async def test_a_new_passphrase_signs_every_other_browser_out(site: Pages) -> None:
    one, other = await site.somebody("member", "Heron"), site.person()
    await other.sign_in("Heron")
    await one.get("/me")
    wrong = await one.post("/me/passphrase", {"old": "no", "new": "another green lantern"})
    assert wrong.status == 400
    done = await one.post("/me/passphrase", {"old": PASSPHRASE, "new": "another green lantern"})
    assert done.goes == "/me?done=passphrase"
    assert (await other.get("/me")).goes == "/in"
    assert (await one.get("/me")).status == 200
    assert (await other.sign_in("Heron")).status == 400
    assert (await other.sign_in("Heron", "another green lantern")).status == 303


async def test_who_gave_the_old_passphrase_while_it_was_changed_is_not_signed_in(
    site: Pages,
) -> None:
    one = await site.somebody("member", "Heron")
    (before,) = await site.node.read(all_members)
    await one.post("/me/passphrase", {"old": PASSPHRASE, "new": "another green lantern"})
    assert await find_session(site.node, await sign_in(site.node, before, "")) is None
    (now,) = await site.node.read(all_members)
    assert await find_session(site.node, await sign_in(site.node, now, "")) is not None


async def test_one_time_codes_are_asked_for_and_count_once(site: Pages) -> None:
    one = await site.somebody("member", "Heron")
    page = await one.get("/me/codes")
    seed = page.text.split('class="code"><bdi dir="ltr">')[1].split("</bdi>")[0].replace(" ", "")
    sealed = page.text.split('name="sealed" value="')[1].split('"')[0]
    totp = pyotp.TOTP(seed)
    form = {"sealed": sealed, "passphrase": PASSPHRASE}
    assert (await one.post("/me/codes", {**form, "code": "000000"})).status == 400
    code = totp.at(site.clock.now // 1_000_000)
    assert (await one.post("/me/codes", {**form, "code": code, "passphrase": "no"})).status == 400
    assert (await site.person().sign_in("Heron")).status == 303
    page = await one.post("/me/codes", {**form, "code": code})
    printed = page.text.split('<li><bdi dir="ltr">')[1].split("</bdi>")[0]
    other = site.person()
    assert (await other.sign_in("Heron")).status == 400
    assert (await other.sign_in("Heron", code=code)).status == 400
    site.clock.now += 31_000_000
    later = totp.at(site.clock.now // 1_000_000)
    assert (await other.sign_in("Heron", code=later)).status == 303
    assert (await site.person().sign_in("Heron", code=later)).status == 400
    assert (await site.person().sign_in("Heron", code=printed.upper())).status == 303
    assert (await site.person().sign_in("Heron", code=printed)).status == 400


async def _codes_on(site: Pages, name: str) -> pyotp.TOTP:
    """Somebody who has turned one-time codes on."""
    one = await site.somebody("member", name)
    page = await one.get("/me/codes")
    seed = page.text.split('class="code"><bdi dir="ltr">')[1].split("</bdi>")[0].replace(" ", "")
    sealed = page.text.split('name="sealed" value="')[1].split('"')[0]
    totp = pyotp.TOTP(seed)
    code = totp.at(site.clock.now // 1_000_000)
    form = {"sealed": sealed, "code": code, "passphrase": PASSPHRASE}
    assert (await one.post("/me/codes", form)).status == 200
    return totp


@pytest.mark.parametrize("code", ["", "000000", "1" * 400, "a\0b"], ids=ascii)
async def test_a_right_passphrase_without_its_code_is_told_to_nobody(
    site: Pages, code: str
) -> None:
    await _codes_on(site, "Heron")
    await site.somebody("member", "Egret")
    one, did = site.person(), []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        did.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        seen = []
        for name, passphrase in (
            ("Heron", PASSPHRASE), ("Heron", "wrong"), ("Egret", "wrong"), ("Ibis", "wrong")
        ):  # fmt: skip
            await one.get("/in")
            did.clear()
            answer = await one.post("/in", {"name": name, "passphrase": passphrase, "code": code})
            seen.append((answer.status, answer.words.replace(name, ""), list(did)))
    finally:
        event.remove(Engine, "before_cursor_execute", note)
    assert seen[0][0] == 400
    assert seen[1:] == [seen[0]] * 3


async def test_a_wrong_passphrase_uses_no_code_up(site: Pages) -> None:
    totp = await _codes_on(site, "Heron")
    site.clock.now += 31_000_000
    code = totp.at(site.clock.now // 1_000_000)
    one = site.person()
    assert (await one.sign_in("Heron", "wrong", code)).status == 400
    assert (await one.sign_in("Heron", code=code)).status == 303


async def test_leaving_for_good_deletes_all_that_names_her(site: Pages) -> None:
    keeper = await site.somebody("keeper", "Egret")
    assert "last keeper" in (await keeper.post("/me/leave", {"passphrase": PASSPHRASE})).words
    one = await site.somebody("reviewer", "Heron")
    assert (await one.post("/me/leave", {"passphrase": "wrong"})).status == 400
    assert (await one.post("/me/leave", {"passphrase": PASSPHRASE})).goes == "/in?done=left"
    assert [each.name for each in await site.node.read(all_members)] == ["Egret"]
    acts = (await site.node.dispatch("audit", {}))["acts"]
    assert "Heron" not in str(acts)
    assert (await one.sign_in("Heron")).status == 400
