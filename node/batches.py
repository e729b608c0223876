"""The open drafts of one list, as one batch: counted, looked through page by page, published.

A list is known by a short hash of its name, so that no address names a file. Rows without any doubt
are agreed to together; those with doubts that do not block, only where somebody asks for that too;
what blocks is opened one by one.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, text

from node.errors import NotFound
from node.runtime import Node
from node.store.drafts import Draft, drafts_of_list
from node.store.reviews import all_reviewers, same_person, words_of

AT_ONCE: Final = 500  # published by one click: some seconds of signing

_BLOCKS: Final = (  # JSON is stored as bytes, which SQLite would take for its own binary form
    "EXISTS (SELECT 1 FROM json_each(CAST(doubts AS TEXT)) AS j"
    " WHERE json_extract(j.value, '$[4]'))"
)
_DOUBTED: Final = "CAST(doubts AS TEXT) != '[]'"
ONLY: Final = {"": "", "doubted": _DOUBTED, "blocked": _BLOCKS}
"""Which rows of a list are looked at, as SQL."""

_COUNTS: Final = text(
    "SELECT source, count(*) AS n, min(made_us) AS since,"  # noqa: S608 - our words
    f" sum({_DOUBTED}) AS doubted, sum({_BLOCKS}) AS blocked"
    " FROM drafts WHERE state = 'open' AND fingerprint IS NOT NULL GROUP BY source"
)


@dataclass(frozen=True, slots=True)
class Batch:
    """One list: its drafts that wait, those with any doubt, those that something blocks."""

    id: str
    name: str = field(repr=False)
    count: int
    doubted: int
    blocked: int
    since_us: int


def batch_id(source: str) -> str:
    """How an address names a list."""
    return hashlib.blake2b(source.encode(), digest_size=5).hexdigest()


def all_batches(connection: Connection) -> list[Batch]:
    """Every list with drafts that wait."""
    return [
        Batch(batch_id(row.source), row.source, row.n, row.doubted, row.blocked, row.since)
        for row in connection.execute(_COUNTS)
    ]


def find_batch(connection: Connection, id_: str) -> Batch:
    """The list of an id. NotFound where nothing of it waits."""
    for each in all_batches(connection):
        if each.id == id_:
            return each
    raise NotFound("nothing of that list waits")


def rows_of(connection: Connection, batch: Batch, only: str, at: int, most: int) -> list[Draft]:
    """A page of the drafts of a list, in its order; `only` is a key of ONLY."""
    return drafts_of_list(connection, batch.name, ONLY[only], at * most, most)


def _clear(connection: Connection, batch: Batch, *, doubts: bool) -> list[Draft]:
    which = f"NOT {_BLOCKS}" if doubts else f"NOT {_DOUBTED}"
    found = drafts_of_list(connection, batch.name, which, 0, AT_ONCE)
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


async def publish_clear(node: Node, id_: str, by: str, *, doubts: bool) -> dict[str, Any]:
    """Agree to the drafts of a list without doubts: {"published", "refused", "approved"}.

    AT_ONCE at most; `doubts`: also those with doubts that do not block. None goes out on too few
    people's word: what still needs another is approved.
    """
    needed = node.policy.moderation.reviewers

    def query(connection: Connection) -> tuple[list[str], list[str]]:
        batch = find_batch(connection, id_)
        return _agreed(connection, _clear(connection, batch, doubts=doubts), by, needed)

    go, wait = await node.read(query)
    result: dict[str, Any] = {"published": [], "refused": []}
    if go:
        result = await node.dispatch("draft_publish", {"ids": go, "by": by})
    held = [row["id"] for row in result["refused"] if row["reason"] == "names_a_worker"]
    wait += held
    if wait:
        await node.dispatch("draft_approve", {"ids": wait, "by": by})
    return {"published": result["published"], "refused": result["refused"], "approved": wait}
