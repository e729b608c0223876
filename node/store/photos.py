"""Photos of reports: sealed one by one, and purged with the private report that they belong to.

Each is sealed under a key of its own (`keys.onetime`); purging takes the key first and then the
photo, in one transaction. A photo stays in the private report: no alert and no peer gets it.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from keys.onetime import open_once, seal_once
from node.errors import NotFound
from node.store.purges import note_purge
from node.store.tables import drafts
from node.store.tables_reports import photo_keys, photos

MOST = 4  # of one report
ID_BYTES = 16


@dataclass(frozen=True, slots=True)
class PhotoLine:
    """One photo of a draft as a page offers it: its number, and how many bytes it has."""

    number: int
    bytes: int


def add_photos(
    connection: Connection, draft: str, pictures: Sequence[bytes], random: Callable[[int], bytes]
) -> None:
    """Seal the photos of a new draft."""
    for number, picture in enumerate(pictures[:MOST], start=1):
        id_ = random(ID_BYTES).hex()
        key, sealed = seal_once(picture, id_.encode(), random)
        connection.execute(
            insert(photos).values(
                id=id_, draft=draft, number=number, bytes=len(picture), sealed=sealed
            )
        )
        connection.execute(insert(photo_keys).values(photo=id_, key=key))


def photos_of(connection: Connection, draft: str) -> list[PhotoLine]:
    """The photos of a draft, in the order in which they were sent."""
    query = select(photos.c.number, photos.c.bytes).where(photos.c.draft == draft)
    found = connection.execute(query.order_by(photos.c.number))
    return [PhotoLine(row.number, row.bytes) for row in found]


def open_photo(connection: Connection, draft: str, number: int) -> bytes:
    """One photo as it is looked at (WebP). NotFound."""
    query = select(photos.c.id, photos.c.sealed, photo_keys.c.key)
    query = query.join(photo_keys, photo_keys.c.photo == photos.c.id)
    wanted = (photos.c.draft == draft) & (photos.c.number == number)
    row = connection.execute(query.where(wanted)).one_or_none()
    if row is None:
        raise NotFound("there is no such photo, or it is not kept any more")
    return open_once(bytes(row.sealed), row.id.encode(), bytes(row.key))


def drop_photos(connection: Connection, wanted: Iterable[str]) -> None:
    """Purge the photos of these drafts, their keys first."""
    for draft in wanted:
        _drop(connection, photos.c.draft == draft)


def drop_photos_of_blank(connection: Connection) -> None:
    """Purge the photos of drafts of which nothing else is left."""
    _drop(connection, photos.c.draft.in_(select(drafts.c.id).where(drafts.c.source == "")))


def _drop(connection: Connection, which: object) -> None:
    mine = select(photos.c.id).where(which)  # type: ignore[arg-type]
    gone = connection.execute(delete(photo_keys).where(photo_keys.c.photo.in_(mine)))
    if gone.rowcount:
        note_purge(connection)
        connection.execute(delete(photos).where(which))  # type: ignore[arg-type]
