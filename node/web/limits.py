"""How often something may be tried: a bucket of tries for each key, refilled by the clock.

Keys are accounts and purposes, never addresses: behind an onion service all callers are one. The
buckets are in memory: a restart forgives, and nothing about who tried is written down.
"""

from collections import OrderedDict, defaultdict
from dataclasses import dataclass

MOST_KEYS = 10_000  # of each purpose


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` tries at once, then one more each `each_s` seconds."""

    burst: int
    each_s: float


class Limits:
    """Counts tries; the oldest keys of a purpose are forgotten first, and make no other's go."""

    def __init__(self) -> None:
        self._left: defaultdict[str, OrderedDict[str, tuple[float, float]]] = defaultdict(
            OrderedDict
        )

    def may(self, purpose: str, key: str, rate: Rate, now_s: float) -> bool:
        """Whether one more try is allowed now; it is counted if so."""
        keys = self._left[purpose]
        left, since = keys.pop(key, (float(rate.burst), now_s))
        left = min(rate.burst, left + max(0.0, now_s - since) / rate.each_s)
        allowed = left >= 1
        keys[key] = (left - 1 if allowed else left, now_s)
        while len(keys) > MOST_KEYS:
            keys.popitem(last=False)
        return allowed

    def forgive(self, purpose: str, key: str) -> None:
        """Forget the tries of a key: the right answer was given."""
        self._left[purpose].pop(key, None)
