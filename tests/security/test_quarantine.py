"""An origin whose node may be in other hands is not believed from a moment on, by our clock."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from sqlalchemy import Connection

from node.store.passed_on import show
from node.store.peers import peer_of
from node.store.quarantine import hide_since, lift, quarantine, since_of
from protocol.entry import Status
from protocol.errors import ErrorNumber
from protocol.messages import Put, Stop
from protocol.messages_match import Matched
from tests.security.test_matching_asked import PHONES, ask, question, refusal
from tests.support.hostile import matches, peer, take
from tests.support.one_node import DAY_US, Clock, befriend, one_node
from tests.support.taking import Origin
from tests.unit.node.test_passed_on import passed, signed


@asynccontextmanager
async def origin(home: Path, clock: Clock, alerts: int = 6) -> AsyncIterator[Origin]:
    """A node, and a peer of it that gave it some alerts two days ago."""
    async with one_node(home / "node", clock=clock) as node:
        who = Origin(node, await befriend(node, "Harbour"))
        await who.give(alerts)
        clock.now += 2 * DAY_US
        yield who


async def distrust(who: Origin, since: int) -> dict[str, int]:
    """Quarantine the origin since a moment."""
    at = await peer(who.node, who.who)
    return await who.node.change(quarantine, who.node.context, at, since)


async def trust(who: Origin) -> int:
    """Lift it again."""
    return await who.node.change(lift, who.node.context, await peer(who.node, who.who))


async def test_what_came_since_is_hidden_and_what_came_before_stays(tmp_path: Path) -> None:
    clock = Clock()
    async with origin(tmp_path, clock) as who:
        friday = clock.now
        await who.give(3)
        assert await distrust(who, friday) == {"hidden": 3, "back": 0}
        assert await who.shown() == list(range(6))
        assert await who.held() == {"quarantined": 3}
        listed = (await who.node.dispatch("alert_list", {"status": "quarantined"}))["alerts"]
        assert len(listed) == 3


async def test_what_was_braked_since_comes_back_and_what_was_purged_does_not(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with origin(tmp_path, clock, alerts=40) as who:
        friday = clock.now
        await who.take_away(range(40))
        assert await distrust(who, friday) == {"hidden": 0, "back": 20}
        assert await who.shown() == list(range(20, 40))
        assert await who.held() == {"quarantined": 20}


async def test_nothing_that_it_says_has_an_effect_until_it_is_believed_again(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with origin(tmp_path, clock) as who:
        await distrust(who, clock.now)
        await who.give(1)
        await who.take_away([0], Status.ERASED)
        await who.take_away([1], Status.WITHDRAWN)
        await who.take_away([2], "stop")
        await who.take_away([3], "narrow")
        assert await who.shown() == list(range(6))
        assert await who.held() == {"quarantined": 5}
        assert await trust(who) == 5
        at = await peer(who.node, who.who)
        assert (at.in_relist, since_of(who.node.context, who.who.org)) == (1, None)
        again: list[Put | Stop] = [
            who.next(who.alerts[6]),
            who.next(who.sign(0, 2, status=Status.ERASED)),
            who.next(who.sign(1, 2, status=Status.WITHDRAWN)),
            who.stop(2),
            who.next(who.alerts[3], ["kind", "terms", "codes"]),
        ]
        await who.send(*again)
        assert (await who.shown(), await who.held()) == ([4, 5, 6], {})


async def test_an_old_alert_that_is_only_told_again_is_not_held(tmp_path: Path) -> None:
    clock = Clock()
    async with origin(tmp_path, clock) as who:
        await distrust(who, clock.now)
        await who.send(*(who.next(alert) for alert in who.alerts))
        assert (await who.held(), len(await who.shown())) == ({}, 6)


async def test_a_backup_put_back_does_not_end_a_quarantine(tmp_path: Path) -> None:
    clock, home = Clock(), tmp_path / "node"
    async with origin(tmp_path, clock) as who:
        friday = clock.now
        await who.give(2)
    copy = (home / "store.db").read_bytes()
    async with one_node(home, clock=clock) as node:
        who.node = node
        await distrust(who, friday)
    (home / "store.db").write_bytes(copy)
    async with one_node(home, clock=clock) as node:
        who.node = node
        assert since_of(node.context, who.who.org) == friday
        assert await who.held() == {"quarantined": 2}
        await who.give(1)
        assert await who.held() == {"quarantined": 3}


async def test_an_earlier_moment_hides_more_and_a_later_one_shows_nothing_again(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with origin(tmp_path, clock) as who:
        friday = clock.now
        await who.give(1)
        clock.now += DAY_US
        await distrust(who, clock.now)
        assert len(await who.shown()) == 7
        await distrust(who, friday)
        assert len(await who.shown()) == 6
        await distrust(who, clock.now)
        assert len(await who.shown()) == 6
        assert since_of(who.node.context, who.who.org) == friday
        assert await trust(who) == 1
        assert len(await who.shown()) == 7


async def test_what_a_thief_gave_stays_hidden_after_the_lift_where_the_key_was_revoked(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with origin(tmp_path, clock) as who:
        friday = clock.now
        await who.give(2)
        await distrust(who, friday)
        await who.revoke(since=who.node.today)
        await trust(who)
        assert await who.shown() == list(range(6))


async def test_it_is_told_nothing_about_identifiers_until_the_lift(tmp_path: Path) -> None:
    clock = Clock()
    async with origin(tmp_path, clock) as who:
        match = question(PHONES[:1])[0]
        assert isinstance(await ask(who.node, who.who, match), Matched)
        await distrust(who, clock.now)
        assert await refusal(who.node, who.who, match) == ErrorNumber.LOCKED
        await trust(who)
        assert isinstance(await ask(who.node, who.who, match), Matched)


async def test_hiding_twice_changes_nothing(tmp_path: Path) -> None:
    clock = Clock()
    async with origin(tmp_path, clock) as who:
        friday = clock.now
        await who.give(2)
        await distrust(who, friday)
        at, context = await peer(who.node, who.who), who.node.context
        again = await who.node.change(hide_since, context, at, friday)
        assert again == {"hidden": 0, "back": 0}


async def test_what_a_hub_passed_on_of_it_since_is_hidden_as_well(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        hub, author = await befriend(node, "Network"), await befriend(node, "Harbour")
        since = clock.now
        record = signed(author, node)
        await take(node, hub, passed(record))
        assert len(await matches(node)) == 1
        who = Origin(node, author)
        await node.change(_distrust, who, since)
        assert await matches(node) == []
        await node.change(lambda connection: show(connection, node.context))
        assert await matches(node) == []  # nor after anything else made it anew
        await trust(who)
        assert len(await matches(node)) == 1


def _distrust(connection: Connection, who: Origin, since: int) -> None:
    at = peer_of(connection, who.who.org)
    assert at is not None
    quarantine(connection, who.node.context, at, since)
    show(connection, who.node.context)
