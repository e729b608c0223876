"""Lawful holds: what an order says must be kept, set apart where nothing else finds it.

A hold takes a copy of an alert as it stands, with the report that it was made from. The alert
itself goes on as ever: it can be corrected, withdrawn and erased, and ends on its last day. Only
the copy stays until the hold is lifted, and nothing reads it but `alert held`. An origin whose
erasure reaches a held copy is told so (`lawful_hold`), never that all was erased.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from node.errors import BadRequest, NotFound
from node.store.context import Context
from node.store.purges import note_purge
from node.store.records import opened_values
from node.store.tables import drafts, forwarded, lawful_holds, records
from protocol.codec import Value, decode, encode
from protocol.ids import RecordKey
from protocol.limits import DISCLOSURES_BYTES
from protocol.shape import as_array, as_bytes

LAWFUL_HOLD = "lawful_hold"
"""The reason code of a row that its origin has ended and that an order keeps."""

LIFTED = "lifted"
"""In the register: a copy that was lifted, rk → when it was made, 8 bytes."""

_COPY_BYTES = 4 * DISCLOSURES_BYTES


@dataclass(frozen=True, slots=True)
class LawfulHold:
    """One copy that is kept. `until` 0 is for as long as the order stands."""

    rk: RecordKey
    since_us: int
    until: int
    reason: str = field(repr=False)
    values: dict[str, Value] = field(repr=False)
    report: dict[str, str] = field(repr=False)  # the private half of the report it was made from


def hold(connection: Connection, context: Context, row: Row[Any], reason: str, until: int) -> None:
    """Keep a copy of the alert in `row`; BadRequest where there is one already, or nothing left."""
    rk = RecordKey(bytes(row.rk))
    if connection.execute(select(lawful_holds.c.rk).where(lawful_holds.c.rk == rk)).first():
        raise BadRequest("a copy of this alert is kept already: parasol alert held shows it")
    if not opened_values(bytes(row.disclosures)):
        raise BadRequest("nothing is left of this alert that could be kept")
    private = connection.execute(select(drafts.c.private).where(drafts.c.rk == rk)).scalar()
    report = bytes(private or b"{}")
    copy = encode([bytes(row.entry), bytes(row.sig), bytes(row.disclosures), report])
    connection.execute(
        insert(lawful_holds).values(
            rk=rk, since_us=context.now_us(), until_day=until, reason=reason, copy=copy
        )
    )
    context.lawful.add(rk)


def lift(connection: Connection, context: Context, rk: RecordKey) -> None:
    """Let a copy go, and tell its origin that nothing is held back any more; NotFound."""
    query = select(lawful_holds.c.since_us).where(lawful_holds.c.rk == rk)
    since = connection.execute(query).scalar()
    if since is None:
        raise NotFound("no copy of this alert is kept")
    connection.execute(delete(lawful_holds).where(lawful_holds.c.rk == rk))
    context.register.stage(LIFTED, rk, int(since).to_bytes(8, "big"))
    for table in (records, forwarded):
        mine = (table.c.rk == rk) & (table.c.held == LAWFUL_HOLD)
        connection.execute(update(table).where(mine).values(held=""))
    context.lawful.discard(rk)
    note_purge(connection)


def lift_ended(connection: Connection, context: Context) -> int:
    """Let go what was to be kept until a day that is over, or was lifted before a restore.

    Returns how many.
    """
    kept = select(lawful_holds.c.rk, lawful_holds.c.since_us, lawful_holds.c.until_day)
    keys = [
        RecordKey(bytes(rk))
        for rk, since, until in connection.execute(kept).fetchall()
        if 0 < until < context.today or since <= _lifted(context, bytes(rk))
    ]
    for rk in keys:
        lift(connection, context, rk)
    return len(keys)


def _lifted(context: Context, rk: bytes) -> int:
    return int.from_bytes(context.register.get(LIFTED, rk) or b"", "big")


def held_keys(connection: Connection) -> set[RecordKey]:
    """Of which alerts a copy is kept."""
    return {RecordKey(bytes(rk)) for (rk,) in connection.execute(select(lawful_holds.c.rk))}


def lawful_hold(connection: Connection, rk: RecordKey) -> LawfulHold:
    """One copy with what it says; NotFound."""
    row = connection.execute(select(lawful_holds).where(lawful_holds.c.rk == rk)).one_or_none()
    if row is None:
        raise NotFound("no copy of this alert is kept")
    return _read(row)


def lawful_list(connection: Connection) -> list[LawfulHold]:
    """Every copy, the oldest first."""
    query = select(lawful_holds).order_by(lawful_holds.c.since_us)
    return [_read(row) for row in connection.execute(query)]


def _read(row: Row[Any]) -> LawfulHold:
    _, _, disclosures, report = (
        as_bytes(part) for part in as_array(decode(bytes(row.copy), limit=_COPY_BYTES))
    )
    return LawfulHold(
        RecordKey(bytes(row.rk)), row.since_us, row.until_day, row.reason,
        opened_values(disclosures), json.loads(report),
    )  # fmt: skip
