"""Objections: suspended where the policy says so, answered in time, decided by another person."""

import base64
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from federation.ledger import RowKind
from node.backup import restore_node
from node.duties import do_duties
from node.errors import BadField, BadRequest, NotFound, Refused
from node.runtime import Node
from node.store import tables
from node.store.peers import peer_of
from protocol.ids import parse_record_key
from tests.support.key_material import MadeUp
from tests.support.one_node import (
    DAY_US,
    PASSPHRASE,
    Clock,
    befriend,
    one_node,
    published,
    received,
)
from tests.support.store_scan import found_in

WORDS = "it was my brother, who has the same saffron car"


def policy(node: Node, **switches: str) -> str:
    """The node's policy with switches of [dispute] as they are given."""
    text = (node.home / "policy.toml").read_text()
    head, rest = text.split("[dispute]", 1)
    body, *more = rest.split("\n[", 1)
    for name, value in switches.items():
        body = re.sub(rf"(?m)^{name} = .*$", f"{name} = {value}", body)
    return "\n[".join([f"{head}[dispute]{body}", *more])


async def set_policy(node: Node, **switches: str) -> None:
    await node.dispatch("policy_apply", {"text": policy(node, **switches)})


async def row(node: Node, other: MadeUp, alert: str) -> tuple[RowKind, bool]:
    """What the ledger of a peer says of an alert: its kind, and whether a number is granted."""

    def read(connection: Connection) -> tuple[RowKind, bool]:
        peer = peer_of(connection, other.org)
        assert peer is not None
        query = select(tables.ledger.c.kind, tables.ledger.c.names).where(
            tables.ledger.c.peer == peer.id, tables.ledger.c.rk == parse_record_key(alert)
        )
        kind, names = connection.execute(query).one()
        return RowKind(kind), b"phone" in names

    return await node.read(read)


async def object_to(node: Node, alert: str, by: str = "Ana") -> dict[str, Any]:
    args = {"alert": alert, "objection": WORDS, "by": by}
    return await node.dispatch("dispute_open", args)


async def answer(node: Node, identity: str, outcome: str = "kept", by: str = "Bea") -> None:
    args: Mapping[str, Any] = {"id": identity, "by": by, "outcome": outcome, "answer": "we looked"}
    await node.dispatch("dispute_answer", dict(args))


async def close(node: Node, identity: str, by: str = "Cleo") -> dict[str, Any]:
    return await node.dispatch("dispute_close", {"id": identity, "by": by})


async def status_of(node: Node, alert: str) -> str:
    return str((await node.dispatch("alert_show", {"alert": alert}))["status"])


async def matches(node: Node) -> int:
    return len((await node.dispatch("check", {"text": "510 555 0123"}))["matches"])


async def test_a_suspended_alert_is_stopped_at_peers_and_comes_back_as_it_was(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        harbour = await befriend(node, "Harbour")
        await set_policy(node, suspend="true")
        alert = await published(node, phone="510 555 0123")
        assert await row(node, harbour, alert) == (RowKind.PUT, True)
        woken: list[set[int]] = []
        node.on_news = woken.append
        opened = await object_to(node, alert)
        assert opened["told"] == ["Harbour"]
        assert await row(node, harbour, alert) == (RowKind.STOP, False)
        assert woken == [{1}]
        assert await matches(node) == 0
        assert await status_of(node, alert) == "quarantined"
        await answer(node, opened["id"])
        assert await row(node, harbour, alert) == (RowKind.STOP, False)
        assert (await close(node, opened["id"]))["told"] == ["Harbour"]
        assert await row(node, harbour, alert) == (RowKind.PUT, True)
        assert await matches(node) == 1
        assert await status_of(node, alert) == "live"


async def test_where_the_policy_does_not_suspend_the_alert_stays_up(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        harbour = await befriend(node, "Harbour")
        alert = await published(node, phone="510 555 0123")
        assert (await object_to(node, alert))["told"] == []
        assert await row(node, harbour, alert) == (RowKind.PUT, True)
        await set_policy(node, suspend="true")
        assert await row(node, harbour, alert) == (RowKind.STOP, False)
        assert await matches(node) == 0
        await set_policy(node, suspend="false")
        assert await row(node, harbour, alert) == (RowKind.PUT, True)
        assert await matches(node) == 1


async def test_the_rule_is_named_in_the_preview(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour")
        await set_policy(node, suspend="true")
        alert = await published(node)
        await object_to(node, alert)
        found = await node.dispatch("policy_preview", {"peer": "Harbour", "id": alert})
        assert found["released"] == {}
        assert set(found["rules"]) == {"origin.dispute.suspend=true"}


async def test_neither_a_widening_nor_a_narrowing_lifts_a_suspension_or_is_lost_by_it(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        harbour = await befriend(node, "Harbour")
        await set_policy(node, suspend="true")
        alert = await published(node, phone="510 555 0123")
        opened = await object_to(node, alert)
        await node.dispatch("alert_widen", {"alert": alert})
        assert (await row(node, harbour, alert))[0] is RowKind.STOP
        await node.dispatch("alert_narrow", {"alert": alert, "withhold": ["phone"]})
        await node.dispatch("alert_correct", {"alert": alert, "fields": {"city": ["Oakland"]}})
        assert await matches(node) == 0
        await answer(node, opened["id"], "corrected")
        await close(node, opened["id"])
        assert await row(node, harbour, alert) == (RowKind.PUT, False)


async def test_an_alert_that_is_withdrawn_by_a_decision_is_withdrawn_everywhere(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour")
        alert = await published(node, phone="510 555 0123")
        opened = await object_to(node, alert)
        await answer(node, opened["id"], "withdrawn")
        assert (await close(node, opened["id"]))["status"] == "withdrawn"
        assert await status_of(node, alert) == "withdrawn"


@pytest.mark.parametrize("who", ["Ana", " ana", "keeper"])
async def test_who_reviewed_an_alert_does_not_decide_on_it(tmp_path: Path, who: str) -> None:
    async with one_node(tmp_path / "node", preset="gdpr") as node:
        draft = await node.dispatch("draft_new", {"fields": {"codes": ["RB"]}})
        done = await node.dispatch("draft_publish", {"ids": [draft["id"]], "by": "Ana"})
        opened = await object_to(node, done["published"][0])
        with pytest.raises(Refused, match="second_reviewer=true"):
            await answer(node, opened["id"], by=who)
        await answer(node, opened["id"], by="Bea")
        for name in (who, "BEA"):
            with pytest.raises(Refused, match="second_reviewer=true"):
                await close(node, opened["id"], by=name)
        await close(node, opened["id"], by="Cleo")


async def test_without_a_second_reviewer_one_person_may_do_all(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        opened = await object_to(node, await published(node))
        await answer(node, opened["id"], by="Ana")
        assert (await close(node, opened["id"], by="Ana"))["state"] == "closed"


async def test_what_is_late_is_said_in_status(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        opened = await object_to(node, await published(node))
        assert opened["due"] == "2026-02-04"  # 14 days
        warnings = (await node.dispatch("status", {}))["warnings"]
        assert any("1 objection to be answered, the first by 2026-02-04" in w for w in warnings)
        clock.now += 15 * DAY_US
        warnings = (await node.dispatch("status", {}))["warnings"]
        assert any("1 objection past the day" in w for w in warnings)
        (listed,) = (await node.dispatch("dispute_list", {}))["disputes"]
        assert listed["overdue"]


async def test_what_makes_no_sense_is_refused(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        harbour = await befriend(node, "Harbour")
        theirs = await received(node, harbour, phone=["+15105550123"])
        with pytest.raises(Refused, match="its own organisation"):
            await object_to(node, theirs)
        alert = await published(node)
        opened = await object_to(node, alert)
        with pytest.raises(BadRequest, match="open already"):
            await object_to(node, alert)
        with pytest.raises(BadRequest, match="no answer yet"):
            await close(node, opened["id"])
        with pytest.raises(BadField, match="outcome"):
            await answer(node, opened["id"], "forgotten")
        with pytest.raises(NotFound):
            await close(node, "zzzzzzzz")
        with pytest.raises(BadRequest, match="answer it"):
            await node.dispatch("dispute_lift", {"alert": alert, "by": "Bea"})
        await answer(node, opened["id"])
        await close(node, opened["id"])
        with pytest.raises(BadRequest, match="closed"):
            await answer(node, opened["id"])
        gone = await published(node)
        await node.dispatch("alert_withdraw", {"alert": gone})
        with pytest.raises(BadRequest, match="nothing to object"):
            await object_to(node, gone)


async def test_erasing_an_alert_leaves_nothing_of_what_was_said_about_it(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        alert = await published(node)
        await object_to(node, alert)
        await node.dispatch("alert_erase", {"alert": alert})
        assert found_in(node.home, node.keystore.store_key, [b"saffron"]) == []
        assert (await node.dispatch("dispute_list", {"all": True}))["disputes"] == []


async def test_the_words_of_a_closed_objection_go_after_ninety_days(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        opened = await object_to(node, await published(node))
        await answer(node, opened["id"])
        await close(node, opened["id"])
        clock.now += 89 * DAY_US
        await do_duties(node)
        assert found_in(node.home, node.keystore.store_key, [b"saffron"])
        clock.now += 2 * DAY_US
        await do_duties(node)
        assert found_in(node.home, node.keystore.store_key, [b"saffron"]) == []
        (left,) = (await node.dispatch("dispute_list", {"all": True}))["disputes"]
        assert (left["outcome"], left["objection"]) == ("kept", "")


async def test_a_restored_store_shows_no_suspended_alert_and_lets_it_be_lifted(
    tmp_path: Path,
) -> None:
    clock, home = Clock(), tmp_path / "node"
    async with one_node(home, clock=clock) as node:
        await set_policy(node, suspend="true")
        alert = await published(node, phone="510 555 0123")
        data = base64.b64decode((await node.dispatch("backup", {}))["content"])
        await object_to(node, alert)
    restore_node(home, PASSPHRASE, data, clock=clock)
    async with one_node(home, clock=clock) as node:
        assert (await node.dispatch("dispute_list", {}))["disputes"] == []
        assert await status_of(node, alert) == "quarantined"
        assert await matches(node) == 0
        await node.dispatch("dispute_lift", {"alert": alert, "by": "Bea"})
        assert await matches(node) == 1


async def test_a_person_who_asks_is_told_by_the_policy_and_nothing_that_leads_to_a_reporter(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node", preset="gdpr") as node:
        alert = await published(
            node, phone="510 555 0123", city="Oakland", codes="RB", date="2026-01-19"
        )
        ask = {"text": "(510) 555-0123", "by": "Ana"}
        found = await node.dispatch("dispute_inform", ask)
        assert (found["listed"], found["alerts"]) == (True, [alert])
        assert "within 7 days" in found["answer"]
        for word in ("Oakland", "robbery", "2026", "0123", "Riverside", "1 "):
            assert word not in found["answer"]
        other = await node.dispatch("dispute_inform", ask | {"text": "510 555 0124"})
        assert not other["listed"]
        with pytest.raises(BadField):
            await node.dispatch("dispute_inform", ask | {"text": "Dave, the tall one"})
        acts = (await node.dispatch("audit", {}))["acts"]
        assert [row["what"] for row in acts if row["who"] == "Ana"] == ["asked_whether_listed"] * 2
        assert "0123" not in str(acts)


async def test_where_the_policy_tells_nobody_nobody_is_told(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await published(node, phone="510 555 0123")
        with pytest.raises(Refused, match="subject_notice=never"):
            await node.dispatch("dispute_inform", {"text": "510 555 0123", "by": "Ana"})
