"""Going through the alerts that are here, newest first, as one viewer may see them.

What lists, feeds and sheets show is found here, by the same rule: what a viewer may not see, what a
verdict hides and what waits for a person is passed over as if it were not there. Rows are read in
groups, so that the first twenty of twenty thousand cost no more than the first twenty of fifty.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, Row, Select, or_, select, text

from node.judged import judge
from node.showing import plain_fields
from node.store.context import Context
from node.store.lookup import AlertStatus, Seen, record_key, seen
from node.store.records import readable_values
from node.store.tables import records
from node.store.tables_voices import verdicts
from node.store.viewers import STAFF, sees
from protocol.codec import Value
from protocol.entry import Status
from protocol.ids import Day, OrgId, RecordKey, iso_date, text_id

GROUP: Final = 100  # rows that are read at once
DEEPEST: Final = 49  # the last page that is shown: a thousand alerts
_PLACES: Final = ("place.region", "place.city", "place.district")
_IN_FORCE: Final = text(f"records.status = {int(Status.LIVE)}")  # in words: a partial index has it
_COLUMNS: Final = (
    records.c.id, records.c.rk, records.c.org, records.c.rev, records.c.day, records.c.exp_day,
    records.c.status, records.c.row_kind, records.c.hidden, records.c.kind, records.c.severity,
    records.c.codes, records.c.disclosures,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which alerts: those that match all that is said here.

    `places` are regions, cities or districts, of which one must fit; an alert that does not say
    where it was fits none. So with `sectors` (kinds of place). `since` is the day of its signing.
    """

    severity: int = 0
    codes: frozenset[str] = frozenset()
    places: tuple[str, ...] = ()
    sectors: frozenset[str] = frozenset()
    org: OrgId | None = None
    since: Day | None = None
    status: AlertStatus = "live"

    def fits(self, values: Mapping[str, Value]) -> bool:
        """Whether an alert's own words fit: its codes, its place, its kind of place."""
        codes = values.get("codes")
        if self.codes and not (
            isinstance(codes, list) and self.codes.intersection(map(str, codes))
        ):
            return False
        if self.sectors and values.get("location_type") not in self.sectors:
            return False
        return not self.places or any(_lies_in(values, place) for place in self.places)


def _lies_in(values: Mapping[str, Value], place: str) -> bool:
    wanted = place.casefold()
    said = [str(values[name]).casefold() for name in _PLACES if name in values]
    return any(each == wanted or each.startswith(f"{wanted}-") for each in said)


@dataclass(frozen=True, slots=True)
class Found:
    """One alert that a viewer may see: its key, and its line as lists show it."""

    rk: RecordKey
    line: dict[str, Any]
    values: Mapping[str, Value] = field(repr=False)
    row: Row[Any] = field(repr=False)


def going_through(
    connection: Connection, context: Context, wanted: Wanted, viewer: str = STAFF
) -> Iterator[Found]:
    """Every alert that fits and that the viewer may see, the newest first, read as it is needed."""
    known = seen(connection, context)
    query = _query(known, wanted)
    last: tuple[int, int] | None = None
    while True:
        rows = connection.execute(_after(query, last).limit(GROUP)).fetchall()
        yield from _shown(connection, context, wanted, viewer, rows)
        if len(rows) < GROUP:
            return
        last = (rows[-1].day, rows[-1].id)


def still_shown(
    connection: Connection, context: Context, rks: Sequence[RecordKey], viewer: str
) -> dict[RecordKey, Found]:
    """Those of these alerts that are in force and that the viewer may see now."""
    found: dict[RecordKey, Found] = {}
    for start in range(0, len(rks), GROUP):
        query = select(*_COLUMNS).where(records.c.rk.in_(rks[start : start + GROUP]))
        query = query.where(records.c.eid != b"", records.c.kind.in_(("alert", "notice")))
        rows = connection.execute(query).fetchall()
        found |= {each.rk: each for each in _shown(connection, context, Wanted(), viewer, rows)}
    return found


def browse(
    connection: Connection, context: Context, wanted: Wanted, viewer: str, at: int, most: int
) -> dict[str, Any]:
    """One page of alerts, with their fields: {"alerts", "more", "deep"}; `at` counts from 0.

    Staff may ask for those of another status, who then see what is kept of them. Nobody pages
    further than DEEPEST, which is long to read and slow to find: `deep` says that there is more.
    """
    at = min(at, DEEPEST)
    if viewer != STAFF:
        wanted = replace(wanted, status="live")
    through = going_through(connection, context, wanted, viewer)
    page = list(islice(through, at * most, (at + 1) * most + 1))
    there_is_more, deepest = len(page) > most, at == DEEPEST
    return {
        "alerts": [each.line for each in page[:most]],
        "more": there_is_more and not deepest,
        "deep": there_is_more and deepest,
    }


def heard_of(connection: Connection, context: Context) -> list[dict[str, str]]:
    """The organisations whose alerts are shown here, ours first: {"org", "org_name"}."""
    known = seen(connection, context)
    others = sorted(known.shown - {bytes(context.org)}, key=lambda org: known.name(org).casefold())
    return [
        {"org": text_id(org), "org_name": known.name(org) or text_id(org)[:8]}
        for org in (bytes(context.org), *others)
    ]


def _query(known: Seen, wanted: Wanted) -> Select[Any]:
    query = select(*_COLUMNS).where(records.c.eid != b"")
    if wanted.status == "live":
        query = query.where(_IN_FORCE, records.c.kind.in_(("alert", "notice")))
        query = query.where(records.c.exp_day >= known.today, records.c.hidden == "")
    else:
        query = query.where(records.c.kind.in_(("alert", "notice", "")))
    if wanted.severity:
        judged = select(verdicts.c.rk).where(verdicts.c.severity >= wanted.severity)
        graver = records.c.severity >= wanted.severity
        query = query.where(or_(graver, records.c.rk.in_(judged)))
    if wanted.codes and wanted.status == "live":
        query = query.where(or_(*(records.c.codes.contains(code) for code in wanted.codes)))
    if wanted.org is not None:
        query = query.where(records.c.org == wanted.org)
    if wanted.since is not None:
        query = query.where(records.c.day >= wanted.since)
    return query.order_by(records.c.day.desc(), records.c.id.desc())


def _after(query: Select[Any], last: tuple[int, int] | None) -> Select[Any]:
    if last is None:
        return query
    day, number = last
    same_day = (records.c.day == day) & (records.c.id < number)
    return query.where(records.c.day <= day, or_(records.c.day < day, same_day))


def _shown(
    connection: Connection,
    context: Context,
    wanted: Wanted,
    viewer: str,
    rows: Sequence[Any],
) -> Iterator[Found]:
    known, may_see = seen(connection, context), sees(context, viewer)
    found: dict[str, Found] = {}
    for row in rows:
        status = known.status(row)
        if status != wanted.status:
            continue
        raw = bytes(row.disclosures)
        values = readable_values(raw)
        if wanted.fits(values) and may_see(bytes(row.org), bytes(row.rk), raw):
            line = _line(row, status, known, values, viewer)
            found[line["id"]] = Found(record_key(row), line, values, row)
    lines = [each.line for each in found.values()]
    for line in judge(connection, context, lines, viewer)[0]:
        said = line.get("verdict", {}).get("severity")
        own = {} if said is None else {"said_severity": line["severity"], "severity": said}
        if {**line, **own}["severity"] >= wanted.severity:
            yield replace(found[line["id"]], line={**line, **own})


def _line(
    row: Any, status: str, known: Seen, values: Mapping[str, Value], viewer: str
) -> dict[str, Any]:
    fields = plain_fields(values)
    if viewer != STAFF:
        fields.pop("terms", None)
    return {
        "id": text_id(bytes(row.rk)), "org": text_id(bytes(row.org)),
        "org_name": known.name(row.org), "rev": row.rev, "status": status, "kind": row.kind,
        "codes": row.codes.split(), "severity": row.severity, "day": iso_date(Day(row.day)),
        "expires": iso_date(Day(row.exp_day)), "fields": fields,
    }  # fmt: skip
