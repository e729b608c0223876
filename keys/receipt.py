"""Receipt codes: the words by which a reporter comes back to her report, and what is kept of them.

Decides the code (six words of the list that recovery words are from, 66 bits) and its slow hash
(Argon2id under one salt for the whole node, so that a code is looked up by one computation). The
words themselves are kept nowhere. How a code is typed does not matter: only its letters count.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from nacl.exceptions import RuntimeError as SodiumRuntimeError
from nacl.pwhash import argon2id

from keys.errors import KeysError
from keys.phrase import random_words

WORDS = 6
SALT_BYTES = argon2id.SALTBYTES
HASH_BYTES = 32
MOST_TYPED = 1000  # characters that are looked at

# As for the keystore: fits beside a running node on a small board. The code is random, so that the
# cost need not make up for a weak one.
PASSES = 2
MEMORY_KIB = 19 * 1024


def new_code(random: Callable[[int], bytes]) -> str:
    """Make a code: six words with hyphens between, as they are shown once."""
    return "-".join(random_words(WORDS, random))


def code_letters(typed: str) -> str:
    """The letters that count of what was typed: case, accents, spaces, hyphens, digits do not."""
    plain = unicodedata.normalize("NFKD", typed[:MOST_TYPED]).casefold()
    return "".join(letter for letter in plain if letter.isalpha())


def hash_code(typed: str, salt: bytes) -> bytes:
    """The 32 bytes that a code is kept as; takes tens of milliseconds and 19 MiB, also where the
    code is none. KeysError where the memory is not there.
    """
    secret = code_letters(typed).encode("utf-8")
    try:
        return argon2id.kdf(HASH_BYTES, secret, salt, opslimit=PASSES, memlimit=MEMORY_KIB * 1024)
    except SodiumRuntimeError:
        message = f"a receipt code takes {MEMORY_KIB} KiB of free memory"
        raise KeysError(message) from None
