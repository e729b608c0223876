"""Proof that a form was sent from a page of ours, and by whoever was shown it.

The proof is a MAC over the cookie's token, under a key of this node, so it survives a restart and
ends with the session. It is masked anew for each page, so that compression tells nothing of it.
"""

import base64
import hashlib
import hmac

MASK_BYTES = 16


def csrf_key(store_key: bytes) -> bytes:
    """The key of the proofs, from the key of the store."""
    return hashlib.blake2b(key=store_key, person=b"parasol-csrf", digest_size=32).digest()


def csrf_proof(key: bytes, token: str, mask: bytes) -> str:
    """The text for a hidden field; `mask` is MASK_BYTES random bytes."""
    proof = _proof(key, token)
    return base64.urlsafe_b64encode(mask + _xor(proof, mask)).decode()


def csrf_holds(key: bytes, token: str, text: str) -> bool:
    """Whether a hidden field came from a page that was given this token."""
    try:
        raw = base64.urlsafe_b64decode(text.encode("ascii"))
    except ValueError:
        return False
    if len(raw) != 2 * MASK_BYTES:
        return False
    proof = _xor(raw[MASK_BYTES:], raw[:MASK_BYTES])
    return hmac.compare_digest(proof, _proof(key, token))


def _proof(key: bytes, token: str) -> bytes:
    return hashlib.blake2b(token.encode(), key=key, digest_size=MASK_BYTES).digest()


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
