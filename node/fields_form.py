"""From what a person wrote into fields of an alert: names, aliases, and each value's reading.

The command line, corrections and other forms hand over texts by field name; `parse_form` gives
leaf values in normal form, ready for `protocol.fields.expand`. Every refusal is a BadField that
names the field, the trouble, and what it may be; it never repeats a number or text that was given.
`replaces` says which stored leaves a form puts aside, so that a new city takes the old district
with it.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from difflib import get_close_matches

from node.errors import BadField, BadSetting
from node.typed import clean_text
from protocol import identifiers, vocabulary
from protocol.codec import Value, encode
from protocol.errors import IdentifierError, ProtocolError
from protocol.fields import FIELDS, validate
from protocol.limits import FIELD_BYTES, IDENTIFIERS_MAX

_PERSON = ("age", "height", "build", "hair", "marks", "accent", "words", "clothing", "race")
_VEHICLE = ("make", "model", "colour")
_KINDS = vocabulary.IDENTIFIER_KINDS

ALIASES = {
    "codes": ("code", "incident", "incidents", "category"),
    "severity": (),
    "role": (),
    "basis": (),
    "location_type": ("location", "venue"),
    "place.region": ("region", "state", "country"),
    "place.city": ("city", "town"),
    "place.district": ("district", "area", "neighbourhood"),
    "date": ("when", "day", "week", "month", "date.day", "date.week", "date.month"),
    "date.slot": ("slot", "time"),
    **{f"person.{part}": (part,) for part in _PERSON},
    **{f"vehicle.{part}": (part,) for part in _VEHICLE},
    "phone": ("number", "numbers", "phones", "tel", "mobile"),
    "email": ("mail", "emails", "e-mail"),
    "handle": ("handles", "username"),
    "plate": ("plates", "licence", "license"),
    "profile": ("profiles", "website", "url"),
    "plate.part": ("part", "partial", "partial_plate"),
    "name": ("names",),
    "text": ("story", "description"),
    "advice": (),
}
"""Each field with the other names that people use for it."""

_FIELD_OF = {word: field for field, others in ALIASES.items() for word in (field, *others)} | {
    "vehicle.color": "vehicle.colour",
    "color": "vehicle.colour",
}

_LIST_SEPARATORS = re.compile(r"[,;\n]")

_LANGUAGE = re.compile(r"([a-z]{2}):\s*(.*)", re.DOTALL)
# Two letters and a colon may also begin a sentence ("he: said"), so only these are languages.
PROSE_LANGUAGES = frozenset(
    "ar bg cs de el en es fa fr hu ja ko nl pl pt ro ru sq th tr uk vi zh".split()  # noqa: SIM905
)
_EARLIEST = 1990
_SHORT, _CHARACTERS = 80, 200  # characters of a text, as the protocol has them


def parse_form(
    fields: Mapping[str, Sequence[str]],
    country: str | None,
    today: int,
    *,
    language: str = "en",
    region: str | None = None,
) -> dict[str, Value]:
    """Read a form into leaf values; fields with an empty value are left out (see `replaces`).

    `country` is where numbers and plates without one belong; `today` is a day number, and no date
    may lie after tomorrow; `language` is that of texts without a prefix; `region` stands in where a
    city is given without one. Raises BadField.
    """
    values: dict[str, Value] = {}
    for field, texts in _by_field(fields).items():
        given = [text for text in map(clean_text, texts) if text]
        if given:
            values |= _read(field, given, country, today, language)
    if region and "place.region" not in values and "place.city" in values:
        values["place.region"] = region
    for name, value in values.items():
        _hold(name, value)
    _hold_severity(values)
    return values


def replaces(fields: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Name the stored leaves that a form puts aside, before its own values are put in their place.

    A field with an empty value is removed, with what hangs on it: the coarser and finer forms of a
    date, the city of a region, the masked form of a number.
    """
    gone: set[str] = set()
    for field, texts in _by_field(fields).items():
        empty = not any(map(clean_text, texts))
        gone |= _family(field, empty, texts)
    return frozenset(gone)


def field_name(word: str) -> str:
    """Give the field that a person's word for it means. Raises BadField with the nearest names."""
    plain = word.strip().casefold().replace(" ", "_").replace("-", "_")
    found = _FIELD_OF.get(plain) or _FIELD_OF.get(plain.replace("_", "-"))
    if found:
        return found
    if plain in FIELDS:
        raise BadField(f"{plain}: is made by the node itself and cannot be set")
    near = get_close_matches(plain, list(_FIELD_OF), n=3)
    # A word that is no field may be a number typed in the wrong place: it is not repeated.
    hint = f"did you mean {', '.join(near)}?" if near else "see: parasol draft new --help"
    raise BadField(f"there is no such field; {hint}")


def _by_field(fields: Mapping[str, Sequence[str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for word, texts in fields.items():
        found.setdefault(field_name(word), []).extend(texts)
    return found


def _read(
    field: str, given: list[str], country: str | None, today: int, language: str
) -> dict[str, Value]:
    match field:
        case "codes":
            return {"codes": _codes(given)}
        case "severity":
            return {"severity": _severity(_one(field, given))}
        case "role" | "basis" | "location_type" | "date.slot":
            return {field: _word(field, _one(field, given))}
        case "place.region":
            return {field: _region(_one(field, given))}
        case "date":
            return _date(_one(field, given), today)
        case "text" | "advice":
            return {field: _prose(_one(field, given), language)}
        case "name":
            return {field: list(dict.fromkeys(given))}
        case _ if field in _KINDS or field == "plate.part":
            return {field: _identifiers(field, _split(given), country)}
        case _:
            return {field: _one(field, given)}


def _family(field: str, empty: bool, texts: Sequence[str]) -> set[str]:
    """Name the leaves that go when a field is set, or with `empty` when it is removed."""
    if field == "codes":
        return {"codes", "severity", "kind"}
    if field == "date":
        whole_day = not empty and re.fullmatch(
            r"\d{4}-\d\d-\d\d|today|yesterday", texts[-1].strip()
        )
        return {"date.day", "date.week", "date.month", *(() if whole_day else ("date.slot",))}
    places = ["place.region", "place.city", "place.district"]
    if field in places:
        return set(places[places.index(field) :])
    if field in _KINDS:
        return {field, f"{field}.masked", f"{field}.token"}
    return {field}


def _one(field: str, given: list[str]) -> str:
    if len(given) > 1:
        raise BadField(f"{field}: may be given only once")
    return given[0]


def _split(given: list[str]) -> list[str]:
    parts = [part.strip() for text in given for part in _LIST_SEPARATORS.split(text)]
    return [part for part in parts if part]


def _plain(text: str) -> str:
    """Fold a word of the vocabulary as people write it: case, spaces, hyphens, apostrophes."""
    return re.sub(r"[\s-]+", "_", text.strip().casefold().replace("'", "").replace("’", ""))


def _codes(given: list[str]) -> list[Value]:
    found = []
    for text in _split(given):
        plain = _plain(text)
        code = vocabulary.CODES.get(plain) or vocabulary.BY_LETTERS.get(text.upper())
        if code is None:
            near = get_close_matches(plain, vocabulary.CODES, n=3, cutoff=0.5)
            hint = (
                f"did you mean {', '.join(near)}?"
                if near
                else "one of "
                + ", ".join(f"{each.name} ({each.letters})" for each in vocabulary.CODES.values())
            )
            raise BadField(f"codes: one is not in the vocabulary; {hint}")
        found.append(code.name)
    try:
        vocabulary.is_notice(found)
    except ProtocolError:
        notices = ", ".join(sorted(vocabulary.NOTICES))
        raise BadField(
            f"codes: a notice accuses nobody, so {notices} cannot stand beside other codes; "
            "write two drafts"
        ) from None
    return list(dict.fromkeys(found))


def _severity(text: str) -> int:
    words = {name: number for number, name in enumerate(vocabulary.SEVERITY_WORDS)}
    number = words.get(text.casefold(), int(text) if text.isascii() and text.isdigit() else -1)
    if not 0 <= number <= 4:
        raise BadField("severity: 1 nuisance, 2 risky, 3 dangerous, 4 critical; 0 for a notice")
    return number


def _word(field: str, text: str) -> str:
    allowed = {
        "role": vocabulary.ROLES,
        "basis": vocabulary.BASES,
        "location_type": vocabulary.LOCATION_TYPES,
        "date.slot": vocabulary.DATE_SLOTS,
    }[field]
    plain = text.strip() if field == "date.slot" else _plain(text)
    if plain not in allowed:
        raise BadField(f"{field}: one of {', '.join(allowed)}")
    return plain


def _region(text: str) -> str:
    from node.settings import check_region

    code = text.strip().upper()
    try:
        check_region(code)
    except BadSetting as error:
        raise BadField(str(error)) from None
    return code


def _date(text: str, today: int) -> dict[str, Value]:
    now = date(1970, 1, 1) + timedelta(days=today)
    word = text.strip().casefold()
    if word in {"today", "yesterday"}:
        return {"date.day": (now - timedelta(days=word == "yesterday")).isoformat()}
    readers: tuple[tuple[str, str, Callable[[str], date]], ...] = (
        ("date.day", r"\d{4}-\d\d-\d\d", date.fromisoformat),
        ("date.month", r"\d{4}-\d\d", lambda month: date.fromisoformat(f"{month}-01")),
        ("date.week", r"\d{4}-W\d\d", lambda week: date.fromisoformat(f"{week}-1")),
    )
    for name, pattern, read in readers:
        if not re.fullmatch(pattern, text.strip().upper()):
            continue
        try:
            first = read(text.strip().upper())
        except ValueError:
            raise BadField("date: there is no such day, week or month") from None
        if first.year < _EARLIEST or first > now + timedelta(days=1):
            raise BadField("date: lies in the future, or long before any list was kept")
        return {name: text.strip().upper()}
    raise BadField("date: a day 2026-01-20, a week 2026-W03, a month 2026-01, today or yesterday")


def _prose(text: str, language: str) -> list[Value]:
    found = _LANGUAGE.fullmatch(text)
    if found and found[1] in PROSE_LANGUAGES and found[2]:
        return [found[1], found[2]]
    return [language, text]


def _identifiers(kind: str, given: list[str], country: str | None) -> list[Value]:
    read: dict[str, Callable[[str], str]] = {
        "phone": lambda text: identifiers.normalise_phone(text, country),
        "email": identifiers.normalise_email,
        "plate": lambda text: identifiers.normalise_plate(text, country),
        "plate.part": identifiers.normalise_plate_part,
        "handle": identifiers.normalise_handle,
        "profile": identifiers.normalise_profile,
    }
    found: dict[str, None] = {}
    for text in given:
        try:
            found[read[kind](text)] = None
        except IdentifierError as error:
            raise BadField(f"{kind}: {error}") from None
    return list(found)


def _hold(name: str, value: Value) -> None:
    try:
        validate(name, value)
    except ProtocolError:
        raise BadField(f"{name}: {_too_much(name, value)}") from None


def _too_much(name: str, value: Value) -> str:
    """Say which limit of a field a value breaks, and by how much; never the value itself."""
    # Texts of 16 KiB and more are too long for the encoding, too: their length is near enough.
    said = [text for text in (value if isinstance(value, list) else [value]) if type(text) is str]
    longest = max((len(text.encode("utf-8", "replace")) for text in said), default=0)
    size = longest if longest > FIELD_BYTES else len(encode([name, value]))
    if size > FIELD_BYTES:
        return (
            f"too long: at most {FIELD_BYTES} bytes with its name, and this has {size}; shorten it"
        )
    if isinstance(value, str):
        most = _CHARACTERS if name.startswith("person.") else _SHORT
        return f"too long: at most {most} characters, and this has {len(value)}"
    if isinstance(value, list) and len(value) > IDENTIFIERS_MAX:
        return f"too many: at most {IDENTIFIERS_MAX}, and these are {len(value)}"
    longest = max((len(str(each)) for each in value), default=0) if isinstance(value, list) else 0
    if longest > _SHORT:
        return f"too long: at most {_SHORT} characters each, and one has {longest}"
    return "not a value of this field"


def _hold_severity(values: Mapping[str, Value]) -> None:
    codes, severity = values.get("codes"), values.get("severity")
    if isinstance(codes, list) and isinstance(severity, int):
        least = vocabulary.severity_of([str(code) for code in codes])
        if severity < least or (least == 0) != (severity == 0):
            raise BadField(
                f"severity: the codes alone give {least}; it may be raised, never lowered"
            )
