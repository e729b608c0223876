"""Reviving a channel whose box key went stale on one side: knock, and follow the documents."""

import asyncio

from keys.envelope import make_box_key
from keys.knock import encode_knock, open_answer
from node.exchange import Exchange
from node.introductions import follow
from node.runtime import Node
from node.store.peers import Peer


async def revive(node: Node, exchange: Exchange, peer: Peer) -> None:
    """Fetch and follow a peer's present documents. Unreachable or ProtocolError."""
    if peer.endpoint is None:
        return
    one_time = make_box_key(node.context.random(32), node.today)
    answer = await exchange.post(peer.endpoint, encode_knock(one_time))
    docs = await asyncio.to_thread(open_answer, answer, one_time, peer.org)
    await node.change(follow, node.context, peer, docs)
