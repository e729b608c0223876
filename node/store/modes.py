"""What a peer's alerts pass through before members see them: nothing, a person, or a sieve.

A mode is ours alone and stands beside the records: what a peer sends is mirrored and confirmed
under every mode, and never `held`. It is looked up when something is shown, so changing it acts at
once on all that is here. Of an alert that hubs brought, whose author is no peer, it is the hub's
mode that counts, the freest of those that brought it. The one in force stands in the register as
well: a backup put back must not let through what a person was to pass.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, delete, insert, select

from node.store import register as permissions
from node.store.peers import all_peers
from node.store.records import chunks, readable_values
from node.store.register import Register
from node.store.tables import forwarded, records
from node.store.tables_voices import passed, peer_modes
from protocol.codec import Value, decode, encode
from protocol.entry import Status
from protocol.ids import OrgId, RecordKey
from protocol.shape import as_array, as_str

_HASH_BYTES = 8
_NOT_SAID = frozenset({"terms"})  # signed anew with each policy of its origin


class Mode(StrEnum):
    """What becomes of a peer's alerts here."""

    REVIEW = "review"  # for staff, until a person passed them
    MEMBERS = "members"  # shown, with the peer's name
    IGNORE = "ignore"  # shown, but for those of certain codes


@dataclass(frozen=True, slots=True)
class PeerMode:
    """The mode of one peer; `ignored` are codes."""

    mode: Mode = Mode.MEMBERS
    ignored: frozenset[str] = frozenset()


TO_MEMBERS = PeerMode()


def all_modes(connection: Connection) -> dict[bytes, PeerMode]:
    """The modes of the peers that have one; all others' alerts go to members."""
    return {
        bytes(row.org): PeerMode(Mode(row.mode), frozenset(row.ignored.split()))
        for row in connection.execute(select(peer_modes))
    }


def set_mode(connection: Connection, org: OrgId, mode: PeerMode, now_us: int) -> None:
    """Put a mode in force. What is here when review begins was shown already: it is passed."""
    before = all_modes(connection).get(org, TO_MEMBERS)
    connection.execute(delete(peer_modes).where(peer_modes.c.org == org))
    if mode != TO_MEMBERS:
        connection.execute(
            insert(peer_modes).values(
                org=org, mode=mode.mode.value, ignored=" ".join(sorted(mode.ignored)),
                since_us=now_us,
            )
        )  # fmt: skip
    if mode.mode is Mode.REVIEW and before.mode is not Mode.REVIEW:
        pass_all(connection, brought_by(connection, org), now_us)


def note_mode(register: Register, org: OrgId, mode: PeerMode) -> None:
    """Keep beyond every backup what a peer's alerts pass through."""
    raw = encode([mode.mode.value, [*sorted(mode.ignored)]])
    value = None if mode == TO_MEMBERS else raw
    if register.get(permissions.MODE, org) != value:
        register.stage(permissions.MODE, org, value)


def obey_modes(connection: Connection, register: Register, now_us: int) -> None:
    """After a restore: put the modes in force that were set since the backup."""
    known = all_modes(connection)
    for org, raw in register.all(permissions.MODE):
        word, ignored = as_array(decode(raw), 2)
        codes = frozenset(as_str(code, 64) for code in as_array(ignored))
        mode = PeerMode(Mode(as_str(word, 64)), codes)
        if known.get(org) != mode:
            set_mode(connection, OrgId(org), mode, now_us)


def brought_by(connection: Connection, org: OrgId) -> list[RecordKey]:
    """The live alerts that came from a peer: its own, and those that it passed on."""
    own = select(records.c.rk).where(records.c.org == org, records.c.status == int(Status.LIVE))
    found = [RecordKey(bytes(rk)) for rk in connection.execute(own).scalars()]
    peer = next((each for each in all_peers(connection) if each.org == org), None)
    if peer is not None:
        others = select(forwarded.c.rk).where(forwarded.c.source == peer.id)
        found += [RecordKey(bytes(rk)) for rk in connection.execute(others).scalars()]
    return found


def pass_all(connection: Connection, rks: Collection[RecordKey], now_us: int) -> int:
    """Let alerts through as they stand now; returns how many were here."""
    count = 0
    for group in chunks(rks):
        connection.execute(delete(passed).where(passed.c.rk.in_(group)))
        query = select(records.c.rk, records.c.disclosures).where(
            records.c.rk.in_(group), records.c.status == int(Status.LIVE)
        )
        rows = [
            {
                "rk": rk,
                "content": b"".join(sorted(said(readable_values(bytes(raw))))),
                "at_us": now_us,
            }
            for rk, raw in connection.execute(query)
        ]
        if rows:
            connection.execute(insert(passed), rows)
        count += len(rows)
    return count


def _content(disclosures: bytes) -> bytes:
    return b"".join(sorted(said(readable_values(disclosures))))


def said(values: Mapping[str, Value]) -> set[bytes]:
    """A hash of each field that an alert says something by."""
    return {
        hashlib.blake2b(encode([name, value]), digest_size=_HASH_BYTES).digest()
        for name, value in values.items()
        if name not in _NOT_SAID and not name.endswith(".token")
    }


def not_passed(connection: Connection, shown: Mapping[RecordKey, bytes]) -> frozenset[RecordKey]:
    """Those of these alerts (with their disclosures) that say what no person has passed.

    Less than what was passed needs nobody: a correction that takes something out acts at once.
    """
    known: dict[RecordKey, set[bytes]] = {}
    for group in chunks(shown):
        for row in connection.execute(select(passed).where(passed.c.rk.in_(group))):
            raw = bytes(row.content)
            parts = {raw[at : at + _HASH_BYTES] for at in range(0, len(raw), _HASH_BYTES)}
            known[RecordKey(bytes(row.rk))] = parts
    return frozenset(
        rk for rk, raw in shown.items() if said(readable_values(raw)) - known.get(rk, set())
    )


def mode_of(
    org: bytes, modes: Mapping[bytes, PeerMode], peers: Collection[bytes], hubs: Iterable[bytes]
) -> PeerMode:
    """The mode of an organisation's alert; `hubs` are the peers that passed it on."""
    if org in peers or org in modes:
        return modes.get(org, TO_MEMBERS)
    brought = [modes.get(hub, TO_MEMBERS) for hub in hubs]
    if any(each.mode is Mode.MEMBERS for each in brought) or not brought:
        return TO_MEMBERS
    sieves = [each for each in brought if each.mode is Mode.IGNORE]
    if not sieves:
        return PeerMode(Mode.REVIEW)
    return PeerMode(Mode.IGNORE, frozenset.intersection(*(each.ignored for each in sieves)))


def ignores(mode: PeerMode, codes: Collection[str]) -> bool:
    """Whether an alert of these codes is left out: all of them are ignored, and it has some."""
    return mode.mode is Mode.IGNORE and bool(codes) and mode.ignored.issuperset(codes)
