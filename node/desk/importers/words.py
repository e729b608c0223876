"""Words compared as people mean them: accents, case, punctuation and camelCase do not matter.

Loads the word lists (`*.toml` beside this file) once. Pure otherwise.
"""

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from functools import cache, lru_cache
from importlib import resources
from typing import Final, cast

_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z][a-z])")
_NOT_WORD: Final = re.compile(r"[^\w]+|_")
_SPECIAL: Final = str.maketrans(
    {"ß": "ss", "ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "ı": "i", "’": "'"}
)


def fold(text: str) -> str:
    """Return the text in small letters without accents, its punctuation kept."""
    if text.isascii():
        return text.lower()
    text = text.casefold().translate(_SPECIAL)
    return "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))


@lru_cache(maxsize=8192)
def plain(text: str) -> str:
    """Return the folded words of a header or phrase, one space between them.

    "assaultType", "assault_type" and "Assault type:" are the same; the s of "Phone(s)" is dropped.
    """
    text = text.replace("(s)", "").replace("(e)", "")
    return " ".join(_NOT_WORD.sub(" ", fold(_CAMEL.sub(" ", text))).split())


def within(phrase: str, words: str) -> bool:
    """Say whether the phrase stands in the words at word borders (anywhere in CJK)."""
    if f" {phrase} " in f" {words} " or f" {phrase}s " in f" {words} ":
        return True
    return not phrase.isascii() and len(phrase) <= 4 and ord(phrase[0]) > 0x2E00 and phrase in words


@cache
def word_list(name: str) -> Mapping[str, object]:
    """Return one of the word lists shipped beside this module."""
    text = resources.files("node.desk.importers").joinpath(f"{name}.toml").read_text("utf-8")
    return tomllib.loads(text)


@cache
def phrases(name: str, key: str) -> tuple[str, ...]:
    """Return the phrases under `key` of a word list, made plain, without repeats."""
    found = cast("list[str]", word_list(name)[key])
    return tuple(dict.fromkeys(plain(p) for p in found if plain(p)))


def is_nothing(text: str) -> bool:
    """Say whether a cell's words mean that there is nothing ("none", "unknown", "-")."""
    return fold(text).strip().rstrip(".") in _nothing() or fold(text).strip() in _nothing()


@cache
def _nothing() -> frozenset[str]:
    return frozenset(cast("list[str]", word_list("nothing")["words"])) | {""}
