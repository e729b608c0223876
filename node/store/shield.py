"""The shield list as rows: keyed hashes of what members do not want published, by member.

Nobody reads back what was entered, its member neither: she sees how many entries there are, of what
kind, from which day. They go when she leaves.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, func, insert, select

from node.errors import BadField
from node.store.tables_desk import shield
from protocol.ids import Day

MOST = 40  # of one member: the desk must not be held up by everything


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry, of which nothing but its kind and day can be shown."""

    id: str
    kind: str
    made_day: Day


def add_entry(connection: Connection, member: str, hashed: bytes, entry: Entry) -> None:
    """Add an entry; the same again changes nothing. BadField where there are too many."""
    query = select(func.count()).where(shield.c.member == member)
    if int(connection.execute(query).scalar() or 0) >= MOST:
        raise BadField(f"at most {MOST} entries: take one off first")
    row = {
        "member": member, "hash": hashed, "id": entry.id, "kind": entry.kind,
        "made_day": entry.made_day,
    }  # fmt: skip
    connection.execute(insert(shield).prefix_with("OR IGNORE").values(**row))


def entries_of(connection: Connection, member: str) -> list[Entry]:
    """A member's entries, the oldest first."""
    query = select(shield).where(shield.c.member == member)
    return [
        Entry(row.id, row.kind, Day(row.made_day))
        for row in connection.execute(query.order_by(shield.c.made_day, shield.c.id))
    ]


def remove_entries(connection: Connection, member: str, id_: str = "") -> None:
    """Take one of a member's entries off, or with no id all of them."""
    chosen = delete(shield).where(shield.c.member == member)
    connection.execute(chosen.where(shield.c.id == id_) if id_ else chosen)


def all_hashes(connection: Connection) -> frozenset[bytes]:
    """Every hash, whoever entered it."""
    return frozenset(bytes(each) for each in connection.execute(select(shield.c.hash)).scalars())
