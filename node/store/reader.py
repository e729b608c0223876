"""A connection of its own for reads that must be quick: a whole query in one trip to a thread.

Each statement through the node's asynchronous engine is several trips to another thread; a check
while somebody waits on her doorstep has no time for twenty of them.
"""

import asyncio
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine

from node.store.engine import WRITE, damage_named, sync_engine

P = ParamSpec("P")
R = TypeVar("R")

CACHE_KIB = 16 * 1024


class Reader:
    """Runs queries one after another, each on one moment of the store. Opens on the first."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._path = path
        self._key = key
        self._engine: Engine | None = None
        self._turn = threading.Lock()

    async def run(
        self, query: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run a query in a thread."""
        return await asyncio.to_thread(self._run, lambda opened: query(opened, *args, **kwargs))

    def _run(self, query: Callable[[Connection], R]) -> R:
        with self._turn, damage_named():
            if self._engine is None:
                self._engine = sync_engine(self._path, self._key, shared=True)
                with self._engine.connect() as connection:
                    connection.exec_driver_sql(f"PRAGMA cache_size=-{CACHE_KIB}")
            with self._engine.connect() as plain:
                return query(plain.execution_options(**{WRITE: False}))

    def close(self) -> None:
        """Close the connection."""
        with self._turn:
            if self._engine is not None:
                self._engine.dispose()
                self._engine = None
