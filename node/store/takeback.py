"""Own records that came back from a peer after this node lost its memory of them.

Each is verified as any other record would be. What the register forbids comes back erased or
withdrawn; what was signed with a revoked key waits for the keeper, because a thief's tombstone
must not return this way and erase its own origin. So does what a peer brings that is not trusted
now; that it holds what we know already is believed of any.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection, update
from sqlalchemy.dialects.sqlite import insert

from federation.ledger import LedgerRow, RowKind
from federation.peers import PeerState
from federation.release import Consent, Restrictions
from federation.terms import allows
from federation.verify import Verified, verify_record
from node.store import register as permissions
from node.store.consents import both, in_force
from node.store.context import Context
from node.store.doubts import note_proof
from node.store.records import (
    OwnRecord,
    decode_restrictions,
    note_partial,
    own_records,
    save_own,
)
from node.store.tables import equivocations, own, returned
from protocol.codec import decode
from protocol.commitment import Disclosure, decode_disclosures, encode_disclosures
from protocol.entry import Entry, Status, decode_entry
from protocol.errors import ErrorNumber, ProtocolError
from protocol.ids import RecordKey
from protocol.merge import conflicts, order
from protocol.messages import Given
from protocol.shape import as_array, as_bytes

if TYPE_CHECKING:
    from node.store.grants import StoreGrants

DAY_US = 86_400_000_000


def take_back(
    connection: Connection,
    context: Context,
    grants: "StoreGrants",
    items: Sequence[Given],
    wanted: Collection[RecordKey],
) -> set[RecordKey]:
    """Merge what was wanted; returns the keys of the records that came, merged or waiting."""
    came: set[RecordKey] = set()
    for item in items:
        try:
            entry = decode_entry(item.entry)
        except ProtocolError:
            continue
        if entry.rk not in wanted:
            continue
        try:
            record = verify_record(
                item.entry, item.sig, item.disclosures, context.own_doc, context.today
            )
        except ProtocolError as error:
            if error.number is not ErrorNumber.KEY:
                continue
            came.add(entry.rk)
            _wait_for_keeper(connection, grants.peer.id, item, entry.rk, entry.eid, "key")
            continue
        came.add(entry.rk)
        known = grants.known([entry.rk]).get(entry.rk)
        note_proof(connection, context, grants.peer.id, known, entry)
        if grants.peer.state is not PeerState.TRUSTED:
            if known is not None and known.eid == entry.eid:
                _adopt(context, grants, record)
            elif _has_ended(context, entry):
                merge_own(connection, context, record)
                _adopt(context, grants, record)
            else:
                _wait_for_keeper(
                    connection, grants.peer.id, item, entry.rk, entry.eid, "not_trusted"
                )
            continue
        if _is_unexpected(context, entry):
            _wait_for_keeper(connection, grants.peer.id, item, entry.rk, entry.eid, "unexpected")
            continue
        merge_own(connection, context, record)
        _adopt(context, grants, record)
    return came


def _is_unexpected(context: Context, entry: Entry) -> bool:
    """Whether a revision came back that the register never saw: then a thief may have signed it.

    The register notes every revision after the first before it is stored. Where it is lost,
    nothing goes out before the keeper has looked, so that everything may come back.
    """
    if context.hold_all or (entry.rev == 1 and entry.status is Status.LIVE):
        return False
    return _is_unknown(context, entry)


def _is_unknown(context: Context, entry: Entry) -> bool:
    return entry.rev > context.register.least_revision(entry.rk)


def recovered_consent(
    context: Context,
    entry: Entry,
    opened: Mapping[str, Disclosure],
    known: Consent | None = None,
) -> Consent:
    """What the reporter of a record that came back allows: no more than its terms and the register.

    It had gone to a peer, so peers were granted; more than its terms say is not assumed. `known` is
    the consent in our store: where the register never saw the revision that came, it may be older
    than a no of hers.
    """
    terms = opened["terms"].value if "terms" in opened else None
    said = Consent(
        members=allows(terms, "members"), peers=True, print=allows(terms, "print"),
        statistics=allows(terms, "statistics"), police_anonymised=allows(terms, "police"),
    )  # fmt: skip
    if known is None:
        return in_force(context.register, entry.rk, said)
    if entry.status is Status.LIVE and _is_unknown(context, entry):
        known = both(known, replace(said, contact=True, police_supported=True))
    return in_force(context.register, entry.rk, known)


def _has_ended(context: Context, entry: Entry) -> bool:
    """Whether the register ends what came, whoever brought it: then nobody's word is taken."""
    if context.register.get(permissions.ERASED, entry.rk) is not None:
        return True
    is_withdrawn = context.register.get(permissions.WITHDRAWN, entry.rk) is not None
    return is_withdrawn and entry.rev < context.register.least_revision(entry.rk)


def _wait_for_keeper(
    connection: Connection, peer: int, item: Given, rk: RecordKey, eid: bytes, reason: str
) -> None:
    row = {
        "rk": rk, "eid": eid, "peer": peer, "entry": item.entry, "sig": item.sig,
        "disclosures": item.disclosures, "reason": reason,
    }  # fmt: skip
    connection.execute(insert(returned).values(**row).on_conflict_do_nothing())


def merge_own(connection: Connection, context: Context, record: Verified) -> None:
    """Merge one verified own record with what this store has of it, and with the register."""
    entry = record.entry
    mine = own_records(connection, context.org, [entry.rk]).get(entry.rk)
    opened = {disclosure.name: disclosure for disclosure in record.opened()}
    now = context.now_us()
    if mine is None:
        came = OwnRecord(
            entry, record.sig, opened, recovered_consent(context, entry, opened),
            _restrictions(context, entry.rk), frozenset(opened), entry.day * DAY_US,
        )  # fmt: skip
        if save_own(connection, came, record.disclosures, now):
            context.digests.forget()
            context.live_counts.clear()
        note_partial(connection, [entry.rk])
        _note_how_it_came(connection, entry, now)
        context.came_back.add(entry.rk)
    elif mine.entry.eid == entry.eid:
        union = {**opened, **mine.opened}
        both = replace(mine, opened=union)
        save_own(connection, both, encode_disclosures(union.values()), now)
    elif conflicts(mine.entry, entry):
        # Ours stands, and is issued again above both: the other text may be a thief's.
        connection.execute(
            insert(equivocations)
            .values(eid=entry.eid, rk=entry.rk, entry=entry.raw, sig=record.sig)
            .on_conflict_do_nothing()
        )
        context.conflicts.add(entry.rk)
    elif order(entry) > order(mine.entry):
        approved = mine.approved | frozenset(opened)
        consent = recovered_consent(context, entry, opened, mine.consent)
        newer = replace(
            mine, entry=entry, sig=record.sig, opened=opened, approved=approved, consent=consent
        )
        save_own(connection, newer, record.disclosures, now)
        _note_how_it_came(connection, entry, now)
        context.came_back.add(entry.rk)
    obey_register(connection, context, entry.rk)


def _note_how_it_came(connection: Connection, entry: Entry, now_us: int) -> None:
    """Remember the key that a record came back under: should it be revoked, the record goes too."""
    connection.execute(
        update(own).where(own.c.rk == entry.rk).values(came_key=entry.node_key, came_us=now_us)
    )


def obey_register(connection: Connection, context: Context, rk: RecordKey) -> None:
    """Bring one own record to what the register says is in force.

    Also one that this store never had, or has no more: its peers still hold the end of it, and
    under a key that is revoked by now they could not give it back.
    """
    erased = context.register.get(permissions.ERASED, rk)
    withdrawn = context.register.get(permissions.WITHDRAWN, rk)
    raw = erased or withdrawn
    if raw is None:
        return
    parts = [as_bytes(part) for part in as_array(decode(raw))]
    entry = decode_entry(parts[0])
    mine = own_records(connection, context.org, [rk]).get(rk)
    if entry.org != context.org or (mine is not None and order(mine.entry) >= order(entry)):
        return
    if mine is None and entry.exp_day < context.today:
        return  # its copies have ended by themselves
    disclosures = parts[2] if len(parts) > 2 else encode_disclosures(())
    # Ours, from our own encrypted file: its key may have left our document since, and a node that
    # refused to open for that would be lost.
    opened = {each.name: each for each in decode_disclosures(disclosures, entry)}
    if mine is None:
        standing = OwnRecord(
            entry, parts[1], opened, recovered_consent(context, entry, opened),
            _restrictions(context, rk),
            frozenset(opened), entry.day * DAY_US,
        )  # fmt: skip
    else:
        standing = replace(mine, entry=entry, sig=parts[1], opened=opened)
    if save_own(connection, standing, disclosures, context.now_us()):
        context.digests.forget()
        context.live_counts.clear()
    if context.own_doc.key_state(entry.node_key, context.today) != "valid":
        context.conflicts.add(rk)  # no peer would take it under that key: it is signed again


def _adopt(context: Context, grants: "StoreGrants", record: Verified) -> None:
    """Note in the ledger that this peer holds what it gave; only a digest will confirm it."""
    entry = record.entry
    names = tuple(disclosure.name for disclosure in record.opened())
    now = context.now_us()
    grants.set_row(
        LedgerRow(
            entry.rk, 0, RowKind.PUT, record.state, entry.eid, entry.rev, names, entry.exp_day,
            since_us=now,
        )
    )  # fmt: skip


def _restrictions(context: Context, rk: RecordKey) -> Restrictions:
    raw = context.register.get(permissions.NARROWED, rk)
    return Restrictions() if raw is None else decode_restrictions(raw)
