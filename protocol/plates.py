"""Normal forms of vehicle plates, whole and in part.

A plate is its country and the letters and digits on it: `US:7ABC271`. Signs that look like Latin
capitals (Cyrillic and Greek plates, full-width forms) become them, accents and separators go, and
letters of scripts without case (as the province on a Chinese plate) are dropped, because those who
remember a plate rarely write them. O and 0 stay apart. The table is ours and frozen: a library
whose data moves with Unicode would change what matches.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from protocol.errors import IdentifierError
from protocol.field_shapes import IDENTIFIERS, PLATE_PART

LOOKALIKES: Final = str.maketrans(
    "АВЕКМНОРСТУХІЈЅΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "ABEKMHOPCTYXIJSABEZHIKMNOPTYX",
)
_COUNTRY = re.compile(r"[A-Z]{2}")
_PREFIXED = re.compile(r"\s*([A-Za-z]{2})\s*:(.*)", re.DOTALL)
_WORDS_START = re.compile(r"^\s*(starts?|begins?)(\s+with)?\b[\s:]*", re.IGNORECASE)
_WORDS_END = re.compile(r"^\s*(ends?|ending)(\s+(with|in))?\b[\s:]*", re.IGNORECASE)
_WORDS_PART = re.compile(
    r"^\s*(partial|part|contains)(\s+(plate|of\s+plate))?\b[\s:]*", re.IGNORECASE
)
_UNKNOWN_SIGNS: Final = str.maketrans({"_": "?", "#": "?", "…": "*"})
_TYPED_CHARACTERS = 100
_LEAST_KNOWN = 2
_SHOWN = 3


def normalise_plate(text: str, country: str | None) -> str:
    """Return a whole plate as `US:7ABC271`.

    `country` is ISO 3166-1, two letters; a text that starts with `FR:` names its own. Raises
    IdentifierError, also where a part of the plate is unknown: see `normalise_plate_part`.
    """
    if match := _PREFIXED.fullmatch(text):
        country, text = match[1].upper(), match[2]
    if country is None or not _COUNTRY.fullmatch(country):
        raise IdentifierError("a plate needs its country")
    if any(sign in text for sign in "?*") or _WORDS_PART.match(text):
        raise IdentifierError("a part of a plate, where a whole one is meant")
    normal = f"{country}:{_fold(text, '')}"
    if IDENTIFIERS["plate"][0].fullmatch(normal) is None:
        raise IdentifierError("not a usable plate")
    return normal


def normalise_plate_part(text: str) -> str:
    """Return the pattern of a plate known in part: letters, digits, `?` for one sign, `*` for some.

    `GZW??` stays; `partial 7X` becomes `*7X*`, `starts with 7X` `7X*`, `ends in 271` `*271`.
    Raises IdentifierError for fewer than two known signs.
    """
    before = after = "*"
    if match := _WORDS_START.match(text):
        before = ""
    elif match := _WORDS_END.match(text):
        after = ""
    else:
        match = _WORDS_PART.match(text)
    body = _fold(text[match.end() :] if match else text, "?*")
    if match or not set(body) & {"?", "*"}:
        body = before + body + after
    pattern = re.sub(r"\*+", "*", body)
    known = sum(sign not in "?*" for sign in pattern)
    if known < _LEAST_KNOWN or PLATE_PART.fullmatch(pattern) is None:
        raise IdentifierError("not a usable part of a plate")
    return pattern


def masked_plate(normal: str) -> str:
    """Return the country and at most the last three signs, never more than half: `US:***271`."""
    country, _, signs = normal.partition(":")
    return f"{country}:***{signs[-min(_SHOWN, len(signs) // 2) :]}"


def _fold(text: str, kept: str) -> str:
    """Return the signs of a plate as A-Z0-9 and `kept`; refuse a cased letter like no Latin one."""
    if len(text) > _TYPED_CHARACTERS:
        raise IdentifierError("too long for a plate")
    unknown = text.translate(_UNKNOWN_SIGNS) if kept else text
    signs = []
    for sign in unicodedata.normalize("NFKD", unknown).upper().translate(LOOKALIKES):
        if (sign.isascii() and sign.isalnum()) or sign in kept:
            signs.append(sign)
        elif sign.isdecimal():
            signs.append(str(unicodedata.decimal(sign)))
        elif unicodedata.category(sign) in {"Lu", "Ll", "Lt"}:
            raise IdentifierError("a letter that is on no plate")
    return "".join(signs)
