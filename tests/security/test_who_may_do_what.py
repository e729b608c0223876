"""What a stopped alert, a blocked peer and a peer that left still leave behind, and what not."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from federation.ledger import RowKind
from node.opening import begin_recovery
from node.runtime import Node
from node.store.grants import StoreGrants
from node.store.peers import Peer, peer_by_id
from node.store.records import own_records
from node.store.tables import records, returned
from protocol.ids import Day
from protocol.messages import Bye, Give, List, Row, Stop
from tests.support.hostile import given, peer, put, signed_by, take, tell
from tests.support.one_node import befriend, one_node, published


async def test_an_alert_that_its_origin_stopped_keeps_no_code_here(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        signed = signed_by(other, node)
        await take(node, other, put(signed))
        await take(node, other, Stop(2, signed.entry.rk, Day(node.today + 90)))
        query = select(records.c.row_kind, records.c.kind, records.c.severity, records.c.codes)
        assert await node.read(lambda c: c.execute(query).one()) == (RowKind.STOP, "", 0, "")


@pytest.mark.parametrize("command", ["peer_block", "peer_pause"])
async def test_what_a_peer_gives_back_that_is_not_trusted_waits_for_the_keeper(
    tmp_path: Path, command: str
) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        signed = signed_by(node, node)
        rk = signed.entry.rk
        await node.dispatch(command, {"peer": "Harbour"})
        await node.change(begin_recovery)
        row = Row(rk, 1, signed.entry.eid[:8], b"s" * 8, signed.entry.exp_day)
        assert await tell(node, other, List(b"", b"", (row,))) == "delta"
        await tell(node, other, Give((given(signed),)))
        assert await node.read(own_records, node.context.org) == {}
        query = select(returned.c.rk, returned.c.reason)
        assert await node.read(lambda c: c.execute(query).fetchall()) == [(rk, "not_trusted")]


async def test_a_goodbye_does_not_lose_who_must_still_be_told_of_an_erasure(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        alert = await published(node, phone="+14155550142")
        row = await peer(node, other)
        await node.change(confirm_all, node, row)
        assert await tell(node, other, Bye(0, 0)) == "bye"
        (was,) = (await node.dispatch("alert_coverage", {"alert": alert}))["coverage"]
        assert (was["peer_name"], was["state"]) == ("Harbour", "confirmed")
        await node.dispatch("alert_erase", {"alert": alert})
        (now,) = (await node.dispatch("alert_coverage", {"alert": alert}))["coverage"]
        assert (now["peer_name"], now["what"], now["state"]) == ("Harbour", "erasure", "pending")


def confirm_all(connection: Connection, node: Node, row: Peer) -> None:
    """Have a peer prove that it holds all that it was told."""
    grants = StoreGrants(connection, node.context, peer_by_id(connection, row.id))
    grants.channel.cursor = grants.channel.pseq
    grants.confirm(grants.channel.pseq, {}, equal=True)
    grants.save()
