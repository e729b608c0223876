"""Organisations whose records come through hubs: their documents, and what follows from new ones.

A chain of documents from generation 0 on proves itself by the organisation's id, whoever brings
it. An author that is a peer of ours is pinned as that peer; the others are pinned here, and
followed in the same way. Nobody becomes a peer by this.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, delete, insert, or_, select, update

from federation.onward import UNKNOWN_AUTHOR
from federation.peers import PeerState
from federation.verify import Others, foreign_authors
from keys.documents import Documents, decode_documents, encode_documents
from keys.orgdoc import OrgDoc
from keys.pin import accept
from node.store import register as permissions
from node.store.asking import REVOKED
from node.store.context import Context
from node.store.peers import Peer, all_peers, documents_of, peer_of, set_peer
from node.store.tables import authors, forwarded, peers
from node.store.tables_defence import braked
from protocol.codec import Value, encode
from protocol.entry import Status, decode_entry
from protocol.errors import ProtocolError
from protocol.ids import OrgId, RecordKey, day_of
from protocol.messages import Put, Stop
from protocol.messages_hub import AUTHORS_MOST, Chain, Docs

WANTS_DOCUMENTS = (UNKNOWN_AUTHOR, "key")
NOT_REFUSED = frozenset({PeerState.INVITED, PeerState.UNVERIFIED})


_ALL = select(authors.c.org, authors.c.docs)
_MET = select(peers.c.org, peers.c.name, peers.c.state)
_WANTED = (  # built once: each pull asks
    select(forwarded.c.org)
    .where(
        forwarded.c.source == bindparam("wanted"),
        or_(forwarded.c.held.in_(WANTS_DOCUMENTS), forwarded.c.hidden == REVOKED),
        forwarded.c.org != b"",
    )
    .group_by(forwarded.c.org)
    .order_by(forwarded.c.org)
    .limit(AUTHORS_MOST)
)


def others_in(connection: Connection, items: Sequence[Put | Stop], sender: OrgId) -> Others:
    """The documents that we have of the authors of what a sender passes on."""
    return pinned(connection, foreign_authors(items, sender))


def pinned(connection: Connection, orgs: Collection[OrgId]) -> dict[OrgId, OrgDoc]:
    """The newest document that we have of each of these: as of a peer, else as of an author."""
    if not orgs:
        return {}
    query = select(authors.c.org, authors.c.docs).where(authors.c.org.in_(list(orgs)))
    found = {OrgId(bytes(org)): documents_of(bytes(raw)) for org, raw in connection.execute(query)}
    for peer in all_peers(connection):
        if peer.org in orgs:
            found[peer.org] = peer.docs
    return {org: docs.current for org, docs in found.items()}


def is_refused(peer: Peer | None) -> bool:
    """Whether we do not take an author's records from anybody: we parted, or block it."""
    return peer is not None and not peer.state.heard and peer.state not in NOT_REFUSED


def shown_authors(connection: Connection) -> dict[bytes, str]:
    """The authors that are no source of ours, each with the name that its document gives."""
    found = {
        bytes(org): documents_of(bytes(raw)).current.name for org, raw in connection.execute(_ALL)
    }
    for org, name, state in connection.execute(_MET).fetchall():
        if state in NOT_REFUSED:
            found[bytes(org)] = name
        else:
            found.pop(bytes(org), None)  # its own channel says whether it is shown
    return found


def wanted_documents(connection: Connection, source: int) -> list[OrgId]:
    """Whose documents to ask a hub for: what it passed on does not verify without them."""
    found = connection.execute(_WANTED, {"wanted": source})
    return [OrgId(bytes(org)) for (org,) in found]


def read_chains(answer: Docs) -> list[Documents]:
    """The chains of an answer that prove themselves; the others are left out. Slow: signatures."""
    found = []
    for chain in answer.chains:
        try:
            found.append(decode_documents(_value(chain)))
        except ProtocolError:
            continue
    return found


def _value(chain: Chain) -> Value:
    return [[raw, sig] for raw, sig in chain]


def learn(
    connection: Connection, context: Context, source: Peer, answer: Iterable[Documents]
) -> tuple[set[RecordKey], bool]:
    """Follow the documents of authors that a hub brought; of those only that we asked for.

    Returns the records that they hide, and whether anything in them is new: what that explains is
    asked for again at the next sync.
    """
    asked = set(wanted_documents(connection, source.id))
    hidden: set[RecordKey] = set()
    new: set[OrgId] = set()
    for docs in answer:
        is_ours = docs.org == context.org or peer_of(connection, docs.org) is not None
        if docs.org in asked and not is_ours and _follow(connection, context, source, docs):
            hidden |= hide_revoked(connection, context, docs.current)
            new.add(docs.org)
    ask_hubs_again(connection, forwarded.c.org.in_(list(new)))
    # Of whom another hub has told us meanwhile.
    met = list(pinned(connection, asked - new))
    is_strange = (forwarded.c.source == source.id) & (forwarded.c.held == UNKNOWN_AUTHOR)
    is_explained = ask_hubs_again(connection, forwarded.c.org.in_(met) & is_strange)
    return hidden, bool(new) or is_explained


def ask_hubs_again(connection: Connection, which: ColumnElement[bool] | None = None) -> bool:
    """Ask hubs once more for what does not verify without documents; whether any is asked.

    `which` picks the rows of `forwarded`, None all. Called when documents may have come.
    """
    query = select(forwarded.c.source).where(forwarded.c.held.in_(WANTS_DOCUMENTS))
    if which is not None:
        query = query.where(which)
    found = list(connection.execute(query.group_by(forwarded.c.source)).scalars())
    for hub in found:
        set_peer(connection, hub, in_relist=1)
    return bool(found)


def _follow(connection: Connection, context: Context, source: Peer, docs: Documents) -> bool:
    row = connection.execute(select(authors.c.docs).where(authors.c.org == docs.org)).one_or_none()
    known = None if row is None else documents_of(bytes(row.docs)).current
    try:
        newest = accept(known, docs.orgdocs, docs.org)
    except ProtocolError:
        return False  # two documents of one version, or no successor: we stay with what we know
    if newest is known:
        return False
    values: dict[str, Any] = {
        "docs": encode(encode_documents(Documents(docs.orgdocs, None))),
        "source": source.id, "learned_us": context.now_us(),
    }  # fmt: skip
    if known is None:
        connection.execute(insert(authors).values(org=docs.org, **values))
    else:
        connection.execute(update(authors).where(authors.c.org == docs.org).values(**values))
    return True


def hide_revoked(connection: Connection, context: Context, doc: OrgDoc) -> set[RecordKey]:
    """Hide what hubs brought of an author under a revoked key since its day; returns of which.

    As `node.store.enforce` does for what came from the author itself: our receive time decides,
    and false tombstones leave the register.
    """
    hidden: set[RecordKey] = set()
    for key, since in doc.revoked:
        mine = (forwarded.c.org == doc.org, forwarded.c.node_key == key, forwarded.c.hidden == "")
        query = select(
            forwarded.c.id, forwarded.c.rk, forwarded.c.received_us, forwarded.c.status
        ).where(*mine)
        for row in connection.execute(query).fetchall():
            if day_of(row.received_us) < since:
                continue
            hidden.add(RecordKey(bytes(row.rk)))
            connection.execute(
                update(forwarded).where(forwarded.c.id == row.id).values(hidden=REVOKED)
            )
            if row.status == Status.ERASED:
                context.register.stage(permissions.ERASED, bytes(row.rk), None)
    if hidden:
        for (source,) in connection.execute(
            select(forwarded.c.source)
            .where(forwarded.c.org == doc.org)
            .group_by(forwarded.c.source)
        ).fetchall():
            set_peer(connection, source, in_relist=1)
    return hidden


def forget_authors(connection: Connection) -> None:
    """Drop the documents of authors of whom nothing is here any more."""
    used = select(forwarded.c.org)
    aside = connection.execute(select(braked.c.entry)).scalars()  # it may come back
    kept = {decode_entry(bytes(raw)).org for raw in aside}
    is_unused = authors.c.org.not_in(used) & authors.c.org.not_in(list(kept))
    connection.execute(delete(authors).where(is_unused))
