"""What is taken back, erased or over stays so: in the store, in the register, after a restore."""

import base64
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table, func, select

from federation.peers import PeerState
from node.backup import restore_node
from node.store import register as permissions
from node.store.peers import peer_of
from node.store.tables import identifiers, records
from protocol.ids import parse_record_key, text_id
from tests.support.one_node import (
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
