"""How often something may be tried: a bucket of tries for each key, refilled by the clock.

Keys are accounts and purposes, never addresses: behind an onion service all callers are one. The
buckets are in memory: a restart forgives, and nothing about who tried is written down.
"""

from collections import OrderedDict
from dataclasses import dataclass

MOST_KEYS = 10_000


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` tries at once, then one more each `each_s` seconds."""

    burst: int
    each_s: float


class Limits:
    """Counts tries; the oldest keys are forgotten first."""

    def __init__(self) -> None:
        self._left: OrderedDict[tuple[str, str], tuple[float, float]] = OrderedDict()

    def may(self, purpose: str, key: str, rate: Rate, now_s: float) -> bool:
        """Whether one more try is allowed now; it is counted if so."""
        at = (purpose, key)
        left, since = self._left.pop(at, (float(rate.burst), now_s))
        left = min(rate.burst, left + max(0.0, now_s - since) / rate.each_s)
        allowed = left >= 1
        self._left[at] = (left - 1 if allowed else left, now_s)
        while len(self._left) > MOST_KEYS:
            self._left.popitem(last=False)
        return allowed

    def forgive(self, purpose: str, key: str) -> None:
        """Forget the tries of a key: the right answer was given."""
        self._left.pop((purpose, key), None)
