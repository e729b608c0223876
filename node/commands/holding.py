"""The keeper's commands about lawful holds: keep a copy because an order says so, and let it go."""

from typing import Any

from sqlalchemy import Connection

from node.errors import BadField
from node.moments import iso_time
from node.runtime import Node
from node.showing import plain_fields
from node.store.lawful import LawfulHold, hold, lawful_hold, lawful_list, lift
from node.store.lookup import find_alert, record_key, seen
from protocol.errors import ProtocolError
from protocol.ids import Day, iso_date, parse_iso_date, text_id

REASON_CHARACTERS = 500


async def alert_hold(
    node: Node, alert: str, reason: str, until: str | None = None
) -> dict[str, Any]:
    """Keep a copy of an alert, ours or another's, as an order says; with why, and until when."""
    reason = reason.strip()
    if not 0 < len(reason) <= REASON_CHARACTERS:
        raise BadField(f"reason: which order says so, in at most {REASON_CHARACTERS} characters")
    last = _last_day(until, node.today)

    def change(connection: Connection) -> LawfulHold:
        row = find_alert(connection, alert)
        hold(connection, node.context, row, reason, last)
        return lawful_hold(connection, record_key(row))

    return _line(await node.change(change))


def _last_day(until: str | None, today: Day) -> int:
    if until is None:
        return 0
    try:
        last = parse_iso_date(until)
    except ProtocolError:
        raise BadField("until: a date such as 2027-03-31") from None
    if last < today:
        raise BadField("until: that day is over")
    return last


async def alert_lift(node: Node, alert: str) -> dict[str, Any]:
    """Let a copy go that was kept; if the alert was ended meanwhile, its origin is told."""

    def change(connection: Connection) -> dict[str, Any]:
        row = find_alert(connection, alert)
        lift(connection, node.context, record_key(row))
        return {
            "alert": text_id(record_key(row)),
            "status": seen(connection, node.context).status(row),
        }

    done = await node.change(change)
    node.on_peers()  # the next pull says that nothing is held back any more
    return {**done, "lifted": True}


async def alert_held(node: Node, alert: str | None = None) -> dict[str, Any]:
    """List the copies that are kept; or show one with all that it says, report included."""
    if alert is None:
        return {"held": [_line(each) for each in await node.read(lawful_list)]}

    def read(connection: Connection) -> LawfulHold:
        return lawful_hold(connection, record_key(find_alert(connection, alert)))

    found = await node.read(read)
    return {**_line(found), "fields": plain_fields(found.values), "report": found.report}


def _line(each: LawfulHold) -> dict[str, Any]:
    return {
        "alert": text_id(each.rk),
        "since": iso_time(each.since_us),
        "until": iso_date(Day(each.until)) if each.until else None,
        "reason": each.reason,
    }
