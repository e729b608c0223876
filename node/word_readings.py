"""The readings of a text with letters: an email address, a handle, a profile, a name that he uses.

Whole addresses and handles with their service are looked up; what may be a part of one is looked
for inside all values. A word that merely stands beside an identifier counts only as a whole word.
"""

import re
from collections.abc import Iterator

from node.readings import (
    EXACT,
    MASKED,
    NAME,
    PART,
    START,
    WHOLE,
    Judge,
    Readings,
    Scan,
    Sought,
    Word,
    inside,
)
from protocol import identifiers
from protocol.errors import IdentifierError

LEAST_LETTERS = 3
LEAST_NAME = 2


def _whole(kind: str, norm: str) -> Iterator[Sought]:
    """A whole identifier, and the masked form that some origins give instead."""
    yield Sought(kind, norm, f"{kind} exact", EXACT)
    yield Sought(f"{kind}.masked", identifiers.masked(kind, norm), f"{kind} masked form", MASKED)


def read_email(typed: str, readings: Readings) -> None:
    """Add what a text may mean as an email address or as a part of one."""
    try:
        normal = identifiers.normalise_email(typed)
    except IdentifierError:
        needle = typed.casefold()
        if " " not in needle and len(needle) > LEAST_LETTERS:
            readings.scans.append(Scan("email", needle, inside("email", needle)))
            readings.note("part of an email", needle)
    else:
        readings.sought.extend(_whole("email", normal))
        readings.note("email", normal, sure=True)


def read_handle(typed: str, readings: Readings) -> None:
    """Add what a text may mean as a handle, with its service or on any."""
    try:
        normal = identifiers.normalise_handle(typed)
    except IdentifierError:
        pass
    else:
        readings.sought.extend(_whole("handle", normal))
        readings.note("handle", normal, sure=True)
        return
    name = typed.casefold().removeprefix("@")
    if " " in name or "@" in name or "/" in name or len(name) < LEAST_LETTERS:
        return

    def judge(value: str) -> tuple[str, int] | None:
        held = value.partition(":")[2]
        if held == name:
            return "handle on any service", WHOLE
        if held.startswith(name):
            return "handle start", START
        return ("handle part", PART) if name in held else None

    if any(character.isalpha() for character in name):
        readings.scans.append(Scan("handle", name, judge))
        readings.note("handle", name, sure=typed.startswith("@"))


def read_profile(typed: str, readings: Readings) -> None:
    """Add what a text may mean as the address of a profile or as a part of one."""
    if "." not in typed or "@" in typed or " " in typed:
        return
    try:
        normal = identifiers.normalise_profile(typed)
    except IdentifierError:
        if len(typed) > LEAST_LETTERS and any(character.isalpha() for character in typed):
            needle = typed.casefold().removeprefix("https://").removeprefix("www.")
            readings.scans.append(Scan("profile", needle, inside("profile", needle)))
            readings.note("part of a profile", needle)
    else:
        readings.sought.extend(_whole("profile", normal))
        readings.note("profile", normal, sure=True)


def _has_word(value: str, name: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", value) is not None


def read_words(typed: str, readings: Readings) -> None:
    """Add letters as a name that he uses, or as the beginning of an address."""
    name = typed.casefold()

    def judge(value: str) -> tuple[str, int] | None:
        if value == name:
            return "name", NAME
        return ("name", START) if _has_word(value, name) else ("name part", PART)

    if len(name) >= LEAST_NAME:
        readings.scans.append(Scan("name", name, judge))
        readings.note("name", name)
    if len(name) >= LEAST_LETTERS and " " not in name:
        readings.scans.append(Scan("email", name, inside("email", name)))
        readings.note("part of an email", name)
        if "." in name:
            readings.scans.append(Scan("profile", name, inside("profile", name)))
            readings.note("part of a profile", name)


def read_name_beside(typed: str, readings: Readings) -> None:
    """Add a word beside an identifier: a name only where it is a whole word of one."""
    name = typed.casefold()
    if len(name) < LEAST_NAME:
        return
    first = re.search(r"\w+", name)
    if first is not None:
        readings.words.append(Word("name", first[0], _name_judge(name)))
    readings.words.append(Word("handle", name, _handle_judge(name)))


def _name_judge(name: str) -> Judge:
    def judge(value: str) -> tuple[str, int] | None:
        if value == name:
            return "name", NAME
        return ("name", START) if _has_word(value, name) else None

    return judge


def _handle_judge(name: str) -> Judge:
    def judge(value: str) -> tuple[str, int] | None:
        return ("handle on any service", WHOLE) if value.partition(":")[2] == name else None

    return judge
