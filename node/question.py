"""What a typed text may mean: a number, an address, a handle, a plate, a name; whole or in part.

People type what they remember, in any way of writing it, so a text usually has several readings and
each is asked for: a reading that is left out would be an all-clear that nobody gave. A reading says
how good a match by it would be; the best one is shown. Nothing here looks anything up, and nothing
here keeps or logs what was typed.
"""

import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field

from node.errors import BadField
from node.number_readings import normal_phone, number_alone, read_phone
from node.pieces import LEAST_DIGITS, Piece, pieces
from node.plate_readings import LEAST_PLATE, read_part, read_plate
from node.readings import ReadAs, Readings, Scan, Sought, Word
from node.word_readings import (
    LEAST_LETTERS,
    read_email,
    read_handle,
    read_name_beside,
    read_profile,
    read_words,
)

TYPED_CHARACTERS = 200
PIECES_MOST = 12  # identifiers in one text
PLATE_DIGITS = 8  # more digits and no letter are no plate


@dataclass(frozen=True, slots=True)
class Question:
    """Every reading of a text."""

    sought: tuple[Sought, ...]
    scans: tuple[Scan, ...]
    words: tuple[Word, ...] = ()
    plates: tuple[str, ...] = field(default=(), repr=False)  # signs, to hold against known parts
    plate_parts: tuple[str, ...] = field(default=(), repr=False)  # patterns with ? and *, likewise
    several: bool = False  # more than one identifier: what is found of one says nothing of others
    read_as: tuple[ReadAs, ...] = ()  # for the person who asks

    @property
    def kinds(self) -> list[str]:
        """What is looked for, by kind, without a value."""
        looked_for: tuple[Sought | Scan | Word, ...] = (*self.sought, *self.scans, *self.words)
        return sorted({each.kind.partition(".")[0] for each in looked_for})


def parse_question(text: str, country: str | None, calling: Collection[str]) -> Question:
    """Read what was typed, whole and each identifier that stands in it.

    `country` is where numbers without one belong, `calling` the calling codes of the numbers that
    are held. BadField where too little is left to look for, or too much at once.
    """
    visible = _visible(text)
    typed = " ".join(visible.split())
    found = _read(typed, country, calling)
    noted = found.noted()
    parts: list[Piece] = []

    def is_number(digits: str) -> bool:
        return normal_phone(digits, country) is not None

    # A number with ? or * is read as a plate in part; the mark may be that of a question, though.
    if set(typed) & set("?*") or not is_number(number_alone(typed)):
        alone = "\n".join(number_alone(line) for line in visible.splitlines())
        # As it stands, too: what looks like an extension may be the end of a handle, tom.x9.
        both = dict.fromkeys(pieces(alone, is_number) + pieces(visible, is_number))
        parts = [piece for piece in both if piece.text != typed]
    asked = [piece for piece in parts if piece.kind not in ("window", "name")]
    if len(asked) > PIECES_MOST:
        raise BadField(f"too many at once: ask for at most {PIECES_MOST}")
    read = [_read_piece(piece, country, calling) for piece in parts]
    for each in read:
        found.add(each)
    if not found:
        raise BadField(
            "not understood: give a number, email, handle, plate or name; at least"
            f" {LEAST_DIGITS} digits of a number, {LEAST_LETTERS} letters of an address or handle,"
            f" or {LEAST_PLATE} signs of a plate"
        )
    return Question(
        tuple(dict.fromkeys(found.sought)),
        tuple(found.scans),
        tuple(found.words),
        tuple(dict.fromkeys(found.plates)),
        tuple(dict.fromkeys(found.plate_parts)),
        sum(piece.kind != "name" for piece in parts) > 1,
        tuple(dict.fromkeys([note for each in read for note in each.noted()] or noted)),
    )


def _read(typed: str, country: str | None, calling: Collection[str]) -> Readings:
    """Every reading of a text that is one identifier."""
    readings = Readings()
    if "@" in typed:
        read_email(typed, readings)
    read_handle(typed, readings)
    read_profile(typed, readings)
    number = number_alone(typed)
    digits = "".join(c for c in number if c.isdecimal() and c.isascii())
    letters = any(character.isalpha() for character in number)
    if "@" not in typed:
        if not letters:
            read_phone(number, digits, country, calling, readings)
        elif "/" not in typed:
            read_words(typed, readings)
    if letters or len(digits) <= PLATE_DIGITS:
        read_plate(number, country, readings)
    return readings


def _read_piece(piece: Piece, country: str | None, calling: Collection[str]) -> Readings:
    """The readings of one identifier among others, as what it looks like."""
    readings = Readings()
    typed = piece.text
    match piece.kind:
        case "phone" | "window":
            digits = "".join(c for c in typed if c.isdecimal())
            known = calling if piece.kind == "phone" else ()
            read_phone(typed, digits, country, known, readings)
        case "email":
            read_email(typed, readings)
        case "address":
            read_handle(typed, readings)
            read_profile(typed, readings)
        case "handle":
            read_handle(typed, readings)
        case "plate":
            read_plate(typed, country, readings)
        case "part":
            read_part(typed, readings)
        case "name":
            read_name_beside(typed, readings)
        case _:
            return _read(typed, country, calling)
    return readings


def _visible(text: str) -> str:
    if len(text) > TYPED_CHARACTERS:
        raise BadField(f"too long: at most {TYPED_CHARACTERS} characters")
    visible = "".join(c for c in text if unicodedata.category(c) != "Cf")
    digits = "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in visible)
    return unicodedata.normalize("NFKC", digits)
