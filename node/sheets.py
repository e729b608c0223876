"""Paper: which alerts stand on which copy, what may stand there now, and what must be crossed out.

On paper goes what members may see, where policy, terms and reporters allow paper. Of a copy the
keys of its alerts are remembered, and the names of the fields that were printed; so a line of which
less may be shown today is known, and is crossed out by its number, without a word of what it said.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from sqlalchemy import Connection, delete, insert, select

from federation.paper import on_paper
from node.browsing import Found, Wanted, going_through, still_shown
from node.errors import BadField, BadRequest, NotFound, Refused
from node.showing import plain_fields
from node.store import meta
from node.store.audit import Act, note
from node.store.consents import in_force
from node.store.context import Context
from node.store.lookup import find_alert, record_key, seen
from node.store.records import chunks, decode_consent
from node.store.tables import own, records
from node.store.tables_sheets import sheet_lines, sheets
from protocol.ids import Day, RecordKey, iso_date, text_id

COPIES: Final = "sheet_copies"
LASTS_DAYS: Final = 30
KEPT_DAYS: Final = 30  # after its last day: until then people are told to destroy it
STRIP_MOST: Final = 60
MEMBERS: Final = "members"
CHANGED, LESS, GONE = "changed", "not_for_paper", "gone"


@dataclass(frozen=True, slots=True)
class Printable:
    """An alert with the fields that may stand on paper; none: it may not stand there at all."""

    found: Found
    fields: Mapping[str, Any] = field(repr=False)


def printable(
    connection: Connection, context: Context, found: Iterable[Found]
) -> dict[RecordKey, Printable]:
    """What of these alerts, which members may see, may be printed now."""
    alerts = list(found)
    ours = [each.rk for each in alerts if bytes(each.row.org) == context.org]
    consents: dict[RecordKey, bool] = {}
    for group in chunks(ours):
        query = select(own.c.rk, own.c.consent, own.c.partial).where(own.c.rk.in_(group))
        for row in connection.execute(query):
            rk = RecordKey(bytes(row.rk))
            consent = in_force(context.register, rk, decode_consent(bytes(row.consent)))
            consents[rk] = consent.print and not row.partial
    result = {}
    for each in alerts:
        is_ours = bytes(each.row.org) == context.org
        names: frozenset[str] = frozenset()
        if not is_ours or consents.get(each.rk, False):
            terms = each.values.get("terms")
            names = on_paper(each.values.keys(), terms, context.policy, is_ours=is_ours)
        values = {name: each.values[name] for name in each.values if name in names}
        result[each.rk] = Printable(each, plain_fields(values))
    return result


def choose(
    connection: Connection, context: Context, wanted: Wanted, most: int
) -> tuple[list[str], bool]:
    """The newest alerts that fit and may be printed, so many; and whether there are more."""
    found: list[str] = []
    through = going_through(connection, context, wanted, MEMBERS)
    while len(found) <= most and (group := list(islice(through, 100))):
        may = printable(connection, context, group)
        found += [each.line["id"] for each in group if may[each.rk].fields]
    return found[:most], len(found) > most


def make_sheet(
    connection: Connection, context: Context, name: str, alerts: Sequence[str] | None, strip: str
) -> dict[str, Any]:
    """Make one copy; None: of all that may be printed. Refused, BadRequest, BadField, NotFound."""
    if context.policy.print.mode == "off":
        raise Refused("nothing is printed here (origin.print.mode=off)")
    if len(strip) > STRIP_MOST:
        raise BadField(f"strip: at most {STRIP_MOST} characters")
    if alerts is None:
        found = list(going_through(connection, context, Wanted(), MEMBERS))
        asked = len(found)
    else:
        keys = _named(connection, context, alerts)
        shown = still_shown(connection, context, keys, MEMBERS)
        found, asked = [shown[rk] for rk in keys if rk in shown], len(keys)
    may = printable(connection, context, found)
    lines = [may[each.rk] for each in found if may[each.rk].fields]
    if not lines:
        raise BadRequest("there is nothing that may be printed: reporters must have agreed to it")
    lines.sort(key=lambda each: -each.found.line["severity"])
    made = _keep(connection, context, name, lines, strip)
    return made | {"left_out": asked - len(lines)}


def _named(connection: Connection, context: Context, alerts: Sequence[str]) -> list[RecordKey]:
    known = seen(connection, context)
    rows = [find_alert(connection, each) for each in alerts]
    ended = [row for row in rows if known.status(row) != "live"]
    if ended:
        raise Refused(f"an alert that is {known.status(ended[0])} is not printed")
    return list(dict.fromkeys(record_key(row) for row in rows))


def _keep(
    connection: Connection, context: Context, name: str, lines: list[Printable], strip: str
) -> dict[str, Any]:
    now, copy = context.now_us(), 0
    if context.policy.print.numbered:
        copy = meta.get_int(connection, COPIES) + 1
        meta.put_int(connection, COPIES, copy)
    why = f"copy {copy}" if copy else "a copy without a number"
    until = min(*(each.found.row.exp_day for each in lines), context.today + LASTS_DAYS)
    row = {"copy": copy, "made_day": context.today, "until_day": until, "strip": strip}
    key = connection.execute(insert(sheets).values(**row)).inserted_primary_key
    sheet = int(key[0]) if key else 0
    rows = []
    for number, each in enumerate(lines, 1):
        note(connection, now, name, Act.PRINTED, each.found.rk, why)
        names = " ".join(sorted(each.fields))
        rows.append(
            {"sheet": sheet, "line": number, "rk": each.found.rk, "rev": each.found.row.rev,
             "names": names}
        )  # fmt: skip
    connection.execute(insert(sheet_lines), rows)
    return {
        "sheet": sheet,
        "copy": copy or None,
        "made": iso_date(context.today),
        "until": iso_date(Day(until)),
        "alerts": [
            {"line": number, "id": text_id(each.found.rk)[:8],
             "organisation": each.found.line["org_name"], "fields": dict(each.fields)}
            for number, each in enumerate(lines, 1)
        ],
    }  # fmt: skip


def sheet_now(connection: Connection, context: Context, sheet: int) -> dict[str, Any]:
    """One copy as it may be printed now: its lines, those that must be crossed out without a word.

    NotFound where there is none such, or its last day is over.
    """
    head = connection.execute(select(sheets).where(sheets.c.id == sheet)).first()
    if head is None or head.until_day < context.today:
        raise NotFound("there is no such sheet, or its last day is over; make a new one")
    rows = _lines(connection, [sheet])
    may, why = _standing(connection, context, rows)
    lines = []
    for row in rows:
        rk = RecordKey(bytes(row.rk))
        line: dict[str, Any] = {
            "line": row.line,
            "id": text_id(rk)[:8],
            "why": why[row.sheet, row.line],
        }
        if not line["why"]:
            shown = may[rk]
            fields = {each: shown.fields[each] for each in row.names.split()}
            line |= {
                "fields": fields, "severity": shown.found.line["severity"],
                "org": shown.found.line["org"], "org_name": shown.found.line["org_name"],
            }  # fmt: skip
        lines.append(line)
    return _head(head) | {"lines": lines, "strip": head.strip}


def crossed_out(connection: Connection, context: Context) -> list[dict[str, Any]]:
    """Every copy that hangs somewhere, the newest first, with the lines that must be crossed out.

    {"sheet", "copy", "made", "until", "ended", "lines": [{"line", "id", "why"}], "count"}; `ended`
    is a copy whose last day is over: all of it must go.
    """
    heads = connection.execute(select(sheets).order_by(sheets.c.id.desc())).fetchall()
    rows = _lines(connection, [head.id for head in heads if head.until_day >= context.today])
    _, why = _standing(connection, context, rows)
    result = []
    for head in heads:
        mine = [row for row in rows if row.sheet == head.id]
        lines = [
            {"line": row.line, "id": text_id(bytes(row.rk))[:8], "why": why[row.sheet, row.line]}
            for row in mine
            if why[row.sheet, row.line]
        ]
        ended = head.until_day < context.today
        result.append(_head(head) | {"ended": ended, "lines": lines, "count": len(mine)})
    return result


def forget_sheets(connection: Connection, today: Day) -> None:
    """Forget copies whose last day is long over."""
    old = select(sheets.c.id).where(sheets.c.until_day < today - KEPT_DAYS)
    connection.execute(delete(sheet_lines).where(sheet_lines.c.sheet.in_(old)))
    connection.execute(delete(sheets).where(sheets.c.until_day < today - KEPT_DAYS))


def _head(head: Any) -> dict[str, Any]:
    return {
        "sheet": head.id, "copy": head.copy or None, "made": iso_date(Day(head.made_day)),
        "until": iso_date(Day(head.until_day)),
    }  # fmt: skip


def _lines(connection: Connection, which: Sequence[int]) -> list[Any]:
    query = select(sheet_lines).where(sheet_lines.c.sheet.in_(which))
    return list(connection.execute(query.order_by(sheet_lines.c.sheet, sheet_lines.c.line)))


def _standing(
    connection: Connection, context: Context, rows: Sequence[Any]
) -> tuple[dict[RecordKey, Printable], dict[tuple[int, int], str]]:
    """What may be printed of these lines now, and why one must be crossed out ("": it must not)."""
    keys = list(dict.fromkeys(RecordKey(bytes(row.rk)) for row in rows))
    shown = still_shown(connection, context, keys, MEMBERS)
    may = printable(connection, context, shown.values())
    known, status = seen(connection, context), {}
    for group in chunks(keys):
        for record in connection.execute(select(records).where(records.c.rk.in_(group))):
            status[RecordKey(bytes(record.rk))] = known.status(record)
    why = {}
    for row in rows:
        rk = RecordKey(bytes(row.rk))
        reason = ""
        if status.get(rk) != "live":
            reason = status.get(rk, GONE)
        elif rk not in may or not may[rk].fields.keys() >= set(row.names.split()):
            reason = LESS
        elif may[rk].found.row.rev != row.rev:
            reason = CHANGED
        why[row.sheet, row.line] = reason
    return may, why
