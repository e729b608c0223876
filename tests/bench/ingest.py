"""Ingest: sealed envelopes in, records durable in the encrypted, indexed store out."""

import asyncio
import logging
import os
import sys
import tempfile
import time
from pathlib import Path

from sqlalchemy import Connection, func, select

from federation.client import Client
from federation.peers import PeerState
from node.answering import Answering
from node.exchange import Exchange
from node.runtime import Node, now_us, open_node
from node.setup import Wishes, init_node
from node.store.peers import add_peer, set_peer
from node.store.tables import records
from tests.bench.lists import BenchOrg, bench_org, signed_records, wires
from tests.bench.yardstick import verify_rate

PASSPHRASE = b"a passphrase for a benchmark"


def make_node(folder: Path) -> Path:
    """A new node under the preset that takes everything."""
    home = folder / "node"
    init_node(
        home,
        Wishes("Bench", "US-CA", "decriminalised", "America/Los_Angeles"),
        passphrase=PASSPHRASE, recovery_out=folder / "out", now=now_us(), random=os.urandom,
    )  # fmt: skip
    return home


def befriend(connection: Connection, org: BenchOrg, now: int) -> None:
    """Have the origin as a trusted peer."""
    peer = add_peer(connection, org.docs, name="x", state=PeerState.TRUSTED, now_us=now)
    set_peer(connection, peer.id, they_trust=1)


def count(connection: Connection) -> int:
    """How many records are held."""
    return connection.execute(select(func.count()).select_from(records)).scalar_one()


async def feed(node: Node, lanes: list[list[bytes]]) -> float:
    """Seconds that the node takes to answer every wire; one request in flight a peer."""
    answering = Answering(node, Exchange(node, Client()), {})

    async def lane(queue: list[bytes]) -> None:
        for wire in queue:
            assert await answering.answer(wire) is not None

    start = time.perf_counter()
    await asyncio.gather(*(lane(queue) for queue in lanes))
    return time.perf_counter() - start


async def run(total: int, peers: int, folder: Path) -> float:
    """Records a second from `peers` origins at once."""
    async with open_node(make_node(folder), PASSPHRASE) as node:
        node.context.live_limit = 10**9
        today = node.today
        lanes = []
        for index in range(peers):
            org = bench_org(f"Origin {index}", today)
            await node.change(befriend, org, now_us())
            made = signed_records(org, total // peers, today, seed=index)
            lanes.append(wires(org, made, node.context.org, node.box_keys[0].public, today))
        seconds = await feed(node, lanes)
        assert await node.read(count) == total // peers * peers
        return total / seconds


def main() -> None:
    """Print the rates with one and with two origins, against V of the same run."""
    logging.disable(logging.CRITICAL)
    total = int(sys.argv[1]) if len(sys.argv) > 1 else 6600
    for peers in (1, 2, 4):
        v = verify_rate()
        with tempfile.TemporaryDirectory() as name:
            rate = asyncio.run(run(total, peers, Path(name)))
        print(f"ingest, {peers} origin(s): {rate:,.0f} records/s = {rate / v:.2f} V (V {v:,.0f})")


if __name__ == "__main__":
    main()
