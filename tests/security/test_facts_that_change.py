"""What was checked under facts that changed before it was stored is judged by those of now."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from federation.client import Client
from federation.verify import CheckedItem
from keys.documents import Documents
from node.answering import take_delta
from node.exchange import Exchange
from node.introductions import follow
from node.rounds import Rounds
from node.runtime import Node
from node.store.peers import peer_of, set_peer
from node.store.tables import records
from protocol.errors import ErrorNumber, ProtocolError
from protocol.messages import Delta, Message
from tests.support.hostile import answering, delta, peer, put, sealed, signed_by
from tests.support.key_material import TODAY, MadeUp
from tests.support.one_node import DAY_US, Clock, befriend, one_node


def finish(
    connection: Connection, node: Node, sender: MadeUp, sent: Delta, checked: list[CheckedItem]
) -> None:
    """Store an answer whose items were checked before."""
    row = peer_of(connection, sender.org)
    assert row is not None
    take_delta(connection, node, row.id, sent, checked, {}, is_answer=True)


@pytest.mark.parametrize("command", ["peer_block", "peer_remove"])
async def test_a_delta_that_was_under_way_brings_nothing_of_a_peer_that_is_let_go(
    tmp_path: Path, command: str
) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        sent = delta(node, put(signed_by(other, node)))
        checked = await node.checking.check(sent.items, other.doc(), node.today)
        await node.dispatch(command, {"peer": "Harbour"})
        with pytest.raises(ProtocolError) as refusal:
            await node.change(finish, node, other, sent, checked)
        assert refusal.value.number is ErrorNumber.NOT_GRANTED
        assert await node.read(lambda c: c.execute(select(records.c.rk)).fetchall()) == []


async def test_a_pull_of_a_peer_that_is_let_go_meanwhile_is_no_failure(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        row = await peer(node, other)
        await node.change(set_peer, row.id, state="blocked")
        assert await Rounds(node, Answers(node, other), {}).pull(row) is False


class Answers(Exchange):
    """An exchange in which a peer answers each pull with an alert."""

    def __init__(self, node: Node, other: MadeUp) -> None:
        super().__init__(node, Client())
        self._org = other.org
        self._answer = delta(node, put(signed_by(other, node)))

    async def ask(self, docs: Documents, message: Message, *, wait_s: int = 0) -> Message:
        assert (docs.org, message.name, wait_s) == (self._org, "pull", 0)
        return self._answer


async def test_an_entry_checked_before_its_key_was_revoked_is_not_shown_after(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        keys = ((other.node_key, TODAY, TODAY + 365), (other.other_node_key, TODAY, TODAY + 365))
        sent = delta(node, put(signed_by(other, node)))
        checked = await node.checking.check(sent.items, other.doc(), node.today)
        newer = other.doc(ver=2, keys=keys, revoked=((other.node_key, node.today - 1),))
        documents = Documents((newer,), None)
        await node.change(follow, node.context, await peer(node, other), documents)
        await node.change(finish, node, other, sent, checked)
        query = select(records.c.eid, records.c.held)
        assert await node.read(lambda c: c.execute(query).fetchall()) == [(b"", "key")]


async def test_a_replayed_delta_does_not_count_as_a_contact(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        other = await befriend(node, "Harbour")
        await node.change(set_peer, (await peer(node, other)).id, contact_us=0)
        wire = sealed(node, other, delta(node, put(signed_by(other, node))))
        assert await answering(node).answer(wire)
        seen = (await peer(node, other)).contact_us
        assert seen > 0
        clock.now += 9 * DAY_US
        assert await answering(node).answer(wire)
        assert (await peer(node, other)).contact_us == seen
