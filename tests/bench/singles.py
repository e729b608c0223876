"""Single alerts over 16 connections: each is one signed envelope, answered after its commit."""

import asyncio
import tempfile
import time
from pathlib import Path

import aiohttp

from node.runtime import Node, open_node
from tests.bench.conditions import cpu_seconds
from tests.bench.figure import Figure, rate
from tests.bench.lists import bench_org, signed_records, wires
from tests.bench.nodes import PASSPHRASE, Serving, know, make_node
from tests.bench.scale import Scale
from tests.bench.yardstick import verify_rate

BAR = 0.09
CONNECTIONS = 16
WARM = 20

Lanes = list[list[bytes]]


async def _lanes(node: Node, each: int) -> Lanes:
    lanes = []
    for index in range(CONNECTIONS):
        org = bench_org(f"Origin {index}", node.today)
        await node.change(know, org.docs, f"origin {index}")
        made = signed_records(org, each, node.today, seed=index)
        box = node.box_keys[0].public
        lanes.append(wires(org, made, node.context.org, box, node.today, items_a_delta=1))
    return lanes


async def _prepare(home: Path, each: int) -> tuple[str, Lanes]:
    async with open_node(home, PASSPHRASE) as node:
        return node.settings.endpoints[0], await _lanes(node, each)


async def _post(endpoint: str, lanes: Lanes) -> float:
    connector = aiohttp.TCPConnector(limit=CONNECTIONS)
    async with aiohttp.ClientSession(connector=connector) as session:

        async def lane(queue: list[bytes]) -> None:
            for wire in queue:
                async with session.post(endpoint, data=wire) as response:
                    assert response.status == 200
                    await response.read()

        start = time.perf_counter()
        await asyncio.gather(*(lane(queue) for queue in lanes))
        return time.perf_counter() - start


def figures(scale: Scale) -> list[Figure]:
    """Alerts a second, from one peer a connection."""
    runs, each = 5, scale.of(100, 200, 10)
    rates, vs, cpus = [], [], []
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        home = make_node(Path(name), reachable=True)
        endpoint, lanes = asyncio.run(_prepare(home, WARM + runs * each))
        with Serving(home) as serving:
            asyncio.run(_post(endpoint, [lane[:WARM] for lane in lanes]))
            for at in range(WARM, WARM + runs * each, each):
                before, cpu = verify_rate(), cpu_seconds(serving.pid)
                seconds = asyncio.run(_post(endpoint, [lane[at : at + each] for lane in lanes]))
                cpus.append((cpu_seconds(serving.pid) - cpu) / each / CONNECTIONS)
                rates.append(each * CONNECTIONS / seconds)
                vs.append((before + verify_rate()) / 2)
    note = f"{sorted(cpus)[runs // 2] * 1e6:.0f} µs of CPU an alert at the node"
    return [rate("single alerts, 16 connections", rates, vs, bar=BAR, unit="alerts/s", note=note)]
