"""Who may see an alert here: staff, and members where its terms and its reporter's consent say so.

An alert for staff does not exist for members: it is in no list, no count and no error of theirs.
What members see is live; what is held, narrowed or absent is not theirs to know. A consent that was
withdrawn counts from then on, also where the terms that were signed before say more.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args

from sqlalchemy import Connection, select

from federation.terms import is_for
from node.errors import BadRequest, NotFound
from node.store import register as permissions
from node.store.context import Context
from node.store.records import chunks, decode_consent, opened_values
from node.store.tables import records
from protocol.ids import RecordKey, parse_record_key

Viewer = Literal["staff", "members"]
Sees = Callable[[bytes, bytes, bytes], bool]  # of which organisation, the key, the disclosures

STAFF: Viewer = "staff"
_OF_MEMBERS = (
    "id", "org", "org_name", "rev", "status", "codes", "severity", "expires", "day", "fields",
    "signature",
)  # fmt: skip


def everything(org: bytes, rk: bytes, disclosures: bytes) -> bool:  # noqa: ARG001 - as `Sees` is
    """Staff see every alert."""
    return True


def sees(context: Context, viewer: str) -> Sees:
    """What a viewer may see. BadRequest where there is no such viewer."""
    if viewer == STAFF:
        return everything
    if viewer not in get_args(Viewer):
        raise BadRequest(f"viewer: one of {', '.join(get_args(Viewer))}")

    def members(org: bytes, rk: bytes, disclosures: bytes) -> bool:
        if not is_for(opened_values(disclosures).get("terms"), "members"):
            return False
        raw = context.register.get(permissions.CONSENT, rk) if org == context.org else None
        return raw is None or decode_consent(raw).members

    return members


def seen_by(
    connection: Connection, context: Context, viewer: str, rows: Sequence[Mapping[str, Any]]
) -> list[Mapping[str, Any]]:
    """Those of some alerts, each with its id under "id" or "alert", that a viewer may see."""
    may_see = sees(context, viewer)
    if may_see is everything:
        return list(rows)
    wanted = {RecordKey(parse_record_key(_id(row))) for row in rows}
    seen: set[bytes] = set()
    for group in chunks(wanted):
        query = select(records.c.org, records.c.rk, records.c.disclosures)
        for org, rk, raw in connection.execute(query.where(records.c.rk.in_(group))):
            if may_see(bytes(org), bytes(rk), bytes(raw)):
                seen.add(bytes(rk))
    return [
        row
        for row in rows
        if parse_record_key(_id(row)) in seen and row.get("status", "live") == "live"
    ]


def shown_to(
    connection: Connection, context: Context, viewer: str, shown: Mapping[str, Any]
) -> dict[str, Any]:
    """One alert as a viewer may see it; NotFound as for one that is not here."""
    if viewer == STAFF:
        return dict(shown)
    if not seen_by(connection, context, viewer, [shown]):
        raise NotFound("there is no alert with that id here; see parasol alert list")
    fields = {name: value for name, value in shown["fields"].items() if name != "terms"}
    return {name: shown[name] for name in _OF_MEMBERS if name in shown} | {"fields": fields}


def _id(row: Mapping[str, Any]) -> str:
    return str(row.get("id") or row["alert"])
