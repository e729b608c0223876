"""Dates as people write them, and which of day and month comes first."""

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.desk.importers.clock import read_slot
from node.desk.importers.dates import DateReader, infer_order
from tests.unit.desk.lists import TODAY, imported


def reader(country: str | None = "US", *column: str, known: bool = True) -> DateReader:
    """A reader for a column of a list that was written on the day of these tests."""
    return DateReader(infer_order(column, country, TODAY), TODAY, TODAY, known)


@pytest.mark.parametrize(
    ("text", "guess"),
    [
        ("2026-01-20", "2026-01-20"),
        ("08/29/26", "2026-08-29"),
        ("14/06/2026", "2026-06-14"),
        ("October 2025", "2025-10"),
        ("12/01/2025 approx", "2025-W49"),
        ("23 Jul 2026", "2026-07-23"),
        ("mid July 2026", "2026-07"),
        ("last week", "2026-W46"),
        ("yesterday", "2026-11-20"),
        ("2 weeks ago", "2026-W45"),
        ("last month", "2026-10"),
        ("3.4.2026", "2026-04-03"),
        ("le 5 août 2026", "2026-08-05"),
        ("15 июля 2026 г.", "2026-07-15"),
        ("3 de mayo de 2026", "2026-05-03"),
        ("5. März 2026", "2026-03-05"),
        ("20.10.2026 um 23:00 Uhr", "2026-10-20"),
        ("Jul-26", "2026-07"),
        ("10/2025", "2025-10"),
        ("20260115", "2026-01-15"),
        ("46000", "2025-12-09"),
        ("week of 3 May 2026", "2026-W18"),
        ("3-5 May 2026", "2026-05"),
        ("March 3rd, 2026 at 10pm", "2026-03-03"),
        ("la semana pasada", "2026-W46"),
        ("на прошлой неделе", "2026-W46"),
        ("letzte Woche", "2026-W46"),
        ("2026-3-1", "2026-03-01"),
        ("2026/3/1", "2026-03-01"),
        ("2026年3月1日", "2026-03-01"),
    ],
)
def test_a_date_is_read_as_finely_as_it_was_written(text: str, guess: str) -> None:
    found = reader().read(text)
    assert (found.guess, found.reason) == (guess, "")


@pytest.mark.parametrize(
    ("text", "guess"),
    [("mid July", "2026-07"), ("12 December", "2025-12-12"), ("5/6", "2026-05-06")],
)
def test_an_unstated_year_is_a_doubt_and_never_in_the_future(text: str, guess: str) -> None:
    found = reader().read(text)
    assert found.guess == guess
    assert "year" in found.reason


def test_last_week_is_a_doubt_until_somebody_says_when_the_list_was_written() -> None:
    assert reader(known=True).read("last week").reason == ""
    assert "--as-of" in reader(known=False).read("last week").reason


@pytest.mark.parametrize("text", ["2027-01-01", "12/25/2026", "December 2026", "1875-01-01"])
def test_the_future_and_the_distant_past_are_left_out_with_a_doubt(text: str) -> None:
    found = reader().read(text)
    assert not found.guess
    assert found.reason


def test_the_whole_column_decides_which_of_day_and_month_comes_first() -> None:
    british = reader("GB", "11/15/25", "07/05/25", "04/17/26")
    assert british.read("07/05/25").day == "2025-07-05"
    assert british.read("07/05/25").reason == ""
    assert reader("GB", "07/05/25").read("07/05/25").day == "2025-05-07"
    assert reader("US", "07/05/25").read("07/05/25").day == "2025-07-05"


def test_a_column_in_both_orders_makes_the_ambiguous_dates_doubtful() -> None:
    mixed = reader("GB", "13/05/2026", "05/14/2026", "15/05/2026")
    assert mixed.read("03/04/2026").reason
    assert mixed.read("13/05/2026").reason == ""


def test_without_a_country_an_ambiguous_date_is_a_doubt() -> None:
    assert reader(None).read("03/04/2026").reason


@pytest.mark.parametrize(
    ("text", "slot"),
    [
        ("06-12", "06-12"),
        ("evening", "18-24"),
        ("around 11pm", "18-24"),
        ("23:30", "18-24"),
        ("22h30", "18-24"),
        ("late night", "00-06"),
        ("14", "12-18"),
        ("abends", "18-24"),
        ("matin", "06-12"),
        ("madrugada", "00-06"),
        ("вечером", "18-24"),
        ("0.75", "18-24"),
    ],
)
def test_a_time_of_day_becomes_its_slot(text: str, slot: str) -> None:
    assert read_slot(text) == (slot, "")


@given(st.text(max_size=60), st.sampled_from(["US", "GB", "CA", None]))
def test_any_text_at_all_gives_a_reading_that_is_not_in_the_future(
    text: str, country: str | None
) -> None:
    found = reader(country, text).read(text)
    if found.day:
        assert dt.date.fromisoformat(found.day) <= TODAY
    if found.month:
        assert found.month <= "2026-11"


def test_last_night_counts_from_the_day_its_form_was_sent() -> None:
    result = imported(
        "Timestamp,When,What happened\n2026-05-10 10:00:00,last night,robbery\n,yesterday,robbery\n"
    )
    sent, unsent = result.drafts
    assert sent.fields["date.day"] == "2026-05-09"
    assert not [d for d in sent.doubts if "counted" in d.reason]
    assert [d for d in unsent.doubts if "counted" in d.reason]


def test_ago_behind_a_word_is_not_august() -> None:
    found = reader().read("a few days ago")
    assert (found.guess, found.reason) == ("", "not a date")


def test_last_tuesday_is_read_in_portuguese() -> None:
    assert reader("BR").read("terça passada").guess == "2026-11-17"


def test_the_german_word_for_on_is_no_morning() -> None:
    found = reader("DE").read("am Dienstag")
    assert (found.day, found.slot) == ("2026-11-17", "")
