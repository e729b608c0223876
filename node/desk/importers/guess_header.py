"""What a header says its column is, from its words alone; whether it identifies the reporter.

Invariant: words of the reporter win over words of a field unless the header says that the column
is the client's. When in doubt a column is the reporter's and stays private.
"""

import re
from functools import lru_cache
from typing import Final

from node.desk.importers.categories import exact_codes
from node.desk.importers.mapping import REPORTER
from node.desk.importers.words import phrases, plain, within, word_list

# Fields whose words also occur in many other headers: they must be the whole header.
_CAR_AND: Final = re.compile(
    r"\b(?:car|vehicle|voiture|vehicule|coche|auto|fahrzeug|wagen|macchina|carro|машина)\b"
    r"\s*(?:and|et|y|und|e|и|with|avec|con|mit|model\w*|make|colou?r)\b"
)
_WHOLE_ONLY: Final = frozenset({"ignore"})
_ASKED: Final = frozenset({"consent.all", "consent.members", "consent.peers"})
_REACHES: Final = ("phone", "email", "handle", "name", "profile")
# Fields that a column of the reporter could be taken for: a person, and how to find her.
_OF_PEOPLE: Final = frozenset(
    {"phone", "email", "handle", "profile", "name", "identifiers", "description", "notes",
     "person", "place", "place.city", "place.district", "place.region", "private", "ignore"}
)  # fmt: skip


@lru_cache(maxsize=4096)
def header_field(header: str) -> tuple[str, bool] | None:
    """Return (field, whether the whole header says so), or None for an unknown header."""
    words = plain(header)
    if not words:
        return None
    found = _best(words)
    if found is not None and found[1] and found[0].startswith("consent."):
        return found
    if is_reporters(words) or is_about_reporter(words):
        return REPORTER, True
    if (found is None or found[0] not in _REACHES) and is_clients(words) and _any("ways", words):
        return "identifiers", found is not None and found[1]
    if found is not None:
        return found
    codes = exact_codes(header)
    if codes is not None and len(codes) == 1 and len(words) > 2:
        return f"flag.{codes[0]}", True
    return None


def forget_headers() -> None:
    """Drop what is kept for speed: a sheet without a header has cells where headers stand."""
    for kept in (header_field, is_reporters, is_about_reporter, leaves_open_whose, _best):
        kept.cache_clear()


def asks_consent(header: str) -> bool:
    """Say whether an otherwise unknown header has a part of a word that asks for consent."""
    return any(stem in plain(header) for stem in phrases("reporter", "consent_stems"))


def is_clients(words: str) -> bool:
    """Say whether a plain header names the client as the one it describes."""
    return any(within(w, words) for w in phrases("reporter", "theirs"))


@lru_cache(maxsize=4096)
def is_reporters(words: str) -> bool:
    """Say whether a plain header is about the reporter, a member or the staff who took it down."""
    exact = words in phrases("reporter", "phrases")
    if exact:
        return True
    mine = any(within(w, words) for w in phrases("reporter", "yours"))
    if mine and (
        any(within(w, words) for w in phrases("reporter", "reach"))
        or any(within(p, words) for name in _REACHES for p in phrases("headers", name))
    ):
        return not _asks_what_he_did(words)
    hits = [p for p in phrases("reporter", "phrases") if len(p) > 3 and within(p, words)]
    if not hits:
        return False
    best = _best(words)
    if best is not None and (best[0].startswith("consent.") or best[1]):
        return False
    longest = max(map(len, hits))
    if is_clients(words) or (best is not None and _weight(best[0], words) > longest):
        return any(p in words for p in ("reported by", "reporter", "staff", "submitted by"))
    return True


@lru_cache(maxsize=4096)
def is_about_reporter(words: str) -> bool:
    """Say whether a plain header speaks to whoever reports, or of whom it happened to.

    A consent is not, nor what is clearly about the bad date: "What happened to you?".
    """
    found = _best(words)
    if found is not None and found[0] in _ASKED:
        return False
    if _any("feelings", words):
        return True
    if found is not None and found[1]:
        return words.split(maxsplit=1)[0] in phrases("reporter", "people") and _of_people(found[0])
    if says_what_happened(words):
        return False
    if _any("you", words):
        return not _asks_what_he_did(words)
    if not _any("people", words) or (found is not None and not _of_people(found[0])):
        return False
    return not is_clients(words) or words.split(maxsplit=1)[0] in phrases("reporter", "people")


@lru_cache(maxsize=4096)
def leaves_open_whose(words: str) -> bool:
    """Say whether a plain header of a way to reach somebody has a word for we do not know whom.

    "Phone of the SW", "Numéro de la fille": only words of the field itself, words that change
    nothing ("other", "number") and words of the client are certain.
    """
    if is_clients(words):
        return _any("people", words)
    rest = words
    for phrase in _certain_words():
        if not phrase.isascii() and ord(phrase[0]) > 0x2E00:
            rest = rest.replace(phrase, " ")
        else:
            rest = re.sub(rf"(?<!\w){re.escape(phrase)}s?(?!\w)", " ", rest)
    return any(not word.isdigit() for word in rest.split())


@lru_cache(maxsize=1)
def _certain_words() -> tuple[str, ...]:
    of_fields = (p for name in _REACHES for p in phrases("headers", name))
    return tuple(sorted({*of_fields, *phrases("reporter", "neutral")}, key=len, reverse=True))


def says_what_happened(words: str) -> bool:
    """Say whether a plain header has a word of the bad date itself."""
    return _any("happened", words)


def is_somebodys(words: str) -> bool:
    """Say whether a plain header is of "the person", whoever that is."""
    return _any("somebody", words) and not is_clients(words)


def names_car(words: str) -> bool:
    """Say whether a plain header asks for a car and more, such as its plate, in one cell."""
    return bool(_CAR_AND.search(words))


def speaks_to_reporter(header: str) -> bool:
    """Say whether a header has a word for whoever fills in the form."""
    return _any("you", plain(header))


def _of_people(name: str) -> bool:
    return name in _OF_PEOPLE or name.startswith("person.")


def _any(key: str, words: str) -> bool:
    return any(within(p, words) for p in phrases("reporter", key))


def _asks_what_he_did(words: str) -> bool:
    """ "Name he gave you" and "number he called you from" are the client's."""
    return is_clients(words) and not any(
        within(w, words)
        for w in ("your", "my", "votre", "ton", "tu", "su", "dein", "deine", "ihre")
    )


def _weight(name: str, words: str) -> int:
    return max((len(p) for p in phrases("headers", name) if within(p, words)), default=0)


@lru_cache(maxsize=4096)
def _best(words: str) -> tuple[str, bool] | None:
    best: tuple[float, str] | None = None
    for name in word_list("headers"):
        for phrase in phrases("headers", name):
            if phrase == words:
                return name, True
            bare = name == "identifiers" and " " not in phrase  # "Perpetrator name" is a name
            if bare or name in _WHOLE_ONLY or not within(phrase, words):
                continue
            # A weak word counts only near the start or end of a short header.
            weight = float(len(phrase))
            if phrase in phrases("reporter", "weak"):
                weight *= 0.5
                if len(words.split()) > 6:
                    continue
            if best is None or weight > best[0]:
                best = (weight, name)
    return None if best is None else (best[1], False)
