"""What is for staff does not exist for members: in no check, list, count or error of theirs."""

from pathlib import Path
from typing import Any

import pytest

from node.errors import BadRequest, NotFound
from node.runtime import Node
from tests.support.one_node import befriend, one_node, received

NUMBER = "+14155550142"
FOR_STAFF: list[Any] = ["staff", True, True, True, True, []]


async def check(node: Node, text: str, **more: str) -> dict[str, Any]:
    return await node.dispatch("check", {"text": text, **more})


async def listed(node: Node, **more: str) -> set[str]:
    rows = (await node.dispatch("alert_list", more))["alerts"]
    return {row["id"] for row in rows}


async def test_an_alert_for_staff_does_not_exist_for_members(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        hidden = await received(node, other, phone=[NUMBER], terms=FOR_STAFF)
        without = await received(node, other, phone=[NUMBER], terms=["members", *[False] * 4, []])
        found = await check(node, NUMBER)
        assert {row["alert"] for row in found["matches"]} == {hidden, without}
        for text in (NUMBER, "5550142", "+1415555"):
            theirs = await check(node, text, viewer="members")
            assert {row["alert"] for row in theirs["matches"]} == {without}
            assert theirs["more"] == 0
        assert await listed(node) == {hidden, without}
        assert await listed(node, viewer="members") == {without}
        shown = await node.dispatch("alert_show", {"alert": without, "viewer": "members"})
        assert not shown.keys() & {"absent", "held", "narrowed"}
        assert "terms" not in shown["fields"]
        with pytest.raises(NotFound) as here:
            await node.dispatch("alert_show", {"alert": hidden, "viewer": "members"})
        with pytest.raises(NotFound) as nowhere:
            await node.dispatch("alert_show", {"alert": "a" * 26, "viewer": "members"})
        assert str(here.value) == str(nowhere.value)


async def test_many_alerts_for_staff_neither_hide_one_for_members_nor_are_counted(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        one = await received(node, other, phone=[NUMBER], terms=["members", *[False] * 4, []])
        for _ in range(120):
            await received(node, other, phone=[NUMBER], terms=FOR_STAFF)
        theirs = await check(node, NUMBER, viewer="members")
        assert [row["alert"] for row in theirs["matches"]] == [one]
        assert theirs["more"] == 0


async def test_a_consent_withdrawn_for_members_hides_it_from_them_at_once(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        made = await node.dispatch(
            "draft_new",
            {"fields": {"codes": ["RB"], "phone": [NUMBER]}, "consent": ["members", "peers"],
             "receipt": True},
        )  # fmt: skip
        done = await node.dispatch("draft_publish", {"ids": [made["id"]]})
        (alert,) = done["published"]
        assert await listed(node, viewer="members") == {alert}
        code = made["receipt"]
        await node.dispatch("receipt_consent", {"code": code, "no": ["members"]})
        assert await listed(node, viewer="members") == set()
        assert (await check(node, NUMBER, viewer="members"))["matches"] == []
        assert await listed(node) == {alert}


async def test_there_are_two_viewers_and_no_third(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        with pytest.raises(BadRequest):
            await check(node, NUMBER, viewer="police")
