"""Catch-up: a node that has nothing pulls 10,000 alerts of another, over loopback."""

import asyncio
import tempfile
import time
from pathlib import Path

from sqlalchemy import Connection

from federation.client import Client
from node.exchange import Exchange
from node.pipeline import Signed, new_record, publish
from node.rounds import Rounds
from node.runtime import Node, open_node
from node.store.peers import all_peers
from tests.bench.figure import Figure, rate
from tests.bench.lists import PUBLISHED, own_records
from tests.bench.nodes import PASSPHRASE, Serving, acquaint, count, make_node
from tests.bench.scale import Scale
from tests.bench.yardstick import verify_rate

BATCH = 1000


def publish_all(connection: Connection, node: Node, group: list[Signed]) -> None:
    """Store own records and put them on every ledger, as publishing does."""
    made = [new_record(each, PUBLISHED, frozenset(), node.context.now_us()) for each in group]
    publish(connection, node.context, made)


async def own_alerts(node: Node, total: int) -> None:
    """Have the node publish alerts of its own."""
    for start in range(0, total, BATCH):
        here = min(BATCH, total - start)
        made = own_records(node.key, node.context.org, here, node.today, seed=start)
        await node.change(publish_all, node, made)


async def _pull(home: Path, total: int) -> tuple[float, float]:
    client = Client(allow_loopback=True)
    async with open_node(home, PASSPHRASE) as node:
        (peer,) = await node.read(all_peers)
        rounds = Rounds(node, Exchange(node, client), {})
        before, start = verify_rate(), time.perf_counter()
        await rounds.pull(peer)
        seconds = time.perf_counter() - start
        assert await node.read(count) == total
        await client.close()
        return total / seconds, (before + verify_rate()) / 2


async def _prepare(homes: list[Path], total: int) -> None:
    async with open_node(homes[0], PASSPHRASE) as origin:
        for home in homes[1:]:
            async with open_node(home, PASSPHRASE) as other:
                await acquaint(origin, other)
        await own_alerts(origin, total)


def figures(scale: Scale) -> list[Figure]:
    """Records a second of a first pull; several nodes, one after the other."""
    total, runs = scale.of(10_000, 10_000, 500), scale.of(3, 5, 2)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        homes = [make_node(Path(name), "origin", reachable=True)]
        homes += [make_node(Path(name), f"reader{at}") for at in range(runs)]
        asyncio.run(_prepare(homes, total))
        with Serving(homes[0]):
            measured = [asyncio.run(_pull(home, total)) for home in homes[1:]]
    rates, vs = (list(column) for column in zip(*measured, strict=True))
    return [
        rate(
            f"catch-up of {total:,}",
            rates,
            vs,
            note=f"{runs} runs, the process that checks starts in each",
        )
    ]
