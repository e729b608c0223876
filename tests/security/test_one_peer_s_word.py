"""What one peer says of our memory holds up nobody else, and fills nothing without end."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from node.issue_again import issue_again
from node.opening import begin_recovery
from node.runtime import Node
from node.store.peers import all_peers
from node.store.records import own_records
from node.store.tables import ledger, suspended
from protocol.commitment import stopped_hash
from protocol.ids import Day, RecordKey, parse_record_key
from protocol.limits import DAY_MAX, EXPIRY_DAYS
from protocol.messages import Give, List, Pull, Row
from tests.support.hostile import NOTHING, given, signed_by, tell
from tests.support.one_node import DAY_US, Clock, befriend, one_node, published


def listed(connection: Connection) -> dict[str, bool]:
    """Who may be put what is new, by name."""
    return {peer.name: peer.out_listed for peer in all_peers(connection)}


def count_suspended(connection: Connection) -> int:
    """How many records wait for the keeper, for any peer."""
    return connection.execute(select(func.count()).select_from(suspended)).scalar_one()


def ledger_rows(connection: Connection) -> tuple[int, int]:
    """How many rows all ledgers have, and the last day of any."""
    count, last = connection.execute(select(func.count(), func.max(ledger.c.exp))).one()
    return count, last


def ahead(node: Node) -> Pull:
    """A pull whose cursor is above all that we ever told."""
    return Pull(1000, node.today, NOTHING, (), 200_000, 0)


async def test_one_peer_s_cursor_does_not_suspend_what_others_wait_for(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        hostile, honest = await befriend(node, "Hostile"), await befriend(node, "Harbour")
        await published(node, phone="+14155550142")
        assert await tell(node, hostile, ahead(node)) == "delta"
        assert await tell(node, honest, List(b"", b"", ())) == "delta"
        assert await node.read(count_suspended) == 0
        assert await node.read(listed) == {"Hostile": False, "Harbour": True}


@pytest.mark.parametrize("rev", [0, 1, 7])
async def test_a_listing_of_what_never_was_holds_up_only_who_sent_it(
    tmp_path: Path, rev: int
) -> None:
    async with one_node(tmp_path / "node") as node:
        hostile = await befriend(node, "Hostile")
        await befriend(node, "Harbour")
        rk = RecordKey(b"r" * 16)
        eid8, s8 = (b"e" * 8, b"s" * 8) if rev else (b"\0" * 8, stopped_hash(rk)[:8])
        listing = List(b"", b"", (Row(rk, rev, eid8, s8, Day(node.today + 90)),))
        assert await tell(node, hostile, listing) == "delta"
        assert (await node.read(listed))["Harbour"] is True


async def test_what_a_peer_gives_back_that_we_signed_and_do_not_know_holds_up_all(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        await befriend(node, "Third")
        lost = signed_by(node, node)
        row = Row(lost.entry.rk, 1, lost.entry.eid[:8], b"s" * 8, lost.entry.exp_day)
        await tell(node, other, List(b"", b"", (row,)))
        assert await node.read(listed) == {"Harbour": False, "Third": True}
        await tell(node, other, Give((given(lost),)))
        assert (await node.read(listed))["Third"] is False
        assert set(await node.read(own_records, node.context.org)) == {lost.entry.rk}


async def test_a_peer_cannot_have_an_alert_signed_again_more_than_once_a_day(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        other = await befriend(node, "Harbour")
        rk = parse_record_key(await published(node, phone="+14155550142"))
        for day in range(1, 3):
            for _ in range(3):
                pull = Pull(0, node.today, NOTHING, ((rk, "conflict"),), 200_000, 0)
                assert await tell(node, other, pull) == "delta"
                await issue_again(node)
            (record,) = (await node.read(own_records, node.context.org, [rk])).values()
            assert record.entry.rev == 1 + day
            clock.now += DAY_US


async def test_a_listing_of_records_that_never_were_does_not_fill_the_ledger(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        for page in range(3):
            await tell(node, other, List(b"", b"", strange(page)))
        count, last = await node.read(ledger_rows)
        assert 0 < count < 1000
        assert last <= node.today + EXPIRY_DAYS


async def test_nor_does_one_of_stops_in_recovery(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        node.context.live_limit = 700
        other = await befriend(node, "Harbour")
        await node.change(begin_recovery)
        await tell(node, other, List(b"", b"", strange(0, are_stops=True)))
        assert (await node.read(ledger_rows))[0] <= 700


def strange(page: int, *, are_stops: bool = False) -> tuple[Row, ...]:
    """Rows of keys that are no record of anyone, to the end of time."""
    keys = [RecordKey(page.to_bytes(4, "big") + n.to_bytes(12, "big")) for n in range(1, 1001)]
    return tuple(
        Row(rk, 0, b"\0" * 8, stopped_hash(rk)[:8] if are_stops else b"x" * 8, Day(DAY_MAX))
        for rk in keys
    )
