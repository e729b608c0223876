"""People's text on a terminal: what could drive it or deceive the eye is shown as what it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.show import duration, words
from cli.words import safe


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain, with accents: é, 红色, مرحبا", "plain, with accents: é, 红色, مرحبا"),
        ("\x1b[2Jgone", "\\u001b[2Jgone"),
        ("415\u202e2410", "415\\u202e2410"),
        ("a\x00b\x7fc\x9b", "a\\u0000b\\u007fc\\u009b"),
        ("one\ntwo", "one ⏎ two"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("\ud800", "\\ud800"),
        ("👩\u200d👧", "👩\u200d👧"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_control_and_bidirectional_characters_are_shown_as_codes(text: str, shown: str) -> None:
    assert safe(text) == shown


@given(st.text())
def test_no_text_reaches_the_terminal_with_a_control_character(text: str) -> None:
    shown = safe(text)
    assert all(letter.isprintable() or letter in " \u200c\u200d" for letter in shown) or any(
        ord(letter) > 0x7F for letter in shown
    )
    assert not set(shown) & {chr(code) for code in [*range(32), *range(0x7F, 0xA0), 0x202E, 0x2066]}


def test_values_are_shown_as_people_read_them() -> None:
    assert words([["en", "x\x1b"], True, None, 0.87654]) == "en, x\\u001b, yes, –, 0.877"
    assert words({"a\x1b": [1, 2]}) == "a\\u001b: 1, 2"


def test_a_span_of_time_is_told_in_its_largest_unit() -> None:
    seconds = [None, 0, 119, 120, 7200, 111_600, 345_600]
    assert [duration(each) for each in seconds] == [
        "–",
        "0 s",
        "119 s",
        "2 min",
        "2 h",
        "31 h",
        "4 d",
    ]
