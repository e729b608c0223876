"""What a new user's own lists taught: places, cars, headless lists, JSON, and ends of numbers."""

from typing import Any

import pytest

from node.desk.errors import UnreadableList
from node.desk.importers.importing import ImportResult
from tests.unit.desk.lists import imported


def listed(header: str, *cells: str, country: str = "US") -> list[dict[str, Any]]:
    """The fields of a list with one more column than date, phone and what happened."""
    rows = [f'2026-01-{n:02},"{cell}",Did not pay {n}' for n, cell in enumerate(cells, start=1)]
    text = "\n".join([f"Date,{header},What happened", *rows, ""])
    return [dict(draft.fields) for draft in imported(text, country=country).drafts]


def doubts(result: ImportResult) -> list[tuple[str, str]]:
    return [(doubt.text, doubt.reason) for doubt in result.doubts]


def test_the_town_behind_a_kind_of_place_is_kept() -> None:
    found = listed("Where", "Motel 6 in Oakland", "hotel", "Hilton Hotel, Oakland")
    assert [row.get("place.city") for row in found] == ["Oakland", None, "Oakland"]
    assert {row["location_type"] for row in found} == {"hotel"}
    assert not any("place.district" in row for row in found)


def test_a_column_that_only_names_kinds_of_places_stays_one() -> None:
    found = listed("Where", "hotel room", "his car", "client's house")
    assert [row["location_type"] for row in found] == ["hotel", "vehicle", "clients_home"]
    assert not any("place.city" in row for row in found)


@pytest.mark.parametrize(
    ("cells", "towns"),
    [
        (["Leeds, Holbeck", "Leeds, Harehills", "Leeds"], {"Leeds"}),
        (["Leeds, Holbeck"], {"Leeds"}),
        (["Holbeck, Leeds", "Harehills, Leeds"], {"Leeds"}),
        (["Holbeck, Leeds", "Leeds, Harehills"], {"Leeds"}),
    ],
)
def test_the_town_is_found_on_either_side_of_the_comma(cells: list[str], towns: set[str]) -> None:
    found = listed("Where", *cells, country="GB")
    assert {row["place.city"] for row in found} == towns
    assert all(row.get("place.district") != "Leeds" for row in found)


def test_a_state_behind_the_town_is_its_region() -> None:
    (found,) = listed("Where", "Oakland, CA")
    assert (found["place.city"], found["place.region"]) == ("Oakland", "US-CA")
    assert "place.district" not in found


def test_a_car_in_the_column_of_plates_is_a_car() -> None:
    found = listed(
        "Plate", "grey van", "7ABC123", "BIG RED", "white transit van 8XYZ123", "7XK P42"
    )
    assert "plate" not in found[0]
    assert found[0]["vehicle.colour"] == "grey"
    assert found[1]["plate"] == ["US:7ABC123"]
    assert "plate" not in found[2]
    assert found[3]["plate"] == ["US:8XYZ123"]
    assert found[3]["vehicle.colour"] == "white"
    assert found[4]["plate"] == ["US:7XKP42"]


def test_one_column_may_hold_the_car_and_its_plate() -> None:
    found = listed("Car and number plate", "grey Ford Focus, 7ABC123", "blue Honda", "8XYZ999 Kia")
    assert [row.get("plate") for row in found] == [["US:7ABC123"], None, ["US:8XYZ999"]]
    assert [row.get("vehicle.make") for row in found] == ["Ford", "Honda", "Kia"]


@pytest.mark.parametrize("day", ["10 Jan 26", "Jan 10 2026", "10/01/26", "10 janvier", "10. Jan."])
def test_a_list_without_a_header_keeps_its_dates_and_plates(day: str) -> None:
    rows = "".join(f"{day}\t{n}ABC123\trobbery\n" for n in range(1, 5))
    result = imported(rows, "list.tsv")
    assert {"date", "plate", "codes"} <= {column.field for column in result.mapping.columns}
    assert result.drafts[0].fields["plate"] == ["US:1ABC123"]
    assert all("date.day" in draft.fields for draft in result.drafts)
    # Whose plate it is, nobody has said.
    assert any(doubt.blocking and doubt.text == "1ABC123" for doubt in result.doubts)


@pytest.mark.parametrize(
    ("words", "alone"),
    [
        ("black guy took my bag", True),
        ("tall black guy took my bag", False),
        ("Black male, grey hoodie, robbed me", False),
        ("a black man in his forties robbed me", False),
    ],
)
def test_race_is_asked_about_only_where_it_is_the_only_description(words: str, alone: bool) -> None:
    result = imported(f'Date,Phone,What happened\n2026-01-10,510 555 0123,"{words}"\n')
    assert alone == any("race alone" in reason for _, reason in doubts(result))


CHAT = (
    "12/01/2026, 21:14 - Ada: hi\n12/01/2026, 21:15 - Ada: hi\n"
    "12/01/2026, 21:16 - Bea: beware {}, he robbed me\n"
)


@pytest.mark.parametrize("words", ["number ends 0131", "ends 0131", "his phone ends in 131"])
def test_the_end_of_a_number_in_a_chat_is_no_plate(words: str) -> None:
    result = imported(CHAT.format(words), "chat.txt")
    (draft,) = result.drafts
    assert not {"plate", "plate.part"} & draft.fields.keys()
    assert any(reason.startswith("a part of a number") for _, reason in doubts(result))


@pytest.mark.parametrize("words", ["plate ends 131", "reg ends 4XY", "plate ends 4XY he hit me"])
def test_the_end_of_a_plate_in_a_chat_is_a_part_of_one(words: str) -> None:
    (draft,) = imported(CHAT.format(words), "chat.txt").drafts
    assert "plate" not in draft.fields
    assert draft.fields["plate.part"] in (["*131"], ["*4XY"])


@pytest.mark.parametrize("text", ['{"messages":5}', '{"messages": [', '[{"a": 1}]', '{"a": {}}'])
def test_json_that_is_no_chat_says_so(text: str) -> None:
    with pytest.raises(UnreadableList, match="JSON"):
        imported(text, "export.json")


def test_a_whole_telegram_export_is_read() -> None:
    message = (
        '{"type":"message","date":"2026-01-02T10:00:00","from":"Ada",'
        '"text":"beware 510 555 0123 robbed me"}'
    )
    result = imported(f'{{"chats":{{"list":[{{"messages":[{message}]}}]}}}}', "result.json")
    assert [draft.fields["phone"] for draft in result.drafts] == [["+15105550123"]]


def test_the_end_of_a_number_makes_a_warning_a_report() -> None:
    result = imported(
        CHAT.format("").replace("beware , he robbed me", "ends 0131 no show twice"), "c.txt"
    )
    assert [draft.fields["codes"] for draft in result.drafts] == [["no_show"]]


def test_a_short_text_is_in_the_language_of_its_list() -> None:
    rows = ["rude on phone", "did not pay", "he was late and did not pay me"]
    found = listed("Advice", *rows)
    assert {row["advice"][0] for row in found} == {"en"}
    french = "Date,Tél,Faits,Remarques\n10/01/26,01 99 00 12 34,Vol,À éviter la nuit\n"
    (draft,) = imported(
        french + "11/01/26,01 99 00 12 35,Vol,voiture noire\n", country="FR"
    ).drafts[1:]
    assert draft.fields["text"] == ["fr", "voiture noire"]


def test_plates_beside_a_car_in_a_list_without_a_header_are_found() -> None:
    rows = "12/01/26\tAB12 CDE\tRefused to pay\n13/01/26\tgrey van\tFollowed worker home\n"
    result = imported(rows, "list.tsv", country="GB")
    assert [draft.fields.get("plate") for draft in result.drafts] == [["GB:AB12CDE"], None]
    assert result.drafts[1].fields["vehicle.colour"] == "grey"
