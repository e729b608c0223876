"""What is here already about the person of a draft, with the reasons: a suggestion, never a merge.

Alerts that name the same number, address, handle, plate or page, ours and others', and drafts that
wait and do. A name alone tells little: it is suggested as that. Same town, same days and the same
thing done is how one night is reported twice.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, Row, text

from federation.ledger import RowKind
from node.store.clusters import SHARED_MOST
from node.store.context import Context
from node.store.drafts import Draft
from node.store.lookup import Seen, seen
from node.store.records import readable_values
from protocol.codec import Value
from protocol.entry import Status
from protocol.ids import text_id
from protocol.vocabulary import IDENTIFIER_KINDS

MOST: Final = 12
WEAK_MOST: Final = 3  # by a name alone: everybody is called Jim
NAME, NIGHT = "name", "night"
_KINDS: Final = (*IDENTIFIER_KINDS, NAME)
_STRONG: Final = frozenset(IDENTIFIER_KINDS)
_ALERTS: Final = text(
    "SELECT i.kind, i.norm, r.rk, r.org, r.severity, r.codes, r.status, r.row_kind, r.hidden,"
    " r.exp_day, r.disclosures FROM json_each(:norms) AS j"
    " CROSS JOIN identifiers AS i ON i.norm = j.value AND i.kind IN"
    " (SELECT value FROM json_each(:kinds))"
    " CROSS JOIN records AS r ON r.id = i.record"
    " WHERE r.status = :live AND r.row_kind = :put AND r.hidden = '' AND r.exp_day >= :today"
    " AND r.kind IN ('alert', 'notice')"
)
_DRAFTS: Final = text(
    "SELECT d.id, CAST(d.fields AS TEXT) AS fields FROM drafts AS d"
    " WHERE d.state = 'open' AND d.id != :me AND EXISTS"
    " (SELECT 1 FROM json_each(:leaves) AS k, json_each(CAST(d.fields AS TEXT), k.value) AS v"
    "  WHERE lower(v.value) IN (SELECT lower(value) FROM json_each(:values)))"
    " LIMIT 200"
)


@dataclass(frozen=True, slots=True)
class Alike:
    """One alert or draft that may be about the same person.

    `why` are kinds of identifiers that both have, "name", or "night" for the same town and days.
    """

    id: str
    is_draft: bool
    org: str
    codes: tuple[str, ...]
    severity: int
    why: tuple[str, ...]

    @property
    def is_strong(self) -> bool:
        """Whether an identifier that few people share says so."""
        return not _STRONG.isdisjoint(self.why)


def possible_duplicates(connection: Connection, context: Context, draft: Draft) -> list[Alike]:
    """What may be about the same person as a draft: what shares an identifier first."""
    mine = _norms(draft.fields)
    if not mine:
        return []
    found = [*_alerts(connection, context, draft, mine), *_drafts(connection, draft, mine)]
    found.sort(key=lambda each: (not each.is_strong, -len(each.why), -each.severity, each.id))
    strong = sum(each.is_strong for each in found)
    return found[: min(MOST, strong + WEAK_MOST)]


def _norms(fields: Mapping[str, Value]) -> set[tuple[str, str]]:
    """The identifiers and names of fields, as the index has them."""
    found: set[tuple[str, str]] = set()
    for kind in _KINDS:
        values = fields.get(kind)
        if isinstance(values, list):
            found |= {(kind, _norm(kind, value)) for value in values}
    return found


def _norm(kind: str, value: Value) -> str:
    return str(value).casefold() if kind == NAME else str(value)


def _alerts(
    connection: Connection, context: Context, draft: Draft, mine: set[tuple[str, str]]
) -> Iterator[Alike]:
    known = seen(connection, context)
    asked = {
        "norms": json.dumps(sorted({norm for _, norm in mine})), "kinds": json.dumps(_KINDS),
        "live": int(Status.LIVE), "put": int(RowKind.PUT), "today": context.today,
    }  # fmt: skip
    rows: dict[bytes, Row[Any]] = {}
    shared: dict[bytes, set[str]] = {}
    for row in connection.execute(_ALERTS, asked):
        if (row.kind, row.norm) in mine and bytes(row.org) in known.shown:
            rows[bytes(row.rk)] = row
            shared.setdefault(bytes(row.rk), set()).add(row.kind)
    for rk, row in list(rows.items())[: 4 * SHARED_MOST]:
        yield _alike(known, draft, rk, row, shared[rk])


def _alike(known: Seen, draft: Draft, rk: bytes, row: Row[Any], shared: set[str]) -> Alike:
    theirs = readable_values(bytes(row.disclosures))
    why = [kind for kind in _KINDS if kind in shared]
    if _same_night(draft.fields, theirs):
        why.append(NIGHT)
    return Alike(
        text_id(rk), is_draft=False, org=known.name(row.org), codes=tuple(row.codes.split()),
        severity=row.severity, why=tuple(why),
    )  # fmt: skip


def _drafts(connection: Connection, draft: Draft, mine: set[tuple[str, str]]) -> Iterator[Alike]:
    values = sorted({str(each) for k in _KINDS for each in _listed(draft.fields.get(k))})
    asked = {
        "me": draft.id, "values": json.dumps(values),
        "leaves": json.dumps([f'$."{kind}"' for kind in _KINDS]),
    }  # fmt: skip
    for row in connection.execute(_DRAFTS, asked):
        fields = json.loads(row.fields)
        shared = {kind for kind, _ in mine & _norms(fields)}
        if shared:
            why = [kind for kind in _KINDS if kind in shared]
            if _same_night(draft.fields, fields):
                why.append(NIGHT)
            codes = tuple(str(code) for code in _listed(fields.get("codes")))
            yield Alike(row.id, is_draft=True, org="", codes=codes, severity=0, why=tuple(why))


def _listed(value: "Value | None") -> list[Value]:
    return value if isinstance(value, list) else []


def _same_night(one: Mapping[str, Value], other: Mapping[str, Value]) -> bool:
    """Whether both name one town, one thing done, and one day, week or month as each says it."""
    city = one.get("place.city")
    if not city or str(city).casefold() != str(other.get("place.city", "")).casefold():
        return False
    codes = {str(code) for code in _listed(one.get("codes"))}
    if codes.isdisjoint(str(code) for code in _listed(other.get("codes"))):
        return False
    return any(name in one and one[name] == other.get(name) for name in _DATES)


_DATES: Final = ("date.day", "date.week", "date.month")
