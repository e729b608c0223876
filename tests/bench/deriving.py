"""Ledgers derived again from records, policy and cards: what a change of policy costs."""

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median

from node.pipeline import spread
from node.runtime import Node, open_node
from tests.bench.catchup import own_alerts
from tests.bench.figure import Figure
from tests.bench.lists import bench_org
from tests.bench.nodes import PASSPHRASE, know, make_node
from tests.bench.scale import Scale


async def _meet(node: Node, number: int) -> None:
    org = bench_org(f"Peer {number}", node.today)
    await node.change(know, org.docs, f"peer {number}")


async def _run(home: Path, held: int, peers: int, runs: int) -> list[Figure]:
    async with open_node(home, PASSPHRASE) as node:
        await own_alerts(node, held)
        for number in range(peers):
            await _meet(node, number)
        start, cpu = time.perf_counter(), time.process_time()
        await node.change(spread, node.context)
        first = time.perf_counter() - start, time.process_time() - cpu
        again, cpus = [], []
        for _ in range(runs):
            start, cpu = time.perf_counter(), time.process_time()
            await node.change(spread, node.context)
            again.append(time.perf_counter() - start)
            cpus.append(time.process_time() - cpu)
    rows, what = held * peers, f"{held:,} records x {peers} peers"
    return [
        _figure(f"first ledgers, {what}", [first[0]], first[1], rows),
        _figure(f"derived again, {what}", again, median(cpus), rows),
    ]


def _figure(what: str, seconds: list[float], cpu: float, rows: int) -> Figure:
    value = median(seconds) / rows * 1e6
    note = f"{median(seconds):.2f} s in all; {cpu / rows * 1e6:.1f} µs of CPU a row"
    low, high = (each / rows * 1e6 for each in (min(seconds), max(seconds)))
    return Figure(what, value, "µs a row", low=low, high=high, note=note)


def figures(scale: Scale) -> list[Figure]:
    """Each row's share, with few peers and with many."""
    found = []
    for peers, usual in ((5, 4000), (50, 1000)):
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            home, held = make_node(Path(name)), scale.of(usual, 20_000, 100)
            found += asyncio.run(_run(home, held, peers, 5))
    return found
