"""Opens the encrypted database and runs transactions on it.

Queries are plain functions over a SQLAlchemy `Connection`; this file decides where they run: each
whole in one trip to a thread, reads in a few, writes in one of their own; migrations and the model
test directly. A trip for every statement would cost more than the statements.
Every connection is keyed with a raw key before its first statement.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.pool import NullPool, Pool, QueuePool, StaticPool
from sqlcipher3 import dbapi2 as sqlcipher

from node.errors import StoreDamaged, StoreLocked

P = ParamSpec("P")
R = TypeVar("R")

PAGE_BYTES = 8192
WAL_PAGES = 2000
PAGE_CACHE_KIB = 32 * 1024
READERS = 4
READER_CACHE_KIB = 4 * 1024  # of each: few reads come back to the same page
WRITE = "parasol_write"


def connect(path: Path | str, key: bytes, cache_kib: int = PAGE_CACHE_KIB) -> Any:
    """Open one keyed connection; `key` is 32 raw bytes. StoreLocked if it does not fit."""
    connection = sqlcipher.connect(
        str(path), isolation_level=None, check_same_thread=False, timeout=30
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
        raise StoreLocked(
            "The store cannot be read: wrong key, or its first page is damaged."
            " Check the passphrase; else restore a backup."
        ) from error
    return connection


def _begin(connection: Connection) -> None:
    write = connection.get_execution_options().get(WRITE, True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")


def sync_engine(
    path: Path | str,
    key: bytes,
    *,
    shared: bool = False,
    pool: type[Pool] = NullPool,
    cache_kib: int = PAGE_CACHE_KIB,
) -> Engine:
    """An engine that runs in the calling thread; `shared` keeps one connection for its life."""
    engine = create_engine(
        "sqlite+pysqlite://",
        creator=lambda: connect(path, key, cache_kib),
        module=sqlcipher,
        poolclass=StaticPool if shared else pool,
        hide_parameters=True,  # an error of the database must not quote numbers and texts
    )
    event.listen(engine, "begin", _begin)
    return engine


class Store:
    """The node's database: any number of readers, one writer.

    Neither keeps the event loop from answering.
    """

    def __init__(self, path: Path, key: bytes) -> None:
        self._reads = sync_engine(path, key, pool=QueuePool, cache_kib=READER_CACHE_KIB)
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="store-reader")
        self._writes = sync_engine(path, key, shared=True)
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="store-writer")
        self.path = path

    async def read(
        self, query: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run `query` in a read transaction: it sees one moment of the store."""
        work = partial(self._read, lambda opened: query(opened, *args, **kwargs))
        return await asyncio.get_running_loop().run_in_executor(self._readers, work)

    def _read(self, query: Callable[[Connection], R]) -> R:
        with damage_named(), self._reads.connect() as plain:
            return query(plain.execution_options(**{WRITE: False}))

    async def write(self, query: Callable[[Connection], R]) -> R:
        """Run `query` in a write transaction, durable when this returns; all of it or nothing."""
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._write, query)

    def _write(self, query: Callable[[Connection], R]) -> R:
        with damage_named(), self._writes.begin() as connection:
            return query(connection)

    async def checkpoint(self) -> None:
        """Fold the WAL into the database, so that purged bytes do not linger in it."""
        await asyncio.get_running_loop().run_in_executor(self._writer, self._checkpoint)

    def _checkpoint(self) -> None:
        raw = self._writes.raw_connection()
        try:
            raw.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            raw.close()

    async def close(self) -> None:
        """Close every connection, after what runs has finished."""
        await asyncio.to_thread(self._writer.shutdown)
        await asyncio.to_thread(self._readers.shutdown)
        self._reads.dispose()
        self._writes.dispose()


class damage_named:  # noqa: N801 - reads as a statement
    """Turns SQLite's report of a damaged page into our sentence about it."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, DatabaseError) and _is_damage(error):
            raise StoreDamaged(
                "A page of the store does not verify: the file was damaged or altered."
                " Stop the node, keep a copy of the file, and restore a backup."
            ) from error


def _is_damage(error: DatabaseError) -> bool:
    text = str(error.orig)
    return any(sign in text for sign in ("malformed", "not a database", "disk I/O error"))
