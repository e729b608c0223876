"""An alarm about a peer stays until its code was compared again; the weather does not hide it."""

from pathlib import Path
from typing import Any

import pytest

from federation.peers import PeerState
from keys.documents import Documents
from keys.envelope import Inner, make_inner
from keys.pin import Equivocation
from keys.safety import safety_code
from node.introductions import note_trouble, our_hello, receive_hello, token_hash
from node.runtime import Node
from node.store.peers import peer_of
from node.store.tables import invites
from protocol.ids import text_id
from protocol.messages import Hello
from tests.support.key_material import MadeUp, made_up
from tests.support.one_node import befriend, one_node


def hello_from(node: Node, other: MadeUp, token: bytes = b"") -> tuple[Inner, Hello]:
    """A hello of this organisation to the node."""
    plain = our_hello(node, None, token)
    pairs = [(doc.raw, doc.sig) for doc in other.documents().orgdocs]
    hello = Hello(token, plain.trusted, tuple(pairs))
    inner = make_inner(
        "hello", other.org, other.node_key.public, node.context.org, node.context.now_us(), b"",
        hello.encode_body(),
    )  # fmt: skip
    return inner, hello


async def trouble(node: Node, other: MadeUp) -> str:
    """What is noted about the peer."""
    peer = await node.read(peer_of, other.org)
    assert peer is not None
    return peer.trouble


async def test_two_documents_of_one_version_leave_an_alarm_that_a_new_comparison_ends(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        inner, hello = hello_from(node, other)
        twin = Documents((other.doc(name="Another name"),), None)
        with pytest.raises(Equivocation):
            await receive_hello(node, inner, hello, twin)
        assert await trouble(node, other) == "equivocation"
        peer = await node.read(peer_of, other.org)
        assert peer is not None
        for weather in ("no_connection", ""):
            await node.change(note_trouble, peer.id, weather, failures=3)
        assert await trouble(node, other) == "equivocation"
        code = safety_code(other.org)
        await node.dispatch("peer_verify", {"peer": text_id(other.org), "code": code})
        assert not await trouble(node, other)
        await node.change(note_trouble, peer.id, "no_connection")
        assert await trouble(node, other) == "no_connection"


async def test_an_invite_that_a_second_organisation_brings_alarms_about_the_first(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        first = await befriend(node, "Harbour", PeerState.UNVERIFIED)
        token = bytes(range(16))

        def used(connection: Any) -> None:
            row = {"token_hash": token_hash(token), "name": "", "made_us": node.context.now_us()}
            connection.execute(invites.insert().values(used_by=first.org, **row))

        await node.change(used)
        second = made_up("Someone in between")
        inner, hello = hello_from(node, second, token)
        assert await receive_hello(node, inner, hello, second.documents()) is None
        assert await node.read(peer_of, second.org) is None
        assert await trouble(node, first) == "invite_used_twice"
