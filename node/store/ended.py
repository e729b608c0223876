"""What goes on the last day of an alert: its values, here as everywhere.

The row stays for as long as stops travel, because its peers' digests may still count it; what it
said goes from the row and from the index. Of our own the kind and the terms stay, so that it can
still be withdrawn and erased.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, or_, select, update

from federation.origin import CLOCK_DAYS
from federation.voices import VOICE
from node.store.context import Context
from node.store.records import NOTHING_DISCLOSED, only, unindex
from node.store.register import WITHDRAWN, Register
from node.store.tables import ledger, own, records
from protocol.codec import decode
from protocol.entry import Status, decode_entry
from protocol.ids import Day
from protocol.shape import as_array, as_bytes

_KEPT_OF_OURS = frozenset({"kind", "terms"})
_EMPTY = (
    update(records)
    .where(records.c.id == bindparam("b_id"))
    .values(disclosures=bindparam("left"), kind="", severity=0, codes="")
)


def ends_within(context: Context, days: int) -> tuple[ColumnElement[bool], ...]:
    """The condition that an alert of ours ends in that many days, and was not meant to so soon.

    A notice lives for a few days: it is always about to end, and nobody need be told.
    """
    return (
        records.c.org == context.org,
        records.c.kind != VOICE,  # it ends with what it speaks of
        records.c.status == int(Status.LIVE),
        records.c.exp_day >= context.today,
        records.c.exp_day <= context.today + days,
        records.c.exp_day - records.c.day > days,
    )


def purge_ended(connection: Connection, today: Day) -> int:
    """Drop the values of every record whose last day is before `today`; returns of how many.

    Where a peer was told of a longer life than our record has now, or its clock is behind, its
    ledger may have to say once more what it granted: a record of ours waits for that.
    """
    ours = select(own.c.rk)
    owed = select(ledger.c.rk).where(ledger.c.exp >= today - CLOCK_DAYS)
    query = select(records.c.id, records.c.disclosures, records.c.rk.in_(ours)).where(
        records.c.exp_day < today,
        or_(
            records.c.rk.not_in(ours) & (records.c.disclosures != NOTHING_DISCLOSED),
            records.c.rk.in_(ours) & (records.c.kind != "") & records.c.rk.not_in(owed),
        ),
    )
    rows = [(record, bytes(raw), is_ours) for record, raw, is_ours in connection.execute(query)]
    unindex(connection, [(record, raw) for record, raw, _ in rows])
    emptied: list[dict[str, Any]] = [
        {"b_id": record, "left": only(raw, _KEPT_OF_OURS) if is_ours else NOTHING_DISCLOSED}
        for record, raw, is_ours in rows
    ]
    if emptied:
        connection.execute(_EMPTY, emptied)
    return len(emptied)


def forget_reasons(register: Register, today: Day) -> None:
    """Let the register forget withdrawals that have ended: a backup's live copy has ended, too."""
    for rk, raw in register.all(WITHDRAWN):
        entry = decode_entry(as_bytes(as_array(decode(raw))[0]))
        if entry.exp_day < today - CLOCK_DAYS:
            register.stage(WITHDRAWN, rk, None)
