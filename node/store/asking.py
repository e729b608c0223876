"""What a receiver asks an origin for again: what it held back, or hid under a revoked key."""

from sqlalchemy import Connection, or_, select

from federation.ledger import RowKind
from federation.receiver import RETRYABLE
from node.store.tables import records
from protocol.ids import Day, OrgId

REVOKED = "revoked_key"


def is_asking(connection: Connection, org: OrgId, cursor: int, today: Day) -> bool:
    """Whether a row that may be had now was not told since this cursor."""
    query = select(records.c.id).where(
        records.c.org == org,
        records.c.pseq <= cursor,
        records.c.row_exp >= today,
        records.c.row_kind == int(RowKind.PUT),
        or_(records.c.held.in_(RETRYABLE), records.c.hidden == REVOKED),
    )
    return connection.execute(query.limit(1)).first() is not None
