"""Memory of a node at rest: empty, and with 20,000 alerts of others, before and after a check."""

import asyncio
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from node.runtime import open_node
from tests.bench.conditions import resident_mb
from tests.bench.figure import Figure
from tests.bench.held import hold
from tests.bench.nodes import PASSPHRASE, Serving, make_node
from tests.bench.scale import Scale

BAR_MB = 120.0
REST_S = 20


def figures(scale: Scale) -> list[Figure]:
    """Resident memory of the serving process after 20 seconds of rest."""
    held = scale.of(20_000, 100_000, 500)
    with tempfile.TemporaryDirectory(prefix="bench-") as name, ExitStack() as running:
        homes = [make_node(Path(name), each, reachable=True) for each in ("empty", "full")]
        asyncio.run(_fill(homes[1], held))
        empty, full = (running.enter_context(Serving(home)) for home in homes)
        time.sleep(scale.of(REST_S, REST_S, 2))
        found = [
            _figure("at rest, empty", empty.pid),
            _figure(f"at rest, {held:,} held", full.pid),
        ]
        for text in ("+1 295 555 0100", "5550", "*7AB*", "Alex"):
            full.call("check", text=text)
        found.append(_figure(f"after four checks, {held:,} held", full.pid))
        return found


async def _fill(home: Path, held: int) -> None:
    async with open_node(home, PASSPHRASE) as node:
        await hold(node, held)


def _figure(what: str, pid: int) -> Figure:
    return Figure(what, resident_mb(pid), "MB", bar=BAR_MB, timed=False)
