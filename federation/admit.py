"""What a receiver may hold of what a peer sent it, by its own policy.

Asked on arrival, and again for every held record when the receiver's policy changes. It reads the
same decision table as `federation.release`, from the other side.
Invariant: what an origin releases under a receiver's current card, the receiver admits, unless
`import_from` or a retention of 0 days, which no card carries, stands in the way. Where the origin
is does not matter here: taking a record across a border is an act of its origin.
Place on the spine: between a verified entry and the store.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from federation.decision import (
    HOLD,
    ONLY_TOKENS,
    Limit,
    Table,
    Withheld,
    gravity_of,
    kept_rules,
    limits_of,
    side_of,
    table_for,
)
from federation.policy import Policy
from federation.release import audience, only_tokens
from federation.voices import VOICE
from protocol.codec import Value
from protocol.ids import OrgId

_NONE: Final[frozenset[str]] = frozenset()
_ATTESTED: Final = frozenset({"name", "photo"})
_GRAVEST: Final = 4


@dataclass(frozen=True, slots=True)
class Admission:
    """The leaves that may be held (none: the record is refused) and the rules before the others."""

    names: frozenset[str]
    trace: tuple[Withheld, ...] = ()


@dataclass(frozen=True, slots=True)
class Door:
    """What lies between an origin and this organisation's store, computed once per origin."""

    closed: tuple[str, ...]
    kept: tuple[tuple[str, ...], ...]
    limits: tuple[Limit, ...]
    table: Table = field(repr=False)

    def admit(self, names_values: Mapping[str, Value], age: int = 0) -> Admission:
        """Decide which of the disclosed leaves may be held; the trace names every rule that stands.

        `age` is in days, from the day on the entry: what our policy keeps for fewer is not held,
        however long its origin does. A voice ends with what it speaks of.
        Under `name=moderator` and `photo=moderator` the origin's disclosure is the approval: its
        own desk gave it, and the origin knew from our card that it must.
        """
        gravity = gravity_of(names_values)
        names = frozenset(names_values)
        is_hold = names_values.get("kind") == HOLD
        # A hold says neither code nor severity: its origin has asked our card about both.
        weighed = (
            self.kept[_GRAVEST]
            if is_hold
            else (*self.kept[gravity.severity], *self.table.categories[gravity.category])
        )
        limit = self.limits[_GRAVEST if is_hold else gravity.severity]
        if age > limit.days > 0 and names_values.get("kind") != VOICE:
            weighed = (*weighed, limit.rule)
        whole = (*self.closed, *weighed)
        passing = self.table.passing(names, _ATTESTED, _NONE)
        if is_hold:
            passing = only_tokens(passing)
        if not whole and passing == names:
            return Admission(names)
        return Admission(
            _NONE if whole else passing,
            tuple(
                Withheld(leaf, rule)
                for leaf in sorted(names)
                for rule in (
                    *whole,
                    *self.table.rules(leaf, _ATTESTED, _NONE, passing),
                    *((ONLY_TOKENS,) if is_hold and leaf not in only_tokens(names) else ()),
                )
            ),
        )


def door(policy: Policy, origin: OrgId) -> Door:
    """Work out once what this policy lets in from an origin, for any number of records."""
    return Door(
        closed=audience("receiver.import_from", policy.import_from, origin),
        kept=kept_rules("receiver", policy),
        limits=limits_of("receiver", policy),
        table=_table(policy),
    )


@lru_cache(maxsize=8)
def _table(policy: Policy) -> Table:
    """Our side alone; each message that brings records asks for it, and policies seldom change."""
    return table_for(side_of("receiver", policy))


def admit(names_values: Mapping[str, Value], policy: Policy, origin: OrgId) -> Admission:
    """Decide what this organisation may hold of one record that an origin disclosed to it."""
    return door(policy, origin).admit(names_values)
