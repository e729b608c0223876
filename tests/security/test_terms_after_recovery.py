"""What came back after a restore as staff only stays so, whoever signs it next."""

import re
from collections.abc import Sequence
from pathlib import Path

import pytest

from federation.peers import PeerState
from federation.release import Consent
from node.issue_again import follow_terms
from node.opening import begin_recovery
from node.pipeline import Signed, sign_alert
from node.runtime import Node
from node.store.records import own_records
from protocol.codec import Value
from protocol.fields import expand
from protocol.ids import Day, RecordId, RecordKey, text_id
from protocol.messages import Give, List, Row
from tests.support.hostile import NUMBER, given, matches, tell
from tests.support.key_material import MadeUp
from tests.support.one_node import befriend, one_node, published

STAFF: list[Value] = ["staff", False, False, False, False, []]


def ours(node: Node, terms: list[Value], rev: int = 2, rid: RecordId | None = None) -> Signed:
    """An alert under our key, with these terms."""
    fields: dict[str, Value] = {
        "codes": ["non_payment"], "phone": [NUMBER], "text": ["en", "seen"], "terms": terms,
    }  # fmt: skip
    return sign_alert(
        node.key, node.context.org, expand(fields), node.context.random,
        day=node.today, exp_day=Day(node.today + 90), rev=rev, rid=rid,
    )  # fmt: skip


async def comes_back(node: Node, other: MadeUp, signed: Signed) -> RecordKey:
    """A peer lists it and gives it back."""
    entry = signed.entry
    await node.change(begin_recovery)
    row = Row(entry.rk, entry.rev, entry.eid[:8], b"s" * 8, entry.exp_day)
    assert await tell(node, other, List(b"", b"", (row,))) == "delta"
    await tell(node, other, Give((given(signed),)))
    return entry.rk


async def confirmed(node: Node) -> None:
    """The keeper lets go what waits."""
    assert (await node.dispatch("recover_confirm", {}))["signed_again"] == 1


async def terms(node: Node, rk: RecordKey) -> Sequence[Value]:
    record = (await node.read(own_records, node.context.org, [rk]))[rk]
    said = record.opened["terms"].value
    assert isinstance(said, list)
    return said


async def consent(node: Node, rk: RecordKey) -> Consent:
    return (await node.read(own_records, node.context.org, [rk]))[rk].consent


async def shown_to_members(node: Node) -> bool:
    found = await node.dispatch("check", {"text": NUMBER, "viewer": "members"})
    return bool(found["matches"])


async def test_a_correction_widens_nothing_of_what_came_back(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        node.context.hold_all = True  # the register is lost
        rk = await comes_back(node, other, ours(node, STAFF))
        assert await consent(node, rk) == Consent(peers=True)
        change = {"alert": text_id(rk), "fields": {"text": ["seen again"]}}
        await node.dispatch("alert_correct", change)
        assert await terms(node, rk) == STAFF
        assert await matches(node)
        assert not await shown_to_members(node)


async def test_a_correction_gives_hubs_nothing_that_they_did_not_have(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        text = (node.home / "policy.toml").read_text()
        text = re.sub(r"(?m)^onward *=.*$", 'onward = "on"', text)
        await node.dispatch("policy_apply", {"text": text})
        assert node.policy.onward == "on"
        members: list[Value] = ["members", *STAFF[1:]]
        rk = await comes_back(node, other, ours(node, members, rev=1))
        change = {"alert": text_id(rk), "fields": {"text": ["seen again"]}}
        await node.dispatch("alert_correct", change)
        assert await terms(node, rk) == members


async def test_what_the_keeper_has_signed_anew_is_not_widened_by_the_next_look_at_policy(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour", PeerState.PAUSED)  # so that it waits
        rk = await comes_back(node, other, ours(node, STAFF))
        await confirmed(node)
        assert await terms(node, rk) == STAFF
        await follow_terms(node)
        assert await terms(node, rk) == STAFF
        change = {"alert": text_id(rk), "fields": {"text": ["seen again"]}}
        await node.dispatch("alert_correct", change)
        assert await terms(node, rk) == STAFF


async def test_what_came_back_narrower_than_our_backup_says_stays_narrower(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        alert = await published(node, phone=NUMBER, text="seen")
        rk, record = next(iter((await node.read(own_records, node.context.org)).items()))
        assert text_id(rk) == alert
        assert record.consent.members
        later = ours(node, STAFF, rid=record.entry.rid)  # our register never saw this revision
        assert await comes_back(node, other, later) == rk
        await confirmed(node)
        await follow_terms(node)
        assert await terms(node, rk) == STAFF
        assert not await shown_to_members(node)


@pytest.mark.parametrize("use", ["print", "statistics", "police_anonymised"])
async def test_each_use_is_allowed_as_far_as_the_terms_say(tmp_path: Path, use: str) -> None:
    places = {"print": 1, "statistics": 2, "police_anonymised": 3}
    said = [*STAFF]
    said[places[use]] = True
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        rk = await comes_back(node, other, ours(node, said, rev=1))
        assert await consent(node, rk) == Consent(peers=True, **{use: True})
