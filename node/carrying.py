"""A conversation without a line: what we say to a peer in one go, and how we take in its say.

The same envelopes as online, by a file or by a mailbox. Nothing answers anything here: what would
answer a delta (a listing, a gift, where we stand) goes out the next time that we write to its
sender. Each wire is one commit, and one that was seen before does nothing.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from federation import origin, receiver
from federation.peers import PeerState
from federation.verify import CheckedItem
from keys.envelope import Inner
from node.answering import note_contact, others_of, take_delta, unconfirmed
from node.errors import Refused
from node.exchange import Exchange
from node.introductions import our_hello, prove_hello, receive_hello
from node.pipeline import spread
from node.runtime import Node
from node.store import meta
from node.store.grants import StoreGrants
from node.store.guards import guard
from node.store.intake import StoreIntake
from node.store.peers import Peer, peer_by_id, peer_of, set_peer
from node.store.records import own_records
from protocol.ids import RECORD_KEY_BYTES, RecordKey
from protocol.messages import Delta, Give, List, Message, Ok, Pull, decode_body


@dataclass(frozen=True, slots=True)
class Load:
    """How much one message carries, and how many deltas go at once."""

    item_bytes: int
    list_rows: int
    held_rows: int
    deltas: int


BUNDLE = Load(origin.ITEM_BYTES, receiver.LIST_ROWS, receiver.HELD_ROWS, 1000)


@dataclass(frozen=True, slots=True)
class Taken:
    """What a wire was: whose, with how many items, and whether its sender waits for an answer."""

    peer: Peer | None
    items: int = 0
    moved: bool = False


def messages_for(connection: Connection, node: Node, peer_id: int, load: Load) -> list[Message]:
    """What we would say online, in one go: hello, deltas, listing, gifts, and our pull.

    `told` is to be called once it is written down or left for the peer.
    """
    peer = peer_by_id(connection, peer_id)
    messages: list[Message] = [our_hello(node, peer)]
    if peer.state.may_hold_ours:
        messages += _deltas(StoreGrants(connection, node.context, peer), load)
    if peer.state.heard:
        intake = StoreIntake(connection, node.context, peer, None)
        if peer.in_relist:
            messages += _listing(intake, load)
        given = promised(connection, peer_id)
        if given:
            messages.append(Give(tuple(intake.give(given, load.item_bytes))))
        messages.append(_pull(intake, load))
    return messages


def told(connection: Connection, peer_id: int, messages: Sequence[Message]) -> None:
    """Note that the peer is being told all that `messages_for` gave: our listing, our gifts.

    The next delta that comes of it is taken for the answer to that listing, unless something is
    still missing in it.
    """
    peer = peer_by_id(connection, peer_id)
    if any(isinstance(message, Give) for message in messages):
        meta.drop(connection, _promised(peer_id))
    if peer.in_relist and any(isinstance(message, List) for message in messages):
        position = receiver.LISTED + peer.in_cursor.to_bytes(8, "big")
        meta.put(connection, _listed(peer_id), position)
        set_peer(connection, peer_id, in_relist=receiver.LISTING)


def _deltas(grants: StoreGrants, load: Load) -> list[Message]:
    deltas: list[Message] = []
    cursor = grants.channel.cursor
    while not grants.channel.frozen and len(deltas) < load.deltas:
        delta = origin.next_delta(grants, cursor, grants.today, load.item_bytes)
        if origin.says_nothing(delta):
            break
        deltas.append(delta)
        if not delta.more:
            break
        cursor = delta.to_seq
    grants.save()
    return deltas


def _listing(intake: StoreIntake, load: Load) -> list[Message]:
    pages: list[Message] = []
    lo = b""
    while True:
        page = receiver.list_page(intake, lo, intake.today, load.list_rows)
        pages.append(page)
        if not page.hi:
            return pages
        lo = page.hi


def _pull(intake: StoreIntake, load: Load) -> Pull:
    """Where we stand; more that we hold back than can be told confirms nothing."""
    pull = receiver.pull(intake, 0)
    if len(pull.held) <= load.held_rows:
        return pull
    return replace(pull, digest=origin.NO_DIGEST, held=pull.held[: load.held_rows])


async def take_in(node: Node, exchange: Exchange, wire: bytes) -> Taken:
    """Take in one wire. ProtocolError for one that does not open or is no news; Refused where its
    sender is not verified."""
    opened = await exchange.open(wire)
    if opened.inner.type == "hello":
        hello, docs = await asyncio.to_thread(prove_hello, opened, node.today)
        return Taken(await receive_hello(node, opened.inner, hello, docs))
    peer = await node.read(peer_of, opened.inner.from_org)
    if peer is None or peer.state in {PeerState.INVITED, PeerState.UNVERIFIED}:
        raise Refused("this bundle is from an organisation that we have not verified")
    await asyncio.to_thread(exchange.prove, opened, peer.docs)
    message = decode_body(opened.inner.type, opened.inner.body)
    if isinstance(message, Delta):
        others = await others_of(node, message, peer.org)
        author, today = peer.docs.current, node.today
        items = await node.checking.check(message.items, author, today, others)
        moved = await node.change(_on_delta, node, peer.id, message, items, opened.inner.n)
        return Taken(peer, len(message.items), moved)
    if isinstance(message, Pull | List | Give | Ok):
        news, moved = await node.change(_on_ledger, node, peer.id, opened.inner, message)
        node.on_news(news)
        return Taken(peer, 0, moved)
    return Taken(peer)


def _on_delta(
    connection: Connection,
    node: Node,
    peer_id: int,
    delta: Delta,
    items: list[CheckedItem],
    n: int,
) -> bool:
    """Apply a delta; whether its sender is to be told where that brought us."""
    before = peer_by_id(connection, peer_id)
    if not before.state.heard:
        return False  # theirs is not taken; what they confirm of ours, in the same go, is
    listed = meta.get(connection, _listed(peer_id))
    positions = {} if listed is None else {peer_id: listed}
    answer = take_delta(connection, node, peer_id, delta, items, positions, n=n)
    if peer_id not in positions:
        meta.drop(connection, _listed(peer_id))
    if isinstance(answer, List):
        meta.drop(connection, _listed(peer_id))
        set_peer(connection, peer_id, in_relist=receiver.ASKED)  # our next say has the listing
    elif isinstance(answer, Give):
        meta.put(connection, _promised(peer_id), b"".join(delta.want))
    moved = peer_by_id(connection, peer_id).in_cursor != before.in_cursor
    is_behind = delta.from_seq < before.in_cursor  # it has not heard where we stand
    return moved or is_behind or isinstance(answer, List | Give)


def _on_ledger(
    connection: Connection, node: Node, peer_id: int, inner: Inner, message: Pull | List | Give | Ok
) -> tuple[set[int], bool]:
    """Our side of the peer's pull, listing or gift: who has news now, and is the peer one."""
    context = node.context
    guard(connection, context, inner)
    grants = StoreGrants(connection, context, peer_by_id(connection, peer_id))
    wanted = set(grants.channel.wanted)
    moved = False
    if isinstance(message, Pull):
        delta = origin.on_pull(grants, message)
        moved = bool(delta.items or delta.want) or delta.digest != message.digest
    elif isinstance(message, List):
        delta = origin.on_list(grants, message)
        moved = bool(delta.items or delta.want)
    elif isinstance(message, Give):
        origin.on_give(grants, message)
    grants.save()
    note_contact(connection, grants.peer, context.now_us())
    if isinstance(message, Give):
        return spread(connection, context, own_records(connection, context.org, wanted)), True
    return {peer_id}, moved


def gone_if_recalled(connection: Connection, peer_id: int) -> None:
    """A leaving peer that has confirmed every recall is gone: there is no line to say goodbye."""
    peer = peer_by_id(connection, peer_id)
    if peer.state is PeerState.LEAVING and not unconfirmed(connection, peer):
        set_peer(connection, peer_id, state=PeerState.GONE.value)


def promised(connection: Connection, peer_id: int) -> list[RecordKey]:
    """What of its own the peer wanted back, and was not given so far."""
    raw = meta.get(connection, _promised(peer_id)) or b""
    step = RECORD_KEY_BYTES
    return [RecordKey(raw[at : at + step]) for at in range(0, len(raw), step)]


def _promised(peer_id: int) -> str:
    return f"give_{peer_id}"


def _listed(peer_id: int) -> str:
    return f"listed_{peer_id}"
