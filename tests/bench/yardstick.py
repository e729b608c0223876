"""The yardstick: Ed25519 verifications a second of a 1 KB message through PyNaCl on one thread."""

import os
import time

from nacl import bindings


def verify_rate(seconds: float = 1.0) -> float:
    """V, measured now."""
    public, secret = bindings.crypto_sign_keypair()
    signed = bindings.crypto_sign(os.urandom(1024), secret)
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < seconds:
        for _ in range(200):
            bindings.crypto_sign_open(signed, public)
        count += 200
    return count / (time.perf_counter() - start)
