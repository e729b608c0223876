"""How often a receipt code may be tried, where, and what a try costs."""

import asyncio
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from node.defences import MANY_WRONG
from node.errors import NotFound, TooMany
from node.receipt_codes import open_code
from node.reporter import change_consent, say, show_report
from node.runtime import Node
from node.store.receipt_attempts import RATES, Door
from node.store.receipts import UpdateKind
from tests.support.one_node import DAY_US, Clock, one_node

MOST_WRONG = RATES[Door.DESK].burst
WINDOW_US = MOST_WRONG * RATES[Door.DESK].each_us


async def told(node: Node, *scopes: str) -> tuple[str, str]:
    """Take a report in; returns its draft and the reporter's code."""
    args: dict[str, Any] = {"fields": {"codes": ["RB"]}, "receipt": True}
    made = await node.dispatch("draft_new", args | ({"consent": [*scopes]} if scopes else {}))
    return made["id"], made["receipt"]


async def show(node: Node, code: str) -> dict[str, Any]:
    return await node.dispatch("receipt_show", {"code": code})


async def test_after_ten_wrong_codes_none_is_taken_for_a_while_and_a_restart_forgets_none(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        _, code = await told(node)
        for _ in range(MOST_WRONG - 1):
            with pytest.raises(NotFound):
                await show(node, "wrong")
        for _ in range(3):
            await show(node, code)  # a right one does not count
        with pytest.raises(NotFound):
            await show(node, "wrong")
    async with one_node(tmp_path / "node", clock=clock) as node:
        for each in ("wrong", code):
            with pytest.raises(TooMany, match="min"):
                await show(node, each)
        clock.now += WINDOW_US
        await show(node, code)


async def test_attempts_at_once_are_counted_each(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        tries = [show(node, f"wrong {number}") for number in range(MOST_WRONG + 5)]
        ended = await asyncio.gather(*tries, return_exceptions=True)
        assert sum(isinstance(each, NotFound) for each in ended) == MOST_WRONG
        assert sum(isinstance(each, TooMany) for each in ended) == 5


async def test_who_guesses_at_the_pages_does_not_close_the_desk_and_closes_the_pages_for_seconds(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        _, code = await told(node)
        for _ in range(RATES[Door.PAGE].burst):
            with pytest.raises(NotFound):
                await open_code(node, "wrong", Door.PAGE)
        for each in ("wrong", code):
            with pytest.raises(TooMany, match="wait 1 s"):
                await open_code(node, each, Door.PAGE)
        await show(node, code)
        clock.now += RATES[Door.PAGE].each_us
        for _ in range(3):
            await open_code(node, code, Door.PAGE)  # a right one gives its try back
        with pytest.raises(NotFound):
            await open_code(node, "wrong", Door.PAGE)
        with pytest.raises(TooMany):
            await open_code(node, code, Door.PAGE)


async def test_a_year_of_guesses_at_the_pages_finds_no_report() -> None:
    rate, reports = RATES[Door.PAGE], 100_000
    guesses = 365 * DAY_US // rate.each_us + rate.burst
    assert guesses * reports < 2**66 / 1_000_000


async def test_tries_come_back_one_by_one_and_a_clock_set_back_keeps_nobody_out(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        _, code = await told(node)
        for _ in range(MOST_WRONG):
            with pytest.raises(NotFound):
                await show(node, "wrong")
        clock.now += WINDOW_US // MOST_WRONG
        with pytest.raises(NotFound):
            await show(node, "wrong")
        with pytest.raises(TooMany):
            await show(node, code)
        clock.now -= 30 * DAY_US
        await show(node, code)


async def test_those_who_wait_for_their_code_keep_no_thread_from_others(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        count = RATES[Door.PAGE].burst
        tries = [
            asyncio.create_task(open_code(node, f"wrong {each}", Door.PAGE))
            for each in range(count)
        ]
        await asyncio.wait(tries, return_when=asyncio.FIRST_COMPLETED)
        await asyncio.to_thread(int)
        assert sum(each.done() for each in tries) < count // 2
        ended = await asyncio.gather(*tries, return_exceptions=True)
        assert all(isinstance(each, NotFound) for each in ended)


async def test_the_keeper_is_told_of_many_wrong_codes_and_not_of_a_few(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        _, code = await told(node)

        async def tells() -> bool:
            found = (await node.dispatch("doctor", {}))["findings"]
            return any("wrong receipt codes" in each["what"] for each in found)

        for number in range(MANY_WRONG):
            assert number % 33 or not await tells()
            clock.now += RATES[Door.PAGE].each_us
            await open_code(node, code, Door.PAGE)
            with pytest.raises(NotFound):
                await open_code(node, "wrong", Door.PAGE)
        assert await tells()
        clock.now += DAY_US
        assert not await tells()


async def test_what_a_reporter_does_takes_her_code_once(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        draft, code = await told(node, "members", "peers")
        opens = await open_code(node, code, Door.PAGE)
        await node.dispatch("draft_publish", {"ids": [draft]})
        assert (await show_report(node, opens))["state"] == "published"
        said = await say(node, opens, UpdateKind.ADD, "He came back.")
        assert said["state"] == "published"
        changed = await change_consent(node, opens, yes=["print"], no=["peers"])
        assert (changed["consent"]["peers"], changed["waits"]) == (False, ["print"])
        gone = await change_consent(node, opens, no=["keep"])
        assert gone["state"] == "erased"


async def test_a_wrong_code_costs_what_a_right_one_costs(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        _, code = await told(node)
        _, gone = await told(node)
        await node.dispatch("receipt_withdraw", {"code": gone})

        async def cost(typed: str) -> float:
            best = 10.0
            for _ in range(3):
                before = time.process_time()
                with suppress(NotFound):
                    await open_code(node, typed)
                best = min(best, time.process_time() - before)
            return best

        right = await cost(code)
        for typed in ("", "abandon-ability-able-about-above-absent", gone):
            assert right / 2 < await cost(typed) < right * 2
