"""What an asker and an origin say about identifiers that the origin must not see.

An element is carried as 32 bytes; whether it is one of the group, `keys.oprf` decides. Invariant:
`decode_body(m.name, m.encode_body()) == m`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final, TypeAlias

from protocol.codec import Value
from protocol.errors import malformed
from protocol.limits import MATCH_ITEMS
from protocol.shape import as_array, as_bytes, as_str
from protocol.vocabulary import IDENTIFIER_KINDS

ELEMENT_BYTES: Final = 32
KID_BYTES: Final = 8
_KIND_CHARACTERS = 16


@dataclass(frozen=True, slots=True)
class Match:
    """Evaluate these blinded identifiers of one kind under your key."""

    name: ClassVar[str] = "match"
    idkind: str
    blinded: tuple[bytes, ...] = field(repr=False)

    def encode_body(self) -> list[Value]:
        """Return `[idkind, [element, …]]`."""
        return [self.idkind, list(self.blinded)]


@dataclass(frozen=True, slots=True)
class Matched:
    """The elements of a `match`, evaluated, in their order, and under which key."""

    name: ClassVar[str] = "matched"
    oprf_kid: bytes
    evaluated: tuple[bytes, ...] = field(repr=False)

    def encode_body(self) -> list[Value]:
        """Return `[oprf_kid, [element, …]]`."""
        return [self.oprf_kid, list(self.evaluated)]


MatchMessage: TypeAlias = "Match | Matched"


def _match(body: Value) -> Match:
    idkind, blinded = as_array(body, 2)
    kind = as_str(idkind, _KIND_CHARACTERS)
    if kind not in IDENTIFIER_KINDS:
        raise malformed("this kind of identifier has no token")
    return Match(kind, _elements(blinded))


def _matched(body: Value) -> Matched:
    kid, evaluated = as_array(body, 2)
    return Matched(as_bytes(kid, KID_BYTES), _elements(evaluated))


def _elements(value: Value) -> tuple[bytes, ...]:
    elements = tuple([as_bytes(each, ELEMENT_BYTES) for each in as_array(value, most=MATCH_ITEMS)])
    if not elements:
        raise malformed("a match without an identifier")
    return elements


DECODERS: Final[Mapping[str, Callable[[Value], MatchMessage]]] = {
    "match": _match,
    "matched": _matched,
}
