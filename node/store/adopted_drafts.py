"""Drafts that were made of another organisation's alert, and go when that takes it back.

A correction reaches what was made of an alert as well: somebody would else publish as ours what its
own organisation has erased. What is published already follows in `node.following`. An alert that
has ended by itself takes nothing along, since adopting is for organisations that are gone; nor does
what the brake holds, which may be a thief's word.
"""

from collections.abc import Sequence

from sqlalchemy import Connection, select

from federation.ledger import RowKind
from federation.verify import CheckedItem
from node.store.brake import BRAKED
from node.store.drafts import DraftState, purge_draft
from node.store.purges import note_purge
from node.store.tables import drafts, records
from node.store.verdicts import forget_judged
from protocol.entry import Status
from protocol.errors import ProtocolError
from protocol.ids import Day, EntryId, RecordKey, parse_record_key, text_id

SOURCE = "adopted"
_PARTS = 3


def source_of(rk: RecordKey, eid: EntryId) -> str:
    """Where an adopted draft says that it is from: the alert, and its revision."""
    return f"{SOURCE} {text_id(rk)} {eid.hex()}"


def adopted_from(source: str) -> tuple[RecordKey, EntryId] | None:
    """The alert and its revision that a draft was made of; None for any other draft."""
    parts = source.split(" ")
    if len(parts) != _PARTS or parts[0] != SOURCE:
        return None
    try:
        return parse_record_key(parts[1]), EntryId(bytes.fromhex(parts[2]))
    except (ProtocolError, ValueError):
        return None


def forget_what_was_made(connection: Connection, today: Day, items: Sequence[CheckedItem]) -> None:
    """After what these items took away: drop the drafts made of it, and what was judged of it.

    What was judged of an alert that was only stopped waits, as it may come back.
    """
    ends = {each.record.entry.status for each in items if each.record is not None}
    if ends - {Status.LIVE} or any(each.is_stop for each in items):
        drop_adopted(connection)
    if Status.ERASED in ends:
        forget_judged(connection, today)


def drop_adopted(connection: Connection) -> int:
    """Purge the drafts made of alerts that are erased, withdrawn or stopped; returns how many."""
    query = select(drafts.c.id, drafts.c.source).where(
        drafts.c.source.startswith(f"{SOURCE} "), drafts.c.state != DraftState.PUBLISHED.value
    )
    count = 0
    for id_, source in connection.execute(query).fetchall():
        made_of = adopted_from(source)
        if made_of is not None and _is_taken_back(connection, made_of[0]):
            purge_draft(connection, id_)
            count += 1
    if count:
        note_purge(connection)
    return count


def _is_taken_back(connection: Connection, rk: RecordKey) -> bool:
    query = select(records.c.status, records.c.row_kind, records.c.held, records.c.hidden).where(
        records.c.rk == rk
    )
    row = connection.execute(query).one_or_none()
    if row is None or row.held == BRAKED or row.hidden:
        return False
    return bool(row.status != Status.LIVE or row.row_kind == RowKind.STOP)
