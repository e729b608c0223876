"""What a peer gives back of our own, and what of it takes the place of what stands."""

from pathlib import Path

from node.opening import begin_recovery
from node.runtime import Node
from node.store import register as permissions
from node.store.records import own_records
from protocol.codec import encode
from protocol.entry import Status
from protocol.messages import Give, Given, List, Row
from tests.support.hostile import given, signed_by, tell
from tests.support.key_material import MadeUp
from tests.support.one_node import befriend, one_node


async def give(node: Node, other: MadeUp, item: Given, row: Row) -> None:
    await node.change(begin_recovery)
    assert await tell(node, other, List(b"", b"", (row,))) == "delta"
    await tell(node, other, Give((item,)))


async def test_what_the_register_ended_ends_also_where_an_untrusted_peer_brings_it(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        entry = (signed := signed_by(node, node)).entry
        tombstone = signed_by(node, node, status=Status.ERASED, rid=entry.rid, rev=2)
        value = encode([tombstone.entry.raw, tombstone.sig])
        await node.change(
            lambda _: node.context.register.stage(permissions.ERASED, entry.rk, value)
        )
        await node.dispatch("peer_pause", {"peer": "Harbour"})
        row = Row(entry.rk, 1, entry.eid[:8], b"s" * 8, entry.exp_day)
        await give(node, other, given(signed), row)
        known = await node.read(own_records, node.context.org)
        assert {rk: record.entry.status for rk, record in known.items()} == {
            entry.rk: Status.ERASED
        }
