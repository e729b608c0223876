"""What a hub passes on of its peers' records, and what makes it take that back."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, select, update

from federation.origin import ASK_AGAIN, ITEM_BYTES, NO_DIGEST, next_delta, on_list, on_ok
from federation.peers import PeerState
from node.runtime import Node
from node.store.asking import REVOKED
from node.store.grants import StoreGrants
from node.store.hub import follow_hub, hear
from node.store.peers import Peer, peer_of
from node.store.records import opened_values
from node.store.tables import records, suspended
from protocol.commitment import stopped_hash
from protocol.entry import Status
from protocol.ids import OrgId, RecordKey, text_id
from protocol.messages import NO_EID8, Give, List, Ok, Pull, Put, Row, Stop
from tests.support.hostile import given, tell
from tests.support.hostile import take as take_items
from tests.support.key_material import MadeUp
from tests.support.one_node import befriend, one_node, published
from tests.support.taking import confirm_braked
from tests.unit.node.test_passed_on import passed, signed


def policy(node: Node, *changes: tuple[str, str]) -> str:
    """The node's policy with some lines changed."""
    text = (node.home / "policy.toml").read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text


async def become_hub(node: Node, *changes: tuple[str, str]) -> None:
    """Put a policy in force that passes on."""
    text = policy(node, ('onward = "off"', 'onward = "on"'), *changes)
    await node.dispatch("policy_apply", {"text": text})


async def take(node: Node, author: MadeUp, *items: Put | Stop, in_step: bool = True) -> None:
    """Take an author's items; where `in_step`, as if the digests had been equal before."""
    if in_step:
        node.context.in_step.add(author.org)
    await take_items(node, author, *items)


async def told(node: Node, leaf: MadeUp) -> list[Put | Stop]:
    """What the hub would tell a leaf that has nothing yet."""

    def read(connection: Connection) -> list[Put | Stop]:
        peer = _peer(connection, leaf.org)
        grants = StoreGrants(connection, node.context, peer)
        return list(next_delta(grants, 0, node.today).items)

    return await node.change(read)


def _peer(connection: Connection, org: OrgId) -> Peer:
    peer = peer_of(connection, org)
    assert peer is not None
    return peer


def names(item: Put | Stop) -> set[str]:
    """The fields that a put discloses."""
    assert isinstance(item, Put)
    return set(opened_values(item.disclosures))


async def test_a_hub_passes_on_what_terms_name_and_its_own_policy_lets_out(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        author, leaf = await befriend(node, "Harbour"), await befriend(node, "Riverside")
        await become_hub(node, ('phone = "clear"', 'phone = "masked"'))
        record = signed(author, node, names=("codes", "phone", "phone.masked", "text"))
        await take(node, author, passed(record), passed(signed(author, node, onward=False), 2))
        (item,) = await told(node, leaf)
        assert item.rk == record.entry.rk
        assert names(item) == {"kind", "terms", "codes", "phone.masked", "text"}
        assert isinstance(item, Put)
        assert (item.entry, item.sig) == (record.entry.raw, record.sig)
        assert await told(node, author) == []  # never back to its author


async def test_nothing_live_goes_on_before_the_hub_was_in_step_with_its_author(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        author, leaf = await befriend(node, "Harbour"), await befriend(node, "Riverside")
        await become_hub(node)
        await take(node, author, passed(signed(author, node)), in_step=False)
        assert await told(node, leaf) == []


async def test_before_it_is_in_step_again_a_hub_repeats_nothing_and_still_stops(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        author, leaf = await befriend(node, "Harbour"), await befriend(node, "Riverside")
        await become_hub(node)
        record = signed(author, node, names=("codes", "severity", "text"))
        await take(node, author, passed(record))
        assert [type(item) for item in await told(node, leaf)] == [Put]
        node.context.in_step.clear()  # as after a start: the row may be from before a restore
        assert await told(node, leaf) == []
        await node.dispatch(
            "policy_apply", {"text": policy(node, ('text = "edited"', 'text = "codes_only"'))}
        )
        assert [type(item) for item in await told(node, leaf)] == [Stop]


async def test_what_a_leaf_asked_for_before_the_hub_was_in_step_goes_on_when_it_is(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        author, leaf = await befriend(node, "Harbour"), await befriend(node, "Riverside")
        await become_hub(node)
        record = signed(author, node)
        rk = record.entry.rk
        await take(node, author, passed(record))
        node.context.in_step.clear()  # as after a start

        def asked_again(connection: Connection) -> None:
            """The leaf takes ours again, and lists what it holds without its text."""
            grants = StoreGrants(connection, node.context, _peer(connection, leaf.org))
            asked = Row(rk, 0, NO_EID8, ASK_AGAIN, record.entry.exp_day)
            delta = on_list(grants, List(b"", b"", (asked,)))
            same = grants.digest(node.today)
            on_ok(grants, Ok(delta.to_seq, node.today, same, ((rk, "paused"),)))
            grants.save()

        def next_told(connection: Connection) -> list[RecordKey]:
            grants = StoreGrants(connection, node.context, _peer(connection, leaf.org))
            return [item.rk for item in next_delta(grants, grants.channel.cursor, node.today).items]

        await node.change(asked_again)
        assert await node.read(next_told) == []
        await node.change(
            lambda c: hear(c, node.context, _peer(c, author.org), (), digest=b"d" * 32)
        )
        assert await node.read(next_told) == [rk]


async def test_whatever_ends_the_hub_s_own_copy_ends_what_it_passed_on(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        author, leaf = await befriend(node, "Harbour"), await befriend(node, "Riverside")
        await become_hub(node)
        stopped, erased, withdrawn, left = (signed(author, node) for _ in range(4))
        everything = [
            passed(each, n + 1) for n, each in enumerate((stopped, erased, withdrawn, left))
        ]
        await take(node, author, *everything)
        assert len(await told(node, leaf)) == 4
        grave = signed(author, node, rid=erased.entry.rid, rev=2, status=Status.ERASED)
        taken = signed(author, node, rid=withdrawn.entry.rid, rev=2, status=Status.WITHDRAWN)
        await take(
            node, author, Stop(5, stopped.entry.rk, stopped.entry.exp_day), passed(grave, 6),
            passed(taken, 7), in_step=False,
        )  # fmt: skip
        items = {item.rk: item for item in await told(node, leaf)}
        assert isinstance(items[stopped.entry.rk], Stop)
        assert names(items[erased.entry.rk]) == set()
        assert names(items[withdrawn.entry.rk]) == {"kind", "terms", "reason"}
        assert "codes" in names(items[left.entry.rk])
        await node.dispatch("peer_block", {"peer": "Harbour"})
        items = {item.rk: item for item in await told(node, leaf)}
        assert isinstance(items[left.entry.rk], Stop)
        assert names(items[erased.entry.rk]) == set()  # an erasure stays one


async def test_what_a_peer_gives_back_of_others_proves_no_restore_and_is_stopped_unknown(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        author, leaf = await befriend(node, "Harbour"), await befriend(node, "Riverside")
        other = await befriend(node, "Valley", PeerState.TRUSTED)
        await become_hub(node)
        record = signed(author, node)
        row = Row(record.entry.rk, 1, record.entry.eid[:8], b"s" * 8, record.entry.exp_day)
        assert await tell(node, leaf, List(b"", b"", (row,))) == "delta"
        assert await tell(node, leaf, Give((given(record),))) == "ok"

        def listed(connection: Connection) -> tuple[bool, bool]:
            one, two = _peer(connection, leaf.org), _peer(connection, other.org)
            return one.out_listed, two.out_listed

        assert await node.read(listed) == (True, True)
        # Before it was in step with the author it leaves the copy as it is, then it stops it.
        await take(node, author, passed(signed(author, node), 9), in_step=False)
        assert await told(node, leaf) == []
        node.context.in_step.add(author.org)
        await node.dispatch(
            "policy_apply", {"text": policy(node, ("notice_days = 3", "notice_days = 2"))}
        )
        (stop,) = [item for item in await told(node, leaf) if item.rk == record.entry.rk]
        assert isinstance(stop, Stop)


async def test_a_stop_that_a_peer_lists_to_a_restored_hub_gives_way_to_the_author_s_word(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        author, leaf = await befriend(node, "Harbour"), await befriend(node, "Riverside")
        await become_hub(node)
        record = signed(author, node)
        rk = record.entry.rk
        row = Row(rk, 0, NO_EID8, stopped_hash(rk)[:8], record.entry.exp_day)
        assert await tell(node, leaf, List(b"", b"", (row,))) == "delta"  # then it must list
        assert await tell(node, leaf, List(b"", b"", (row,))) == "delta"
        await take(node, author, passed(record))
        (item,) = await told(node, leaf)
        assert isinstance(item, Put)

        def waiting(connection: Connection) -> int:
            return len(connection.execute(select(suspended.c.rk)).fetchall())

        assert await node.read(waiting) == 0


async def test_a_peer_that_says_it_remembers_more_keeps_a_hub_from_telling_nobody_else(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        author, leaf = await befriend(node, "Harbour"), await befriend(node, "Riverside")
        hostile = await befriend(node, "Hostile")
        await become_hub(node)
        await take(node, author, passed(signed(author, node)))
        ahead = Pull(1000, node.today, NO_DIGEST, (), ITEM_BYTES, 0)
        assert await tell(node, hostile, ahead) == "delta"
        assert [type(item) for item in await told(node, leaf)] == [Put]
        assert await told(node, hostile) == []


async def test_what_was_rolled_back_brings_a_hub_in_step_with_nobody(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        author = await befriend(node, "Harbour")

        def hear_and_fail(_: Connection) -> None:
            node.context.in_step.add(author.org)
            raise OSError("no room")

        with pytest.raises(OSError, match="no room"):
            await node.change(hear_and_fail)
        assert node.context.in_step == set()


async def test_the_coverage_of_what_a_hub_passed_on_ends_with_its_own_peers(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        author, _ = await befriend(node, "Harbour"), await befriend(node, "Riverside")
        await become_hub(node)
        record = signed(author, node)
        await take(node, author, passed(record))
        found = await node.dispatch("alert_coverage", {"alert": text_id(record.entry.rk)})
        assert list(found["summary"].values()) == ["0 of 1 confirmed"]
        alert = await published(node, text="He left without paying.")
        (told,) = (await node.dispatch("alert_coverage", {"alert": alert}))["summary"].values()
        assert "hubs among them" in told


@pytest.mark.parametrize("kept", [{"hide": True}, {"withhold": ["text"]}])
async def test_what_is_kept_from_one_organisation_is_passed_on_by_nobody(
    tmp_path: Path, kept: dict[str, object]
) -> None:
    async with one_node(tmp_path / "node") as node:
        hub, rival = await befriend(node, "Hub"), await befriend(node, "Rival")
        await become_hub(node)
        alert = await published(node, text="He left without paying.")

        async def onward() -> tuple[bool, bool]:
            shown = await node.dispatch("alert_show", {"alert": alert})
            terms = shown["fields"]["terms"]
            return terms[4], bool(terms[5])

        assert await onward() == (True, True)
        await node.dispatch("alert_narrow", {"alert": alert, "withhold": ["codes"]})
        assert await onward() == (True, True)  # kept from all: no hub has it
        await node.dispatch("alert_narrow", {"alert": alert, "peer": "Rival", **kept})
        assert await onward() == (False, False)
        (item,) = await told(node, hub)
        assert isinstance(item, Put)
        assert opened_values(item.disclosures)["terms"][4:] == [False, []]  # type: ignore[index]
        for item in await told(node, rival):
            assert isinstance(item, Stop) or "text" not in opened_values(item.disclosures)
        await node.dispatch(
            "alert_correct", {"alert": alert, "fields": {"text": ["He came back."]}}
        )
        assert await onward() == (False, False)
        await node.dispatch("alert_widen", {"alert": alert})
        assert await onward() == (True, True)


async def test_what_the_hub_does_not_believe_it_does_not_pass_on(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        author, leaf = await befriend(node, "Harbour"), await befriend(node, "Riverside")
        await become_hub(node)
        record = signed(author, node)
        await take(node, author, passed(record))
        assert [type(item) for item in await told(node, leaf)] == [Put]
        await node.dispatch("peer_quarantine", {"peer": "Harbour", "since": "2026-01-20 00:00"})
        assert [type(item) for item in await told(node, leaf)] == [Stop]
        await node.dispatch("peer_quarantine", {"peer": "Harbour", "lifted": True})
        await take(node, author, passed(record, 2))
        assert [type(item) for item in await told(node, leaf)] == [Put]


async def test_a_thief_s_tombstone_that_went_on_is_stopped_and_the_author_s_word_goes_on_again(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        author, leaf = await befriend(node, "Harbour"), await befriend(node, "Riverside")
        await become_hub(node)
        record = signed(author, node)
        await take(node, author, passed(record))
        grave = signed(author, node, rid=record.entry.rid, rev=2, status=Status.ERASED)
        await take(node, author, passed(grave, 2))
        assert [names(item) for item in await told(node, leaf)] == [set()]

        def revoke(connection: Connection) -> None:
            connection.execute(update(records).values(hidden=REVOKED))
            node.context.register.stage("erased", record.entry.rk, None)
            follow_hub(connection, node.context, author.org)

        await node.change(revoke)
        assert [type(item) for item in await told(node, leaf)] == [Stop]
        again = signed(author, node, rid=record.entry.rid, rev=2)
        await take(node, author, passed(again, 3))
        (item,) = await told(node, leaf)
        assert "codes" in names(item)


async def test_an_erasure_that_the_hub_s_brake_holds_hides_at_the_leaf_and_erases_when_confirmed(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        node.context.brake_limit = 1
        author, leaf = await befriend(node, "Harbour"), await befriend(node, "Riverside")
        await become_hub(node)
        both = [signed(author, node) for _ in range(2)]
        await take(node, author, *(passed(each, n + 1) for n, each in enumerate(both)))
        graves = (
            signed(author, node, rid=each.entry.rid, rev=2, status=Status.ERASED) for each in both
        )
        await take(node, author, *(passed(each, n + 3) for n, each in enumerate(graves)))
        assert sorted(type(item).__name__ for item in await told(node, leaf)) == ["Put", "Stop"]
        await confirm_braked(node, "Harbour")
        items = await told(node, leaf)
        assert [names(item) for item in items] == [set(), set()]


async def test_a_hub_s_preview_is_what_goes_on_with_a_rule_behind_the_rest(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        author, leaf = await befriend(node, "Harbour"), await befriend(node, "Riverside")
        await become_hub(node, ('phone = "clear"', 'phone = "masked"'))
        record = signed(author, node, names=("codes", "phone", "phone.masked"))
        await take(node, author, passed(record))
        (item,) = await told(node, leaf)
        asked = {"peer": "Riverside", "id": text_id(record.entry.rk)}
        shown = await node.dispatch("policy_preview", asked)
        assert set(shown["released"]) == names(item)
        rules = {row["field"]: row["rule"] for row in shown["withheld"]}
        assert "phone" not in rules  # our own policy does not let us hold it
        assert rules["text"] == "terms.onward=unnamed"
        assert set(rules.values()) == set(shown["rules"])
        back = await node.dispatch("policy_preview", asked | {"peer": "Harbour"})
        assert back["released"] == {}
