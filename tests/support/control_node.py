"""A real control server with prepared answers, for tests of the command line.

The server, its socket and the command's process are the real ones; only the node behind them is
played, by a table from a command's name to what it answers.
"""

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from node.control import ControlServer, Lock
from protocol.errors import ParasolError

Answer = dict[str, Any] | ParasolError


@dataclass(slots=True)
class PlayedNode:
    """What was asked of the played node, in order, as (name, args)."""

    home: Path
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)


@contextmanager
def played_node(
    home: Path, answers: Mapping[str, Answer], *, lock: Lock | None = None
) -> Iterator[PlayedNode]:
    """Serve prepared answers on the control socket of `home`, holding its lock, in a thread."""
    home.mkdir(mode=0o700, exist_ok=True)
    (home / "settings.toml").touch()
    node = PlayedNode(home)

    async def dispatch(name: str, args: dict[str, Any]) -> dict[str, Any]:
        node.asked.append((name, args))
        answer = answers[name]
        if isinstance(answer, ParasolError):
            raise answer
        return answer

    ready, loop, done = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def serve() -> None:
        server = ControlServer(home, dispatch)
        await server.start()
        ready.set()
        await done.wait()
        await server.stop()

    with nullcontext() if lock is not None else Lock(home):
        thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
        thread.start()
        ready.wait(5)
        try:
            yield node
        finally:
            loop.call_soon_threadsafe(done.set)
            thread.join(5)
            loop.close()
