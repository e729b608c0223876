"""What was only signed again after a backup needs nobody's decision; what was corrected does."""

import base64

from sqlalchemy import Connection

from node.amending import corrected
from node.backup import restore_node
from node.commands.backups import backup, recover_show
from node.commands.keyring import keys_rotate
from node.commands.overview import doctor
from node.owndocs import finish_signing
from node.runtime import Node
from node.store.records import own_records
from protocol.ids import RecordKey, text_id
from tests.unit.node_keeping.kept import PASSPHRASE, Kept, say


async def taken(node: Node) -> bytes:
    return base64.b64decode((await backup(node))["content"])


async def correct(node: Node, alert: RecordKey, city: str) -> None:
    def change(connection: Connection) -> None:
        corrected(connection, node, text_id(alert), {"city": [city]})

    await node.change(change)


def restore(kept: Kept, data: bytes) -> None:
    restore_node(kept.home, PASSPHRASE, data, clock=lambda: kept.now)


async def cities(node: Node) -> dict[RecordKey, tuple[int, object]]:
    records = await node.read(own_records, node.keystore.org)
    return {rk: (r.entry.rev, r.opened["place.city"].value) for rk, r in records.items()}


async def stale(node: Node) -> list[str]:
    return [row["alert"] for row in (await recover_show(node))["corrected_since"]]


async def test_a_new_key_after_the_backup_asks_for_no_decision(riverside: Kept) -> None:
    async with riverside.opened() as node:
        alerts = await say(node, 3)
        data = await taken(node)
        await keys_rotate(node, riverside.root)
    restore(riverside, data)
    async with riverside.opened() as node:
        assert await stale(node) == []
        await finish_signing(node)
        assert await cities(node) == dict.fromkeys(alerts, (3, "San Francisco"))
        assert not any("corrected" in row["what"] for row in (await doctor(node))["findings"])


async def test_what_was_corrected_before_or_after_the_new_key_still_waits(riverside: Kept) -> None:
    async with riverside.opened() as node:
        before, after, never, both = await say(node, 4)
        data = await taken(node)
        await correct(node, before, "Oakland")
        await correct(node, both, "Oakland")
        await keys_rotate(node, riverside.root)
        await correct(node, after, "Oakland")
        await correct(node, both, "San Francisco")
    restore(riverside, data)
    async with riverside.opened() as node:
        assert set(await stale(node)) == {text_id(before), text_id(after), text_id(both)}
        await finish_signing(node)
        found = await cities(node)
        assert found[before] == found[after] == found[both] == (1, "San Francisco")
        assert found[never] == (3, "San Francisco")


async def test_a_backup_with_the_correction_in_it_needs_nobody_after_a_new_key(
    riverside: Kept,
) -> None:
    async with riverside.opened() as node:
        (alert,) = await say(node)
        await correct(node, alert, "Oakland")
        data = await taken(node)
        await keys_rotate(node, riverside.root)
        await keys_rotate(node, riverside.root)
    restore(riverside, data)
    async with riverside.opened() as node:
        assert await stale(node) == []
        await finish_signing(node)
        assert await cities(node) == {alert: (5, "Oakland")}
    restore(riverside, data)  # again, now that the register says more
    async with riverside.opened() as node:
        assert await stale(node) == []
        await finish_signing(node)
        assert await cities(node) == {alert: (6, "Oakland")}


async def test_a_correction_made_on_what_was_restored_outdates_that_too(riverside: Kept) -> None:
    async with riverside.opened() as node:
        (alert,) = await say(node)
        data = await taken(node)
        await keys_rotate(node, riverside.root)
    restore(riverside, data)
    async with riverside.opened() as node:
        await finish_signing(node)
        await correct(node, alert, "Oakland")
    restore(riverside, data)
    async with riverside.opened() as node:
        assert await stale(node) == [text_id(alert)]
