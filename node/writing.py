"""The one way to change a node: queued queries, several in a commit, each all or nothing.

Transactions that wait for each other share one commit: a commit costs more than most of what is in
it. Each query runs in a savepoint of its own, so one that fails takes nothing of its neighbours
with it, and leaves them nothing: a policy that it put in force is taken back before the next one
runs. What a query staged in the register is durable before the commit is.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import Connection

from node.store import meta
from node.store.context import Context
from node.store.engine import Store
from node.store.purges import take_purge
from node.store.senders import take_change

COUNTER = "commit_counter"
MOST_IN_A_COMMIT = 16


@dataclass(frozen=True, slots=True)
class Wanted:
    """A query that waits for its commit."""

    query: Callable[[Connection], Any]
    done: asyncio.Future[Any]


def _nothing() -> None:
    """Nothing is on its way in this process."""


Outcome = tuple[Any, Exception | None]


class GroupCommit:
    """Runs queries in their order; results are given out after their commit."""

    def __init__(self, store: Store, context: Context) -> None:
        self._store = store
        self._context = context
        self._queue: deque[Wanted] = deque()
        self._running: asyncio.Task[None] | None = None
        self.on_narrowed: Callable[[], None] = _nothing  # something may no longer go out
        self.on_purged: Callable[[], None] = _nothing  # something must leave the disk
        self._purged = self._moved = False  # of the last commit: bytes, senders

    async def run(self, query: Callable[[Connection], Any]) -> Any:
        """The result of `query`, once it is durable; whatever it raises, and then nothing of it."""
        done: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._queue.append(Wanted(query, done))
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._work())
        return await done

    async def drain(self) -> None:
        """Wait for what was queued."""
        if self._running is not None:
            await self._running

    async def _work(self) -> None:
        while self._queue:
            group: list[Wanted] = []
            while self._queue and len(group) < MOST_IN_A_COMMIT:
                wanted = self._queue.popleft()
                if not wanted.done.cancelled():
                    group.append(wanted)
            policy, committed = self._context.policy, False
            in_step = frozenset(self._context.in_step)
            try:
                if self._context.register.pending:
                    await self._store.write(self._agree)  # a commit before this one failed
                try:
                    results = await self._store.write(partial(self._commit, group=group))
                finally:
                    if self._moved:
                        self._context.senders.forget()
                committed = True
                self._after_commit()
            except BaseException as error:  # handed to each caller, or raised
                self._forget()
                if not committed:  # before the next group asks what may go out
                    self._context.policy = policy
                    self._context.in_step &= in_step
                for wanted in group:
                    if not wanted.done.done():
                        wanted.done.set_exception(error)
                if not isinstance(error, Exception):
                    raise
                continue
            for wanted, (result, failure) in zip(group, results, strict=True):
                if wanted.done.cancelled():
                    continue
                if failure is None:
                    wanted.done.set_result(result)
                else:
                    wanted.done.set_exception(failure)

    def _after_commit(self) -> None:
        if self._context.register.pending:
            self._context.register.settle()
            self.on_narrowed()
        if self._purged:
            self.on_purged()

    def _commit(self, connection: Connection, group: list[Wanted]) -> list[Outcome]:
        """Run a group in the writer's thread, inside its one transaction."""
        register = self._context.register
        if len(group) == 1:
            results: list[Outcome] = [(group[0].query(connection), None)]
        else:
            results = [self._one_of_many(connection, wanted) for wanted in group]
        if register.has_staged:
            meta.put_int(connection, COUNTER, register.flush())
        self._purged, self._moved = take_purge(connection), take_change(connection)
        return results

    def _agree(self, connection: Connection) -> None:
        """After a commit that failed: does the register say what the store does not?

        Nobody was told of it, so it goes back to what it said before.
        """
        register = self._context.register
        if meta.get_int(connection, COUNTER) == register.counter:
            register.settle()
        else:
            register.undo()

    def _one_of_many(self, connection: Connection, wanted: Wanted) -> Outcome:
        staged, policy = self._context.register.staged(), self._context.policy
        in_step = frozenset(self._context.in_step)
        try:
            connection.exec_driver_sql("SAVEPOINT one")
            result = wanted.query(connection)
            connection.exec_driver_sql("RELEASE one")
            return result, None
        except Exception as error:  # noqa: BLE001  # handed to the caller; the others go on
            connection.exec_driver_sql("ROLLBACK TO one")
            connection.exec_driver_sql("RELEASE one")
            self._forget()
            self._context.register.stage_only(staged)
            self._context.policy = policy
            self._context.in_step &= in_step
            return None, error

    def _forget(self) -> None:
        """Caches may hold what was rolled back."""
        self._context.register.discard()
        self._context.digests.forget()
        self._context.live_counts.clear()
