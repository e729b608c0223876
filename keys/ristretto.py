"""The group of matching: ristretto255 (RFC 9496), an element as its 32 bytes, a scalar as 32 more.

Decides who does the arithmetic: a libsodium of the system, reached by ctypes, where there is one;
else `EdwardsRistretto`, which stands on the Ed25519 functions that PyNaCl brings along. PyNaCl's
own libsodium exports no ristretto function at all. Both give the same bytes, and refuse the same.

Invariants: an element that is not canonical, or is the identity, is refused, whatever the library
would do with it; a scalar is never zero and below the order; a library is loaded by its name alone,
and no process is started to look for one. Calls into libsodium run without the interpreter lock.
"""

from __future__ import annotations

import ctypes
from functools import cache
from typing import Final, Protocol

from nacl import bindings

from keys.ristretto_edwards import EdwardsRistretto
from protocol.errors import malformed

ELEMENT_BYTES: Final = 32
SCALAR_BYTES: Final = 32
UNIFORM_BYTES: Final = 64
PRIME: Final = 2**255 - 19
ORDER: Final = 2**252 + 27742317777372353535851937790883648493

# Versions 1.0.19 and later, and 1.0.18, which was the first to have the group.
_LIBRARIES = ("libsodium.so.26", "libsodium.so.23", "libsodium.26.dylib", "libsodium.23.dylib")


class Group(Protocol):
    """What matching needs of ristretto255; elements and scalars are checked by `multiplied`."""

    def from_hash(self, uniform: bytes) -> bytes:
        """Map 64 uniform bytes to an element. RFC 9496 §4.3.4."""

    def multiply(self, scalar: bytes, element: bytes) -> bytes | None:
        """Multiply an element by a scalar; None where 32 bytes are no encoding of one."""

    def multiply_base(self, scalar: bytes) -> bytes:
        """Multiply the generator by a scalar."""


class SodiumRistretto:
    """The group as a libsodium of the system has it."""

    def __init__(self, library: ctypes.CDLL) -> None:
        """Take a loaded library; AttributeError where it lacks a function, OSError if it fails."""
        self._from_hash = library.crypto_core_ristretto255_from_hash
        self._multiply = library.crypto_scalarmult_ristretto255
        self._multiply_base = library.crypto_scalarmult_ristretto255_base
        for function, arguments in (
            (self._from_hash, 2),
            (self._multiply, 3),
            (self._multiply_base, 2),
        ):
            function.argtypes = [ctypes.c_char_p] * arguments
            function.restype = ctypes.c_int
        if library.sodium_init() < 0:
            raise OSError("libsodium does not start")

    def from_hash(self, uniform: bytes) -> bytes:
        """Map 64 uniform bytes to an element."""
        out = ctypes.create_string_buffer(ELEMENT_BYTES)
        self._from_hash(out, uniform)
        return out.raw

    def multiply(self, scalar: bytes, element: bytes) -> bytes | None:
        """Multiply an element by a scalar; None where 32 bytes are no encoding of one."""
        out = ctypes.create_string_buffer(ELEMENT_BYTES)
        return None if self._multiply(out, scalar, element) else out.raw

    def multiply_base(self, scalar: bytes) -> bytes:
        """Multiply the generator by a scalar."""
        out = ctypes.create_string_buffer(ELEMENT_BYTES)
        self._multiply_base(out, scalar)
        return out.raw


@cache
def system_group() -> Group | None:
    """The group of a libsodium that this system has; None without one."""
    for name in _LIBRARIES:
        try:
            return SodiumRistretto(ctypes.CDLL(name))
        except (OSError, AttributeError):
            continue
    return None


@cache
def best_group() -> Group | None:
    """The group to use; None where PyNaCl was built without the curve (a *minimal* libsodium)."""
    if not (bindings.has_crypto_core_ed25519 and bindings.has_crypto_scalarmult_ed25519):
        return None  # scalars are PyNaCl's in any case
    return system_group() or EdwardsRistretto()


def multiplied(group: Group, scalar: bytes, element: bytes) -> bytes:
    """Multiply an element that came from outside by a scalar of ours; 32 bytes.

    ProtocolError MALFORMED unless these are the 32 bytes of an element other than the identity
    (RFC 9497 §4.1, DeserializeElement). The scalar is one that `scalar_from` or `inverse` gave.
    """
    # libsodium sees a pointer and no length, and takes the identity for an element like others.
    # 1.0.18, which many systems have, overlooks the highest bit: two encodings of one element.
    whole = len(element) == ELEMENT_BYTES and 0 < int.from_bytes(element, "little") < PRIME
    product = group.multiply(scalar, element) if whole else None
    if product is None:
        raise malformed("not an element of the group")
    return product


def scalar_from(uniform: bytes) -> bytes | None:
    """Reduce 64 uniform bytes to a scalar, little-endian; None for zero (RFC 9497 §4.7.2)."""
    scalar: bytes = bindings.crypto_core_ed25519_scalar_reduce(uniform)
    return scalar if any(scalar) else None


def is_scalar(value: bytes) -> bool:
    """Whether these are the 32 bytes, little-endian, of a number from 1 to below the order."""
    return len(value) == SCALAR_BYTES and 0 < int.from_bytes(value, "little") < ORDER


def inverse(scalar: bytes) -> bytes:
    """Give the scalar's inverse modulo the group's order."""
    inverted: bytes = bindings.crypto_core_ed25519_scalar_invert(scalar)
    return inverted
