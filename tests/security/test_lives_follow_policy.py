"""How long an alert lives is what the policy in force says, also for alerts of an earlier one."""

import re
from pathlib import Path

import pytest

from federation.policy import preset_text
from federation.release import Consent
from node.duties import do_duties
from node.issue_again import follow_terms
from node.pipeline import new_record, publish, sign_alert, terms_of
from node.runtime import Node
from node.store.records import OwnRecord, own_records
from protocol.codec import Value
from protocol.entry import Status
from protocol.ids import Day, RecordKey, parse_record_key
from tests.support.one_node import DAY_US, Clock, befriend, one_node, published

CONSENT = Consent(members=True, peers=True)
PRESET = preset_text("criminalised")


def keeping(days: int) -> str:
    """A policy that keeps risky alerts for so many days."""
    return re.sub(r"(?m)^2 = .*$", f"2 = {days}", PRESET)


async def ours(node: Node, rk: RecordKey) -> OwnRecord:
    return (await node.read(own_records, node.context.org, [rk]))[rk]


@pytest.mark.parametrize(("days", "left"), [(40, 30), (10, 0), (0, 0)])
async def test_a_shorter_life_is_signed_into_earlier_alerts(
    tmp_path: Path, days: int, left: int
) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        await befriend(node, "Harbour")
        rk = parse_record_key(await published(node))
        before = await ours(node, rk)
        clock.now += 10 * DAY_US
        told = await node.dispatch("policy_apply", {"text": keeping(days)})
        assert told["told"] == ["Harbour"]
        after = await ours(node, rk)
        assert (after.entry.rev, after.entry.exp_day) == (2, node.today + left)
        assert after.published_us == before.published_us
        assert await follow_terms(node) == set()
        assert (await ours(node, rk)).entry.rev == 2


async def test_a_longer_life_is_given_by_no_job(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await node.dispatch("policy_apply", {"text": keeping(40)})
        rk = parse_record_key(await published(node))
        last = (await ours(node, rk)).entry.exp_day
        await node.dispatch("policy_apply", {"text": keeping(365)})
        assert (await ours(node, rk)).entry.exp_day == last == node.today + 40


async def test_what_is_over_or_taken_back_is_not_signed_again(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        alert = await published(node)
        await node.dispatch("alert_withdraw", {"alert": alert, "reason": "a mistake"})
        await node.dispatch("policy_apply", {"text": keeping(40)})
        record = await ours(node, parse_record_key(alert))
        assert (record.entry.status, record.entry.rev) == (Status.WITHDRAWN, 2)


async def test_a_record_without_a_severity_is_not_taken_for_a_notice(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        leaves: dict[str, Value] = {"kind": "voice", "terms": terms_of(node.policy, CONSENT)}
        signed = sign_alert(
            node.key, node.context.org, leaves, node.context.random,
            day=node.today, exp_day=Day(node.today + 90),
        )  # fmt: skip
        record = new_record(signed, CONSENT, frozenset(), node.context.now_us())
        await node.change(publish, node.context, [record])
        assert await follow_terms(node) == set()
        after = await ours(node, record.entry.rk)
        assert (after.entry.rev, after.entry.exp_day) == (1, node.today + 90)


async def test_a_notice_lives_for_notice_days(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        rk = parse_record_key(await published(node, codes="PO"))
        assert (await ours(node, rk)).entry.exp_day == node.today + 3
        text = PRESET.replace("notice_days = 3", "notice_days = 1")
        await node.dispatch("policy_apply", {"text": text})
        assert (await ours(node, rk)).entry.exp_day == node.today + 1


async def test_a_delayed_alert_goes_to_peers_on_the_day_it_may(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        await befriend(node, "Harbour")
        text = PRESET.replace("publish_delay = 0", "publish_delay = 3")
        await node.dispatch("policy_apply", {"text": text})
        await published(node)
        woken: list[set[int]] = []
        node.on_news = woken.append
        for day in range(1, 4):
            clock.now += DAY_US
            await do_duties(node)
            coverage = (await node.dispatch("alert_coverage", {}))["coverage"]
            assert len(coverage) == (day == 3)
        assert [each for each in woken if each] == [{1}]
