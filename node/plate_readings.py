"""The readings of a text as a plate, whole or in part, and which known parts fit it.

Alerts hold whole plates and parts of plates (`GZW??`), and either may be asked for, so that each is
held against both. Two letters before it may be its own or name its country, as in US-ABE042.
"""

import re
from fnmatch import fnmatchcase

from node.readings import EXACT, MASKED, PART, START, WHOLE, Readings, Scan, Sought
from protocol import identifiers
from protocol.errors import IdentifierError

LEAST_PLATE = 2
PLATE_SIGNS = 12

_BEHIND_COUNTRY = re.compile(r"([A-Za-z]{2})[\s\-\u2010-\u2015\u2212]+(\w[^:?*]*)")
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
    else:
        _read_whole(normal, readings, is_typed=":" in typed)
    if match := _BEHIND_COUNTRY.fullmatch(typed.strip()):
        _read_behind_country(match[1].upper(), match[2], readings)


def _read_whole(normal: str, readings: Readings, *, is_typed: bool) -> None:
    """Add a whole plate; `is_typed`: its country is what was typed, and not just ours."""
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
    readings.note("plate", normal if is_typed else signs, sure=both)


def _read_behind_country(country: str, rest: str, readings: Readings) -> None:
    """Add a plate that stands behind its country; it may be no country, so that nothing is sure."""
    from phonenumbers import SUPPORTED_REGIONS  # late: its tables are large

    if country not in SUPPORTED_REGIONS:
        return
    try:
        normal = identifiers.normalise_plate(rest, country)
    except IdentifierError:
        return
    signs = normal.partition(":")[2]
    readings.sought += [
        Sought("plate", normal, "plate behind its country", WHOLE),
        Sought("plate.masked", identifiers.masked("plate", normal), "plate masked form", MASKED),
    ]

    def judge(value: str) -> tuple[str, int] | None:
        same = value.partition(":")[2] == signs
        return ("plate of another country", WHOLE) if same else None

    readings.scans.append(Scan("plate", signs, judge, fallback=True))
    readings.plates.append(signs)
    if any(map(str.isalpha, signs)) and any(map(str.isdigit, signs)):
        readings.note("plate", normal, sure=True)


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
