"""Giving one alert to police: where policy, the reporter and a named person all agree, and logged.

Nothing here is called by anything but a person, and nothing of it travels to a peer. What goes is
decided in `federation.police`; who, when, which alert and why is written down in the same
transaction, before anything is handed over.
"""

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Row, select

from federation.police import (
    PoliceRelease,
    approves,
    peers_police_release,
    police_release,
)
from node.edits import leaves_meant
from node.errors import BadField, Refused
from node.moments import iso_time
from node.runtime import Node
from node.showing import plain_fields
from node.store.audit import Act, note
from node.store.consents import in_force
from node.store.context import Context
from node.store.lookup import find_alert, record_key, seen
from node.store.records import opened_values, own_records
from node.store.tables import own
from protocol.codec import Value
from protocol.ids import text_id

WHY_CHARACTERS = 1000


async def police_export(
    node: Node,
    alert: str,
    approver: str,
    why: str,
    withhold: list[str] | None = None,
    dry_run: bool = False,
) -> dict[str, Any]:
    """Give what of one alert may go to police, once it is written down who approved it and why.

    `approver` is exactly the name in the policy; what she does not agree to is named in `withhold`.
    With `dry_run` nothing is given: it is what she looks at first, and neither name nor reason is
    asked for. Refused names every rule that stands in the way.
    """
    without = frozenset(name for word in withhold or [] for name in leaves_meant(word))
    if dry_run:
        return await node.read(_look, node.context, alert, without)
    why = why.strip()
    if not why or len(why) > WHY_CHARACTERS:
        raise BadField(f"why: say it, in at most {WHY_CHARACTERS} characters")
    return await node.change(_export, node.context, alert, approver, why, without)


def _look(
    connection: Connection, context: Context, alert: str, without: Collection[str]
) -> dict[str, Any]:
    """What would go, as the command answers it."""
    row = find_alert(connection, alert)
    known = seen(connection, context)
    if known.status(row) != "live":
        raise Refused(f"this alert is {known.status(row)}; only what is shown may be given on")
    release, values = _release(connection, context, row)
    if release.mode is None:
        raise Refused(f"this alert does not go to police ({', '.join(release.rules)})")
    names = sorted(release.names - frozenset(without))
    return {
        "alert": text_id(record_key(row)),
        "organisation": known.name(row.org),
        "mode": release.mode,
        "fields": plain_fields({name: values[name] for name in names}),
    }


def _export(
    connection: Connection,
    context: Context,
    alert: str,
    approver: str,
    why: str,
    without: Collection[str],
) -> dict[str, Any]:
    given = _look(connection, context, alert, without)
    if not approves(context.policy, approver):
        raise Refused(
            "who approves it must be the person whom the policy names, written exactly so"
            " (origin.police_share.approver)"
        )
    now, rk = context.now_us(), record_key(find_alert(connection, alert))
    note(connection, now, approver, Act.POLICE, rk, why)
    fields = given.pop("fields")
    return {**given, "approved_by": approver, "made": iso_time(now), "fields": fields}


def _release(
    connection: Connection, context: Context, row: Row[Any]
) -> tuple[PoliceRelease, dict[str, Value]]:
    rk = record_key(row)
    if bytes(row.org) != context.org:
        values = opened_values(bytes(row.disclosures))
        return peers_police_release(values, values.get("terms"), context.policy), values
    if connection.execute(select(own.c.partial).where(own.c.rk == rk)).scalar():
        raise Refused("this alert came back from a peer; what its reporter agreed to is not known")
    record = own_records(connection, context.org, [rk])[rk]
    view = record.view()
    consent = in_force(context.register, rk, record.consent)
    found = police_release(view, context.policy, consent, record.restrictions)
    return found, dict(view.names_values)
