"""Statistics by the command: what is counted, and what two reports tell together."""

import base64
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from federation.release import Consent
from federation.voices import Ref
from node.backup import restore_node
from node.duties import do_duties
from node.errors import BadRequest
from node.pipeline import leaves_of, new_record, publish, sign_alert
from node.runtime import Node
from protocol.codec import Value
from protocol.ids import Day, EntryId, parse_record_key, text_id
from protocol.vocabulary import ADOPTED_FROM, CODES
from tests.support.one_node import DAY_US, PASSPHRASE, Clock, befriend, one_node, received

YES = Consent(members=True, peers=True, statistics=True)
NO = Consent(members=True, peers=True)
REGIONS = ("US-CA", "US-NV", "FR")
INCIDENTS = ("robbery", "threat", "no_show", "police_activity")


async def say(
    node: Node,
    count: int,
    code: str = "robbery",
    region: str = "US-CA",
    consent: Consent = YES,
    **more: Value,
) -> list[str]:
    """Publish so many alerts; gives their ids."""
    context = node.context
    fields: dict[str, Value] = {"codes": [code], "place.region": region, **more}
    leaves = leaves_of(fields, node.policy, consent)
    made = [
        sign_alert(
            node.key, context.org, leaves, context.random,
            day=node.today, exp_day=Day(node.today + 300),
        )
        for _ in range(count)
    ]  # fmt: skip
    now = context.now_us()
    await node.change(
        publish, context, [new_record(each, consent, frozenset(), now) for each in made]
    )
    return [text_id(each.entry.rk) for each in made]


async def report(node: Node, **asked: str) -> dict[str, Any]:
    return await node.dispatch("statistics", dict(asked))


def figures(found: dict[str, Any]) -> dict[tuple[str, str, str], int]:
    return {
        (month["month"], row["region"], row["code"]): row["alerts"]
        for month in found["months"]
        for row in month["figures"]
    }


async def next_month(node: Node, clock: Clock) -> None:
    clock.now += 31 * DAY_US


async def test_an_open_month_is_not_told_and_a_closed_one_is(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        await say(node, 12)
        await say(node, 3, "threat")
        found = await report(node)
        assert figures(found) == {}
        assert found["open"] == "2026-01"
        await next_month(node, clock)
        assert figures(await report(node)) == {("2026-01", "US-CA", "robbery"): 12}
        assert "checks" not in found


async def test_only_what_its_reporter_or_origin_allows_is_counted(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        harbour = await befriend(node, "Harbour")
        await say(node, 8)
        await say(node, 20, consent=NO)
        for allowed in (True, True, False, False, False):
            await received(
                node, harbour, codes=["robbery"], place__region="US-CA",
                terms=["members", False, allowed, False, False, []],
            )  # fmt: skip
        await next_month(node, clock)
        assert figures(await report(node)) == {("2026-01", "US-CA", "robbery"): 10}


async def test_an_adopted_alert_is_not_counted_once_more(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        harbour = await befriend(node, "Harbour")
        theirs = await received(
            node, harbour, codes=["robbery"], place__region="US-CA",
            terms=["members", False, True, False, False, []],
        )  # fmt: skip
        rk = parse_record_key(theirs)
        adopted = Ref(ADOPTED_FROM, ((rk, EntryId(bytes(32))),)).value()
        await say(node, 9)
        await say(node, 1, ref=adopted)
        await next_month(node, clock)
        assert figures(await report(node)) == {("2026-01", "US-CA", "robbery"): 10}


async def test_what_comes_late_or_goes_changes_no_figure_of_a_closed_month(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        alerts = await say(node, 11)
        await next_month(node, clock)
        before = figures(await report(node))
        for alert in alerts[:5]:
            await node.dispatch("alert_erase", {"alert": alert})
        await node.dispatch("alert_withdraw", {"alert": alerts[5]})
        lower = (
            (node.home / "policy.toml")
            .read_text()
            .replace("statistics_min_cell = 10", "statistics_min_cell = 2")
        )
        await node.dispatch("policy_apply", {"text": lower})
        assert figures(await report(node)) == before == {("2026-01", "US-CA", "robbery"): 11}
        higher = lower.replace("statistics_min_cell = 2", "statistics_min_cell = 20")
        await node.dispatch("policy_apply", {"text": higher})
        assert figures(await report(node)) == {}


async def test_a_month_is_closed_by_the_clock_also_when_nobody_asks(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        alerts = await say(node, 11)
        await next_month(node, clock)
        await do_duties(node)
        await node.dispatch("alert_withdraw", {"alert": alerts[0]})
        assert figures(await report(node)) == {("2026-01", "US-CA", "robbery"): 11}


async def test_a_restored_backup_publishes_no_other_figures(tmp_path: Path) -> None:
    clock, home = Clock(), tmp_path / "node"
    async with one_node(home, clock=clock) as node:
        alerts = await say(node, 12)
        data = base64.b64decode((await node.dispatch("backup", {}))["content"])
        await node.dispatch("alert_withdraw", {"alert": alerts[0]})
        await next_month(node, clock)
        before = figures(await report(node))
    restore_node(home, PASSPHRASE, data, clock=clock)
    async with one_node(home, clock=clock) as node:
        assert figures(await report(node)) == before
        for _ in range(3):
            await next_month(node, clock)
            assert figures(await report(node)) == before


async def test_a_backup_from_before_a_month_was_closed_works_it_out_no_more(
    tmp_path: Path,
) -> None:
    clock, home = Clock(), tmp_path / "node"
    async with one_node(home, clock=clock) as node:
        await say(node, 12)
        data = base64.b64decode((await node.dispatch("backup", {}))["content"])
    (home / "register.db").unlink()
    restore_node(home, PASSPHRASE, data, clock=clock)
    async with one_node(home, clock=clock) as node:
        await node.dispatch("recover_confirm", {})
        await next_month(node, clock)
        assert figures(await report(node)) == {}
        await say(node, 14)
        await next_month(node, clock)
        assert figures(await report(node)) == {("2026-02", "US-CA", "robbery"): 14}


@pytest.mark.parametrize("seed", range(4))
async def test_any_two_reports_together_tell_no_more_than_the_later_one(
    tmp_path: Path, seed: int
) -> None:
    """Alerts come, go, are erased, minima change: a figure once told is never told otherwise."""
    random, clock = Random(seed), Clock()
    told: dict[tuple[str, str, str], int] = {}
    truth: Counter[tuple[str, str, str]] = Counter()
    async with one_node(tmp_path / "node", clock=clock) as node:
        policy = (node.home / "policy.toml").read_text()
        live: list[str] = []
        for _ in range(14):
            month = (await report(node))["open"]
            for _ in range(random.randrange(4)):
                code, region = random.choice(INCIDENTS), random.choice(REGIONS)
                count = random.choice([1, 2, 5, 9, 10, 13])
                live += await say(node, count, code, region)
                truth[month, region, code] += count
            random.shuffle(live)
            for _ in range(random.randrange(3)):
                if live:
                    how = random.choice(["alert_erase", "alert_withdraw"])
                    await node.dispatch(how, {"alert": live.pop()})
            least = random.choice([5, 10, 20])
            text = policy.replace("statistics_min_cell = 10", f"statistics_min_cell = {least}")
            await node.dispatch("policy_apply", {"text": text})
            clock.now += random.choice([1, 9, 20]) * DAY_US
            found = await report(node)
            for name, count in figures(found).items():
                assert told.setdefault(name, count) == count
                assert count >= 5
                assert name[2] == "other" or count <= truth[name]
    assert told


async def test_the_gravest_code_counts_and_where_no_region_goes_out_none_is_told(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        text = (node.home / "policy.toml").read_text()
        nowhere = text.replace('place_precision = "city"', 'place_precision = "none"')
        await node.dispatch("policy_apply", {"text": nowhere})
        await say(node, 12)
        await next_month(node, clock)
        assert figures(await report(node)) == {("2026-01", "unknown", "robbery"): 12}
    assert set(INCIDENTS) <= set(CODES)


async def test_months_are_chosen_by_name(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        for _ in range(3):
            await say(node, 11)
            await next_month(node, clock)
            await report(node)
        found = await report(node, since="2026-02", until="2026-02")
        assert [month["month"] for month in found["months"]] == ["2026-02"]
        with pytest.raises(BadRequest):
            await report(node, since="January")


async def test_checks_are_counted_by_day_only_where_the_policy_says_so(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", preset="gdpr", clock=clock) as node:
        for _ in range(3):
            await node.dispatch("check", {"text": "510 555 0123"})
        clock.now += DAY_US
        await node.dispatch("check", {"text": "510 555 0124"})
        assert (await report(node))["checks"] == [
            {"day": "2026-01-22", "checks": 1},
            {"day": "2026-01-21", "checks": 3},
        ]
        text = (node.home / "policy.toml").read_text()
        await node.dispatch(
            "policy_apply", {"text": text.replace('lookup_log = "counts"', 'lookup_log = "none"')}
        )
        await node.dispatch("check", {"text": "510 555 0123"})
        assert "checks" not in await report(node)
        await node.dispatch("policy_apply", {"text": text})
        assert (await report(node))["checks"] == []
