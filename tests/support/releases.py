"""Builders for tests of release: a widest policy, a peer that accepts all, records by leaf."""

from typing import Any

from federation.policy import ACCEPTED, IDENTIFIERS, LEVELS, Policy
from federation.release import Consent, PeerView, RecordView, Release, Restrictions, release
from keys.card import Accepts
from protocol.codec import Value
from protocol.ids import Day, OrgId

US, THEM, OTHER = OrgId(b"u" * 32), OrgId(b"t" * 32), OrgId(b"o" * 32)
TODAY = Day(20_000)
YES = Consent(peers=True)
FREE = Restrictions()
KEPT = {"4": 1095, "3": 1095, "2": 365, "1": 90}
WIDEST: dict[str, Any] = {
    **{switch: LEVELS[switch][-1] for switch in ACCEPTED if "." not in switch},
    "identifiers": dict.fromkeys(IDENTIFIERS, "clear"),
    "retention_days": KEPT,
    "notice_days": 3,
    "publish_delay": 0,
    "export_to": "trusted",
    "import_from": "trusted",
    "cross_border": "allow",
}
ALL_LEVELS = Accepts("US", "decriminalised", tuple((s, LEVELS[s][-1]) for s in sorted(ACCEPTED)))


def policy_with(**changes: Any) -> Policy:
    return Policy.model_validate(WIDEST | changes)


def record(
    *leaves: str, approved: tuple[str, ...] = (), published: int = TODAY, **values: Value
) -> RecordView:
    all_values: dict[str, Value] = {
        "kind": "alert",
        "terms": ["staff", False, False, False, False, []],
        "codes": ["robbery"],
        "severity": 3,
        **dict.fromkeys(leaves, "x"),
        **values,
    }
    return RecordView(all_values, TODAY, Day(published), frozenset(approved))


def peer(accepts: Accepts | None = ALL_LEVELS, *, trusted: bool = True) -> PeerView:
    return PeerView(THEM, trusted, accepts)


def accepting(**levels: str) -> PeerView:
    """A peer that accepts everything but for some switches, dots written as two underscores."""
    changed = {name.replace("__", "."): level for name, level in levels.items()}
    pairs = tuple((s, changed.get(s, level)) for s, level in ALL_LEVELS.levels)
    return peer(Accepts("US", "decriminalised", pairs))


def ask(
    view: RecordView,
    policy: Policy | None = None,
    to: PeerView | None = None,
    consent: Consent = YES,
    restrictions: Restrictions = FREE,
) -> Release:
    return release(view, policy or policy_with(), "US", to or peer(), consent, restrictions, TODAY)


def rules(answer: Release) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in answer.trace:
        found.setdefault(row.field, set()).add(row.rule)
    return found


def every_rule(answer: Release) -> set[str]:
    return {row.rule for row in answer.trace}
