"""A stolen key is no network-wide delete button: what is taken away fast is set aside, not gone."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select

from federation.peers import PeerState
from node.jobs import forget_ended, purge_braked
from node.store.brake import TAKEN, let_go, taken_at, waiting
from node.store.quarantine import lift, quarantine
from node.store.register import ERASED
from node.store.tables import identifiers
from node.store.tables_defence import braked
from protocol.entry import Status
from protocol.messages import Bye
from tests.support.hostile import peer, tell
from tests.support.one_node import DAY_US, NOW, Clock, befriend, one_node
from tests.support.taking import Origin

HOUR_US = DAY_US // 24
WAYS: tuple[Status | str, ...] = (Status.ERASED, Status.WITHDRAWN, "stop", "narrow")


@asynccontextmanager
async def origin(home: Path, alerts: int, clock: Clock | None = None) -> AsyncIterator[Origin]:
    """A node, and a peer of it that gave it so many alerts."""
    async with one_node(home / "node", clock=clock) as node:
        who = Origin(node, await befriend(node, "Harbour"))
        await who.give(alerts)
        yield who


async def aside(who: Origin) -> int:
    """How many copies are set aside."""
    query = select(func.count()).select_from(braked)
    return await who.node.read(lambda connection: connection.execute(query).scalar_one())


@pytest.mark.parametrize("how", WAYS)
async def test_up_to_twenty_a_day_go_at_once_and_the_next_is_hidden_and_kept(
    tmp_path: Path, how: Status | str
) -> None:
    async with origin(tmp_path, 40) as who:
        await who.take_away(range(20), how)
        assert (await aside(who), await who.held()) == (0, {})
        await who.take_away([20, 21], how)
        assert (await aside(who), await who.held()) == (2, {"braked": 2})
        assert await who.shown() == list(range(22, 40))


@pytest.mark.parametrize(("held", "gone"), [(49, 20), (50, 5), (100, 10), (200, 20), (300, 20)])
async def test_of_fifty_and_more_a_tenth_is_many_too(tmp_path: Path, held: int, gone: int) -> None:
    async with origin(tmp_path, held) as who:
        half = held // 2
        await who.take_away(range(half))
        assert await aside(who) == half - gone
        await who.take_away(range(half, held))
        assert await aside(who) == held - gone


async def test_the_old_words_are_in_no_list_no_check_and_no_index(tmp_path: Path) -> None:
    async with origin(tmp_path, 40) as who:
        await who.take_away(range(40))
        query = select(func.count()).select_from(identifiers)
        assert await who.node.read(lambda found: found.execute(query).scalar_one()) == 0
        assert await who.shown() == []
        listed = (await who.node.dispatch("alert_list", {}))["alerts"]
        assert {row["status"] for row in listed} == {"erased"}
        shown = await who.node.dispatch("alert_show", {"alert": listed[0]["id"]})
        assert (shown["fields"], shown["held"]) == ({}, "braked")


async def test_the_count_is_of_one_day_by_our_clock(tmp_path: Path) -> None:
    clock = Clock()
    async with origin(tmp_path, 45, clock) as who:
        await who.take_away(range(20))
        clock.now += 24 * HOUR_US
        await who.take_away(range(20, 40))
        assert await aside(who) == 0
        clock.now += 23 * HOUR_US
        await who.take_away([40])
        assert await aside(who) == 1


async def test_the_count_outlives_a_restart_and_a_store_that_was_put_back(tmp_path: Path) -> None:
    home = tmp_path / "node"
    async with origin(tmp_path, 40) as who:
        pass
    copy = (home / "store.db").read_bytes()
    async with one_node(home) as node:
        who.node = node
        await who.take_away(range(15))
    (home / "store.db").write_bytes(copy)
    async with one_node(home) as node:
        who.node, who.pseq = node, 40
        assert len(taken_at(node.context, who.who.org)) == 15
        await who.take_away(range(15, 25))
        assert await aside(who) == 5


async def test_what_is_set_aside_is_no_erasure_in_the_register_until_it_is_purged(
    tmp_path: Path,
) -> None:
    async with origin(tmp_path, 30) as who:
        await who.take_away(range(30))
        register = who.node.context.register
        assert len(dict(register.all(ERASED))) == 20
        assert (
            await who.node.change(let_go, who.node.context, who.who.org, who.node.context.now_us())
            == 10
        )
        assert len(dict(register.all(ERASED))) == 30
        assert (await aside(who), await who.held()) == (0, {})
        assert register.get(TAKEN, who.who.org) is None


async def test_nobody_decided_for_72_hours_and_it_is_purged(tmp_path: Path) -> None:
    clock = Clock()
    async with origin(tmp_path, 30, clock) as who:
        context = who.node.context
        await who.take_away(range(30))
        for _ in range(71):
            clock.now += HOUR_US
            assert await who.node.change(purge_braked, context) == 0
            await who.node.change(forget_ended, who.node.today)
        clock.now += HOUR_US
        assert await who.node.change(purge_braked, context) == 10
        assert (await aside(who), await who.held()) == (0, {})


async def test_a_clock_that_jumped_purges_nothing(tmp_path: Path) -> None:
    clock = Clock()
    async with origin(tmp_path, 30, clock) as who:
        context = who.node.context
        await who.node.change(forget_ended, who.node.today)
        await who.take_away(range(30))
        clock.now += 4 * DAY_US
        assert await who.node.change(purge_braked, context) == 0
        await who.node.change(forget_ended, who.node.today)
        assert await who.node.change(purge_braked, context) == 10


@pytest.mark.parametrize("how", WAYS)
async def test_a_revoked_key_gives_back_everything_that_was_set_aside(
    tmp_path: Path, how: Status | str
) -> None:
    async with origin(tmp_path, 30) as who:
        await who.take_away(range(30), how)
        assert await who.shown() == []
        await who.revoke(since=who.node.today)
        # What the same key gave that day came in the doubtful time as well, so that it is hidden.
        assert await who.shown() == []
        assert await aside(who) == 0


@pytest.mark.parametrize("how", WAYS)
async def test_copies_from_before_the_theft_are_shown_again_and_the_origin_replaces_the_rest(
    tmp_path: Path, how: Status | str
) -> None:
    clock = Clock()
    async with origin(tmp_path, 60, clock) as who:
        clock.now += 2 * DAY_US
        await who.take_away(range(60), how)
        assert await who.shown() == []
        await who.revoke(since=who.node.today)
        assert await who.shown() == list(range(6, 60))
        assert await who.held() == {}
        await who.send(*(who.next(who.sign(which, 3)) for which in range(60)))
        assert await who.shown() == list(range(60))


async def test_a_tombstone_that_comes_again_is_neither_confirmed_nor_counted_twice(
    tmp_path: Path,
) -> None:
    async with origin(tmp_path, 30) as who:
        await who.take_away(range(30))
        await who.take_away(range(20, 30))
        assert (await aside(who), await who.held()) == (10, {"braked": 10})


async def test_a_copy_goes_once_its_origin_says_all_of_it_again(tmp_path: Path) -> None:
    async with origin(tmp_path, 30) as who:
        await who.take_away(range(30), "stop")
        await who.send(who.next(who.alerts[25]))
        assert (await aside(who), await who.held()) == (9, {"braked": 9})
        assert await who.shown() == [25]


async def test_nonsense_written_over_alerts_takes_them_away_as_well(tmp_path: Path) -> None:
    clock = Clock()
    async with origin(tmp_path, 30, clock) as who:
        clock.now += 2 * DAY_US
        await who.send(*(who.next(who.sign(which, 2, text="nonsense")) for which in range(30)))
        assert await aside(who) == 10
        await who.take_away(range(30), "stop")
        await who.send(*(who.next(who.sign(which, 3, text="rubbish")) for which in range(30)))
        assert await aside(who) == 30  # what came in between was taken away by the stops
        await who.revoke(since=who.node.today)
        assert await who.shown() == list(range(20, 30))


async def test_alerts_signed_anew_take_nothing_away(tmp_path: Path) -> None:
    async with origin(tmp_path, 60) as who:
        await who.send(*(who.next(who.sign(which, 2)) for which in range(60)))
        assert taken_at(who.node.context, who.who.org) == []
        assert await who.shown() == list(range(60))


async def test_other_origins_have_a_count_of_their_own(tmp_path: Path) -> None:
    async with origin(tmp_path, 40) as who:
        other = Origin(who.node, await befriend(who.node, "Lighthouse"))
        await other.give(30)
        await who.take_away(range(40))
        await other.take_away(range(20))
        found = await who.node.read(waiting)
        assert [(each.org, each.count, dict(each.how)) for each in found] == [
            (who.who.org, 20, {"erased": 20})
        ]
        assert found[0].since_us >= NOW


async def test_a_goodbye_under_a_stolen_key_is_no_way_around_the_brake(tmp_path: Path) -> None:
    async with origin(tmp_path, 30) as who:
        context = who.node.context
        assert await tell(who.node, who.who, Bye(0, 0)) == "bye"
        assert (await who.shown(), await aside(who)) == ([], 30)
        at = await peer(who.node, who.who)
        assert at.state is PeerState.GONE
        await who.node.change(quarantine, context, at, NOW + HOUR_US)
        assert await aside(who) == 30  # it was before that moment
        await who.node.change(quarantine, context, at, NOW)
        at = await peer(who.node, who.who)
        assert (at.state, await aside(who)) == (PeerState.PAUSED, 0)
        assert await who.node.change(lift, context, at) == 30
        assert await who.shown() == list(range(30))


async def test_a_goodbye_of_a_few_alerts_purges_them(tmp_path: Path) -> None:
    async with origin(tmp_path, 20) as who:
        await tell(who.node, who.who, Bye(0, 0))
        assert (await who.shown(), await aside(who)) == ([], 0)
