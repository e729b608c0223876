"""What a node makes of several hubs' words, and of a hub's beside the author's own."""

from pathlib import Path

from sqlalchemy import Connection, select

from node.moments import iso_time
from node.pipeline import Signed
from node.runtime import Node
from node.store.peers import peer_of, set_peer
from node.store.tables import forwarded
from protocol.commitment import stopped_hash
from protocol.entry import Status
from protocol.ids import text_id
from protocol.messages import Put, Stop
from tests.support.hostile import matches, take
from tests.support.key_material import MadeUp, made_up
from tests.support.one_node import befriend, one_node
from tests.support.store_scan import found_in
from tests.unit.node.test_passed_on import digest, held, known, met, passed, signed


async def test_documents_that_one_hub_brought_explain_what_another_one_passed_on(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        one, two = await befriend(node, "Hub"), await befriend(node, "Valley")
        author = made_up("Harbour")
        record = signed(author, node)
        await take(node, one, passed(record))
        await take(node, two, passed(record))

        def asking(connection: Connection) -> list[bool]:
            found = (peer_of(connection, each.org) for each in (one, two))
            return [peer is not None and peer.in_relist > 0 for peer in found]

        await known(node, one, author)
        assert await node.read(asking) == [True, True]
        # Also where it is the second one's answer that comes too late to be news.
        await node.change(lambda connection: _asked(connection, two))
        await known(node, two, author)
        assert await node.read(asking) == [True, True]
        await take(node, two, passed(record, 2))
        await node.change(lambda connection: _asked(connection, two))
        await known(node, two, author)
        assert await node.read(asking) == [True, False]


def _asked(connection: Connection, hub: MadeUp) -> None:
    peer = peer_of(connection, hub.org)
    assert peer is not None
    set_peer(connection, peer.id, in_relist=0)


async def test_a_stop_by_a_hub_stays_told_when_the_author_speaks_for_itself(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        hub, author = await befriend(node, "Hub"), await befriend(node, "Harbour")
        record = signed(author, node)
        await take(node, hub, Stop(1, record.entry.rk, record.entry.exp_day))
        before = await node.change(lambda c: digest(c, node, hub))
        await take(node, author, passed(record))
        node.context.digests.forget()
        assert await node.change(lambda c: digest(c, node, hub)) == before
        assert await matches(node) == [text_id(record.entry.rk)]


async def taken_by_both(
    node: Node, status: Status | None = None
) -> tuple[MadeUp, MadeUp, MadeUp, Signed]:
    """Two hubs, an author behind them, and its record, which both take away: braked."""
    node.context.brake_limit = 0
    one, two = await befriend(node, "Hub"), await befriend(node, "Valley")
    author = made_up("Harbour")
    record = signed(author, node)
    await met(node, one, author, passed(record))
    await take(node, two, passed(record))
    item: Put | Stop = Stop(200, record.entry.rk, record.entry.exp_day)
    if status is not None:
        item = passed(signed(author, node, rid=record.entry.rid, rev=2, status=status), 200)
    await take(node, one, item)
    await take(node, two, item)
    assert await held(node, one) == await held(node, two) == ["braked"]
    return one, two, author, record


async def confirm(node: Node, hub: str) -> None:
    until = iso_time(node.context.now_us())
    await node.dispatch("peer_brake_confirm", {"peer": hub, "until": until})


async def test_what_two_hubs_took_away_is_decided_for_each_of_them(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        one, two, _, record = await taken_by_both(node)
        await confirm(node, "Hub")  # its people meant it
        assert (await held(node, one), await held(node, two)) == ([], ["braked"])
        assert await matches(node) == []
        done = await node.dispatch("peer_brake_reject", {"peer": "Valley"})  # a thief's work there
        assert done["shown_again"] == 1
        assert await matches(node) == [text_id(record.entry.rk)]
    async with one_node(tmp_path / "other") as node:
        one, two, _, _ = await taken_by_both(node)
        await confirm(node, "Hub")
        await confirm(node, "Valley")
        assert await held(node, one) == await held(node, two) == []
        assert await matches(node) == []


async def test_what_one_hub_puts_back_is_no_word_of_the_other(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await taken_by_both(node)
        assert (await node.dispatch("peer_brake_reject", {"peer": "Hub"}))["shown_again"] == 1
        waits = (await node.dispatch("peer_brake_list", {}))["braked"]
        assert [(row["name"], row["alerts"]) for row in waits] == [("Valley", 1)]


async def test_an_erasure_that_two_hubs_brought_is_its_author_s_and_needs_one_decision(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        one, two, _, _ = await taken_by_both(node, Status.ERASED)
        await confirm(node, "Valley")
        assert await held(node, one) == await held(node, two) == []
        assert (await node.dispatch("peer_brake_list", {}))["braked"] == []
        assert await matches(node) == []
        await node.store.checkpoint()
        assert found_in(node.home, node.keystore.store_key, [b"without paying"]) == []


async def test_a_tombstone_stays_when_the_hub_that_brought_it_stops_it_and_both_agree(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        hub, author = await befriend(node, "Hub"), made_up("Harbour")
        record = signed(author, node)
        rk = record.entry.rk
        await met(node, hub, author, passed(record))
        grave = signed(author, node, rid=record.entry.rid, rev=2, status=Status.ERASED)
        await take(node, hub, passed(grave, 200))
        await take(node, hub, Stop(201, rk, record.entry.exp_day))

        def state(connection: Connection) -> bytes:
            return bytes(connection.execute(select(forwarded.c.state)).scalar_one())

        assert await node.read(state) == stopped_hash(rk)
        await take(node, hub, passed(record, 202))
        assert await matches(node) == []
