"""Two nodes that talk without a line: what one writes down, the other takes in later."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, delete, select

from federation.client import Client
from federation.peers import PeerState
from node.carrying import BUNDLE, Load, Taken, messages_for, take_in, told
from node.exchange import Exchange
from node.mail_rounds import MAIL
from node.opening import begin_recovery
from node.runtime import Node
from node.store.peers import Peer, add_peer, peer_of, set_peer
from node.store.tables import ledger, records
from protocol.messages import Delta, List
from tests.support.one_node import DAY_US, Clock, one_node, published

Pair = tuple[Node, Node]


async def meet(one: Node, other: Node) -> None:
    """Have a node trust another, with that one's own documents."""

    def add(connection: Connection) -> None:
        peer = add_peer(
            connection, other.documents, name="Other", state=PeerState.TRUSTED,
            now_us=one.context.now_us(),
        )  # fmt: skip
        set_peer(connection, peer.id, they_trust=1)

    await one.change(add)


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[Pair]:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    clock = Clock()  # one time for both
    async with (
        one_node(tmp_path / "a" / "home", clock=clock) as one,
        one_node(tmp_path / "b" / "home", clock=clock) as other,
    ):
        await meet(one, other)
        await meet(other, one)
        yield one, other


async def peer_at(node: Node, other: Node) -> Peer:
    """What a node has written down of the other."""
    peer = await node.read(peer_of, other.context.org)
    assert peer is not None
    return peer


async def write(node: Node, to: Node, load: Load = BUNDLE) -> tuple[list[bytes], list[str]]:
    """What a node says to the other in one go, and of what types that is."""
    peer = await peer_at(node, to)
    messages = await node.change(messages_for, node, peer.id, load)
    exchange = Exchange(node, Client())
    wires = [await exchange.seal(message, peer.docs) for message in messages]
    await node.change(told, peer.id, messages)
    return wires, [message.name for message in messages]


async def carry(node: Node, to: Node, load: Load = BUNDLE) -> tuple[list[Taken], list[str]]:
    """Write at one node and take in at the other."""
    wires, names = await write(node, to, load)
    exchange = Exchange(to, Client())
    return [await take_in(to, exchange, wire) for wire in wires], names


async def confirmed(node: Node) -> list[bool]:
    """Whether each row of a node's ledger is."""
    rows = await node.read(lambda connection: connection.execute(select(ledger.c.acked_us)).all())
    return [acked > 0 for (acked,) in rows]


async def held(node: Node) -> int:
    """How many records a node has."""
    return len(await node.read(lambda connection: connection.execute(select(records.c.id)).all()))


async def take(node: Node, wires: list[bytes]) -> None:
    """Take wires in."""
    exchange = Exchange(node, Client())
    for wire in wires:
        await take_in(node, exchange, wire)


async def restore(node: Node) -> None:
    """What a restore makes of a node: it is started anew, and believes no backup about now."""
    await node.change(begin_recovery)
    node.context.doubt()


@pytest.mark.parametrize("load", [BUNDLE, MAIL])
async def test_what_is_taken_in_is_confirmed_by_the_next_say_of_the_other(
    pair: Pair, load: Load
) -> None:
    one, other = pair
    await published(one, phone="+14155550142")
    taken, _ = await carry(one, other, load)
    assert any(each.moved for each in taken)
    assert await held(other) == 1
    assert await confirmed(one) == [False]
    back, _ = await carry(other, one, load)
    assert await confirmed(one) == [True]
    assert not any(each.moved for each in back)  # so that nothing goes to and fro for ever
    taken, _ = await carry(one, other, load)
    assert not any(each.moved for each in taken)


async def test_who_was_not_heard_says_once_more_where_it_stands(pair: Pair) -> None:
    one, other = pair
    await published(one, phone="+14155550142")
    await carry(one, other)
    await write(other, one)  # and this was lost
    taken, _ = await carry(one, other)
    assert any(each.moved for each in taken)
    await carry(other, one)
    assert await confirmed(one) == [True]


async def test_a_listing_is_written_until_it_is_answered_and_no_longer(pair: Pair) -> None:
    one, other = pair
    for number in ("+14155550142", "+14155550143"):
        await published(one, phone=number)
    await carry(one, other)
    await carry(other, one)

    def lose(connection: Connection) -> None:
        (row, *_) = connection.execute(select(records.c.id)).all()
        connection.execute(delete(records).where(records.c.id == row.id))
        other.context.digests.forget()

    await other.change(lose)
    await carry(other, one)  # its digest says that something is missing
    await carry(one, other)
    _, names = await carry(other, one)
    assert List.name in names
    await carry(one, other)
    assert await held(other) == 2
    _, names = await carry(other, one)
    assert List.name not in names
    assert await confirmed(one) == [True, True]


async def test_each_message_for_a_mailbox_fits_it_however_much_there_is(pair: Pair) -> None:
    one, other = pair
    for _ in range(30):
        await published(one, phone="+14155550142", text="Left without paying. " * 150)
    wires, names = await write(one, other, MAIL)
    assert names.count(Delta.name) > 1
    assert max(map(len, wires)) <= 64 * 1024 + 57
    exchange = Exchange(other, Client())
    for wire in wires:
        await take_in(other, exchange, wire)
    assert await held(other) == 30


async def test_a_restored_node_shows_again_what_a_peer_without_a_line_says_from_then_on(
    pair: Pair,
) -> None:
    one, other = pair
    await published(one, phone="+14155550142")
    await carry(one, other)
    await carry(other, one)
    before, _ = await write(one, other)
    await restore(other)
    await take(other, before)  # somebody kept it, or it was long on its way
    assert not (await peer_at(other, one)).in_synced
    await carry(one, other)
    assert (await peer_at(other, one)).in_synced


async def test_what_was_said_before_a_start_does_not_tell_a_hub_what_its_author_says_now(
    pair: Pair,
) -> None:
    one, other = pair
    await published(one, phone="+14155550142")
    before, _ = await write(one, other)
    other.context.doubt()
    await take(other, before)
    assert await held(other) == 1
    assert one.context.org not in other.context.in_step
    await carry(one, other)
    assert one.context.org in other.context.in_step


async def test_what_says_that_it_was_said_tomorrow_is_not_taken_for_what_is_said_now(
    pair: Pair,
) -> None:
    one, other = pair
    await published(one, phone="+14155550142")
    one.context.now_us = Clock(other.context.now_us() + DAY_US // 2)
    await carry(one, other)
    assert await held(other) == 1
    assert one.context.org not in other.context.in_step
