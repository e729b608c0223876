"""Opens the encrypted database and runs transactions on it.

Queries are plain functions over a SQLAlchemy `Connection`; this file decides where they run:
through aiosqlite in a node (`Store`), or directly (`sync_engine`), as migrations and the model
test do. Every connection is keyed with a raw key before its first statement.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import aiosqlite
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.pool import AsyncAdaptedQueuePool, NullPool, StaticPool
from sqlcipher3 import dbapi2 as sqlcipher

from node.errors import StoreDamaged, StoreLocked

P = ParamSpec("P")
R = TypeVar("R")

PAGE_BYTES = 8192
WAL_PAGES = 2000
PAGE_CACHE_KIB = 32 * 1024
WRITE = "parasol_write"


def connect(path: Path | str, key: bytes) -> Any:
    """Open one keyed connection; `key` is 32 raw bytes. StoreLocked if it does not fit."""
    connection = sqlcipher.connect(
        str(path), isolation_level=None, check_same_thread=False, timeout=30
    )
    try:
        connection.execute("PRAGMA cipher_log_level=NONE")
        # A record is 2 KB: a page of 4 KB would hold one and waste the rest. It is the default that
        # is set, because VACUUM INTO makes its copy with that.
        connection.execute(f"PRAGMA cipher_default_page_size={PAGE_BYTES}")
        connection.execute(f"PRAGMA key=\"x'{key.hex()}'\"")
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA wal_autocheckpoint={WAL_PAGES}")
        connection.execute("PRAGMA synchronous=FULL")
        connection.execute("PRAGMA secure_delete=ON")
        connection.execute("PRAGMA temp_store=MEMORY")
        connection.execute(f"PRAGMA cache_size=-{PAGE_CACHE_KIB}")
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


def sync_engine(path: Path | str, key: bytes, *, shared: bool = False) -> Engine:
    """An engine that runs in the calling thread; `shared` keeps one connection for its life."""
    engine = create_engine(
        "sqlite+pysqlite://",
        creator=lambda: connect(path, key),
        module=sqlcipher,
        poolclass=StaticPool if shared else NullPool,
    )
    event.listen(engine, "begin", _begin)
    return engine


def async_engine(path: Path, key: bytes) -> AsyncEngine:
    """An engine whose every connection has a thread of its own, through aiosqlite."""

    async def creator() -> aiosqlite.Connection:
        connection = aiosqlite.Connection(lambda: connect(path, key), iter_chunk_size=256)
        # An unclosed connection must not keep the process alive.
        connection._thread.daemon = True  # noqa: SLF001
        return await connection

    engine = create_async_engine(
        "sqlite+aiosqlite://",
        async_creator=creator,
        poolclass=AsyncAdaptedQueuePool,
        pool_size=4,
        max_overflow=2,
    )
    dbapi = engine.sync_engine.dialect.dbapi
    for name in (
        "Error", "DatabaseError", "OperationalError", "IntegrityError", "ProgrammingError",
        "InterfaceError", "InternalError", "DataError", "NotSupportedError", "Warning",
    ):  # fmt: skip
        setattr(dbapi, name, getattr(sqlcipher, name))
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


class Store:
    """The node's database: any number of readers, one writer at a time."""

    def __init__(self, path: Path, key: bytes) -> None:
        self._engine = async_engine(path, key)
        self._writing = asyncio.Lock()
        self.path = path

    async def read(
        self, query: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run `query` in a read transaction: it sees one moment of the store."""
        async with self._engine.connect() as plain:
            connection = await plain.execution_options(**{WRITE: False})
            with damage_named():
                return await connection.run_sync(query, *args, **kwargs)

    async def write(
        self, query: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run `query` in a write transaction, durable when this returns; all of it or nothing."""
        async with self.writing() as connection:
            return await connection.run_sync(query, *args, **kwargs)

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """One write transaction for several queries; commits at the end of the block."""
        with damage_named():
            async with self._writing, self._engine.begin() as connection:
                yield connection

    async def checkpoint(self) -> None:
        """Fold the WAL into the database, so that purged bytes do not linger in it."""
        async with self._writing, self._engine.connect() as connection:
            raw = await connection.get_raw_connection()
            cursor = await raw.driver_connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # type: ignore[union-attr]
            await cursor.close()

    async def close(self) -> None:
        await self._engine.dispose()


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
