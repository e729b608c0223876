"""What is taken back, erased or over stays so: in the store, in the register, after a restore."""

import base64
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, select

from federation.peers import PeerState
from node.backup import restore_node
from node.jobs import forget_ended
from node.runtime import Node
from node.store import register as permissions
from node.store.peers import peer_of
from node.store.records import opened_values
from node.store.tables import identifiers, records
from protocol.ids import parse_record_key, text_id
from tests.support.one_node import (
    DAY_US,
    PASSPHRASE,
    Clock,
    befriend,
    one_node,
    published,
    received,
)
from tests.unit.node_keeping.kept import Kept, make, say


async def test_an_erased_alert_leaves_no_reason_of_its_withdrawal_in_the_register(
    tmp_path: Path,
) -> None:
    home = tmp_path / "node"
    async with one_node(home) as node:
        alert = await published(node)
        rk = parse_record_key(alert)
        await node.dispatch("alert_withdraw", {"alert": alert, "reason": "it was mistaken"})
        assert node.context.register.get(permissions.WITHDRAWN, rk) is not None
        await node.dispatch("alert_erase", {"alert": alert})
        assert node.context.register.get(permissions.WITHDRAWN, rk) is None
    async with one_node(home) as node:
        assert list(node.context.register.all(permissions.WITHDRAWN)) == []
        assert (await node.dispatch("alert_show", {"alert": alert}))["status"] == "erased"


async def corrected_elsewhere(kept: Kept, revision: int) -> str:
    """An alert at revision 1 whose register knows a later one, as after a restore."""
    async with kept.opened() as node:
        (rk,) = await say(node)
        await node.change(
            lambda _: node.context.register.stage(
                permissions.REVISION, rk, revision.to_bytes(8, "big")
            )
        )
        return text_id(rk)


async def test_what_follows_a_restore_is_above_every_revision_that_the_register_knows(
    tmp_path: Path,
) -> None:
    changes: dict[str, dict[str, Any]] = {
        "alert_withdraw": {"reason": ""},
        "alert_correct": {"fields": {"codes": ["NP"]}},
        "alert_erase": {},
    }
    for name, args in changes.items():
        kept = make(tmp_path, name)
        alert = await corrected_elsewhere(kept, 5)
        async with kept.opened() as node:
            done = await node.dispatch(name, {"alert": alert, **args})
            assert done["rev"] == 6
            assert node.context.register.least_revision(parse_record_key(alert)) == 6


async def test_the_alerts_of_a_removed_peer_do_not_come_back_with_a_backup(tmp_path: Path) -> None:
    home, clock = tmp_path / "node", Clock()
    async with one_node(home, clock=clock) as node:
        harbour = await befriend(node, "Harbour")
        await received(node, harbour, phone=["+14155550142"])
        backup = await node.dispatch("backup", {})
        await node.dispatch("peer_remove", {"peer": "Harbour"})
    restore_node(home, PASSPHRASE, base64.b64decode(backup["content"]), clock=clock)
    async with one_node(home, clock=clock) as node:
        peer = await node.read(peer_of, harbour.org)
        assert peer is not None
        assert peer.state is PeerState.LEAVING
        assert await node.read(count_of, records) == 0
        assert await node.read(count_of, identifiers) == 0


def count_of(connection: Connection, table: Table) -> int:
    """How many rows a table has."""
    return connection.execute(select(func.count()).select_from(table)).scalar_one()


async def kept_of(node: Node) -> tuple[int, int, set[str]]:
    """How many records are here, how many values of them, and what else they say."""
    rows = await node.read(lambda connection: connection.execute(select(records)).fetchall())
    said = {name for row in rows for name in opened_values(bytes(row.disclosures))}
    return len(rows), await node.read(count_of, identifiers), said


async def test_what_an_alert_said_goes_on_its_last_day_and_its_row_later(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        await node.change(forget_ended, node.today)
        harbour = await befriend(node, "Harbour")
        await received(node, harbour, phone=["+14155550142"])
        clock.now += 90 * DAY_US  # the last day itself
        for _ in range(2):  # the clock has jumped: the first time nothing goes
            await node.change(forget_ended, node.today)
            assert (await kept_of(node))[:2] == (1, 1)
        clock.now += DAY_US
        assert await node.change(forget_ended, node.today) == 1
        assert await kept_of(node) == (1, 0, set())
        (row,) = (await node.dispatch("alert_list", {}))["alerts"]
        assert (row["status"], row["codes"]) == ("expired", [])
        clock.now += 91 * DAY_US
        for _ in range(2):
            await node.change(forget_ended, node.today)
        assert await kept_of(node) == (0, 0, set())


async def test_an_expired_alert_of_ours_can_still_be_withdrawn_and_erased(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        await node.change(forget_ended, node.today)
        alert = await published(node, phone="+14155550142")
        clock.now += 366 * DAY_US
        for _ in range(2):
            await node.change(forget_ended, node.today)
        assert await kept_of(node) == (1, 0, {"kind", "terms"})
        withdrawn = await node.dispatch("alert_withdraw", {"alert": alert})
        assert withdrawn["status"] == "withdrawn"
        assert (await node.dispatch("alert_erase", {"alert": alert}))["status"] == "erased"


async def test_a_clock_that_jumps_purges_nothing_at_once(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        await node.change(forget_ended, node.today)
        await published(node, phone="+14155550142")
        clock.now += 3000 * DAY_US
        assert await node.change(forget_ended, node.today) == 0
        assert (await kept_of(node))[:2] == (1, 1)


async def test_why_an_alert_was_withdrawn_is_forgotten_when_it_ends(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        register = node.context.register
        await node.change(forget_ended, node.today, register)
        alert = await published(node)
        await node.dispatch("alert_withdraw", {"alert": alert, "reason": "it was mistaken"})
        clock.now += 365 * DAY_US
        for _ in range(2):
            await node.change(forget_ended, node.today, register)
            assert register.get(permissions.WITHDRAWN, parse_record_key(alert)) is not None
        clock.now += 2 * DAY_US
        await node.change(forget_ended, node.today, register)
        clock.now += DAY_US
        await node.change(forget_ended, node.today, register)
        assert register.get(permissions.WITHDRAWN, parse_record_key(alert)) is None
        assert await kept_of(node) == (1, 0, {"kind", "terms"})
