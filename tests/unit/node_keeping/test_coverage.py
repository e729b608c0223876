"""Which peer has confirmed what: each state of a ledger row as people read it."""

import pytest
from sqlalchemy import Connection

from federation.release import Restrictions
from node.commands.coverage import alert_coverage
from node.errors import NotFound
from node.pipeline import erased, narrow, publish
from node.runtime import Node
from node.store.grants import StoreGrants
from node.store.peers import peer_by_id
from node.store.records import own_records
from protocol.ids import RecordKey, text_id
from tests.unit.node_keeping.kept import DAY, HOUR, Kept, befriend, confirm, documents_of, say


async def states(node: Node, alert: RecordKey) -> list[str]:
    found = await alert_coverage(node, text_id(alert))
    return [row["state"] for row in found["coverage"]]


async def test_an_alert_is_pending_then_overdue_then_confirmed(
    riverside: Kept, harbour: Kept
) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        (alert,) = await say(node)
        assert await states(node, alert) == ["pending"]
        riverside.now += 23 * HOUR
        assert await states(node, alert) == ["pending"]
        riverside.now += 32 * HOUR
        (row,) = (await alert_coverage(node))["coverage"]
        assert (row["state"], row["age_s"]) == ("overdue", 55 * 3600)
        assert (row["peer"], row["peer_name"]) == (text_id(docs.org), "Harbour")
        await confirm(node, peer)
        (row,) = (await alert_coverage(node))["coverage"]
        assert (row["state"], row["age_s"], row["since"]) == (
            "confirmed", 0, "2026-01-23T07:00:00+00:00",
        )  # fmt: skip


async def test_the_summary_says_whom_to_ring_up(riverside: Kept, harbour: Kept) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        await befriend(node, docs, "Harbour")
        (alert,) = await say(node)
        riverside.now += 55 * HOUR
        summary = (await alert_coverage(node))["summary"][text_id(alert)]
        assert summary == "0 of 1 confirmed; Harbour 31 h overdue, last seen 2 days ago"


async def test_what_a_peer_holds_back_has_its_reason(riverside: Kept, harbour: Kept) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        good, bad = await say(node, 2)
        await confirm(node, peer, [(bad, "signature")])
        assert await states(node, good) == ["confirmed"]
        (row,) = (await alert_coverage(node, text_id(bad)))["coverage"]
        assert (row["state"], row["reason"]) == ("held", "signature")


async def test_a_stop_is_pending_until_confirmed_and_then_recalled(
    riverside: Kept, harbour: Kept
) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        (alert,) = await say(node)
        await confirm(node, peer)
        nobody = Restrictions(peers=frozenset())
        await node.change(narrow, node.context, alert, nobody)
        (row,) = (await alert_coverage(node, text_id(alert)))["coverage"]
        assert (row["state"], row["what"]) == ("pending", "stop")
        await confirm(node, peer)
        assert await states(node, alert) == ["recalled"]


async def test_an_erasure_is_confirmed_by_each_peer(riverside: Kept, harbour: Kept) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        (alert,) = await say(node)
        await confirm(node, peer)
        record = (await node.read(own_records, node.keystore.org, [alert]))[alert]
        gone = erased(record, node.key, node.context.random, node.today)
        await node.change(publish, node.context, [gone])
        (row,) = (await alert_coverage(node, text_id(alert)))["coverage"]
        assert (row["state"], row["what"]) == ("pending", "erasure")
        await confirm(node, peer)
        assert await states(node, alert) == ["confirmed"]


async def test_what_recovery_holds_back_is_held_whatever_the_ledger_says(
    riverside: Kept, harbour: Kept
) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        unlisted, stopped = await say(node, 2)

        def suspend(connection: Connection) -> None:
            grants = StoreGrants(connection, node.context, peer_by_id(connection, peer.id))
            row = next(row for row in grants.rows_after(0, 9) if row.rk == unlisted)
            grants.suspend(row, "not_listed")
            grants.adopt_stop(stopped, row.exp)

        await node.change(suspend)
        found = (await alert_coverage(node))["coverage"]
        assert {(row["state"], row["reason"]) for row in found} == {
            ("held", "recovery_not_listed"),
            ("held", "recovery_was_stopped"),
        }


async def test_an_expired_alert_is_never_overdue(riverside: Kept, harbour: Kept) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        await befriend(node, docs, "Harbour")
        (alert,) = await say(node, codes=["raid"])
        riverside.now += 10 * DAY
        assert await states(node, alert) == ["pending"]


async def test_an_alert_is_found_by_the_start_of_its_id_and_another_is_not(
    riverside: Kept, harbour: Kept
) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        await befriend(node, docs, "Harbour")
        alert, _ = await say(node, 2)
        assert len((await alert_coverage(node))["coverage"]) == 2
        assert len((await alert_coverage(node, text_id(alert)[:12]))["coverage"]) == 1
        with pytest.raises(NotFound, match="parasol alert list"):
            await alert_coverage(node, "aaaaaaaaaaaa")


@pytest.mark.parametrize("onward", [False, True])
async def test_where_hubs_pass_on_a_summary_does_not_claim_to_have_counted_all(
    riverside: Kept, harbour: Kept, *, onward: bool
) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        await befriend(node, docs, "Harbour")
        if onward:
            node.context.policy = node.policy.model_copy(update={"onward": "on"})
        (alert,) = await say(node)
        (told,) = (await alert_coverage(node, text_id(alert)))["summary"].values()
        assert ("hubs among them" in told) is onward
