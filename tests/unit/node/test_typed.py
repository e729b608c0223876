"""What people type is stored without controls, NUL and marks of direction."""

from pathlib import Path

import pytest

from node.desk.importers.reading import clean_cell
from node.errors import BadSetting
from node.fields_form import parse_form
from node.setup import Wishes, settings_of
from node.typed import clean_line, clean_text
from tests.support.one_node import one_node

TODAY = 20_474
HIDDEN = (
    "\x00",
    "\x1b",
    "\x07",
    "\u202e",
    "\u2066",
    "\u200f",
    "\u200b",
    "\ufeff",
    "\u00ad",
    "\x9b",
)


@pytest.mark.parametrize("sign", HIDDEN)
def test_what_is_invisible_is_stripped_everywhere_that_a_person_types(sign: str) -> None:
    assert clean_text(f"{sign}Left{sign} him{sign}.") == "Left him."
    assert clean_cell(f"Left{sign} him.") == "Left him."
    given = parse_form(
        {"text": [f"Left{sign} him."], "city": [f"Oak{sign}land"], "phone": [f"{sign}415 555 0142"],
         "name": [f"To{sign}ny"]},
        "US", TODAY,
    )  # fmt: skip
    assert given["text"] == ["en", "Left him."]
    assert given["place.city"] == "Oakland"
    assert given["phone"] == ["+14155550142"]
    assert given["name"] == ["Tony"]


def test_line_ends_stay_and_joiners_and_emoji_too() -> None:
    assert clean_text("a\r\nb\rc\u2028d") == "a\nb\nc\nd"
    assert clean_text("می‌خواهم 👩‍👧 ok") == "می‌خواهم 👩‍👧 ok"
    assert clean_line("  Harbour \n Collective\t") == "Harbour Collective"


def test_a_field_of_nothing_but_invisible_signs_is_empty() -> None:
    assert "place.city" not in parse_form({"city": ["\u200b\x00"], "codes": ["RB"]}, "US", TODAY)


def test_the_name_of_an_organisation_is_one_plain_line() -> None:
    wishes = Wishes("River\u202eside \x00\n Collective", "US-CA", "criminalised", "UTC")
    assert settings_of(wishes, bytes).org == "Riverside Collective"
    with pytest.raises(BadSetting, match="org"):
        settings_of(Wishes("\u200b\u202e", "US-CA", "criminalised", "UTC"), bytes)


async def test_what_a_keeper_calls_a_peer_is_plain_too(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        await node.dispatch("peer_invite", {"name": "Har\u202ebour\n"})
        (row,) = (await node.dispatch("peer_list", {}))["invites"]
        assert row["name"] == "Harbour"
