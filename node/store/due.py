"""Ledgers that must be derived anew as a whole, a slice at a time: what is due, and the next slice.

After a change of policy every row of every ledger may be another. To derive them in one commit
would keep everything else from being written for as long as that takes. So the commit of the policy
only marks each ledger (`peers.out_due`, the key from which on it is due), and slices follow, each a
commit of its own. Invariants: no row that is due is told or confirmed (`StoreGrants.rows_after`,
`federation.origin`); the mark moves in the commit of the rows that it passes, so a crash loses and
repeats nothing. A ledger that must be listed first is never marked: it is derived when it has been.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select, update

from federation.peers import PeerState
from node.store.context import Context
from node.store.grants import StoreGrants
from node.store.onward import Passing, foreign_records, is_hub
from node.store.peers import Peer, all_peers
from node.store.records import own_records
from node.store.tables import ledger, peers, records
from protocol.ids import RecordKey

ROWS_A_SLICE = 1000  # whoever writes waits for a slice: some 40 to 70 ms
READING = 3  # to read a record costs as much as so many rows
SIGNING = 20  # to store one that was signed again
START = b""  # before every key
_TOLD = [state.value for state in PeerState if state.may_hold_ours]


@dataclass(frozen=True, slots=True)
class Slice:
    """What one slice did: the peers with news, those whose ledgers are through, where it ended."""

    news: frozenset[int]
    through: frozenset[int]
    end: bytes | None  # the key at which the next one begins; None: there is none


def mark_due(connection: Connection) -> None:
    """Have every ledger that something may be told from derived anew, from its first key on."""
    connection.execute(
        update(peers).where(peers.c.state.in_(_TOLD), peers.c.out_listed == 1).values(out_due=START)
    )


def is_due(connection: Connection) -> bool:
    """Whether any ledger is still to be derived anew."""
    query = select(peers.c.id).where(peers.c.out_due.is_not(None)).limit(1)
    return connection.execute(query).first() is not None


def signed_at_once(connection: Connection) -> int:
    """Of how many records that were signed again the rows fit one commit."""
    return _fitting(len(all_peers(connection)), SIGNING)


def _fitting(ledgers: int, besides: int) -> int:
    return max(1, ROWS_A_SLICE // (ledgers + besides))


def derive_next(connection: Connection, context: Context, most: int = 0) -> Slice | None:
    """Derive the next slice of what is due, of so many records (0: as fit); None where all is."""
    everyone = all_peers(connection)
    marks = [peer.out_due for peer in everyone if peer.out_due is not None]
    if not marks:
        return None
    start = min(marks)
    behind = [peer for peer in everyone if peer.out_due == start]
    return _derive(connection, context, behind, start, most)


def derive_from(connection: Connection, context: Context, start: bytes, most: int = 0) -> Slice:
    """Derive a slice of every ledger from this key on, whether it is due or not."""
    return _derive(connection, context, all_peers(connection), start, most)


def _derive(
    connection: Connection, context: Context, behind: Sequence[Peer], start: bytes, most: int
) -> Slice:
    passes_on = is_hub(connection, context)
    most = most or _fitting(len(behind), READING)
    keys, end = _next_keys(connection, context, start, most, passes_on=passes_on)
    known = own_records(connection, context.org, keys)
    about: Collection[RecordKey] = ()
    if passes_on:
        about = {*keys, *_passed_on(connection, [peer.id for peer in behind], start, end)}
    foreign = foreign_records(connection, context.org, about)
    authors = {peer.org: peer for peer in all_peers(connection)} if about else {}
    news, through = set(), set()
    for peer in behind:
        grants = StoreGrants(connection, context, peer)
        grants.derive_records(known)
        if about and grants.is_told:
            passing = Passing(connection, context, peer, authors)
            grants.change(passing.changes(foreign, about, None))
        if grants.channel.pseq != peer.out_pseq:
            news.add(peer.id)
        if grants.channel.due == start:
            grants.channel.due = end
            if end is None:
                through.add(peer.id)
        grants.save()
    return Slice(frozenset(news), frozenset(through), end)


def _next_keys(
    connection: Connection, context: Context, start: bytes, count: int, *, passes_on: bool
) -> tuple[list[RecordKey], bytes | None]:
    """So many keys of records from `start` on, and the one behind them; None where that is all."""
    query = select(records.c.rk).where(records.c.rk >= start)
    if not passes_on:
        query = query.where(records.c.org == context.org)
    found = connection.execute(query.order_by(records.c.rk).limit(count + 1)).scalars()
    keys = [RecordKey(bytes(rk)) for rk in found]
    return keys[:count], keys[count] if len(keys) > count else None


def _passed_on(
    connection: Connection, ids: Sequence[int], start: bytes, end: bytes | None
) -> set[RecordKey]:
    """What ledgers say of others' records between two keys, also where the record is gone."""
    query = select(func.distinct(ledger.c.rk)).where(
        ledger.c.peer.in_(ids), ledger.c.rk >= start, ledger.c.author != b""
    )
    if end is not None:
        query = query.where(ledger.c.rk < end)
    return {RecordKey(bytes(rk)) for rk in connection.execute(query).scalars()}
