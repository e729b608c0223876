"""Notes that a transaction took something away, so that its bytes are soon in no file any more.

`secure_delete` overwrites what a page said, but the WAL still has the page as it was, until it is
folded into the database. Whoever deletes or shrinks what an alert or a report says notes it here.
"""

from sqlalchemy import Connection

_PURGED = "parasol_purged"


def note_purge(connection: Connection) -> None:
    """Have the WAL folded soon after this transaction."""
    connection.info[_PURGED] = True


def take_purge(connection: Connection) -> bool:
    """Whether something was purged since this was last asked; one that was rolled back counts."""
    return bool(connection.info.pop(_PURGED, False))
