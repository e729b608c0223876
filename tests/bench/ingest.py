"""Ingest: sealed envelopes in, records durable in the encrypted, indexed store out.

In one process, as behind the endpoint: the time is from the first wire taken to the last answered,
and an answer is given after its commit. The process that checks large deltas is warm.
"""

import asyncio
import logging
import sys
import tempfile
import time
from pathlib import Path

from federation.client import Client
from node.answering import Answering
from node.exchange import Exchange
from node.pipeline import Signed
from node.runtime import STORE_FILE, Node, open_node
from protocol.ids import day_of
from tests.bench.conditions import cpu_seconds
from tests.bench.figure import Figure, rate
from tests.bench.lists import BenchOrg, bench_org, signed_records, wires
from tests.bench.nodes import PASSPHRASE, count, know, make_node
from tests.bench.scale import Scale
from tests.bench.yardstick import verify_rate

BAR = 0.40
ORIGINS = 1, 4
WARM = 440

Lanes = list[tuple[BenchOrg, list[Signed]]]


async def feed(node: Node, lanes: list[list[bytes]]) -> float:
    """Seconds that the node takes to answer every wire; one request in flight a peer."""
    answering = Answering(node, Exchange(node, Client()), {})

    async def lane(queue: list[bytes]) -> None:
        for wire in queue:
            assert await answering.answer(wire) is not None

    start = time.perf_counter()
    await asyncio.gather(*(lane(queue) for queue in lanes))
    return time.perf_counter() - start


def written(total: int, origins: int, today: int) -> Lanes:
    """Signed records of as many origins, divided evenly."""
    orgs = [bench_org(f"Origin {index}", today) for index in range(origins)]
    return [
        (org, signed_records(org, total // origins, today, seed=index))
        for index, org in enumerate(orgs)
    ]


async def sealed(node: Node, lanes: Lanes) -> list[list[bytes]]:
    """The wires of each lane to this node, which knows their senders."""
    box, today = node.box_keys[0].public, node.today
    for org, _ in lanes:
        await node.change(know, org.docs, "x")
    return [wires(org, made, node.context.org, box, today) for org, made in lanes]


async def warm_up(node: Node) -> None:
    """Have everything imported, compiled and started that a first delta needs."""
    node.context.live_limit = 10**9
    await feed(node, await sealed(node, written(WARM, 1, node.today)))


async def one_run(lanes: Lanes, folder: Path) -> tuple[float, float, float, float]:
    """Records a second, V around it, CPU seconds a record, bytes on disk a record."""
    home = make_node(folder)
    async with open_node(home, PASSPHRASE) as node:
        await warm_up(node)
        made = await sealed(node, lanes)
        total = sum(len(records) for _, records in lanes)
        await node.store.checkpoint()
        size = (home / STORE_FILE).stat().st_size
        before, cpu = verify_rate(), cpu_seconds()
        seconds = await feed(node, made)
        spent, after = cpu_seconds() - cpu, verify_rate()
        assert await node.read(count) == total + WARM
        await node.store.checkpoint()
        grown = (home / STORE_FILE).stat().st_size - size
        return total / seconds, (before + after) / 2, spent / total, grown / total


def figures(scale: Scale) -> list[Figure]:
    """The rate from one origin and from several at once."""
    found: list[Figure] = []
    today = day_of(time.time_ns() // 1000)
    total = scale.of(8800, 22000, 880)
    runs = scale.of(3, 5, 2)
    for origins in ORIGINS:
        lanes = written(total, origins, today)
        measured = []
        for _ in range(runs):
            with tempfile.TemporaryDirectory(prefix="bench-") as name:
                measured.append(asyncio.run(one_run(lanes, Path(name))))
        rates, vs, cpus, sizes = (list(column) for column in zip(*measured, strict=True))
        cpu = sorted(cpus)[runs // 2] * 1e6
        words = "1 origin" if origins == 1 else f"{origins} origins at once"
        note = f"{cpu:.0f} µs of CPU a record, all processes ({runs} runs of {total:,})"
        found.append(rate(f"ingest, {words}", rates, vs, bar=BAR, note=note))
        if origins == 1:
            found += _sizes(lanes, sizes[0])
    return found


def _sizes(lanes: Lanes, disk: float) -> list[Figure]:
    ((org, records),) = lanes
    made = wires(org, records, org.org, org.box.public, records[0].entry.day)
    plain = sum(len(record.entry.raw) + 64 for record in records) / len(records)
    wire = sum(len(each) for each in made) / len(records)
    return [
        Figure("wire, in full deltas", wire, "bytes a record", timed=False,
               note=f"{plain:.0f} of them the signed entry; padding and sealing included"),
        Figure("disk, with every index", disk, "bytes a record", timed=False),
    ]  # fmt: skip


def main() -> None:
    """Rates alone, while working on ingest: `python -m tests.bench.ingest [RECORDS]`."""
    logging.disable(logging.CRITICAL)
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 6600
    for origins in ORIGINS:
        lanes = written(total, origins, day_of(time.time_ns() // 1000))
        with tempfile.TemporaryDirectory(prefix="bench-") as name:
            speed, v, cpu, _ = asyncio.run(one_run(lanes, Path(name)))
        print(
            f"{origins} origin(s): {speed:,.0f} records/s = {speed / v:.2f} V; {cpu * 1e6:.0f} µs"
        )


if __name__ == "__main__":
    main()
