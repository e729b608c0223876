"""What a hub and its peers say about other organisations: who signed this, and whom do you know.

An answer carries documents as byte strings; `keys.documents` proves them, each organisation's by
itself, because one bad chain must not spoil its neighbours. Invariant:
`decode_body(m.name, m.encode_body()) == m`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import ClassVar, Final, TypeAlias

from protocol.codec import Value
from protocol.errors import malformed
from protocol.ids import OrgId
from protocol.limits import DOCUMENT_BYTES, ORG_DOCUMENTS
from protocol.shape import as_array, as_bytes

AUTHORS_MOST: Final = 16  # organisations in a question, and in an answer
_ORG_BYTES = 32
_SIGNATURE_BYTES = 64

Chain: TypeAlias = "tuple[tuple[bytes, bytes], ...]"  # [document, signature]…, as in `hello`


@dataclass(frozen=True, slots=True)
class Authors:
    """Send me the documents of these organisations, whose records you pass on to me."""

    name: ClassVar[str] = "authors"
    orgs: tuple[OrgId, ...]

    def encode_body(self) -> list[Value]:
        """Return `[org, …]`, ascending."""
        return list(self.orgs)


@dataclass(frozen=True, slots=True)
class Introduce:
    """Send me the documents and cards of those whom you may introduce to me, after one of them."""

    name: ClassVar[str] = "introduce"
    after: bytes = b""  # an organisation's id, or empty: from the first one on

    def encode_body(self) -> list[Value]:
        """Return `[after]`."""
        return [self.after]


@dataclass(frozen=True, slots=True)
class Docs:
    """Documents of other organisations, each chain as in `hello`; who may not be told is absent."""

    name: ClassVar[str] = "docs"
    chains: tuple[Chain, ...] = field(repr=False)

    def encode_body(self) -> list[Value]:
        """Return `[[[document, sig], …], …]`."""
        return [[[raw, sig] for raw, sig in chain] for chain in self.chains]


HubMessage: TypeAlias = "Authors | Introduce | Docs"


def _authors(body: Value) -> Authors:
    orgs = [OrgId(as_bytes(org, _ORG_BYTES)) for org in as_array(body, most=AUTHORS_MOST)]
    if not orgs or any(a >= b for a, b in pairwise(orgs)):
        raise malformed("organisations ascend strictly, and there is one")
    return Authors(tuple(orgs))


def _introduce(body: Value) -> Introduce:
    (after,) = as_array(body, 1)
    if after != b"":
        as_bytes(after, _ORG_BYTES)
    return Introduce(as_bytes(after, most=_ORG_BYTES))


def _docs(body: Value) -> Docs:
    return Docs(tuple(_chain(chain) for chain in as_array(body, most=AUTHORS_MOST)))


def _chain(value: Value) -> Chain:
    pairs = [as_array(pair, 2) for pair in as_array(value, most=ORG_DOCUMENTS)]
    return tuple(
        (as_bytes(raw, most=DOCUMENT_BYTES), as_bytes(sig, _SIGNATURE_BYTES)) for raw, sig in pairs
    )


DECODERS: Final[Mapping[str, Callable[[Value], HubMessage]]] = {
    "authors": _authors,
    "introduce": _introduce,
    "docs": _docs,
}
