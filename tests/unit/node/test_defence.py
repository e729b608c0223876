"""The keeper's commands for the day when a key is stolen, and the moments that she names."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from node.errors import BadRequest, NotFound
from node.moments import parse_moment
from tests.support.one_node import Clock, befriend, one_node
from tests.support.taking import Origin, confirm_braked

NEW_YORK = "America/New_York"
SATURDAY = int(datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("2026-11-20 02:00", "2026-11-20T07:00:00+00:00"),
        ("2026-11-20", "2026-11-20T05:00:00+00:00"),
        ("2026-11-20T02:00+01:00", "2026-11-20T01:00:00+00:00"),
        ("2026-11-20 02:00Z", "2026-11-20T02:00:00+00:00"),
        ("2026-07-01 02:00", "2026-07-01T06:00:00+00:00"),  # in summer time
        ("Friday 02:00", "2026-11-20T07:00:00+00:00"),
        ("fri 02:00", "2026-11-20T07:00:00+00:00"),
        ("Saturday 02:00", "2026-11-21T07:00:00+00:00"),
        ("Saturday 23:00", "2026-11-15T04:00:00+00:00"),  # today's is still to come
        ("Sunday", "2026-11-15T05:00:00+00:00"),
    ],
)
def test_a_moment_is_meant_in_the_nodes_time_zone_and_a_weekday_is_the_last_that_came(
    said: str, meant: str
) -> None:
    found = parse_moment(said, NEW_YORK, SATURDAY)
    assert datetime.fromtimestamp(found / 1_000_000, UTC).isoformat() == meant


@pytest.mark.parametrize("said", ["", "soon", "Fr 02:00", "Friday 2am", "2026-13-01", "02:00"])
def test_what_is_no_moment_is_refused(said: str) -> None:
    with pytest.raises(BadRequest, match="no moment"):
        parse_moment(said, NEW_YORK, SATURDAY)


async def test_confirming_purges_and_the_peer_is_told_at_the_next_pull(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        who = Origin(node, await befriend(node, "Harbour"))
        await who.give(30)
        await who.take_away(range(30))
        (row,) = (await node.dispatch("peer_brake_list", {}))["braked"]
        assert (row["name"], row["alerts"], row["erased"]) == ("Harbour", 10, 10)
        assert row["since"] < row["purged_from"]
        done = await confirm_braked(node, "Harbour")
        assert (done["purged"], await who.held()) == (10, {})
        with pytest.raises(NotFound, match="holds nothing"):
            await node.dispatch("peer_brake_reject", {"peer": "Harbour"})


async def test_confirming_purges_no_more_than_the_list_that_was_read(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        who = Origin(node, await befriend(node, "Harbour"))
        await who.give(40)
        await who.take_away(range(30))
        (row,) = (await node.dispatch("peer_brake_list", {}))["braked"]
        clock.now += 60_000_000
        await who.take_away(range(30, 40))
        asked = {"peer": "Harbour", "until": row["newest"]}
        assert (await node.dispatch("peer_brake_confirm", asked))["purged"] == 10
        assert await who.held() == {"braked": 10}
        (left,) = (await node.dispatch("peer_brake_list", {}))["braked"]
        assert (left["alerts"], left["since"] > row["newest"]) == (10, True)
        assert (await confirm_braked(node, "Harbour"))["purged"] == 10
        with pytest.raises(BadRequest):
            await node.dispatch("peer_brake_confirm", {"peer": "Harbour"})


async def test_rejecting_shows_it_again_and_believes_nothing_since_then(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        who = Origin(node, await befriend(node, "Harbour"))
        await who.give(30)
        clock.now += 3_600_000_000
        await who.take_away(range(30))
        done = await node.dispatch("peer_brake_reject", {"peer": "Harbour"})
        assert (done["shown_again"], len(await who.shown())) == (10, 10)
        await who.take_away(range(20, 30))  # it says so again
        assert (len(await who.shown()), await who.held()) == (10, {"quarantined": 10})
        warned = (await node.dispatch("status", {}))["warnings"]
        assert any("nothing of Harbour since" in each for each in warned)


async def test_a_peer_is_frozen_by_a_pause_and_a_moment(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        who = Origin(node, await befriend(node, "Harbour"))
        await who.give(3)
        done = await node.dispatch("peer_freeze", {"peer": "Harbour", "since": "2026-01-01"})
        assert (done["state"], done["hidden"]) == ("paused", 3)
        for said in ("2099-01-01", "nonsense"):
            with pytest.raises(BadRequest):
                await node.dispatch("peer_freeze", {"peer": "Harbour", "since": said})
        lifted = await node.dispatch("peer_quarantine", {"peer": "Harbour", "lifted": True})
        assert (lifted["asked_again"], len(await who.shown())) == (3, 3)


async def test_a_quarantine_needs_a_moment_or_a_lift_and_not_both(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour")
        for args in ({}, {"since": "2026-01-01", "lifted": True}, {"lifted": True}):
            with pytest.raises(BadRequest):
                await node.dispatch("peer_quarantine", {"peer": "Harbour", **args})
