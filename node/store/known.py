"""What we know of the records that a peer lists: our own, what came back, what we pass on."""

from collections.abc import Collection
from dataclasses import replace

from sqlalchemy import Connection, select

from federation.origin import Known
from node.store.onward import known_foreign
from node.store.records import chunks
from node.store.tables import records, returned
from protocol.entry import Status
from protocol.ids import EntryId, OrgId, RecordKey

NO_EID = EntryId(b"")


def known_records(
    connection: Connection, own: OrgId, peer: int, rks: Collection[RecordKey]
) -> dict[RecordKey, Known]:
    """What we know of each of these records; absent where we know nothing."""
    found = known_foreign(connection, own, peer, rks)
    for group in chunks(rks):
        query = select(records.c.rk, records.c.rev, records.c.eid, records.c.status).where(
            records.c.rk.in_(group), records.c.org == own
        )
        for rk, rev, eid, status in connection.execute(query):
            found[RecordKey(bytes(rk))] = Known(rev, EntryId(bytes(eid)), status == Status.ERASED)
        came = select(returned.c.rk, returned.c.eid).where(returned.c.rk.in_(group))
        for rk, eid in connection.execute(came):
            ours = found.get(RecordKey(bytes(rk)), Known(0, NO_EID, erased=False))
            waiting = ours.waiting | {bytes(eid[:8])}
            found[RecordKey(bytes(rk))] = replace(ours, waiting=waiting)
    return found
