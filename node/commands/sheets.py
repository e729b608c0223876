"""A sheet for people without a phone: numbered, with a last day, and only what paper may carry.

Every copy has its number where the policy says so, and who made it, of which alerts, is written
down inside, so that a lost copy can be told about and an erased alert crossed out on those that
hang somewhere. What may stand on it is decided in `federation.paper`.
"""

from typing import Any

from sqlalchemy import Connection, Row, select

from federation.paper import on_paper
from node.errors import BadRequest, Refused
from node.runtime import Node
from node.showing import plain_fields
from node.store import meta
from node.store.audit import Act, note
from node.store.consents import in_force
from node.store.context import Context
from node.store.lookup import Seen, find_alert, record_key, seen
from node.store.records import decode_consent, opened_values
from node.store.reviews import name_of
from node.store.tables import own, records
from protocol.entry import Status
from protocol.ids import Day, iso_date, text_id

COPIES = "sheet_copies"
LASTS_DAYS = 30


async def alert_sheet(node: Node, by: str, alerts: list[str] | None = None) -> dict[str, Any]:
    """Make one copy of a sheet with these alerts (None: all that may be printed).

    Gives {"copy", "made", "until", "alerts": [{"id", "organisation", "fields"}], "left_out"}.
    Refused where the policy prints nothing; BadRequest where there is nothing to print.
    """
    name = name_of(by)
    if node.policy.print.mode == "off":
        raise Refused("nothing is printed here (origin.print.mode=off)")
    return await node.change(_sheet, node.context, name, alerts)


def _sheet(
    connection: Connection, context: Context, name: str, alerts: list[str] | None
) -> dict[str, Any]:
    known = seen(connection, context)
    rows = _shown(connection, known) if alerts is None else _named(connection, known, alerts)
    printed = [(row, fields) for row in rows if (fields := _printable(connection, context, row))]
    if not printed:
        raise BadRequest("there is nothing that may be printed: reporters must have agreed to it")
    now, policy = context.now_us(), context.policy
    copy = 0
    if policy.print.numbered:
        copy = meta.get_int(connection, COPIES) + 1
        meta.put_int(connection, COPIES, copy)
    why = f"copy {copy}" if copy else "a copy without a number"
    for row, _ in printed:
        note(connection, now, name, Act.PRINTED, record_key(row), why)
    last = min(*(row.exp_day for row, _ in printed), context.today + LASTS_DAYS)
    return {
        "copy": copy or None,
        "made": iso_date(context.today),
        "until": iso_date(Day(last)),
        "alerts": [
            {
                "id": text_id(record_key(row))[:8],
                "organisation": known.name(row.org),
                "fields": fields,
            }
            for row, fields in printed
        ],
        "left_out": len(rows) - len(printed),
    }


def _shown(connection: Connection, known: Seen) -> list[Row[Any]]:
    query = select(records).where(records.c.status == int(Status.LIVE), records.c.eid != b"")
    rows = connection.execute(query.order_by(records.c.severity.desc(), records.c.id)).fetchall()
    return [row for row in rows if known.status(row) == "live"]


def _named(connection: Connection, known: Seen, alerts: list[str]) -> list[Row[Any]]:
    rows = [find_alert(connection, each) for each in alerts]
    ended = [row for row in rows if known.status(row) != "live"]
    if ended:
        raise Refused(f"an alert that is {known.status(ended[0])} is not printed")
    return rows


def _printable(connection: Connection, context: Context, row: Row[Any]) -> dict[str, Any]:
    """The fields of an alert that may be printed; of ours only with the consent now in force."""
    values = opened_values(bytes(row.disclosures))
    if bytes(row.org) == context.org:
        query = select(own.c.consent, own.c.partial).where(own.c.rk == row.rk)
        private = connection.execute(query).one()
        consent = in_force(context.register, record_key(row), decode_consent(private.consent))
        if private.partial or not consent.print:
            return {}
    names = on_paper(values.keys(), values.get("terms"), context.policy)
    return plain_fields({name: values[name] for name in values if name in names})
