"""Alerts, ours and other organisations': shown with their proof, corrected, narrowed, taken back.

A change is signed and put on the ledgers in one transaction, which has read what it changes, so
two changes at once make two revisions. Only an alert's own organisation can change it. A signature
is never remembered: each `alert_show` checks the stored bytes again.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, select

from federation.release import Restrictions
from federation.verify import verify_record
from federation.voices import VOICE
from keys.orgdoc import OrgDoc
from node.amending import (
    Change,
    corrected,
    erase_record,
    hidden_from,
    narrowed,
    renewed,
    told_before,
    widened,
    withdraw_record,
)
from node.edits import Form, leaves_meant
from node.errors import BadField, BadRequest, Refused
from node.judged import judge
from node.matching_state import waiting_of
from node.runtime import Node
from node.said import with_what_is_said
from node.showing import plain_fields
from node.store.authors import pinned
from node.store.context import Context
from node.store.ended import ends_within
from node.store.lookup import Seen, find_alert, find_org, find_peer, record_key, seen
from node.store.passed_on import hubs_of
from node.store.peers import all_peers
from node.store.records import own_records, readable_values
from node.store.tables import records
from node.store.viewers import STAFF, seen_by, shown_to
from node.typed import clean_text
from protocol.codec import Value
from protocol.entry import Status
from protocol.errors import ProtocolError
from protocol.fields import FIELDS
from protocol.ids import Day, OrgId, iso_date, text_id
from protocol.limits import EXPIRY_DAYS

STATUSES = ("live", "withdrawn", "erased", "expired", "quarantined")
_LISTED = [
    records.c[name]
    for name in (
        "rk", "org", "rev", "day", "exp_day", "status", "row_kind", "hidden", "kind", "severity",
        "codes",
    )
]  # fmt: skip


async def alert_list(
    node: Node,
    org: str | None = None,
    status: str | None = None,
    ending: int | None = None,
    viewer: str = STAFF,
    ignored: bool = False,
) -> dict[str, Any]:
    """List alerts, newest first; of one organisation (ours or a peer), or of one status.

    `ending` is a number of days: only ours that end within it unless they are renewed. `viewer`
    members: as they see it. "left_out" counts what the viewer is not shown; `ignored` shows all.
    """
    if status is not None and status not in STATUSES:
        raise BadRequest(f"status: one of {', '.join(STATUSES)}")
    if ending is not None and not 0 <= ending <= EXPIRY_DAYS:
        raise BadRequest(f"ending: a number of days from 0 to {EXPIRY_DAYS}")
    rows = await node.read(_list, node.context, org, status, ending)

    def read(connection: Connection) -> tuple[list[dict[str, Any]], dict[str, int]]:
        visible = seen_by(connection, node.context, viewer, rows)
        everything = ignored and viewer == STAFF
        return judge(connection, node.context, visible, viewer, everything=everything)

    alerts, left = await node.read(read)
    return {"alerts": alerts, **({"left_out": left} if left else {})}


def _list(
    connection: Connection,
    context: Context,
    org: str | None,
    status: str | None,
    ending: int | None,
) -> list[dict[str, Any]]:
    query = select(*_LISTED).where(records.c.eid != b"", records.c.kind != VOICE)
    if ending is not None:
        query = query.where(*ends_within(context, ending))
    if org is not None:
        query = query.where(records.c.org == find_org(connection, context, org))
    known = seen(connection, context)
    rows = connection.execute(query.order_by(records.c.day.desc(), records.c.id.desc()))
    found = ((row, known.status(row)) for row in rows)
    return [_line(row, each, known) for row, each in found if status in {None, each}]


def _line(row: Row[Any], status: str, known: Seen) -> dict[str, Any]:
    return {
        "id": text_id(bytes(row.rk)),
        "org": text_id(bytes(row.org)),
        "org_name": known.name(row.org),
        "rev": row.rev,
        "status": status,
        "kind": row.kind,
        "codes": row.codes.split(),
        "severity": row.severity,
        "expires": iso_date(Day(row.exp_day)),
    }


async def alert_show(node: Node, alert: str, viewer: str = STAFF) -> dict[str, Any]:
    """Show one alert: the fields that are held, those that are absent, and whether it verifies.

    `viewer` members: as they see it, or NotFound.
    """
    shown = await node.read(_show, node.context, alert)

    def read(connection: Connection) -> dict[str, Any]:
        visible = shown_to(connection, node.context, viewer, shown)
        return with_what_is_said(connection, node.context, visible, viewer)

    return await node.read(read)


def _show(connection: Connection, context: Context, alert: str) -> dict[str, Any]:
    row = find_alert(connection, alert)
    known = seen(connection, context)
    values = _values(row)
    fields = plain_fields(values)
    shown = {
        **_line(row, known.status(row), known),
        "day": iso_date(Day(row.day)),
        "fields": fields,
        "absent": [name for name in FIELDS if name not in fields],
        "signature": _signature(row, _author(connection, context, row), context.today),
    }
    hubs = hubs_of(connection, bytes(row.rk), all_peers(connection))
    if hubs:
        shown["via"] = hubs
    if row.hidden or row.held:
        shown["held"] = row.hidden or row.held
    if bytes(row.org) == context.org:
        record = own_records(connection, context.org, [record_key(row)]).get(record_key(row))
        if record is not None and record.restrictions != Restrictions():
            shown["narrowed"] = _narrowing(record.restrictions, known)
        waits = waiting_of(connection, context, record_key(row), known)
        if waits:
            shown["hold"] = waits
    return shown


def _values(row: Row[Any]) -> dict[str, Value]:
    return readable_values(bytes(row.disclosures))


def _author(connection: Connection, context: Context, row: Row[Any]) -> OrgDoc | None:
    if bytes(row.org) == context.org:
        return context.own_doc
    org = OrgId(bytes(row.org))
    return pinned(connection, [org]).get(org)


def _signature(row: Row[Any], author: OrgDoc | None, today: Day) -> str:
    """Check the stored bytes against the pinned document of who signed them."""
    if author is None:
        return "failed"
    try:
        verified = verify_record(
            bytes(row.entry), bytes(row.sig), bytes(row.disclosures), author, today
        )
    except ProtocolError:
        return "failed"
    same = (verified.entry.rk, verified.entry.eid) == (bytes(row.rk), bytes(row.eid))
    return "verified" if same else "failed"


def _narrowing(restrictions: Restrictions, known: Seen) -> dict[str, Any]:
    only = restrictions.peers
    return {
        "only": None if only is None else [known.name(org) or text_id(org) for org in only],
        "withheld": {
            "all" if org == "*" else known.name(org) or text_id(org): sorted(names)
            for org, names in restrictions.withhold.items()
        },
    }


async def alert_correct(node: Node, alert: str, fields: Form) -> dict[str, Any]:
    """Change fields of an alert of ours: its next revision, told to all who have it."""
    return await _change(node, lambda connection: corrected(connection, node, alert, fields))


async def alert_renew(node: Node, alert: str) -> dict[str, Any]:
    """Let an alert of ours live on from today for as long as the policy says, unchanged."""
    return await _change(node, lambda connection: renewed(connection, node, alert))


async def alert_withdraw(
    node: Node, alert: str, reason: str = "", dry_run: bool = False
) -> dict[str, Any]:
    """Take an alert of ours back: whoever has it keeps nothing but the reason."""
    if dry_run:
        return await node.read(_dry, node.context, alert)
    return await _change(
        node, lambda connection: withdraw_record(connection, node, alert, clean_text(reason))
    )


async def alert_erase(node: Node, alert: str, dry_run: bool = False) -> dict[str, Any]:
    """Erase an alert of ours everywhere, with the draft that it came from. Cannot be undone."""
    if dry_run:
        return await node.read(_dry, node.context, alert)
    result = await _change(node, lambda connection: erase_record(connection, node, alert))
    await node.store.checkpoint()
    return result


async def alert_narrow(
    node: Node,
    alert: str,
    peer: str | None = None,
    withhold: list[str] | None = None,
    hide: bool = False,
) -> dict[str, Any]:
    """Show less of an alert of ours than policy would; to one peer, or to all."""
    names = frozenset(name for word in withhold or [] for name in leaves_meant(word))
    if names & {"kind", "terms"}:
        raise BadField("withhold: kind and terms go with every alert; hide it as a whole")
    if not names and not hide:
        raise BadRequest("what shall be kept back? name fields, or hide the whole alert")

    def change(connection: Connection) -> Change:
        whom = None if peer is None else find_peer(connection, peer).org
        return narrowed(
            connection, node, alert, lambda now: hidden_from(now, whom, names, whole=hide)
        )

    return await _change(node, change)


async def alert_widen(node: Node, alert: str, peer: str | None = None) -> dict[str, Any]:
    """Lift what `alert_narrow` kept back, from one peer or from all; policy alone decides then."""

    def change(connection: Connection) -> Change:
        whom = None if peer is None else find_peer(connection, peer).org
        return narrowed(connection, node, alert, lambda now: widened(now, whom))

    return await _change(node, change)


async def _change(node: Node, change: Callable[[Connection], Change]) -> dict[str, Any]:
    done = await node.change(change)
    if done.news:
        node.on_news(set(done.news))
    return done.shown()


def _dry(connection: Connection, context: Context, alert: str) -> dict[str, Any]:
    """What a withdrawal or an erasure would do, and to whom."""
    row = find_alert(connection, alert)
    if bytes(row.org) != context.org:
        raise Refused("only its own organisation can take an alert back")
    if row.status == Status.ERASED:
        raise BadRequest("this alert is erased already")
    known = seen(connection, context)
    change = Change(record_key(row), row.rev + 1, known.status(row), frozenset(), ())
    return replace(change, told=told_before(connection, record_key(row))).shown()
