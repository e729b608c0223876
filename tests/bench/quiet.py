"""Sync with nothing new: one pull over loopback against a bare POST of the same size.

The node that asks is in this process, the one that answers in another; the bare server likewise.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from statistics import median

import aiohttp

from federation.client import Client
from node.exchange import Exchange
from node.rounds import Rounds
from node.runtime import open_node
from node.store.peers import all_peers
from tests.bench.arrival import two_nodes
from tests.bench.figure import Figure, timed
from tests.bench.nodes import PASSPHRASE, ROOT, Serving
from tests.bench.scale import Scale
from tests.support.processes import free_port

BAR = 5.0
ROUNDS = 5


class Measuring(Client):
    """Counts posts, and notes how large the last one and its answer were."""

    posts = 0
    sent = received = 0

    async def post(self, endpoint: str, wire: bytes, *, wait_s: int = 0) -> bytes:
        """Post as ever."""
        answer = await super().post(endpoint, wire, wait_s=wait_s)
        self.posts += 1
        self.sent, self.received = len(wire), len(answer)
        return answer


@asynccontextmanager
async def bare_server(answer_bytes: int) -> AsyncIterator[str]:
    """A bare server in a process of its own; its address."""
    port = free_port()
    words = [sys.executable, "-m", "tests.bench.bare", str(port), str(answer_bytes)]
    process = subprocess.Popen(words, cwd=ROOT)  # noqa: ASYNC220 - nothing else runs yet
    try:
        for _ in range(500):
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                writer.close()
                break
            except OSError:
                await asyncio.sleep(0.02)
        yield f"http://127.0.0.1:{port}/"
    finally:
        process.terminate()
        process.wait()


async def _posts(url: str, size: int, count: int) -> list[float]:
    data, times = bytes(size), []
    async with aiohttp.ClientSession() as session:
        for _ in range(count):
            start = time.perf_counter()
            async with session.post(url, data=data) as response:
                await response.read()
            times.append(time.perf_counter() - start)
    return times


async def _run(home: Path, each: int) -> list[Figure]:
    client = Measuring(allow_loopback=True)
    async with open_node(home, PASSPHRASE) as node:
        (peer,) = await node.read(all_peers)
        rounds = Rounds(node, Exchange(node, client), {})
        for _ in range(10):
            await rounds.pull(peer)
        before = client.posts
        ours, bare, ratios = [], [], []
        async with bare_server(client.received) as url:
            await _posts(url, client.sent, 20)
            for _ in range(ROUNDS):
                posted = await _posts(url, client.sent, each)
                pulled = []
                for _ in range(each):
                    start = time.perf_counter()
                    await rounds.pull(peer)
                    pulled.append(time.perf_counter() - start)
                ours.append(median(pulled))
                bare.append(median(posted))
                ratios.append(ours[-1] / bare[-1])
        trips = (client.posts - before) / each / ROUNDS
        await client.close()
    found = timed("a pull with nothing new", ours)
    sizes = f"{client.sent:,} bytes there, {client.received:,} back"
    return [
        Figure(
            found.what, found.value, found.unit, ratio=median(ratios), of="bare POSTs", bar=BAR,
            low=found.low, high=found.high, note=f"{trips:.1f} round trips; {sizes}",
        ),
        timed("a bare POST of that size", bare),
    ]  # fmt: skip


def figures(scale: Scale) -> list[Figure]:
    """The median pull, and its ratio to the median bare POST of the same round."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        asking, answering = two_nodes(Path(name))
        with Serving(answering):
            return asyncio.run(_run(asking, scale.of(40, 200, 5)))
