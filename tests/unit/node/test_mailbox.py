"""The holder of a mailbox: whose wires it takes, to whom it gives them, when it forgets them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import select

from federation.mailbox import DEPOSITOR_BYTES, KEEP_US, MOST_WIRE
from federation.peers import PeerState
from keys.envelope import Inner, make_inner, seal
from node.mailbox import answer_fetch, take_drop
from node.runtime import Node
from node.store.mailbox import forget_mail, held_for_others
from node.store.peers import peer_of, set_peer
from node.store.tables_mailbox import mail_held
from protocol.errors import ErrorNumber, ProtocolError
from protocol.ids import OrgId
from protocol.messages_mailbox import Drop, Fetch
from tests.support.key_material import MadeUp, made_up
from tests.support.one_node import Clock, befriend, one_node

_N = count(1)


@dataclass(slots=True)
class Hub:
    """A holder of mailboxes with two peers."""

    node: Node
    clock: Clock
    harbour: MadeUp
    riverside: MadeUp

    def inner(self, sender: MadeUp, name: str) -> Inner:
        """A request of a peer, as it is when its envelope is opened."""
        n = self.clock.now + next(_N)
        own = self.node.context.org
        return make_inner(name, sender.org, sender.node_key.public, own, n, b"", [])

    async def drop(self, sender: MadeUp, to: OrgId, wire: bytes) -> None:
        """Leave a wire."""
        await self.node.change(take_drop, self.node, self.inner(sender, "drop"), Drop(to, wire))

    async def fetch(self, who: MadeUp, *acked: bytes) -> dict[bytes, bytes]:
        """What is held for a peer, by id."""
        inner = self.inner(who, "fetch")
        mail = await self.node.change(answer_fetch, self.node, inner, Fetch(acked))
        return dict(mail.items)

    async def refusal(self, sender: MadeUp, to: OrgId, wire: bytes) -> ErrorNumber:
        """With which number a wire is refused."""
        with pytest.raises(ProtocolError) as caught:
            await self.drop(sender, to, wire)
        return caught.value.number

    async def move(self, who: MadeUp, state: PeerState) -> None:
        """Give a peer another state."""
        peer = await self.node.read(peer_of, who.org)
        assert peer is not None
        await self.node.change(set_peer, peer.id, state=state.value)


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Hub]:
    clock = Clock()
    async with one_node(tmp_path / "hub", clock=clock) as node:
        node.settings = replace(node.settings, mailbox=True)
        harbour, riverside = await befriend(node, "Harbour"), await befriend(node, "Riverside")
        yield Hub(node, clock, harbour, riverside)


def wire_for(sender: MadeUp, recipient: MadeUp, body: bytes = b"") -> bytes:
    """A real wire from one peer to another."""
    inner = make_inner("poke", sender.org, sender.node_key.public, recipient.org, 1, b"", [body])
    return seal(inner, sender.node_key, recipient.box.public)


async def test_a_wire_is_given_to_its_recipient_alone_until_that_has_taken_it_in(hub: Hub) -> None:
    first, second = (wire_for(hub.harbour, hub.riverside, body) for body in (b"1", b"2"))
    await hub.drop(hub.harbour, hub.riverside.org, first)
    await hub.drop(hub.harbour, hub.riverside.org, second)
    held = await hub.fetch(hub.riverside)
    assert list(held.values()) == [first, second]
    assert await hub.fetch(hub.harbour, *held) == {}  # another's ids are passed over
    assert await hub.fetch(hub.riverside) == held
    (one, other) = held
    assert await hub.fetch(hub.riverside, one) == {other: second}
    assert await hub.fetch(hub.riverside, other, one) == {}
    assert await hub.node.read(held_for_others) == []


async def test_a_wire_is_taken_only_between_trusted_peers_of_a_holder_that_offers_it(
    hub: Hub,
) -> None:
    wire, stranger = wire_for(hub.harbour, hub.riverside), made_up("Lakeside")
    refused = ErrorNumber.NOT_GRANTED
    assert await hub.refusal(hub.harbour, stranger.org, wire) is refused
    assert await hub.refusal(stranger, hub.riverside.org, wire) is refused
    for who in (hub.harbour, hub.riverside):
        for state in set(PeerState) - {PeerState.TRUSTED}:
            await hub.move(who, state)
            assert await hub.refusal(hub.harbour, hub.riverside.org, wire) is refused
        await hub.move(who, PeerState.TRUSTED)
    hub.node.settings = replace(hub.node.settings, mailbox=False)
    assert await hub.refusal(hub.harbour, hub.riverside.org, wire) is refused
    with pytest.raises(ProtocolError) as caught:
        await hub.fetch(hub.riverside)
    assert caught.value.number is refused


async def test_what_is_no_wire_of_a_mailbox_is_refused_as_malformed(hub: Hub) -> None:
    wire = wire_for(hub.harbour, hub.riverside)
    largest = wire_for(hub.harbour, hub.riverside, bytes(60_000))
    too_large = wire_for(hub.harbour, hub.riverside, bytes(70_000))
    for bad in (b"", b"\x02" + wire[1:], wire[:-1], wire + b"\0", too_large):
        assert await hub.refusal(hub.harbour, hub.riverside.org, bad) is ErrorNumber.MALFORMED
    await hub.drop(hub.harbour, hub.riverside.org, largest)


async def test_a_depositor_fills_eight_mebibytes_and_takes_nothing_from_another(hub: Hub) -> None:
    wire = b"\x01" + bytes(MOST_WIRE - 1)
    for _ in range(DEPOSITOR_BYTES // MOST_WIRE):
        await hub.drop(hub.harbour, hub.riverside.org, wire)
    assert await hub.refusal(hub.harbour, hub.riverside.org, wire) is ErrorNumber.QUOTA
    await hub.drop(hub.riverside, hub.harbour.org, wire)
    pages = 0
    acked: tuple[bytes, ...] = ()
    while held := await hub.fetch(hub.riverside, *acked):
        pages, acked = pages + 1, tuple(held)
        assert sum(map(len, held.values())) <= 200 * 1024
    assert pages > 40
    await hub.drop(hub.harbour, hub.riverside.org, wire)


async def test_after_fourteen_days_a_wire_is_given_to_nobody_and_forgotten(hub: Hub) -> None:
    await hub.drop(hub.harbour, hub.riverside.org, wire_for(hub.harbour, hub.riverside))
    hub.clock.now += KEEP_US - 1_000_000
    assert len(await hub.fetch(hub.riverside)) == 1
    assert await hub.node.change(forget_mail, hub.clock.now) == 0
    hub.clock.now += 2_000_000
    assert await hub.fetch(hub.riverside) == {}
    assert await hub.node.change(forget_mail, hub.clock.now) == 1


@pytest.mark.parametrize("who", ["harbour", "riverside"])
async def test_mail_of_or_for_who_is_blocked_is_forgotten(hub: Hub, who: str) -> None:
    await hub.drop(hub.harbour, hub.riverside.org, wire_for(hub.harbour, hub.riverside))
    await hub.move(getattr(hub, who), PeerState.PAUSED)
    assert await hub.node.change(forget_mail, hub.clock.now) == 0
    await hub.move(getattr(hub, who), PeerState.BLOCKED)
    assert await hub.node.change(forget_mail, hub.clock.now) == 1


async def test_a_drop_that_is_sent_again_is_taken_once(hub: Hub) -> None:
    inner = hub.inner(hub.harbour, "drop")
    drop = Drop(hub.riverside.org, wire_for(hub.harbour, hub.riverside))
    await hub.node.change(take_drop, hub.node, inner, drop)
    with pytest.raises(ProtocolError) as caught:
        await hub.node.change(take_drop, hub.node, inner, drop)
    assert caught.value.number is ErrorNumber.STALE
    held = await hub.node.read(lambda connection: connection.execute(select(mail_held)).fetchall())
    assert len(held) == 1
