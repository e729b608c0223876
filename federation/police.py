"""What of one alert may go to police: where policy, reporter and a named person all agree.

Never automatic and never on the wire: a person asks for one alert, and writes it to a file. Police
never get more than a peer of the widest card would: the same decision table is asked. Without
anything that leads to the reporter means: no free text, no words that were heard, not how it is
known, no district, no day and no part of the day.
Invariants: without policy, or without consent, nothing goes; a stricter policy, consent or
restriction never adds a field.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final, Literal

from federation.decision import ALWAYS, NARROWED, SUSPENDED, side_of, table_for, with_stronger
from federation.policy import Policy
from federation.release import Consent, RecordView, Restrictions
from federation.terms import allows
from protocol.codec import Value

Mode = Literal["anonymised", "supported"]

LEADS_TO_HER: Final = frozenset(
    {
        *("text", "advice", "reason", "person.words", "basis"),
        *("place.district", "date.day", "date.slot"),
    }
)
"""Leaves that an anonymised export leaves out, whatever the policy lets peers have."""


@dataclass(frozen=True, slots=True)
class PoliceRelease:
    """The leaves that may go, and how; `rules` say why nothing goes where `mode` is None."""

    mode: Mode | None
    names: frozenset[str]
    rules: tuple[str, ...] = ()


def police_release(
    record: RecordView, policy: Policy, consent: Consent, restrictions: Restrictions
) -> PoliceRelease:
    """Decide what of an alert of ours may go to police."""
    rules = [*_policy_rules(policy)]
    mode = _mode(policy, consent)
    if not rules and mode is None:
        rules.append(f"consent.police_{policy.police_mode()}=no")
    hidden = with_stronger(restrictions.withhold.get("*", frozenset()))
    if restrictions.peers == frozenset() or not hidden.isdisjoint(ALWAYS):
        rules.append(NARROWED)
    if restrictions.suspended and policy.dispute.suspend:
        rules.append(SUSPENDED)
    if rules or mode is None:
        return PoliceRelease(None, frozenset(), tuple(rules))
    return PoliceRelease(mode, _leaves(record.names, record.approved, hidden, policy, mode))


def peers_police_release(
    names: Collection[str], terms: Value | None, policy: Policy
) -> PoliceRelease:
    """Decide the same of a peer's alert: only where its terms allow it, and never supported."""
    rules = [*_policy_rules(policy)]
    if not allows(terms, "police"):
        rules.append("origin.terms.police=no")
    if rules:
        return PoliceRelease(None, frozenset(), tuple(rules))
    known = frozenset(names)
    return PoliceRelease("anonymised", _leaves(known, known, frozenset(), policy, "anonymised"))


def approves(policy: Policy, typed: str) -> bool:
    """Whether what was typed is exactly the name of the person whom the policy names."""
    return bool(policy.police_share.approver.strip()) and typed == policy.police_share.approver


def _policy_rules(policy: Policy) -> tuple[str, ...]:
    if policy.police_mode() != "disabled":
        return ()
    if policy.police_share.mode != "disabled":
        return ("origin.police_share.approver=",)
    return ("origin.police_share.mode=disabled",)


def _mode(policy: Policy, consent: Consent) -> Mode | None:
    """The wider of what policy and reporter both allow; each scope is a yes of its own."""
    if policy.police_mode() == "supported" and consent.police_supported:
        return "supported"
    if policy.police_mode() in {"anonymised", "supported"} and consent.police_anonymised:
        return "anonymised"
    return None


def _leaves(
    names: frozenset[str],
    approved: frozenset[str],
    hidden: frozenset[str],
    policy: Policy,
    mode: Mode,
) -> frozenset[str]:
    table = table_for(side_of("origin", policy))
    left_out = {"terms", *(LEADS_TO_HER if mode == "anonymised" else ())}
    tokens = {name for name in names if name.endswith(".token")}
    return table.passing(names, approved, hidden) - left_out - tokens
