"""A receiver keeps what others gave it no longer than its own policy keeps such alerts."""

from pathlib import Path

import pytest

from node.jobs import CLOCK_JUMP_DAYS, forget_ended, purge_kept_too_long
from node.runtime import Node
from tests.support.hostile import NUMBER, matches
from tests.support.key_material import made_up
from tests.support.one_node import DAY_US, Clock, befriend, one_node, published, received
from tests.support.store_scan import found_in
from tests.unit.node.test_hub_side import take, told
from tests.unit.node.test_passed_on import met, passed, signed
from tests.unit.node.test_voices import say

KEPT = 30


async def keep_for(node: Node, days: int) -> None:
    text = (node.home / "policy.toml").read_text("utf-8")
    assert "2 = 365" in text
    await node.dispatch("policy_apply", {"text": text.replace("2 = 365", f"2 = {days}")})


async def keep_house(node: Node) -> int:
    purged = await node.change(purge_kept_too_long, node.context)
    await node.change(forget_ended, node.today)
    await node.store.checkpoint()
    return purged


def left(node: Node, *words: bytes) -> list[tuple[str, bytes]]:
    return found_in(node.home, node.keystore.store_key, words)


@pytest.mark.parametrize("by_hub", [False, True])
async def test_a_copy_goes_after_our_days_where_its_origin_keeps_it_longer(
    tmp_path: Path, *, by_hub: bool
) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        await keep_for(node, KEPT)
        ours = await published(node, codes="RB", text="Kept for longer.")
        hub = await befriend(node, "Hub")
        author = made_up("Harbour") if by_hub else hub
        alert = signed(author, node)  # for 90 days, of severity 2
        if by_hub:
            await met(node, hub, author, passed(alert))
        else:
            await take(node, hub, passed(alert))
        for _ in range(KEPT):
            clock.now += DAY_US
            assert await keep_house(node) == 0
        assert len(await matches(node)) == 1
        clock.now += DAY_US
        assert await keep_house(node) == 1
        assert await matches(node) == []
        assert left(node, NUMBER.encode(), b"without paying") == []
        assert (await node.dispatch("alert_show", {"alert": ours}))["fields"]["text"]
        # It comes no more as it is; once renewed, it does.
        await take(node, hub, passed(alert, 300))
        assert await matches(node) == []
        await take(node, hub, passed(signed(author, node, rid=alert.entry.rid, rev=2), 301))
        assert len(await matches(node)) == 1


async def test_what_a_hub_keeps_no_longer_it_passes_on_no_longer(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        author, leaf = await befriend(node, "Harbour"), await befriend(node, "Riverside")
        text = (node.home / "policy.toml").read_text("utf-8")
        text = text.replace("2 = 365", f"2 = {KEPT}").replace('onward = "off"', 'onward = "on"')
        await node.dispatch("policy_apply", {"text": text})
        await take(node, author, passed(signed(author, node)))
        assert [type(item).__name__ for item in await told(node, leaf)] == ["Put"]
        for _ in range(KEPT + 1):
            clock.now += DAY_US
            await keep_house(node)
        assert [type(item).__name__ for item in await told(node, leaf)] == ["Stop"]


async def test_a_clock_that_jumped_purges_nothing_and_a_shorter_time_acts_at_once(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        harbour = await befriend(node, "Harbour")
        await take(node, harbour, passed(signed(harbour, node)))
        await keep_house(node)
        clock.now += (CLOCK_JUMP_DAYS + 1) * DAY_US
        await keep_for(node, 2)  # her own word needs no second look
        assert await matches(node) == []
    clock = Clock()
    async with one_node(tmp_path / "other", clock=clock) as node:
        await keep_for(node, KEPT)
        harbour = await befriend(node, "Harbour")
        await take(node, harbour, passed(signed(harbour, node)))
        await keep_house(node)
        clock.now += 60 * DAY_US
        assert await node.change(purge_kept_too_long, node.context) == 0
        assert len(await matches(node)) == 1


async def test_notices_have_their_days_and_voices_end_with_what_they_speak_of(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        harbour = await befriend(node, "Harbour")
        await received(node, harbour, kind="notice", codes=["raid"])
        alert = signed(harbour, node)
        await take(node, harbour, passed(alert, 2))
        shown = (await node.dispatch("alert_list", {"status": "live"}))["alerts"]
        assert len(shown) == 2
        ours = next(row["id"] for row in shown if row["kind"] == "alert")
        said = await say(node, "corroborate", alert=ours)
        for _ in range(4):
            clock.now += DAY_US
            await keep_house(node)
        kinds = [row["id"] for row in (await node.dispatch("alert_list", {}))["alerts"]
                 if row["kind"] == "notice"]  # fmt: skip
        assert kinds == []
        assert (await node.dispatch("alert_show", {"alert": said["voice"]}))["status"] == "live"
