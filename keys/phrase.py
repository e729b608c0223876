"""Recovery words: an offline root key as 24 English words on paper.

Decides that the words (BIP-39) are the key itself: their 32 bytes of entropy are the Ed25519 seed,
with nothing between that a later program would have to know. The root and the next root have a
phrase each, so that one stolen sheet does not give away both.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from keys.errors import BadPhrase
from keys.signing import SEED_BYTES, SigningKey

if TYPE_CHECKING:
    from mnemonic import Mnemonic

WORDS = 24


def new_phrase(random: Callable[[int], bytes]) -> str:
    """Make 24 words, one space between, from 32 bytes of `random`. BIP-39, English list."""
    words: str = _list().to_mnemonic(random(SEED_BYTES))
    return words


def phrase_to_key(phrase: str) -> SigningKey:
    """The signing key behind 24 words; capitals, line breaks and numbering are forgiven.

    BadPhrase says which word is unknown by its place, never by what it was.
    """
    words = _words(phrase)
    if len(words) != WORDS:
        raise BadPhrase(f"recovery words are {WORDS}, and here are {len(words)}")
    known = set(_list().wordlist)
    for place, word in enumerate(words, start=1):
        if word not in known:
            raise BadPhrase(f"word {place} is not in the list of recovery words")
    try:
        return SigningKey(bytes(_list().to_entropy(words)))
    except ValueError:
        message = "these words do not belong together: a word is wrong, or two changed places"
        raise BadPhrase(message) from None


def random_words(count: int, random: Callable[[int], bytes]) -> list[str]:
    """Draw words of the same list, each of 2,048 alike: 11 bits a word from two random bytes."""
    known = _list().wordlist
    drawn = random(2 * count)
    return [
        str(known[int.from_bytes(drawn[at : at + 2], "big") % len(known)])
        for at in range(0, 2 * count, 2)
    ]


def _words(phrase: str) -> list[str]:
    # A sheet may number its words: "1. abandon 2. ability", or carry commas.
    plain = unicodedata.normalize("NFKD", phrase).casefold()
    letters = "".join(character if character.isalpha() else " " for character in plain)
    return letters.split()


@cache
def _list() -> Mnemonic:
    from mnemonic import Mnemonic

    return Mnemonic("english")
