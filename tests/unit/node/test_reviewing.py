"""How many reviewers an alert needs, and what becomes of one that went out on fewer."""

from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from node.duties import do_duties
from node.errors import BadField, BadRequest, Refused
from node.runtime import Node
from node.store.records import OwnRecord, own_records
from node.store.reviews import mark_provisional
from protocol.entry import Status
from protocol.ids import RecordKey, parse_record_key
from tests.support.one_node import DAY_US, Clock, befriend, one_node

HOUR_US = DAY_US // 24
NOTHING_URGENT = ("urgent = true", "urgent = false")


async def draft(node: Node) -> str:
    made = await node.dispatch("draft_new", {"fields": {"codes": ["RB"], "phone": ["5105550123"]}})
    return str(made["id"])


async def publish(node: Node, identity: str, by: str = "Ana") -> dict[str, Any]:
    return await node.dispatch("draft_publish", {"ids": [identity], "by": by})


async def approve(node: Node, identity: str, by: str) -> int:
    done = await node.dispatch("draft_approve", {"ids": [identity], "by": by})
    return int(done["approved"][0]["missing"])


async def ours(node: Node, alert: str) -> OwnRecord:
    rk = parse_record_key(alert)
    return (await node.read(own_records, node.context.org, [rk]))[rk]


async def nothing_urgent(node: Node) -> None:
    text = (node.home / "policy.toml").read_text()
    await node.dispatch("policy_apply", {"text": text.replace(*NOTHING_URGENT)})


async def test_two_reviewers_with_different_names_publish_for_the_whole_life(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node", preset="gdpr") as node:
        identity = await draft(node)
        assert await approve(node, identity, "Bea") == 1
        done = await publish(node, identity)
        assert "provisional" not in done
        assert "notes" not in done
        assert (await ours(node, done["published"][0])).entry.exp_day == node.today + 730


@pytest.mark.parametrize("again", ["Ana", "ana ", "  ANA", "A.n.a"])
async def test_one_person_is_one_reviewer_however_she_writes_her_name(
    tmp_path: Path, again: str
) -> None:
    async with one_node(tmp_path / "node", preset="gdpr") as node:
        identity = await draft(node)
        assert await approve(node, identity, again) == 1
        assert "2 reviewers" in (await publish(node, identity))["notes"][0]


async def test_an_edit_makes_an_approval_void(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node", preset="gdpr") as node:
        identity = await draft(node)
        await approve(node, identity, "Bea")
        await node.dispatch("draft_edit", {"id": identity, "fields": {"city": ["Oakland"]}})
        assert (await publish(node, identity))["provisional"]


async def test_without_the_urgent_way_an_alert_waits_for_its_reviewers(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node", preset="gdpr") as node:
        await nothing_urgent(node)
        identity = await draft(node)
        done = await publish(node, identity)
        assert done["published"] == []
        assert "origin.moderation.urgent=false" in done["refused"][0]["reason"]
        await approve(node, identity, "Bea")
        assert (await publish(node, identity))["published"]


@pytest.mark.parametrize("name", ["", "   ", "x" * 81, "a\nb\x00"])
async def test_a_reviewer_has_a_name(tmp_path: Path, name: str) -> None:
    async with one_node(tmp_path / "node", preset="gdpr") as node:
        with pytest.raises(BadField):
            await approve(node, await draft(node), name)


async def test_a_hurried_alert_is_signed_for_its_hours_and_withdrawn_at_its_hour(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", preset="gdpr", clock=clock) as node:
        await befriend(node, "Harbour")
        told: list[set[int]] = []
        alert = (await publish(node, await draft(node)))["published"][0]
        assert (await ours(node, alert)).entry.exp_day <= node.today + 3
        clock.now += 47 * HOUR_US
        await do_duties(node)
        assert (await ours(node, alert)).entry.status is Status.LIVE
        clock.now += 2 * HOUR_US
        node.on_news = told.append
        await do_duties(node)
        record = await ours(node, alert)
        assert (record.entry.status, record.entry.rev) == (Status.WITHDRAWN, 2)
        assert told == [{1}]
        await do_duties(node)
        assert (await ours(node, alert)).entry.rev == 2


async def test_a_confirmed_alert_lives_as_long_as_any_other(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", preset="gdpr", clock=clock) as node:
        alert = (await publish(node, await draft(node)))["published"][0]
        clock.now += DAY_US
        again = await node.dispatch("alert_confirm", {"alert": alert, "by": "ana"})
        assert again["missing"] == 1
        done = await node.dispatch("alert_confirm", {"alert": alert, "by": "Bea"})
        assert (done["missing"], done["rev"]) == (0, 2)
        assert (await ours(node, alert)).entry.exp_day == node.today - 1 + 730
        with pytest.raises(BadRequest, match="does not wait"):
            await node.dispatch("alert_confirm", {"alert": alert, "by": "Cleo"})
        clock.now += 3 * DAY_US
        await do_duties(node)
        assert (await ours(node, alert)).entry.status is Status.LIVE


async def test_what_was_corrected_after_the_backup_is_not_confirmed_as_it_was(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node", preset="gdpr") as node:
        alert = (await publish(node, await draft(node)))["published"][0]

        def stage(_: Connection) -> None:
            node.context.register.stage("revision", parse_record_key(alert), bytes(7) + b"\x02")

        await node.change(stage)
        with pytest.raises(Refused, match="corrected"):
            await node.dispatch("alert_confirm", {"alert": alert, "by": "Bea"})
        assert (await ours(node, alert)).entry.rev == 1


async def test_a_correction_does_not_lengthen_a_hurried_alert(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node", preset="gdpr") as node:
        alert = (await publish(node, await draft(node)))["published"][0]
        last = (await ours(node, alert)).entry.exp_day
        await node.dispatch("alert_correct", {"alert": alert, "fields": {"city": ["Oakland"]}})
        assert (await ours(node, alert)).entry.exp_day == last


async def test_what_a_restored_store_thinks_unconfirmed_and_is_not_stays(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", preset="gdpr", clock=clock) as node:
        identity = await draft(node)
        await approve(node, identity, "Bea")
        alert = (await publish(node, identity))["published"][0]
        rk: RecordKey = parse_record_key(alert)
        await node.change(mark_provisional, rk, clock.now + HOUR_US)
        clock.now += DAY_US
        await do_duties(node)
        assert (await ours(node, alert)).entry.status is Status.LIVE


async def test_who_agreed_is_written_down_inside(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node", preset="gdpr") as node:
        identity = await draft(node)
        await approve(node, identity, "Bea")
        alert = (await publish(node, identity))["published"][0]
        said = (await node.dispatch("audit", {"alert": alert}))["acts"]
        assert [(row["who"], row["what"]) for row in said] == [("Bea, Ana", "published")]
        everything = (await node.dispatch("audit", {}))["acts"]
        assert [row["what"] for row in everything] == ["published", "approved", "invited"]
