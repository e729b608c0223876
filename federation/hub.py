"""What a hub may pass on: another organisation's record, one hop, no more than its author allows.

Four inputs decide, and the strictest wins: the author's `terms`, which name the fields; what the
hub itself holds; the hub's own gate towards the peer, which is `federation.release` as for its own
records; and the border of the author's country, because terms say nothing of borders. A receiver
holds what comes to the same terms (`federation.onward`), so a hub that passes on more is refused.
Invariants: making any input stricter never adds a name; `kind` and `terms` go with every record
that goes at all; tombstones and withdrawals go whatever the terms say.
Place on the spine: at the author between policy and signature (`names_onward`), and at the hub
between a mirror and each peer's ledger (`Carrier`).
"""

from dataclasses import dataclass, field
from typing import Final

from federation.decision import ALWAYS, side_of, table_for
from federation.onward import KINDS
from federation.policy import Policy
from federation.regions import crosses_border
from federation.release import Consent, Gate, PeerView, RecordView, Restrictions, gate
from federation.terms import allows, onward_names
from protocol.codec import Value
from protocol.fields import FIELDS
from protocol.ids import Day

_NONE: Final[frozenset[str]] = frozenset()
ONLY_AUTHOR: Final = frozenset(name for name in FIELDS if name.endswith(".token"))
"""Leaves that nobody but their author can answer for, and that so never go onward."""

OFF: Final = "origin.onward=off"
BORDER: Final = "origin.onward=border"
TERMS: Final = "terms.onward=no"
UNNAMED: Final = "terms.onward=unnamed"


def names_onward(policy: Policy) -> list[str]:
    """Name the leaves that hubs may pass on under a policy, sorted; none where `onward` is off.

    The same for every record of that policy: a list made for one record would tell which fields it
    has. What a moderator must approve is named, since what was not approved no hub holds.
    """
    if policy.onward != "on":
        return []
    table = table_for(side_of("origin", policy))
    return sorted((table.open_unmet | table.open_met) - ALWAYS - ONLY_AUTHOR)


def keeps_from_some(restrictions: Restrictions) -> bool:
    """Whether a record, or a field of it, is kept from single organisations.

    A hub would not know from whom, and a list of names for this record alone would tell its fields.
    """
    hidden = (names for org, names in restrictions.withhold.items() if org != "*")
    return restrictions.peers is not None or any(hidden)


def terms_are_due(restrictions: Restrictions, terms: "Value | None") -> bool:
    """Whether terms still let hubs pass on what is kept from some: it is to be signed first."""
    return keeps_from_some(restrictions) and allows(terms, "onward")


@dataclass(frozen=True, slots=True)
class Carrier:
    """What lies between a hub and one peer for the records of one author; see `carrier`."""

    closed: tuple[str, ...]
    gate: Gate = field(repr=False)

    def live(self, record: RecordView, today: Day) -> frozenset[str]:
        """The leaves of a live record that go; none: nothing does, not even that it exists.

        `record` is what the hub holds of it.
        """
        terms = record.names_values.get("terms")
        if self.closed or not allows(terms, "onward"):
            return _NONE
        if record.names_values.get("kind") not in KINDS:
            return _NONE
        allowed = (onward_names(terms) - ONLY_AUTHOR) | ALWAYS
        part = RecordView(
            {name: each for name, each in record.names_values.items() if name in allowed},
            record.day,
            record.published_day,
        )
        return self._through(record, today) & self._through(part, today)

    def _through(self, record: RecordView, today: Day) -> frozenset[str]:
        return self.gate.release(record, Consent(peers=True), Restrictions(), today).names

    def withdrawal(self, record: RecordView) -> frozenset[str]:
        """The leaves of a withdrawal: it always goes, its reason where both sides' texts may."""
        allowed = onward_names(record.names_values.get("terms")) | ALWAYS
        return self.gate.withdrawal(record, Restrictions()) & allowed

    def rules(self, record: RecordView, today: Day) -> dict[str, tuple[str, ...]]:
        """For each leaf held that does not go, every rule that stands in its way."""
        terms = record.names_values.get("terms")
        whole = self.closed + (() if allows(terms, "onward") else (TERMS,))
        named = onward_names(terms) | ALWAYS
        going = self.live(record, today)
        own = self.gate.trace(record, Consent(peers=True), Restrictions(), today)
        found: dict[str, tuple[str, ...]] = {}
        for leaf in sorted(record.names - going):
            unnamed = (UNNAMED,) if leaf not in named and not whole else ()
            rules = (*whole, *unnamed, *(each.rule for each in own if each.field == leaf))
            found[leaf] = rules or (UNNAMED,)
        return found


def carrier(policy: Policy, own_region: str, author_region: str, peer: PeerView) -> Carrier:
    """Work out once what a hub passes on to a peer of one author's records.

    `policy` and `own_region` are the hub's, `author_region` is on its author's card: terms say
    nothing of borders, so a hub carries nothing out of the author's country.
    """
    closed: list[str] = []
    if policy.onward != "on":
        closed.append(OFF)
    if crosses_border(author_region, peer.accepts.region if peer.accepts else ""):
        closed.append(BORDER)
    return Carrier(tuple(closed), gate(policy, own_region, peer))
