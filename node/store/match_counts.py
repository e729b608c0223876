"""How many identifiers were matched on a day: by each peer here, and by us elsewhere.

Counts, and nothing of what was asked. Kept for two days, so that a clock set back a little does not
begin anew.
"""

from sqlalchemy import Connection, Table, delete, select

from node.store.tables_matching import match_answered, match_asked
from protocol.ids import Day

KEPT_DAYS = 2


def count_answered(
    connection: Connection, peer: int, day: Day, more: int, quota: int
) -> int | None:
    """Count identifiers that a peer has evaluated; its sum of the day, or None beyond the quota."""
    return _count(connection, match_answered, "peer", peer, day, more, quota)


def count_asked(connection: Connection, who: str, day: Day, more: int, quota: int) -> int | None:
    """Count identifiers that we ask others about; the sum of the day, or None beyond the quota."""
    return _count(connection, match_asked, "who", who, day, more, quota)


def answered_on(connection: Connection, day: Day) -> dict[int, int]:
    """How many identifiers each peer had evaluated here on a day."""
    query = select(match_answered.c.peer, match_answered.c.identifiers)
    rows = connection.execute(query.where(match_answered.c.day == day))
    return {row.peer: row.identifiers for row in rows}


def asked_on(connection: Connection, day: Day) -> int:
    """How many identifiers we asked others about on a day."""
    query = select(match_asked.c.identifiers).where(match_asked.c.day == day)
    return sum(connection.execute(query).scalars())


def _count(
    connection: Connection,
    table: Table,
    whose: str,
    who: int | str,
    day: Day,
    more: int,
    quota: int,
) -> int | None:
    is_row = (table.c[whose] == who) & (table.c.day == day)
    before = connection.execute(select(table.c.identifiers).where(is_row)).scalar()
    total = (before or 0) + more
    if total > quota:
        return None
    if before is None:
        connection.execute(delete(table).where(table.c.day < day - KEPT_DAYS))
        connection.execute(table.insert().values(**{whose: who}, day=day, identifiers=total))
    else:
        connection.execute(table.update().where(is_row).values(identifiers=total))
    return total
