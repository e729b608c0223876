"""Copies die unless their origin renews: who is told before, and what a renewal does."""

import pytest

from node.commands.alerts import alert_correct, alert_list, alert_renew
from node.commands.overview import status
from node.errors import BadRequest, Refused
from protocol.ids import Day, iso_date, text_id
from tests.unit.node_keeping.kept import DAY, Kept, befriend, documents_of, say


async def test_what_is_about_to_end_is_told_and_a_renewal_counts_from_today(
    riverside: Kept, harbour: Kept
) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        await befriend(node, docs, "Harbour")
        (alert,) = await say(node)
        with pytest.raises(Refused, match="already"):
            await alert_renew(node, text_id(alert))
        assert (await alert_list(node, ending=14))["alerts"] == []
    riverside.now += (1095 - 10) * DAY
    async with riverside.opened() as node:
        (row,) = (await alert_list(node, ending=14))["alerts"]
        assert row["id"] == text_id(alert)
        assert (await alert_list(node, ending=5))["alerts"] == []
        assert any(
            "1 alert ends within 14 days" in each for each in (await status(node))["warnings"]
        )
        done = await alert_renew(node, text_id(alert))
        assert (done["rev"], done["told"]) == (2, ["Harbour"])
        (row,) = (await alert_list(node))["alerts"]
        assert row["expires"] == iso_date(Day(node.today + 1095))
        assert (await alert_list(node, ending=14))["alerts"] == []
    riverside.now += 100 * DAY  # past what its first life was: a correction must not cut it short
    async with riverside.opened() as node:
        assert (await alert_correct(node, text_id(alert), {"city": ["Oakland"]}))["rev"] == 3
        (row,) = (await alert_list(node))["alerts"]
        assert row["expires"] == iso_date(Day(node.today + 995))


async def test_what_has_ended_is_not_renewed(riverside: Kept) -> None:
    async with riverside.opened() as node:
        (alert,) = await say(node)
    riverside.now += 1096 * DAY
    async with riverside.opened() as node:
        with pytest.raises(BadRequest, match="expired"):
            await alert_renew(node, text_id(alert))
