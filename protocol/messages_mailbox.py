"""What is said to the holder of a mailbox: keep this for them, and what do you keep for me.

A wire stays the byte string it is: whoever holds it cannot open it. Invariant:
`decode_body(m.name, m.encode_body()) == m`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final, TypeAlias

from protocol.codec import Value
from protocol.errors import malformed
from protocol.ids import OrgId
from protocol.limits import MAIL_ITEMS, MAIL_WIRE_BYTES
from protocol.shape import as_array, as_bytes

MAIL_ID_BYTES: Final = 16
_ORG_BYTES = 32


@dataclass(frozen=True, slots=True)
class Drop:
    """Keep this sealed wire until its recipient fetches it."""

    name: ClassVar[str] = "drop"
    to_org: OrgId
    wire: bytes = field(repr=False)

    def encode_body(self) -> list[Value]:
        """Return `[to_org, wire]`."""
        return [bytes(self.to_org), self.wire]


@dataclass(frozen=True, slots=True)
class Fetch:
    """I have taken in these; send me what else you keep for me, oldest first."""

    name: ClassVar[str] = "fetch"
    acked: tuple[bytes, ...]

    def encode_body(self) -> list[Value]:
        """Return `[id, …]`."""
        return list(self.acked)


@dataclass(frozen=True, slots=True)
class Mail:
    """What is kept for whoever asked: as much as fits, oldest first; none where it is all."""

    name: ClassVar[str] = "mail"
    items: tuple[tuple[bytes, bytes], ...] = field(repr=False)  # (id, wire)

    def encode_body(self) -> list[Value]:
        """Return `[[id, wire], …]`."""
        return [[mid, wire] for mid, wire in self.items]


MailboxMessage: TypeAlias = "Drop | Fetch | Mail"


def _drop(body: Value) -> Drop:
    to_org, wire = as_array(body, 2)
    return Drop(OrgId(as_bytes(to_org, _ORG_BYTES)), _wire(wire))


def _fetch(body: Value) -> Fetch:
    return Fetch(tuple(_mid(each) for each in as_array(body, most=MAIL_ITEMS)))


def _mail(body: Value) -> Mail:
    pairs = (as_array(pair, 2) for pair in as_array(body, most=MAIL_ITEMS))
    return Mail(tuple((_mid(mid), _wire(wire)) for mid, wire in pairs))


def _mid(value: Value) -> bytes:
    return as_bytes(value, MAIL_ID_BYTES)


def _wire(value: Value) -> bytes:
    wire = as_bytes(value, most=MAIL_WIRE_BYTES)
    if not wire:
        raise malformed("an empty wire")
    return wire


DECODERS: Final[Mapping[str, Callable[[Value], MailboxMessage]]] = {
    "drop": _drop,
    "fetch": _fetch,
    "mail": _mail,
}
