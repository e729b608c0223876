"""Signatures: Ed25519 over a context, a zero byte and the bytes as they travel.

Decides that a signature made for one purpose is never valid for another: the context
(`org`, `card`, `entry`, `msg`, `profile`) is part of what is signed. On the spine this makes an
`Entry` a signed one and, at the other end, a verified one.

Invariants: lengths are checked before libsodium sees a pointer; the check itself is libsodium's
alone, and runs without the interpreter lock, so threads verify in parallel.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from nacl import bindings
from nacl.exceptions import BadSignatureError

from protocol.errors import ErrorNumber, ProtocolError
from protocol.ids import NodeKey

SEED_BYTES = 32
PUBLIC_BYTES = 32
SIGNATURE_BYTES = 64

_PREFIXES = {
    context: b"parasol1." + context.encode("ascii") + b"\0"
    for context in ("org", "card", "entry", "msg", "profile")
}


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An Ed25519 key that can sign: a root, a next root or a node key. `seed` is 32 bytes."""

    seed: bytes = field(repr=False)
    public: NodeKey = field(init=False)
    _secret: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        public, secret = bindings.crypto_sign_seed_keypair(self.seed)
        object.__setattr__(self, "public", NodeKey(public))
        object.__setattr__(self, "_secret", secret)

    def sign(self, context: str, data: bytes) -> bytes:
        """Sign `data` for one purpose; 64 bytes.

        `context` is org, card, entry, msg or profile; another is a `KeyError`. RFC 8032 §5.1.6.
        """
        signed: bytes = bindings.crypto_sign(_PREFIXES[context] + data, self._secret)
        return signed[:SIGNATURE_BYTES]


def new_signing_key(random: Callable[[int], bytes]) -> SigningKey:
    """Make a node key from 32 bytes of `random`."""
    return SigningKey(random(SEED_BYTES))


def verify(public: bytes, context: str, data: bytes, sig: bytes) -> None:
    """Check that `public` signed `data` for this purpose.

    ProtocolError SIGNATURE if not, or if a length is wrong. RFC 8032 §5.1.7 as libsodium reads it:
    it also refuses keys of small order and non-canonical encodings.
    """
    # The binding hands the key to C without looking at its length.
    if len(sig) != SIGNATURE_BYTES or len(public) != PUBLIC_BYTES:
        raise ProtocolError(ErrorNumber.SIGNATURE, "a key or a signature has the wrong length")
    try:
        bindings.crypto_sign_open(sig + _PREFIXES[context] + data, public)
    except BadSignatureError:
        raise ProtocolError(ErrorNumber.SIGNATURE, "a signature does not verify") from None
