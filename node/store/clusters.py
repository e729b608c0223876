"""The links between alerts that may be about one person, as they stand in the store.

Looked for around given alerts, or all over. Only alerts that people may go by are linked: live,
shown, of an organisation that is heard. Names and masked forms link nothing: many people share one.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from sqlalchemy import Connection, delete, insert, or_, select, text

from federation.ledger import RowKind
from federation.voices import SAME_AS
from node.clusters import Link, Pair, Strength, pair_of
from node.store.context import Context
from node.store.lookup import Seen, seen
from node.store.records import chunks, index_rows, readable_values
from node.store.tables import records
from node.store.tables_voices import cluster_marks
from node.store.voices import Said, counting, said_of
from protocol.entry import Status
from protocol.ids import Day, RecordKey
from protocol.vocabulary import ADOPTED_FROM, IDENTIFIER_KINDS

AROUND_MOST = 200  # alerts that are looked at around given ones
SHARED_MOST = 50  # an identifier that more alerts share tells nothing of a person
_KINDS = ", ".join(f"'{kind}'" for kind in IDENTIFIER_KINDS)
_LIVE = (
    "r.status = :live AND r.row_kind = :put AND r.hidden = '' AND r.exp_day >= :today"
    " AND r.kind IN ('alert', 'notice')"
)
_SHARED_WITH = (
    "SELECT i.norm, i.kind, r.rk, r.org FROM json_each(:norms) AS j"  # noqa: S608 - our words
    " CROSS JOIN identifiers AS i ON i.norm = j.value"
    f" CROSS JOIN records AS r ON r.id = i.record WHERE i.kind IN ({_KINDS}) AND {_LIVE}"
)
_SHARED = text(
    "SELECT i.norm, i.kind, r.rk, r.org FROM identifiers AS i"  # noqa: S608 - our words
    " CROSS JOIN records AS r ON r.id = i.record WHERE (i.norm, i.kind) IN"
    f" (SELECT norm, kind FROM identifiers WHERE kind IN ({_KINDS})"
    f" GROUP BY norm, kind HAVING count(*) > 1) AND {_LIVE}"
)


@dataclass(frozen=True, slots=True)
class Marks:
    """What reviewers said of pairs."""

    joined: frozenset[Pair]
    apart: frozenset[Pair]


def all_marks(connection: Connection) -> Marks:
    """Every pair that a reviewer put together or apart."""
    rows = [
        (pair_of(RecordKey(bytes(row.first)), RecordKey(bytes(row.second))), row.together)
        for row in connection.execute(select(cluster_marks))
    ]
    return Marks(
        frozenset(pair for pair, together in rows if together),
        frozenset(pair for pair, together in rows if not together),
    )


def mark(connection: Connection, pair: Pair, now_us: int, *, together: bool) -> None:
    """Remember what a reviewer said of two alerts; the last word stands."""
    first, second = pair
    connection.execute(
        delete(cluster_marks).where(
            cluster_marks.c.first == first, cluster_marks.c.second == second
        )
    )
    connection.execute(
        insert(cluster_marks).values(
            first=first, second=second, together=int(together), at_us=now_us
        )
    )


def all_links(connection: Connection, context: Context) -> list[Link]:
    """Every link there is."""
    known = seen(connection, context)
    standing = _standing(known)
    shared = _shared(connection.execute(_SHARED, standing).fetchall(), known)
    said = _said(connection, context, known, None)
    joined = _joined(all_marks(connection))
    return _shown_only(connection, known, [*joined, *said, *shared])


def links_among(
    connection: Connection, today: Day, norms: Mapping[RecordKey, Collection[str]]
) -> list[Link] | None:
    """The links between alerts that share identifiers; None where one leads to any other alert.

    `norms` are the identifiers of each. What people said is not asked for: it is the short way of
    a check, where nobody said anything.
    """
    wanted = list(dict.fromkeys(norm for each in norms.values() for norm in each))
    standing = {"live": int(Status.LIVE), "put": int(RowKind.PUT), "today": today}
    asked = standing | {"norms": json.dumps(wanted)}
    rows = connection.exec_driver_sql(_SHARED_WITH, asked).fetchall()
    having: dict[tuple[str, str], list[RecordKey]] = {}
    for norm, kind, rk, _ in rows:
        if rk not in norms:
            return None
        having.setdefault((kind, norm), []).append(RecordKey(bytes(rk)))
    return _pairs(having)


def links_around(
    connection: Connection, context: Context, start: Collection[RecordKey]
) -> list[Link]:
    """The links that lead from these alerts to others, as far as they lead."""
    known = seen(connection, context)
    marks = _joined(all_marks(connection))
    found: set[Link] = set()
    reached: set[RecordKey] = set()
    ahead = set(start)
    while ahead and len(reached) < AROUND_MOST:
        reached |= ahead
        standing = _standing(known) | {"norms": json.dumps(_norms(connection, ahead))}
        shared = _shared(connection.exec_driver_sql(_SHARED_WITH, standing).fetchall(), known)
        said = _said(connection, context, known, ahead)
        joined = [link for link in marks if not ahead.isdisjoint(link.pair)]
        links = _shown_only(connection, known, [*shared, *said, *joined])
        found.update(links)
        ahead = {rk for link in links for rk in link.pair} - reached
    return sorted(found)


def _standing(known: Seen) -> dict[str, Any]:
    return {"live": int(Status.LIVE), "put": int(RowKind.PUT), "today": known.today}


def _norms(connection: Connection, rks: Collection[RecordKey]) -> list[str]:
    """The identifiers of these alerts, read from what they say: their index is by value."""
    found: dict[str, None] = {}
    for group in chunks(rks):
        query = select(records.c.disclosures).where(records.c.rk.in_(group))
        for raw in connection.execute(query).scalars():
            rows = index_rows(0, readable_values(bytes(raw)))
            found |= {row["norm"]: None for row in rows if row["kind"] in IDENTIFIER_KINDS}
    return list(found)


def _shared(rows: Collection[Any], known: Seen) -> list[Link]:
    having: dict[tuple[str, str], set[RecordKey]] = {}
    for row in rows:
        if bytes(row.org) in known.shown:
            having.setdefault((row.kind, row.norm), set()).add(RecordKey(bytes(row.rk)))
    return _pairs(having)


def _pairs(having: Mapping[tuple[str, str], Collection[RecordKey]]) -> list[Link]:
    return [
        Link(Strength.SHARED, pair_of(one, other), f"same {kind}")
        for (kind, _), rks in having.items()
        if len(rks) <= SHARED_MOST
        for one, other in combinations(sorted(rks), 2)
    ]


def _said(
    connection: Connection, context: Context, known: Seen, rks: Collection[RecordKey] | None
) -> list[Link]:
    """What verified organisations say is the same, and what was adopted from what."""
    said = said_of(connection, context, rks)
    if rks is not None:  # what the given ones say that they were adopted from
        said += [each for each in _adopted(connection, context) if each.rk in rks]
    heard = counting(connection, context) if said else frozenset()
    links = []
    for each in said:
        if each.voice.org not in heard:
            continue
        name = known.name(each.voice.org) or "an organisation"
        keys = [rk for rk, _ in each.ref.subjects]
        if each.ref.relation == SAME_AS:
            links.append(Link(Strength.SAID, pair_of(*keys), f"{name} says they are the same"))
        elif each.ref.relation == ADOPTED_FROM:
            why = f"adopted by {name}: a copy, and no second report"
            links.append(Link(Strength.SAID, pair_of(each.rk, keys[0]), why))
    return links


def _adopted(connection: Connection, context: Context) -> list[Said]:
    return [each for each in said_of(connection, context) if each.ref.relation == ADOPTED_FROM]


def copies(connection: Connection, context: Context) -> Mapping[RecordKey, RecordKey]:
    """The alerts that were adopted, with what each was adopted from."""
    return {each.rk: each.ref.subjects[0][0] for each in _adopted(connection, context)}


def _joined(marks: Marks) -> list[Link]:
    return [Link(Strength.JOINED, pair, "put together here") for pair in marks.joined]


def _shown_only(connection: Connection, known: Seen, links: Collection[Link]) -> list[Link]:
    """The links between alerts that are here, live and shown."""
    wanted = {rk for link in links for rk in link.pair}
    there: set[RecordKey] = set()
    for group in chunks(wanted):
        query = select(records).where(
            records.c.rk.in_(group), or_(records.c.kind == "alert", records.c.kind == "notice")
        )
        there |= {
            RecordKey(bytes(row.rk))
            for row in connection.execute(query)
            if known.status(row) == "live"
        }
    return [link for link in links if there.issuperset(link.pair)]
