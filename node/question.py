"""What a typed text may mean: a number, an address, a handle, a plate, a name; whole or in part.

People type what they remember, in any way of writing it, so a text usually has several readings and
each is asked for. A reading says how good a match by it would be; the best one is shown. Nothing
here looks anything up, and nothing here keeps or quotes what was typed.
"""

import re
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, field
from fnmatch import fnmatchcase

from node.errors import BadField
from node.pieces import LEAST_DIGITS, Piece, pieces
from protocol import identifiers
from protocol.errors import IdentifierError

TYPED_CHARACTERS = 200
PIECES_MOST = 12  # identifiers in one text
LEAST_LETTERS = 3
LEAST_NAME = 2
LEAST_PLATE = 2
LEAST_WITHOUT_COUNTRY = 7  # digits that stand for a whole number whose country was left out
PLATE_SIGNS = 12
PLATE_DIGITS = 8  # more digits and no letter are no plate

EXACT, WHOLE, NAME, MASKED, MASKED_ABROAD, START, PART = 100, 90, 80, 60, 55, 50, 40
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
    plates: tuple[str, ...] = field(default=(), repr=False)  # signs, to hold against known parts
    plate_parts: tuple[str, ...] = field(default=(), repr=False)  # patterns with ? and *, likewise
    several: bool = False  # more than one identifier: what is found of one says nothing of others

    @property
    def kinds(self) -> list[str]:
        """What is looked for, by kind, without a value."""
        kinds = [each.kind for each in self.sought] + [each.kind for each in self.scans]
        return sorted({kind.partition(".")[0] for kind in kinds})


def parse_question(text: str, country: str | None, calling: Collection[str]) -> Question:
    """Read what was typed, whole and each identifier that stands in it.

    `country` is where numbers without one belong, `calling` the calling codes of the numbers that
    are held. BadField where too little is left to look for, or too much at once.
    """
    visible = _visible(text)
    typed = " ".join(visible.split())
    sought: list[Sought] = []
    scans: list[Scan] = []
    found = [_read(typed, country, calling, sought, scans)]
    parts: list[Piece] = []

    def is_number(digits: str) -> bool:
        return _normal_phone(digits, country) is not None

    if not is_number(_number_alone(typed)):
        alone = "\n".join(_number_alone(line) for line in visible.splitlines())
        parts = [piece for piece in pieces(alone, is_number) if piece.text != typed]
    asked = [piece for piece in parts if piece.kind not in ("window", "name")]
    if len(asked) > PIECES_MOST:
        raise BadField(f"too many at once: ask for at most {PIECES_MOST}")
    found += [_read_piece(piece, country, calling, sought, scans) for piece in parts]
    plates = tuple(dict.fromkeys(plate for plate, _ in found if plate))
    plate_parts = tuple(dict.fromkeys(part for _, part in found if part))
    if not sought and not scans and not plates and not plate_parts:
        raise BadField(
            "not understood: give a number, email, handle, plate or name; at least"
            f" {LEAST_DIGITS} digits of a number, {LEAST_LETTERS} letters of an address or handle,"
            f" or {LEAST_PLATE} signs of a plate"
        )
    several = sum(piece.kind != "name" for piece in parts) > 1
    return Question(tuple(dict.fromkeys(sought)), tuple(scans), plates, plate_parts, several)


def _read(
    typed: str,
    country: str | None,
    calling: Collection[str],
    sought: list[Sought],
    scans: list[Scan],
) -> tuple[str, str]:
    """Add every reading of a text that is one identifier; gives its plate or part of one."""
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
    if letters or len(digits) <= PLATE_DIGITS:
        return _plate(number, country, sought, scans)
    return "", ""


def _read_piece(
    piece: Piece,
    country: str | None,
    calling: Collection[str],
    sought: list[Sought],
    scans: list[Scan],
) -> tuple[str, str]:
    """Add the readings of one identifier among others, as what it looks like."""
    typed = piece.text
    match piece.kind:
        case "phone" | "window":
            digits = "".join(c for c in typed if c.isdecimal())
            known = calling if piece.kind == "phone" else ()
            _phone(typed, digits, country, known, sought, scans)
        case "email":
            _email(typed, sought, scans)
        case "address":
            _handle(typed, sought, scans)
            _profile(typed, sought, scans)
        case "handle":
            _handle(typed, sought, scans)
        case "plate":
            return _plate(typed, country, sought, scans)
        case "part":
            return "", _part_of_plate(typed, sought, scans)
        case "name":
            _name_beside(typed, scans)
        case _:
            return _read(typed, country, calling, sought, scans)
    return "", ""


def _visible(text: str) -> str:
    if len(text) > TYPED_CHARACTERS:
        raise BadField(f"too long: at most {TYPED_CHARACTERS} characters")
    visible = "".join(c for c in text if unicodedata.category(c) != "Cf")
    digits = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in visible)
    return unicodedata.normalize("NFKC", digits)


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
        sought += _masked_abroad((bare, digits), calling, whole)

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


def _name_beside(typed: str, scans: list[Scan]) -> None:
    """A word beside an identifier counts as a name only where it is a whole word of one."""
    name = typed.casefold()

    def judge(value: str) -> tuple[str, int] | None:
        if value == name:
            return "name", NAME
        inside = re.search(rf"(?<!\w){re.escape(name)}(?!\w)", value)
        return ("name", START) if inside else None

    def judge_handle(value: str) -> tuple[str, int] | None:
        return ("handle on any service", WHOLE) if value.partition(":")[2] == name else None

    if len(name) >= LEAST_NAME:
        scans.append(Scan("name", name, judge))
        scans.append(Scan("handle", name, judge_handle))


def _plate(
    typed: str, country: str | None, sought: list[Sought], scans: list[Scan]
) -> tuple[str, str]:
    """Read a text as a plate; gives its signs, or else the pattern of a part."""
    if len(typed) > 3 * PLATE_SIGNS or set(typed) & set("@/+,;|"):
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
