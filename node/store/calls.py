"""Calls to reporters who wanted to be contacted: which were made, and by whom."""

from collections.abc import Iterable
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from node.store.tables_desk import calls


@dataclass(frozen=True, slots=True)
class Called:
    """A call that was made."""

    who: str
    at_us: int


def calls_made(connection: Connection) -> dict[str, Called]:
    """By draft, who called and when."""
    return {row.draft: Called(row.who, row.at_us) for row in connection.execute(select(calls))}


def mark_call(connection: Connection, draft: str, made: Called | None) -> None:
    """Note that a reporter was called, or with None that she is to be called again."""
    connection.execute(delete(calls).where(calls.c.draft == draft))
    if made is not None:
        connection.execute(insert(calls).values(draft=draft, who=made.who, at_us=made.at_us))


def forget_calls(connection: Connection, kept: Iterable[str]) -> None:
    """Forget the calls about all drafts but these: of the others nothing is kept to call about."""
    connection.execute(delete(calls).where(calls.c.draft.not_in(list(kept))))


def forget_caller(connection: Connection, who: str, somebody: str) -> None:
    """Take a person's name off the calls that she made."""
    connection.execute(update(calls).where(calls.c.who == who).values(who=somebody))
