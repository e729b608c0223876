"""Peers as rows: their documents, their state, and where both channels stand."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, Update, bindparam, insert, select, update

from federation.peers import PeerState
from keys.card import Accepts
from keys.documents import Documents, decode_documents, encode_documents
from node.store.senders import WATCHED, Sender, note_change
from node.store.tables import peers
from protocol.codec import decode, encode
from protocol.ids import RECORD_KEY_BYTES, OrgId, RecordKey
from protocol.limits import ENVELOPE_BYTES

_BY_ID = select(peers).where(peers.c.id == bindparam("wanted"))
_BY_ORG = select(peers).where(peers.c.org == bindparam("wanted"))


@dataclass(frozen=True)
class Peer:
    """One peer as stored. Times are microseconds since 1970, 0 for never."""

    id: int
    org: OrgId
    name: str
    state: PeerState
    docs_raw: bytes = field(repr=False)
    token: bytes = field(repr=False)
    they_trust: bool
    hello_due: bool
    contact_us: int
    failures: int
    next_try_us: int
    trouble: str
    out_pseq: int
    out_cursor: int
    out_listed: bool
    out_list_pos: bytes | None
    out_wanted: tuple[RecordKey, ...]
    out_due: bytes | None
    in_cursor: int
    in_relist: int  # federation.receiver: NOT_ASKED, ASKED, LISTING
    in_synced: bool

    @property
    def docs(self) -> Documents:
        """Its org documents and card, verified when they were stored, and again here."""
        return documents_of(self.docs_raw)

    @property
    def accepts(self) -> Accepts | None:
        """What its card says it may hold; None before there is a card."""
        card = self.docs.card
        return None if card is None else card.accepts

    @property
    def region(self) -> str:
        """The region on its card, or empty."""
        return self.accepts.region if self.accepts else ""

    def is_due(self, rk: bytes) -> bool:
        """Whether its row about a record is still to be derived anew: its word is about another."""
        return self.out_due is not None and rk >= self.out_due

    @property
    def endpoint(self) -> str | None:
        """Where it can be reached, if anywhere."""
        card = self.docs.card
        return card.endpoints[0] if card is not None and card.endpoints else None


@lru_cache(maxsize=256)
def documents_of(raw: bytes) -> Documents:
    """Documents from stored bytes; the same bytes are verified once, since all of them is the key.

    Each message of a peer needs them several times, and two signatures take 150 µs.
    """
    return decode_documents(decode(raw, limit=ENVELOPE_BYTES))


def all_peers(connection: Connection) -> list[Peer]:
    """Every peer, oldest first."""
    return [_peer(row) for row in connection.execute(select(peers).order_by(peers.c.id))]


def peer_of(connection: Connection, org: bytes) -> Peer | None:
    """The peer with this org id."""
    row = connection.execute(_BY_ORG, {"wanted": org}).one_or_none()
    return None if row is None else _peer(row)


def sender_of(connection: Connection, org: bytes) -> Sender | None:
    """The peer with this org id, as far as its messages are answered by it."""
    peer = peer_of(connection, org)
    return None if peer is None else Sender(peer.id, peer.org, peer.state, peer.docs)


def peer_by_id(connection: Connection, peer: int) -> Peer:
    """The peer with this row id."""
    return _peer(connection.execute(_BY_ID, {"wanted": peer}).one())


def add_peer(
    connection: Connection,
    docs: Documents,
    *,
    name: str,
    state: PeerState,
    now_us: int,
    token: bytes = b"",
    hello_due: bool = False,
) -> Peer:
    """Add a peer, or bring a known one back with new documents."""
    note_change(connection)
    row: dict[str, Any] = {
        "name": name, "state": state.value, "docs": encode(encode_documents(docs)),
        "token": token, "hello_due": int(hello_due),
    }  # fmt: skip
    known = peer_of(connection, docs.org)
    if known is None:
        connection.execute(insert(peers).values(org=docs.org, added_us=now_us, **row))
    else:
        connection.execute(update(peers).where(peers.c.id == known.id).values(**row))
    found = peer_of(connection, docs.org)
    if found is None:
        raise LookupError("a peer that was just written is gone")
    return found


def set_peer(connection: Connection, peer: int, /, **values: Any) -> None:
    """Change columns of one peer."""
    if not WATCHED.isdisjoint(values):
        note_change(connection)
    connection.execute(_setting(tuple(values)), {**values, "wanted": peer})


@lru_cache(maxsize=64)
def _setting(names: tuple[str, ...]) -> Update:
    """The statement that sets these columns; each message sets some, and building it takes long."""
    return (
        update(peers)
        .where(peers.c.id == bindparam("wanted"))
        .values({name: bindparam(name) for name in names})
    )


def mark_hello_due(connection: Connection, states: Iterable[PeerState]) -> None:
    """Have every peer in these states told about our documents again."""
    names = [state.value for state in states]
    connection.execute(update(peers).where(peers.c.state.in_(names)).values(hello_due=1))


def _peer(row: Row[Any]) -> Peer:
    wanted = bytes(row.out_wanted)
    step = RECORD_KEY_BYTES
    return Peer(
        row.id, OrgId(bytes(row.org)), row.name, PeerState(row.state), bytes(row.docs),
        bytes(row.token), bool(row.they_trust), bool(row.hello_due), row.contact_us,
        row.failures, row.next_try_us, row.trouble, row.out_pseq, row.out_cursor,
        bool(row.out_listed), None if row.out_list_pos is None else bytes(row.out_list_pos),
        tuple(RecordKey(wanted[i : i + step]) for i in range(0, len(wanted), step)),
        None if row.out_due is None else bytes(row.out_due),
        row.in_cursor, row.in_relist, bool(row.in_synced),
    )  # fmt: skip
