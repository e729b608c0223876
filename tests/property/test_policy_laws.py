"""Laws of release over generated policies, cards, consents, restrictions and records."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from federation.admit import admit, door
from federation.decision import NEEDS
from federation.explain import explain
from federation.policy import ACCEPTED, IDENTIFIERS, LEVELS, Policy, accepts_of, strictest
from federation.release import (
    Consent,
    PeerView,
    RecordView,
    Release,
    Restrictions,
    gate,
    joinable,
    release,
)
from keys.card import Accepts
from protocol.codec import Value
from protocol.fields import FIELDS
from protocol.ids import Day, OrgId, text_id
from protocol.vocabulary import CODES

ORGS = [OrgId(bytes([n]) * 32) for n in range(3)]
TODAY = Day(20_000)
REGIONS = ["", "US", "US-CA", "US-NY", "FR", "FR-IDF"]
LEAVES = sorted(NEEDS)


def level(switch: str) -> st.SearchStrategy[str]:
    return st.sampled_from(LEVELS[switch])


audiences = st.sampled_from(["nobody", "trusted"]) | st.lists(
    st.sampled_from([text_id(org) for org in ORGS]), max_size=2, unique=True
).map(tuple)
days = st.sampled_from([0, 1, 365, 1096])


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    """Policies in every switch that bears on release; mostly wide, so that single rules stand."""
    content: dict[str, Any] = {
        switch: draw(st.just(LEVELS[switch][-1]) | level(switch))
        for switch in (*ACCEPTED, "cross_border", "legal_model")
        if "." not in switch
    }
    content["identifiers"] = {
        kind: draw(st.just("clear") | level(f"identifiers.{kind}")) for kind in IDENTIFIERS
    }
    content["cross_border_regions"] = tuple(
        draw(st.lists(st.sampled_from(REGIONS[1:]), max_size=2, unique=True))
    )
    content["export_to"] = draw(st.just("trusted") | audiences)
    content["import_from"] = draw(st.just("trusted") | audiences)
    content["publish_delay"] = draw(st.sampled_from([0, 0, 0, 3, 30]))
    content["notice_days"] = draw(st.sampled_from([3, 3, 0]))
    content["retention_days"] = {key: draw(st.just(365) | days) for key in "4321"}
    return Policy.model_validate(content)


@st.composite
def records(draw: st.DrawFn) -> RecordView:
    values: dict[str, Value] = dict.fromkeys(draw(st.sets(st.sampled_from(LEAVES))), "x")
    values["kind"] = draw(st.sampled_from(["alert", "notice", "voice"]))
    values["terms"] = []
    codes: list[Value] = []
    codes.extend(draw(st.lists(st.sampled_from(sorted(CODES)), max_size=3, unique=True)))
    values["codes"] = codes
    values["severity"] = draw(st.integers(0, 4))
    approved = draw(st.sets(st.sampled_from(["name", "photo", "text"])))
    published = Day(TODAY - draw(st.sampled_from([40, 40, 3, 1, 0])))
    return RecordView(values, TODAY, published, frozenset(approved))


consents = st.builds(Consent, peers=st.sampled_from([True, True, False]))
leaf_sets = st.frozensets(st.sampled_from(LEAVES), max_size=3)
restrictions = st.builds(
    Restrictions,
    peers=st.none() | st.none() | st.frozensets(st.sampled_from(ORGS)),
    withhold=st.just({}) | st.dictionaries(st.sampled_from(["*", *ORGS]), leaf_sets, max_size=2),
)


@st.composite
def peers(draw: st.DrawFn) -> PeerView:
    accepts = accepts_of(draw(policies()), draw(st.sampled_from(REGIONS)))
    return PeerView(
        draw(st.sampled_from(ORGS)),
        trusted=draw(st.sampled_from([True, True, True, False])),
        accepts=draw(st.sampled_from([accepts, accepts, accepts, None])),
    )


regions = st.sampled_from(REGIONS)


def with_switch(policy: Policy, switch: str, value: Any) -> Policy:
    content = policy.model_dump(by_alias=True)
    table, _, key = switch.rpartition(".")
    (content[table] if table else content)[key] = value
    return Policy.model_validate(content)


def with_level(peer: PeerView, switch: str) -> PeerView:
    region, model, levels = (
        (peer.accepts.region, peer.accepts.legal_model, dict(peer.accepts.levels))
        if peer.accepts
        else ("", "", {})
    )
    levels[switch] = LEVELS[switch][-1]
    return PeerView(peer.org, peer.trusted, Accepts(region, model, tuple(levels.items())))


LOOSEST: dict[str, Any] = {"export_to": "trusted", "publish_delay": 0, "notice_days": 90}


def loosen(
    rule: str, policy: Policy, peer: PeerView, consent: Consent, narrowed: Restrictions
) -> tuple[Policy, PeerView, Consent, Restrictions]:
    """Change exactly what the rule names, to its loosest value."""
    if rule == "consent.peers=no":
        return policy, peer, Consent(peers=True), narrowed
    if rule == "consent.audience=narrowed":
        return policy, peer, consent, Restrictions()
    if rule == "origin.peer=untrusted":
        return policy, PeerView(peer.org, trusted=True, accepts=peer.accepts), consent, narrowed
    side, _, rest = rule.partition(".")
    switch = rest.partition("=")[0]
    if side == "receiver":
        return policy, with_level(peer, switch), consent, narrowed
    value = LOOSEST.get(switch, 1096 if switch not in LEVELS else LEVELS.get(switch, ("",))[-1])
    return with_switch(policy, switch, value), peer, consent, narrowed


def rules_of(answer: Release) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for row in answer.trace:
        found.setdefault(row.field, set()).add(row.rule)
    return found


@settings(max_examples=120, deadline=None)
@given(records(), policies(), regions, peers(), consents, restrictions)
def test_changing_the_one_rule_that_stands_releases_the_field(
    record: RecordView,
    policy: Policy,
    region: str,
    peer: PeerView,
    consent: Consent,
    narrowed: Restrictions,
) -> None:
    answer = release(record, policy, region, peer, consent, narrowed, TODAY)
    standing = rules_of(answer)
    for field, rules in standing.items():
        for rule in rules:
            p, q, c, r = loosen(rule, policy, peer, consent, narrowed)
            after = release(record, p, region, q, c, r, TODAY)
            left = rules_of(after).get(field, set())
            assert rule not in left, (field, rule)
            assert left <= rules - {rule}
            assert (field in after.names) == (rules == {rule})


@settings(max_examples=120, deadline=None)
@given(records(), policies(), regions, peers(), consents, restrictions)
def test_preview_and_export_agree(
    record: RecordView,
    policy: Policy,
    region: str,
    peer: PeerView,
    consent: Consent,
    narrowed: Restrictions,
) -> None:
    answer = release(record, policy, region, peer, consent, narrowed, TODAY)
    way = gate(policy, region, peer)
    assert way.release(record, consent, narrowed, TODAY).names == answer.names
    assert way.trace(record, consent, narrowed, TODAY) == answer.trace
    assert {row.field for row in answer.trace} == record.names - answer.names
    assert len(set(answer.trace)) == len(answer.trace)
    assert not answer.names or {"kind", "terms"} <= answer.names
    for row in answer.trace:
        assert explain(row.rule).why
        assert "Update this node" not in explain(row.rule).cure


@settings(max_examples=120, deadline=None)
@given(records(), policies(), policies(), policies(), regions, regions, consents, restrictions)
def test_a_stricter_policy_on_either_side_never_reveals_more(
    record: RecordView,
    policy: Policy,
    other: Policy,
    theirs: Policy,
    region: str,
    their_region: str,
    consent: Consent,
    narrowed: Restrictions,
) -> None:
    def names(ours: Policy, receiver: Policy) -> frozenset[str]:
        peer = PeerView(ORGS[0], trusted=True, accepts=accepts_of(receiver, their_region))
        return release(record, ours, region, peer, consent, narrowed, TODAY).names

    strict = strictest(policy, other)
    assert names(strict, theirs) <= names(policy, theirs) & names(other, theirs)
    strict = strictest(theirs, other)
    assert names(policy, strict) <= names(policy, theirs) & names(policy, other)
    assert strictest(other, theirs) == strictest(theirs, other)


@settings(max_examples=120, deadline=None)
@given(records(), policies(), regions, peers(), consents, restrictions, restrictions)
def test_adding_a_restriction_never_reveals_more(
    record: RecordView,
    policy: Policy,
    region: str,
    peer: PeerView,
    consent: Consent,
    narrowed: Restrictions,
    more: Restrictions,
) -> None:
    both = Restrictions(
        peers=narrowed.peers
        if more.peers is None
        else more.peers
        if narrowed.peers is None
        else narrowed.peers & more.peers,
        withhold={
            org: narrowed.withhold.get(org, frozenset()) | more.withhold.get(org, frozenset())
            for org in {*narrowed.withhold, *more.withhold}
        },
    )
    way = gate(policy, region, peer)
    before = way.release(record, consent, narrowed, TODAY).names
    assert way.release(record, consent, both, TODAY).names <= before
    assert before <= way.release(record, consent, Restrictions(), TODAY).names
    assert before <= way.release(record, Consent(peers=True), narrowed, TODAY).names
    unapproved = RecordView(record.names_values, record.day, record.published_day)
    assert way.release(unapproved, consent, narrowed, TODAY).names <= before
    assert way.release(record, consent, narrowed, Day(TODAY - 5)).names <= before


@given(records(), policies(), regions, peers(), consents)
def test_an_empty_audience_is_nobody(
    record: RecordView, policy: Policy, region: str, peer: PeerView, consent: Consent
) -> None:
    nobody = Restrictions(peers=frozenset())
    assert not release(record, policy, region, peer, consent, nobody, TODAY).names
    for empty in ("nobody", ()):
        closed = with_switch(policy, "export_to", empty)
        assert not release(record, closed, region, peer, consent, Restrictions(), TODAY).names
    untrusted = PeerView(peer.org, trusted=False, accepts=peer.accepts)
    assert not release(record, policy, region, untrusted, consent, Restrictions(), TODAY).names


@settings(max_examples=120, deadline=None)
@given(records(), policies(), regions, peers(), restrictions)
def test_what_goes_is_closed_towards_the_weaker(
    record: RecordView, policy: Policy, region: str, peer: PeerView, narrowed: Restrictions
) -> None:
    names = release(record, policy, region, peer, Consent(peers=True), narrowed, TODAY).names
    for name in names & FIELDS.keys():
        spec = FIELDS[name]
        weaker = {
            leaf
            for leaf, other in FIELDS.items()
            if other.family == spec.family and other.rank < spec.rank
        }
        assert weaker & record.names <= names


@settings(max_examples=120, deadline=None)
@given(records(), policies(), policies(), regions, regions)
def test_what_an_origin_releases_the_receiver_admits(
    record: RecordView, policy: Policy, theirs: Policy, region: str, their_region: str
) -> None:
    theirs = with_switch(theirs, "import_from", "trusted")
    theirs = with_switch(theirs, "retention_days", dict.fromkeys("4321", 365))
    theirs = with_switch(theirs, "notice_days", 3)
    peer = PeerView(ORGS[1], trusted=True, accepts=accepts_of(theirs, their_region))
    names = release(record, policy, region, peer, Consent(peers=True), Restrictions(), TODAY).names
    if names:
        sent = {name: record.names_values[name] for name in names}
        assert admit(sent, theirs, ORGS[0]).names == names


@settings(max_examples=120, deadline=None)
@given(records(), policies(), policies())
def test_a_receiver_holds_nothing_that_its_trace_drops(
    record: RecordView, theirs: Policy, other: Policy
) -> None:
    answer = admit(record.names_values, theirs, ORGS[0])
    assert {row.field for row in answer.trace} == record.names - answer.names
    strict = admit(record.names_values, strictest(theirs, other), ORGS[0])
    assert strict.names <= answer.names


@settings(max_examples=120, deadline=None)
@given(records(), policies(), policies(), st.integers(0, 1200), st.integers(0, 1200))
def test_an_older_record_and_a_shorter_time_never_let_more_in(
    record: RecordView, theirs: Policy, other: Policy, age: int, later: int
) -> None:
    way = door(theirs, ORGS[0])
    now, then = way.admit(record.names_values, age), way.admit(record.names_values, age + later)
    assert then.names <= now.names <= way.admit(record.names_values).names
    assert {row.field for row in then.trace} == record.names - then.names
    strict = door(strictest(theirs, other), ORGS[0])
    assert strict.admit(record.names_values, age).names <= now.names
    if age > 1096 and record.names_values.get("kind") != "voice":
        assert not now.names


@given(st.lists(st.tuples(st.sampled_from(ACCEPTED) | st.text(), st.text()), max_size=5))
def test_a_hostile_card_opens_nothing(levels: list[tuple[str, str]]) -> None:
    record = RecordView(dict.fromkeys(LEAVES, "x") | {"codes": ["robbery"]}, TODAY, TODAY)
    policy = Policy.model_validate(
        {switch: LEVELS[switch][-1] for switch in (*ACCEPTED, "cross_border") if "." not in switch}
        | {"identifiers": dict.fromkeys(IDENTIFIERS, "clear"), "export_to": "trusted"}
        | {"retention_days": dict.fromkeys("4321", 9), "publish_delay": 0, "notice_days": 1}
    )
    said = {(s, lv) for s, lv in levels if s in LEVELS and lv in LEVELS[s]}
    peer = PeerView(ORGS[0], trusted=True, accepts=Accepts("US", "", tuple(levels)))
    silent = PeerView(ORGS[0], trusted=True, accepts=None)
    ask = (Consent(peers=True), Restrictions(), TODAY)
    names = gate(policy, "US", peer).release(record, *ask).names
    assert names
    if not said:
        assert names == gate(policy, "US", silent).release(record, *ask).names


@given(st.lists(st.frozensets(st.sampled_from(LEAVES)), min_size=1, max_size=4))
def test_a_peer_and_what_it_can_join_make_the_union(granted: list[frozenset[str]]) -> None:
    this, *others = [Release(names) for names in granted]
    joined = joinable(this, dict(zip(ORGS, others, strict=False)))
    union = this.names.union(*(row["fields"] for row in joined))
    assert union == frozenset().union(*granted)
    assert all(row["fields"] and this.names.isdisjoint(row["fields"]) for row in joined)
