"""What the values of a column look like: numbers to call, dates, codes, ticks, a story.

Decides nothing of whose they are; `guess` does that. Values are read as people write them.
"""

import re
from collections.abc import Callable, Sequence
from typing import Final

from node.desk.importers.appearance import behind_in, location_type_of, severity_word, split_person
from node.desk.importers.categories import exact_codes, read_category, read_story
from node.desk.importers.consent import read_consent
from node.desk.importers.datewords import months
from node.desk.importers.identifiers import emails_in
from node.desk.importers.phones import phones_in
from node.desk.importers.words import fold, is_nothing, plain

_ISO_DATE: Final = re.compile(r"^\d{1,4}[-./]\d{1,2}[-./]\d{1,4}(?:[ T].*)?$")
_WORD_DATE: Final = re.compile(
    r"^(?:\d{1,2}(?:st|nd|rd|th)?\.? (?:de )?([^\W\d_]{3,10})\.?|"
    r"([^\W\d_]{3,10})\.? \d{1,2}(?:st|nd|rd|th)?)"
    r",?(?: (?:de )?(?:\d{4}|['’]?\d{2}))?$"
)
_MARKS: Final = frozenset(
    "x yes y 1 true ✓ ✔ ☑ oui si ja да no n 0 false non nein нет -".split()  # noqa: SIM905
)


def kind_of_values(values: Sequence[str]) -> str | None:
    """Return the field that a column's values alone show, or None."""
    filled = [v for v in values if not is_nothing(v)]
    if not filled:
        return None
    tests: tuple[tuple[str, Callable[[str], bool], float], ...] = (
        ("email", is_email, 0.7),
        ("date", is_written_date, 0.7),
        ("phone", is_phone, 0.7),
        ("codes", is_code, 0.7),
        ("plate", is_plate, 0.5),
        (
            "location_type",
            lambda v: plain(v) != "other" and location_type_of(v) is not None and len(v) < 25,
            0.8,
        ),
        ("text", lambda v: len(v) > 40 and " " in v, 0.5),
    )
    for name, test, least in tests:
        if share(filled, test) >= least:
            return name
    if share(filled, lambda v: " " in v and bool(read_story(v).codes)) >= 0.5:
        return "text"
    return None


def kind_of_place(values: Sequence[str]) -> str:
    """Return whether a column of places holds kinds of them, districts, or places."""
    filled = [v for v in values if not is_nothing(v)]
    if filled and share(filled, _is_only_a_kind) > 0.7:
        return "location_type"
    if (
        filled
        and share(filled, lambda v: bool(re.fullmatch(r"[A-Za-z]{1,2}\d[A-Za-z\d]?", v))) > 0.5
    ):
        return "place.district"
    return "place"


def _is_only_a_kind(text: str) -> bool:
    """Whether a cell names a kind of place and neither a town nor an address beside it."""
    alone = len(text) < 30 and not re.search(r"[\d,]", text)
    return alone and behind_in(text) is None and location_type_of(text) is not None


def share(values: Sequence[str], test: Callable[[str], bool]) -> float:
    """Return which share of the filled values passes a test."""
    filled = [v for v in values if v]
    return sum(1 for v in filled if test(v)) / len(filled) if filled else 0.0


def has_digits(text: str) -> bool:
    """Say whether a cell has enough digits for a number."""
    return sum(c.isdigit() for c in text) >= 5


def is_phone(text: str) -> bool:
    """Say whether a cell is a number to call."""
    digits = sum(c.isdigit() for c in text)
    return (
        bool(phones_in(text))
        and not _ISO_DATE.match(text)
        and 7 <= digits <= 40
        and digits >= len(text) * 0.5
    )


def is_email(text: str) -> bool:
    """Say whether a cell holds an email address."""
    return bool(emails_in(text))


def is_date_like(text: str) -> bool:
    """Say whether a cell may be a date in words."""
    return any(c.isdigit() for c in text) or len(text.split()) <= 5


def is_written_date(text: str) -> bool:
    """Say whether a cell is a date, its month as a number or by name."""
    if _ISO_DATE.match(text):
        return True
    named = _WORD_DATE.match(text)
    return named is not None and fold(named.group(1) or named.group(2)).rstrip(".") in months()


def is_plate(text: str) -> bool:
    """Say whether a cell is a plate and nothing else: letters and digits, and no words."""
    signs = re.sub(r"[\s.-]", "", text)
    return (
        5 <= len(signs) <= 8
        and signs.isalnum()
        and any(c.isdigit() for c in signs)
        and any(c.isalpha() for c in signs)
        and text == text.upper()
        and len(text.split()) <= 3
    )


def is_code(text: str) -> bool:
    """Say whether a cell is a category that is known."""
    reading = read_category(text, {})
    return len(text) < 120 and reading.sure and (bool(reading.codes) or exact_codes(text) == ())


def is_severity(text: str) -> bool:
    """Say whether a cell is a level of severity."""
    return severity_word(text) is not None and not exact_codes(text)


def _is_mark(text: str) -> bool:
    return plain(text) in _MARKS or text in _MARKS


def is_flag(values: Sequence[str]) -> bool:
    """Say whether a column's values are all ticks or blanks."""
    return not values or all(_is_mark(v) for v in values)


def is_answer(text: str) -> bool:
    """Say whether a cell is a yes or no."""
    return read_consent({"all": text})[0].members is not None


def is_consent(values: Sequence[str]) -> bool:
    """Say whether a column's values may be answers of consent."""
    filled = [v for v in values if not is_nothing(v)]
    if not filled:
        return True
    return share(filled, lambda v: len(v) < 60 and not has_digits(v)) > 0.6 and any(
        read_consent({"all": v})[0].members is not None or len(v) < 30 for v in filled
    )


def describes_person(text: str) -> bool:
    """Say whether a cell tells how somebody looks."""
    if read_story(text).codes:
        return False
    parts = split_person(text)
    return bool(set(parts) - {"person.marks"})
