"""From decoded values to typed fields: each function returns its argument, typed, or refuses it.

These are the only casts between `Value` and Python's types; `type(x) is` because True is an int.
Every refusal is ProtocolError MALFORMED and never quotes the value.
"""

from __future__ import annotations

from protocol.codec import Value
from protocol.errors import malformed
from protocol.limits import ARRAY_ITEMS, ENVELOPE_BYTES, INT_MAX, STR_BYTES


def as_int(value: Value, lo: int = -INT_MAX, hi: int = INT_MAX) -> int:
    """Return an integer with lo <= value <= hi."""
    if type(value) is not int or not lo <= value <= hi:
        raise malformed("expected an integer in range")
    return value


def as_bool(value: Value) -> bool:
    """Return a boolean; 0 and 1 are not."""
    if type(value) is not bool:
        raise malformed("expected a boolean")
    return value


def as_bytes(value: Value, size: int | None = None, *, most: int = ENVELOPE_BYTES) -> bytes:
    """Return a byte string of exactly `size` bytes, or of at most `most` where size is None."""
    if type(value) is not bytes:
        raise malformed("expected a byte string")
    if len(value) != size if size is not None else len(value) > most:
        raise malformed("expected a byte string of another size")
    return value


def as_str(value: Value, most: int = STR_BYTES) -> str:
    """Return a text of at most `most` characters."""
    if type(value) is not str or len(value) > most:
        raise malformed("expected a text of limited length")
    return value


def as_array(value: Value, size: int | None = None, *, most: int = ARRAY_ITEMS) -> list[Value]:
    """Return an array of exactly `size` items, or of at most `most` where size is None."""
    if type(value) is not list:
        raise malformed("expected an array")
    if len(value) != size if size is not None else len(value) > most:
        raise malformed("expected an array of another length")
    return value
