"""Folds the WAL into the store soon after something was purged: what is erased must leave the disk.

Not with each commit: a fold costs a sync of the whole database, and a flood of erasures would
bring a flood of them. Not only by the hour either, for a seized disk does not wait.
"""

import asyncio
import logging

from node.store.engine import Store

DELAY_S = 0.5

log = logging.getLogger("parasol.store")


class Folding:
    """At most one fold at a time, a moment after the first purge that it is for."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._task: asyncio.Task[None] | None = None
        self._again = False

    def due(self) -> None:
        """Something was purged: fold within a second or so."""
        if self._task is not None and not self._task.done():
            self._again = True
            return
        self._task = asyncio.create_task(self._fold(), name="fold")

    async def _fold(self) -> None:
        while True:
            self._again = False
            await asyncio.sleep(DELAY_S)
            try:
                await self._store.checkpoint()
            except Exception as error:  # noqa: BLE001  # the edge of a task: the next purge tries again
                log.warning("the journal could not be folded: %s", type(error).__name__)
            if not self._again:
                return

    async def stop(self) -> None:
        """End it; to close the store folds what is left."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
