"""What a reporter was asked, and what she said, holds for as long as what came of it."""

import base64
from pathlib import Path
from typing import Any

from node.jobs import forget_ended
from node.runtime import Node
from tests.support.one_node import DAY_US, Clock, one_node

CALLBACK = "decriminalised"  # a preset that keeps reports for a while after their review
LIST = """\
date,what happened,client phone,share with members,share with other organisations
2026-01-10,did not pay,+1 415 555 0142,yes,no
"""


async def imported(node: Node, text: str = LIST) -> dict[str, Any]:
    """Import a list of one row; gives its draft."""
    content = base64.b64encode(text.encode()).decode()
    await node.dispatch("import_list", {"filename": "list.csv", "content": content})
    (row,) = (await node.dispatch("draft_list", {}))["drafts"]
    return await node.dispatch("draft_show", {"id": row["id"]})


NOT_ASKED: dict[str, bool | None] = dict.fromkeys(
    ("print", "statistics", "contact", "police_anonymised", "police_supported")
)


async def test_a_no_to_other_organisations_stays_a_no_when_she_says_yes_to_the_rest(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        draft = await imported(node)
        assert draft["consent"] == NOT_ASKED | {"members": True, "peers": False}
        await node.dispatch("draft_edit", {"id": draft["id"], "fields": {"consent": ["yes"]}})
        draft = await node.dispatch("draft_show", {"id": draft["id"]})
        assert draft["consent"] == NOT_ASKED | {"members": True, "peers": False}


async def days_later(node: Node, clock: Clock, days: int) -> None:
    """What the node does each day, after so many."""
    for step in [2] * (days // 2) + [1] * (days % 2):
        clock.now += step * DAY_US
        await node.change(forget_ended, node.today)


async def test_a_report_goes_with_its_alert_when_that_expires(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        await days_later(node, clock, 1)
        draft = await imported(node)
        await node.dispatch("draft_publish", {"ids": [draft["id"]], "despite": True})
        alerts = (await node.dispatch("alert_list", {}))["alerts"]
        clock.now += 364 * DAY_US
        await days_later(node, clock, 3)
        assert [row["status"] for row in alerts] == ["live"]
        (row,) = (await node.dispatch("alert_list", {"status": "expired"}))["alerts"]
        await assert_blank(node, draft["id"])
        assert row["id"] == alerts[0]["id"]


async def test_a_report_goes_two_weeks_after_its_alert_was_withdrawn(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", preset=CALLBACK, clock=clock) as node:
        draft = await imported(node)
        done = await node.dispatch("draft_publish", {"ids": [draft["id"]], "despite": True})
        await days_later(node, clock, 20)
        await node.dispatch("alert_withdraw", {"alert": done["published"][0]})
        await days_later(node, clock, 14)
        assert (await node.dispatch("draft_show", {"id": draft["id"]}))["report"]
        await days_later(node, clock, 1)
        await assert_blank(node, draft["id"])


async def test_a_refused_report_goes_after_thirty_days_and_its_row_stays_out(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", preset=CALLBACK, clock=clock) as node:
        draft = await imported(node)
        await days_later(node, clock, 40)
        await node.dispatch("draft_refuse", {"id": draft["id"], "reason": "a joke"})
        await days_later(node, clock, 30)
        assert (await node.dispatch("draft_show", {"id": draft["id"]}))["report"]
        await days_later(node, clock, 1)
        await assert_blank(node, draft["id"])
        content = base64.b64encode(LIST.encode()).decode()
        again = await node.dispatch("import_list", {"filename": "b.csv", "content": content})
        assert (again["drafts"], again["skipped"]) == (0, 1)


async def test_a_report_that_waits_for_review_or_whose_alert_lives_is_kept(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", preset=CALLBACK, clock=clock) as node:
        waiting = await imported(node)
        await days_later(node, clock, 40)
        assert await node.dispatch("draft_show", {"id": waiting["id"]}) == waiting
        await node.dispatch("draft_publish", {"ids": [waiting["id"]], "despite": True})
        await days_later(node, clock, 40)
        assert (await node.dispatch("draft_show", {"id": waiting["id"]}))["report"]


async def assert_blank(node: Node, identity: str) -> None:
    """Nothing is left of what a draft said."""
    left = await node.dispatch("draft_show", {"id": identity})
    assert (left["fields"], left["report"], left["doubts"], left["source"]) == ({}, {}, [], "")
    assert "reason" not in left
