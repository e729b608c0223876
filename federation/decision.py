"""The one decision table: which level of which switch each field needs.

`federation.release` reads it for the origin and for what the receiver accepts, `federation.admit`
for the receiver on arrival. Both sides use the same rows, so what one lets out and what the other
takes in cannot drift apart.
Invariants: every leaf name of `protocol.fields` has a row, and a name without one is withheld; a
leaf's need is never below the need of a weaker leaf of its family.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from federation.policy import ACCEPTED, IDENTIFIERS, LEVELS, Policy, value_of
from federation.voices import VOICE
from keys.card import Accepts
from protocol.codec import Value
from protocol.fields import FIELDS
from protocol.vocabulary import CODES


@dataclass(frozen=True, slots=True)
class Need:
    """The switch that governs a leaf and the level it must have.

    `if_met` is the level that is enough when the leaf's condition holds: a moderator approved it
    (name, photo), or another description of the person goes with it (race).
    """

    switch: str
    level: str
    if_met: str = ""


@dataclass(frozen=True, slots=True)
class Withheld:
    """One field that does not go, and one rule that stands in its way."""

    field: str
    rule: str


ALWAYS: Final = frozenset({"kind", "terms"})
"""Leaves that go with every record that goes at all."""

TOKENS: Final = frozenset(f"{kind}.token" for kind in IDENTIFIERS)
"""Leaves that only their origin can answer for."""

HOLD: Final = "hold"
"""The kind of record that says nothing but which tokens its origin waits on."""

ONLY_TOKENS: Final = "origin.hold=tokens"

RACE: Final = "person.race"
DESCRIPTORS: Final = frozenset(
    f"person.{name}"
    for name in ("age", "height", "build", "hair", "marks", "accent", "words", "clothing")
)
"""Descriptions of a person other than by race."""

NARROWED: Final = "consent.audience=narrowed"
SUSPENDED: Final = "origin.dispute.suspend=true"
UNKNOWN: Final = ("origin.field=unknown",)

_FREE: Final = (
    *ALWAYS,
    *("codes", "severity", "role", "basis", "location_type"),
    *DESCRIPTORS,
    *("vehicle.make", "vehicle.model", "vehicle.colour"),
    "ref",
)


def _identifier_needs(kind: str) -> dict[str, Need]:
    switch = f"identifiers.{kind}"
    return {
        f"{kind}.token": Need(switch, "match"),
        f"{kind}.masked": Need(switch, "masked"),
        kind: Need(switch, "clear"),
    }


NEEDS: Final[Mapping[str, Need | None]] = {
    **dict.fromkeys(_FREE, None),
    "place.region": Need("place_precision", "region"),
    "place.city": Need("place_precision", "city"),
    "place.district": Need("place_precision", "district"),
    "date.month": Need("date_precision", "month"),
    "date.week": Need("date_precision", "week"),
    "date.day": Need("date_precision", "day"),
    "date.slot": Need("date_precision", "day"),
    **{leaf: need for kind in IDENTIFIERS for leaf, need in _identifier_needs(kind).items()},
    "plate.part": Need("identifiers.plate", "masked"),
    "name": Need("name", "allow", if_met="moderator"),
    "photo": Need("photo", "allow", if_met="moderator"),
    RACE: Need("race_descriptor", "allow", if_met="secondary"),
    "text": Need("text", "edited"),
    "advice": Need("text", "edited"),
    "reason": Need("text", "edited"),
}
"""Every leaf: what it needs, or None where no switch governs it."""

_STRONGER: Final[Mapping[str, frozenset[str]]] = {
    leaf: frozenset(
        name
        for name, other in FIELDS.items()
        if other.family == spec.family and other.rank > spec.rank
    )
    for leaf, spec in FIELDS.items()
}


def with_stronger(leaves: Iterable[str]) -> frozenset[str]:
    """Return these leaves and all that tell more of the same: no district without its city."""
    closed = frozenset(leaves)
    return closed.union(*(_STRONGER.get(leaf, frozenset()) for leaf in closed))


@dataclass(frozen=True, slots=True)
class Side:
    """The levels of one side ("origin" or "receiver") of an exchange, as positions in LEVELS."""

    label: str
    levels: Mapping[str, int]

    def rules(self, switch: str, needed: int) -> tuple[str, ...]:
        """Name the rule of this switch, if its level is lower than needed."""
        level = self.levels[switch]
        if level >= needed:
            return ()
        return (f"{self.label}.{switch}={LEVELS[switch][level]}",)


def side_of(label: str, policy: Policy) -> Side:
    """Return the side of an organisation whose policy is known."""
    return Side(label, {s: LEVELS[s].index(value_of(policy, s)) for s in ACCEPTED})


def accepting_side(accepts: Accepts | None) -> Side:
    """Return the receiver's side from its card; what it does not say is taken at its strictest."""
    said: dict[str, int] = {}
    for switch, level in accepts.levels if accepts else ():
        if switch in ACCEPTED:
            order = LEVELS[switch]
            position = order.index(level) if level in order else 0
            said[switch] = min(position, said.get(switch, position))
    return Side("receiver", {switch: said.get(switch, 0) for switch in ACCEPTED})


@dataclass(frozen=True, slots=True)
class Table:
    """The rules that stand before each leaf for given sides, computed once for many records."""

    unmet: Mapping[str, tuple[str, ...]]
    met: Mapping[str, tuple[str, ...]]
    categories: tuple[tuple[str, ...], ...]
    open_unmet: frozenset[str]
    open_met: frozenset[str]

    def passing(
        self, names: frozenset[str], approved: frozenset[str], hidden: frozenset[str]
    ) -> frozenset[str]:
        """Return the leaves before which no rule stands.

        `approved` are leaves a moderator allowed, `hidden` those that the record's own narrowing
        keeps back (closed by `with_stronger`).
        """
        passing = (names & self.open_unmet) - hidden
        if approved:
            passing |= (names & approved & self.open_met) - hidden - {RACE}
        if (
            RACE in names
            and RACE in self.open_met
            and RACE not in hidden
            and not passing.isdisjoint(DESCRIPTORS)
        ):
            passing |= {RACE}
        return passing

    def rules(
        self,
        leaf: str,
        approved: frozenset[str],
        hidden: frozenset[str],
        passing: frozenset[str],
    ) -> tuple[str, ...]:
        """Name every rule that stands before a leaf; empty exactly if it is in `passing`."""
        condition = not passing.isdisjoint(DESCRIPTORS) if leaf == RACE else leaf in approved
        rules = (self.met if condition else self.unmet).get(leaf, UNKNOWN)
        return (*rules, NARROWED) if leaf in hidden else rules


def table_for(*sides: Side) -> Table:
    """Work out the table for the sides of an exchange: a leaf passes only if each lets it."""
    unmet: dict[str, tuple[str, ...]] = {}
    met: dict[str, tuple[str, ...]] = {}
    for leaf, need in NEEDS.items():
        if need is None:
            unmet[leaf] = met[leaf] = ()
            continue
        order = LEVELS[need.switch]
        full = order.index(need.level)
        enough = order.index(need.if_met) if need.if_met else full
        unmet[leaf] = tuple(rule for side in sides for rule in side.rules(need.switch, full))
        met[leaf] = tuple(rule for side in sides for rule in side.rules(need.switch, enough))
    categories = tuple(
        tuple(rule for side in sides for rule in side.rules("categories", needed))
        for needed in range(len(LEVELS["categories"]))
    )
    return Table(
        unmet,
        met,
        categories,
        frozenset(leaf for leaf, rules in unmet.items() if not rules),
        frozenset(leaf for leaf, rules in met.items() if not rules),
    )


@dataclass(frozen=True, slots=True)
class Gravity:
    """What gates on the whole record look at.

    `category` is the position in LEVELS["categories"] that lets it pass; `severity` is 0 (a notice)
    to 4, or -1 where the disclosed fields do not tell.
    """

    category: int
    severity: int


def gravity_of(values: Mapping[str, Value]) -> Gravity:
    """Judge a record by its codes; where they are missing, by the strictest reading."""
    listed = values.get("codes")
    codes = (
        [CODES[c] for c in listed if isinstance(c, str) and c in CODES]
        if isinstance(listed, list)
        else []
    )
    highest = max((code.severity for code in codes), default=-1)
    stated = values.get("severity")
    severity = max(highest, stated if isinstance(stated, int) and 0 <= stated <= 4 else -1)
    if values.get("kind") == VOICE and severity < 0:
        return Gravity(0, 0)  # of itself it accuses nobody: it is judged as a notice is
    accuses_nobody = values.get("kind") == "notice" and severity <= 0
    if accuses_nobody or any(code.crime for code in codes):
        return Gravity(0, severity)
    return Gravity(1 if highest >= 2 else 2, severity)


def kept_rules(label: str, policy: Policy) -> tuple[tuple[str, ...], ...]:
    """Return, by severity 0..4 and last for an unknown one, the rules of what is not kept."""
    by_severity = tuple(
        ()
        if policy.days_kept(severity)
        else (f"{label}.notice_days=0" if not severity else f"{label}.retention_days.{severity}=0",)
        for severity in range(5)
    )
    return (*by_severity, tuple(rule for rules in by_severity[1:] for rule in rules))


@dataclass(frozen=True, slots=True)
class Limit:
    """For how many days such records are kept, from the day on the entry; and the rule of that."""

    days: int
    rule: str


def limits_of(label: str, policy: Policy) -> tuple[Limit, ...]:
    """Return, by severity 0..4 and last for an unknown one, how long records are kept."""
    limits = tuple(
        Limit(days, f"{label}.{f'retention_days.{severity}' if severity else 'notice_days'}={days}")
        for severity in range(5)
        for days in (policy.days_kept(severity),)
    )
    return (*limits, min(limits[1:], key=lambda limit: limit.days))
