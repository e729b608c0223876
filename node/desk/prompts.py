"""What a reviewer is asked to look at in a draft's own words before it may be published.

Numbers, addresses and names inside the text (anybody's), a description by race alone, a missing
code, and words that could point to the reporter. Every prompt here is a *blocking* doubt. Used on
imported drafts and again on drafts edited by hand. Pure; it never changes the draft.
"""

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from typing import Final

from node.desk.doubts import Doubt
from node.desk.importers.appearance import plates_written_in
from node.desk.importers.identifiers import emails_in, urls_in
from node.desk.importers.phones import phones_in
from node.desk.importers.words import fold
from protocol.codec import Value

# Keys of a draft's private part that hold what a reporter's column said; others: the row itself.
REPORTER_KEY: Final = "reporter:"

_FREE: Final = ("text", "advice")
_HANDLE: Final = re.compile(r"(?<![\w.@])@[A-Za-z][\w.]{2,}")
_STREET: Final = (
    # "12 Mill Street", "Mill St", "221b Baker Rd"
    re.compile(
        r"\b(?:\d+[a-zA-Z]?,?\s+)?(?:[A-Z][\w'’-]+\s+){1,3}(?:St|Str|Street|Rd|Road|Ave|Avenue|"
        r"Ln|Lane|Dr|Drive|Blvd|"
        r"Boulevard|Ct|Court|Sq|Square|Terrace|Crescent|Close|Gardens|Highway|Hwy|Parkway|Pkwy|"
        r"Mews)\b\.?"
    ),
    re.compile(
        r"\b\d+\s*(?:bis|ter)?,?\s+(?:rue|avenue|av\.?|boulevard|bd|place|chemin|impasse|allee|"
        r"allée|quai|cours)\s+\w+",
        re.IGNORECASE,
    ),
    re.compile(
        r"\b(?:rue|avenue|boulevard|impasse|chemin|quai)\s+(?:de\s+la\s+|de\s+l['’]|des?\s+|"
        r"du\s+|d['’])?[A-ZÉÈ]\w+",
        re.UNICODE,
    ),
    re.compile(
        r"\b(?:[Cc]alle|[Cc]/|[Aa]venida|[Aa]vda\.?|[Pp]laza|[Pp]aseo|[Vv]ia|[Vv]iale|[Pp]iazza|"
        r"[Rr]ua|[Tt]ravessa)\s+(?:de\s+(?:la\s+|los\s+|las\s+)?|del\s+|do\s+|"
        r"da\s+)?[A-ZÁÉÍÓÚ]\w+"
    ),
    re.compile(
        r"\b[A-ZÄÖÜ][\wäöüß-]*(?:stra(?:ß|ss)e|str\.|weg|allee|gasse|platz|damm|ufer|straat|laan|"
        r"plein)\s*\d*\w?\b",
        re.UNICODE,
    ),
    re.compile(
        r"(?:[Уу]л(?:\.|ица|ице)|[Пп]р(?:\.|оспект|-т)|пер(?:\.|еулок)|пл(?:\.|ощадь))\s+[А-ЯЁ]\w+",
        re.UNICODE,
    ),
    re.compile(r"\b(?:ul\.|ulica|al\.|aleja)\s+[A-ZŁŚŻ]\w+", re.UNICODE),
    re.compile(
        r"\b\d{1,5}\s+[A-Za-z]+\s+(?:street|road|avenue|lane|drive|st|rd|ave)\b", re.IGNORECASE
    ),
    re.compile(
        r"\b(?:apartment|apt|flat|unit|suite|room|zimmer|chambre|appartement|appt|piso|"
        r"habitaci[oó]n|кв|квартира|комната)\.?\s*(?:no\.?\s*|#\s*|n[°º]\s*)?\d+[a-zA-Z]?\b",
        re.IGNORECASE,
    ),
    re.compile(r"\b[A-Z]{1,2}\d[A-Z\d]?\s*\d[A-Z]{2}\b"),  # a whole British postcode
)
_RACE: Final = re.compile(
    r"\b(?:(?:black|white|brown)\s+(?:male|man|men|guy|client|dude|fella|bloke|person|female|"
    r"woman)|asian|hispanic|latino|latin[ao]|"
    r"caucasian|african(?:[ -]american)?|arab(?:ic|e)?|middle[- ]eastern|indian|pakistani|"
    r"chinese|somali|turkish|romanian|"
    r"polish|gypsy|roma|jewish|muslim|mixed[- ]race|maghrebin|noir (?:de peau)|homme noir|"
    r"type noir|asiatique|africain|gitan|"
    r"hombre negro|moreno|arabe|asiatico|gitano|schwarzer (?:mann|kunde)|asiate|araber|turke|"
    r"auslander|afrikaner|sudlander|"
    r"кавказец|кавказской|азиат|цыган|негр|чернокожий|таджик|узбек|черный мужчина)\b"
)
_OTHER_DESCRIPTION: Final = re.compile(
    r"\d|\b(?:tall|short|hair|bald|beard|moustache|tattoo|scar|glasses|slim|thin|fat|stocky|"
    r"build|heavy|muscular|jacket|hoodie|"
    r"cap|limp|accent|age|aged|young|old|older|forties|thirties|fifties|car|van|truck|plate|"
    r"grand|petit|cheveux|chauve|barbe|"
    r"tatouage|lunettes|mince|gros|jeune|ans|alto|bajo|pelo|calvo|barba|tatuaje|gafas|gordo|"
    r"delgado|joven|gross|klein|haare|"
    r"glatze|bart|tattoowierung|brille|schlank|dick|jung|alt|высок\w*|низк\w*|волос\w*|лыс\w*|"
    r"бород\w*|татуировк\w*|очк\w*|лет)\b"
)
_TITLED: Final = re.compile(
    r"\b(?:Mr|Mrs|Ms|Miss|Dr|Herr|Frau|Monsieur|Madame|Mme|M\.|Se[ñn]or(?:a)?|Don|Signor|Pan|"
    r"Officer|Sgt|Detective)\.?\s+[A-Z]\w+"
)
_INITIAL: Final = re.compile(
    r"(?<![\w'’.@&-])(?:[A-Z]\.(?:\s?[A-Z]\.)*|[B-HJ-Z](?:'s)?)(?![\w@&.-]|['’]\w)"
)
_INITIAL_LOOSE: Final = re.compile(r"(?<![\w'’.@&-])[A-ZА-Я]\.(?=\s|$|,)")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_SAID_NAME: Final = re.compile(
    r"\b(?:[Nn]ame|[Nn]om|[Nn]ombre|[Nn]ome|[Ии]мя|[Cc]alled|[Nn]amed|[Aa][Kk][Aa]|[Nn]ennt sich)\b"
    r"(?:\s+is)?\s*[:=]?\s*['\"‘“«]?([A-ZÀ-ÖØ-ÞА-ЯЁ]\w+)"
)
_SENTENCE_END: Final = re.compile(r"[.!?:;\n\"“”«»()…–—]\s*['\"‘“«]*$|^\W*$|[-*•]\s*$")
_FEW_WORDS: Final = 4
_NOUNS_CAPITAL: Final = frozenset({"de", "lb"})


def prompts(fields: Mapping[str, Value], private: Mapping[str, str]) -> tuple[Doubt, ...]:
    """Return the blocking doubts of a draft's words; `column` is the field that holds them.

    `fields` are the draft's shareable fields; of `private`, the entries whose key starts with
    `REPORTER_KEY` hold what the reporter's columns said.
    """
    found: list[Doubt] = []
    if not fields.get("codes"):
        found.append(_doubt("codes", "", "", "no code: what happened?"))
    found.extend(_race_alone(fields))
    for name, words in _free_texts(fields):
        found.extend(_scan(name, words, fields, private))
    return tuple(dict.fromkeys(found))


def _doubt(column: str, text: str, guess: str, reason: str) -> Doubt:
    return Doubt(0, column, text, guess, blocking=True, reason=reason)


def _free_texts(fields: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    for name, value in fields.items():
        if (
            name in _FREE
            and isinstance(value, list)
            and len(value) == 2
            and isinstance(value[1], str)
        ):
            yield name, value[1]
        elif isinstance(value, str) and name.startswith(("person.", "vehicle.", "place.")):
            yield name, value


def _scan(
    name: str, words: str, fields: Mapping[str, Value], private: Mapping[str, str]
) -> Iterator[Doubt]:
    for text in phones_in(words):
        yield _doubt(name, text, "", "a number inside the text")
    for text in emails_in(words):
        yield _doubt(name, text, "", "an email address inside the text")
    for text in urls_in(words):
        yield _doubt(name, text, "", "a web address inside the text")
    for match in _HANDLE.finditer(words):
        yield _doubt(name, match.group(), "", "a handle inside the text")
    streets: list[str] = []
    if name in _FREE or len(words) > 8:
        streets = [m.group() for pattern in _STREET for m in pattern.finditer(words)]
    for text in dict.fromkeys(streets):
        yield _doubt(name, text, "", "a street address inside the text")
    if name in _FREE:
        covered = " ".join(streets)
        for plate in plates_written_in(words):
            yield _doubt(name, plate, "", "a plate inside the text")
            covered += f" {plate}"
        for text in _names(words, fields):
            if text not in covered.split():
                yield _doubt(name, text, "", "a name inside the text")
    if name in _FREE or name.startswith("person."):
        for text in _points_to_reporter(words, private):
            yield _doubt(name, text, "", "this may point to the reporter")


def _names(words: str, fields: Mapping[str, Value]) -> Iterator[str]:
    """Names and initials: of the client, of a member, of anybody."""
    language = _language(fields)
    allowed = _place_words(fields)
    used = fields.get("name")
    low = fold(words)
    for value in used if isinstance(used, list) else ():
        name = fold(str(value))
        if len(name) > 1 and re.search(rf"(?<!\w){re.escape(name)}(?!\w)", low):
            yield str(value)
    for match in (
        *_TITLED.finditer(words),
        *_INITIAL.finditer(words),
        *_INITIAL_LOOSE.finditer(words),
    ):
        if not _is_ordinary_initial(match, words, language):
            yield match.group().strip()
    yield from (match.group(1) for match in _SAID_NAME.finditer(words))
    for match in _WORD.finditer(words):
        word = match.group()
        plain_word = fold(word.split("'")[0].split("’")[-1] if "'" in word or "’" in word else word)
        if plain_word in allowed or fold(word) in allowed:
            continue
        given = plain_word in _given() and (word[0].isupper() or plain_word not in _also_words())
        capital = _capital_inside(match, words, language) and plain_word not in _capitals()
        if given or capital:
            yield word


def _capital_inside(match: re.Match[str], words: str, language: str) -> bool:
    """A capitalised word that does not open a sentence, in a language where that means a name."""
    word = match.group()
    if re.match(r"\w-", word):  # T-shirt, X-ray
        return False
    if language in _NOUNS_CAPITAL or len(word) < 2 or not word[0].isupper() or word.isupper():
        return False
    if not any(c.islower() for c in words):
        return False
    before = words[: match.start()]
    return not _SENTENCE_END.search(before) and not before.endswith(("#", "@", "/"))


def _is_ordinary_initial(match: re.Match[str], words: str, language: str) -> bool:
    text = match.group().strip()
    after = words[match.end() : match.end() + 12].lstrip().lower()
    if words.isupper() or (text in {"T", "X"} and after.startswith(("-", "shirt", "ray"))):
        return True
    if language in {"fr", "it", "es", "pt"} and text in {"Y", "O", "E", "U"}:
        return True
    if language == "ru" and text in {"Я", "И", "В", "С", "К", "О", "У", "А"}:
        return True
    # "BMW X 5", "plan B", "F 150": a letter before a number names a thing
    return bool(re.match(r"\d", after)) or words[: match.start()].rstrip().lower().endswith(
        ("plan", "vitamin", "size")
    )


def _points_to_reporter(words: str, private: Mapping[str, str]) -> Iterator[str]:
    low = fold(words)
    digits = re.sub(r"\D", "", words)
    for key, value in private.items():
        if not key.startswith(REPORTER_KEY):
            continue
        number = re.sub(r"\D", "", value)
        if len(number) >= 6 and number[-7:] in digits:
            yield number
        long = len(value.split()) > _FEW_WORDS
        for match in _WORD.finditer(value):
            word = match.group()
            # In whole sentences every first word is a capital, and tells nothing.
            opens = long and (value.isupper() or bool(_SENTENCE_END.search(value[: match.start()])))
            telling = (word[0].isupper() and not opens) or fold(word) in _given()
            plain_word = fold(word)
            if (
                not telling
                or len(word) < 2
                or plain_word in _capitals()
                or plain_word in _STAFF_WORDS
            ):
                continue
            if re.search(rf"(?<!\w){re.escape(plain_word)}(?!\w)", low):
                yield word
        for email in emails_in(value):
            if fold(email) in low:
                yield email


_STAFF_WORDS: Final = frozenset(
    {"staff", "van", "text", "call", "ask", "the", "anon", "anonymous", "yes", "no", "none",
    "she", "her", "phone",
     "email", "via", "drop", "in", "ok", "only", "not", "worker", "work", "member", "street",
     "team", "office", "signal"}
)  # fmt: skip


def _race_alone(fields: Mapping[str, Value]) -> Iterator[Doubt]:
    """A description by race alone: nothing else is said about the person or the car."""
    described = any(
        name.startswith(("person.", "vehicle.")) and name not in {"person.race", "person.words"}
        for name in fields
    )
    race = fields.get("person.race")
    if isinstance(race, str) and not described:
        text = fields.get("text")
        story = fold(text[1]) if isinstance(text, list) and isinstance(text[1], str) else ""
        if not _OTHER_DESCRIPTION.search(story):
            yield _doubt("person.race", race, "", "a description by race alone")
        return
    if described:
        marks = " ".join(str(v) for n, v in fields.items() if n.startswith("person."))
        only_race = _RACE.sub("", fold(marks))
        if (
            _RACE.search(fold(marks))
            and not re.search(r"\w{3}", only_race)
            and not any(n.startswith("vehicle.") for n in fields)
        ):
            yield _doubt("person", marks, "", "a description by race alone")
        return
    for name, words in _free_texts(fields):
        match = _RACE.search(fold(words))
        if name in _FREE and match and not _OTHER_DESCRIPTION.search(_RACE.sub("", fold(words))):
            yield _doubt(name, match.group(), "", "a description by race alone")


def _language(fields: Mapping[str, Value]) -> str:
    text = fields.get("text")
    return text[0][:2] if isinstance(text, list) and text and isinstance(text[0], str) else "en"


def _place_words(fields: Mapping[str, Value]) -> frozenset[str]:
    """Words that a draft already shares as its place or car: no names when the text repeats it."""
    shared = [str(v) for n, v in fields.items() if n.startswith(("place.", "vehicle."))]
    return frozenset(fold(w) for text in shared for w in _WORD.findall(text))


@cache
def _lists() -> Mapping[str, frozenset[str]]:
    text = resources.files("node.desk.importers").joinpath("names.toml").read_text("utf-8")
    import tomllib

    return {
        key: frozenset(fold(word) for line in lines for word in line.split())
        for key, lines in tomllib.loads(text).items()
    }


def _given() -> frozenset[str]:
    return _lists()["given"]


def _also_words() -> frozenset[str]:
    return _lists()["also_words"]


def _capitals() -> frozenset[str]:
    return _lists()["capitals"]
