"""Sealed bundles: the same conversation as online, a file at a time, for peers with no line."""

import asyncio
import base64
import binascii
from typing import Any

from sqlalchemy import Connection

from federation.bundle import read_bundle, write_bundle
from federation.peers import PeerState
from node.carrying import BUNDLE, gone_if_recalled, messages_for, take_in, told
from node.commands.peering import find_peer
from node.deriving import derive_due
from node.errors import BadRequest, Refused
from node.exchange import exchange_of
from node.runtime import Node
from node.store.peers import Peer
from protocol.errors import ErrorNumber, ProtocolError
from protocol.ids import text_id
from protocol.messages import Delta, Message


async def bundle_write(node: Node, peer: str) -> dict[str, Any]:
    """Everything that the peer has not confirmed, and where we stand, sealed to it."""
    found = await find_peer(node, peer)
    if found.state in {PeerState.INVITED, PeerState.UNVERIFIED}:
        raise Refused(f"{found.name} is not verified yet: parasol peer verify")
    await derive_due(node)  # a file must not carry half of what there is
    messages = await node.change(_messages, node, found.id)
    async with exchange_of(node) as exchange:
        wires = [await exchange.seal(message, found.docs) for message in messages]
    alerts = sum(len(message.items) for message in messages if isinstance(message, Delta))
    return {
        "bundle": base64.b64encode(write_bundle(wires)).decode(),
        "peer": text_id(found.org), "items": alerts, "messages": len(wires),
    }  # fmt: skip


def _messages(connection: Connection, node: Node, peer_id: int) -> list[Message]:
    messages = messages_for(connection, node, peer_id, BUNDLE)
    told(connection, peer_id, messages)
    return messages


async def bundle_read(node: Node, content: str) -> dict[str, Any]:
    """Take in a bundle; each message is one commit, and one that was seen before does nothing."""
    try:
        raw = base64.b64decode(content, validate=True)
    except binascii.Error:
        raise BadRequest("content: base64 of a bundle") from None
    counts = {"messages": 0, "already_seen": 0, "items": 0}
    peer: Peer | None = None
    async with exchange_of(node) as exchange:
        for wire in await asyncio.to_thread(read_bundle, raw):
            try:
                taken = await take_in(node, exchange, wire)
                peer, counts["items"] = taken.peer, counts["items"] + taken.items
            except ProtocolError as error:
                if error.number is not ErrorNumber.STALE:
                    raise
                counts["already_seen"] += 1
            counts["messages"] += 1
    if peer is not None:
        await node.change(gone_if_recalled, peer.id)
    node.on_peers()
    name = None if peer is None else peer.name
    return {"from": name, **counts}
