"""Small facts about this store: its organisation, its commit counter, its notes to itself."""

from sqlalchemy import Connection, bindparam, delete, select
from sqlalchemy.dialects.sqlite import insert

from node.store.tables import meta

GUARD_FLOOR = "guard_floor"  # no request with an n up to this is taken: a restore forgot the last
VOUCHED = "vouched"  # the restore was found out by a register that knows all since the backup
OPENING = "opening"  # how often this store was opened; the register keeps the last number
CLOSED = "closed"  # the node was stopped, not killed: nothing has happened to this store since

_GET = select(meta.c.value).where(meta.c.key == bindparam("name"))
_PUT = insert(meta)
_PUT = _PUT.on_conflict_do_update(index_elements=["key"], set_={"value": _PUT.excluded.value})
PROFILE = "profile"  # of a region's network: encode([bytes, signature])
PROFILE_IN_FORCE = "profile_in_force"  # the signature of the one that was applied
ON_CARD = "on_card"  # the settings that stand on the newest card
INTRODUCE_ME = "introduce_me"  # hubs may introduce us to those whom they introduce


def get(connection: Connection, key: str) -> bytes | None:
    """The value of one note, or None."""
    value = connection.execute(_GET, {"name": key}).scalar()
    return None if value is None else bytes(value)


def put(connection: Connection, key: str, value: bytes) -> None:
    """Set one note."""
    connection.execute(_PUT, {"key": key, "value": value})


def drop(connection: Connection, key: str) -> None:
    """Remove one note."""
    connection.execute(delete(meta).where(meta.c.key == key))


def keep(connection: Connection, key: str, value: bytes | None) -> None:
    """Set one note, or remove it where there is no value."""
    if value is None:
        drop(connection, key)
    else:
        put(connection, key, value)


def get_int(connection: Connection, key: str) -> int:
    """A note that is a number; 0 where it is not there."""
    value = get(connection, key)
    return 0 if value is None else int.from_bytes(value, "big")


def put_int(connection: Connection, key: str, value: int) -> None:
    """Set a note that is a number ≥ 0."""
    put(connection, key, value.to_bytes(8, "big"))
