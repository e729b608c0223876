"""Our release against a second reading of the product document, over policies of every switch."""

from dataclasses import asdict, fields
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from federation.policy import (
    ACCEPTED,
    IDENTIFIERS,
    LEVELS,
    Policy,
    accepts_of,
    dump,
    load_policy,
    strictest,
    value_of,
)
from federation.problems import switch_names
from federation.release import Consent, PeerView, RecordView, Restrictions, gate
from node.pipeline import terms_of
from protocol.codec import Value
from protocol.fields import FIELDS
from protocol.ids import Day, OrgId, text_id
from protocol.vocabulary import CODES, severity_of
from tests.support import reading

ORGS = [OrgId(bytes([n]) * 32) for n in range(3)]
TODAY = Day(20_000)
REGIONS = ["", "US", "US-CA", "US-NY", "FR", "FR-IDF"]
LEAVES = sorted({*FIELDS, "photo"} - {"ref"})  # ref is of voices, which have rules of their own
GATES = {
    *ACCEPTED, "publish_delay", "export_to", "cross_border", "cross_border_regions", "notice_days",
    "dispute.suspend", *(f"retention_days.{severity}" for severity in (1, 2, 3, 4)),
}  # fmt: skip
"""Every switch that may change what goes to a peer; all others must not."""

audience = st.sampled_from(["nobody", "trusted", "trusted"]) | st.lists(
    st.sampled_from([text_id(org) for org in ORGS]), max_size=2, unique=True
)
names = st.sampled_from(["", "Rosa Lind", "A"])
VALUES: dict[str, st.SearchStrategy[Any]] = {
    **{switch: st.sampled_from(levels) for switch, levels in LEVELS.items()},
    "publish_delay": st.sampled_from([0, 0, 0, 3, 30]),
    "mandatory_reporting": st.sampled_from(["", "We must report."]),
    "notice_days": st.sampled_from([0, 3, 90]),
    "export_to": audience,
    "import_from": audience,
    "cross_border_regions": st.lists(st.sampled_from(REGIONS[1:]), max_size=2, unique=True),
    "statistics_min_cell": st.integers(2, 20),
    **{f"retention_days.{n}": st.sampled_from([0, 1, 365, 1096]) for n in (1, 2, 3, 4)},
    "reporter_data.days": st.integers(0, 365),
    "police_share.approver": names,
    "dispute.days": st.integers(1, 90),
    "dispute.suspend": st.booleans(),
    "dispute.second_reviewer": st.booleans(),
    "moderation.reviewers": st.integers(1, 3),
    "moderation.urgent": st.booleans(),
    "moderation.urgent_hours": st.integers(1, 168),
    "optin.double": st.booleans(),
    "optin.stop_word": st.sampled_from(["STOP", "BASTA"]),
    "optin.neutral_sender": st.booleans(),
    "print.numbered": st.booleans(),
}


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Policies in every switch, each anything it may be; half of them mostly wide."""
    wide = draw(st.booleans())
    content: dict[str, Any] = {}
    for switch in switch_names():
        value = draw(VALUES[switch])
        if wide and switch in LEVELS and draw(st.integers(0, 3)):
            value = LEVELS[switch][-1]
        if wide and switch.startswith(("retention_days", "notice_days")):
            value = max(value, 1)
        if wide and switch == "export_to":
            value = "trusted"
        table, _, key = switch.rpartition(".")
        (content.setdefault(table, {}) if table else content)[key] = value
    import json

    return Policy.model_validate_json(json.dumps(content))


@st.composite
def cases(
    draw: st.DrawFn,
) -> tuple[reading.Case, Policy, PeerView, RecordView, Consent, Restrictions]:
    policy, theirs = draw(policies()), draw(policies())
    codes = draw(st.lists(st.sampled_from(sorted(CODES)), min_size=1, max_size=3, unique=True))
    of_notices = [code for code in codes if CODES[code].severity == 0]
    codes = of_notices or codes
    severity = severity_of(codes)
    if severity:
        severity = max(severity, draw(st.integers(1, 4)))
    leaves = frozenset(draw(st.sets(st.sampled_from(LEAVES)))) | {
        "kind",
        "terms",
        "codes",
        "severity",
    }
    values: dict[str, Value] = dict.fromkeys(leaves, "x")
    listed: list[Value] = [*codes]
    values |= {"codes": listed, "severity": severity, "kind": "alert" if severity else "notice"}
    approved = frozenset(draw(st.sets(st.sampled_from(["name", "photo", "text"]))))
    days = draw(st.sampled_from([0, 1, 3, 40]))
    org = draw(st.sampled_from(ORGS))
    region = draw(st.sampled_from(REGIONS))
    accepts = draw(st.sampled_from([None, "card", "card", "card"]))
    their_region = draw(st.sampled_from(REGIONS)) if accepts else ""
    trusted = draw(st.sampled_from([True, True, True, False]))
    peers = draw(st.sampled_from([True, True, True, False]))
    only = draw(st.none() | st.none() | st.frozensets(st.sampled_from(ORGS)))
    hidden = draw(st.frozensets(st.sampled_from(LEAVES), max_size=2))
    suspended = draw(st.sampled_from([False, False, True]))
    whom: Any = draw(st.sampled_from(["*", org]))
    case = reading.Case(
        names=leaves, codes=tuple(codes), severity=severity, approved=approved, days_since=days,
        policy=policy.model_dump(mode="json", by_alias=True), region=region,
        their_region=their_region,
        their_levels=None if accepts is None else {s: str(value_of(theirs, s)) for s in ACCEPTED},
        trusted=trusted, org=text_id(org), peers_agreed=peers,
        only=None if only is None else {text_id(each) for each in only}, hidden=hidden,
        suspended=suspended,
    )  # fmt: skip
    peer = PeerView(org, trusted, None if accepts is None else accepts_of(theirs, their_region))
    view = RecordView(values, TODAY, Day(TODAY - days), approved)
    restrictions = Restrictions(only, {whom: hidden} if hidden else {}, suspended)
    return case, policy, peer, view, Consent(peers=peers), restrictions


def test_the_second_reading_knows_every_code_and_its_severity() -> None:
    assert {name: code.severity for name, code in CODES.items()} == reading.SEVERITY
    assert {name for name, code in CODES.items() if not code.crime} == reading.NO_CRIME
    assert set(VALUES) == set(switch_names())


@settings(max_examples=200, deadline=None)
@given(cases())
def test_what_goes_is_what_the_document_says(
    made: tuple[reading.Case, Policy, PeerView, RecordView, Consent, Restrictions],
) -> None:
    case, policy, peer, view, consent, restrictions = made
    found = gate(policy, case.region, peer).release(view, consent, restrictions, TODAY).names
    assert found == reading.goes(case)


@settings(max_examples=80, deadline=None)
@given(cases())
def test_nothing_goes_that_one_of_the_three_alone_would_keep_back(
    made: tuple[reading.Case, Policy, PeerView, RecordView, Consent, Restrictions],
) -> None:
    case, policy, peer, view, consent, restrictions = made
    found = gate(policy, case.region, peer).release(view, consent, restrictions, TODAY).names
    for alone in (reading.by_origin, reading.by_receiver, reading.by_consent):
        assert found <= alone(case)


@settings(max_examples=80, deadline=None)
@given(cases(), st.data())
def test_only_a_gate_changes_what_goes(
    made: tuple[reading.Case, Policy, PeerView, RecordView, Consent, Restrictions],
    data: st.DataObject,
) -> None:
    """A switch about printing, reviewing or counting releases nothing, whatever it says."""
    case, policy, peer, view, consent, restrictions = made
    switch = data.draw(st.sampled_from(sorted(set(switch_names()) - GATES)))
    content = policy.model_dump(mode="json", by_alias=True)
    table, _, key = switch.rpartition(".")
    (content[table] if table else content)[key] = data.draw(VALUES[switch])
    import json

    other = Policy.model_validate_json(json.dumps(content))
    asked = (view, consent, restrictions, TODAY)
    before = gate(policy, case.region, peer).release(*asked).names
    assert gate(other, case.region, peer).release(*asked).names == before


@settings(max_examples=80, deadline=None)
@given(cases(), policies())
def test_a_suspension_or_a_stricter_policy_never_reveals_more(
    made: tuple[reading.Case, Policy, PeerView, RecordView, Consent, Restrictions], other: Policy
) -> None:
    case, policy, peer, view, consent, restrictions = made
    way = gate(policy, case.region, peer)
    before = way.release(view, consent, restrictions, TODAY).names
    suspended = Restrictions(restrictions.peers, restrictions.withhold, suspended=True)
    assert way.release(view, consent, suspended, TODAY).names <= before
    strict = gate(strictest(policy, other), case.region, peer)
    assert strict.release(view, consent, restrictions, TODAY).names <= before


consents = st.builds(Consent, **{each.name: st.booleans() for each in fields(Consent)})


@given(policies(), consents)
def test_the_terms_are_what_the_document_says(policy: Policy, consent: Consent) -> None:
    said = reading.terms(policy.model_dump(mode="json", by_alias=True), asdict(consent))
    assert terms_of(policy, consent)[:5] == said


@settings(max_examples=100, deadline=None)
@given(policies(), policies())
def test_the_strictest_of_two_is_stricter_than_each_in_every_switch(
    one: Policy, other: Policy
) -> None:
    both = strictest(one, other)
    assert strictest(other, one) == both
    assert strictest(Policy(), one).export_to == "nobody"
    for switch in switch_names():
        if switch in LEVELS:
            order = LEVELS[switch]
            least = min(order.index(value_of(one, switch)), order.index(value_of(other, switch)))
            assert order.index(value_of(both, switch)) == least


@settings(max_examples=60, deadline=None)
@given(policies())
def test_a_policy_is_read_back_as_it_was_written(policy: Policy) -> None:
    assert load_policy(dump(policy)) == policy
    assert {kind: getattr(policy.identifiers, kind) for kind in IDENTIFIERS}
