"""Which alerts may be about one person: groups that follow from links between pairs, and why.

A link is a reason to put two alerts together: a reviewer said so, an organisation says so, or both
name the same number, address, handle, plate or page. Alerts that a reviewer keeps apart are never
in one group, whatever leads from the one to the other. Nothing is merged: a group is a list of
alerts, each with its own organisation. The same links give the same groups, in whatever order.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import IntEnum

from protocol.ids import RecordKey

Pair = tuple[RecordKey, RecordKey]


class Strength(IntEnum):
    """How good a reason is; the better ones are heeded first."""

    JOINED = 0  # a reviewer here said so
    SAID = 1  # an organisation says so
    SHARED = 2  # they share an identifier


@dataclass(frozen=True, slots=True, order=True)
class Link:
    """A reason to put two alerts together, in words."""

    strength: Strength
    pair: Pair
    why: str


def pair_of(one: RecordKey, other: RecordKey) -> Pair:
    """Two alerts in the order of their keys."""
    return (one, other) if one < other else (other, one)


def groups(links: Iterable[Link], apart: Collection[Pair]) -> list[frozenset[RecordKey]]:
    """The groups of two alerts or more; no pair that is kept apart is in one of them."""
    group_of: dict[RecordKey, frozenset[RecordKey]] = {}
    enemies: dict[RecordKey, set[RecordKey]] = {}
    for first, second in apart:
        enemies.setdefault(first, set()).add(second)
        enemies.setdefault(second, set()).add(first)
    for link in sorted(links):
        one, other = (group_of.get(rk, frozenset({rk})) for rk in link.pair)
        if one == other or any(enemies.get(rk, set()) & other for rk in one):
            continue
        both = one | other
        group_of |= dict.fromkeys(both, both)
    return sorted(set(group_of.values()), key=sorted)


def contradicts(joined: Collection[Pair], apart: Collection[Pair]) -> bool:
    """Whether alerts that were put together one by one bring two together that are kept apart."""
    links = [Link(Strength.JOINED, pair, "") for pair in joined]
    whole = groups(links, ())
    return any(one in group and other in group for one, other in apart for group in whole)
