"""Who gets what: the strictest of the origin's policy, the receiver's and the reporter's consent.

This is the one place where a field is let out; preview, export, ledger and desk all ask here.
Invariants: making any input stricter never adds a name; an empty audience is nobody; a field that
does not go has at least one row in the trace, and a field that goes has none.
Place on the spine: between the signed record and each peer's ledger.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Literal, TypedDict

from federation.decision import (
    ALWAYS,
    HOLD,
    NARROWED,
    ONLY_TOKENS,
    SUSPENDED,
    TOKENS,
    Gravity,
    Table,
    Withheld,
    accepting_side,
    gravity_of,
    kept_rules,
    side_of,
    table_for,
    with_stronger,
)
from federation.policy import Policy
from federation.regions import covers, crosses_border
from keys.card import Accepts
from protocol.codec import Value
from protocol.ids import Day, OrgId, text_id

_NONE: Final[frozenset[str]] = frozenset()


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record as the release decision sees it: all its leaves, and which a moderator approved.

    `day` is the day it was signed for, `published_day` the day the desk first published it.
    """

    names_values: Mapping[str, Value] = field(repr=False)
    day: Day
    published_day: Day
    approved: frozenset[str] = _NONE
    names: frozenset[str] = field(init=False, repr=False, compare=False)
    gravity: Gravity = field(init=False, repr=False, compare=False)

    @property
    def is_hold(self) -> bool:
        """Whether it is a hold, of which nothing but tokens ever goes."""
        return self.names_values.get("kind") == HOLD

    def __post_init__(self) -> None:
        """Work out once what every peer's gate asks for."""
        object.__setattr__(self, "names", frozenset(self.names_values))
        object.__setattr__(self, "gravity", gravity_of(self.names_values))


@dataclass(frozen=True, slots=True)
class Consent:
    """What the reporter agreed to; each is off until she ticks it."""

    members: bool = False
    peers: bool = False
    print: bool = False
    statistics: bool = False
    contact: bool = False
    police_anonymised: bool = False
    police_supported: bool = False


@dataclass(frozen=True, slots=True)
class Restrictions:
    """How this one record was narrowed.

    `peers` are the only ones that may have it (None: no restriction, empty: nobody); `withhold`
    names leaves to keep from one peer, or from all under "*". A leaf takes the stronger ones of its
    family with it, and `kind` or `terms` the whole record. `suspended`: a listed person
    objects, and nobody gets the record until that is decided.
    """

    peers: frozenset[OrgId] | None = None
    withhold: Mapping[OrgId | Literal["*"], frozenset[str]] = field(default_factory=dict)
    suspended: bool = False

    def hidden_from(self, org: OrgId) -> frozenset[str]:
        """Return the leaves that are kept from this peer."""
        if not self.withhold:
            return _NONE
        return with_stronger(self.withhold.get("*", _NONE) | self.withhold.get(org, _NONE))


@dataclass(frozen=True, slots=True)
class PeerView:
    """A peer as the release decision sees it; `accepts` comes from its card."""

    org: OrgId
    trusted: bool
    accepts: Accepts | None


@dataclass(frozen=True, slots=True)
class Release:
    """The leaves that go (none: nothing goes) and, if asked for, why the others do not."""

    names: frozenset[str]
    trace: tuple[Withheld, ...] = ()


NOTHING: Final = Release(_NONE)


class Joinable(TypedDict):
    """The fields of a record that a peer could learn from another one."""

    peer: OrgId
    fields: list[str]


@dataclass(frozen=True, slots=True)
class Gate:
    """What lies between this organisation and one peer, computed once for all records."""

    org: OrgId
    closed: tuple[str, ...]
    delay: int
    suspends: bool
    kept: tuple[tuple[str, ...], ...]
    table: Table = field(repr=False)

    def release(
        self, record: RecordView, consent: Consent, restrictions: Restrictions, today: Day
    ) -> Release:
        """Decide which leaves of a record go to the peer; the trace stays empty (see `trace`)."""
        hidden = restrictions.hidden_from(self.org)
        for _ in self._record_rules(record, consent, restrictions, today, hidden):
            return NOTHING
        passing = self.table.passing(record.names, record.approved, hidden)
        if record.is_hold:
            return Release(only_tokens(passing)) if passing & TOKENS else NOTHING
        return Release(passing)

    def trace(
        self, record: RecordView, consent: Consent, restrictions: Restrictions, today: Day
    ) -> tuple[Withheld, ...]:
        """Name for each leaf that does not go every rule that stands in its way, sorted by leaf."""
        hidden = restrictions.hidden_from(self.org)
        whole = tuple(self._record_rules(record, consent, restrictions, today, hidden))
        passing = self.table.passing(record.names, record.approved, hidden)
        going = record.names
        if record.is_hold:
            going = only_tokens(record.names) if passing & TOKENS else record.names & TOKENS
        return tuple(
            Withheld(leaf, rule)
            for leaf in sorted(record.names)
            for rule in dict.fromkeys(
                (
                    *whole,
                    *self.table.rules(leaf, record.approved, hidden, passing),
                    *(() if leaf in going else (ONLY_TOKENS,)),
                )
            )
        )

    def withdrawal(self, record: RecordView, restrictions: Restrictions) -> frozenset[str]:
        """Return the leaves of a withdrawal: it always goes, its reason where texts may go."""
        hidden = restrictions.hidden_from(self.org)
        passing = self.table.passing(record.names, record.approved, hidden)
        reason = _NONE if record.is_hold else passing & {"reason"}
        return (record.names & ALWAYS) | reason

    def _record_rules(
        self,
        record: RecordView,
        consent: Consent,
        restrictions: Restrictions,
        today: Day,
        hidden: frozenset[str],
    ) -> Iterator[str]:
        """Name the rules that keep the whole record back."""
        yield from self.closed
        if not consent.peers:
            yield "consent.peers=no"
        left_out = restrictions.peers is not None and self.org not in restrictions.peers
        if left_out or not hidden.isdisjoint(ALWAYS):
            yield NARROWED
        if restrictions.suspended and self.suspends:
            yield SUSPENDED
        if record.published_day + self.delay > today:
            yield f"origin.publish_delay={self.delay}"
        yield from self.kept[record.gravity.severity]
        yield from self.table.categories[record.gravity.category]


def gate(policy: Policy, own_region: str, peer: PeerView) -> Gate:
    """Work out once what this policy lets out to a peer, for use with any number of records."""
    closed = () if peer.trusted else ("origin.peer=untrusted",)
    return Gate(
        org=peer.org,
        closed=(
            *closed,
            *audience("origin.export_to", policy.export_to, peer.org),
            *_border(policy, own_region, peer.accepts.region if peer.accepts else ""),
        ),
        delay=policy.publish_delay,
        suspends=policy.dispute.suspend,
        kept=kept_rules("origin", policy),
        table=table_for(side_of("origin", policy), accepting_side(peer.accepts)),
    )


def release(
    record: RecordView,
    policy: Policy,
    own_region: str,
    peer: PeerView,
    consent: Consent,
    restrictions: Restrictions,
    today: Day,
) -> Release:
    """Decide what of one record goes to one peer, with the rule behind every field withheld.

    An empty `names` means that nothing goes, not even that the record exists.
    """
    way = gate(policy, own_region, peer)
    return Release(
        way.release(record, consent, restrictions, today).names,
        way.trace(record, consent, restrictions, today),
    )


def only_tokens(names: frozenset[str]) -> frozenset[str]:
    """Return what of these a hold may disclose, whatever the policies allow."""
    return names & (TOKENS | ALWAYS)


def audience(switch: str, value: str | Sequence[str], org: OrgId) -> tuple[str, ...]:
    """Name the rule that keeps an organisation out of an audience, if one does."""
    if isinstance(value, str):
        return () if value == "trusted" else (f"{switch}={value}",)
    return () if text_id(org) in value else (f"{switch}=listed",)


def _border(policy: Policy, own_region: str, their_region: str) -> tuple[str, ...]:
    """Name the rule that keeps our records on our side of a border, if they would cross one."""
    if policy.cross_border == "allow" or not crosses_border(own_region, their_region):
        return ()
    if policy.cross_border == "listed" and covers(policy.cross_border_regions, their_region):
        return ()
    return (f"origin.cross_border={policy.cross_border}",)


def joinable(this: Release, others: Mapping[OrgId, Release]) -> list[Joinable]:
    """List what other peers are granted of a record and this one is not.

    Peers that put their copies together hold the union, so a preview must show it.
    """
    return [
        {"peer": org, "fields": sorted(more)}
        for org, other in sorted(others.items())
        if (more := other.names - this.names)
    ]
