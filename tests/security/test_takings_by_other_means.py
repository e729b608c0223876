"""Ways to take much away at a stroke that are neither tombstones nor stops, and are braked."""

from pathlib import Path

import pytest
from sqlalchemy import select

from federation.peers import PeerState
from node.jobs import forget_ended
from node.store.brake import taken_at, waiting
from node.store.peers import set_peer
from node.store.records import opened_values
from node.store.tables_defence import braked
from protocol.codec import Value
from protocol.entry import Status
from protocol.messages import Bye
from tests.security.test_mass_erasure import aside, origin
from tests.support.hostile import peer, tell
from tests.support.one_node import DAY_US, Clock
from tests.support.taking import TERMS, Origin, confirm_braked, number
from tests.unit.node.test_tokens import with_level


@pytest.mark.parametrize("days", [-1, 0, 2, 3, 29])
async def test_lives_that_end_before_anybody_would_notice_are_an_erasure(
    tmp_path: Path, days: int
) -> None:
    clock = Clock()
    async with origin(tmp_path, 40, clock) as who:
        clock.now += 2 * DAY_US
        await who.send(*(who.next(who.sign(which, 2, days=days)) for which in range(40)))
        assert (await aside(who), await who.held()) == (20, {"braked": 20})
        (found,) = await who.node.read(waiting)
        assert dict(found.how) == {"shortened": 20}
        assert len(await who.shown()) == (40 if days >= 0 else 0)  # until that day, as ever
        await who.node.change(forget_ended, who.node.today)
        await who.revoke(since=who.node.today)
        assert await who.shown() == list(range(20, 40))


async def test_lives_that_leave_a_month_may_be_cut(tmp_path: Path) -> None:
    async with origin(tmp_path, 40) as who:
        await who.send(*(who.next(who.sign(which, 2, days=30)) for which in range(40)))
        assert taken_at(who.node.context, who.who.org) == []
        await who.send(*(who.next(who.sign(which, 3, days=29)) for which in range(40)))
        assert await aside(who) == 20


async def test_a_copy_goes_once_its_alert_lives_on(tmp_path: Path) -> None:
    async with origin(tmp_path, 40) as who:
        await who.send(*(who.next(who.sign(which, 2, days=-1)) for which in range(40)))
        await who.send(who.next(who.sign(30, 3, days=1)))
        assert await aside(who) == 20
        await who.send(who.next(who.sign(30, 4, days=60)))
        assert (await aside(who), await who.held()) == (19, {"braked": 19})
        assert await who.shown() == [30]


async def test_alerts_that_members_may_see_no_longer_are_taken_from_them(tmp_path: Path) -> None:
    clock = Clock()
    async with origin(tmp_path, 40, clock) as who:
        clock.now += 2 * DAY_US
        staff: list[Value] = ["staff", *TERMS[1:]]
        await who.send(*(who.next(who.sign(which, 2, terms=staff)) for which in range(40)))
        assert (await aside(who), await who.held()) == (20, {"braked": 20})
        assert await members_find(who) == []
        await who.revoke(since=who.node.today)
        assert await members_find(who) == list(range(20, 40))


async def test_other_terms_may_change_at_a_stroke(tmp_path: Path) -> None:
    async with origin(tmp_path, 40) as who:
        wider: list[Value] = ["members", True, True, False, False, []]
        await who.send(*(who.next(who.sign(which, 2, terms=wider)) for which in range(40)))
        await who.send(*(who.next(who.sign(which, 3)) for which in range(40)))
        assert taken_at(who.node.context, who.who.org) == []


async def members_find(who: Origin) -> list[int]:
    """Which of the alerts a member finds who looks their numbers up."""
    found = []
    for which in range(len(who.alerts)):
        asked = {"text": number(which), "viewer": "members"}
        if (await who.node.dispatch("check", asked))["matches"]:
            found.append(which)
    return found


async def test_a_policy_that_changes_between_two_takings_stops_neither(tmp_path: Path) -> None:
    async with origin(tmp_path, 40) as who:
        left = ["kind", "terms", "codes", "severity", "text"]
        await who.send(*(who.next(alert, left) for alert in who.alerts))
        assert await who.held() == {"braked": 20}
        text = with_level("phone", "clear").replace('text = "edited"', 'text = "codes_only"')
        await who.node.dispatch("policy_apply", {"text": text})
        assert await who.held() == {"braked": 20, "not_accepted": 20}
        assert await said(who) == {"kind", "terms", "codes", "severity", "phone", "phone.masked"}
        await who.take_away(range(40), Status.ERASED)
        assert (await aside(who), await who.held()) == (40, {"braked": 40})
        await confirm_braked(who.node, "Harbour")
        assert (await aside(who), await who.held()) == (0, {})


async def test_who_comes_back_after_a_goodbye_may_take_away_again(tmp_path: Path) -> None:
    async with origin(tmp_path, 30) as who:
        await tell(who.node, who.who, Bye(0, 0))
        at = await peer(who.node, who.who)
        await who.node.change(set_peer, at.id, state=PeerState.TRUSTED.value)
        who.pseq = 0
        await who.send(*(who.next(alert) for alert in who.alerts))
        await who.take_away(range(30), Status.ERASED)
        assert (await aside(who), await who.held()) == (30, {"braked": 10})


async def said(who: Origin) -> set[str]:
    """The fields of all copies that are set aside."""
    query = select(braked.c.disclosures)
    rows = await who.node.read(lambda found: found.execute(query).scalars().all())
    return {name for raw in rows for name in opened_values(bytes(raw))}
