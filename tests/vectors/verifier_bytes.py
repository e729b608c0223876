"""The verifier's own msgpack profile, hash and shapes, written from docs/spec/01-bytes.md."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any


class Refused(Exception):
    """The input of a vector breaks a rule."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def need(condition: object, code: str = "malformed") -> None:
    """Refuse unless the condition holds."""
    if not condition:
        raise Refused(code)


def h(person: str, *parts: bytes) -> bytes:
    """Return the hash of the specification."""
    return blake2b(b"".join(parts), digest_size=32, person=b"parasol1." + person.encode()).digest()


def enc(value: Any) -> bytes:
    """Encode with the shortest headers."""
    if type(value) is bool:
        return b"\xc3" if value else b"\xc2"
    if type(value) is int:
        return _integer(value)
    if type(value) is list:
        return _head(len(value), (0x90, 16), (None, 0xDC, 0xDD)) + b"".join(map(enc, value))
    if type(value) is str:
        raw = value.encode()
        return _head(len(raw), (0xA0, 32), (0xD9, 0xDA, 0xDB)) + raw
    need(type(value) is bytes)
    return _head(len(value), (0, 0), (0xC4, 0xC5, 0xC6)) + bytes(value)


def _integer(value: int) -> bytes:
    if -32 <= value < 128:
        return value.to_bytes(1, "big", signed=value < 0)
    for power in range(4):
        size = 1 << power
        if 0 <= value < 1 << 8 * size:
            return bytes([0xCC + power]) + value.to_bytes(size)
        if -(1 << 8 * size - 1) <= value < 0:
            return bytes([0xD0 + power]) + value.to_bytes(size, signed=True)
    raise Refused("malformed")


def _head(count: int, fixed: tuple[int, int], firsts: tuple[int | None, int, int]) -> bytes:
    if count < fixed[1]:
        return bytes([fixed[0] | count])
    if firsts[0] is not None and count < 1 << 8:
        return bytes([firsts[0], count])
    if count < 1 << 16:
        return bytes([firsts[1]]) + count.to_bytes(2)
    return bytes([firsts[2]]) + count.to_bytes(4)


def dec(data: bytes, limit: int = 262_144) -> Any:
    """Decode the strict profile."""
    need(len(data) <= limit, "too_big")
    value, end = _read(data, 0, 0)
    need(end == len(data))
    need(enc(value) == data)
    return value


def _number(data: bytes, at: int, size: int, *, signed: bool = False) -> int:
    need(at + size <= len(data))
    return int.from_bytes(data[at : at + size], signed=signed)


_LENGTHS = {0xC4: 1, 0xC5: 2, 0xC6: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4}


def _read(data: bytes, at: int, depth: int) -> tuple[Any, int]:
    first = _number(data, at, 1)
    at += 1
    if first < 0x80 or first >= 0xE0:
        return (first if first < 0x80 else first - 256), at
    if first in {0xC2, 0xC3}:
        return first == 0xC3, at
    if 0xCC <= first <= 0xD3:
        size = 1 << ((first - 0xCC) & 3)
        value = _number(data, at, size, signed=first >= 0xD0)
        need(abs(value) < 2**53)
        return value, at + size
    if 0x90 <= first <= 0x9F or first == 0xDC:
        return _read_array(data, at, depth, first)
    if 0xA0 <= first <= 0xBF:
        count = first & 31
    else:
        need(first in _LENGTHS)
        count = _number(data, at, _LENGTHS[first])
        at += _LENGTHS[first]
    need(at + count <= len(data))
    raw = data[at : at + count]
    if first in {0xC4, 0xC5, 0xC6}:
        return raw, at + count
    need(count <= 16_384)
    try:
        return raw.decode(), at + count
    except UnicodeDecodeError:
        raise Refused("malformed") from None


def _read_array(data: bytes, at: int, depth: int, first: int) -> tuple[Any, int]:
    count = first & 15
    if first == 0xDC:
        count = _number(data, at, 2)
        at += 2
    need(count <= 4_096)
    need(depth < 8)
    items = []
    for _ in range(count):
        item, at = _read(data, at, depth + 1)
        items.append(item)
    return items, at


def integer(value: Any, low: int = 0, high: int = 2**53 - 1) -> None:
    """Need an integer in range."""
    need(type(value) is int and low <= value <= high)


def binary(value: Any, size: int | None = None, most: int = 262_144) -> None:
    """Need bytes of one size, or of at most so many."""
    need(type(value) is bytes and (len(value) == size if size is not None else len(value) <= most))


def text(value: Any, most: int, least: int = 1) -> str:
    """Need a text of so many characters."""
    need(type(value) is str and least <= len(value) <= most)
    return str(value)


def array(value: Any, size: int | None = None, most: int = 4_096) -> list[Any]:
    """Need an array of one length, or of at most so many items."""
    need(type(value) is list and (len(value) == size if size is not None else len(value) <= most))
    return list(value)


def show(value: Any) -> Any:
    """Return a value as JSON has it."""
    if type(value) is bytes:
        return {"hex": value.hex()}
    return [show(item) for item in value] if type(value) is list else value


def _codec(given: Any) -> Any:
    data = bytes.fromhex(given["bytes"])
    return {"value": show(dec(data, given.get("limit", 262_144)))}


CHECKS: dict[str, Callable[[Any], Any]] = {"codec.json": _codec}
