"""Half-written forms: one of each kind for each writer, kept for a day, deleted when it is sent.

A form is its writer's alone. `owner` is a member's id; for a visitor, the hash of her cookie.
"""

from typing import Final

from sqlalchemy import Connection, delete, insert, select

from node.store.members import token_hash
from node.store.tables_web import parked_forms
from protocol.codec import decode, encode

KEPT_US: Final = 86_400_000_000
Fields = tuple[tuple[str, str], ...]


def visitor_owner(token: str) -> str:
    """The owner that stands for a visitor with this cookie."""
    return f"v:{token_hash(token).hex()}"


def park(connection: Connection, owner: str, kind: str, fields: Fields, now_us: int) -> None:
    """Keep a form in place of the one that this writer was at before."""
    drop_parked(connection, owner, kind)
    connection.execute(
        insert(parked_forms).values(
            hash=_key(owner, kind), owner=owner, kind=kind,
            body=encode([list(pair) for pair in fields]), until_us=now_us + KEPT_US,
        )
    )  # fmt: skip


def parked(connection: Connection, owner: str, kind: str, now_us: int) -> Fields:
    """The form that a writer was at, () for none."""
    query = select(parked_forms).where(parked_forms.c.hash == _key(owner, kind))
    row = connection.execute(query.where(parked_forms.c.until_us >= now_us)).first()
    if row is None:
        return ()
    found = decode(bytes(row.body))
    pairs = found if isinstance(found, list) else []
    return tuple((str(p[0]), str(p[1])) for p in pairs if isinstance(p, list) and len(p) == 2)


def drop_parked(connection: Connection, owner: str, kind: str) -> None:
    """Forget a half-written form."""
    connection.execute(delete(parked_forms).where(parked_forms.c.hash == _key(owner, kind)))


def _key(owner: str, kind: str) -> bytes:
    return token_hash(f"{owner} {kind}")
