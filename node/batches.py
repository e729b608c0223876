"""The open drafts of one list, as one batch: counted, looked through page by page, published.

A list is known by a short hash of its name, so that no address names a file. A batch is agreed to
as a whole only where nothing in a row blocks; the rest is opened one by one.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, select, text

from node.errors import NotFound
from node.runtime import Node
from node.store.drafts import Draft, DraftState, drafts_of_list
from node.store.reviews import all_reviewers, same_person, words_of
from node.store.tables import drafts

AT_ONCE: Final = 500  # published by one click: some seconds of signing

_BLOCKS: Final = (  # JSON is stored as bytes, which SQLite would take for its own binary form
    "EXISTS (SELECT 1 FROM json_each(CAST(doubts AS TEXT)) AS j"
    " WHERE json_extract(j.value, '$[4]'))"
)
_COUNTS: Final = text(
    f"SELECT source, count(*) AS n, min(made_us) AS since, sum({_BLOCKS}) AS doubted"  # noqa: S608
    " FROM drafts WHERE state = 'open' AND fingerprint IS NOT NULL GROUP BY source"
)


@dataclass(frozen=True, slots=True)
class Batch:
    """One list: how many of its drafts wait, how many of these have something that blocks."""

    id: str
    name: str = field(repr=False)
    count: int
    doubted: int
    since_us: int


def batch_id(source: str) -> str:
    """How an address names a list."""
    return hashlib.blake2b(source.encode(), digest_size=5).hexdigest()


def all_batches(connection: Connection) -> list[Batch]:
    """Every list with drafts that wait."""
    return [
        Batch(batch_id(row.source), row.source, row.n, row.doubted or 0, row.since)
        for row in connection.execute(_COUNTS)
    ]


def find_batch(connection: Connection, id_: str) -> Batch:
    """The list of an id. NotFound where nothing of it waits."""
    for each in all_batches(connection):
        if each.id == id_:
            return each
    raise NotFound("nothing of that list waits")


def rows_of(
    connection: Connection, batch: Batch, at: int, most: int, *, doubted: bool
) -> list[Draft]:
    """A page of the drafts of a list, in its order; `doubted`: only those that something blocks."""
    return drafts_of_list(connection, batch.name, _BLOCKS if doubted else "", at * most, most)


def _clear(connection: Connection, batch: Batch) -> list[Draft]:
    found = drafts_of_list(connection, batch.name, f"NOT {_BLOCKS}", 0, AT_ONCE)
    return [draft for draft in found if draft.asked.members is not False]


def _agreed(
    connection: Connection, found: Sequence[Draft], by: str, needed: int
) -> tuple[list[str], list[str]]:
    """The drafts to publish now, and those that need somebody else's word after `by`'s."""
    reviews = all_reviewers(connection, [draft.id for draft in found])
    go: list[str] = []
    wait: list[str] = []
    for draft in found:
        words = words_of(draft.fields)
        names = {same_person(n) for n, seen in reviews.get(draft.id, ()) if seen == words}
        enough = len(names | {same_person(by)}) >= needed
        if enough or same_person(by) not in names:
            (go if enough else wait).append(draft.id)
    return go, wait


async def publish_clear(node: Node, id_: str, by: str) -> dict[str, Any]:
    """Agree to every draft of a list that nothing blocks, AT_ONCE at most: {"published", "refused",
    "approved"}. None goes out on too few people's word: what still needs another is approved.
    """
    needed = node.policy.moderation.reviewers

    def query(connection: Connection) -> tuple[list[str], list[str]]:
        batch = find_batch(connection, id_)
        return _agreed(connection, _clear(connection, batch), by, needed)

    go, wait = await node.read(query)
    result: dict[str, Any] = {"published": [], "refused": []}
    if go:
        result = await node.dispatch("draft_publish", {"ids": go, "by": by})
    held = [row["id"] for row in result["refused"] if row["reason"] == "names_a_worker"]
    wait += held
    if wait:
        await node.dispatch("draft_approve", {"ids": wait, "by": by})
    return {"published": result["published"], "refused": result["refused"], "approved": wait}


def is_of_a_list(connection: Connection, draft: str) -> bool:
    """Whether a draft came from a list."""
    query = select(drafts.c.fingerprint).where(
        drafts.c.id == draft, drafts.c.state == DraftState.OPEN.value
    )
    return connection.execute(query).scalar() is not None
