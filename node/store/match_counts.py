"""How many identifiers were matched on a day: by each peer here, and by us elsewhere.

Counts, and nothing of what was asked. Kept for two days, so that a clock set back a little does not
begin anew. How many new tokens a peer gave is kept for a month, which is what is summed up.
"""

from sqlalchemy import Connection, Table, delete, func, select
from sqlalchemy.dialects.sqlite import insert

from node.store.tables_matching import match_answered, match_asked, match_given
from protocol.ids import Day

KEPT_DAYS = 2
GIVEN_DAYS = 30


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


def count_given(connection: Connection, peer: int, day: Day, more: int) -> None:
    """Count tokens that a peer gave us and of which nothing of its was held."""
    adding = insert(match_given).values(peer=peer, day=day, tokens=more)
    total = match_given.c.tokens + adding.excluded.tokens
    adding = adding.on_conflict_do_update(index_elements=["peer", "day"], set_={"tokens": total})
    connection.execute(adding)
    old = (match_given.c.day <= day - GIVEN_DAYS) & (match_given.c.peer == peer)
    connection.execute(delete(match_given).where(old))


def given_lately(connection: Connection, peer: int, today: Day) -> int:
    """How many new tokens a peer gave us in 30 days, those included that it took back."""
    mine = (match_given.c.peer == peer) & (match_given.c.day > today - GIVEN_DAYS)
    return connection.execute(select(func.sum(match_given.c.tokens)).where(mine)).scalar() or 0


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
