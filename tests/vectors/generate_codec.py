"""Vectors of the strict msgpack profile."""

from __future__ import annotations

from typing import Any

from protocol.codec import Value, decode, encode
from tests.vectors.drawing import Case, Cases, to_json


def build() -> dict[str, list[Case]]:
    """Return codec.json: bytes and the value they hold, or the code of the refusal."""
    cases = Cases(_run)
    for name, value in _values().items():
        cases.accept(name, {"bytes": encode(value).hex()})
    for name, data in _REFUSED.items():
        cases.refuse(name, {"bytes": data.hex()})
    fitting = b"\xa3abc"
    cases.accept("exactly as many bytes as allowed", {"bytes": fitting.hex(), "limit": 4})
    cases.refuse("one byte more than allowed", {"bytes": fitting.hex(), "limit": 3}, "too_big")
    return {"codec.json": cases.listed}


def _run(given: Any) -> Any:
    data = bytes.fromhex(given["bytes"])
    value = decode(data, limit=given["limit"]) if "limit" in given else decode(data)
    return {"value": to_json(value)}


def _values() -> dict[str, Value]:
    deepest: Value = []
    for _ in range(7):
        deepest = [deepest]
    return {
        "zero": 0,
        "the largest one-byte integer": 127,
        "the smallest two-byte integer": 128,
        "minus one": -1,
        "minus thirty-three": -33,
        "the largest integer": 2**53 - 1,
        "the smallest integer": -(2**53) + 1,
        "true is not one": True,
        "false is not zero": False,
        "no bytes": b"",
        "256 bytes": bytes(range(256)),
        "an empty text": "",
        "a text of four scripts": "Ana \u0410\u043d\u043d\u0430 \u5b89\u5a1c \u0622\u0646\u0627",
        "a text with NUL and a right-to-left mark": "a\x00b\u200fc",
        "an empty array": [],
        "an array of every type": [1, True, b"\x01", "1", [1]],
        "arrays nested eight deep": deepest,
    }


_REFUSED = {
    "nothing at all": b"",
    "a byte that msgpack never uses": b"\xc1",
    "an array cut short": b"\x92\x01",
    "a text cut short": b"\xa5abc",
    "a byte after the value": b"\x01\x00",
    "a second value": b"\x90\x90",
    "nil": b"\xc0",
    "nil inside an array": b"\x91\xc0",
    "a 32-bit float": b"\xca\x3f\x80\x00\x00",
    "a 64-bit float": b"\xcb\x3f\xf0" + bytes(6),
    "a 64-bit NaN": b"\xcb\x7f\xf8" + bytes(6),
    "an empty map": b"\x80",
    "a map of one pair": b"\x81\xa1a\x01",
    "a map with a byte-string key": b"\x81\xc4\x01a\x01",
    "a 16-bit map": b"\xde\x00\x00",
    "an extension of one byte": b"\xd4\x05\x00",
    "an empty extension": b"\xc7\x00\x05",
    "a 32-bit timestamp": b"\xd6\xff" + bytes(4),
    "a 64-bit timestamp": b"\xd7\xff" + bytes(8),
    "a 96-bit timestamp": b"\xc7\x0c\xff" + bytes(12),
    "five in two bytes": b"\xcc\x05",
    "five in nine bytes": b"\xcf" + bytes(7) + b"\x05",
    "five as a signed byte": b"\xd0\x05",
    "minus one in two bytes": b"\xd0\xff",
    "an integer of 2^53": b"\xcf\x00\x20" + bytes(6),
    "an integer of -2^53": b"\xd3\xff\xe0" + bytes(6),
    "an integer of 2^64 - 1": b"\xcf" + b"\xff" * 8,
    "a short text with a long header": b"\xd9\x01a",
    "short bytes with a long header": b"\xc5\x00\x01a",
    "a short array with a long header": b"\xdc\x00\x01\x01",
    "an array of 4,097 announced": b"\xdc\x10\x01" + b"\x01" * 4097,
    "an array of four thousand million announced": b"\xdd\xff\xff\xff\xff",
    "a byte string of four thousand million announced": b"\xc6\xff\xff\xff\xff",
    "a text of 16,385 bytes": b"\xda\x40\x01" + b"a" * 16385,
    "arrays nested nine deep": b"\x91" * 8 + b"\x90",
    "arrays nested a thousand deep": b"\x91" * 1000 + b"\x90",
    "text that is not UTF-8": b"\xa1\xff",
    "text in overlong UTF-8": b"\xa2\xc0\x80",
    "text with half a surrogate pair": b"\xa3\xed\xa0\x80",
}
