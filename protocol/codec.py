"""Bytes ↔ values: a strict profile of msgpack in which each value has exactly one encoding.

Signatures cover bytes, so two spellings of one value would be two records. The profile: integers
within ±(2^53 − 1), booleans, byte strings, UTF-8 text and arrays; no map, nil, float or extension;
shortest encodings, nothing after the value, at most 8 arrays deep.

Invariant: `decode` returns a value v with `encode(v) == data`, or raises ProtocolError. It is the
only reader of untrusted bytes in this package; msgpack is imported in this file alone.
"""

from __future__ import annotations

from typing import Any, NoReturn, TypeAlias

import msgpack

from protocol.errors import malformed, too_big
from protocol.limits import ARRAY_ITEMS, DEPTH, ENVELOPE_BYTES, INT_MAX, STR_BYTES
from protocol.nesting import refuse_deep, suspicious

Value: TypeAlias = "int | bool | bytes | str | list[Value]"

if msgpack.Packer.__module__ != "msgpack._cmsgpack":
    raise ImportError("msgpack's compiled module is missing; its Python fallback is not strict")

_packer = msgpack.Packer(strict_types=True, use_bin_type=True)


def _refuse(*_: object) -> NoReturn:
    raise malformed("a map or an extension")


_OPTIONS: dict[str, Any] = {
    "raw": False,
    "use_list": True,
    "strict_map_key": True,
    "unicode_errors": "strict",
    "max_str_len": STR_BYTES,
    "max_array_len": ARRAY_ITEMS,
    "max_map_len": 0,
    "max_ext_len": 0,
    "ext_hook": _refuse,
    "object_pairs_hook": _refuse,
}


def encode(value: Value) -> bytes:
    """Return the one encoding of a value; raises ProtocolError if the profile has none for it."""
    _check([value], 0)
    _check_sizes(value)
    return pack(value)


def pack(value: Value) -> bytes:
    """Encode a value already known to keep the profile, as one that `decode` returned."""
    try:
        packed: bytes = _packer.pack(value)
    except (ValueError, TypeError, OverflowError):
        raise malformed("a value without an encoding") from None
    return packed


def decode(data: bytes, *, limit: int = ENVELOPE_BYTES) -> Value:
    """Return the value of these bytes; raises ProtocolError MALFORMED or TOO_BIG (over limit)."""
    if len(data) > limit:
        raise too_big("more bytes than allowed here")
    if suspicious(data):
        refuse_deep(data)
    try:
        value: Value = msgpack.unpackb(data, max_bin_len=limit, **_OPTIONS)
    except (ValueError, msgpack.exceptions.UnpackException):
        raise malformed("not in the strict msgpack profile") from None
    _check([value], 0)
    if pack(value) != data:
        raise malformed("not the shortest encoding")
    return value


def unpack(data: bytes) -> Value:
    """Return the value of bytes that `decode` returned one for before, as those that are stored.

    A fifth of the time. Raises ProtocolError MALFORMED where they are no msgpack any more.
    """
    try:
        value: Value = msgpack.unpackb(data, max_bin_len=len(data), **_OPTIONS)
    except (ValueError, msgpack.exceptions.UnpackException):
        raise malformed("not in the strict msgpack profile") from None
    return value


def _check(items: list[Value], depth: int) -> None:
    """Walk by exact type (True == 1, so isinstance and comparison are not enough)."""
    for item in items:
        kind = type(item)
        if kind is bytes or kind is str or kind is bool:
            continue
        if kind is int:
            if not -INT_MAX <= item <= INT_MAX:  # type: ignore[operator]
                raise malformed("an integer beyond 2^53 - 1")
        elif kind is list:
            if depth == DEPTH:
                raise malformed("arrays nested too deep")
            _check(item, depth + 1)  # type: ignore[arg-type]
        else:
            raise malformed("a type outside the profile")


def _check_sizes(value: Value) -> None:
    """Hold a checked value to the sizes that the compiled decoder enforces on bytes."""
    if isinstance(value, list):
        if len(value) > ARRAY_ITEMS:
            raise malformed("an array of too many items")
        for item in value:
            _check_sizes(item)
    elif isinstance(value, str) and _text_size(value) > STR_BYTES:
        raise malformed("a text too long")


def _text_size(text: str) -> int:
    try:
        return len(text.encode("utf-8"))
    except UnicodeEncodeError:
        raise malformed("a text that is not Unicode") from None
