"""What a typed text may mean: a number, an address, a handle, a plate, a name; whole or in part.

People type what they remember, in any way of writing it, so a text usually has several readings and
each is asked for. A reading says how good a match by it would be; the best one is shown. Nothing
here looks anything up, and nothing here keeps or quotes what was typed.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from node.errors import BadField
from protocol import identifiers
from protocol.errors import IdentifierError

TYPED_CHARACTERS = 200
LEAST_DIGITS = 4
LEAST_LETTERS = 3
LEAST_NAME = 2
LEAST_PLATE = 2
LEAST_WITHOUT_COUNTRY = 7  # digits that stand for a whole number whose country was left out
PLATE_SIGNS = 12
PLATE_DIGITS = 8  # more digits and no letter are no plate

EXACT, WHOLE, NAME, MASKED, START, PART = 100, 90, 80, 60, 50, 40
"""How good a match is; two matches of one record count as the better one."""


@dataclass(frozen=True, slots=True)
class Sought:
    """A value that is looked for in the table, and what finding it means."""

    kind: str
    norm: str = field(repr=False)
    why: str
    score: int


@dataclass(frozen=True, slots=True)
class Scan:
    """A piece that is looked for inside all values of a leaf; `judge` says what a find means.

    `judge(value)` gives why and score, or None where the value does not fit after all. `fallback`:
    only where nothing was found by the whole.
    """

    kind: str
    needle: str = field(repr=False)
    judge: Callable[[str], tuple[str, int] | None] = field(repr=False)
    fallback: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """Every reading of a text."""

    sought: tuple[Sought, ...]
    scans: tuple[Scan, ...]
    plate: str = field(default="", repr=False)  # letters and digits, to hold against known parts
    plate_part: str = field(default="", repr=False)  # a pattern with ? and *, likewise


def parse_question(text: str, country: str | None, calling: Collection[str]) -> Question:
    """Read what was typed; `country` is where numbers without one belong, `calling` the calling
    codes of the numbers that are held. BadField where too little is left to look for."""
    typed = _clean(text)
    sought: list[Sought] = []
    scans: list[Scan] = []
    if "@" in typed:
        _email(typed, sought, scans)
    _handle(typed, sought, scans)
    _profile(typed, sought, scans)
    number = _number_alone(typed)
    digits = "".join(c for c in number if c.isdecimal() and c.isascii())
    letters = any(character.isalpha() for character in number)
    if "@" not in typed:
        if not letters:
            _phone(number, digits, country, calling, sought, scans)
        elif "/" not in typed:
            _words(typed, scans)
    plate = part = ""
    if letters or len(digits) <= PLATE_DIGITS:
        plate, part = _plate(number, country, sought, scans)
    if not sought and not scans and not plate and not part:
        raise BadField(
            f"too little to look for: give at least {LEAST_DIGITS} digits of a number, "
            f"{LEAST_LETTERS} letters of an address or handle, or {LEAST_PLATE} signs of a plate"
        )
    return Question(tuple(dict.fromkeys(sought)), tuple(scans), plate, part)


def _clean(text: str) -> str:
    if len(text) > TYPED_CHARACTERS:
        raise BadField(f"too long: at most {TYPED_CHARACTERS} characters")
    visible = "".join(c for c in text if unicodedata.category(c) != "Cf")
    digits = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in visible)
    return " ".join(unicodedata.normalize("NFKC", digits).split())


def _whole(kind: str, norm: str) -> Iterator[Sought]:
    """A whole identifier, and the masked form that some origins give instead."""
    yield Sought(kind, norm, f"{kind} exact", EXACT)
    yield Sought(f"{kind}.masked", identifiers.masked(kind, norm), f"{kind} masked form", MASKED)


def _inside(kind: str, needle: str) -> Callable[[str], tuple[str, int] | None]:
    def judge(value: str) -> tuple[str, int] | None:
        if value == needle:
            return f"{kind} exact", EXACT
        if value.startswith(needle):
            return f"{kind} start", START
        return (f"{kind} part", PART) if needle in value else None

    return judge


def _email(typed: str, sought: list[Sought], scans: list[Scan]) -> None:
    try:
        sought.extend(_whole("email", identifiers.normalise_email(typed)))
    except IdentifierError:
        needle = typed.casefold()
        if " " not in needle and len(needle) > LEAST_LETTERS:
            scans.append(Scan("email", needle, _inside("email", needle)))


def _handle(typed: str, sought: list[Sought], scans: list[Scan]) -> None:
    try:
        sought.extend(_whole("handle", identifiers.normalise_handle(typed)))
        return
    except IdentifierError:
        pass
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
        scans.append(Scan("handle", name, judge))


def _profile(typed: str, sought: list[Sought], scans: list[Scan]) -> None:
    if "." not in typed or "@" in typed or " " in typed:
        return
    try:
        sought.extend(_whole("profile", identifiers.normalise_profile(typed)))
    except IdentifierError:
        if len(typed) > LEAST_LETTERS and any(character.isalpha() for character in typed):
            needle = typed.casefold().removeprefix("https://").removeprefix("www.")
            scans.append(Scan("profile", needle, _inside("profile", needle)))


_SAID_PART = re.compile(
    r"(starts?|begins?|ends?|ending|partial|part|contains)\b.*[\s:]", re.IGNORECASE
)
_EXTENSION = re.compile(r"[\s,;]*\b(?:ext(?:ension)?|poste|x)\.?:?\s*[0-9]{1,7}\s*$", re.IGNORECASE)
_BEFORE = re.compile(r"^(?:tel|phone|mobile|mob|cell|number|no)\b[.:]*\s*", re.IGNORECASE)


def _number_alone(typed: str) -> str:
    """A number without what stands around it: tel: 510 555 0189 ext 6."""
    return _EXTENSION.sub("", _BEFORE.sub("", typed))


def _phone(
    typed: str,
    digits: str,
    country: str | None,
    calling: Collection[str],
    sought: list[Sought],
    scans: list[Scan],
) -> None:
    if len(digits) < LEAST_DIGITS or set(typed) & set("?*"):
        return
    whole = _normal_phone(typed, country)
    if whole:
        sought.extend(_whole("phone", whole))
    bare = digits.lstrip("0") or digits
    if len(bare) >= LEAST_WITHOUT_COUNTRY and not typed.startswith("+"):
        # The country may be another: the number is tried behind every calling code that is held.
        sought += [
            Sought("phone", f"+{code}{rest}", "phone without country", WHOLE)
            for code in sorted(calling)
            for rest in dict.fromkeys((bare, digits))
            if f"+{code}{rest}" != whole
        ]

    def judge(value: str) -> tuple[str, int] | None:
        if value == f"+{bare}":
            return "phone exact", EXACT
        if value.endswith(bare):
            whole_one = len(bare) >= LEAST_WITHOUT_COUNTRY
            return ("phone without country", WHOLE) if whole_one else ("phone end", START)
        return "phone part", PART

    if len(bare) >= LEAST_DIGITS:
        scans.append(Scan("phone", bare, judge, fallback=whole is not None))
    if bare != digits:  # 0142: the zero may be within the number

        def judge_with_zero(value: str) -> tuple[str, int] | None:
            return ("phone end", START) if value.endswith(digits) else ("phone part", PART)

        scans.append(Scan("phone", digits, judge_with_zero, fallback=whole is not None))


def _normal_phone(typed: str, country: str | None) -> str | None:
    for where in (country, None):
        try:
            return identifiers.normalise_phone(typed, where)
        except IdentifierError:
            continue
    return None


def _words(typed: str, scans: list[Scan]) -> None:
    """Letters may be a name that he uses, or the beginning of an address."""
    name = typed.casefold()

    def judge(value: str) -> tuple[str, int] | None:
        if value == name:
            return "name", NAME
        inside = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", value)
        return ("name", START) if inside else ("name part", PART)

    if len(name) >= LEAST_NAME:
        scans.append(Scan("name", name, judge))
    if len(name) >= LEAST_LETTERS and " " not in name:
        scans.append(Scan("email", name, _inside("email", name)))
        if "." in name:
            scans.append(Scan("profile", name, _inside("profile", name)))


def _plate(
    typed: str, country: str | None, sought: list[Sought], scans: list[Scan]
) -> tuple[str, str]:
    """Read a text as a plate; gives its signs, or else the pattern of a part."""
    if len(typed) > 3 * PLATE_SIGNS or set(typed) & set("@/+"):
        return "", ""
    if _SAID_PART.match(typed):
        return "", _part_of_plate(typed, sought, scans)
    try:
        normal = identifiers.normalise_plate(typed, country)
    except IdentifierError:
        return "", _part_of_plate(typed, sought, scans)
    signs = normal.partition(":")[2]
    sought.extend(_whole("plate", normal))

    def judge(value: str) -> tuple[str, int] | None:
        held = value.partition(":")[2]
        if held == signs:
            return "plate of another country", WHOLE
        return ("plate part", PART) if signs in held else None

    scans.append(Scan("plate", signs, judge, fallback=True))
    return signs, ""


def _part_of_plate(typed: str, sought: list[Sought], scans: list[Scan]) -> str:
    try:
        pattern = identifiers.normalise_plate_part(typed)
    except IdentifierError:
        return ""
    if not any(sign in typed for sign in "?*"):
        pattern = f"*{pattern.strip('*')}*"
    sought.append(Sought("plate.part", pattern, "plate part", START))
    known = max(re.split(r"[?*]+", pattern), key=len)

    def judge(value: str) -> tuple[str, int] | None:
        return ("plate part", START) if fnmatchcase(value.partition(":")[2], pattern) else None

    scans.append(Scan("plate", known, judge))
    return pattern


def fits_plate(pattern: str, signs: str) -> bool:
    """Whether a plate could be one that is known in part, or is itself a part of what is known."""
    return fnmatchcase(signs, pattern) or signs in pattern


def may_be_same(one: str, other: str) -> bool:
    """Whether two parts of plates tell of the same signs: the known run of one is in the other."""
    runs = [max(re.split(r"[?*]+", pattern), key=len) for pattern in (one, other)]
    return len(min(runs, key=len)) >= LEAST_PLATE and (runs[0] in runs[1] or runs[1] in runs[0])
