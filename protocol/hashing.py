"""The one hash: BLAKE2b-256 with a personalisation for each purpose (RFC 7693, section 2.8).

Two hashes with different purposes never collide by construction, so no purpose needs a prefix of
its own in the hashed bytes.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

HASH_BYTES = 32
PERSONS: Final = frozenset({
    "org", "next", "entry", "leaf", "rk", "state", "digest", "blob", "kid", "safety", "req", "oprf",
})  # fmt: skip
_PREFIX = b"parasol1."
_PERSON = {name: _PREFIX + name.encode("ascii") for name in PERSONS}


def h(person: str, *parts: bytes) -> bytes:
    """Return 32 bytes: BLAKE2b-256 of the parts in a row, personalised `parasol1.` + person.

    `person` is one of PERSONS; another raises KeyError, which is a fault of the program.
    """
    return blake2b(b"".join(parts), digest_size=HASH_BYTES, person=_PERSON[person]).digest()
