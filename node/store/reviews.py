"""Reviews as rows: who approved which words of a draft, and which alerts still wait for others.

A review is of the fields as they stood: after an edit it counts no more. A name counts once however
it is written, so that one person does not become two by a capital letter.
"""

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, delete, insert, select

from node.errors import BadField
from node.store.audit import NAME_CHARACTERS
from node.store.tables import drafts
from node.store.tables_policy import provisional, reviews
from protocol.codec import Value
from protocol.ids import Day, RecordKey, day_of

KEEPER = "keeper"
"""Who publishes without saying a name: whoever holds the passphrase."""


def name_of(text: str) -> str:
    """A person's name as it is kept; BadField where it is none."""
    name = " ".join(unicodedata.normalize("NFKC", text).split())
    if not name or len(name) > NAME_CHARACTERS or not name.isprintable():
        raise BadField(f"name: say who you are, in at most {NAME_CHARACTERS} letters")
    return name


def same_person(name: str) -> str:
    """What two ways to write one name have in common."""
    return "".join(letter for letter in name_of(name).casefold() if letter.isalnum()) or name


def words_of(fields: Mapping[str, Value]) -> bytes:
    """The hash of a draft's fields: what a review is a review of."""
    plain = json.dumps(dict(fields), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(plain.encode(), digest_size=32).digest()


def add_review(
    connection: Connection, draft: str, name: str, fields: Mapping[str, Value], now_us: int
) -> None:
    """Note that a person approved a draft as it stands; again is the same as once."""
    row = {
        "draft": draft, "name_key": same_person(name), "name": name_of(name), "at_us": now_us,
        "fields": words_of(fields),
    }  # fmt: skip
    connection.execute(insert(reviews).prefix_with("OR REPLACE").values(**row))


def reviewers(connection: Connection, draft: str, fields: Mapping[str, Value]) -> list[str]:
    """Who approved a draft as it stands, in the order they did."""
    query = select(reviews.c.name).where(
        reviews.c.draft == draft, reviews.c.fields == words_of(fields)
    )
    return list(connection.execute(query.order_by(reviews.c.at_us)).scalars())


def all_reviewers(
    connection: Connection, wanted: Iterable[str]
) -> dict[str, list[tuple[str, bytes]]]:
    """For each of these drafts its reviews: (name, hash of what was approved)."""
    keys = list(wanted)
    found: dict[str, list[tuple[str, bytes]]] = {}
    for start in range(0, len(keys), 500):
        query = select(reviews).where(reviews.c.draft.in_(keys[start : start + 500]))
        for row in connection.execute(query.order_by(reviews.c.at_us)):
            found.setdefault(row.draft, []).append((row.name, bytes(row.fields)))
    return found


def reviewers_of_alert(connection: Connection, rk: RecordKey) -> list[str]:
    """Everybody who ever approved what became this alert, or confirmed it."""
    query = select(reviews.c.name).join(drafts, drafts.c.id == reviews.c.draft)
    return list(connection.execute(query.where(drafts.c.rk == rk)).scalars())


def draft_of(connection: Connection, rk: RecordKey) -> str | None:
    """The draft that an alert came from."""
    found: str | None = connection.execute(select(drafts.c.id).where(drafts.c.rk == rk)).scalar()
    return found


def mark_provisional(connection: Connection, rk: RecordKey, until_us: int) -> None:
    """Note that an alert went out before its reviewers agreed, and until when it may stand."""
    row = {"rk": rk, "until_us": until_us}
    connection.execute(insert(provisional).prefix_with("OR REPLACE").values(**row))


def provisional_until(connection: Connection, rk: RecordKey) -> int | None:
    """Until when (µs) an alert may stand that waits for its reviewers; None where it waits not."""
    found: int | None = connection.execute(
        select(provisional.c.until_us).where(provisional.c.rk == rk)
    ).scalar()
    return found


def all_provisional(connection: Connection) -> dict[RecordKey, int]:
    """Every alert that waits for its reviewers, with its moment."""
    rows = connection.execute(select(provisional.c.rk, provisional.c.until_us))
    return {RecordKey(bytes(rk)): until for rk, until in rows}


def settle_provisional(connection: Connection, rk: RecordKey) -> None:
    """The alert waits no more: it was confirmed, or has ended."""
    connection.execute(delete(provisional).where(provisional.c.rk == rk))


def no_longer_than_provisional(connection: Connection, rk: RecordKey, last: Day) -> Day:
    """The last day that an alert may be signed for: a waiting one gets no longer by a revision."""
    until = provisional_until(connection, rk)
    return last if until is None else min(last, day_of(until))
