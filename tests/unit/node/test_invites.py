"""Invites: listed until they end, taken back, and never good after that."""

from pathlib import Path
from typing import Any

import pytest

from federation.peers import PeerState
from keys.documents import Documents
from keys.invite import decode_invite
from node.errors import BadRequest, NotFound
from node.introductions import receive_hello
from node.runtime import Node
from node.store.peers import peer_of, set_peer
from tests.support.key_material import MadeUp, made_up
from tests.support.one_node import DAY_US, Clock, befriend, one_node
from tests.unit.node.test_alarms import hello_from


async def listed(node: Node) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = (await node.dispatch("peer_list", {}))["invites"]
    return rows


async def brought(node: Node, other: MadeUp, invite: str) -> Any:
    """What becomes of an organisation that says hello with an invite."""
    inner, hello = hello_from(node, other, decode_invite(invite).token)
    return await receive_hello(node, inner, hello, Documents((other.doc(),), None))


async def test_an_open_invite_is_listed_until_it_is_used(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        made = await node.dispatch("peer_invite", {"name": "Harbour"})
        (row,) = await listed(node)
        assert (row["id"], row["name"], row["state"]) == (made["id"], "Harbour", "open")
        assert row["expires"] == made["expires"] == "2026-01-28T00:00:00+00:00"
        assert await brought(node, made_up("Harbour"), made["invite"]) is not None
        assert await listed(node) == []
        with pytest.raises(BadRequest, match="used already"):
            await node.dispatch("peer_cancel", {"invite": made["id"]})


async def test_an_invite_that_was_cancelled_makes_nobody_a_peer(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        made, other = await node.dispatch("peer_invite", {}), made_up("Harbour")
        done = await node.dispatch("peer_cancel", {"invite": f" {made['id'].upper()}"})
        assert done["state"] == "cancelled"
        assert await brought(node, other, made["invite"]) is None
        assert await node.read(peer_of, other.org) is None
        assert await listed(node) == []
        with pytest.raises(NotFound):
            await node.dispatch("peer_cancel", {"invite": made["id"]})


async def test_an_invite_that_ended_unused_is_told_and_dropped_after_a_month(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        made = await node.dispatch("peer_invite", {"name": "Harbour"})
        clock.now += 8 * DAY_US
        (row,) = await listed(node)
        assert row["state"] == "ended unused"
        told = (await node.dispatch("doctor", {}))["findings"]
        (finding,) = [each for each in told if each["what"].startswith("an invite")]
        assert finding["level"] == "note"
        assert "Harbour" in finding["what"]
        assert made["id"] in finding["cure"]
        assert await brought(node, made_up("Harbour"), made["invite"]) is None
        clock.now += 30 * DAY_US
        new = await node.dispatch("peer_invite", {})
        assert [row["id"] for row in await listed(node)] == [new["id"]]


async def test_a_peer_that_does_not_take_our_invite_is_told_as_such(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour", PeerState.INVITED)
        peer = await node.read(peer_of, other.org)
        assert peer is not None
        await node.change(set_peer, peer.id, trouble="http_404", failures=1)
        (row,) = (await node.dispatch("peer_list", {}))["peers"]
        assert row["trouble"] == "invite_not_taken"
        (seen,) = (await node.dispatch("status", {}))["peers"]
        assert seen["trouble"] == "invite_not_taken"
        told = (await node.dispatch("doctor", {}))["findings"]
        (finding,) = [each for each in told if "does not take our invite" in each["what"]]
        assert finding["level"] == "problem"
        assert "new one" in finding["cure"]
