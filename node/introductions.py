"""Hello: how organisations exchange documents, before and after they trust each other.

The only message whose sender is found in its own documents, after the chain verifies to its id. An
unknown organisation needs an unused token; a known one can only follow its pin. Nothing here makes
a peer trusted: a person does that, by comparing codes.
"""

import hashlib
from typing import Any

from sqlalchemy import Connection, select, update

from federation.peers import PeerState
from keys.documents import Documents, decode_documents
from keys.envelope import Inner, Opened
from keys.orgdoc import OrgDoc
from keys.pin import Equivocation, accept
from node.moments import iso_time
from node.runtime import Node
from node.store.authors import ask_hubs_again
from node.store.context import Context
from node.store.enforce import purge_not_accepted, roll_back_revoked
from node.store.grants import StoreGrants
from node.store.guards import guard
from node.store.peers import Peer, add_peer, peer_by_id, peer_of, set_peer
from node.store.tables import forwarded, invites
from node.typed import clean_line
from protocol.codec import Value, encode
from protocol.errors import ErrorNumber, ProtocolError
from protocol.ids import NodeKey, text_id
from protocol.messages import Hello, decode_body

TOKEN_DAYS_US = 7 * 86_400_000_000
TRUSTING = frozenset({PeerState.TRUSTED, PeerState.PAUSED})
INVITE_LETTERS = 8
NOT_FOUND = "http_404"
ALARMS = frozenset({"equivocation", "invite_used_twice"})  # until codes are compared


def token_hash(token: bytes) -> bytes:
    """What is stored of an invite's token."""
    return hashlib.blake2b(token, digest_size=32, person=b"parasol1.token").digest()


def invite_id(hashed: bytes) -> str:
    """How people name an invite: the start of its token's hash, which is no secret."""
    return text_id(bytes(hashed))[:INVITE_LETTERS]


def unused_invites(connection: Connection, now_us: int) -> list[dict[str, Any]]:
    """Our invites that nobody has used, oldest first: open ones, and those that ended so."""
    query = select(invites).where(invites.c.used_by.is_(None)).order_by(invites.c.made_us)
    return [
        {
            "id": invite_id(row.token_hash), "name": row.name, "made": iso_time(row.made_us),
            "expires": iso_time(row.made_us + TOKEN_DAYS_US),
            "state": "open" if now_us <= row.made_us + TOKEN_DAYS_US else "ended unused",
        }
        for row in connection.execute(query)
    ]  # fmt: skip


def our_hello(node: Node, peer: Peer | None, token: bytes = b"") -> Hello:
    """Our documents for one peer, and whether we have verified it."""
    docs = node.documents
    pairs = [(document.raw, document.sig) for document in docs.orgdocs]
    if docs.card is not None:
        pairs.append((docs.card.raw, docs.card.sig))
    return Hello(token, peer is not None and peer.state in TRUSTING, tuple(pairs))


def prove_hello(opened: Opened, today: int) -> tuple[Hello, Documents]:
    """Read a hello and prove its sender by its own documents. ProtocolError.

    Slow (several signatures): callers run it off the event loop.
    """
    hello = decode_body("hello", opened.inner.body)
    if not isinstance(hello, Hello):
        raise ProtocolError(ErrorNumber.MALFORMED, "a hello was expected")
    pairs: list[Value] = [[raw, sig] for raw, sig in hello.docs]
    docs = decode_documents(pairs)
    if docs.org != opened.inner.from_org:
        raise ProtocolError(ErrorNumber.KEY, "the documents of another organisation")
    key = opened.inner.from_key
    if docs.current.key_state(key, today) != "valid":
        raise ProtocolError(ErrorNumber.KEY, "a hello under a key that is not valid now")
    opened.verify(key)
    return hello, docs


async def receive_hello(
    node: Node, inner: Inner, hello: Hello, docs: Documents, *, is_answer: bool = False
) -> Peer | None:
    """Apply a proved hello as `take_hello` does; two documents of one version leave an alarm."""
    try:
        return await node.change(take_hello, node.context, inner, hello, docs, is_answer=is_answer)
    except Equivocation:
        await node.change(_alarm, docs.org, "equivocation")
        raise


def _alarm(connection: Connection, org: bytes, alarm: str) -> None:
    peer = peer_of(connection, org)
    if peer is not None:
        set_peer(connection, peer.id, trouble=alarm)


def note_trouble(connection: Connection, /, peer_id: int, trouble: str, **values: Any) -> None:
    """Note why the last try failed, or nothing; an alarm is not painted over by the weather."""
    if peer_by_id(connection, peer_id).trouble not in ALARMS:
        values["trouble"] = trouble
    set_peer(connection, peer_id, **values)


def trouble_of(peer: Peer) -> str:
    """What is noted as wrong with a peer; `invite_not_taken` where its node knows no such invite.

    A node answers a stranger with a bare 404, and whoever brings an invite that it does not know
    is one. Another site at that address answers alike, so people are told both.
    """
    not_taken = peer.state is PeerState.INVITED and peer.trouble == NOT_FOUND
    return "invite_not_taken" if not_taken else peer.trouble


def take_hello(
    connection: Connection,
    context: Context,
    inner: Inner,
    hello: Hello,
    docs: Documents,
    *,
    is_answer: bool = False,
) -> Peer | None:
    """Apply a proved hello; None where the sender is unknown and brings no usable token.

    An answer is bound to our open request by its `re`; only a request can be a replay.
    """
    peer = peer_of(connection, docs.org)
    is_new = peer is None or peer.state is PeerState.GONE
    if is_new:
        peer = _welcome(connection, context, hello, docs)
    if peer is None:
        return None  # and nothing of a stranger is written down, its number neither
    if not is_answer:
        guard(connection, context, inner)
    if is_new:
        return peer
    follow(connection, context, peer, docs)
    state = PeerState.UNVERIFIED if peer.state is PeerState.INVITED else peer.state
    set_peer(
        connection, peer.id, they_trust=int(hello.trusted), state=state.value,
        contact_us=context.now_us(), failures=0, next_try_us=0,
        token=b"" if peer.state is not PeerState.INVITED else peer.token,
    )  # fmt: skip
    return peer_by_id(connection, peer.id)


def _welcome(
    connection: Connection, context: Context, hello: Hello, docs: Documents
) -> Peer | None:
    if not hello.token:
        return None
    name = token_hash(hello.token)
    row = connection.execute(select(invites).where(invites.c.token_hash == name)).one_or_none()
    if row is None or row.made_us + TOKEN_DAYS_US < context.now_us():
        return None
    if row.used_by is not None and bytes(row.used_by) != docs.org:
        # Someone else has used this invite: it was read by more than the one it was meant for.
        first = peer_of(connection, bytes(row.used_by))
        if first is not None:
            set_peer(connection, first.id, trouble="invite_used_twice")
        return None
    connection.execute(
        update(invites).where(invites.c.token_hash == name).values(used_by=bytes(docs.org))
    )
    peer = add_peer(
        connection, docs,
        name=row.name or clean_line(docs.current.name), state=PeerState.UNVERIFIED,
        now_us=context.now_us(),
    )  # fmt: skip
    set_peer(connection, peer.id, they_trust=int(hello.trusted), contact_us=context.now_us())
    return peer_by_id(connection, peer.id)


def follow(connection: Connection, context: Context, peer: Peer, docs: Documents) -> bool:
    """Move a pin to newer documents; returns whether anything changed.

    ProtocolError KEY where they do not follow, Equivocation for two documents of one version.
    """
    peer = peer_by_id(connection, peer.id)  # what was read before this transaction may be older
    pinned = peer.docs
    newest = accept(pinned.current, docs.orgdocs, peer.org)
    is_newer = newest is not pinned.current
    card = pinned.card
    new = docs.card
    if new is not None and docs.current == newest and new.is_current(context.today):
        card = new if card is None or new.n > card.n else card
    if not is_newer and card is pinned.card:
        return False
    chain = docs.orgdocs if is_newer else pinned.orgdocs
    rows: list[Value] = [[document.raw, document.sig] for document in chain]
    if card is not None and _speaks(card.node_key, chain[-1]):
        rows.append([card.raw, card.sig])
    set_peer(connection, peer.id, docs=encode(rows))
    changed = peer_by_id(connection, peer.id)
    if is_newer:
        ask_hubs_again(connection, forwarded.c.org == peer.org)
    if is_newer and newest.revoked != pinned.current.revoked:
        roll_back_revoked(connection, context, changed, newest)
    if changed.accepts != peer.accepts:
        grants = StoreGrants(connection, context, changed)
        grants.derive()
        grants.save()
        if changed.region != peer.region:
            purge_not_accepted(connection, context)
    return True


def _speaks(key: NodeKey, document: OrgDoc) -> bool:
    """Whether a card under this key goes with the document: listed, and not revoked at all."""
    gone = any(each == key for each, _ in document.revoked)
    return not gone and any(each == key for each, _, _ in document.keys)
