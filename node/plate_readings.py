"""The readings of a text as a plate, whole or in part, and which known parts fit it.

Alerts hold whole plates and parts of plates (`GZW??`), and either may be asked for, so that each is
held against both.
"""

import re
from fnmatch import fnmatchcase

from node.readings import EXACT, MASKED, PART, START, WHOLE, Readings, Scan, Sought
from protocol import identifiers
from protocol.errors import IdentifierError

LEAST_PLATE = 2
PLATE_SIGNS = 12

_SAID_PART = re.compile(
    r"(starts?|begins?|ends?|ending|partial|part|contains)\b.*[\s:]", re.IGNORECASE
)


def read_plate(typed: str, country: str | None, readings: Readings) -> None:
    """Add what a text may mean as a whole plate, or else as a part of one."""
    if len(typed) > 3 * PLATE_SIGNS or set(typed) & set("@/+,;|"):
        return
    if _SAID_PART.match(typed):
        read_part(typed, readings)
        return
    try:
        normal = identifiers.normalise_plate(typed, country)
    except IdentifierError:
        read_part(typed, readings)
        return
    signs = normal.partition(":")[2]
    readings.sought += [
        Sought("plate", normal, "plate exact", EXACT),
        Sought("plate.masked", identifiers.masked("plate", normal), "plate masked form", MASKED),
    ]

    def judge(value: str) -> tuple[str, int] | None:
        held = value.partition(":")[2]
        if held == signs:
            return "plate of another country", WHOLE
        return ("plate part", PART) if signs in held else None

    readings.scans.append(Scan("plate", signs, judge, fallback=True))
    readings.plates.append(signs)
    both = any(map(str.isalpha, signs)) and any(map(str.isdigit, signs))
    readings.note("plate", normal if ":" in typed else signs, sure=both)


def read_part(typed: str, readings: Readings) -> None:
    """Add what a text may mean as a part of a plate."""
    try:
        pattern = identifiers.normalise_plate_part(typed)
    except IdentifierError:
        return
    if not any(sign in typed for sign in "?*"):
        pattern = f"*{pattern.strip('*')}*"
    readings.sought.append(Sought("plate.part", pattern, "plate part", START))
    known = max(re.split(r"[?*]+", pattern), key=len)

    def judge(value: str) -> tuple[str, int] | None:
        return ("plate part", START) if fnmatchcase(value.partition(":")[2], pattern) else None

    readings.scans.append(Scan("plate", known, judge))
    readings.plate_parts.append(pattern)
    said = bool(set(typed) & set("?*") or _SAID_PART.match(typed))
    readings.note("part of a plate", pattern, sure=said)


def fits_plate(pattern: str, signs: str) -> bool:
    """Whether a plate could be one that is known in part, or is itself a part of what is known."""
    return fnmatchcase(signs, pattern) or signs in pattern


def may_be_same(one: str, other: str) -> bool:
    """Whether two parts of plates tell of the same signs: the known run of one is in the other."""
    runs = [max(re.split(r"[?*]+", pattern), key=len) for pattern in (one, other)]
    return len(min(runs, key=len)) >= LEAST_PLATE and (runs[0] in runs[1] or runs[1] in runs[0])
