"""A copy that an order keeps: apart from all else, told to its origin, gone when it is lifted."""

import pytest

from node.commands.alerts import alert_erase, alert_list
from node.commands.checking import check
from node.commands.holding import alert_held, alert_hold, alert_lift
from node.errors import BadField, BadRequest, NotFound
from protocol.ids import text_id
from tests.support.store_scan import found_in
from tests.unit.node_keeping.kept import DAY, Kept, say

NUMBER = "+14155550142"


async def test_what_is_kept_survives_an_erasure_and_nothing_else_finds_it(riverside: Kept) -> None:
    async with riverside.opened() as node:
        (rk,) = await say(node)
        alert = text_id(rk)
        await alert_hold(node, alert, "Order 12 of the county court")
        with pytest.raises(BadRequest):
            await alert_hold(node, alert, "Again")
        await alert_erase(node, alert)
        assert (await alert_list(node))["alerts"][0]["status"] == "erased"
        assert (await check(node, NUMBER))["matches"] == []
        (row,) = (await alert_held(node))["held"]
        assert (row["alert"], row["until"]) == (alert, None)
        assert (await alert_held(node, alert))["fields"]["phone"] == [NUMBER]
    async with riverside.opened() as node:
        assert rk in node.context.lawful
        await alert_lift(node, alert)
        await node.store.checkpoint()
        with pytest.raises(NotFound):
            await alert_held(node, alert)
        key = node.keystore.store_key
    assert found_in(riverside.home, key, [NUMBER.encode(), b"county court"]) == []


async def test_a_hold_with_a_last_day_ends_by_itself(riverside: Kept) -> None:
    async with riverside.opened() as node:
        (rk,) = await say(node)
        await alert_hold(node, text_id(rk), "Order 12", until="2026-01-23")
        with pytest.raises(BadField):
            await alert_hold(node, text_id(rk), "Order 12", until="2026-01-20")
    riverside.now += 2 * DAY
    async with riverside.opened() as node:
        assert (await alert_held(node))["held"]
    riverside.now += DAY
    async with riverside.opened() as node:
        assert (await alert_held(node))["held"] == []


async def test_a_backup_brings_no_copy_back_that_was_lifted(riverside: Kept) -> None:
    store = riverside.home / "store.db"
    async with riverside.opened() as node:
        (rk,) = await say(node)
        await alert_hold(node, text_id(rk), "Order 12")
    backup = store.read_bytes()
    riverside.now += DAY
    async with riverside.opened() as node:
        await alert_erase(node, text_id(rk))
        await alert_lift(node, text_id(rk))
    store.write_bytes(backup)
    async with riverside.opened() as node:
        assert (await alert_held(node))["held"] == []
        await alert_hold(node, text_id((await say(node))[0]), "Order 13")
        assert len((await alert_held(node))["held"]) == 1
