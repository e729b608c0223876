"""Check: what is known is found among other words, and beside other identifiers."""

from pathlib import Path
from typing import Any

import pytest

from node.errors import BadField
from node.question import PIECES_MOST, parse_question
from node.runtime import Node
from tests.support.one_node import befriend, one_node, received

KNOWN: dict[str, Any] = {
    "phone": ["+14155550189"],
    "email": ["abby@example.org"],
    "handle": ["telegram:abby_x"],
    "plate": ["US:EDL271"],
    "name": ["Tony"],
}


async def reasons(node: Node, typed: str) -> list[str]:
    found = await node.dispatch("check", {"text": typed})
    return [match["why"] for match in found["matches"]]


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("415 555 0189, 510 555 0104", "phone exact"),
        ("510 555 0104; 415 555 0189", "phone exact"),
        ("415 555 0189 / 510 555 0104", "phone exact"),
        ("5105550104/4155550189", "phone exact"),
        ("510 555 0104 | 415 555 0189", "phone exact"),
        ("510 555 0104 and/or 415 555 0189", "phone exact"),
        ("510 555 0104 or 415 555 0189", "phone exact"),
        ("510 555 0104\n415 555 0189", "phone exact"),
        ("510 555 0104 415 555 0189", "phone exact"),
        ("510 555 0104 ext 3\n415 555 0189 ext 44", "phone exact"),
        ("call 415 555 0189", "phone exact"),
        ("call 911 415 555 0189", "phone exact"),
        ("415-555-0189 (Oakland)", "phone exact"),
        ("his number: +1 (415) 555-0189, ask for me", "phone exact"),
        ("tel:+14155550189", "phone exact"),
        ("ring tel:+14155550189 now", "phone exact"),
        ("ends 0189", "phone end"),
        ("0104 / 0189", "phone end"),
        ("the one with 0189 at the end", "phone end"),
        ("silver Toyota EDL271", "plate exact"),
        ("silver Toyota EDL-271, 510 555 0104", "plate exact"),
        ("silver Toyota EDL 271", "plate exact"),
        ("silver Toyota, plate ends 271", "plate part"),
        ("wrote from abby@example.org twice", "email exact"),
        ("<abby@example.org>, other@example.net", "email exact"),
        ("he is @abby_x there", "handle on any service"),
        ("he is @abby_x on Telegram, or 510 555 0104", "handle exact"),
        ("write to telegram: abby_x", "handle exact"),
        ("https://t.me/abby_x, 510 555 0104", "handle exact"),
        ("abby_x or tom9", "handle on any service"),
        ("tom9, abby_x", "handle on any service"),
        ("call abby_x 510 555 0104", "handle on any service"),
        ("other@example.org/abby@example.org", "email exact"),
        ("call 415·555·0189 now", "phone exact"),
        ("is it plate EDL-271?", "plate exact"),
        ("Tony, 510 555 0104", "name"),
        ("call Tony 510 555 0104", "name"),
    ],
)
async def test_an_identifier_is_found_beside_anything_else(
    tmp_path: Path, typed: str, reason: str
) -> None:
    async with one_node(tmp_path / "node", preset="decriminalised") as node:
        await received(node, await befriend(node, "Harbour"), **KNOWN)
        assert await reasons(node, typed) == [reason]


async def test_each_of_several_is_looked_for_in_every_way(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node", preset="decriminalised") as node:
        harbour = await befriend(node, "Harbour")
        await received(node, harbour, phone=["+14155550189"])
        await received(node, harbour, phone=["+447700900123"])
        both = await reasons(node, "415 555 0189, 7700 900123")
        assert both == ["phone exact", "phone without country"]


@pytest.mark.parametrize("typed", ["call 415 555 0189", "415 555 0189, x", "911 415 555 0189"])
async def test_an_end_of_a_whole_number_is_not_looked_for(tmp_path: Path, typed: str) -> None:
    async with one_node(tmp_path / "node", preset="decriminalised") as node:
        await received(node, await befriend(node, "Harbour"), phone=["+15105550189"])
        assert await reasons(node, typed) == []


async def test_a_number_without_its_country_is_found_in_masked_forms_alone(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        shown: dict[str, Any] = {"phone.masked": ["+44*******123"]}
        await received(node, await befriend(node, "Harbour"), **shown)
        assert await reasons(node, "07700 900123") == ["phone masked form"]
        assert await reasons(node, "call 07700 900123") == ["phone masked form"]
        assert await reasons(node, "07700 900124") == []


@pytest.mark.parametrize("typed", ["12 / 3", "@ @", "1, 2", "+", "7; 8", "@ 12"])
def test_what_cannot_be_looked_for_is_no_all_clear(typed: str) -> None:
    with pytest.raises(BadField, match="not understood"):
        parse_question(typed, "US", {"1"})


def test_too_many_at_once_are_refused_and_none_is_dropped() -> None:
    typed = ", ".join(f"55501{count:02}" for count in range(PIECES_MOST + 1))
    with pytest.raises(BadField, match="too many"):
        parse_question(typed, "US", {"1"})


async def test_the_answer_says_what_kinds_were_looked_for_and_no_value(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        found = await node.dispatch("check", {"text": "+1 415 555 0189"})
        assert found["understood"] == ["phone"]
