"""What a header says its column is, from its words alone; whether it identifies the reporter.

Invariant: words of the reporter win over words of a field unless the header says that the column
is the client's. When in doubt a column is the reporter's and stays private.
"""

from functools import lru_cache
from typing import Final

from node.desk.importers.categories import exact_codes
from node.desk.importers.mapping import REPORTER
from node.desk.importers.words import phrases, plain, within, word_list

# Fields whose words also occur in many other headers: they must be the whole header.
_WHOLE_ONLY: Final = frozenset({"ignore"})


@lru_cache(maxsize=4096)
def header_field(header: str) -> tuple[str, bool] | None:
    """Return (field, whether the whole header says so), or None for an unknown header."""
    words = plain(header)
    if not words:
        return None
    found = _best(words)
    if found is not None and found[1] and found[0].startswith("consent."):
        return found
    if is_reporters(words):
        return REPORTER, True
    if found is not None:
        return found
    codes = exact_codes(header)
    if codes is not None and len(codes) == 1 and len(words) > 2:
        return f"flag.{codes[0]}", True
    return None


def forget_headers() -> None:
    """Drop what is kept for speed: a sheet without a header has cells where headers stand."""
    for kept in (header_field, is_reporters, _best):
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
    if mine and any(within(w, words) for w in phrases("reporter", "reach")):
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
