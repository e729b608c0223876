"""Ledgers derived again from records, policy and cards: what a change of policy costs.

It goes in slices, each a commit. What else is written waits for the slice that runs: the
longest of them is named, and `a write meanwhile` is what one after the other waited.
"""

import asyncio
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from federation.policy import load_policy, preset_text
from node.deriving import derive_due
from node.runtime import Node, open_node
from node.store import meta
from node.store.due import Slice, derive_next, mark_due
from tests.bench.catchup import own_alerts
from tests.bench.figure import Figure, timed
from tests.bench.lists import bench_org
from tests.bench.nodes import PASSPHRASE, know, make_node
from tests.bench.scale import Scale


async def _meet(node: Node, number: int) -> None:
    org = bench_org(f"Peer {number}", node.today)
    await node.change(know, org.docs, f"peer {number}")


@dataclass(slots=True)
class _Timed:
    """One derivation of every ledger: seconds in all, of CPU, and of each of its commits."""

    seconds: float
    cpu: float
    commits: list[float]


async def _derive(node: Node) -> _Timed:
    start, cpu = time.perf_counter(), time.process_time()
    await node.change(mark_due)
    commits = [time.perf_counter() - start]
    done: Slice | None = Slice(frozenset(), frozenset(), b"")
    while done is not None:
        began = time.perf_counter()
        done = await node.change(derive_next, node.context)
        commits.append(time.perf_counter() - began)
    return _Timed(time.perf_counter() - start, time.process_time() - cpu, commits)


async def _write_meanwhile(node: Node) -> list[float]:
    """How long each small write takes while every ledger is derived again."""
    await node.change(mark_due)
    deriving = asyncio.create_task(derive_due(node))
    waited: list[float] = []
    while not deriving.done():
        start = time.perf_counter()
        await node.change(meta.put_int, "bench", len(waited))
        waited.append(time.perf_counter() - start)
        await asyncio.sleep(0.02)
    await deriving
    return waited


async def _run(home: Path, held: int, peers: int, runs: int) -> list[Figure]:
    async with open_node(home, PASSPHRASE) as node:
        await own_alerts(node, held)
        for number in range(peers):
            await _meet(node, number)
        first = await _derive(node)
        again = [await _derive(node) for _ in range(runs)]
        node.context.policy = load_policy(preset_text("gdpr"))  # nothing stays as it was
        changed = await _derive(node)
        waited = await _write_meanwhile(node)
    rows, what = held * peers, f"{held:,} records x {peers} peers"
    return [
        _figure(f"first ledgers, {what}", [first], rows),
        _figure(f"every row changed, {what}", [changed], rows),
        _figure(f"derived again, {what}", again, rows),
        timed(f"a write meanwhile, {what}", waited),
    ]


def _figure(what: str, runs: list[_Timed], rows: int) -> Figure:
    seconds = median(run.seconds for run in runs)
    cpu, longest = median(run.cpu for run in runs), max(max(run.commits) for run in runs)
    note = (
        f"{seconds:.2f} s in all; {cpu / rows * 1e6:.1f} µs of CPU a row;"
        f" longest commit {longest * 1e3:.0f} ms"
    )
    each = [run.seconds / rows * 1e6 for run in runs]
    return Figure(what, median(each), "µs a row", low=min(each), high=max(each), note=note)


def figures(scale: Scale) -> list[Figure]:
    """Each row's share, with few peers and with many."""
    found = []
    for peers, usual in ((5, 4000), (50, 1000)):
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            home, held = make_node(Path(name)), scale.of(usual, 20_000, 100)
            found += asyncio.run(_run(home, held, peers, 5))
    return found
