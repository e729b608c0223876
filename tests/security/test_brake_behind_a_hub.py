"""What is taken away at a stroke, seen from behind a hub: at its leaves, and by who comes late."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select

from node.jobs import purge_braked
from node.pipeline import Signed
from node.runtime import Node
from node.store.records import NOTHING_DISCLOSED
from node.store.register import ERASED
from node.store.tables import forwarded, records
from node.store.tables_defence import braked
from protocol.entry import Status
from protocol.messages import Bye, Put, Stop
from tests.support.hostile import matches, tell
from tests.support.key_material import MadeUp, made_up
from tests.support.one_node import DAY_US, Clock, befriend, one_node
from tests.support.taking import Origin, confirm_braked
from tests.unit.node.test_hub_side import become_hub, take, told
from tests.unit.node.test_passed_on import met, passed, signed


async def test_what_a_keeper_puts_back_at_a_hub_comes_back_at_its_leaves(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        author, leaf = await befriend(node, "Harbour"), await befriend(node, "Riverside")
        await become_hub(node)
        alerts = [signed(author, node) for _ in range(40)]
        await take(node, author, *(passed(each, n + 1) for n, each in enumerate(alerts)))
        clock.now += DAY_US
        stops = [Stop(100 + n, each.entry.rk, each.entry.exp_day) for n, each in enumerate(alerts)]
        await take(node, author, *stops)
        assert sum(isinstance(item, Stop) for item in await told(node, leaf)) == 40
        await node.dispatch("peer_brake_reject", {"peer": "Harbour"})
        items = await told(node, leaf)
        assert sum(isinstance(item, Put) for item in items) == 20
        since = [signed(author, node) for _ in range(2)]
        await take(node, author, *(passed(each, n + 200) for n, each in enumerate(since)))
        assert sum(isinstance(item, Put) for item in await told(node, leaf)) == 20


async def aside(node: Node) -> int:
    """How many copies are set aside."""
    query = select(func.count()).select_from(braked)
    return await node.read(lambda found: found.execute(query).scalar_one())


async def shown(node: Node) -> int:
    """How many alerts are listed as live."""
    return len((await node.dispatch("alert_list", {"status": "live"}))["alerts"])


@asynccontextmanager
async def leaf(
    home: Path, clock: Clock
) -> AsyncIterator[tuple[Node, MadeUp, MadeUp, list[Signed]]]:
    """A node, a hub of it, an author that it knows by the hub alone, and 40 alerts of that one."""
    async with one_node(home / "node", clock=clock) as node:
        hub, author = await befriend(node, "Hub"), made_up("Harbour")
        alerts = [signed(author, node) for _ in range(40)]
        await met(node, hub, author, *(passed(each, n + 1) for n, each in enumerate(alerts)))
        clock.now += DAY_US
        yield node, hub, author, alerts


def taking(node: Node, author: MadeUp, alert: Signed, pseq: int, way: str) -> Put | Stop:
    """What a hub says that takes an alert away."""
    if way == "stop":
        return Stop(pseq, alert.entry.rk, alert.entry.exp_day)
    if way == "narrow":
        return passed(alert, pseq, but=("phone", "phone.masked"))
    return passed(signed(author, node, rid=alert.entry.rid, rev=2, status=Status.ERASED), pseq)


@pytest.mark.parametrize("way", ["stop", "narrow", "tombstone"])
async def test_what_a_hub_takes_away_at_a_stroke_is_set_aside_at_its_leaf(
    tmp_path: Path, way: str
) -> None:
    async with leaf(tmp_path, Clock()) as (node, hub, author, alerts):
        await take(
            node, hub, *(taking(node, author, a, 200 + n, way) for n, a in enumerate(alerts))
        )
        assert (await shown(node), await aside(node)) == (40 if way == "narrow" else 0, 20)
        assert await matches(node) == []
        erased = len(dict(node.context.register.all(ERASED)))
        assert erased == (20 if way == "tombstone" else 0)
        done = await node.dispatch("peer_brake_reject", {"peer": "Hub"})
        assert done["shown_again"] == 20
        assert (len(await matches(node)), await aside(node)) == (20, 0)
        again = [taking(node, author, a, 300 + n, way) for n, a in enumerate(alerts)]
        await take(node, hub, *again)
        assert len(await matches(node)) == 20


@pytest.mark.parametrize("way", ["stop", "tombstone"])
async def test_what_a_hub_meant_to_take_away_is_purged_once_confirmed(
    tmp_path: Path, way: str
) -> None:
    async with leaf(tmp_path, Clock()) as (node, hub, author, alerts):
        await take(
            node, hub, *(taking(node, author, a, 200 + n, way) for n, a in enumerate(alerts))
        )
        assert (await confirm_braked(node, "Hub"))["purged"] == 20
        assert (await matches(node), await aside(node)) == ([], 0)
        query = select(forwarded.c.held, forwarded.c.disclosures)
        rows = await node.read(lambda found: found.execute(query).all())
        assert {(held, bytes(raw)) for held, raw in rows} == {("", NOTHING_DISCLOSED)}
        erased = len(dict(node.context.register.all(ERASED)))
        assert erased == (40 if way == "tombstone" else 0)


async def test_a_hub_s_revoked_key_gives_back_what_it_stopped(tmp_path: Path) -> None:
    async with leaf(tmp_path, Clock()) as (node, hub, author, alerts):
        await take(
            node, hub, *(taking(node, author, a, 200 + n, "stop") for n, a in enumerate(alerts))
        )
        await Origin(node, hub).revoke(node.today)
        assert (len(await matches(node)), await aside(node)) == (20, 0)


async def test_a_hub_s_goodbye_waits_aside(tmp_path: Path) -> None:
    async with leaf(tmp_path, Clock()) as (node, hub, _, _):
        assert await tell(node, hub, Bye(0, 0)) == "bye"
        assert (await matches(node), await aside(node)) == ([], 40)
        await node.dispatch("peer_brake_reject", {"peer": "Hub"})
        assert (len(await matches(node)), await aside(node)) == (40, 0)


async def test_nobody_decides_about_a_hub_for_72_hours_and_it_is_purged(tmp_path: Path) -> None:
    clock = Clock()
    async with leaf(tmp_path, clock) as (node, hub, author, alerts):
        gone = [taking(node, author, alert, 200 + n, "tombstone") for n, alert in enumerate(alerts)]
        await take(node, hub, *gone)
        clock.now += 3 * DAY_US
        assert await node.change(purge_braked, node.context) == 20
        assert len(dict(node.context.register.all(ERASED))) == 40
        held = select(records.c.held).where(records.c.held != "")
        assert await node.read(lambda found: found.execute(held).all()) == []
