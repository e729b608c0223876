"""Finding an alert or a peer by what a person typed, and saying what an alert's status is.

An alert is any record here that has an entry, ours or another organisation's. Its status says
whether people may go by it now; `Seen` is who we hear, so that nothing of a blocked or unsynced
origin is shown as live.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Connection, Row, select

from federation.ledger import RowKind
from federation.peers import PeerState
from node.errors import BadRequest, NotFound
from node.store.authors import shown_authors
from node.store.context import Context
from node.store.kept import kept
from node.store.peers import Peer, all_peers
from node.store.tables import peers, records
from protocol.entry import Status
from protocol.errors import ProtocolError
from protocol.ids import Day, OrgId, RecordKey, parse_record_key, text_id

AlertStatus = Literal["live", "withdrawn", "erased", "expired", "quarantined"]
LEAST_LETTERS = 8
_ID_LETTERS = 26
_ID_BITS = 130  # 26 letters of five bits; the last two bits are padding
_LETTERS = "abcdefghijklmnopqrstuvwxyz234567"
_MISREAD = str.maketrans({"0": "o", "1": "i", " ": None, "-": None})


@dataclass(frozen=True, slots=True)
class Origin:
    """A peer as far as its records are concerned."""

    org: bytes
    name: str
    state: PeerState
    contact_us: int
    in_synced: bool


_ORIGINS = select(
    peers.c.org, peers.c.name, peers.c.state, peers.c.contact_us, peers.c.in_synced
).order_by(peers.c.id)


def origins(connection: Connection) -> tuple[Origin, ...]:
    """Every peer, oldest first, without its documents."""
    return kept(connection, "origins", lambda: _origins(connection))


def _origins(connection: Connection) -> tuple[Origin, ...]:
    return tuple(
        Origin(bytes(org), name, PeerState(state), contact, bool(synced))
        for org, name, state, contact, synced in connection.execute(_ORIGINS)
    )


@dataclass(frozen=True, slots=True)
class Seen:
    """Whose records may be shown, and what each organisation is called here."""

    own: OrgId
    names: Mapping[bytes, str]
    shown: frozenset[bytes]
    today: Day

    def status(self, row: Row[Any]) -> AlertStatus:
        """The status of a record's row (columns org, status, row_kind, hidden, exp_day)."""
        if row.status == Status.ERASED:
            return "erased"
        if row.status == Status.WITHDRAWN or row.row_kind == RowKind.STOP:
            return "withdrawn"
        if row.hidden or bytes(row.org) not in self.shown:
            return "quarantined"
        return "expired" if row.exp_day < self.today else "live"

    def name(self, org: bytes) -> str:
        """What this node calls the organisation; empty where it knows no name."""
        return self.names.get(bytes(org), "")


def seen(connection: Connection, context: Context) -> Seen:
    """Who is heard now: we, and peers that are trusted or paused, and synced since a restore.

    Authors that hubs pass on are heard too, as long as they are no peers of ours.
    """
    name, today = context.own_doc.name, context.today
    return kept(connection, ("seen", name, today), lambda: _seen(connection, context, name, today))


def _seen(connection: Connection, context: Context, own_name: str, today: Day) -> Seen:
    heard, passed_on = origins(connection), shown_authors(connection)
    names = {**passed_on, **{peer.org: peer.name for peer in heard}, bytes(context.org): own_name}
    shown = {peer.org for peer in heard if peer.state.heard and peer.in_synced}
    shown |= passed_on.keys() | {bytes(context.org)}
    return Seen(context.org, names, frozenset(shown), today)


def find_alert(connection: Connection, text: str) -> Row[Any]:
    """The record's row whose id is this, or begins so; NotFound, BadRequest if several do."""
    typed = text.strip().lower().translate(_MISREAD)
    if len(typed) >= _ID_LETTERS:
        rows = _whole(connection, typed)
    elif len(typed) < LEAST_LETTERS or set(typed) - set(_LETTERS):
        raise NotFound(f"an alert is its id, or at least the first {LEAST_LETTERS} letters of it")
    else:
        rows = _beginning(connection, typed)
    if not rows:
        raise NotFound("there is no alert with that id here; see parasol alert list")
    if len(rows) > 1:
        raise BadRequest("several alerts begin so; give more of the id")
    return rows[0]


def _whole(connection: Connection, typed: str) -> list[Row[Any]]:
    try:
        rk = parse_record_key(typed)
    except ProtocolError:
        return []
    return list(connection.execute(select(records).where(records.c.rk == rk, _has_entry())))


def _beginning(connection: Connection, typed: str) -> list[Row[Any]]:
    value = 0
    for letter in typed:
        value = value << 5 | _LETTERS.index(letter)
    left = _ID_BITS - 5 * len(typed)
    low, high = (value << left) >> 2, ((value + 1) << left) - 1 >> 2
    query = select(records).where(
        records.c.rk >= low.to_bytes(16, "big"),
        records.c.rk <= high.to_bytes(16, "big"),
        _has_entry(),
    )
    return list(connection.execute(query.limit(2)))


def _has_entry() -> Any:
    return records.c.eid != b""


def find_peer(connection: Connection, text: str) -> Peer:
    """The peer with this name or id, or whose id begins so; NotFound, BadRequest if several."""
    typed = text.strip()
    known = all_peers(connection)
    found = [peer for peer in known if text_id(peer.org) == typed.lower()]
    if not found:
        found = [peer for peer in known if typed and peer.name.casefold() == typed.casefold()]
    if not found and typed:
        found = [peer for peer in known if text_id(peer.org).startswith(typed.lower())]
    if not found:
        raise NotFound("there is no such peer; see parasol peer list")
    if len(found) > 1:
        raise BadRequest("several peers are called so; give the beginning of its id")
    return found[0]


def find_org(connection: Connection, context: Context, text: str) -> OrgId:
    """An organisation by name or id: ours, a peer's, or one whose alerts a hub passes on."""
    typed = text.strip()
    own = text_id(context.org)
    if typed.casefold() == context.own_doc.name.casefold() or (typed and own.startswith(typed)):
        return context.org
    passed_on = [
        OrgId(org)
        for org, name in shown_authors(connection).items()
        if typed and (name.casefold() == typed.casefold() or text_id(org).startswith(typed.lower()))
    ]
    return passed_on[0] if len(passed_on) == 1 else find_peer(connection, typed).org


def record_key(row: Row[Any]) -> RecordKey:
    """The key of a record's row."""
    return RecordKey(bytes(row.rk))
