"""Opens the encrypted database and runs transactions on it.

Queries are plain functions over a SQLAlchemy `Connection`; this file decides where they run: each
whole in one trip to a thread that aiosqlite keeps, reads in a few, writes in one of their own;
migrations and the model test directly. A trip for every statement would cost more than they do.
Every connection is keyed with a raw key before its first statement.
"""

import asyncio
import contextlib
import ctypes
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import aiosqlite
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool, StaticPool
from sqlcipher3 import dbapi2 as sqlcipher

from node.errors import StoreDamaged, StoreLocked

P = ParamSpec("P")
R = TypeVar("R")

PAGE_BYTES = 8192
WAL_PAGES = 2000
PAGE_CACHE_KIB = 16 * 1024
READERS = 3
READER_CACHE_KIB = 6 * 1024  # of each: few reads come back to the same page
BUSY_S = 30
FOLD_TRIES, FOLD_PAUSE_S = 300, 0.1
WRITE = "parasol_write"
_DAMAGED = (
    "A page of the store does not verify: the file was damaged or altered."
    " Stop the node, keep a copy of the file, and restore a backup."
)


def connect(path: Path | str, key: bytes, cache_kib: int = PAGE_CACHE_KIB) -> Any:
    """Open one keyed connection; `key` is 32 raw bytes. StoreLocked if it does not fit.

    StoreDamaged where it fits, and a page that is read at once does not verify.
    """
    connection = sqlcipher.connect(
        str(path), isolation_level=None, check_same_thread=False, timeout=BUSY_S
    )
    try:
        connection.execute("PRAGMA cipher_log_level=NONE")
        # A record is 2 KB: a page of 4 KB would hold one and waste the rest; and SHA-256 takes a
        # third of SHA-512's time. The defaults are set: VACUUM INTO makes its copy with those.
        connection.execute(f"PRAGMA cipher_default_page_size={PAGE_BYTES}")
        connection.execute("PRAGMA cipher_default_hmac_algorithm=HMAC_SHA256")
        connection.execute(f"PRAGMA key=\"x'{key.hex()}'\"")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES}")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("PRAGMA temp_store=MEMORY")
        connection.execute(f"PRAGMA cache_size=-{cache_kib}")
    except sqlcipher.DatabaseError as error:
        connection.close()
        if "malformed" in str(error):
            raise StoreDamaged(_DAMAGED) from error
        raise StoreLocked(
            "The store cannot be read: wrong key, or its first page is damaged."
            " Check the passphrase; else restore a backup."
        ) from error
    return connection


def _begin(connection: Connection) -> None:
    write = connection.get_execution_options().get(WRITE, True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def sync_engine(path: Path | str, key: bytes, *, shared: bool = False) -> Engine:
    """An engine that runs in the calling thread; `shared` keeps one connection for its life."""
    return engine_over(lambda: connect(path, key), shared=shared)


def engine_over(opened: Callable[[], Any], *, shared: bool = True) -> Engine:
    """SQLAlchemy over connections that `opened` gives."""
    engine = create_engine(
        "sqlite+pysqlite://",
        creator=opened,
        module=sqlcipher,
        poolclass=StaticPool if shared else NullPool,
        hide_parameters=True,  # an error of the database must not quote numbers and texts
    )
    event.listen(engine, "begin", _begin)
    return engine


class Lane:
    """One connection in a thread of its own, which aiosqlite keeps; opened by its first query.

    A query runs whole in that thread: one trip, however many statements it has.
    """

    def __init__(self, path: Path, key: bytes, cache_kib: int) -> None:
        self._open = partial(connect, path, key, cache_kib)
        self._opening = asyncio.Lock()
        self._connection: aiosqlite.Connection | None = None
        self._engine: Engine | None = None

    async def run(self, query: Callable[[Engine], R]) -> R:
        """The result of a query, once it is through; it goes on where its caller is cancelled."""
        async with self._opening:
            if self._connection is None:
                opened = aiosqlite.Connection(self._open, iter_chunk_size=64)
                opened._thread.daemon = True  # noqa: SLF001  # one unclosed must not hold up the end
                self._connection = await opened
                self._engine = engine_over(lambda: opened._conn)  # noqa: SLF001
        # aiosqlite has no public name for handing a function to its thread; a test holds this one.
        result: R = await self._connection._execute(query, self._engine)  # type: ignore[no-untyped-call]  # noqa: SLF001
        return result

    async def let_go(self) -> None:
        """Forget the pages that were read, if any were."""
        if self._connection is not None:
            await self.run(_forget_pages)

    async def close(self) -> None:
        """Close the connection, after what was queued."""
        if self._connection is not None:
            await self._connection.close()
            self._connection = self._engine = None


class Store:
    """The node's database: a few lanes that read, one that writes.

    None keeps the event loop from answering.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self._lanes = [Lane(path, key, READER_CACHE_KIB) for _ in range(READERS)]
        self._free: asyncio.Queue[Lane] = asyncio.Queue()
        for lane in self._lanes:
            self._free.put_nowait(lane)
        self._writer = Lane(path, key, PAGE_CACHE_KIB)
        self.path = path

    async def read(
        self, query: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run `query` in a read transaction: it sees one moment of the store."""
        lane = await self._free.get()
        try:
            return await lane.run(lambda engine: _read(engine, query, args, kwargs))
        finally:
            self._free.put_nowait(lane)

    async def write(self, query: Callable[[Connection], R]) -> R:
        """Run `query` in a write transaction, durable when this returns; all of it or nothing."""
        return await self._writer.run(lambda engine: _write(engine, query))

    async def checkpoint(self) -> None:
        """Fold the WAL into the database, so that purged bytes do not linger in it.

        A reader that is under way may still need the WAL: it is waited for, and no writer is.
        """
        for _ in range(FOLD_TRIES):
            if await self._writer.run(_checkpoint):
                return
            await asyncio.sleep(FOLD_PAUSE_S)

    async def let_go(self) -> None:
        """Give memory back to the machine, after work that read a great deal of the store.

        What is read next is read from the disk again. A node is at rest for most of its life, on a
        machine that it shares.
        """
        for lane in (self._writer, *self._lanes):
            await lane.let_go()
        await asyncio.to_thread(_give_back)

    async def close(self) -> None:
        """Close every connection, after what runs has finished."""
        await self._writer.close()
        for lane in self._lanes:
            await lane.close()


def _read(engine: Engine, query: Callable[..., R], args: Any, kwargs: Any) -> R:
    with damage_named(), engine.connect() as plain:
        return query(plain.execution_options(**{WRITE: False}), *args, **kwargs)


def _write(engine: Engine, query: Callable[[Connection], R]) -> R:
    with damage_named(), engine.begin() as connection:
        return query(connection)


def _forget_pages(engine: Engine) -> None:
    raw = engine.raw_connection()
    try:
        raw.cursor().execute("PRAGMA shrink_memory")
    finally:
        raw.close()


def _give_back() -> None:
    """Have the C library return what was freed: glibc keeps most of it. Others need no telling."""
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)


def _checkpoint(engine: Engine) -> bool:
    """Fold once, without waiting for readers; whether all of it is folded."""
    raw = engine.raw_connection()
    try:
        cursor = raw.cursor()
        cursor.execute("PRAGMA busy_timeout=0")
        try:
            [(is_busy, _, _)] = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            cursor.execute(f"PRAGMA busy_timeout={BUSY_S * 1000}")
    finally:
        raw.close()
    return not is_busy


class damage_named:  # noqa: N801 - reads as a statement
    """Turns SQLite's report of a damaged page into our sentence about it."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, DatabaseError | sqlcipher.DatabaseError) and is_damage(error):
            raise StoreDamaged(_DAMAGED) from error


def is_damage(error: DatabaseError | sqlcipher.DatabaseError) -> bool:
    """Whether an error of the database is that of a page which does not verify."""
    text = str(error.orig if isinstance(error, DatabaseError) else error)
    return any(sign in text for sign in ("malformed", "not a database", "disk I/O error"))
