"""How deep do these bytes nest, asked before anything is built from them.

The compiled decoder makes room for an array as soon as it reads the announced length, up to 1,024
levels deep: 3 KiB of nothing but array headers take 32 MiB. Data that holds suspiciously many such
headers is walked here first, header by header, keeping no values. On the spine: `codec.decode`
only.
"""

from __future__ import annotations

import re
from typing import Final

from protocol.errors import malformed
from protocol.limits import DEPTH

_ARRAY16: Final = 0xDC
_LONG_ARRAYS: Final = re.compile(rb"\xdc[\x00-\x10]")
_SUSPICIOUS: Final = 400  # at 32 KiB each, some 13 MiB; random bytes of an envelope hold 70
# First byte of a header: (bytes of the length that follows, fixed payload).
_SIZED: Final = dict(
    zip(
        (0xC2, 0xC3, 0xC4, 0xC5, 0xC6, 0xCC, 0xCD, 0xCE, 0xCF, 0xD0, 0xD1, 0xD2, 0xD3),
        ((0, 0), (0, 0), (1, 0), (2, 0), (4, 0)) + ((0, 1), (0, 2), (0, 4), (0, 8)) * 2,
        strict=True,
    )
) | {0xD9: (1, 0), 0xDA: (2, 0), 0xDB: (4, 0)}


def suspicious(data: bytes) -> bool:
    """Say whether these bytes might announce far more than they hold."""
    return data.count(_ARRAY16) > _SUSPICIOUS and len(_LONG_ARRAYS.findall(data)) > _SUSPICIOUS


def refuse_deep(data: bytes) -> None:
    """Raise ProtocolError MALFORMED if arrays nest too deep, or a header is outside the profile."""
    position = 0
    left = [1]  # items still to come, for each open array
    while left:
        if left[-1] == 0:
            left.pop()
            continue
        left[-1] -= 1
        if position >= len(data):
            raise malformed("not in the strict msgpack profile")
        first = data[position]
        position += 1
        if 0x90 <= first <= 0x9F:
            left.append(first & 0x0F)
        elif first == _ARRAY16:
            left.append(int.from_bytes(data[position : position + 2]))
            position += 2
        elif 0xA0 <= first <= 0xBF:
            position += first & 0x1F
        elif 0x80 <= first < 0xE0:
            length, payload = _sized(first)
            size = int.from_bytes(data[position : position + length]) if length else payload
            position += length + size
        if len(left) > DEPTH + 1:
            raise malformed("arrays nested too deep")


def _sized(first: int) -> tuple[int, int]:
    sizes = _SIZED.get(first)
    if sizes is None:
        raise malformed("not in the strict msgpack profile")
    return sizes
