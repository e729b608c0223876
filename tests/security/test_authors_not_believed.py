"""An author that is not believed takes away nothing of what hubs say of its records, either."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from sqlalchemy import select

from node.pipeline import Signed
from node.runtime import Node
from node.store.intake import StoreIntake
from node.store.quarantine import lift, quarantine
from node.store.tables import forwarded, records
from node.store.tables_defence import braked
from protocol.entry import Status
from protocol.messages import Put, Stop
from tests.support.hostile import peer, take
from tests.support.key_material import MadeUp
from tests.support.one_node import DAY_US, Clock, befriend, one_node
from tests.unit.node.test_passed_on import passed, signed

WAYS = ("stop", "tombstone", "put")


def item(author: MadeUp, node: Node, alert: Signed, pseq: int, way: str) -> Put | Stop:
    """What the author itself says of an alert."""
    if way == "stop":
        return Stop(pseq, alert.entry.rk, alert.entry.exp_day)
    status = Status.ERASED if way == "tombstone" else Status.LIVE
    return passed(
        signed(author, node, rid=alert.entry.rid, rev=2, status=status, text="nonsense"), pseq
    )


def say(
    author: MadeUp, node: Node, alerts: Sequence[Signed], first: int, way: str
) -> list[Put | Stop]:
    """What the author itself says of each of these, from one pseq on."""
    return [item(author, node, each, first + n, way) for n, each in enumerate(alerts)]


async def shown(node: Node) -> int:
    """How many alerts are listed as live."""
    return len((await node.dispatch("alert_list", {"status": "live"}))["alerts"])


async def reasons(node: Node, who: MadeUp) -> list[str]:
    """Why each item of an organisation is held, as it is told."""
    at = await peer(node, who)
    return await node.read(
        lambda connection: [
            why for _, why in StoreIntake(connection, node.context, at, None).held()
        ]
    )


@pytest.mark.parametrize("way", WAYS)
async def test_in_quarantine_it_ends_nothing_and_once_believed_it_speaks_for_itself(
    tmp_path: Path, way: str
) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        hub, author = await befriend(node, "Hub"), await befriend(node, "Harbour")
        alerts = [signed(author, node) for _ in range(5)]
        await take(node, hub, *(passed(each, n + 1) for n, each in enumerate(alerts)))
        clock.now += DAY_US
        at = await peer(node, author)
        await node.change(quarantine, node.context, at, clock.now)
        for first in (1, 6):  # once more: what was noted is noted again
            said = [item(author, node, each, first + n, way) for n, each in enumerate(alerts)]
            await take(node, author, *said)
            assert (await shown(node), await reasons(node, author)) == (5, ["quarantined"] * 5)
        await node.change(lift, node.context, at)
        await take(node, author, *say(author, node, alerts, 11, way))
        assert await shown(node) == (5 if way == "put" else 0)
        assert await reasons(node, author) == []
        left = await node.read(lambda found: found.execute(select(forwarded.c.source)).all())
        assert {source for (source,) in left} == {(await peer(node, hub)).id}


async def test_paused_it_puts_nothing_in_the_place_of_what_hubs_say(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        hub, author = await befriend(node, "Hub"), await befriend(node, "Harbour")
        alert = signed(author, node)
        await take(node, hub, passed(alert))
        await node.dispatch("peer_pause", {"peer": "Harbour"})
        await take(node, author, item(author, node, alert, 1, "put"))
        assert (await shown(node), await reasons(node, author)) == (1, ["paused"])


async def test_what_an_author_takes_from_hubs_at_a_stroke_is_braked_as_well(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        hub, author = await befriend(node, "Hub"), await befriend(node, "Harbour")
        alerts = [signed(author, node) for _ in range(30)]
        await take(node, hub, *(passed(each, n + 1) for n, each in enumerate(alerts)))
        await take(node, author, *say(author, node, alerts, 1, "stop"))
        query = select(braked.c.rk)
        aside = await node.read(lambda found: found.execute(query).all())
        assert (await shown(node), len(aside)) == (0, 10)
        held = select(records.c.held).where(records.c.held == "braked")
        assert len(await node.read(lambda found: found.execute(held).all())) == 10
        await node.dispatch("peer_brake_reject", {"peer": "Harbour"})
        assert len((await node.dispatch("alert_list", {}))["alerts"]) == 10
