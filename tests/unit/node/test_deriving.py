"""Ledgers derived anew in slices: others write in between, and nothing of before goes out."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection

from federation import origin
from federation.origin import NO_DIGEST
from federation.policy import load_policy
from keys.envelope import open_wire
from node.commands.policies import policy_apply
from node.deriving import derive_all, derive_due
from node.opening import apply_policy
from node.runtime import Node
from node.store import due
from node.store.due import derive_from, derive_next, is_due
from node.store.grants import StoreGrants
from node.store.peers import Peer, peer_by_id
from protocol.commitment import decode_disclosures
from protocol.entry import decode_entry
from protocol.messages import Delta, Ok, Pull, Put, decode_body
from tests.support.hostile import NOTHING, answering, sealed
from tests.support.one_node import befriend, one_node, published

PEERS = ("Harbour", "Quayside", "Lighthouse")


def masked(node: Node) -> str:
    """The policy with no whole number for anybody."""
    text = (node.home / "policy.toml").read_text()
    assert 'phone = "clear"' in text
    return text.replace('phone = "clear"', 'phone = "masked"')


async def some_alerts(node: Node, count: int) -> list[str]:
    return [await published(node, phone=f"510 555 01{number:02}") for number in range(count)]


async def only_commit(node: Node, text: str) -> None:
    """Put a policy in force, and die before anything is derived."""
    (node.home / "policy.toml").write_text(text)

    def apply(connection: Connection) -> None:
        node.context.policy = load_policy(text)
        assert apply_policy(connection, node.context, text)

    await node.change(apply)


async def granting(node: Node, act: Any, peer: int = 1) -> Any:
    """Do something with a peer's ledger in a commit, as a message does."""

    def change(connection: Connection) -> Any:
        grants = StoreGrants(connection, node.context, peer_by_id(connection, peer))
        found = act(grants)
        grants.save()
        return found

    return await node.change(change)


async def told(node: Node, cursor: int = 0, peer: int = 1) -> Delta:
    """The next delta of a peer that has come so far."""
    today = node.today
    delta = await granting(node, lambda grants: origin.next_delta(grants, cursor, today), peer)
    assert isinstance(delta, Delta)
    return delta


def leaves(delta: Delta) -> list[frozenset[str]]:
    """What each put of a delta discloses."""
    found = []
    for item in delta.items:
        assert isinstance(item, Put)
        opened = decode_disclosures(item.disclosures, decode_entry(item.entry))
        found.append(frozenset(each.name for each in opened))
    return found


async def digest(node: Node, peer: int = 1) -> bytes:
    found: bytes = await granting(node, lambda grants: grants.digest(grants.today), peer)
    return found


async def peer_row(node: Node, peer: int = 1) -> Peer:
    return await node.read(peer_by_id, peer)


async def test_a_write_is_committed_between_two_slices(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "ROWS_A_SLICE", 3)
    async with one_node(tmp_path / "node") as node:
        for name in PEERS:
            await befriend(node, name)
        await some_alerts(node, 12)
        marks: list[bytes | None] = []

        def note(connection: Connection) -> None:
            marks.append(peer_by_id(connection, 1).out_due)

        applying = asyncio.create_task(policy_apply(node, masked(node)))
        while not applying.done():
            await node.change(note)
        assert (await applying)["told"] == list(PEERS)
        seen = {mark for mark in marks if mark}  # where it stood when something else was written
        assert len(seen) >= 6
        assert [mark for mark in marks if mark] == sorted(mark for mark in marks if mark)
        assert not await node.read(is_due)


async def test_no_slice_takes_more_than_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "ROWS_A_SLICE", 12)  # with three peers two records
    async with one_node(tmp_path / "node") as node:
        for name in PEERS:
            await befriend(node, name)
        await some_alerts(node, 7)
        await only_commit(node, masked(node))
        numbers = [(await peer_row(node, peer)).out_pseq for peer in (1, 2, 3)]
        steps = []
        while (done := await node.change(derive_next, node.context)) is not None:
            now = [(await peer_row(node, peer)).out_pseq for peer in (1, 2, 3)]
            steps.append(sum(now) - sum(numbers))
            numbers = now
        assert steps == [6, 6, 6, 3]
        assert done is None


async def test_what_is_due_goes_out_as_the_new_policy_lets_it(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour")
        await some_alerts(node, 5)
        before = await told(node)
        assert all("phone" in names for names in leaves(before))
        await only_commit(node, masked(node))
        delta = await told(node)
        assert len(delta.items) == 5
        assert not any("phone" in names for names in leaves(delta))
        assert (delta.more, delta.digest) == (True, NO_DIGEST)
        assert await node.read(is_due)  # not derived as a whole for it
        await derive_due(node)
        after = await told(node)
        assert leaves(after) == leaves(delta)
        assert (after.more, after.digest) == (False, await digest(node))


async def test_what_changed_while_it_was_due_is_told_once_it_is_derived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("node.store.grants.DUE_AT_ONCE", 2)
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour")
        await some_alerts(node, 5)
        await only_commit(node, masked(node))
        cursor, said = 0, set[bytes]()
        for _ in range(8):
            delta = await told(node, cursor)
            assert not any("phone" in names for names in leaves(delta))
            said |= {item.rk for item in delta.items}
            cursor = delta.to_seq
        assert len(said) == 5
        await derive_due(node)
        assert (await told(node, cursor)).items == ()


async def test_nothing_is_confirmed_by_a_digest_of_rows_that_are_due(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour")
        (alert,) = await some_alerts(node, 1)
        await only_commit(node, masked(node))
        stands = await digest(node)
        for claimed in (stands, NO_DIGEST):
            pull = Pull(1, node.today, claimed, (), origin.ITEM_BYTES, 0)
            delta = await granting(node, lambda grants, pull=pull: origin.on_pull(grants, pull))
            assert delta.digest == NO_DIGEST
        for claimed in (await digest(node), NO_DIGEST):
            ok = Ok(delta.to_seq, node.today, claimed, ())
            await granting(node, lambda grants, ok=ok: origin.on_ok(grants, ok))
        (row,) = (await node.dispatch("alert_coverage", {"alert": alert}))["coverage"]
        assert row["state"] == "pending"
        await derive_due(node)
        ok = Ok((await peer_row(node)).out_pseq, node.today, await digest(node), ())
        await granting(node, lambda grants: origin.on_ok(grants, ok))
        (row,) = (await node.dispatch("alert_coverage", {"alert": alert}))["coverage"]
        assert row["state"] == "confirmed"


async def test_what_was_confirmed_before_is_not_while_it_is_due(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour")
        (alert,) = await some_alerts(node, 1)
        ok = Ok(1, node.today, await digest(node), ())
        await granting(node, lambda grants: origin.on_ok(grants, ok))

        async def state() -> str:
            found = await node.dispatch("alert_coverage", {"alert": alert})
            said: str = found["coverage"][0]["state"]
            return said

        assert await state() == "confirmed"
        await only_commit(node, masked(node))
        assert await state() == "pending"


async def test_after_a_crash_between_slices_nothing_of_before_goes_out_and_the_rest_follows(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour")
        await some_alerts(node, 4)
        await only_commit(node, masked(node))
        await node.change(derive_next, node.context, 1)
        stood = (await peer_row(node)).out_due
        assert stood
    async with one_node(tmp_path / "node") as node:
        assert (await peer_row(node)).out_due == stood
        assert not any("phone" in names for names in leaves(await told(node)))
        await derive_due(node)
        assert (await peer_row(node)).out_due is None
        delta = await told(node)
        assert len(delta.items) == 4
        assert not any("phone" in names for names in leaves(delta))


async def test_a_policy_that_was_edited_while_the_node_was_off_is_in_force_at_once(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour")
        await some_alerts(node, 3)
        (node.home / "policy.toml").write_text(masked(node))
    async with one_node(tmp_path / "node") as node:
        assert await node.read(is_due)
        assert not any("phone" in names for names in leaves(await told(node)))


async def test_where_a_slice_fails_the_policy_stays_in_force_and_nothing_of_before_goes_out(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour")
        await some_alerts(node, 2)
        text = masked(node)
        await node.change(
            lambda c: c.exec_driver_sql(
                "CREATE TRIGGER full BEFORE UPDATE ON ledger"
                " BEGIN SELECT raise(ABORT, 'disk full'); END"
            )
        )
        with pytest.raises(Exception, match="disk full"):
            await node.dispatch("policy_apply", {"text": text})
        assert node.policy.identifiers.phone == "masked"
        assert (node.home / "policy.toml").read_text() == text
        with pytest.raises(Exception, match="disk full"):
            await told(node)
        await node.change(lambda c: c.exec_driver_sql("DROP TRIGGER full"))
        assert await derive_due(node) == {1}
        assert not any("phone" in names for names in leaves(await told(node)))


async def test_a_second_policy_has_everything_derived_once_more(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour")
        await some_alerts(node, 3)
        wide = (node.home / "policy.toml").read_text()
        await only_commit(node, masked(node))
        await node.change(derive_next, node.context, 1)
        await only_commit(node, wide)
        assert (await peer_row(node)).out_due == b""
        await derive_due(node)
        assert all("phone" in names for names in leaves(await told(node)))


async def test_deriving_all_by_the_day_holds_nothing_up(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        for name in PEERS:
            await befriend(node, name)
        await some_alerts(node, 5)
        await node.change(lambda c: c.exec_driver_sql("UPDATE ledger SET state = x'00'"))
        first = await node.change(derive_from, node.context, b"", 2)
        assert first.end is not None
        assert not await node.read(is_due)
        assert await derive_all(node) == {1, 2, 3}
        rows = await node.read(
            lambda c: c.exec_driver_sql("SELECT count(*) FROM ledger WHERE state = x'00'").scalar()
        )
        assert rows == 0


async def test_a_ledger_that_must_be_listed_first_is_not_due(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour")
        await befriend(node, "Quayside")
        await some_alerts(node, 2)
        await granting(node, StoreGrants.start_recovery, 2)
        await only_commit(node, masked(node))
        assert [(await peer_row(node, peer)).out_due for peer in (1, 2)] == [b"", None]
        await granting(node, StoreGrants.start_recovery, 1)
        assert not await node.read(is_due)


async def test_a_pull_that_waits_is_answered_when_the_ledger_is_through(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        await some_alerts(node, 2)
        await only_commit(node, masked(node))
        delta = await told(node)
        server = answering(node)
        node.on_news = server.wake
        pull = Pull(delta.to_seq, node.today, NOTHING, (), origin.ITEM_BYTES, 20)
        waiting = asyncio.create_task(server.answer(sealed(node, other, pull)))
        await asyncio.sleep(0.3)
        assert not waiting.done()
        await derive_due(node)
        wire = await waiting
        assert wire is not None
        answer = decode_body("delta", open_wire(wire, [other.box], other.org).inner.body)
        assert isinstance(answer, Delta)
        assert (answer.items, answer.more) == ((), False)
        assert answer.digest == await digest(node)


async def test_what_is_on_the_way_is_stopped_before_the_first_slice(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour")
        await some_alerts(node, 2)
        marks: list[int] = []
        node.when_narrowed(lambda: marks.append(len(told_of)))
        told_of: list[set[int]] = []
        node.on_news = told_of.append
        await node.dispatch("policy_apply", {"text": masked(node)})
        assert marks[0] == 0
        assert told_of[0] == {1}


async def test_a_bundle_is_whole_although_the_ledger_was_due(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour")
        await some_alerts(node, 3)
        await only_commit(node, masked(node))
        written = await node.dispatch("bundle_write", {"peer": "Harbour"})
        assert written["items"] == 3
        assert not await node.read(is_due)


async def test_what_is_signed_again_for_a_policy_lets_others_write_in_between(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due, "ROWS_A_SLICE", 42)  # with one peer two records
    async with one_node(tmp_path / "node") as node:
        await befriend(node, "Harbour")
        await some_alerts(node, 9)
        signed: list[int] = []

        def note(connection: Connection) -> None:
            query = "SELECT count(*) FROM records WHERE rev > 1"
            signed.append(connection.exec_driver_sql(query).scalar_one())

        text = (node.home / "policy.toml").read_text()
        onward = text.replace('onward = "off"', 'onward = "on"')
        assert onward != text
        applying = asyncio.create_task(policy_apply(node, onward))
        while not applying.done():
            await node.change(note)
        await applying
        await node.change(note)
        assert {0, 2, 4, 6, 8, 9} >= set(signed) >= {4, 6, 9}
