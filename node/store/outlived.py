"""What others gave us and our own policy keeps no longer, whatever their own says.

A copy lives until its origin's last day or ours, whichever comes first; ours is counted from the
day on the entry, which a renewal sets anew. So a region that may keep less than another holds to
that for what it is given, too. The row stays, held as `not_accepted`, so that the digests agree.
"""

from sqlalchemy import ColumnElement, Connection, and_, or_, select

from federation.decision import HOLD, limits_of
from federation.voices import VOICE
from node.store.brake import purge_aside
from node.store.context import Context
from node.store.enforce import purge_rows
from node.store.forwarded import purge_passed_on
from node.store.grants import StoreGrants
from node.store.onward import spread_onward
from node.store.records import NOTHING_DISCLOSED, chunks
from node.store.tables import records
from protocol.entry import Status
from protocol.ids import RecordKey


def purge_outlived(connection: Connection, context: Context) -> int:
    """Drop what our policy keeps no longer of others' records; returns of how many.

    What we passed on of it as a hub is stopped in the same transaction.
    """
    mine = records.c.org == context.org
    query = select(records.c.rk, records.c.row_exp).where(~mine, _is_old(context))
    old = [(RecordKey(bytes(rk)), row_exp) for rk, row_exp in connection.execute(query)]
    if not old:
        return 0
    count = 0
    for group in chunks([rk for rk, row_exp in old if row_exp > 0]):
        count += purge_rows(connection, context, records.c.rk.in_(group))
    count += purge_passed_on(connection, context, [rk for rk, row_exp in old if row_exp == 0])
    purge_aside(connection, context)
    context.news |= spread_onward(connection, context, StoreGrants, [rk for rk, _ in old])
    return count


def _is_old(context: Context) -> ColumnElement[bool]:
    """The records that may have outlived our policy; `federation.admit` decides of each."""
    *by_severity, unknown = limits_of("receiver", context.policy)
    is_alert = records.c.kind.not_in((VOICE, HOLD))
    cases = [
        and_(is_alert, records.c.severity == severity, records.c.day < context.today - limit.days)
        for severity, limit in enumerate(by_severity)
        if severity
    ]
    for kind, limit in (("notice", by_severity[0]), (HOLD, by_severity[4]), ("alert", unknown)):
        is_such = and_(records.c.kind == kind, records.c.severity == 0)
        cases.append(and_(is_such, records.c.day < context.today - limit.days))
    return and_(
        records.c.status == int(Status.LIVE),
        records.c.disclosures != NOTHING_DISCLOSED,
        or_(*cases),
    )
