"""What the vector generators share: drawn bytes, values as JSON, and cases that are held to ours.

Bytes appear in JSON as {"hex": "…"}. Randomness is BLAKE2b in counter mode from a written seed, so
the files come out byte for byte the same on every machine and every Python.
"""

from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any

from protocol.codec import Value
from protocol.errors import ParasolError

Case = dict[str, Any]


class Draw:
    """A source of bytes that always gives the same ones."""

    def __init__(self, seed: str) -> None:
        self._seed = seed.encode()
        self._count = 0

    def __call__(self, size: int) -> bytes:
        """Return the next `size` bytes."""
        out = b""
        while len(out) < size:
            out += blake2b(self._seed + self._count.to_bytes(8, "big")).digest()
            self._count += 1
        return out[:size]


def to_json(value: Value) -> Any:
    """Return a value of the profile as JSON."""
    if isinstance(value, bytes):
        return {"hex": value.hex()}
    if isinstance(value, list):
        return [to_json(item) for item in value]
    return value


class Cases:
    """Cases in the order given; each is run through our code before it is written down."""

    def __init__(self, run: Callable[[Any], Any]) -> None:
        """Take the function that maps a case's input to its outcome or raises ParasolError."""
        self._run = run
        self.listed: list[Case] = []

    def accept(self, name: str, given: Any) -> None:
        """Add a case that must come out well."""
        self._add({"name": name, "input": given, "outcome": self._run(given)})

    def refuse(self, name: str, given: Any, error: str = "malformed") -> None:
        """Add a case that must be refused with this code."""
        try:
            self._run(given)
        except ParasolError as refusal:
            if refusal.code != error:
                raise AssertionError(f"{name}: {refusal.code} instead of {error}") from refusal
            self._add({"name": name, "input": given, "error": error})
        else:
            raise AssertionError(f"{name}: was accepted")

    def _add(self, case: Case) -> None:
        if any(case["name"] == other["name"] for other in self.listed):
            raise AssertionError(f"two cases named {case['name']}")
        self.listed.append(case)
