"""Who may speak is kept in memory, and never longer than it is true."""

from pathlib import Path

import pytest
from sqlalchemy import Connection

from federation.peers import PeerState
from keys.documents import Documents
from node.answering import Answering
from node.introductions import follow
from node.runtime import Node
from node.store.peers import sender_of, set_peer
from node.store.senders import Sender, Senders
from protocol.ids import OrgId
from protocol.messages import Poke
from tests.support.hostile import answering, delta, peer, put, sealed, signed_by
from tests.support.key_material import TODAY, MadeUp
from tests.support.one_node import befriend, one_node


def sender(org: bytes = b"o" * 32) -> Sender:
    return Sender(1, OrgId(org), PeerState.TRUSTED, Documents((), None))


def test_what_was_read_before_a_change_is_not_kept_after_it() -> None:
    senders = Senders()
    version = senders.version
    senders.forget()
    senders.keep(sender(), version)
    assert senders.get(b"o" * 32) is None
    senders.keep(sender(), senders.version)
    assert senders.get(b"o" * 32) == sender()


async def kept(node: Node, door: Answering, other: MadeUp) -> Sender | None:
    """What is kept, after a message that makes it be read."""
    await door.answer(sealed(node, other, Poke()))
    return node.context.senders.get(other.org)


@pytest.mark.parametrize("command", ["peer_pause", "peer_resume", "peer_block", "peer_remove"])
async def test_a_change_of_state_is_known_at_once(tmp_path: Path, command: str) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        door = answering(node)
        assert await kept(node, door, other) is not None
        if command == "peer_resume":
            await node.dispatch("peer_pause", {"peer": "Harbour"})
        await node.dispatch(command, {"peer": "Harbour"})
        assert await kept(node, door, other) == await node.read(sender_of, other.org)


async def test_a_key_that_was_revoked_since_is_not_listened_to(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        door = answering(node)
        wire = sealed(node, other, delta(node, put(signed_by(other, node))))
        assert await kept(node, door, other) is not None
        keys = ((other.node_key, TODAY, TODAY + 365), (other.other_node_key, TODAY, TODAY + 365))
        newer = other.doc(ver=2, keys=keys, revoked=((other.node_key, node.today - 1),))
        row = await peer(node, other)
        await node.change(follow, node.context, row, Documents((newer,), None))
        assert node.context.senders.get(other.org) is None
        await door.answer(wire)
        assert (await peer(node, other)).in_cursor == 0


async def test_what_a_message_moves_does_not_make_its_sender_be_read_again(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        door = answering(node)
        before = await kept(node, door, other)
        await door.answer(sealed(node, other, delta(node, put(signed_by(other, node)))))
        assert node.context.senders.get(other.org) is before


async def test_a_change_that_fails_leaves_what_is_true(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        door = answering(node)
        row = await peer(node, other)

        def fails(connection: Connection) -> None:
            set_peer(connection, row.id, state=PeerState.BLOCKED.value)
            raise ValueError("no")

        with pytest.raises(ValueError, match="no"):
            await node.change(fails)
        await kept(node, door, other)  # this may still forget it
        assert await kept(node, door, other) == await node.read(sender_of, other.org)
