"""Phone numbers out of cells and texts: several in one, labelled, damaged by a spreadsheet.

Normal forms come from `protocol.identifiers`; here a cell is taken apart and each piece judged.
Invariant: what cannot be read becomes a doubt, never a guess that looks like a number.
"""

import re
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Final

from node.desk.importers.readings import Reading, unique
from node.desk.importers.words import is_nothing
from protocol.errors import IdentifierError
from protocol.identifiers import normalise_phone

_SEPARATORS: Final = re.compile(
    r"[\n;,|&]+|\s+/+\s*|\s*/+\s+|\b(?:and|or|et|ou|und|oder|also|y|o|и|или|e|en|of|lub|i)\b|"
    r"(?<=\d)/(?=[+(\d])",
    re.IGNORECASE,
)
_LABEL: Final = re.compile(r"^[^\d+(@]*?[:.)\]#\-–—]?\s*(?=[+(]?\d)")
_TRAILING: Final = re.compile(r"(?<=\d)\s*[(\[,–—-]?\s*(?!x?\d)[^\W\d][^\d]*$")
_PHONE_LIKE: Final = re.compile(r"(?<![\w@.])[+(]?\d[\d\s().\-/\u2010-\u2015]{5,24}\d(?![\w@])")
_MASKED: Final = re.compile(r"\d[\d\s.\-]*(?:[*_?]+|[xX]{2,}|[•…]+)")
_NANP: Final = re.compile(r"[2-9]\d{2}[2-9]\d{6}")
_TRUNK_ZERO: Final = frozenset(
    {"GB", "FR", "DE", "IE", "NL", "BE", "CH", "AT", "SE", "FI", "AU", "NZ", "ZA", "TR", "JP",
    "KR", "TH", "IL", "UA", "RO", "BG", "HR", "SI", "SK", "RS", "IN", "MY", "ID", "KE", "AR",
    "BR"}
)  # fmt: skip
_CUT_OFF: Final = "a spreadsheet has cut off digits of this number"
_NO_COUNTRY: Final = "the number's country is not known: import again with --country"
_NOT_WHOLE: Final = "not a whole phone number"
_TOO_SHORT: Final = "too short for a number of its country: left out"
_ENDING: Final = re.compile(r"(?P<number>.*\d.{5,}\d)\s*/\s*\d{1,4}")
_STRANGE: Final = "has its own calling code and is no number of that country: is it right?"
_AMONG_WORDS: Final = "numbers among words: whose are they?"
# A number that is left out, or that may be hers, waits for a person.
BLOCKING: Final = frozenset({_CUT_OFF, _NO_COUNTRY, _NOT_WHOLE, _TOO_SHORT, _AMONG_WORDS, _STRANGE})


def read_phones(cell: str, country: str | None) -> Reading:
    """Return every number in a cell as E.164; numbers without a country code are of `country`."""
    values: list[str] = []
    doubts: list[tuple[str, str, str]] = []
    if is_nothing(cell):
        return Reading()
    while ending := _ENDING.fullmatch(cell.strip()):
        doubts.append((cell.strip(), "", _NOT_WHOLE))  # "07700900146/47": which digits are meant?
        cell = ending.group("number")
    # What stands behind a comma would be read as an extension.
    whole = None if re.search(r"\d{4}\s*[;,]\s*\d", cell) else _one_phone(cell, country)
    pieces = [cell] if whole is not None else _pieces(cell)
    for piece in pieces:
        expanded, damaged = _undamaged(piece)
        if expanded is None:
            doubts.append((piece, "", _CUT_OFF))
            continue
        found = _one_phone(expanded, country)
        if found is not None:
            number, why = found
            if _too_short(number):
                doubts.append((piece, "", _TOO_SHORT))
                continue
            values.append(number)
            if damaged or why:
                doubts.append((piece, number, why or "a spreadsheet has rewritten this number"))
        elif among := _among_words(piece, country):
            values.extend(among)
            why = _AMONG_WORDS if len(among) > 1 else "a number among words"
            doubts.append((piece, ", ".join(among), why))
        elif sum(c.isdigit() for c in piece) >= 3:
            reason = "a part of a number" if _MASKED.search(piece) else _unreadable(piece, country)
            doubts.append((piece, "", reason))
        elif not is_nothing(piece) and sum(c.isdigit() for c in piece) > 0:
            doubts.append((piece, "", "not a phone number"))
    return Reading(unique(values), (), tuple(doubts))


def _among_words(piece: str, country: str | None) -> list[str]:
    """The numbers of "07700 900146 (calls from 07700 900147 too)"; none unless all can be read."""
    if _MASKED.search(piece):
        return []
    stretches = [s for part in re.split(r"[()]", piece) for s in phones_in(part)]
    found = [number for s in stretches if (number := _one_phone(s, country)) is not None]
    rest = piece
    for stretch in stretches:
        rest = rest.replace(stretch, " ", 1)
    if len(found) < len(stretches) or re.search(r"\d{3}", rest):
        return []
    return [number for number, _ in found if not _too_short(number)]


@lru_cache(maxsize=4096)
def _too_short(number: str) -> bool:
    """Whether a number has fewer digits than those of its country have, and is none of them."""
    import phonenumbers

    parsed = phonenumbers.parse(number)
    if phonenumbers.is_valid_number(parsed):
        return False
    region = phonenumbers.region_code_for_country_code(parsed.country_code or 0)
    kinds = (phonenumbers.PhoneNumberType.FIXED_LINE, phonenumbers.PhoneNumberType.MOBILE)
    examples = [phonenumbers.example_number_for_type(region, kind) for kind in kinds]
    least = min((len(str(e.national_number)) for e in examples if e is not None), default=0)
    return len(str(parsed.national_number)) < least


def _unreadable(piece: str, country: str | None) -> str:
    if country is None and "+" not in piece:
        return _NO_COUNTRY
    return _NOT_WHOLE


def _pieces(cell: str) -> list[str]:
    pieces = [p.strip() for p in _SEPARATORS.split(cell) if p and p.strip()]
    found: list[str] = []
    for piece in pieces:
        # Several numbers with nothing but space between them: "07700900153 07700900033".
        numbers = re.findall(r"\+\d[\d\s().\-]{7,}?(?=\s*\+|$)|(?<!\d)\d{9,13}(?!\d)", piece)
        found.extend(numbers if len(numbers) > 1 else [piece])
    return found


def _undamaged(piece: str) -> tuple[str | None, bool]:
    """Undo what spreadsheets do: 4165550000.0, 4.165550168E+09; None where digits are lost."""
    text = piece.strip().lstrip("'=").strip('"')
    if match := re.fullmatch(r"(\d{6,15})\.0+", text):
        return match.group(1), False
    if match := re.fullmatch(r"(\d[.,]\d+)[eE]\+?(\d{1,2})", text):
        mantissa = match.group(1).replace(",", ".")
        if len(mantissa) - 2 < int(match.group(2)):
            return None, True
        try:
            return str(int(Decimal(f"{mantissa}E{match.group(2)}"))), True
        except (InvalidOperation, ValueError, OverflowError):
            return None, True
    return piece, False


@lru_cache(maxsize=4096)
def _one_phone(piece: str, country: str | None) -> tuple[str, str] | None:
    """Return (E.164, reason for a doubt or "") for one number with or without a label."""
    text = piece.strip()
    if not 5 <= sum(c.isdigit() for c in text) <= 20 or _MASKED.search(text):
        return None
    text = _LABEL.sub("", text, count=1)
    text = _TRAILING.sub("", text)
    text = re.sub(r"\(0\)", "", text) if text.startswith("+") else text
    text = text.strip(" .,:;-–—'\"")
    if text.startswith(("#", "*")) or re.search(
        r"[A-Za-z]{3,}", re.sub(r"ext\w*", "", text, flags=re.IGNORECASE)
    ):
        return None
    digits = re.sub(r"\D", "", text)
    if country in _TRUNK_ZERO and not text.startswith(("+", "0")) and len(digits) < 9:
        return None  # a local number, without its area
    foreign = _foreign(text, digits, country)
    if foreign is not None:
        return foreign
    try:
        return normalise_phone(text, country), ""
    except IdentifierError:
        return _without_plus(text, digits, country)


def _foreign(text: str, digits: str, country: str | None) -> tuple[str, str] | None:
    """A ten-digit number of North America in a country whose numbers start with 0."""
    if country not in _TRUNK_ZERO or text.startswith(("+", "0")) or not _NANP.fullmatch(digits):
        return None
    import phonenumbers

    local = phonenumbers.parse(text, country)
    if phonenumbers.is_valid_number(local):
        return None
    american = phonenumbers.parse(f"+1{digits}")
    if not phonenumbers.is_valid_number(american):
        return None
    return f"+1{digits}", "no number of this country: read as one of North America"


def _without_plus(text: str, digits: str, country: str | None) -> tuple[str, str] | None:
    """A number that has its calling code and lost its plus: 447700900123, 33199001234."""
    if text.startswith("+") or len(digits) < 10:
        return None
    if digits.startswith("00"):
        digits = digits[2:]
    elif country is not None and digits.startswith("0"):
        return None
    import phonenumbers

    try:
        number = phonenumbers.parse(f"+{digits}")
        normal = normalise_phone(f"+{digits}", None)
    except (phonenumbers.NumberParseException, IdentifierError):
        return None
    own = country is not None and number.country_code == phonenumbers.country_code_for_region(
        country
    )
    valid = phonenumbers.is_valid_number(number)
    if country is None and not valid:
        return None
    if own or text.startswith("00"):
        return normal, ""
    return normal, "read as a number with its calling code" if valid else _STRANGE


def forget_numbers() -> None:
    """Drop the numbers kept for speed while a list is read: memory keeps nobody's number."""
    _one_phone.cache_clear()
    _too_short.cache_clear()


def phones_in(text: str) -> list[str]:
    """Return the stretches of a free text that look like phone numbers, as written."""
    found = []
    for match in _PHONE_LIKE.finditer(text):
        stretch = match.group().strip(" .,-/(")
        digits = re.sub(r"\D", "", stretch)
        if 7 <= len(digits) <= 15 and not _is_date_or_range(stretch):
            found.append(stretch)
    return found


def _is_date_or_range(stretch: str) -> bool:
    return bool(
        re.fullmatch(r"\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}", stretch)
        or re.fullmatch(r"\d{1,2}[.:]\d{2}\s*[-–]\s*\d{1,2}[.:]\d{2}", stretch)
        or re.fullmatch(r"(?:19|20)\d\d\s*[-–/]\s*(?:19|20)\d\d", stretch)
    )
