"""What is taken away at a stroke, seen from behind a hub: at its leaves, and by who comes late."""

from pathlib import Path

from protocol.messages import Put, Stop
from tests.support.one_node import DAY_US, Clock, befriend, one_node
from tests.unit.node.test_hub_side import become_hub, take, told
from tests.unit.node.test_passed_on import passed, signed


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
