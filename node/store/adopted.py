"""Ledger rows for records of others that a peer gives back: what it holds, and from whom.

A restored hub lost them; its peer has them from it, from a time before. Nothing follows from that
for the hub's own store: `node.store.onward` asks what it has of their author.
"""

from collections.abc import Iterable

from sqlalchemy import Connection

from federation.ledger import LedgerRow, RowKind
from federation.verify import verify_record
from node.store.context import Context
from node.store.peers import Peer, all_peers
from protocol.commitment import decode_disclosures, erased_hash, state_hash
from protocol.entry import Status, decode_entry
from protocol.errors import ProtocolError
from protocol.ids import EntryId, OrgId
from protocol.messages import Given


def adopted(
    connection: Connection, context: Context, peer: Peer, items: Iterable[Given]
) -> list[LedgerRow]:
    """Rows for records of others that a peer gives back: it has them from us, from a time before.

    They prove nothing about our own store. What we have of their author decides what becomes of
    them, once we are in step with it; those of nobody we know are left to be stopped.
    """
    authors: dict[OrgId, Peer] | None = None
    rows = []
    for item in items:
        try:
            entry = decode_entry(item.entry)
            if entry.org in {context.org, peer.org}:
                continue
            authors = authors or {each.org: each for each in all_peers(connection)}
            author = authors.get(entry.org)
            if author is None or not author.state.heard:
                continue
            verify_record(
                item.entry, item.sig, item.disclosures, author.docs.current, context.today
            )
            opened = decode_disclosures(item.disclosures, entry)
        except ProtocolError:
            continue
        is_erased = entry.status is Status.ERASED
        state = erased_hash(entry.rk) if is_erased else state_hash(entry.eid, item.disclosures)
        names = tuple(sorted(each.name for each in opened))
        rows.append(
            LedgerRow(
                entry.rk,
                0,
                RowKind.PUT,
                state,
                EntryId(entry.eid),
                entry.rev,
                names,
                entry.exp_day,
                since_us=context.now_us(),
                author=entry.org,
            )
        )
    return rows
