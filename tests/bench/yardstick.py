"""The yardstick: Ed25519 verifications a second of a 1 KB message through PyNaCl on one thread."""

import os
import time
from collections.abc import Callable
from statistics import median
from typing import TypeVar

from nacl import bindings

T = TypeVar("T")

SLICE_S = 0.1


def verify_rate(seconds: float = 0.3) -> float:
    """V, measured now: the median of short slices, since others may use the machine."""
    public, secret = bindings.crypto_sign_keypair()
    signed = bindings.crypto_sign(os.urandom(1024), secret)
    rates = []
    for _ in range(max(1, round(seconds / SLICE_S))):
        count, start = 0, time.perf_counter()
        while time.perf_counter() - start < SLICE_S:
            for _ in range(100):
                bindings.crypto_sign_open(signed, public)
            count += 100
        rates.append(count / (time.perf_counter() - start))
    return median(rates)


def beside(work: Callable[[], T], before: float | None = None) -> tuple[T, float]:
    """What `work` gives, and V around it: the mean of one measured before and one after."""
    first = verify_rate() if before is None else before
    result = work()
    return result, (first + verify_rate()) / 2
