"""Check names the same alerts together whichever way it finds that out."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

from node.runtime import Node
from node.store.clusters import mark
from node.store.modes import Mode, PeerMode, set_mode
from node.store.verdicts import Verdict, set_verdict
from protocol.ids import parse_record_key
from tests.support.one_node import befriend, one_node, published, received

PHONE = "510 555 0123"


async def check(node: Node, text: str, viewer: str = "staff") -> dict[str, Any]:
    return await node.dispatch("check", {"text": text, "viewer": viewer})


def named(found: dict[str, Any]) -> dict[str, set[tuple[str, str]]]:
    """For each match, with which others it is named and why."""
    return {
        match["alert"]: {
            (other["alert"], " ".join(other["why"])) for other in match.get("also_reported_by", ())
        }
        for match in found["matches"]
    }


@pytest.mark.parametrize("judged", ["nothing", "a verdict", "a mode", "a mark"])
async def test_what_is_judged_of_others_changes_nothing_of_what_is_together(
    tmp_path: Path, judged: str
) -> None:
    async with one_node(tmp_path / "node", preset="decriminalised") as node:
        harbour = await befriend(node, "Harbour")
        mine = await published(node, phone=PHONE)
        theirs = await received(node, harbour, phone=["+15105550123"], plate=["US:7ABC271"])
        plate = await received(node, harbour, plate=["US:7ABC271"])
        far, away = [
            parse_record_key(await published(node, phone=f"415 555 01{at}")) for at in (11, 12)
        ]
        await check(node, PHONE)
        match judged:
            case "a verdict":
                await node.change(set_verdict, far, Verdict(note="seen"))
            case "a mode":
                other = await befriend(node, "Eastside")
                await node.change(set_mode, other.org, PeerMode(Mode.IGNORE), node.context.now_us())
            case "a mark":
                pair = (min(far, away), max(far, away))
                await node.change(partial(mark, together=True), pair, node.context.now_us())
        assert named(await check(node, PHONE))[mine] >= {(theirs, "same phone")}
        assert named(await check(node, "415 555 0111, " + PHONE))[theirs] >= {(mine, "same phone")}
        both = named(await check(node, f"{PHONE}, US:7ABC271"))
        assert both.keys() == {mine, theirs, plate}
        assert both[theirs] == {(mine, "same phone"), (plate, "same plate")}
        assert {alert for alert, _ in both[plate]} == {mine, theirs}


async def test_a_hidden_alert_is_named_beside_no_other_for_members(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node", preset="decriminalised") as node:
        mine = await published(node, phone=PHONE)
        theirs = await received(node, await befriend(node, "Harbour"), phone=["+15105550123"])
        await node.change(set_verdict, parse_record_key(theirs), Verdict(hide=True))
        assert named(await check(node, PHONE, "members")) == {mine: set()}
        assert named(await check(node, PHONE)) == {
            mine: {(theirs, "same phone")},
            theirs: {(mine, "same phone")},
        }
