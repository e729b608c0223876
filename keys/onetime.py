"""Bytes sealed under a key that is used once: with the key gone, nothing is left of them.

XChaCha20-Poly1305 with a random key and a random nonce before the sealed bytes. `about` is bound
into the seal, so that one cannot be shown in the place of another.
"""

from __future__ import annotations

from collections.abc import Callable

from nacl import bindings
from nacl.exceptions import CryptoError

from keys.errors import KeystoreDamaged

KEY_BYTES = bindings.crypto_aead_xchacha20poly1305_ietf_KEYBYTES
NONCE_BYTES = bindings.crypto_aead_xchacha20poly1305_ietf_NPUBBYTES


def seal_once(data: bytes, about: bytes, random: Callable[[int], bytes]) -> tuple[bytes, bytes]:
    """Seal under a new key: (key, sealed)."""
    key, nonce = random(KEY_BYTES), random(NONCE_BYTES)
    sealed = bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(data, about, nonce, key)
    return key, nonce + sealed


def open_once(sealed: bytes, about: bytes, key: bytes) -> bytes:
    """What `seal_once` sealed about the same thing. KeystoreDamaged where it does not open."""
    nonce, body = sealed[:NONCE_BYTES], sealed[NONCE_BYTES:]
    try:
        return bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(body, about, nonce, key)
    except (CryptoError, ValueError):
        raise KeystoreDamaged("what was sealed here does not open: it was altered") from None
