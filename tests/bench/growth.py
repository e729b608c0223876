"""Growth: the same work with ten times as much held. The slope must be flat."""

import asyncio
import random
import tempfile
import time
from pathlib import Path
from statistics import median

from node.runtime import Node, open_node
from tests.bench.figure import Figure, percentile
from tests.bench.held import hold, phone
from tests.bench.ingest import feed, sealed, warm_up, written
from tests.bench.nodes import PASSPHRASE, make_node
from tests.bench.scale import Scale
from tests.bench.yardstick import verify_rate

BAR = 0.8
ROUNDS = 5


async def _measure(node: Node, total: int) -> tuple[float, float]:
    """Ingest in V, and seconds of a check for a number that nobody holds (p95)."""
    rates = []
    for _ in range(ROUNDS):
        lanes = await sealed(node, written(total, 1, node.today))
        before = verify_rate()
        seconds = await feed(node, lanes)
        rates.append(total / seconds * 2 / (before + verify_rate()))
    chance, times = random.Random(3), []
    for _ in range(100):
        text = phone(chance)[-7:]
        start = time.perf_counter()
        await node.dispatch("check", {"text": text})
        times.append(time.perf_counter() - start)
    return median(rates), percentile(times, 0.95)


async def _run(home: Path, few: int, many: int, total: int) -> list[Figure]:
    async with open_node(home, PASSPHRASE) as node:
        await hold(node, few)
        await warm_up(node)
        small = await _measure(node, total)
        await hold(node, many - few, seed=few)
        large = await _measure(node, total)
    ratio = large[0] / small[0]
    slope = f"{small[0]:.3f} V with {few:,} held, {large[0]:.3f} V with {many:,}"
    check = f"{small[1] * 1e3:.2f} ms with {few:,} held, {large[1] * 1e3:.2f} ms with {many:,}"
    return [
        Figure(f"ingest at {many:,} held", large[0], "V", ratio=ratio, of=f"that at {few:,}",
               bar=BAR, more_is_better=True, note=slope),
        Figure(f"check of 7 digits at {many:,} held, p95", large[1] * 1e3, "ms",
               ratio=large[1] / small[1], of=f"that at {few:,}", note=check),
    ]  # fmt: skip


def figures(scale: Scale) -> list[Figure]:
    """Ingest and check, with few and with ten times as many."""
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        few = scale.of(6_000, 20_000, 200)
        total = scale.of(1_760, 4_400, 220)
        return asyncio.run(_run(make_node(Path(name)), few, few * 10, total))
