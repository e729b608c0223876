"""What leads to a reporter is gone when the policy says so, from every page and for good."""

import base64
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from federation.policy import preset_text
from node.duties import do_duties
from node.runtime import Node
from node.store import register as permissions
from node.store.tables import drafts
from tests.support.store_scan import found_in
from tests.unit.node_keeping.kept import DAY, Kept, make
from tests.unit.node_keeping.test_backup import restore

LIST = """\
date,what happened,client phone,reporter name,reporter phone,reporter email
2026-01-10,robbed,+1 415 555 0142,Marigold Quince,+1 510 555 0177,velvet@example.org
"""
WORDS = ("Marigold", "5550177", "555 0177", "velvet@")


def keeping(days: int) -> str:
    """A policy that keeps a way to call the reporter back for so many days."""
    mode = "callback" if days else "none"
    text = re.sub(r'(?m)^mode = "(none|callback)"', f'mode = "{mode}"', preset_text("criminalised"))
    return re.sub(r"(?m)^days = 0$", f"days = {days}", text)


async def imported(node: Node, text: str = LIST) -> str:
    content = base64.b64encode(text.encode()).decode()
    await node.dispatch("import_list", {"filename": "list.csv", "content": content})
    (row,) = (await node.dispatch("draft_list", {}))["drafts"]
    return str(row["id"])


async def publish(node: Node, identity: str) -> None:
    done = await node.dispatch("draft_publish", {"ids": [identity], "despite": True})
    assert done["published"]


async def shown(node: Node, identity: str) -> dict[str, Any]:
    return await node.dispatch("draft_show", {"id": identity})


def left(kept: Kept, key: bytes) -> list[tuple[str, bytes]]:
    """The reporter's words that still stand anywhere in the node's folder, decrypted."""
    needles = [form for word in WORDS for form in (word.encode(), word.encode("utf-16-le"))]
    return found_in(kept.home, key, needles)


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return make(tmp_path, "Riverside")


async def test_the_scan_finds_what_is_still_kept(kept: Kept) -> None:
    async with kept.opened() as node:
        await imported(node)
        await node.store.checkpoint()
        found = {needle for _, needle in left(kept, node.keystore.store_key)}
        assert {b"Marigold", b"555 0177", b"velvet@"} <= found


@pytest.mark.parametrize("ending", ["publish", "refuse"])
async def test_under_none_not_a_byte_is_left_once_a_draft_is_reviewed(
    kept: Kept, ending: str
) -> None:
    async with kept.opened() as node:
        await node.dispatch("policy_apply", {"text": keeping(0)})
        identity = await imported(node)
        if ending == "publish":
            await publish(node, identity)
        else:
            await node.dispatch("draft_refuse", {"id": identity})
        assert (await shown(node, identity))["report"] == {}
        assert left(kept, node.keystore.store_key) == []


async def test_a_draft_that_nobody_reviews_keeps_her_words_for_thirty_days(kept: Kept) -> None:
    async with kept.opened() as node:
        identity = await imported(node)
        kept.now += 29 * DAY
        await do_duties(node)
        assert (await shown(node, identity))["report"]
        kept.now += 2 * DAY
        await do_duties(node)
        assert (await shown(node, identity))["report"] == {}
        assert (await shown(node, identity))["fields"]["phone"] == ["+14155550142"]
        assert left(kept, node.keystore.store_key) == []


@pytest.mark.parametrize("state", ["open", "published"])
async def test_under_callback_they_are_kept_for_its_days_and_no_longer(
    kept: Kept, state: str
) -> None:
    async with kept.opened() as node:
        await node.dispatch("policy_apply", {"text": keeping(7)})
        identity = await imported(node)
        if state == "published":
            await publish(node, identity)
        kept.now += 6 * DAY
        await do_duties(node)
        assert (await shown(node, identity))["report"]
        kept.now += 2 * DAY
        await do_duties(node)
        assert (await shown(node, identity))["report"] == {}
        assert left(kept, node.keystore.store_key) == []


async def test_a_doubt_stays_one_and_quotes_nothing(kept: Kept) -> None:
    async with kept.opened() as node:
        identity = await imported(node, LIST.replace("+1 415 555 0142", "the one Marigold has"))
        before = await shown(node, identity)
        assert "Marigold" in str(before["doubts"])
        kept.now += 31 * DAY
        await do_duties(node)
        after = await shown(node, identity)
        assert [doubt["what"] for doubt in after["doubts"]] == [
            doubt["what"] for doubt in before["doubts"]
        ]
        assert not any(doubt["text"] or doubt["guess"] for doubt in after["doubts"])
        assert left(kept, node.keystore.store_key) == []


@pytest.mark.parametrize("days", [0, 30])
async def test_a_backup_does_not_bring_them_back(kept: Kept, days: int) -> None:
    async with kept.opened() as node:
        await node.dispatch("policy_apply", {"text": keeping(days)})
        identity = await imported(node)
        data = base64.b64decode((await node.dispatch("backup", {}))["content"])
        await publish(node, identity)
        kept.now += 31 * DAY
        await do_duties(node)
    restore(kept, data)
    # A longer time in the policy of today does not bring back what was purged under a shorter one.
    (kept.home / "policy.toml").write_text(keeping(90))
    async with kept.opened() as node:
        row = await node.read(lambda c: c.execute(select(drafts.c.state, drafts.c.private)).one())
        assert tuple(row) == ("open", b"{}")
        await node.store.checkpoint()
        assert left(kept, node.keystore.store_key) == []
    assert left(kept, node.keystore.store_key) == []


async def test_a_shorter_time_acts_when_the_policy_is_applied(kept: Kept) -> None:
    async with kept.opened() as node:
        await node.dispatch("policy_apply", {"text": keeping(90)})
        identity = await imported(node)
        await publish(node, identity)
        assert (await shown(node, identity))["report"]
        await node.dispatch("policy_apply", {"text": keeping(0)})
        assert (await shown(node, identity))["report"] == {}
        assert left(kept, node.keystore.store_key) == []


async def test_the_register_forgets_a_purge_when_no_backup_can_be_that_old(kept: Kept) -> None:
    async with kept.opened() as node:
        await publish(node, await imported(node))
        register = node.context.register
        assert len(list(register.all(permissions.PRIVATE))) == 1
        kept.now += 1000 * DAY
        await do_duties(node)
        assert len(list(register.all(permissions.PRIVATE))) == 1
        kept.now += 100 * DAY
        await do_duties(node)
        assert list(register.all(permissions.PRIVATE)) == []
