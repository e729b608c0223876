"""Whose record is this? A hub's side of the question, and its peers'.

A peer to whom we pass records on may ask for their authors' documents, and for nobody else's; a
peer that gets such records asks.
"""

import asyncio

from sqlalchemy import Connection

from keys.documents import Documents, encode_documents
from keys.envelope import Inner
from node.exchange import Exchange
from node.runtime import Node
from node.store.authors import learn, read_chains, wanted_documents
from node.store.context import Context
from node.store.guards import guard
from node.store.onward import authors_told
from node.store.passed_on import show
from node.store.peers import Peer, peer_by_id, peer_of
from protocol.errors import ErrorNumber, ProtocolError
from protocol.limits import ENVELOPE_BYTES
from protocol.messages_hub import Authors, Chain, Docs
from protocol.shape import as_array, as_bytes

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
