"""The words of dates, in several languages, as tables made once from `dates.toml`."""

import re
from functools import cache
from typing import cast

from node.desk.importers.words import fold, word_list


def unit_words(unit: str) -> frozenset[str]:
    """Return the words for "day", "week" or "month"."""
    return frozenset(fold(w) for w in _section("units")[unit])


@cache
def approx_words() -> re.Pattern[str]:
    """Return the pattern of "about", "around" and their like."""
    return _any([fold(w) for w in _section("words")["approx"]], r"\.?")


@cache
def months() -> dict[str, int]:
    """Return every name of a month → its number."""
    return {word: int(key) for word, key in _table("months").items()}


@cache
def weekdays() -> dict[str, int]:
    """Return every name of a weekday → its number, Monday 1."""
    return {word: int(key) for word, key in _table("weekdays").items()}


@cache
def relative_phrases() -> dict[str, tuple[str, int]]:
    """Return phrases such as "last week" → (unit, how many back)."""
    return {word: (key.split()[0], int(key.split()[1])) for word, key in _table("relative").items()}


@cache
def relative_pattern() -> re.Pattern[str]:
    """Return the pattern that finds such a phrase inside a text."""
    return _any(list(relative_phrases()))


@cache
def slot_phrases() -> tuple[re.Pattern[str], dict[str, str]]:
    """Return the pattern of the times of day, and phrase → slot ("unsure_" before a vague one)."""
    table = _table("slots")
    return _any(list(table)), table


def _any(phrases: list[str], tail: str = "") -> re.Pattern[str]:
    longest_first = sorted(phrases, key=len, reverse=True)
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w){tail}")


def _section(name: str) -> dict[str, list[str]]:
    return cast("dict[str, list[str]]", word_list("dates")[name])


def _table(section: str) -> dict[str, str]:
    return {fold(word): key for key, listed in _section(section).items() for word in listed}
