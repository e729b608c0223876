"""After a restore: what is shown as held back, and what the keeper's word does with it."""

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import Connection, insert, select

from federation.ledger import RowKind
from federation.origin import ASK_AGAIN, next_delta, on_list, on_ok
from keys.signing import SigningKey
from node.commands.backups import recover_confirm, recover_show
from node.commands.coverage import alert_coverage
from node.commands.keyring import keys_revoke
from node.opening import LOST
from node.pipeline import Signed, leaves_of, sign_alert
from node.runtime import Node
from node.store import meta
from node.store.grants import StoreGrants
from node.store.peers import Peer, peer_by_id
from node.store.records import own_records
from node.store.tables import ledger, returned, suspended
from protocol.codec import Value
from protocol.commitment import encode_disclosures
from protocol.entry import Status
from protocol.ids import Day, RecordId, RecordKey, text_id
from protocol.messages import NO_EID8, Delta, List, Ok, Row
from tests.unit.node_keeping.kept import (
    CONSENT,
    ROBBERY,
    Kept,
    befriend,
    confirm,
    documents_of,
    say,
)


async def hold_back(node: Node, peer: Peer, alerts: list[RecordKey]) -> None:
    """Suspend alerts as recovery does for what a peer did not list."""

    def suspend(connection: Connection) -> None:
        grants = StoreGrants(connection, node.context, peer_by_id(connection, peer.id))
        for row in grants.rows_after(0, 99):
            if row.rk in alerts:
                grants.suspend(row, "not_listed")

    await node.change(suspend)


async def rows(node: Node, peer: Peer) -> dict[RecordKey, RowKind]:
    def found(connection: Connection) -> dict[RecordKey, RowKind]:
        query = select(ledger.c.rk, ledger.c.kind).where(ledger.c.peer == peer.id)
        return {RecordKey(bytes(rk)): RowKind(k) for rk, k in connection.execute(query)}

    return await node.read(found)


def sign(
    node: Node, key: SigningKey, *, day: int, rev: int = 1, rid: RecordId | None = None,
    status: Status = Status.LIVE, city: Value = "San Francisco",
) -> Signed:  # fmt: skip
    leaves = leaves_of({**ROBBERY, "place.city": city}, node.policy, CONSENT)
    return sign_alert(
        key, node.keystore.org, {} if status is Status.ERASED else leaves, node.context.random,
        day=Day(day), exp_day=Day(day + 300), rev=rev, rid=rid, status=status,
    )  # fmt: skip


async def came_back(node: Node, peer: Peer, *entries: Signed) -> None:
    """Have own entries wait, as `give` under a key that is not valid leaves them."""

    def wait(connection: Connection) -> None:
        for each in entries:
            row: Mapping[str, Any] = {
                "rk": each.entry.rk, "eid": each.entry.eid, "peer": peer.id,
                "entry": each.entry.raw, "sig": each.sig,
                "disclosures": encode_disclosures(each.disclosures), "reason": "key",
            }  # fmt: skip
            connection.execute(insert(returned).values(**row))

    await node.change(wait)


async def test_a_node_that_was_never_restored_has_nothing_held_back(riverside: Kept) -> None:
    async with riverside.opened() as node:
        found = await recover_show(node)
    assert (found["state"], found["register"], found["suspended"]) == ("none", "kept", [])
    assert (found["returned"], found["corrected_since"], found["peers"]) == ([], [], [])


async def test_what_is_suspended_is_shown_and_goes_out_again_when_confirmed(
    riverside: Kept, harbour: Kept
) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        kept, gone = await say(node, 2)
        await hold_back(node, peer, [gone])
        shown = await recover_show(node)
        assert shown["state"] == "waits for the keeper"
        (row,) = shown["suspended"]
        assert (row["alert"], row["peer_name"]) == (text_id(gone), "Harbour")
        assert "did not list" in row["why"]
        assert set(await rows(node, peer)) == {kept}
        woken: list[set[int]] = []
        node.on_news = woken.append
        done = await recover_confirm(node)
        assert (done["resumed"], done["peers_with_news"]) == (1, 1)
        assert woken == [{peer.id}]
        assert await rows(node, peer) == {kept: RowKind.PUT, gone: RowKind.PUT}
        states = {row["state"] for row in (await alert_coverage(node))["coverage"]}
        assert states == {"pending"}


async def test_what_was_stopped_is_put_again_only_after_the_keeper_s_word(
    riverside: Kept, harbour: Kept
) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        (alert,) = await say(node)

        def stop(connection: Connection) -> None:
            found = peer_by_id(connection, peer.id)
            StoreGrants(connection, node.context, found).adopt_stop(alert, Day(node.today + 90))

        await node.change(stop)
        assert await rows(node, peer) == {alert: RowKind.STOP}
        await recover_confirm(node)
        assert await rows(node, peer) == {alert: RowKind.PUT}


async def test_with_the_register_lost_nothing_goes_out_before_the_keeper_s_word(
    riverside: Kept, harbour: Kept
) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        await node.change(meta.put, LOST, b"1")
    async with riverside.opened() as node:
        assert node.context.hold_all
        (alert,) = await say(node)
        assert await rows(node, peer) == {}
        await recover_confirm(node)
        assert await rows(node, peer) == {alert: RowKind.PUT}
    async with riverside.opened() as node:
        assert not node.context.hold_all


async def test_what_a_peer_asked_for_while_all_was_held_is_told_after_the_keeper_s_word(
    riverside: Kept, harbour: Kept
) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        (alert,) = await say(node)
        await confirm(node, peer, held=[(alert, "paused")])
        await node.change(meta.put, LOST, b"1")

    def asked_again(connection: Connection) -> Delta:
        """The peer takes ours again, and lists what it holds without its text."""
        grants = StoreGrants(connection, node.context, peer_by_id(connection, peer.id))
        asked = Row(alert, 0, NO_EID8, ASK_AGAIN, Day(node.today + 30))
        delta = on_list(grants, List(b"", b"", (asked,)))
        confirmed = Ok(delta.to_seq, node.today, grants.digest(node.today), ((alert, "paused"),))
        on_ok(grants, confirmed)
        grants.save()
        return delta

    def next_told(connection: Connection) -> list[RecordKey]:
        grants = StoreGrants(connection, node.context, peer_by_id(connection, peer.id))
        return [item.rk for item in next_delta(grants, grants.channel.cursor, node.today).items]

    async with riverside.opened() as node:
        assert node.context.hold_all
        assert (await node.change(asked_again)).items == ()
        assert await node.read(next_told) == []
        done = await recover_confirm(node)
        assert done["peers_with_news"] == 1
        assert await node.read(next_told) == [alert]


async def test_an_entry_of_ours_under_a_revoked_key_is_signed_again(
    riverside: Kept, harbour: Kept
) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        old, today = node.key, node.today
        await keys_revoke(node, riverside.root, "2026-01-15")
        lost = sign(node, old, day=today - 30, rev=3)
        await came_back(node, peer, lost)
        (row,) = (await recover_show(node))["returned"]
        assert (row["rev"], row["will"], row["from"]) == (3, "be signed again", "Harbour")
        assert row["fields"]["place.city"] == "San Francisco"
        done = await recover_confirm(node)
        assert (done["signed_again"], done["dropped"]) == (1, 0)
        record = (await node.read(own_records, node.keystore.org))[lost.entry.rk]
        assert (record.entry.rev, record.entry.node_key) == (4, node.key.public)
        assert record.entry.exp_day == lost.entry.exp_day
        assert await rows(node, peer) == {lost.entry.rk: RowKind.PUT}
        assert (await recover_show(node))["returned"] == []


async def test_what_a_thief_may_have_signed_is_dropped(riverside: Kept, harbour: Kept) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        old, today = node.key, node.today
        (alert,) = await say(node)
        mine = (await node.read(own_records, node.keystore.org))[alert]
        await keys_revoke(node, riverside.root, "2026-01-15")
        rid = mine.entry.rid
        erasure = sign(node, old, day=today - 30, rev=9, rid=rid, status=Status.ERASED)
        late = sign(node, old, day=today)
        foreign = sign(node, SigningKey(b"\7" * 32), day=today - 30)
        forged = sign(node, old, day=today - 30)
        forged = Signed(forged.entry, bytes(64), forged.disclosures)
        await came_back(node, peer, erasure, late, foreign, forged)
        reasons = [row["will"] for row in (await recover_show(node))["returned"]]
        assert [reason.removeprefix("be dropped: ") for reason in reasons] == [
            "a withdrawal or erasure under a revoked key is not believed",
            "it is dated after its key was revoked",
            "none of our documents ever listed its key",
            "its signature or its fields do not verify",
        ]
        done = await recover_confirm(node)
        assert (done["signed_again"], done["dropped"]) == (0, 4)
        records = await node.read(own_records, node.keystore.org)
        assert {rk: r.entry.status for rk, r in records.items()} == {alert: Status.LIVE}


async def test_a_newer_text_of_a_known_record_keeps_the_consent_that_we_know(
    riverside: Kept, harbour: Kept
) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        old, today = node.key, node.today
        (alert,) = await say(node)
        mine = (await node.read(own_records, node.keystore.org))[alert]
        await keys_revoke(node, riverside.root, "2026-01-15")  # signs ours at revision 2
        newer = sign(node, old, day=today - 30, rev=5, rid=mine.entry.rid, city="Oakland")
        older = sign(node, old, day=today - 30, rev=2, rid=mine.entry.rid)
        await came_back(node, peer, older, newer)
        await recover_confirm(node)
        now = (await node.read(own_records, node.keystore.org))[alert]
        assert now.entry.rev == 6
        assert now.opened["place.city"].value == "Oakland"
        assert (now.consent, now.published_us) == (mine.consent, mine.published_us)


async def test_an_alert_that_was_corrected_after_the_backup_is_named(riverside: Kept) -> None:
    async with riverside.opened() as node:
        (alert,) = await say(node)
        register = node.context.register

        def stage(_: Connection) -> None:
            register.stage("revision", alert, (2).to_bytes(8, "big"))

        await node.change(stage)
        found = await recover_show(node)
        assert found["corrected_since"] == [{"alert": text_id(alert), "rev": 1, "corrected_rev": 2}]
        assert "parasol alert correct" in found["next"][0]


async def test_a_failed_confirmation_holds_everything_back_still(
    riverside: Kept, harbour: Kept
) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        await node.change(meta.put, LOST, b"1")
    async with riverside.opened() as node:
        (alert,) = await say(node)

        def break_marks(connection: Connection) -> None:
            connection.exec_driver_sql(
                "CREATE TRIGGER refuse BEFORE UPDATE ON peers BEGIN SELECT RAISE(ABORT, 'no'); END"
            )

        await node.change(break_marks)
        with pytest.raises(Exception, match="no"):
            await recover_confirm(node)
        assert node.context.hold_all
        assert await node.read(meta.get, LOST) is not None
        assert alert not in await rows(node, peer)


async def test_the_peers_that_have_not_listed_are_named(riverside: Kept, harbour: Kept) -> None:
    docs = await documents_of(harbour)
    async with riverside.opened() as node:
        await befriend(node, docs, "Harbour")
        await node.change(meta.put, LOST, b"1")
        await node.change(meta.put, "restored", b"1")
    async with riverside.opened() as node:
        shown = await recover_show(node)
        assert shown["peers"][0]["listed"] is False
        assert shown["next"] == ["wait for Harbour to list what it holds"]
        assert (await recover_confirm(node))["not_listed_yet"] == ["Harbour"]
        left = await node.read(lambda c: c.execute(select(suspended)).fetchall())
        assert left == []
