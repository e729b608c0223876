"""What people write about a man, his car and the place, taken apart into fields.

"black pick up Ford F-150" → colour, make, model; "la cinquantaine, cheveux gris" → age, hair. What
cannot be placed stays whole in `person.marks` or the model: nothing is thrown away here. Pure.
"""

import re
from functools import cache
from typing import Any, Final, cast

from node.desk.importers.plates import read_plates
from node.desk.importers.words import fold, is_nothing, plain, within, word_list
from protocol.vocabulary import LOCATION_TYPES, ROLES

_PLATE_WITHIN: Final = (
    re.compile(r"\b[A-Z]{2}\d{2}\s?[A-Z]{3}\b"),  # Britain
    re.compile(r"\b[A-Z]{2}[-\s]\d{3}[-\s][A-Z]{2}\b"),  # France, Italy
    re.compile(r"\b[A-ZÄÖÜ]{1,3}[-\s][A-Z]{1,2}[-\s]?\d{1,4}\b"),  # Germany
    re.compile(r"\b\d{4}[-\s]?[BCDFGHJ-NPR-TV-Z]{3}\b"),  # Spain
    re.compile(r"\b[АВЕКМНОРСТУХ]\d{3}[АВЕКМНОРСТУХ]{2}\s?\d{2,3}\b"),  # Russia
    re.compile(r"\b(?:[A-Z]{3}[-\s]?\d{3,4}|\d[A-Z]{3}\d{3}|\d{3}[-\s]?[A-Z]{3})\b"),  # N. America
)
_RACE_WITHIN: Final = re.compile(
    r"\b(?:[WBHAI]/?M\b|(?:white|black|brown)\s+(?:\w+\s+)?(?:male|man|guy|dude|client)\b|"
    r"(?:asian|hispanic|latino|latin|caucasian|african(?:[ -]american)?|arab|middle[- ]eastern|"
    r"indian|pakistani|chinese|mixed[- ]race|maghr[eé]bin|asiatique|africain|arabe|asi[aá]tico|"
    r"moreno|asiatisch|arabisch|afrikanisch|азиат\w*|кавказ\w*)\b(?:\s+(?:male|man|guy|client))?|"
    r"(?:homme|hombre|type)\s+(?:noir|blanc|negro|blanco)\b|(?:schwarzer|weißer|weisser)\s+mann\b)",
    re.IGNORECASE,
)
_PART_WITHIN: Final = re.compile(
    r",?\s*\b(?:part(?:ial)?|starts?|starting|begins?|ends?|ending)\b[\s\w]{0,24}?\b"
    r"(?:reg|plate|with|in)?\s*:?\s*([A-Z0-9?*]{2,8})\b"
)
_REG_WITHIN: Final = re.compile(
    r",?\s*\b(?:reg(?:istration)?|plates?|plaque|kennzeichen|matr[ií]cula|placa|"
    r"номер)\.?:?\s+([A-Z0-9][A-Z0-9\s-]{2,9})(?=$|[,;.)])",
    re.IGNORECASE,
)
_OF_A_PLATE: Final = re.compile(
    r"\b(?:reg(?:istration)?|plates?|licen[cs]e|plaque|immat\w*|kennzeichen|"
    r"matr[ií]cula|placa|targa|номер\w* знак\w*|госномер)\b",
    re.IGNORECASE,
)
_IN_TOWN: Final = re.compile(r"(.{3,40}?)\s+(?:in|near|à|en|bei|em|в)\s+(\S[^\d,;]{1,40})")


def split_vehicle(
    text: str, country: str | None
) -> tuple[dict[str, str], tuple[str, ...], tuple[str, ...]]:
    """Return (colour, make, model as they are named; whole plates; parts of plates) of a car."""
    if is_nothing(text):
        return {}, (), ()
    plates, parts, text = _plates_in_car(text, country)
    fields: dict[str, str] = {}
    rest: list[str] = []
    words = re.sub(r"[\n,;()]+", " ", text).split()
    for word in words:
        low = plain(word)
        if "colour" not in fields and (
            low in _listed("colours") or low.rstrip("e") in _listed("colours")
        ):
            fields["colour"] = word
        elif fields.get("colour") and low in _listed("colours"):
            fields["colour"] = f"{fields['colour']} {word}"
        elif "make" not in fields and low in _listed("makes"):
            fields["make"] = word
        elif low not in _listed("fillers"):
            rest.append(word)
    if rest:
        fields["model"] = " ".join(rest)
    return fields, plates, parts


def _plates_in_car(text: str, country: str | None) -> tuple[tuple[str, ...], tuple[str, ...], str]:
    plates: list[str] = []
    parts: list[str] = []
    for pattern in (_PART_WITHIN, _REG_WITHIN):
        for match in list(pattern.finditer(text)):
            found = read_plates(
                match.group().strip(" ,") if pattern is _PART_WITHIN else match.group(1), country
            )
            if pattern is _REG_WITHIN and not re.search(r"\d", match.group(1)):
                continue  # "plate he hit me"
            if found.values or found.parts:
                plates.extend(found.values)
                parts.extend(found.parts)
                text = text.replace(match.group(), " ; ")
    for pattern in _PLATE_WITHIN:
        for match in list(pattern.finditer(text)):
            found = read_plates(match.group(), country)
            if found.values:
                plates.extend(found.values)
                text = text.replace(match.group(), " ")
    return tuple(dict.fromkeys(plates)), tuple(dict.fromkeys(parts)), text


def plates_in(text: str, country: str | None) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return whole plates and parts of plates that stand in a free text."""
    plates, parts, _ = _plates_in_car(text, country)
    return plates, parts


def speaks_of_plate(text: str) -> bool:
    """Say whether a free text names a plate, so that "ends 131" is the end of one."""
    return bool(_OF_A_PLATE.search(text))


def car_in(text: str) -> dict[str, str]:
    """Return colour, make and model where a free text names a car ("silver astra")."""
    words = re.findall(r"[\w-]+", text)
    for index, word in enumerate(words):
        low = plain(word)
        if low not in _listed("makes") and low not in _listed("models"):
            continue
        found = {"make" if low in _listed("makes") else "model": word}
        if index and plain(words[index - 1]) in _listed("colours"):
            found["colour"] = words[index - 1]
        after = plain(words[index + 1]) if index + 1 < len(words) else ""
        if "make" in found and after in _listed("models"):
            found["model"] = words[index + 1]
        return found
    return {}


def plates_written_in(text: str) -> list[str]:
    """Return the stretches of a free text that look like plates, as written."""
    found = [m.group() for pattern in _PLATE_WITHIN for m in pattern.finditer(text)]
    found += [m.group(1) for m in _REG_WITHIN.finditer(text) if re.search(r"\d", m.group(1))]
    return list(dict.fromkeys(found))


def split_person(text: str) -> dict[str, str]:
    """Return a description's pieces by field: age, height, hair …; the rest as marks."""
    fields: dict[str, list[str]] = {}
    if is_nothing(text):
        return {}
    for raw in re.split(r"[,;\n|]+(?!\d)|\.\s+(?=[^\W\d_])(?=[A-ZÀ-ÞА-Я])", text):
        for part, piece in split_race(raw.strip()):
            fields.setdefault(part or _person_part(piece), []).append(piece)
    return {f"person.{part}": ", ".join(pieces) for part, pieces in fields.items()}


def split_race(piece: str) -> list[tuple[str, str]]:
    """Return ("race", words) and ("", the rest) of a piece: policies treat race apart."""
    if not piece or is_nothing(piece):
        return []
    found = _RACE_WITHIN.search(piece)
    if found is None or re.search(r"accent|akzent|acento|акцент", fold(piece)):
        return [("", piece)]
    rest = " ".join(f"{piece[: found.start()]} {piece[found.end() :]}".split()).strip(" ,;-")
    return [("race", found.group()), *([("", rest)] if rest else [])]


def _person_part(piece: str) -> str:
    words = fold(piece)
    for part, patterns in _person_patterns():
        if patterns.search(words):
            return part
    return "marks"


def location_type_of(text: str) -> str | None:
    """Return the location type that a cell's words mean, or None."""
    return _lookup("location_types", text, LOCATION_TYPES)


def is_location_type(text: str) -> bool:
    """Say whether a cell says nothing but a kind of place ("car park")."""
    words = plain(text)
    return any(words in _folded("location_types", name) for name in LOCATION_TYPES)


def behind_in(text: str) -> tuple[str, str] | None:
    """Return the kind of place and the town of "Motel 6 in Oakland", or None."""
    match = _IN_TOWN.fullmatch(text.strip())
    if match is None or not match.group(2)[0].isupper() or not location_type_of(match.group(1)):
        return None
    return match.group(1), match.group(2)


def role_of(text: str) -> str | None:
    """Return the role that a cell's words mean, or None."""
    return _lookup("roles", text, ROLES)


def severity_word(text: str) -> int | None:
    """Return the severity (1 to 4) that a list's level means, or None."""
    found = _lookup("severities", text, ("1", "2", "3", "4"))
    return int(found) if found else None


def plate_country(text: str) -> str | None:
    """Return the country of a plate's state, province or country column."""
    words = plain(text)
    for country, names in cast(
        "dict[str, list[str]]", word_list("appearance")["plate_regions"]
    ).items():
        if words in {plain(n) for n in names}:
            return country
    return None


def is_town(text: str) -> bool:
    """Say whether this is one of the towns that are known by name."""
    return text.strip().casefold() in _towns()


@cache
def _towns() -> frozenset[str]:
    words = word_list("appearance")
    tables = (words["postcodes"], words["places"])
    return frozenset(
        town.casefold() for table in tables for town in cast("dict[str, str]", table).values()
    )


def known_place(text: str) -> str:
    """Return a place's full name where it is a well-known short one (SF)."""
    short = cast("dict[str, str]", word_list("appearance")["places"])
    return short.get(text.strip().upper(), text)


def postcode_town(text: str) -> str | None:
    """Return the post town of the first half of a British postcode (M4 → Manchester)."""
    match = re.fullmatch(r"([A-Z]{1,2})\d[A-Z\d]?", text.strip().upper())
    towns = cast("dict[str, str]", word_list("appearance")["postcodes"])
    return towns.get(match.group(1)) if match else None


def _lookup(section: str, text: str, allowed: tuple[str, ...]) -> str | None:
    words = plain(text)
    table = cast("dict[str, list[str]]", word_list("appearance")[section])
    for name in allowed:
        if words == plain(name) or words in _folded(section, name):
            return name
    best: tuple[int, str] | None = None
    for name in table:
        for phrase in _folded(section, name):
            if (
                len(phrase) > 2
                and within(phrase, words)
                and (best is None or len(phrase) > best[0])
            ):
                best = (len(phrase), name)
    return best[1] if best else None


@cache
def _folded(section: str, name: str) -> frozenset[str]:
    table = cast("dict[str, list[str]]", word_list("appearance")[section])
    return frozenset(plain(p) for p in table.get(name, []))


@cache
def _listed(name: str) -> frozenset[str]:
    vehicle = cast("dict[str, list[str]]", word_list("appearance")["vehicle"])
    return frozenset(plain(w) for w in vehicle[name])


@cache
def _person_patterns() -> tuple[tuple[str, re.Pattern[str]], ...]:
    table = cast("dict[str, list[str]]", word_list("appearance")["person"])
    return tuple((part, re.compile("|".join(f"(?:{p})" for p in ps))) for part, ps in table.items())


def region_code(text: str, country: str | None) -> str | None:
    """Return the ISO 3166 code of a region's or country's name or short form, or None."""
    import pycountry as untyped

    pycountry: Any = untyped

    words = text.strip()
    if re.fullmatch(r"[A-Z]{2}-[A-Z0-9]{1,3}", words.upper()) and pycountry.subdivisions.get(
        code=words.upper()
    ):
        return words.upper()
    if country:
        if pycountry.subdivisions.get(code=f"{country}-{words.upper()}"):
            return f"{country}-{words.upper()}"
        for subdivision in pycountry.subdivisions.get(country_code=country) or ():
            if plain(subdivision.name) == plain(words):
                return str(subdivision.code)
    try:
        return str(pycountry.countries.lookup(words).alpha_2)
    except LookupError:
        return None
