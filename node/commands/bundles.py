"""Sealed bundles: the same conversation as online, a file at a time, for peers with no line."""

import asyncio
import base64
import binascii
from typing import Any

from sqlalchemy import Connection

from federation import origin, receiver
from federation.bundle import read_bundle, write_bundle
from federation.client import Client
from federation.peers import PeerState
from keys.envelope import Inner
from node.answering import note_contact, take_delta, unconfirmed
from node.commands.peering import find_peer
from node.errors import BadRequest, Refused
from node.exchange import Exchange
from node.introductions import our_hello, prove_hello, receive_hello
from node.pipeline import spread
from node.runtime import Node
from node.store import meta
from node.store.authors import others_in
from node.store.grants import StoreGrants
from node.store.guards import guard
from node.store.intake import StoreIntake
from node.store.peers import Peer, peer_by_id, peer_of, set_peer
from node.store.records import own_records
from protocol.errors import ErrorNumber, ProtocolError
from protocol.ids import RECORD_KEY_BYTES, RecordKey, text_id
from protocol.messages import Delta, Give, List, Message, Ok, Pull, decode_body

MOST_DELTAS = 1000
REPLAYED = (ErrorNumber.STALE,)


async def bundle_write(node: Node, peer: str) -> dict[str, Any]:
    """Everything that the peer has not confirmed, and where we stand, sealed to it."""
    found = await find_peer(node, peer)
    if found.state in {PeerState.INVITED, PeerState.UNVERIFIED}:
        raise Refused(f"{found.name} is not verified yet: parasol peer verify")
    messages = await node.change(_messages, node, found.id)
    exchange = Exchange(node, Client())
    wires = [await exchange.seal(message, found.docs) for message in messages]
    alerts = sum(len(message.items) for message in messages if isinstance(message, Delta))
    return {
        "bundle": base64.b64encode(write_bundle(wires)).decode(),
        "peer": text_id(found.org), "items": alerts, "messages": len(wires),
    }  # fmt: skip


def _messages(connection: Connection, node: Node, peer_id: int) -> list[Message]:
    """What we would say online, in one go: hello, deltas, listing, gifts, and our pull."""
    peer = peer_by_id(connection, peer_id)
    messages: list[Message] = [our_hello(node, peer)]
    if peer.state.may_hold_ours:
        messages += _deltas(StoreGrants(connection, node.context, peer))
    if peer.state.heard:
        intake = StoreIntake(connection, node.context, peer, None)
        if peer.in_relist:
            messages += _listing(intake)
        given = _take_promised(connection, peer)
        if given:
            messages.append(Give(tuple(intake.give(given, origin.ITEM_BYTES))))
        messages.append(receiver.pull(intake, 0))
    return messages


def _deltas(grants: StoreGrants) -> list[Message]:
    deltas: list[Message] = []
    cursor = grants.channel.cursor
    for _ in range(MOST_DELTAS):
        delta = origin.next_delta(grants, cursor, grants.today)
        deltas.append(delta)
        if not delta.more:
            break
        cursor = delta.to_seq
    return deltas


def _listing(intake: StoreIntake) -> list[Message]:
    pages: list[Message] = []
    lo = b""
    while True:
        page = receiver.list_page(intake, lo, intake.today)
        pages.append(page)
        if not page.hi:
            return pages
        lo = page.hi


async def bundle_read(node: Node, content: str) -> dict[str, Any]:
    """Take in a bundle; each message is one commit, and one that was seen before does nothing."""
    try:
        raw = base64.b64decode(content, validate=True)
    except binascii.Error:
        raise BadRequest("content: base64 of a bundle") from None
    exchange = Exchange(node, Client())
    counts = {"messages": 0, "already_seen": 0, "items": 0}
    peer: Peer | None = None
    for wire in await asyncio.to_thread(read_bundle, raw):
        opened = await exchange.open(wire)
        counts["messages"] += 1
        try:
            if opened.inner.type == "hello":
                hello, docs = await asyncio.to_thread(prove_hello, opened, node.today)
                peer = await receive_hello(node, opened.inner, hello, docs)
                continue
            peer = await node.read(peer_of, opened.inner.from_org)
            if peer is None or peer.state in {PeerState.INVITED, PeerState.UNVERIFIED}:
                raise Refused("this bundle is from an organisation that we have not verified")
            await asyncio.to_thread(exchange.prove, opened, peer.docs)
            message = decode_body(opened.inner.type, opened.inner.body)
            counts["items"] += len(message.items) if isinstance(message, Delta) else 0
            await _effect(node, peer, opened.inner, message)
        except ProtocolError as error:
            if error.number not in REPLAYED:
                raise
            counts["already_seen"] += 1
    if peer is not None:
        await node.change(_gone_if_recalled, peer.id)
    node.on_peers()
    name = None if peer is None else peer.name
    return {"from": name, **counts}


async def _effect(node: Node, peer: Peer, inner: Inner, message: Message) -> None:
    if isinstance(message, Delta):
        author, today = peer.docs.current, node.today
        others = await node.read(others_in, message.items, peer.org)
        items = await node.checking.check(message.items, author, today, others)
        await node.change(_on_delta, node, peer.id, message, items)
    elif isinstance(message, Pull | List | Give | Ok):
        node.on_news(await node.change(_on_ledger, node, peer.id, inner, message))


def _on_delta(
    connection: Connection, node: Node, peer_id: int, delta: Delta, items: list[Any]
) -> None:
    if not peer_by_id(connection, peer_id).state.heard:
        return  # theirs is not taken; what they confirm of ours, in the same bundle, is
    answer = take_delta(connection, node, peer_id, delta, items, {})
    if isinstance(answer, List):
        set_peer(connection, peer_id, in_relist=1)  # our next bundle carries the listing
    elif isinstance(answer, Give):
        meta.put(connection, _promised(peer_id), b"".join(delta.want))


def _on_ledger(
    connection: Connection, node: Node, peer_id: int, inner: Inner, message: Message
) -> set[int]:
    """Our side of the peer's pull, listing or gift; the answer goes into our next bundle."""
    context = node.context
    guard(connection, context, inner)
    grants = StoreGrants(connection, context, peer_by_id(connection, peer_id))
    wanted = set(grants.channel.wanted)
    if isinstance(message, Pull):
        origin.on_pull(grants, message)
    elif isinstance(message, List):
        origin.on_list(grants, message)
    elif isinstance(message, Give):
        origin.on_give(grants, message)
    grants.save()
    note_contact(connection, grants.peer, context.now_us())
    if isinstance(message, Give):
        return spread(connection, context, own_records(connection, context.org, wanted))
    return {peer_id}


def _gone_if_recalled(connection: Connection, peer_id: int) -> None:
    """A leaving peer that has confirmed every recall is gone: there is no line to say goodbye."""
    peer = peer_by_id(connection, peer_id)
    if peer.state is PeerState.LEAVING and not unconfirmed(connection, peer):
        set_peer(connection, peer_id, state=PeerState.GONE.value)


def _promised(peer_id: int) -> str:
    return f"give_{peer_id}"


def _take_promised(connection: Connection, peer: Peer) -> list[RecordKey]:
    raw = meta.get(connection, _promised(peer.id)) or b""
    meta.drop(connection, _promised(peer.id))
    step = RECORD_KEY_BYTES
    return [RecordKey(raw[at : at + step]) for at in range(0, len(raw), step)]
