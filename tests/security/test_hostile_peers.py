"""What a stranger, an unverified peer and a hostile peer get from a node, and cannot do to it."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from federation.client import Client
from federation.peers import PeerState
from keys.envelope import MAX_WIRE, make_inner, open_wire, seal
from node.answering import Answering, take_delta
from node.exchange import Exchange
from node.runtime import Node
from node.store.peers import peer_of
from protocol.codec import Value
from protocol.errors import ErrorNumber
from protocol.ids import Day, RecordKey, parse_record_key
from protocol.messages import Bye, Delta, Give, List, Message, Poke, Pull, Stop
from tests.support.key_material import Chance, MadeUp, made_up
from tests.support.one_node import befriend, one_node, received

NOTHING = b"\0" * 32


def answering(node: Node) -> Answering:
    """The node's door, with no network behind it."""
    return Answering(node, Exchange(node, Client()), {})


def sealed(node: Node, sender: MadeUp, message: Message, n: int | None = None) -> bytes:
    """A request of `sender` to the node, as it comes in."""
    card = node.documents.card
    assert card is not None
    inner = make_inner(
        message.name, sender.org, sender.node_key.public, node.context.org,
        node.context.now_us() if n is None else n, b"", message.encode_body(),
    )  # fmt: skip
    return seal(inner, sender.node_key, card.box_public)


def said(answer: bytes | None, reader: MadeUp) -> tuple[str, Value]:
    """The type and body of an answer."""
    assert answer is not None
    inner = open_wire(answer, [reader.box], reader.org).inner
    return inner.type, inner.body


def requests(today: Day) -> Mapping[str, Message]:
    """One of every request but hello."""
    return {
        "pull": Pull(0, today, NOTHING, (), 200_000, 0),
        "delta": Delta(0, 0, more=False, asof=today, digest=NOTHING, items=(), want=()),
        "list": List(b"", b"", ()),
        "give": Give(()),
        "poke": Poke(),
        "bye": Bye(0, 0),
    }


async def test_bytes_that_are_no_message_get_a_bare_404(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        door, chance = answering(node), Chance("bytes")
        wire = sealed(node, other, Poke())
        for at in (0, 1, 8, 9, 40, len(wire) // 2, len(wire) - 1):
            assert await door.answer(wire[:at]) is None
            assert await door.answer(wire[:at] + bytes([wire[at] ^ 1]) + wire[at + 1 :]) is None
        for size in (0, 1, 33, 57, 1081, 4153, MAX_WIRE, MAX_WIRE + 1):
            assert await door.answer(chance(min(size, 4200)).ljust(size, b"\1")) is None


@pytest.mark.parametrize("state", [PeerState.INVITED, PeerState.UNVERIFIED])
async def test_before_it_is_verified_a_peer_gets_nothing_but_hello(
    tmp_path: Path, state: PeerState
) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour", state)
        door = answering(node)
        for message in requests(node.today).values():
            kind, body = said(await door.answer(sealed(node, other, message)), other)
            assert (kind, body) == ("err", [int(ErrorNumber.UNVERIFIED_PEER), 0])


async def test_a_stranger_gets_a_bare_404_for_every_request(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        stranger = made_up("a stranger")
        door = answering(node)
        for message in requests(node.today).values():
            assert await door.answer(sealed(node, stranger, message)) is None


async def test_a_request_that_was_seen_before_has_no_effect_again(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        door, n = answering(node), node.context.now_us()
        for name, message in requests(node.today).items():
            wire = sealed(node, other, message, n)
            kind, _ = said(await door.answer(wire), other)
            assert kind != "err"
            if name not in {"delta", "bye"}:  # its own numbers guard a delta; a bye ended it all
                again = said(await door.answer(wire), other)
                assert again == ("err", [int(ErrorNumber.STALE), n])


async def test_another_peer_cannot_stop_an_alert_that_is_here(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        harbour = await befriend(node, "Harbour")
        hostile = await befriend(node, "Hostile")
        alert = await received(node, harbour, phone=["+14155550142"])
        await stop(node, hostile, parse_record_key(alert))
        found = await node.dispatch("check", {"text": "+14155550142"})
        assert [match["alert"] for match in found["matches"]] == [alert]


async def stop(node: Node, sender: MadeUp, rk: RecordKey) -> None:
    """Have a peer tell the node to stop showing a record."""
    peer = await node.read(peer_of, sender.org)
    assert peer is not None
    items = (Stop(1, rk, Day(node.today + 90)),)
    delta = Delta(0, 1, more=False, asof=node.today, digest=NOTHING, items=items, want=())
    checked = await node.checking.check(items, sender.doc(), node.today)
    await node.change(take_delta, node, peer.id, delta, checked, {})
