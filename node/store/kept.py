"""What a reader found in the store, kept in memory for as long as nobody commits anything.

`PRAGMA data_version` gives a number that is another one after every commit of another connection,
and stays within a transaction. A connection that reads changes nothing itself, so what it found
under a number is true while the number is the same, and no writer has to say what it changed. A
connection that writes keeps nothing. Kept for each connection, which one query uses at a time:
nothing is shared between threads. For what is small and asked by every check: who is heard, and
what there is none of.
"""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Connection

from node.store.engine import WRITE

_KEPT = "parasol_kept"
T = TypeVar("T")


@dataclass(slots=True)
class _Book:
    """What one connection found under one number, and the transaction that looked at the number."""

    version: int
    transaction: object = None
    found: dict[Hashable, Any] = field(default_factory=dict, repr=False)


def kept(connection: Connection, name: Hashable, read: Callable[[], T]) -> T:
    """What `read` gives, from memory where nothing was committed since; nobody may change it.

    `name` tells apart all that the result depends on besides the store, such as the day.
    """
    if connection.get_execution_options().get(WRITE, True):
        return read()
    found = _book(connection).found
    if name not in found:
        found[name] = read()
    result: T = found[name]
    return result


def _book(connection: Connection) -> _Book:
    known: _Book | None = connection.info.get(_KEPT)
    transaction = connection.get_transaction()
    if known is not None and transaction is not None and known.transaction is transaction:
        return known
    version = connection.exec_driver_sql("PRAGMA data_version").scalar_one()  # begins one, if none
    if known is None or known.version != version:
        known = connection.info[_KEPT] = _Book(version)
    known.transaction = connection.get_transaction()
    return known
