"""Arrival: published at A, durable → durable and visible at B, over loopback, in two processes.

A's answer to `draft_publish` says that it is durable there. B's store is watched from here by a
second connection, which sees what is committed and nothing else.
"""

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

from keys.keystore import load_keystore
from node.runtime import STORE_FILE, open_node
from node.settings import KEYSTORE_FILE
from node.store.engine import connect
from protocol.ids import parse_record_key
from tests.bench.conditions import cpu_seconds
from tests.bench.figure import Figure, percentile, timed
from tests.bench.nodes import PASSPHRASE, Serving, acquaint, make_node
from tests.bench.scale import Scale

BAR_MS = 15.0
LOOK_S = 0.0002
WITHIN_S = 10


class Watch:
    """Looks at a node's store from outside, and cheaply while nothing is committed."""

    def __init__(self, home: Path) -> None:
        keystore = load_keystore(home / KEYSTORE_FILE, PASSPHRASE.decode())
        self._connection: Any = connect(home / STORE_FILE, keystore.store_key)

    def _version(self) -> int:
        found: int = self._connection.execute("PRAGMA data_version").fetchone()[0]
        return found

    def wait_for(self, rk: bytes) -> float:
        """The moment at which the record is there."""
        query = "SELECT 1 FROM records WHERE rk = ? AND hidden = ''"
        version, deadline = -1, time.perf_counter() + WITHIN_S
        while time.perf_counter() < deadline:
            now = self._version()
            if now != version:
                version = now
                if self._connection.execute(query, (rk,)).fetchone():
                    return time.perf_counter()
            time.sleep(LOOK_S)
        raise TimeoutError("an alert did not arrive")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def two_nodes(folder: Path) -> tuple[Path, Path]:
    """Two nodes that can reach and trust each other; neither runs."""
    homes = (
        make_node(folder, "riverside", reachable=True),
        make_node(folder, "harbour", reachable=True),
    )

    async def meet() -> None:
        async with open_node(homes[0], PASSPHRASE) as one, open_node(homes[1], PASSPHRASE) as other:
            await acquaint(one, other)

    asyncio.run(meet())
    return homes


def publish(node: Serving, number: int) -> tuple[bytes, float, float]:
    """Publish an alert; its key, and the moments before and after the call."""
    form = {
        "codes": ["NP"], "phone": [f"+1 510 555 01{number % 100:02d}"], "city": ["Oakland"],
        "date": ["2026-01-20"], "text": ["Agreed a price, then left without paying."],
    }  # fmt: skip
    draft = node.call("draft_new", fields=form)["id"]
    before = time.perf_counter()
    done = node.call("draft_publish", ids=[draft])
    after = time.perf_counter()
    assert done["refused"] == [], done["refused"]
    return bytes(parse_record_key(done["published"][0])), before, after


def figures(scale: Scale) -> list[Figure]:
    """p50 and p95 of fifty, from A's answer and from the call before it."""
    runs = scale.of(50, 200, 10)
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        homes = two_nodes(Path(name))
        with Serving(homes[0]) as one, Serving(homes[1]) as other:
            watch = Watch(homes[1])
            arrived, whole, calls = [], [], []
            cpu = 0.0, 0.0
            for at in range(-10, runs):
                if at == 0:
                    cpu = cpu_seconds(one.pid), cpu_seconds(other.pid)
                rk, called, answered = publish(one, at)
                there = watch.wait_for(rk)
                if at >= 0:
                    arrived.append(there - answered)
                    whole.append(there - called)
                    calls.append(answered - called)
                time.sleep(0.05)  # the peer's answer, and its confirmation here
            spent = cpu_seconds(one.pid) - cpu[0], cpu_seconds(other.pid) - cpu[1]
            watch.close()
    note = (
        f"p95 {percentile(arrived, 0.95) * 1e3:.1f} ms; CPU an alert:"
        f" {spent[0] / runs * 1e3:.1f} ms there, {spent[1] / runs * 1e3:.1f} ms here"
    )
    return [
        timed("arrival, from A's answer, p50", arrived, bar=BAR_MS, note=note),
        timed("arrival, from the call of publish, p50", whole),
        timed("publish, through the control socket", calls),
    ]
