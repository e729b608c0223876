"""What was made here of an alert of others goes with it: drafts of it, and notes on it."""

from pathlib import Path

import pytest

from node.pipeline import Signed
from node.runtime import Node
from protocol.entry import Status
from protocol.messages import Put, Stop
from tests.support.key_material import MadeUp, made_up
from tests.support.one_node import DAY_US, Clock, befriend, one_node
from tests.support.store_scan import found_in
from tests.unit.node.test_hub_side import take
from tests.unit.node.test_passed_on import met, passed, signed

STORY = "He left by the quince orchard."
NOTE = "ask at the marmalade shop"
WORDS = [STORY.encode(), NOTE.encode()]


async def left(node: Node) -> set[bytes]:
    """Which of the words still stand in a file of the node."""
    await node.store.checkpoint()
    return {word for _, word in found_in(node.home, node.keystore.store_key, WORDS)}


def taking(node: Node, author: MadeUp, alert: Signed, way: str) -> Put | Stop:
    """What takes the alert away."""
    rk, rid = alert.entry.rk, alert.entry.rid
    if way == "stop":
        return Stop(200, rk, alert.entry.exp_day)
    status = Status.ERASED if way == "tombstone" else Status.WITHDRAWN
    return passed(signed(author, node, rid=rid, rev=2, status=status), 200)


@pytest.mark.parametrize("way", ["tombstone", "withdrawal", "stop"])
@pytest.mark.parametrize("by_hub", [False, True])
async def test_a_draft_of_an_adopted_alert_goes_when_its_organisation_takes_that_back(
    tmp_path: Path, way: str, *, by_hub: bool
) -> None:
    async with one_node(tmp_path / "node") as node:
        author = made_up("Harbour") if by_hub else await befriend(node, "Harbour")
        source = await befriend(node, "Hub") if by_hub else author
        alert = signed(author, node, text=STORY)
        if by_hub:
            await met(node, source, author, passed(alert))
        else:
            await take(node, author, passed(alert))
        (row,) = (await node.dispatch("alert_list", {}))["alerts"]
        draft = (await node.dispatch("voice_adopt", {"alert": row["id"]}))["id"]
        aside = (await node.dispatch("voice_adopt", {"alert": row["id"]}))["id"]
        await node.dispatch("draft_refuse", {"id": aside, "reason": "one is enough"})
        await take(node, source, taking(node, author, alert, way))
        assert (await node.dispatch("draft_list", {}))["drafts"] == []
        assert (await node.dispatch("draft_show", {"id": draft}))["fields"] == {}
        assert await left(node) == set()
        refused = (await node.dispatch("draft_publish", {"ids": [draft]}))["refused"]
        assert [each["id"] for each in refused] == [draft]


async def test_a_thief_s_erasure_that_is_braked_takes_no_draft_along(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        author = await befriend(node, "Harbour")
        alerts = [signed(author, node, text=STORY) for _ in range(30)]
        await take(node, author, *(passed(each, n + 1) for n, each in enumerate(alerts)))
        for row in (await node.dispatch("alert_list", {}))["alerts"]:
            await node.dispatch("voice_adopt", {"alert": row["id"]})
        clock.now += DAY_US
        gone = [signed(author, node, rid=a.entry.rid, rev=2, status=Status.ERASED) for a in alerts]
        await take(node, author, *(passed(each, n + 100) for n, each in enumerate(gone)))
        assert len((await node.dispatch("draft_list", {}))["drafts"]) == 10


async def test_what_was_noted_of_an_alert_goes_with_an_erasure_that_a_hub_brings(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        author, hub = made_up("Harbour"), await befriend(node, "Hub")
        alert = signed(author, node, text=STORY)
        await met(node, hub, author, passed(alert))
        (row,) = (await node.dispatch("alert_list", {}))["alerts"]
        await node.dispatch("verdict_set", {"alert": row["id"], "note": NOTE})
        await take(node, hub, taking(node, author, alert, "tombstone"))
        assert (await node.dispatch("verdict_list", {}))["verdicts"] == []
        assert await left(node) == set()
