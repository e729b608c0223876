"""Copies that the brake set aside, back in their rows: what took them away is not believed.

Either its key is revoked, and the origin's own word will come, or the keeper quarantines the origin
from that moment. A copy that itself came in the doubtful time comes back hidden.
"""

from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select, update

from federation.ledger import RowKind
from node.store.asking import REVOKED
from node.store.context import Context
from node.store.peers import Peer
from node.store.records import index_rows, opened_values, reindex, summary, unindex
from node.store.tables import forwarded, records
from node.store.tables_defence import COPIED, braked
from protocol.entry import Status, decode_entry
from protocol.ids import Day, NodeKey, day_of

_CHANGED = (*COPIED, "status", "hidden", "kind", "severity", "codes", "row_kind")
_UPDATE = (
    update(records)
    .where(records.c.id == bindparam("b_id"))
    .values({name: bindparam(name) for name in _CHANGED})
)
_ASIDE = select(
    braked, records.c.id, records.c.eid.label("now_eid"), records.c.node_key.label("now_key"),
    records.c.disclosures.label("now_disclosures"), records.c.state.label("now_state"),
    records.c.row_exp.label("now_row_exp"),
).join(records, records.c.rk == braked.c.rk, isouter=True)  # fmt: skip


def put_back(
    connection: Connection,
    context: Context,
    peer: Peer,
    which: Callable[[Row[Any]], bool],
    change: Callable[[Row[Any]], dict[str, Any]],
) -> int:
    """Put the copies of an origin back that `which` picks; returns how many.

    Both functions see the copy's row with `now_eid`, `now_key` and `now_state`, of the row that it
    goes back to. `change` says what of `records` shall be otherwise than it was.
    """
    aside = connection.execute(_ASIDE.where(braked.c.org == peer.org)).fetchall()
    rows = [row for row in aside if which(row)]
    for row in rows:
        connection.execute(delete(braked).where(braked.c.rk == row.rk, braked.c.org == peer.org))
        if decode_entry(bytes(row.entry)).org != peer.org:
            _mirror_back(connection, peer, row, change(row))
            continue
        values = opened_values(bytes(row.disclosures))
        new = {
            **{name: getattr(row, name) for name in COPIED}, "hidden": "", **summary(values),
            "status": int(Status.LIVE), "row_kind": int(RowKind.PUT),
            "row_exp": max(row.row_exp, row.now_row_exp or 0), **change(row),
        }  # fmt: skip
        record = row.id
        if record is None:
            added = insert(records).values(rk=row.rk, org=peer.org, pseq=0, **new)
            key = connection.execute(added).inserted_primary_key
            record = key[0] if key else 0
        else:
            unindex(connection, [(record, bytes(row.now_disclosures))])
            connection.execute(_UPDATE, [{"b_id": record, **new}])
        reindex(connection, index_rows(record, values))
    context.digests.forget("in", peer.id)
    context.live_counts.pop(peer.id, None)
    context.live_counts.pop(-peer.id, None)
    return len(rows)


def _mirror_back(connection: Connection, peer: Peer, row: Row[Any], change: dict[str, Any]) -> None:
    """Put back what a hub passed on, into its mirror; the caller shows what follows (`show`)."""
    author = decode_entry(bytes(row.entry)).org
    at = connection.execute(select(records).where(records.c.rk == row.rk)).one_or_none()
    if at is not None and at.row_exp > 0:
        return  # its author speaks for itself by now
    if at is not None:  # or the tombstone would outrank what comes back
        unindex(connection, [(at.id, bytes(at.disclosures))])
        connection.execute(delete(records).where(records.c.id == at.id))
    mine = (forwarded.c.source == peer.id, forwarded.c.rk == row.rk)
    now = connection.execute(select(forwarded).where(*mine)).one_or_none()
    new = {
        **{name: getattr(row, name) for name in COPIED}, "org": author, "hidden": "",
        "status": int(Status.LIVE), "row_kind": int(RowKind.PUT), "held": change.get("held", ""),
    }  # fmt: skip
    if now is None:
        connection.execute(insert(forwarded).values(source=peer.id, rk=row.rk, pseq=0, **new))
        return
    if "held" in change:  # in quarantine: as the hub was told
        new["state"] = now.state
    new["row_exp"] = max(row.row_exp, now.row_exp)
    connection.execute(update(forwarded).where(*mine).values(**new))


def put_back_revoked(
    connection: Connection,
    context: Context,
    peer: Peer,
    key: NodeKey,
    revoked: Mapping[NodeKey, Day],
) -> int:
    """Put back what was taken away under a revoked key since its day; returns how many.

    An entry says whose key took away. A stop, or a put of the same entry that discloses less, was
    vouched for by whoever spoke for the origin then: since that day it may have been the thief.
    What itself came under one of the `revoked` keys since its day comes back hidden.
    """
    since = revoked[key]

    def is_doubtful(row: Row[Any]) -> bool:
        if day_of(row.since_us) < since:
            return False
        if decode_entry(bytes(row.entry)).org != peer.org:
            return True  # what a hub passes on, or no longer does, is the hub's word alone
        has_entry = row.now_eid is not None and row.now_eid != row.eid
        return bytes(row.now_key) == key if has_entry else True

    def hide(row: Row[Any]) -> dict[str, Any]:
        under = revoked.get(NodeKey(bytes(row.node_key)))
        came_since = under is not None and day_of(row.received_us) >= under
        return {"hidden": REVOKED} if came_since else {}

    return put_back(connection, context, peer, is_doubtful, hide)
