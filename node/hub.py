"""What a hub says of organisations to others: whose record this is, and who would like to meet.

A peer to whom we pass records on may ask for their authors' documents, and for nobody else's. Whom
we introduce is told only to those whom we introduce as well: both asked for it on their cards, and
our keeper named both.
"""

import asyncio

from sqlalchemy import Connection, select

from federation.peers import PeerState
from keys.documents import Documents, encode_documents
from keys.envelope import Inner
from node.exchange import Exchange
from node.runtime import INTRODUCE, Node
from node.store.authors import learn, read_chains, wanted_documents
from node.store.context import Context
from node.store.guards import guard
from node.store.onward import authors_told
from node.store.passed_on import show
from node.store.peers import Peer, all_peers, peer_by_id, peer_of
from node.store.tables import peers
from protocol.errors import ErrorNumber, ProtocolError
from protocol.ids import OrgId
from protocol.limits import ENVELOPE_BYTES
from protocol.messages_hub import AUTHORS_MOST, Authors, Chain, Docs, Introduce
from protocol.shape import as_array, as_bytes

MOST_PAGES = 64
ANSWER_BYTES = ENVELOPE_BYTES - 16 * 1024  # leaves room for the envelope's own fields


def answer_authors(
    connection: Connection, context: Context, inner: Inner, question: Authors
) -> Docs:
    """The documents of authors whose records this peer was passed on; of others nothing."""
    guard(connection, context, inner)
    peer = peer_of(connection, inner.from_org)
    if peer is None or not peer.state.may_hold_ours:
        raise ProtocolError(ErrorNumber.NOT_GRANTED, "not granted")
    told = authors_told(connection, peer.id, question.orgs)
    chains, left = [], ANSWER_BYTES
    for org in question.orgs:
        author = peer_of(connection, org) if org in told else None
        if author is None:
            continue
        chain = chain_of(Documents(author.docs.orgdocs, None))
        left -= sum(len(raw) + len(sig) + 16 for raw, sig in chain)
        if left < 0:
            break  # the rest is asked for again
        chains.append(chain)
    return Docs(tuple(chains))


def chain_of(docs: Documents) -> Chain:
    """Documents as they travel in a message."""
    pairs = (as_array(row, 2) for row in as_array(encode_documents(docs)))
    return tuple((as_bytes(raw), as_bytes(sig)) for raw, sig in pairs)


async def ask_authors(node: Node, exchange: Exchange, peer: Peer) -> bool:
    """Ask a hub who signed what we could not verify; whether we know more now, and ask again."""
    wanted = await node.read(wanted_documents, peer.id)
    if not wanted or peer.endpoint is None:
        return False
    answer = await exchange.ask(peer.docs, Authors(tuple(wanted)))
    if not isinstance(answer, Docs):
        raise ProtocolError(ErrorNumber.MALFORMED, "no answer to a question about authors")
    documents = await asyncio.to_thread(read_chains, answer)
    return await node.change(_learn, node.context, peer.id, documents)


def _learn(
    connection: Connection, context: Context, peer_id: int, documents: list[Documents]
) -> bool:
    hidden, is_new = learn(connection, context, peer_by_id(connection, peer_id), documents)
    show(connection, context, hidden)
    return is_new


def answer_introduce(
    connection: Connection, context: Context, inner: Inner, question: Introduce
) -> Docs:
    """The documents of those whom we may introduce, cards and all; nothing to who is not one."""
    guard(connection, context, inner)
    members = introduced(connection, context)
    if not any(member.org == inner.from_org for member in members):
        return Docs(())
    chains: list[Chain] = []
    left = ANSWER_BYTES
    for member in members:
        if member.org <= question.after or member.org == inner.from_org:
            continue
        chain = chain_of(member.docs)
        left -= sum(len(raw) + len(sig) + 16 for raw, sig in chain)
        if left < 0 or len(chains) == AUTHORS_MOST:
            break
        chains.append(chain)
    return Docs(tuple(chains))


def introduced(connection: Connection, context: Context) -> list[Peer]:
    """The peers that asked for it and that our keeper named, in the order of their ids."""
    named = {
        bytes(org)
        for (org,) in connection.execute(select(peers.c.org).where(peers.c.introduce == 1))
    }
    found = (
        peer
        for peer in all_peers(connection)
        if bytes(peer.org) in named and peer.state is PeerState.TRUSTED and asks_for_it(peer)
    )
    today = context.today
    return sorted(
        (peer for peer in found if peer.docs.card is not None and peer.docs.card.is_current(today)),
        key=lambda peer: peer.org,
    )


def asks_for_it(peer: Peer) -> bool:
    """Whether a peer's own card says that hubs may introduce it."""
    card = peer.docs.card
    return card is not None and INTRODUCE in card.features


async def ask_introductions(exchange: Exchange, hub: Peer) -> list[Documents]:
    """Everybody whom one hub introduces. Raises as `Exchange.ask` does."""
    found: dict[OrgId, Documents] = {}
    after = b""
    for _ in range(MOST_PAGES):
        answer = await exchange.ask(hub.docs, Introduce(after))
        if not isinstance(answer, Docs):
            raise ProtocolError(ErrorNumber.MALFORMED, "no answer to an introduction")
        if not answer.chains:
            break
        page = await asyncio.to_thread(read_chains, answer)
        new = [docs for docs in page if docs.org > after and docs.card is not None]
        if not new:
            break
        found |= {docs.org: docs for docs in new}
        after = max(docs.org for docs in new)
    return list(found.values())
