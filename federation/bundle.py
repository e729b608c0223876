"""Sealed bundles: the same envelopes as online, in one file, for a stick or a mail.

PARASOL1\\n  then, again and again, u32 length (big-endian) ‖ wire
"""

from collections.abc import Iterable

from keys.envelope import MAX_WIRE
from protocol.errors import malformed, too_big

MAGIC = b"PARASOL1\n"
MOST_WIRES = 4096


def write_bundle(wires: Iterable[bytes]) -> bytes:
    """One file of these wires."""
    return MAGIC + b"".join(len(wire).to_bytes(4, "big") + wire for wire in wires)


def read_bundle(raw: bytes) -> list[bytes]:
    """The wires of a file, still sealed. ProtocolError MALFORMED or TOO_BIG."""
    if not raw.startswith(MAGIC):
        raise malformed("this file is no bundle: it begins otherwise")
    wires: list[bytes] = []
    at = len(MAGIC)
    while at < len(raw):
        size = int.from_bytes(raw[at : at + 4], "big")
        if size > MAX_WIRE or len(wires) >= MOST_WIRES:
            raise too_big("this bundle holds more than one may")
        wire = raw[at + 4 : at + 4 + size]
        if len(raw) < at + 4 or len(wire) != size or size == 0:
            raise malformed("this bundle is cut short; copy it again")
        wires.append(wire)
        at += 4 + size
    return wires
