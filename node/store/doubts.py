"""How far one peer's word goes, when it says that this store is an older one or holds too little.

A store behind its register was found out when it was opened. Whatever else a peer says is proved
only by what it gives back: until then it holds up nobody's channel but its own, has a record signed
again once a day at most, and fills its ledger with few keys that we never heard of.
"""

from collections.abc import Collection, Mapping

from sqlalchemy import Connection, bindparam, func, select, update

from federation.origin import Known
from node.store import meta
from node.store.context import Context
from node.store.ledger_rows import decode_names
from node.store.records import chunks
from node.store.tables import ledger, peers, records, returned, suspended
from protocol.entry import Entry
from protocol.ids import NodeKey, RecordKey

_WAITING = select(returned.c.rk)
_MOST = select(suspended.c.rk, suspended.c.names).where(suspended.c.peer == bindparam("peer"))
STRANGE_STOPS = 500  # of keys that are no record of ours and that a peer says it holds


def note_conflicts(
    connection: Connection, context: Context, peer: int, held: Mapping[RecordKey, str]
) -> None:
    """Have own records issued again that a peer cannot take as they are, once a day.

    One that it knows in another text, or one under a key of ours that is no longer good: what had
    ended before the key was revoked was not signed again, if no peer seemed to need it.
    """
    doubted = [rk for rk, why in held.items() if why in {"conflict", "key"}]
    if not doubted:
        return
    query = (
        select(records.c.rk, records.c.node_key)
        .join(ledger, ledger.c.rk == records.c.rk)
        .where(ledger.c.peer == peer, records.c.org == context.org)
    )
    today = context.today
    for group in chunks(doubted):
        for raw, key in connection.execute(query.where(records.c.rk.in_(group))):
            rk = RecordKey(bytes(raw))
            is_good = context.own_doc.key_state(NodeKey(bytes(key)), today) == "valid"
            if held[rk] == "key" and is_good:
                continue  # the peer has yet to hear of our newest document
            if context.issued_again.get(rk) != today:
                context.issued_again[rk] = today
                context.conflicts.add(rk)


def recover_alone(context: Context, peer: int) -> None:
    """Remember that only this peer's word says that this store is an older one."""
    context.unproved.add(peer)


def recover_all(connection: Connection, context: Context, besides: int = 0) -> None:
    """Put nothing to any other peer before it has listed what it holds; believe no old request."""
    connection.execute(
        update(peers)
        .where(peers.c.id != besides)
        .values(out_listed=0, out_list_pos=None, out_wanted=b"", out_due=None)
    )
    meta.put_int(connection, meta.GUARD_FLOOR, context.now_us())


def note_proof(
    connection: Connection, context: Context, peer: int, known: Known | None, entry: Entry
) -> None:
    """Recover for every other peer where one gave back what we signed and do not know.

    What expired here and was forgotten proves nothing: every peer that had it could bring it.
    """
    if peer not in context.unproved or entry.exp_day < context.today:
        return
    is_new = known is None or (not known.erased and entry.rev > known.rev)
    if is_new and not (known is not None and entry.eid[:8] in known.waiting):
        context.unproved.clear()
        recover_all(connection, context, peer)


def held_back(
    connection: Connection, peer: int, rks: Collection[RecordKey]
) -> dict[RecordKey, frozenset[str]]:
    """The most that a peer may be put of these records before the keeper has looked, where less.

    Nothing new of those of which a later entry came back that only the keeper can judge.
    """
    most = {
        RecordKey(bytes(rk)): frozenset(decode_names(bytes(names)))
        for rk, names in connection.execute(_MOST, {"peer": peer})
        if RecordKey(bytes(rk)) in rks
    }
    return most | {RecordKey(rk): frozenset() for (rk,) in connection.execute(_WAITING).fetchall()}


def strange_rows(connection: Connection, peer: int) -> int:
    """How many rows of a peer's ledger are about no entry that we know of."""
    query = select(func.count()).where(ledger.c.peer == peer, ledger.c.eid == b"")
    return connection.execute(query).scalar_one()
