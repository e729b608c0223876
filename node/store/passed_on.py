"""What is shown of records that hubs pass on: one row of `records` for each, made from the mirrors.

Only where the author is no source of ours: its own row is never touched. The highest entry that a
hub brought stands; shown is the union of what heard hubs disclose of that very entry, as our policy
admitted it. Invariants: no lower entry is shown after a higher one was known, also where the hub
that brought the higher one stopped it or went; what the register knows as erased is not shown, and
an erasure purges every mirror's values; such a row has `row_exp` 0 and is in nobody's mirror.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from federation.ledger import RowKind
from node.store import register as permissions
from node.store.asking import REVOKED
from node.store.authors import ask_hubs_again, is_refused
from node.store.brake import BRAKED
from node.store.context import Context
from node.store.peers import Peer, all_peers
from node.store.purges import note_purge
from node.store.quarantine import QUARANTINED, since_of
from node.store.records import (
    NOTHING_DISCLOSED,
    chunks,
    index_rows,
    opened_values,
    reindex,
    summary,
    unindex,
)
from node.store.tables import equivocations, forwarded, peers, records
from node.store.tables_defence import braked
from protocol.codec import encode
from protocol.commitment import Disclosure, decode_disclosures, encode_disclosures
from protocol.entry import Entry, Status, decode_entry
from protocol.ids import OrgId, RecordKey
from protocol.merge import conflicts, order

MIRRORED = tuple(column.name for column in forwarded.c if column.name not in {"id", "source"})


def show(
    connection: Connection, context: Context, rks: Collection[RecordKey] | None = None
) -> None:
    """Make what is shown of these records (None: of all that were passed on) follow the mirrors."""
    if rks is None:
        _settle(connection, context)
        found = connection.execute(select(forwarded.c.rk).group_by(forwarded.c.rk)).fetchall()
        rks = {RecordKey(bytes(rk)) for (rk,) in found} | set(_derived(connection))
    if not rks:
        return
    known = all_peers(connection)
    heard = {peer.id for peer in known if peer.state.heard and peer.in_synced}
    refused = {bytes(peer.org) for peer in known if is_refused(peer)}
    for group in chunks(rks):
        mirrors: dict[bytes, list[Any]] = {}
        query = select(forwarded).where(forwarded.c.rk.in_(group), forwarded.c.eid != b"")
        for row in connection.execute(query).fetchall():
            mirrors.setdefault(bytes(row.rk), []).append(row)
        shown = {
            bytes(row.rk): row
            for row in connection.execute(select(records).where(records.c.rk.in_(group)))
        }
        for rk in group:
            _show_one(connection, context, rk, mirrors.get(rk, []), shown.get(rk), heard, refused)


def _settle(connection: Connection, context: Context) -> None:
    """Go on with what waited for the brake: no copy of it is set aside any more.

    Two hubs may bring one erasure: once that of one is decided about, the other's waits for nobody.
    What waited may have lacked documents that came since.
    """
    ask_hubs_again(connection)
    copy = (braked.c.rk == forwarded.c.rk) & (braked.c.org == peers.c.org)
    aside = select(forwarded.c.id).join(peers, peers.c.id == forwarded.c.source).join(braked, copy)
    waits = (forwarded.c.held == BRAKED, forwarded.c.id.not_in(aside))
    for row in connection.execute(select(forwarded).where(*waits)).fetchall():
        if row.status == Status.ERASED and row.hidden != REVOKED:
            came = row.received_us.to_bytes(8, "big")
            line = encode([bytes(row.entry), bytes(row.sig), came])
            context.register.stage(permissions.ERASED, bytes(row.rk), line)
        connection.execute(update(forwarded).where(forwarded.c.id == row.id).values(held=""))


def _derived(connection: Connection) -> Iterator[RecordKey]:
    query = select(records.c.rk).where(records.c.row_exp == 0, records.c.pseq == 0)
    return (RecordKey(bytes(rk)) for (rk,) in connection.execute(query).fetchall())


def is_derived(row: Any) -> bool:
    """Whether a row of `records` follows from what hubs passed on."""
    return bool(row.row_exp == 0 and len(row.eid) > 0)


def _show_one(
    connection: Connection,
    context: Context,
    rk: RecordKey,
    mirrors: Sequence[Any],
    old: Any,
    heard: Collection[int],
    refused: Collection[bytes],
) -> None:
    if old is not None and not is_derived(old):
        proves_nothing = not len(old.eid) and mirrors and bytes(old.org) != bytes(mirrors[0].org)
        if not proves_nothing:
            return
        set_aside(connection, context, old)
        old = None
    if not mirrors:
        if old is not None:
            unindex(connection, [(old.id, bytes(old.disclosures))])
            connection.execute(delete(records).where(records.c.id == old.id))
        return
    sound = [(decode_entry(bytes(row.entry)), row) for row in mirrors if row.hidden != REVOKED]
    gone = {bytes(row.eid) for row in mirrors if row.hidden == REVOKED}
    if not sound:
        _write(
            connection, rk, old, _row(decode_entry(bytes(mirrors[0].entry)), mirrors[0], REVOKED)
        )
        return
    best, row = max(sound, key=lambda pair: order(pair[0]))
    _prove(connection, sound, best)
    if old is not None and bytes(old.eid) not in gone and old.hidden != REVOKED:
        known = decode_entry(bytes(old.entry))
        if order(known) > order(best):
            best, row = known, old
    is_erased = context.register.get(permissions.ERASED, rk) is not None
    # Hidden at once; but it purges nothing before somebody decides.
    is_braked = _is_braked(sound, best)
    if is_erased or (best.status is Status.ERASED and not is_braked):
        connection.execute(
            update(forwarded).where(forwarded.c.rk == rk).values(disclosures=NOTHING_DISCLOSED)
        )
        note_purge(connection)
    new = _row(best, row, "")
    speaking = [
        bytes(each.disclosures)
        for entry, each in sound
        if entry.eid == best.eid and each.row_kind == RowKind.PUT and each.source in heard
    ]
    if bytes(best.org) not in refused and not is_erased and best.status is not Status.ERASED:
        union = _union(speaking, best)
        new |= {"disclosures": union, **summary(opened_values(union))}
    is_silent = new["disclosures"] == NOTHING_DISCLOSED
    if is_braked and is_silent and not is_erased:
        new["held"] = BRAKED
    if best.status is Status.LIVE and is_silent:
        new["row_kind"] = int(RowKind.STOP)
    new["received_us"] = min([each.received_us for entry, each in sound if entry.eid == best.eid]
                             or [row.received_us])  # fmt: skip
    since = since_of(context, OrgId(best.org))
    if since is not None and new["received_us"] >= since and best.status is Status.LIVE:
        new["hidden"] = QUARANTINED
    _write(connection, rk, old, new)


def _prove(connection: Connection, sound: Sequence[tuple[Entry, Any]], best: Entry) -> None:
    for entry, row in sound:
        if conflicts(best, entry):  # two hubs, two texts: proof against who signed both
            proof = {"eid": entry.eid, "rk": entry.rk, "entry": entry.raw, "sig": bytes(row.sig)}
            connection.execute(insert(equivocations).prefix_with("OR IGNORE"), [proof])


def _is_braked(sound: Sequence[tuple[Entry, Any]], best: Entry) -> bool:
    return any(row.held == BRAKED and entry.eid == best.eid for entry, row in sound)


def set_aside(connection: Connection, context: Context, old: Any) -> None:
    """Let a row that no entry backs make room: who sent it keeps it among what it passed on."""
    source = connection.execute(select(peers.c.id).where(peers.c.org == old.org)).scalar()
    connection.execute(delete(records).where(records.c.id == old.id))
    if source is not None:
        context.live_counts.pop(-source, None)
        row = {name: getattr(old, name) for name in MIRRORED} | {"org": b"", "source": source}
        connection.execute(insert(forwarded).prefix_with("OR IGNORE").values(**row))


def _union(disclosed: Iterable[bytes], entry: Entry) -> bytes:
    """Every field that somebody discloses of this entry, in the one encoding."""
    found: dict[str, Disclosure] = {}
    for raw in disclosed:
        found |= {each.name: each for each in decode_disclosures(raw, entry)}
    return encode_disclosures(found.values())


def _row(entry: Entry, row: Any, hidden: str) -> dict[str, Any]:
    return {
        "rk": entry.rk, "org": entry.org, "eid": entry.eid, "rev": entry.rev, "day": entry.day,
        "exp_day": entry.exp_day, "status": int(entry.status), "node_key": entry.node_key,
        "entry": entry.raw, "sig": bytes(row.sig), "disclosures": NOTHING_DISCLOSED,
        "received_us": row.received_us, "hidden": hidden, **summary({}), "pseq": 0, "state": b"",
        "row_kind": int(RowKind.PUT), "row_exp": 0, "held": "",
    }  # fmt: skip


def _write(connection: Connection, rk: RecordKey, old: Any, new: dict[str, Any]) -> None:
    values = opened_values(new["disclosures"]) if new["status"] == Status.LIVE else {}
    if old is None:
        result = connection.execute(insert(records).values(**new))
        primary_key = result.inserted_primary_key
        record = primary_key[0] if primary_key else 0
    else:
        record = old.id
        unindex(connection, [(old.id, bytes(old.disclosures))])
        note_purge(connection)
        connection.execute(update(records).where(records.c.rk == rk).values(**new))
    reindex(connection, index_rows(record, values))


def hubs_of(connection: Connection, rk: bytes, known: Sequence[Peer]) -> list[str]:
    """The names of the peers that passed a record on to us and have not stopped it."""
    names = {peer.id: peer.name for peer in known}
    query = select(forwarded.c.source).where(
        forwarded.c.rk == rk, forwarded.c.row_kind == int(RowKind.PUT), forwarded.c.eid != b""
    )
    return sorted(names.get(source, "") for (source,) in connection.execute(query))
