"""Which records speak of an alert, as rows of `identifiers`: kept in step wherever those are.

A voice, or an alert that was adopted, is indexed by the key of each record that its `ref` names,
under a sign that no identifier begins with. So whatever purges, hides or replaces a record's fields
does the same to what it refers to, and no second table has to follow.
"""

import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, text

from federation.ledger import RowKind
from federation.voices import parse_ref
from node.store.kept import kept
from protocol.codec import Value
from protocol.entry import Status
from protocol.ids import Day, RecordKey, text_id

REF = "ref"
_PREFIX = "~ref."
_AFTER = "~ref/"  # the first text after all that begin so
_COLUMNS = "r.rk, r.org, r.eid, r.day, r.exp_day, r.kind, r.disclosures"
_LIVE = "r.status = :live AND r.row_kind = :put AND r.hidden = '' AND r.exp_day >= :today"
_ANYTHING = (
    "SELECT EXISTS (SELECT 1 FROM identifiers WHERE norm >= ? AND norm < ?),"
    " EXISTS (SELECT 1 FROM verdicts), EXISTS (SELECT 1 FROM peer_modes),"
    " EXISTS (SELECT 1 FROM cluster_marks)"
)
_ABOUT = text(
    f"SELECT DISTINCT {_COLUMNS} FROM json_each(:norms) AS j"  # noqa: S608 - our own columns
    " CROSS JOIN identifiers AS i ON i.norm = j.value AND i.kind = 'ref'"
    f" CROSS JOIN records AS r ON r.id = i.record WHERE {_LIVE}"
)
_ALL = text(
    f"SELECT DISTINCT {_COLUMNS} FROM identifiers AS i"  # noqa: S608 - our own columns
    " CROSS JOIN records AS r ON r.id = i.record"
    f" WHERE i.norm >= :first AND i.norm < :after AND {_LIVE}"
)


@dataclass(frozen=True, slots=True)
class Judging:
    """What there is any of: voices or adopted alerts, verdicts, modes of peers, marks on pairs."""

    said: bool
    verdicts: bool
    modes: bool
    marks: bool

    @property
    def anything(self) -> bool:
        """Whether anybody said or judged anything of any alert here."""
        return self.said or self.verdicts or self.modes or self.marks


def what_is_judged(connection: Connection) -> Judging:
    """What is said and judged here at all: a check must not pay for tables that are empty."""

    def read() -> Judging:
        found = connection.exec_driver_sql(_ANYTHING, (_PREFIX, _AFTER)).one()
        return Judging(*map(bool, found))

    return kept(connection, "judged", read)


def ref_norms(value: Value) -> Iterator[str]:
    """What the index holds of a field `ref`: a line for each record that it names."""
    ref = parse_ref(value)
    for rk, _ in ref.subjects if ref is not None else ():
        yield _norm(rk)


def _norm(rk: bytes) -> str:
    return f"{_PREFIX}{text_id(rk)}"


def referring(
    connection: Connection, today: Day, rks: Collection[RecordKey] | None = None
) -> list[Row[Any]]:
    """The live records that speak of these (None: of any), whoever's they are.

    Columns rk, org, eid, day, exp_day, kind, disclosures.
    """
    standing = {"live": int(Status.LIVE), "put": int(RowKind.PUT), "today": today}
    if rks is None:
        return list(connection.execute(_ALL, {"first": _PREFIX, "after": _AFTER, **standing}))
    if not rks:
        return []
    norms = json.dumps([_norm(rk) for rk in rks])
    return list(connection.execute(_ABOUT, {"norms": norms, **standing}))
