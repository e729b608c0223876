"""How often a receipt code may be tried, over the whole node: at its desk, and by its pages.

Each door has tries of its own, so that whoever guesses at one does not close the other. A wrong
code takes a try; tries come back by the clock, one by one, so that a guesser who stops keeps nobody
out for longer than one try takes to come back. What is refused is not written down.

A door's tries are one number: the moment at which all of them will be back.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection

from node.errors import TooMany
from node.moments import DAY_US, SECOND_US
from node.store import meta
from protocol.codec import decode, encode
from protocol.shape import as_array, as_int

MINUTE_S = 60
Clock = Callable[[], int]  # microseconds since 1970


class Door(StrEnum):
    """Where a code is typed."""

    DESK = "desk"  # at this machine, by a command
    PAGE = "page"  # in a browser, by anybody


@dataclass(frozen=True, slots=True)
class Rate:
    """`burst` wrong codes at once, then one more each `each_us`."""

    burst: int
    each_us: int


# A year of guesses at a page finds one of 100,000 codes with a chance of 1 in 20 million: 66 bits
# need no more. The bound is for the machine, which computes a slow hash for each.
RATES = {Door.DESK: Rate(10, 60 * SECOND_US), Door.PAGE: Rate(30, SECOND_US)}
WRONG = "receipt_wrong"  # encode([day, how many]), for the keeper


def refuse_if_spent(connection: Connection, door: Door, clock: Clock) -> None:
    """TooMany where no try is left at this door; changes nothing."""
    _spent_until(connection, door, clock)


def begin_attempt(connection: Connection, door: Door, clock: Clock) -> None:
    """Take a try before the code is tried, so that none goes uncounted; TooMany if none is left."""
    meta.put_int(connection, _name(door), _spent_until(connection, door, clock))
    _count(connection, clock(), 1)


def end_attempt(connection: Connection, door: Door, now_us: int) -> None:
    """The code was right: the try is given back."""
    left = meta.get_int(connection, _name(door)) - RATES[door].each_us
    meta.put_int(connection, _name(door), max(left, 0))
    _count(connection, now_us, -1)


def wrong_today(connection: Connection, now_us: int) -> int:
    """How many wrong codes were typed today (UTC), at all doors."""
    raw = meta.get(connection, WRONG)
    if raw is None:
        return 0
    day, count = as_array(decode(raw), 2)
    return as_int(count, 0) if as_int(day, 0) == now_us // DAY_US else 0


def _spent_until(connection: Connection, door: Door, clock: Clock) -> int:
    """When all tries would be back if one more were taken now.

    The clock is read after what stands: read before, it could be earlier than a try that was taken
    meanwhile, and the last try would be refused.
    """
    rate = RATES[door]
    stands = meta.get_int(connection, _name(door))
    now_us = clock()
    most = now_us + rate.burst * rate.each_us
    # beyond `most` the clock was set back, which must not close the door for the difference
    after = (stands if now_us < stands <= most else now_us) + rate.each_us
    if after > most:
        wait = -(-(after - most) // SECOND_US)
        told = f"{wait} s" if wait < MINUTE_S else f"{-(-wait // MINUTE_S)} min"
        raise TooMany(f"too many wrong codes; wait {told}, then try again")
    return after


def _count(connection: Connection, now_us: int, more: int) -> None:
    count = max(wrong_today(connection, now_us) + more, 0)
    meta.put(connection, WRONG, encode([now_us // DAY_US, count]))


def _name(door: Door) -> str:
    return f"receipt_tries_{door}"
