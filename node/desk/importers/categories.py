"""A list's own words for what happened become codes; how sure that is travels with them.

Exactly a known category: certain. Words found in a longer text: a guess, shown as a doubt. On the
spine: the code column or the story of a row → codes of the draft.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final, cast

from node.desk.importers.words import fold, plain, word_list
from protocol.vocabulary import BY_LETTERS, CODES, NOTICES

_SPLIT: Final = re.compile(r"[;,\n|•]+")
_SPLIT_FINE: Final = re.compile(r"[/+&]|\b(?:and|et|y|und|и|e|en|oder|or|ou|o)\b")
_BRACKETS: Final = re.compile(r"\([^)]*\)|\[[^\]]*\]")
CODES_MAX: Final = 8


@dataclass(frozen=True, slots=True)
class CodeReading:
    """Codes read from a text; `other` says that the list itself chose a catch-all word."""

    codes: tuple[str, ...]
    sure: bool
    other: bool = False


def exact_codes(text: str) -> tuple[str, ...] | None:
    """Return the codes that a category's exact words stand for, () for a catch-all, else None."""
    return _exact().get(plain(text))


def read_category(text: str, own: Mapping[str, tuple[str, ...]]) -> CodeReading:
    """Return the codes of a category cell; `own` holds the list's own words (from its mapping)."""
    found: list[str] = []
    sure = True
    other = False
    for part in _parts(text, own):
        codes = _known(part, own)
        if codes is None:
            codes = read_story(part).codes
            sure = False
        elif not codes:
            other = True
        found.extend(codes)
    return CodeReading(tuple(dict.fromkeys(found)), sure, other)


def read_story(text: str) -> CodeReading:
    """Return the codes that words in a free text suggest: never certain."""
    words = fold(text)
    if not words:
        return CodeReading((), sure=False)
    words = _denials().sub(" ", words)
    found = tuple(code for code, pattern in _patterns().items() if pattern.search(words))
    return CodeReading(found, sure=False)


def one_kind(codes: tuple[str, ...]) -> tuple[str, ...]:
    """Return codes of one sort: where some accuse, those of a notice are left out."""
    accusing = tuple(code for code in codes if code not in NOTICES)
    return (accusing or codes)[:CODES_MAX]


def _known(text: str, own: Mapping[str, tuple[str, ...]]) -> tuple[str, ...] | None:
    words = plain(text)
    if words in own:
        return own[words]
    if words in CODES or words.replace(" ", "_") in CODES:
        return (words.replace(" ", "_"),)
    return _exact().get(words)


def _parts(text: str, own: Mapping[str, tuple[str, ...]]) -> list[str]:
    """The categories in a cell: the whole first, then by strong separators, then by weak ones."""
    if _known(text, own) is not None:
        return [text]
    letters = text.replace(",", " ").replace("/", " ").split()
    if letters and text == text.upper() and all(w.split("*")[0] in BY_LETTERS for w in letters):
        return [BY_LETTERS[w.split("*")[0]].name for w in letters]
    text = _BRACKETS.sub(" ", text) or text
    parts: list[str] = []
    for piece in filter(str.strip, _SPLIT.split(text)):
        finer = [p for p in _SPLIT_FINE.split(piece) if p and p.strip()]
        if _known(piece, own) is not None or len(finer) < 2:
            parts.append(piece)
        elif all(_known(p, own) is not None for p in finer):
            parts.extend(finer)
        else:
            parts.append(piece)
    return parts


@cache
def _exact() -> Mapping[str, tuple[str, ...]]:
    table: dict[str, tuple[str, ...]] = {}
    exact = cast("dict[str, list[str]]", word_list("categories")["exact"])
    for codes, phrases in exact.items():
        names = () if codes == "other" else tuple(codes.split("+"))
        table.update({plain(p): names for p in phrases})
    for name, code in CODES.items():
        table.setdefault(plain(name), (name,))
        table.setdefault(plain(code.words), (name,))
    return table


@cache
def _patterns() -> Mapping[str, re.Pattern[str]]:
    found = cast("dict[str, list[str]]", word_list("categories")["story"])
    return {
        code: re.compile("|".join(f"(?:{p})" for p in patterns)) for code, patterns in found.items()
    }


@cache
def _denials() -> re.Pattern[str]:
    found = cast("list[str]", word_list("categories")["denials"])
    return re.compile("|".join(f"(?:{p})" for p in found))
