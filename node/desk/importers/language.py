"""Which language a text is in, from its commonest words; `und` where they do not tell. Pure."""

from collections.abc import Mapping
from functools import cache
from typing import cast

from node.desk.importers.words import fold, word_list

_MARGIN = 2


def language_of(text: str, default: str = "und") -> str:
    """Return the ISO 639-1 code of a text's language, or `default`.

    One common word alone ("on" is English and Polish) does not outweigh a default that is known.
    """
    if sum("\u0400" <= c < "\u0530" for c in text) > len(text) * 0.3:
        return "ru"
    if any("\u4e00" <= c < "\u9fff" for c in text):
        return "zh"
    if sum("\u0600" <= c < "\u0700" for c in text) > len(text) * 0.3:
        return "ar"
    tokens = [t.strip('.,;:!?"()') for t in fold(text).replace("'", "' ").split()]
    scores = {lang: sum(t in words for t in tokens) for lang, words in _common().items()}
    best = max(scores, key=lambda lang: scores[lang])
    ties = [lang for lang, score in scores.items() if score == scores[best]]
    if scores[best] == 0:
        return default
    if default in scores and scores[best] - scores[default] < _MARGIN:
        return default
    return default if len(ties) > 1 and default in ties else best


@cache
def _common() -> Mapping[str, frozenset[str]]:
    listed = cast("dict[str, str]", word_list("language")["common"])
    return {language: frozenset(words.split()) for language, words in listed.items()}
