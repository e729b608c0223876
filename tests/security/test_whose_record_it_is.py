"""Only its author may speak under a record's key, whoever speaks first."""

from pathlib import Path

from sqlalchemy import Connection

from node.opening import begin_recovery
from node.runtime import Node
from node.store.intake import StoreIntake
from node.store.peers import peer_of
from node.store.records import own_records
from protocol.ids import Day, OrgId, text_id
from protocol.messages import Give, List, Put, Row, Stop
from tests.support.hostile import given, matches, put, signed_by, take, tell
from tests.support.one_node import befriend, one_node


def held(connection: Connection, node: Node, org: OrgId) -> list[tuple[bytes, str]]:
    """What the node tells an origin that it holds back."""
    peer = peer_of(connection, org)
    assert peer is not None
    return [
        (bytes(rk), why) for rk, why in StoreIntake(connection, node.context, peer, None).held()
    ]


def digest(connection: Connection, node: Node, org: OrgId, *, fresh: bool = False) -> bytes:
    """The digest of what the node mirrors of an origin; `fresh` asks no cache."""
    if fresh:
        node.context.digests.forget()
    peer = peer_of(connection, org)
    assert peer is not None
    return StoreIntake(connection, node.context, peer, None).digest(node.today)


async def test_a_peer_cannot_keep_another_s_alert_from_us_by_stopping_it_first(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        hostile, honest = await befriend(node, "Hostile"), await befriend(node, "Harbour")
        signed = signed_by(honest, node)
        await take(node, hostile, Stop(1, signed.entry.rk, Day(node.today + 900)))
        await node.change(digest, node, hostile.org)
        await take(node, honest, put(signed))
        assert await matches(node) == [text_id(signed.entry.rk)]
        cached = await node.change(digest, node, hostile.org)
        assert cached == await node.change(digest, node, hostile.org, fresh=True)


async def test_a_peer_cannot_keep_another_s_alert_from_us_by_a_bad_item_under_its_key(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        hostile, honest = await befriend(node, "Hostile"), await befriend(node, "Harbour")
        signed = signed_by(honest, node)
        await take(node, hostile, Put(1, signed.entry.rk, b"\x00", b"\0" * 64, b"\x90"))
        await take(node, honest, put(signed))
        assert await matches(node) == [text_id(signed.entry.rk)]


async def test_a_peer_cannot_keep_our_own_alert_from_coming_back_after_a_restore(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        hostile, honest = await befriend(node, "Hostile"), await befriend(node, "Harbour")
        signed = signed_by(node, node)
        rk = signed.entry.rk
        await node.change(begin_recovery)
        await take(node, hostile, Stop(1, rk, Day(node.today + 900)))
        row = Row(rk, 1, signed.entry.eid[:8], b"s" * 8, signed.entry.exp_day)
        assert await tell(node, honest, List(b"", b"", (row,))) == "delta"
        assert await tell(node, honest, Give((given(signed),))) == "ok"
        assert set(await node.read(own_records, node.context.org)) == {rk}


async def test_what_is_turned_away_is_reported_to_whoever_sent_it(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        hostile, honest = await befriend(node, "Hostile"), await befriend(node, "Harbour")
        signed = signed_by(honest, node)
        await take(node, honest, put(signed))
        await take(node, hostile, Stop(1, signed.entry.rk, Day(node.today + 900)), put(signed, 2))
        assert await matches(node) == [text_id(signed.entry.rk)]
        # It passes on what its author did not allow it to: that is mirrored, and changes nothing.
        assert await node.read(held, node, hostile.org) == [(signed.entry.rk, "not_onward")]
        assert await node.read(held, node, honest.org) == []


async def test_bad_bytes_under_another_s_key_are_turned_away_and_reported(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        hostile, honest = await befriend(node, "Hostile"), await befriend(node, "Harbour")
        signed = signed_by(honest, node)
        await take(node, honest, put(signed))
        await take(node, hostile, Put(1, signed.entry.rk, b"\x00", b"\0" * 64, b"\x90"))
        assert await matches(node) == [text_id(signed.entry.rk)]
        assert await node.read(held, node, hostile.org) == [(signed.entry.rk, "not_author")]
        assert await node.read(held, node, honest.org) == []
