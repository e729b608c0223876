"""What the pages remember of one browser for some minutes, in memory alone.

The report that a code opened, a code that was just given out, photos of a form that had to be
corrected: none of it may stand in a cookie, an address or a file. It goes with the session, with
leaving, and with time. A restart forgets it.
"""

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from node.store.receipts import Opens

T = TypeVar("T")
MINUTE_US = 60_000_000
MOST_KEPT = 200


class Remembered(Generic[T]):
    """One thing for each browser (`Page.browser`); the oldest goes first where there are many."""

    def __init__(self, minutes: int, most: int = MOST_KEPT) -> None:
        self._kept_us = minutes * MINUTE_US
        self._most = most
        self._found: OrderedDict[str, tuple[int, T]] = OrderedDict()

    def put(self, token: str, value: T, now_us: int) -> None:
        """Remember something in place of what was remembered before."""
        self._let_go(now_us)
        self._found.pop(token, None)
        self._found[token] = (now_us, value)
        while len(self._found) > self._most:
            self._found.popitem(last=False)

    def get(self, token: str, now_us: int) -> T | None:
        """What is remembered; None once its minutes are over."""
        self._let_go(now_us)
        found = self._found.get(token)
        return None if found is None else found[1]

    def _let_go(self, now_us: int) -> None:
        for old in [key for key, (at, _) in self._found.items() if now_us - at > self._kept_us]:
            del self._found[old]

    def forget(self, token: str) -> None:
        """Forget it now."""
        self._found.pop(token, None)


@dataclass(frozen=True, slots=True)
class Given:
    """A receipt code that was just given out; `others` where it is somebody else's report."""

    code: str = field(repr=False)
    others: bool


@dataclass(frozen=True, slots=True)
class Attached:
    """Photos of a form that had to be corrected, made anew already; `once` is the form's token."""

    once: str = field(repr=False)
    pictures: tuple[bytes, ...] = field(repr=False)


class Memory:
    """All that is remembered of browsers."""

    def __init__(self) -> None:
        self.opened: Remembered[Opens] = Remembered(10)
        self.given: Remembered[Given] = Remembered(5)
        self.attached: Remembered[Attached] = Remembered(20, most=40)

    def forget(self, token: str) -> None:
        """Forget a browser."""
        for each in (self.opened, self.given, self.attached):
            each.forget(token)
