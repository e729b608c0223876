"""Check: a whole identifier is looked up at once, and hides none of its other readings."""

from pathlib import Path
from typing import Any

import pytest

from node.question import parse_question
from node.runtime import Node
from tests.support.one_node import befriend, one_node, published, received


async def reasons(node: Node, typed: str) -> list[str]:
    found = await node.dispatch("check", {"text": typed})
    return [match["why"] for match in found["matches"]]


@pytest.mark.parametrize(
    ("held", "typed", "reason"),
    [
        ("+15105550123", "+510 555 0123", "phone without country"),  # a + that does not belong
        ("+4414155550123", "+1 415 555 0123", "phone without country"),
        ("+141555501237", "+1 415 555 0123", "phone part"),
        ("+447700900123", "7700 900123", "phone without country"),
    ],
)
async def test_a_whole_number_is_found_inside_a_longer_one(
    tmp_path: Path, held: str, typed: str, reason: str
) -> None:
    async with one_node(tmp_path / "node", preset="decriminalised") as node:
        await received(node, await befriend(node, "Harbour"), phone=[held])
        assert await reasons(node, typed) == [reason]


@pytest.mark.parametrize(
    ("held", "typed", "reason"),
    [
        ({"handle": ["x:7abc271"]}, "US:7ABC271", "handle on any service"),
        ({"handle": ["us:7abc271"]}, "US:7ABC271", "handle exact"),
        ({"name": ["Abby_x"]}, "telegram:abby_x", "name"),
        ({"name": ["his name is abby_x"]}, "telegram:abby_x", "name"),
        ({"handle": ["instagram:abby_x"]}, "telegram:abby_x", "handle on any service"),
        ({"plate": ["FR:7ABC271"]}, "US:7ABC271", "plate of another country"),
        ({"plate.part": ["*271"]}, "US:7ABC271", "plate part on record"),
        ({"plate": ["US:ABE042"]}, "US-ABE042", "plate behind its country"),
        ({"plate": ["FR:ABE042"]}, "fr abe 042", "plate behind its country"),
        ({"plate": ["US:ABE042"]}, "seen: US-ABE042, silver", "plate behind its country"),
        ({"plate": ["US:ABE042"]}, "is it US-ABE042?", "plate behind its country"),
        ({"plate": ["US:7ABC271"]}, "seen: US-7ABC271", "plate behind its country"),
        ({"plate": ["FR:ABE042"]}, "FR-ABE042", "plate behind its country"),
        ({"plate": ["US:ABE042"]}, "FR-ABE042", "plate of another country"),
        ({"plate": ["US:USABE042"]}, "US-ABE042", "plate exact"),
        ({"plate.part": ["ABE0??"]}, "US-ABE042", "plate part on record"),
        ({"plate.masked": ["FR:***042"]}, "FR-ABE042", "plate masked form"),
    ],
)
async def test_a_whole_identifier_is_found_in_its_weaker_readings(
    tmp_path: Path, held: dict[str, Any], typed: str, reason: str
) -> None:
    async with one_node(tmp_path / "node", preset="decriminalised") as node:
        await received(node, await befriend(node, "Harbour"), **held)
        assert await reasons(node, typed) == [reason]


@pytest.mark.parametrize(
    ("typed", "reason"),
    [
        ("(https://t.me/abby_x)", "handle exact"),
        ("see https://t.me/abby_x.", "handle exact"),
        ("“@kim.lee”", "handle on any service"),
        ("he is kim.lee there", "handle on any service"),
        ("he is kim.lee on Telegram", "handle on any service"),
        ("“abby@example.org”", "email exact"),
        ("example.com/u/tom.x9", "profile exact"),
        ("look at example.com/u/tom.x9", "profile exact"),
        ("+1 415 555 0189?", "phone exact"),
        ("*415 555 0189*", "phone exact"),
        ("is it EDL 271?", "plate exact"),
        ("silver Toyota ЕDL271", "plate exact"),  # its first letter is Cyrillic
        ("silver Toyota EDL.271", "plate exact"),
    ],
)
async def test_marks_around_an_identifier_hide_nothing(
    tmp_path: Path, typed: str, reason: str
) -> None:
    async with one_node(tmp_path / "node", preset="decriminalised") as node:
        harbour = await befriend(node, "Harbour")
        for fields in (
            {"phone": ["+14155550189"]},
            {"email": ["abby@example.org"]},
            {"handle": ["telegram:abby_x"]},
            {"handle": ["telegram:kim.lee"]},
            {"plate": ["US:EDL271"]},
            {"profile": ["example.com/u/tom.x9"]},
        ):
            held: dict[str, Any] = fields
            await received(node, harbour, **held)
        assert reason in await reasons(node, typed)


async def test_an_erased_name_is_under_no_word_of_it_in_memory(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        alert = await published(node, name="Tony Gray", phone="510 555 0123")
        assert await reasons(node, "call Gray 510 555 0199") == ["name"]
        assert node.identifiers.with_word("name", "gray") == ["tony gray"]
        await node.dispatch("alert_erase", {"alert": alert})
        assert node.identifiers.with_word("name", "gray") == []


async def test_two_letters_that_are_no_country_begin_a_plate(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node", preset="decriminalised") as node:
        await received(node, await befriend(node, "Harbour"), plate=["US:ABE042"])
        assert await reasons(node, "QQ-ABE042") == []


async def test_a_name_that_two_alerts_have_is_found_until_both_are_erased(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        first, second, third = [await published(node, name="Tony Gray") for _ in range(3)]
        await reasons(node, "gray")  # from here on memory follows the commits
        for gone, left in ((first, 2), (third, 1), (second, 0)):
            await node.dispatch("alert_erase", {"alert": gone})
            for typed in ("gray", "ony gra", "call Gray 510 555 0199"):
                assert len(await reasons(node, typed)) == left
            assert node.identifiers.all_of("name") == ["tony gray"][:left]
        assert node.identifiers.is_loaded


@pytest.mark.parametrize(
    ("typed", "read_as"),
    [
        ("415 555 0142", [("phone", "+14155550142")]),
        ("0142", [("part of a phone", "0142"), ("plate", "0142")]),
        ("7ABC271, 415 555 0142", [("plate", "7ABC271"), ("phone", "+14155550142")]),
        ("US-ABE042", [("plate", "USABE042"), ("plate", "US:ABE042")]),
        ("call Tony 415 555 0142", [("phone", "+14155550142")]),
        ("telegram: @Abby_X", [("handle", "telegram:abby_x")]),
        ("@abby_x", [("handle", "abby_x")]),
        ("Abby@Example.org", [("email", "abby@example.org")]),
        ("ends in 271", [("part of a plate", "*271*")]),
    ],
)
def test_a_person_can_see_how_a_text_was_read(typed: str, read_as: list[tuple[str, str]]) -> None:
    question = parse_question(typed, "US", {"1"})
    assert [(each.kind, each.text) for each in question.read_as] == read_as
