"""Alerts that are signed again word for word: what was there before comes back, unless erased."""

from pathlib import Path

import pytest
from sqlalchemy import select

from keys.documents import Documents
from keys.signing import SigningKey
from node.introductions import follow
from node.jobs import purge_braked
from node.store.earlier import KEPT_US
from node.store.intake import StoreIntake
from node.store.quarantine import quarantine
from node.store.tables import records
from node.store.tables_defence import braked
from protocol.codec import Value
from protocol.entry import Status, decode_entry
from protocol.messages import Bye, Put, Stop
from tests.security.test_mass_erasure import aside, origin
from tests.support.hostile import peer, tell
from tests.support.key_material import TODAY
from tests.support.one_node import DAY_US, Clock
from tests.support.taking import TERMS, Origin


async def again(who: Origin, rev: int = 2) -> None:
    """Have all alerts signed again, word for word."""
    count = len(who.alerts)
    await who.send(*(who.next(who.sign(which, rev)) for which in range(count)))


def taking(who: Origin, which: int, way: Status | str) -> Put | Stop:
    """An item that takes an alert away that was signed again."""
    if way == "stop":
        return who.stop(which)
    if way == "narrow":
        return who.next(who.sign(which, 3), ["kind", "terms", "codes", "severity"])
    assert isinstance(way, Status)
    return who.next(who.sign(which, 3, status=way))


async def revisions(who: Origin) -> set[int]:
    """The revisions that stand here."""
    query = select(records.c.rev).where(records.c.org == who.who.org)
    return set(await who.node.read(lambda found: found.execute(query).scalars().all()))


async def test_a_revocation_shows_what_was_there_before_a_thief_signed_all_of_it_again(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with origin(tmp_path, 40, clock) as who:
        clock.now += 2 * DAY_US
        await again(who)
        await again(who, 2**40)
        assert (len(await who.shown()), await who.held()) == (40, {})
        assert (await who.node.dispatch("peer_brake_list", {}))["braked"] == []
        await who.revoke(since=who.node.today)
        assert (len(await who.shown()), await aside(who)) == (40, 0)
        assert await revisions(who) == {1}
        at = await peer(who.node, who.who)
        given = await who.node.read(
            lambda found: StoreIntake(found, who.node.context, at, None).give(
                [alert.entry.rk for alert in who.alerts], 10**6
            )
        )
        assert {decode_entry(each.entry).rev for each in given} == {1}  # its own, before the theft


async def test_what_the_origin_signs_then_is_taken_though_it_is_below_what_the_thief_signed(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with origin(tmp_path, 3, clock) as who:
        clock.now += 2 * DAY_US
        await again(who, 2**40)
        await who.revoke(since=who.node.today)
        await again(who, 2)
        assert (len(await who.shown()), await revisions(who)) == (3, {2})


async def test_a_quarantine_shows_what_was_there_before_the_moment(tmp_path: Path) -> None:
    clock = Clock()
    async with origin(tmp_path, 40, clock) as who:
        clock.now += DAY_US
        since = clock.now
        await again(who)
        at = await peer(who.node, who.who)
        await who.node.change(quarantine, who.node.context, at, since)
        assert (len(await who.shown()), await revisions(who)) == (40, {1})


@pytest.mark.parametrize("way", [Status.ERASED, Status.WITHDRAWN, "stop", "narrow"])
async def test_one_erasure_leaves_no_earlier_copy(tmp_path: Path, way: Status | str) -> None:
    async with origin(tmp_path, 3) as who:
        await again(who)
        assert await aside(who) == 3
        await who.send(taking(who, 0, way))
        assert await aside(who) == 2


async def test_what_was_signed_again_and_then_erased_comes_back_as_it_was_before_both(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with origin(tmp_path, 40, clock) as who:
        clock.now += 2 * DAY_US
        await again(who)
        await who.send(*(taking(who, which, Status.ERASED) for which in range(40)))
        (row,) = (await who.node.dispatch("peer_brake_list", {}))["braked"]
        assert (row["alerts"], row["erased"], await aside(who)) == (20, 20, 20)
        await who.revoke(since=who.node.today)
        assert await who.shown() == list(range(20, 40))


async def test_a_goodbye_sets_the_earlier_copies_aside_or_leaves_none(tmp_path: Path) -> None:
    async with origin(tmp_path, 30) as who:
        await again(who)
        await tell(who.node, who.who, Bye(0, 0))
        query = select(braked.c.rev, braked.c.how)
        found = await who.node.read(lambda read: read.execute(query).all())
        assert {(row.rev, row.how) for row in found} == {(1, "parted")}
    async with origin(tmp_path / "other", 3) as who:
        await again(who)
        await tell(who.node, who.who, Bye(0, 0))
        assert await aside(who) == 0


async def test_a_consent_that_was_taken_back_comes_back_by_no_revocation(tmp_path: Path) -> None:
    clock = Clock()
    async with origin(tmp_path, 1, clock) as who:
        wider: list[Value] = ["members", True, True, False, False, []]
        await who.send(who.next(who.sign(0, 2, terms=wider)))
        assert await aside(who) == 1
        await who.send(who.next(who.sign(0, 3, terms=TERMS)))
        assert await aside(who) == 0


async def test_an_earlier_copy_is_kept_for_a_month(tmp_path: Path) -> None:
    clock = Clock()
    async with origin(tmp_path, 3, clock) as who:
        await again(who)
        clock.now += KEPT_US - DAY_US
        await who.node.change(purge_braked, who.node.context)
        assert await aside(who) == 3
        clock.now += DAY_US
        await who.node.change(purge_braked, who.node.context)
        assert (await aside(who), len(await who.shown())) == (0, 3)


async def test_our_own_policy_purges_the_earlier_copy_too(tmp_path: Path) -> None:
    async with origin(tmp_path, 1) as who:
        await again(who)
        text = (who.node.home / "policy.toml").read_text("utf-8")
        assert 'text = "edited"' in text
        await who.node.dispatch(
            "policy_apply", {"text": text.replace('text = "edited"', 'text = "codes_only"')}
        )
        query = select(braked.c.disclosures)
        (raw,) = await who.node.read(lambda found: found.execute(query).scalars().all())
        assert b"seen" not in bytes(raw)


async def documents(who: Origin, ver: int, *revoked: tuple[SigningKey, int]) -> None:
    """Have the node follow a document of the origin with two keys, some revoked from a day on."""
    both = (who.who.node_key, who.who.other_node_key)
    keys = tuple((key, TODAY, TODAY + 365) for key in both)
    doc = who.who.doc(ver=ver, keys=keys, revoked=revoked)
    at = await peer(who.node, who.who)
    await who.node.change(follow, who.node.context, at, Documents((doc,), None))


@pytest.mark.parametrize("turned", [False, True])
async def test_of_two_stolen_keys_the_one_brings_nothing_back_that_came_under_the_other(
    tmp_path: Path, *, turned: bool
) -> None:
    clock = Clock()
    async with origin(tmp_path, 1, clock) as who:
        both = (who.who.node_key, who.who.other_node_key)
        first, second = reversed(both) if turned else both
        await documents(who, 2)
        clock.now += 2 * DAY_US
        first_day, who.speaks = who.node.today, first
        await who.give(1)  # made up, under the first key
        clock.now += 2 * DAY_US
        who.speaks = second
        await again(who)
        await documents(who, 3, (first, first_day), (second, who.node.today))
        assert await who.shown() == [0]
