"""Checks received records: one or two at once, a few in a thread, many in another process.

A signature takes 50 µs and the hashes of its fields as much again, in which Python holds its lock;
another process has a lock of its own. It is started by the first large delta, ends after a quiet
while, holds no secret, and whatever it cannot do is done here.
"""

import asyncio
import contextlib
import multiprocessing
import signal
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from federation.verify import (
    NOBODY,
    CheckedItem,
    Others,
    check_apart,
    check_items,
    from_apart,
    puts_of,
)
from keys.orgdoc import OrgDoc
from protocol.ids import Day
from protocol.messages import Put, Stop

FEW = 2
MANY = 40
QUIET_S = 60.0


class CheckingPool:
    """One process that checks, started when there is much to check. `stop` ends it."""

    def __init__(self) -> None:
        self._pool: ProcessPoolExecutor | None = None
        self._last = 0.0
        self._closing: asyncio.TimerHandle | None = None

    async def check(
        self,
        items: Sequence[Put | Stop],
        author: OrgDoc,
        today: Day,
        others: Others = NOBODY,
    ) -> list[CheckedItem]:
        """Every item checked, in order; never raises for an item.

        `others` are the documents of those whose records the sender may pass on.
        """
        if len(items) <= FEW:
            return check_items(items, author, today, others)
        if len(items) < MANY:
            return await asyncio.to_thread(check_items, items, author, today, others)
        pool = self._started()
        loop = asyncio.get_running_loop()
        signed = [(doc.raw, doc.sig) for doc in others.values()]
        work = loop.run_in_executor(
            pool, check_apart, puts_of(items), (author.raw, author.sig), today, signed
        )
        with contextlib.suppress(BrokenProcessPool):
            return from_apart(items, await work, author.org)
        self.stop()
        return await asyncio.to_thread(check_items, items, author, today, others)

    def _started(self) -> ProcessPoolExecutor:
        loop = asyncio.get_running_loop()
        self._last = loop.time()
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                1, mp_context=multiprocessing.get_context("spawn"), initializer=_quietly
            )
            self._closing = loop.call_later(QUIET_S, self._end_if_quiet)
        return self._pool

    def _end_if_quiet(self) -> None:
        loop = asyncio.get_running_loop()
        left = self._last + QUIET_S - loop.time()
        if left > 0:
            self._closing = loop.call_later(left, self._end_if_quiet)
        else:
            self.stop()

    def stop(self) -> None:
        """End the process; work under way is finished by it or done again here."""
        if self._closing is not None:
            self._closing.cancel()
        if self._pool is not None:
            self._pool.shutdown(wait=False)
            self._pool = None


def _quietly() -> None:
    """A Ctrl-C on the terminal is for the node, which ends this process itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
