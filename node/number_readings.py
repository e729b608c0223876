"""The readings of digits as a phone number: whole, without its country, an end or a part of one.

A number that is whole is looked for by the table. Only where that finds nothing is it looked for
inside longer numbers: somebody may have put the + before the wrong digits, here or elsewhere.
"""

import re
from collections.abc import Collection, Iterable, Iterator

from node.pieces import LEAST_DIGITS
from node.readings import EXACT, MASKED, MASKED_ABROAD, PART, START, WHOLE, Readings, Scan, Sought
from protocol import identifiers
from protocol.errors import IdentifierError

LEAST_WITHOUT_COUNTRY = 7  # digits that stand for a whole number whose country was left out

_EXTENSION = re.compile(r"[\s,;]*\b(?:ext(?:ension)?|poste|x)\.?:?\s*[0-9]{1,7}\s*$", re.IGNORECASE)
_BEFORE = re.compile(r"^(?:tel|phone|mobile|mob|cell|number|no)\b[.:]*\s*", re.IGNORECASE)


def number_alone(typed: str) -> str:
    """A number without what stands around it: tel: 510 555 0189 ext 6."""
    return _EXTENSION.sub("", _BEFORE.sub("", typed))


def normal_phone(typed: str, country: str | None) -> str | None:
    """The E.164 form of a whole number, read in this country or by its own calling code."""
    for where in (country, None):
        try:
            return identifiers.normalise_phone(typed, where)
        except IdentifierError:
            continue
    return None


def read_phone(
    typed: str, digits: str, country: str | None, calling: Collection[str], readings: Readings
) -> None:
    """Add what a text of `digits` may mean as a number, behind every code of `calling` too."""
    if len(digits) < LEAST_DIGITS or set(typed) & set("?*"):
        return
    whole = normal_phone(typed, country)
    if whole:
        readings.sought += [
            Sought("phone", whole, "phone exact", EXACT),
            Sought(
                "phone.masked", identifiers.masked("phone", whole), "phone masked form", MASKED
            ),
        ]  # fmt: skip
        readings.note("phone", whole, sure=True)
    bare = digits.lstrip("0") or digits
    if len(bare) >= LEAST_WITHOUT_COUNTRY and not typed.startswith("+"):
        # The country may be another: the number is tried behind every calling code that is held.
        readings.sought += [
            Sought("phone", f"+{code}{rest}", "phone without country", WHOLE)
            for code in sorted(calling)
            for rest in dict.fromkeys((bare, digits))
            if f"+{code}{rest}" != whole
        ]
        readings.sought += _masked_abroad((bare, digits), calling, whole)
    if not whole:
        readings.note("phone" if len(bare) >= LEAST_WITHOUT_COUNTRY else "part of a phone", digits)
    _read_inside(digits, bare, whole, readings)


def _read_inside(digits: str, bare: str, whole: str | None, readings: Readings) -> None:
    """Add the digits as an end or another part of a number."""

    def judge(value: str) -> tuple[str, int] | None:
        if value == f"+{bare}":
            return "phone exact", EXACT
        if value.endswith(bare):
            whole_one = len(bare) >= LEAST_WITHOUT_COUNTRY
            return ("phone without country", WHOLE) if whole_one else ("phone end", START)
        return "phone part", PART

    def judge_with_zero(value: str) -> tuple[str, int] | None:
        return ("phone end", START) if value.endswith(digits) else ("phone part", PART)

    if len(bare) >= LEAST_DIGITS:
        # With its calling code, a number is held by no other of its length.
        beyond = len(whole) if whole == f"+{bare}" else 0
        readings.scans.append(
            Scan("phone", bare, judge, fallback=whole is not None, beyond=beyond)
        )  # fmt: skip
    if bare != digits:  # 0142: the zero may be within the number
        readings.scans.append(Scan("phone", digits, judge_with_zero, fallback=whole is not None))


def _masked_abroad(
    national: Iterable[str], calling: Collection[str], whole: str | None
) -> Iterator[Sought]:
    """The masked forms of a number behind every calling code that is held."""
    for code in sorted(calling):
        for rest in dict.fromkeys(national):
            try:
                form = identifiers.masked("phone", f"+{code}{rest}")
            except IdentifierError:
                continue
            if whole is None or form != identifiers.masked("phone", whole):
                yield Sought("phone.masked", form, "phone masked form", MASKED_ABROAD)
