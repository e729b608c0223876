"""The desk asks back by the receipt code: what the reporter sees, answers, and what is purged."""

from pathlib import Path
from typing import Any

import pytest

from node.asking_back import answer, ask, asked_of, questions_of
from node.errors import BadField, BadRequest, NotFound
from node.receipt_codes import open_code
from node.runtime import Node
from node.store.questions import MOST_OPEN, forget_questions
from node.store.receipts import KEPT_DAYS
from tests.support.one_node import DAY_US, Clock, one_node


async def told(node: Node) -> tuple[str, str]:
    made: dict[str, Any] = await node.dispatch(
        "draft_new", {"fields": {"codes": ["RB"]}, "receipt": True}
    )
    return made["id"], made["receipt"]


async def test_a_question_is_seen_with_the_code_and_its_answer_joins_the_report(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        draft, code = await told(node)
        await ask(node, draft, "  Was the car \u202egrey?\x00 ")
        opens = await open_code(node, code)
        (asked,) = await node.read(questions_of, opens)
        assert (asked.text, asked.answered_us) == ("Was the car grey?", 0)
        await answer(node, opens, asked.id, "Yes, grey.")
        (asked,) = await asked_of(node, draft)
        assert asked.answered_us
        (sent,) = (await node.dispatch("receipt_updates", {}))["updates"]
        assert (sent["kind"], sent["text"]) == ("answer", "Was the car grey?\n— Yes, grey.")
        await node.dispatch("receipt_accept", {"id": sent["id"]})
        report = (await node.dispatch("draft_show", {"id": draft}))["report"]
        assert "Was the car grey?\n— Yes, grey." in report.values()


async def test_a_question_is_answered_once_and_only_by_its_own_reporter(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        draft, code = await told(node)
        _, another = await told(node)
        asked = await ask(node, draft, "Which street was it near?")
        mine, hers = await open_code(node, code), await open_code(node, another)
        assert await node.read(questions_of, hers) == []
        with pytest.raises(NotFound):
            await answer(node, hers, asked.id, "Elsewhere.")
        await answer(node, mine, asked.id, "The river.")
        with pytest.raises(NotFound):
            await answer(node, mine, asked.id, "The river again.")


async def test_questions_are_few_and_short(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        draft, _ = await told(node)
        for text in ("", " \n", "x" * 1001):
            with pytest.raises(BadField):
                await ask(node, draft, text)
        for _ in range(MOST_OPEN):
            await ask(node, draft, "And then?")
        with pytest.raises(BadRequest):
            await ask(node, draft, "And then?")


async def test_questions_go_with_the_report_and_with_time(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        draft, code = await told(node)
        other, kept = await told(node)
        for each in (draft, other):
            await ask(node, each, "Was it Tuesday?")
        opens, lasting = await open_code(node, code), await open_code(node, kept)
        await node.dispatch("receipt_withdraw", {"code": code})
        assert await node.read(questions_of, opens) == []
        with pytest.raises(BadRequest):
            await ask(node, draft, "Was it Tuesday?")
        assert len(await node.read(questions_of, lasting)) == 1
        await node.change(forget_questions, clock.now + (KEPT_DAYS + 1) * DAY_US)
        assert await node.read(questions_of, lasting) == []
