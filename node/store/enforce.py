"""What this node does to the records it holds when its rules change.

Its own policy change purges at once what it may no longer hold; a revoked key hides what arrived
under it since; after a restore the register puts back what was erased. Hidden is never deleted.
"""

from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, select, update

from federation.admit import Door, door
from keys.orgdoc import OrgDoc
from node.store import register as permissions
from node.store.asking import REVOKED
from node.store.authors import hide_revoked
from node.store.brake import BRAKED, TAKEN, forget_one, purge_aside
from node.store.context import Context
from node.store.erasures import erased_row
from node.store.forwarded import purge_passed_on
from node.store.grants import StoreGrants
from node.store.hub import follow_hub
from node.store.lawful import LAWFUL_HOLD
from node.store.peers import Peer, all_peers, set_peer
from node.store.purges import note_purge
from node.store.put_back import put_back_revoked
from node.store.quarantine import QUARANTINED, SINCE, hide_since
from node.store.records import (
    NOTHING_DISCLOSED,
    index_rows,
    only,
    opened_values,
    reindex,
    summary,
    unindex,
)
from node.store.tables import own, records, returned
from node.store.takeback import DAY_US, obey_register
from protocol.codec import decode
from protocol.entry import Status, decode_entry
from protocol.ids import Day, OrgId, RecordKey, day_of
from protocol.shape import as_array, as_bytes

_KEEP = (
    update(records)
    .where(records.c.id == bindparam("b_id"))
    .values(
        disclosures=bindparam("disclosures"),
        held=bindparam("held"),
        kind=bindparam("kind"),
        severity=bindparam("severity"),
        codes=bindparam("codes"),
    )
)

_STAYS_HELD = frozenset({BRAKED, QUARANTINED, LAWFUL_HOLD})
"""Reasons that something else ends: the row is theirs until then, whatever our policy takes."""


def purge_not_accepted(connection: Connection, context: Context) -> int:
    """Drop from every held record what our policy no longer lets us hold; returns how many.

    The brake is for what others take away: here it holds nothing back, and what it set aside goes.
    Where the policy now lets in more, the origins are asked again at the next sync.
    """
    count = 0
    for peer in all_peers(connection):
        theirs = (records.c.org == peer.org) & (records.c.status == int(Status.LIVE))
        count += purge_rows(connection, context, theirs)
        set_peer(connection, peer.id, in_relist=1)
    purge_aside(connection, context)
    return count + purge_passed_on(connection, context)


def purge_rows(connection: Connection, context: Context, which: ColumnElement[bool]) -> int:
    """Drop from these records of others what our policy does not let us hold now; how many."""
    purged: list[tuple[int, bytes]] = []
    kept: list[dict[str, Any]] = []
    indexed: list[dict[str, Any]] = []
    columns = records.c.id, records.c.org, records.c.day, records.c.disclosures, records.c.held
    ways: dict[bytes, Door] = {}
    for row in connection.execute(select(*columns).where(which)).fetchall():
        raw, org = bytes(row.disclosures), bytes(row.org)
        if raw == NOTHING_DISCLOSED:
            continue
        way = ways.setdefault(org, door(context.policy, OrgId(org)))
        values = opened_values(raw)
        names = way.admit(values, context.today - row.day).names
        if len(names) == len(values):
            continue
        left = {name: value for name, value in values.items() if name in names}
        purged.append((row.id, raw))
        indexed.extend(index_rows(row.id, left))
        kept.append(
            {"b_id": row.id, "disclosures": only(raw, names),
             "held": row.held if row.held in _STAYS_HELD else "not_accepted", **summary(left)}
        )  # fmt: skip
    unindex(connection, purged)
    if kept:
        connection.execute(_KEEP, kept)
        note_purge(connection)
    reindex(connection, indexed)
    return len(kept)


def roll_back_revoked(connection: Connection, context: Context, peer: Peer, doc: OrgDoc) -> int:
    """Hide what came from this origin under a revoked key since its day; returns how many.

    My receive time decides: a thief can back-date what he signs. False tombstones leave the
    register, so that the origin's own record can return. What the brake set aside since then is
    shown again at once, and the origin's next takings are counted anew.
    """
    hidden = 0
    for key, since in doc.revoked:
        put_back_revoked(connection, context, peer, key, dict(doc.revoked))
        query = select(records.c.id, records.c.rk, records.c.received_us, records.c.status).where(
            records.c.org == peer.org,
            records.c.node_key == key,
            records.c.hidden.in_(("", QUARANTINED)),
        )
        for row in connection.execute(query).fetchall():
            if day_of(row.received_us) < since:
                continue
            hidden += 1
            connection.execute(update(records).where(records.c.id == row.id).values(hidden=REVOKED))
            if row.status == Status.ERASED:
                context.register.stage(permissions.ERASED, bytes(row.rk), None)
    set_peer(connection, peer.id, in_relist=1)
    context.register.stage(TAKEN, peer.org, None)
    hide_revoked(connection, context, doc)
    follow_hub(connection, context, peer.org)
    return hidden


def roll_back_own(connection: Connection, context: Context) -> int:
    """Put aside own records that came back under a key revoked since; returns how many.

    They wait for the keeper with what else came back, and are stopped wherever they went: a thief's
    record must not be signed again with the new key. What was revised here since under a key that
    stands is judged by the key it came under, and what came under a good key stays, also where the
    key that signed it again is the one revoked: that was done here.
    """
    count = 0
    for key, since in context.own_doc.revoked:
        query = (
            select(records)
            .join(own, own.c.rk == records.c.rk)
            .where(own.c.came_key == key, own.c.came_us >= since * DAY_US)
        )
        for row in connection.execute(query).fetchall():
            _put_aside(connection, context, row)
            count += 1
    return count


def _put_aside(connection: Connection, context: Context, row: Any) -> None:
    rk = RecordKey(bytes(row.rk))
    waiting = {
        "rk": rk, "eid": row.eid, "peer": 0, "entry": row.entry, "sig": row.sig,
        "disclosures": row.disclosures, "reason": "key",
    }  # fmt: skip
    connection.execute(insert(returned).prefix_with("OR IGNORE").values(**waiting))
    unindex(connection, [(row.id, bytes(row.disclosures))])
    connection.execute(delete(own).where(own.c.rk == rk))
    connection.execute(delete(records).where(records.c.id == row.id))
    for peer in all_peers(connection):
        grants = StoreGrants(connection, context, peer)
        if grants.has_row(rk):
            grants.issue_stop(rk, Day(row.row_exp))
            grants.save()


def obey_whole_register(connection: Connection, context: Context) -> None:
    """After a restore: erase, withdraw and quarantine again what the register says was."""
    peers = {peer.org: peer for peer in all_peers(connection)}
    for scope in (permissions.ERASED, permissions.WITHDRAWN):
        for key, raw in context.register.all(scope):
            parts = [as_bytes(part) for part in as_array(decode(raw))]
            entry = decode_entry(parts[0])
            if entry.org == context.org:
                obey_register(connection, context, RecordKey(key))
            elif scope == permissions.ERASED and entry.org in peers:
                _erase_foreign(connection, peers[entry.org], RecordKey(key), parts)
    for org, since in context.register.all(SINCE):
        if org in peers:
            hide_since(connection, context, peers[OrgId(org)], int.from_bytes(since, "big"))


def _erase_foreign(connection: Connection, peer: Peer, rk: RecordKey, parts: list[bytes]) -> None:
    row = connection.execute(select(records).where(records.c.rk == rk)).one_or_none()
    new = erased_row(peer, parts, 0)
    forget_one(connection, rk)
    if row is None:
        connection.execute(insert(records).values(**new))
    elif row.status != Status.ERASED or row.held == BRAKED:
        unindex(connection, [(row.id, bytes(row.disclosures))])
        new["pseq"] = row.pseq
        connection.execute(update(records).where(records.c.id == row.id).values(**new))
