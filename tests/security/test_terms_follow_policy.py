"""What receivers may do with an alert is what the policy in force says, also of earlier alerts."""

import re
from pathlib import Path

from federation.policy import preset_text
from node.issue_again import follow_terms, issue_again
from node.runtime import Node
from node.store import register as permissions
from node.store.records import OwnRecord, own_records
from protocol.ids import RecordKey
from tests.unit.node_keeping.kept import CONSENT, DAY, Kept, make, say

OFF = preset_text("criminalised")
ON = re.sub(r"(?m)^onward = .*$", 'onward = "on"', OFF)
ONWARD = 4  # its place among the terms


async def ours(node: Node, rk: RecordKey) -> OwnRecord:
    """The record as it stands."""
    return (await node.read(own_records, node.context.org, [rk]))[rk]


def onward(record: OwnRecord) -> bool:
    """Whether receivers may forward it."""
    terms = record.opened["terms"].value
    assert isinstance(terms, list)
    return terms[ONWARD] is True


async def said_under(kept: Kept, policy: str) -> RecordKey:
    """Publish an alert under a policy."""
    async with kept.opened() as node:
        await node.dispatch("policy_apply", {"text": policy})
        return (await say(node))[0]


async def test_a_policy_that_forbids_forwarding_forbids_it_for_earlier_alerts(
    tmp_path: Path,
) -> None:
    kept = make(tmp_path, "Riverside")
    rk = await said_under(kept, ON)
    async with kept.opened() as node:
        before = await ours(node, rk)
        assert onward(before)
        await node.dispatch("policy_apply", {"text": OFF})
        after = await ours(node, rk)
        assert not onward(after)
        assert (after.entry.rev, after.entry.exp_day) == (2, before.entry.exp_day)
        assert after.opened.keys() == before.opened.keys()
        assert after.consent == CONSENT
        assert await follow_terms(node) == set()
        assert (await ours(node, rk)).entry.rev == 2


async def test_a_policy_of_the_file_reaches_earlier_alerts_after_a_start(tmp_path: Path) -> None:
    kept = make(tmp_path, "Riverside")
    rk = await said_under(kept, ON)
    (kept.home / "policy.toml").write_text(OFF)
    async with kept.opened() as node:
        await follow_terms(node)
        assert not onward(await ours(node, rk))


async def test_where_the_register_is_lost_nothing_is_signed_again(tmp_path: Path) -> None:
    kept = make(tmp_path, "Riverside")
    rk = await said_under(kept, ON)
    async with kept.opened() as node:
        node.context.hold_all = True
        await node.dispatch("policy_apply", {"text": OFF})
        assert (await ours(node, rk)).entry.rev == 1


async def test_what_was_corrected_after_the_backup_is_not_signed_again_for_a_conflict(
    tmp_path: Path,
) -> None:
    kept = make(tmp_path, "Riverside")
    rk = await said_under(kept, ON)
    async with kept.opened() as node:
        await node.change(
            lambda _: node.context.register.stage(permissions.REVISION, rk, bytes(7) + b"\x03")
        )
        node.context.conflicts.add(rk)
        assert await issue_again(node) == set()
        await node.dispatch("policy_apply", {"text": OFF})
        assert (await ours(node, rk)).entry.rev == 1
        assert node.context.conflicts == set()


async def test_an_expired_alert_does_not_live_again_for_a_conflict(tmp_path: Path) -> None:
    kept = make(tmp_path, "Riverside")
    rk = await said_under(kept, ON)
    kept.now += 1096 * DAY
    async with kept.opened() as node:
        await issue_again(node, [rk])
        assert (await ours(node, rk)).entry.rev == 1
