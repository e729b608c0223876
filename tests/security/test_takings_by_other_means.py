"""Ways to take much away at a stroke that are neither tombstones nor stops, and are braked."""

from pathlib import Path

import pytest

from node.jobs import forget_ended
from node.store.brake import taken_at, waiting
from tests.security.test_mass_erasure import aside, origin
from tests.support.one_node import DAY_US, Clock


@pytest.mark.parametrize("days", [-1, 0, 2])
async def test_lives_that_end_before_a_keeper_could_decide_are_an_erasure(
    tmp_path: Path, days: int
) -> None:
    clock = Clock()
    async with origin(tmp_path, 40, clock) as who:
        clock.now += 2 * DAY_US
        await who.send(*(who.next(who.sign(which, 2, days=days)) for which in range(40)))
        assert (await aside(who), await who.held()) == (20, {"braked": 20})
        (found,) = await who.node.read(waiting)
        assert dict(found.how) == {"shortened": 20}
        await who.node.change(forget_ended, who.node.today)
        await who.revoke(since=who.node.today)
        assert await who.shown() == list(range(20, 40))


async def test_lives_that_leave_the_patience_of_a_keeper_may_be_cut(tmp_path: Path) -> None:
    async with origin(tmp_path, 40) as who:
        await who.send(*(who.next(who.sign(which, 2, days=3)) for which in range(40)))
        assert taken_at(who.node.context, who.who.org) == []
        await who.send(*(who.next(who.sign(which, 3, days=2)) for which in range(40)))
        assert await aside(who) == 20


async def test_a_copy_goes_once_its_alert_lives_on(tmp_path: Path) -> None:
    async with origin(tmp_path, 40) as who:
        await who.send(*(who.next(who.sign(which, 2, days=-1)) for which in range(40)))
        await who.send(who.next(who.sign(30, 3, days=1)))
        assert await aside(who) == 20
        await who.send(who.next(who.sign(30, 4, days=60)))
        assert (await aside(who), await who.held()) == (19, {"braked": 19})
        assert await who.shown() == [30]
