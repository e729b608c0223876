"""The links between alerts that may be about one person, as they stand in the store.

Looked for around given alerts, or all over. Only alerts that people may go by are linked: live,
shown, of an organisation that is heard. Names and masked forms link nothing: many people share one.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from sqlalchemy import Connection, Row, Select, bindparam, delete, insert, select, text

from federation.ledger import RowKind
from federation.voices import SAME_AS
from node.clusters import Link, Pair, Strength, pair_of
from node.store.context import Context
from node.store.lookup import Seen, seen
from node.store.records import chunks, readable_values
from node.store.ref_index import what_is_judged
from node.store.tables import records
from node.store.tables_voices import cluster_marks
from node.store.voices import Said, counting, said_in, said_of
from protocol.codec import Value
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
_SHARED_WITH = (  # what one record has alone is seen in the index: its page is not deciphered
    "SELECT i.norm, i.kind, r.rk, r.org FROM json_each(:norms) AS j"  # noqa: S608 - our words
    f" CROSS JOIN identifiers AS i ON i.norm = j.value AND i.kind IN ({_KINDS}) AND EXISTS"
    " (SELECT 1 FROM identifiers AS o"
    " WHERE o.norm = i.norm AND o.kind = i.kind AND o.record != i.record)"
    f" CROSS JOIN records AS r ON r.id = i.record WHERE {_LIVE}"
)
_SHARED = text(
    "SELECT i.norm, i.kind, r.rk, r.org FROM identifiers AS i"  # noqa: S608 - our words
    " CROSS JOIN records AS r ON r.id = i.record WHERE (i.norm, i.kind) IN"
    f" (SELECT norm, kind FROM identifiers WHERE kind IN ({_KINDS})"
    f" GROUP BY norm, kind HAVING count(*) > 1) AND {_LIVE}"
)
_STANDING_COLUMNS = (
    records.c.rk, records.c.org, records.c.kind, records.c.status, records.c.row_kind,
    records.c.hidden, records.c.exp_day,
)  # fmt: skip
_OF_RKS = records.c.rk.in_(bindparam("rks", expanding=True))  # built once, as are both that use it
_STANDING: Select[Any] = select(*_STANDING_COLUMNS).where(_OF_RKS)
_GIVEN: Select[Any] = select(
    *_STANDING_COLUMNS, records.c.eid, records.c.day, records.c.disclosures
).where(_OF_RKS)


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
    said = _said(connection, context, known, said_of(connection, context))
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
    there_is = what_is_judged(connection)
    marks = _joined(all_marks(connection)) if there_is.marks else []
    found: set[Link] = set()
    reached: set[RecordKey] = set()
    ahead = set(start)
    while ahead and len(reached) < AROUND_MOST:
        reached |= ahead
        given = _given(connection, ahead)
        standing = _standing(known) | {"norms": json.dumps(_norms(given))}
        shared = _shared(connection.exec_driver_sql(_SHARED_WITH, standing).fetchall(), known)
        said: list[Link] = []
        if there_is.said:
            spoken = said_of(connection, context, ahead) + _adopted_of(given, known)
            said = _said(connection, context, known, spoken)
        joined = [link for link in marks if not ahead.isdisjoint(link.pair)]
        links = _shown_only(connection, known, [*shared, *said, *joined])
        found.update(links)
        ahead = {rk for link in links for rk in link.pair} - reached
    return sorted(found)


def _standing(known: Seen) -> dict[str, Any]:
    return {"live": int(Status.LIVE), "put": int(RowKind.PUT), "today": known.today}


Given = Sequence[tuple[Row[Any], Mapping[str, Value]]]  # alerts: a row of `_GIVEN`, and its values


def _given(connection: Connection, rks: Collection[RecordKey]) -> Given:
    """What these alerts say: their index is by value."""
    return [
        (row, readable_values(bytes(row.disclosures)))
        for group in chunks(rks)
        for row in connection.execute(_GIVEN, {"rks": group})
    ]


def _norms(given: Given) -> list[str]:
    """The identifiers of alerts."""
    found = (values.get(kind) for _, values in given for kind in IDENTIFIER_KINDS)
    lists = (each for each in found if isinstance(each, list))
    return list(dict.fromkeys(str(norm) for each in lists for norm in each))


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


def _adopted_of(given: Given, known: Seen) -> list[Said]:
    """What live ones among these say that they were adopted from."""
    said = [
        said_in(row, values)
        for row, values in given
        if row.status == Status.LIVE
        and row.row_kind == RowKind.PUT
        and not row.hidden
        and row.exp_day >= known.today
    ]
    return [each for each in said if each is not None and each.ref.relation == ADOPTED_FROM]


def _said(
    connection: Connection, context: Context, known: Seen, said: Collection[Said]
) -> list[Link]:
    """What verified organisations say is the same, and what was adopted from what."""
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
        there |= {
            RecordKey(bytes(row.rk))
            for row in connection.execute(_STANDING, {"rks": group})
            if row.kind in ("alert", "notice") and known.status(row) == "live"
        }
    return [link for link in links if there.issuperset(link.pair)]
