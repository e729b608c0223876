"""Paper and figures: who may, what stands there, what must be crossed out."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from sqlalchemy import Connection, Select, select

from federation.release import Consent
from node.pipeline import leaves_of, new_record, publish, sign_alert
from node.runtime import Node
from node.store.tables_sheets import sheet_lines, sheets
from node.web.sessions import forget
from protocol.codec import Value
from protocol.ids import Day
from tests.support.one_node import DAY_US, befriend, received
from tests.support.pages import Pages, Person, pages

ON_PAPER: list[Value] = ["members", True, False, False, False, []]


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Pages]:
    async with pages(tmp_path / "node") as found:
        yield found


async def printed(node: Node, code: str = "RB", *consent: str, city: str = "Oakland") -> str:
    fields = {"codes": [code], "phone": ["510 555 0123"], "name": ["Dave"], "city": [city]}
    asked = ["members", "peers", "print", *consent]
    made = await node.dispatch("draft_new", {"fields": fields, "consent": asked})
    done = await node.dispatch("draft_publish", {"ids": [made["id"]], "despite": True})
    return str(done["published"][0])


async def make(one: Person, **fields: str) -> str:
    await one.get("/list/print")
    answer = await one.post("/list/print", fields)
    assert answer.status == 303, answer.words
    return answer.goes


async def test_a_sheet_is_numbered_ends_and_has_only_what_paper_may_carry(site: Pages) -> None:
    alert = await printed(site.node)
    made = await site.node.dispatch(
        "draft_new", {"fields": {"codes": ["WP"], "city": ["Fresno"]}, "consent": ["members"]}
    )
    await site.node.dispatch("draft_publish", {"ids": [made["id"]], "despite": True})
    one = await site.somebody("outreach")
    at = await make(one, strip="Call 510 555 0100 <b>")
    page = await one.get(at)
    assert "Sheet 1" in page.words
    assert "From Riverside" in page.words
    assert "+1*******123" in page.words
    assert "Destroy it after Feb 20, 2026" in page.words
    assert "Call 510 555 0100 <b>" in page.words
    assert "▲▲▲" in page.text
    assert 'class="ico"' in page.text
    for absent in ("5550123", "Dave", "Fresno"):
        assert absent not in page.text
    assert (await one.get(at)).words == page.words
    acts = (await site.node.dispatch("audit", {"alert": alert}))["acts"]
    assert [(a["who"], a["why"]) for a in acts if a["what"] == "printed"] == [
        ("a outreach", "copy 1")
    ]
    assert "Sheet 2" in (await one.get(await make(one))).words


async def test_what_members_may_not_see_is_on_no_sheet(site: Pages) -> None:
    peer = await befriend(site.node, "Harbour")
    staff: list[Value] = ["staff", True, False, False, False, []]
    await received(site.node, peer, terms=staff, person__words="Staff Only")
    hidden = await received(site.node, peer, terms=ON_PAPER, person__words="Hidden One")
    await site.node.dispatch("verdict_set", {"alert": hidden, "hide": True})
    one = await site.somebody("reviewer")
    await one.get("/list/print")
    answer = await one.post("/list/print")
    assert answer.status == 400
    assert "Nothing of this may be printed" in answer.words
    await received(site.node, peer, terms=ON_PAPER, person__words="Seen One")
    found = await site.node.dispatch("alert_sheet", {"by": "Ana"})
    assert [each["fields"]["person.words"] for each in found["alerts"]] == ["Seen One"]
    listed = _ids(await site.node.dispatch("alert_list", {}))
    named = await site.node.dispatch("alert_sheet", {"by": "Ana", "alerts": [hidden, *listed]})
    assert [each["fields"]["person.words"] for each in named["alerts"]] == ["Seen One"]


def _rows(connection: Connection, query: Select[Any]) -> list[Any]:
    return list(connection.execute(query))


def _ids(listed: dict[str, list[dict[str, str]]]) -> list[str]:
    return [each["id"] for each in listed["alerts"]]


async def test_lines_are_crossed_out_by_their_number_without_a_word(site: Pages) -> None:
    peer = await befriend(site.node, "Harbour")
    node = site.node
    erased, withdrawn = await printed(node, city="Oakland"), await printed(node, city="Fresno")
    changed = await printed(node, city="Hayward")
    hidden = await received(node, peer, terms=ON_PAPER, person__words="Seen One")
    stays = await printed(node, "WP", city="Alameda")
    one = await site.somebody("outreach")
    at = await make(one)
    number = dict(re.findall(r'class="code">(\d)</span>.*?<bdi dir="ltr">(\w{8})</bdi>',
                             (await one.get(at)).text, re.DOTALL))  # fmt: skip
    line = {alert: number for number, alert in number.items()}
    assert "nothing to cross out" in (await one.get("/list/print/crossed")).words
    await node.dispatch("alert_erase", {"alert": erased})
    await node.dispatch("alert_withdraw", {"alert": withdrawn, "reason": "mistaken"})
    await node.dispatch("alert_correct", {"alert": changed, "fields": {"name": ["David"]}})
    await node.dispatch("verdict_set", {"alert": hidden, "hide": True})
    page = await one.get("/list/print/crossed")
    assert f"{line[erased[:8]]} ( {erased[:8]} ): erased" in page.words
    assert f"{line[withdrawn[:8]]} ( {withdrawn[:8]} ): withdrawn" in page.words
    assert f"{line[changed[:8]]} ( {changed[:8]} ): it was changed since" in page.words
    assert f"{line[hidden[:8]]} ( {hidden[:8]} ): not for paper any more" in page.words
    assert stays[:8] not in page.words
    again = await one.get(at)
    for gone in ("Oakland", "Fresno", "Hayward", "Seen One", "mistaken"):
        assert gone not in page.text
        assert gone not in again.text
    assert "Alameda" in again.text
    site.clock.now += 31 * DAY_US
    await one.sign_in("a outreach")
    assert "Its last day is over: destroy all of it" in (await one.get("/list/print/crossed")).words


async def test_a_sheet_is_forgotten_a_month_after_its_last_day(site: Pages) -> None:
    await printed(site.node)
    one = await site.somebody("outreach")
    at = await make(one)
    site.clock.now += 61 * DAY_US
    await site.node.change(forget, site.clock.now)
    for query in (select(sheets), select(sheet_lines)):
        assert await site.node.read(_rows, query) == []
    other = await site.somebody("outreach", "another")
    assert (await other.get(at)).status == 404


async def test_strange_sheets_and_forms_are_refused(site: Pages) -> None:
    await printed(site.node)
    one = await site.somebody("outreach")
    for bad in ("0", "-1", "9" * 30, "x", "%D9%A3", "%00"):
        assert (await one.get(f"/list/print/{bad}")).status == 404
    await one.get("/list/print")
    for fields in ({"severity": "x"}, {"code": "<b>"}, {"since": "soon"}, {"strip": "x" * 61}):
        answer = await one.post("/list/print", fields)
        assert answer.status == 400
    member = await site.somebody("member")
    assert (await member.get("/list/print")).status == 403


async def test_a_policy_that_prints_nothing_says_so(site: Pages) -> None:
    await printed(site.node)
    head, rest = (site.node.home / "policy.toml").read_text().split("[print]")
    rest = re.sub(r"(?m)^mode = .*$", 'mode = "off"', rest, count=1)
    await site.node.dispatch("policy_apply", {"text": f"{head}[print]{rest}"})
    one = await site.somebody("keeper")
    page = await one.get("/list/print")
    assert "Our policy prints nothing" in page.words
    assert (await one.post("/list/print")).status == 400


async def test_figures_have_a_picture_and_the_same_numbers_as_a_table(site: Pages) -> None:
    one = await site.somebody("outreach")
    assert (await one.get("/figures")).status == 200
    await counted(site.node, 12, "robbery")
    await counted(site.node, 3, "threat")
    site.clock.now += 31 * DAY_US
    await one.sign_in("a outreach")
    page = await one.get("/figures")
    picture = re.search(r"<svg.*?</svg>", page.text, re.DOTALL)
    assert picture
    drawn = ET.fromstring(picture[0])  # noqa: S314 - our own page
    assert drawn.get("role") == "img"
    assert {"title", "desc"} <= {each.tag for each in drawn}
    assert "2026-01: 12" in "".join(drawn.itertext())
    assert "US-CA took things by force or threat 12" in page.words
    assert "threatened to harm" not in page.words
    assert (await one.get("/figures?month=1999-01&page=9")).status == 200
    member = await site.somebody("member")
    assert (await member.get("/figures")).status == 403


async def counted(node: Node, count: int, code: str) -> None:
    consent = Consent(members=True, peers=True, statistics=True)
    leaves = leaves_of({"codes": [code], "place.region": "US-CA"}, node.policy, consent)
    made = [
        sign_alert(
            node.key, node.context.org, leaves, node.context.random,
            day=node.today, exp_day=Day(node.today + 300),
        )
        for _ in range(count)
    ]  # fmt: skip
    rows = [new_record(each, consent, frozenset(), node.context.now_us()) for each in made]
    await node.change(publish, node.context, rows)


async def test_a_reporter_who_takes_paper_back_crosses_her_line_out(site: Pages) -> None:
    alert = await printed(site.node)
    code = (await site.node.dispatch("receipt_issue", {"id": alert}))["receipt"]
    one = await site.somebody("outreach")
    at = await make(one)
    await site.node.dispatch("receipt_consent", {"code": code, "no": ["print"]})
    assert "not for paper any more" in (await one.get("/list/print/crossed")).words
    assert "Oakland" not in (await one.get(at)).text
    await one.get("/list/print")
    assert (await one.post("/list/print")).status == 400
