"""The identifiers that stand in a typed text: two numbers, a number in a sentence, a plate in one.

People paste what they have: "415 555 0189 / 510 555 0104", "call 415 555 0189", "silver Toyota
EDL271". Each identifier must be asked for by itself, for a text that is only looked up as one piece
finds nothing, and that would read as if nothing were known. Taking too much for an identifier costs
a look-up; taking too little hides a warning, so in doubt a piece is taken. Used by `node.question`.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from protocol.plates import LOOKALIKES

LEAST_DIGITS = 4
RUN_DIGITS = 7  # from here on digits are a number and no part of a plate
ROW_DIGITS = 11  # from here on a row that is no number may be more than one
WINDOW_DIGITS = range(7, 14)
PLATE_SIGNS = range(4, 9)

_BETWEEN = re.compile(r"[,;|\n\r\v\f\u0085\u2028\u2029]+|\band/or\b", re.IGNORECASE)
_EMAIL = re.compile(r"[\w.+-][^\s<>()\[\]\"':/]*@[^\s<>()\[\]\"':@/]+\.[^\s<>()\[\]\"':@/]*\w")
_ADDRESS = re.compile(r"https?://\S+|(?<![\w.])(?:[\w-]+\.)+[a-z]{2,}/[^\s)]+", re.IGNORECASE)
_HANDLE = re.compile(r"\b[a-z]\w+\s*:\s*@?[a-z][\w.-]+\w|(?<!\w)@[\w.-]*\w", re.IGNORECASE)
_ON_SERVICE = re.compile(r"@[\w.-]+\s+(?:on\s+\w+|\(\s*\w+\s*\))", re.IGNORECASE)
_DIGITS = re.compile(
    r"(?:\+\s*)?\(?[0-9](?:[0-9\s().\-\u2010-\u2015\u2212\u00b7\u2022\u2219_~/]*[0-9])?"
)
_AFTER_ADDRESS = ".,;:!?*)>]}'\"\u2019\u201d\u00bb\u2026"  # what a sentence puts behind one
_JOINED = re.compile(r"(?<=\w)[.\u00b7\u2022\u2219](?=\w)")
_ODD = re.compile(r"[\u00b7\u2022\u2219_~]+")  # between digits, and in no number's grammar
_GROUP = re.compile(r"\+?[0-9]+")
_ENDS = re.compile(
    r"\b(?:starts?|begins?|ends?|ending|partial|contains)\b(?:\s+(?:with|in|plate))?[\s:]+"
    r"[A-Z0-9?*]{2,8}(?![A-Z0-9])",
    re.IGNORECASE,
)
_WORD = re.compile(r"(?:\b[A-Za-z]{2}:)?[A-Za-z0-9?*]+(?:-[A-Za-z0-9?*]+)*")
_COUNTRY_BEFORE = re.compile(r"[A-Za-z]{2}-[A-Za-z0-9]")
_LETTERS = re.compile(r"[^\W\d_]+(?:[ '.-]+[^\W\d_]+)*")
_ACCOUNT = re.compile(r"(?=[\w.-]*[0-9_.])(?=[\w.-]*[^\W\d_])\w[\w.-]+\w")
_LIKE_LATIN = LOOKALIKES | {ord(chr(like).lower()): letter for like, letter in LOOKALIKES.items()}
_NO_PLATE = frozenset(
    {"a", "age", "aged", "and", "at", "by", "call", "car", "end", "ends", "ext", "for", "from"}
    | {"his", "in", "is", "man", "no", "of", "on", "or", "room", "site", "tel", "text", "the"}
    | {"to", "van", "was", "with", "x", "about", "number", "plate"}
)


@dataclass(frozen=True, slots=True)
class Piece:
    """One identifier of a text. `kind`: phone, window (some groups of a long row of digits), email,
    address, handle, plate, part (of a plate), words (nothing else beside them) or name."""

    kind: str
    text: str = field(repr=False)


def pieces(visible: str, is_number: Callable[[str], bool]) -> list[Piece]:
    """Every identifier that stands in a text, in order, none twice.

    `is_number` says whether digits are one whole number: then no part of them is a piece.
    """
    found: dict[Piece, None] = {}
    for segment in _BETWEEN.split(visible):
        found.update(dict.fromkeys(_of_segment(segment, is_number)))
    return list(found)


def _of_segment(segment: str, is_number: Callable[[str], bool]) -> Iterator[Piece]:
    rest = segment
    any_found = False
    for kind, pattern in (
        ("email", _EMAIL), ("address", _ADDRESS), ("handle", _ON_SERVICE), ("handle", _HANDLE)
    ):  # fmt: skip
        for match in pattern.finditer(rest):
            any_found = True
            yield Piece(kind, match[0].strip())
            if kind == "address" and match[0][-1] in _AFTER_ADDRESS:
                yield Piece(kind, match[0].rstrip(_AFTER_ADDRESS))
        if kind in ("email", "address"):
            rest = pattern.sub(" ; ", rest)
    for match in _ENDS.finditer(rest):
        any_found = True
        yield Piece("part", match[0])
    without_numbers = rest
    for match in _DIGITS.finditer(rest):
        row = match[0]
        if _count(row) >= RUN_DIGITS:
            without_numbers = without_numbers.replace(row, " ; ", 1)
        elif _in_word(rest, match):
            continue
        for piece in _of_digits(_ODD.sub(" ", row), is_number):
            any_found = True
            yield piece
    for plate in _plates(without_numbers):
        any_found = True
        yield Piece("plate", plate)
    for plate in _plates_in_disguise(without_numbers):  # a guess: the words are read all the same
        yield Piece("plate", plate)
    words = " ".join(segment.split()).strip(" .()")
    if not any_found and any(sign.isalpha() for sign in words):
        yield Piece("words", words)
        yield from (Piece("name", match[0]) for match in _ACCOUNT.finditer(words))
    elif any_found:
        yield from (Piece("name", name) for name in _names(without_numbers))


def _of_digits(row: str, is_number: Callable[[str], bool]) -> Iterator[Piece]:
    """A row of digits as one number; what slashes part; and some groups of a very long one."""
    if _count(row) >= LEAST_DIGITS:
        yield Piece("phone", " ".join(row.split()))
    if is_number(row):
        return
    parts = row.split("/")
    if len(parts) > 1:
        for part in parts:
            if _count(part) >= LEAST_DIGITS:
                yield Piece("phone", " ".join(part.split()))
    if _count(row) >= ROW_DIGITS:
        yield from _windows(_GROUP.findall(row), is_number)


def _windows(groups: list[str], is_number: Callable[[str], bool]) -> Iterator[Piece]:
    """Neighbouring groups that may be a number; what lies within a whole number is none."""
    spans = [
        (start, end, " ".join(groups[start:end]))
        for start in range(len(groups))
        for end in range(start + 1, min(len(groups), start + WINDOW_DIGITS.stop) + 1)
        if end - start < len(groups) and sum(map(_count, groups[start:end])) in WINDOW_DIGITS
    ]
    whole = [(start, end) for start, end, window in spans if is_number(window)]
    for start, end, window in spans:
        if not any(a <= start and end <= b and b - a > end - start for a, b in whole):
            yield Piece("window", window)


def _plates_in_disguise(text: str) -> Iterator[str]:
    """Plates in letters that look like Latin ones, and with dots between their signs: EDL.271."""
    latin = text if text.isascii() else text.translate(_LIKE_LATIN)
    if latin != text:
        yield from _plates(latin)
    if (joined := _JOINED.sub("-", latin)) != latin:
        yield from _plates(joined)


def _plates(text: str) -> Iterator[str]:
    """Words of letters and digits, and neighbours that are such a word together: EDL 271."""
    for stretch in re.split(r"[^\w\s:?*-]+|_", text):
        words = [match[0] for match in _WORD.finditer(stretch)]
        for word in words:
            unasked = _unasked(word, stretch)
            if _like_a_plate(word) or _like_a_plate(unasked):
                yield unasked
        for many in (2, 3):
            for start in range(len(words) - many + 1):
                some = words[start : start + many]
                short = all(len(w) <= 4 and w.casefold() not in _NO_PLATE for w in some)
                if short and _like_a_plate(" ".join(some)):
                    yield _unasked(" ".join(some), stretch)


def _unasked(word: str, stretch: str) -> str:
    """A plate without the mark of a question that ends with it."""
    return word.rstrip("?*") if word.endswith("?") and stretch.rstrip().endswith(word) else word


def _like_a_plate(word: str) -> bool:
    body = word.partition(":")[2] or word
    signs = [sign for sign in body if sign.isalnum() or sign in "?*"]
    letters = any(sign.isalpha() for sign in signs)
    digits = any(sign.isdigit() for sign in signs)
    country = 2 if _COUNTRY_BEFORE.match(body) else 0  # two letters may be none of its signs
    return PLATE_SIGNS.start <= len(signs) < PLATE_SIGNS.stop + country and letters and digits


def _names(text: str) -> Iterator[str]:
    """Words beside an identifier, together and each: one of them may be a name that he uses."""
    for match in _LETTERS.finditer(text):
        yield match[0]
        for word in match[0].split():
            if len(word) > 2 and word.casefold() not in _NO_PLATE and word != match[0]:
                yield word
    yield from (match[0] for match in _ACCOUNT.finditer(text))


def _in_word(text: str, match: re.Match[str]) -> bool:
    before, after = text[: match.start()][-1:], text[match.end() :][:1]
    return before.isalnum() or after.isalnum() or "?" in before + after or "*" in before + after


def _count(text: str) -> int:
    return sum(sign.isdigit() for sign in text)
