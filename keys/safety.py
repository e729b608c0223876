"""The safety code: thirty digits that two people compare by voice before they trust a peer.

Decides how an organisation's id is spoken. Both codes are compared, each against what its owner
sees on her own screen; one code for the pair could be forged with a birthday search.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata

from protocol.ids import OrgId

GROUPS = 6
_GROUP_BYTES = 5
_SEPARATORS = frozenset("-‐‑‒–—.,·/_")


def safety_code(org: OrgId) -> str:
    """The organisation's code: six groups of five digits, one space between.

    BLAKE2b-240 of the id, person `parasol1.safety`; each five bytes, big-endian, modulo 100,000.
    """
    raw = hashlib.blake2b(org, digest_size=GROUPS * _GROUP_BYTES, person=b"parasol1.safety")
    digest = raw.digest()
    return " ".join(
        f"{int.from_bytes(digest[at : at + _GROUP_BYTES], 'big') % 100_000:05d}"
        for at in range(0, len(digest), _GROUP_BYTES)
    )


def same_code(text: str, org: OrgId) -> bool:
    """Whether a typed code is this organisation's; spaces, dashes and any script's digits pass."""
    digits = []
    for character in text:
        if character.isspace() or character in _SEPARATORS:
            continue
        digit = unicodedata.decimal(character, -1)
        if digit < 0:
            return False
        digits.append(str(digit))
    return hmac.compare_digest("".join(digits), safety_code(org).replace(" ", ""))
