"""Laws of passing on: over generated terms, hubs, peers and records, nothing goes too far."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from federation.hub import ONLY_AUTHOR, Carrier, carrier, names_onward
from federation.onward import is_within_terms
from federation.policy import Policy
from federation.release import Consent, PeerView, RecordView, Restrictions, release
from federation.terms import onward_names
from protocol.codec import Value
from protocol.entry import Status
from protocol.field_shapes import is_terms
from tests.property.test_policy_laws import (
    LEAVES,
    TODAY,
    peers,
    policies,
    records,
    regions,
    with_switch,
)

ALWAYS = {"kind", "terms"}
hubs = st.tuples(policies(), st.sampled_from(["on", "on", "on", "off"])).map(
    lambda drawn: with_switch(drawn[0], "onward", drawn[1])
)
names = st.lists(st.sampled_from(LEAVES), max_size=30, unique=True)
terms = st.builds(
    lambda onward, listed: ["members", True, True, False, onward, listed],
    st.sampled_from([True, True, True, False]),
    names,
) | st.sampled_from([[], ["staff"], [True] * 6, None])


def with_terms(record: RecordView, said: Value | None) -> RecordView:
    """The record with these terms; None: it came without any."""
    values = {name: each for name, each in record.names_values.items() if name != "terms"}
    if said is not None:
        values["terms"] = said
    return RecordView(values, record.day, record.published_day)


held = st.builds(with_terms, records(), terms)


@given(hubs, regions, regions, peers(), held)
@settings(max_examples=400)
def test_no_more_goes_on_than_the_terms_name_the_hub_holds_and_its_own_gate_lets_out(
    hub: Policy, here: str, home: str, peer: PeerView, record: RecordView
) -> None:
    going = carrier(hub, here, home, peer).live(record, TODAY)
    said = record.names_values.get("terms")
    gate = release(record, hub, here, peer, Consent(peers=True), Restrictions(), TODAY).names
    assert going <= record.names
    assert going <= gate
    assert going <= onward_names(said) | ALWAYS
    assert going.isdisjoint(ONLY_AUTHOR)
    if going:
        assert going >= ALWAYS
        assert hub.onward == "on"
        assert isinstance(said, list)
        assert said[4] is True
        assert peer.accepts is not None
        assert home[:2] == peer.accepts.region[:2] != ""


@given(hubs, regions, regions, peers(), held)
@settings(max_examples=300)
def test_what_an_honest_hub_passes_on_its_receiver_takes_as_within_the_terms(
    hub: Policy, here: str, home: str, peer: PeerView, record: RecordView
) -> None:
    way = carrier(hub, here, home, peer)
    for going, status in (
        (way.live(record, TODAY), Status.LIVE),
        (way.withdrawal(record), Status.WITHDRAWN),
    ):
        values = {name: record.names_values[name] for name in going}
        assert not values or is_within_terms(values, status)


@given(hubs, hubs, regions, regions, peers(), held, names)
@settings(max_examples=300)
def test_fewer_named_fields_fewer_held_ones_or_onward_off_never_let_more_go(
    hub: Policy,
    other: Policy,
    here: str,
    home: str,
    peer: PeerView,
    record: RecordView,
    lost: list[str],
) -> None:
    way = carrier(hub, here, home, peer)
    going = way.live(record, TODAY)
    said = record.names_values.get("terms")
    if isinstance(said, list) and is_terms(said):
        fewer: list[Value] = [name for name in said[5] if name not in lost]  # type: ignore[union-attr]
        assert way.live(with_terms(record, [*said[:5], fewer]), TODAY) <= going
        assert not way.live(with_terms(record, [*said[:4], False, said[5]]), TODAY)
    left = {n: each for n, each in record.names_values.items() if n not in set(lost) - {"codes"}}
    assert way.live(RecordView(left, record.day, record.published_day), TODAY) <= going
    shut = carrier(with_switch(hub, "onward", "off"), here, home, peer)
    assert not shut.live(record, TODAY)
    assert other.onward == "on" or not carrier(other, here, home, peer).live(record, TODAY)


@given(hubs, regions, regions, peers(), held)
@settings(max_examples=200)
def test_every_leaf_that_stays_has_a_rule_and_none_that_goes(
    hub: Policy, here: str, home: str, peer: PeerView, record: RecordView
) -> None:
    way: Carrier = carrier(hub, here, home, peer)
    going = way.live(record, TODAY)
    rules = way.rules(record, TODAY)
    assert rules.keys() == record.names - going
    assert all(rules.values())


@given(hubs, st.sets(st.sampled_from(LEAVES)), st.sampled_from(list(Status)))
def test_whatever_discloses_a_leaf_that_is_not_named_is_not_within_the_terms(
    policy: Policy, leaves: set[str], status: Status
) -> None:
    named = names_onward(policy)
    said: list[Value] = ["staff", False, False, False, policy.onward == "on", [*named]]
    assert is_terms(said)
    values: dict[str, Value] = dict.fromkeys(leaves, "x")
    values |= {"kind": "alert", "terms": said}
    allowed = leaves <= {*named, *ALWAYS}
    if status is Status.ERASED:
        assert not is_within_terms(values, status)
        assert is_within_terms({}, status)
    elif status is Status.LIVE:
        assert is_within_terms(values, status) is (allowed and policy.onward == "on")
        assert not is_within_terms({"kind": "alert"}, status)
        assert not is_within_terms(values | {"kind": "voice"}, status)
    else:
        assert is_within_terms(values, status) is allowed


@given(policies())
def test_a_policy_names_no_field_that_it_would_not_release_to_the_widest_peer(
    policy: Policy,
) -> None:
    assert names_onward(with_switch(policy, "onward", "off")) == []
    on = with_switch(policy, "onward", "on")
    assert names_onward(on) == sorted(set(names_onward(on)))
    assert set(names_onward(on)).isdisjoint(ONLY_AUTHOR | ALWAYS)
    for kind in ("phone", "email", "plate"):
        named = f"{kind}.masked" in names_onward(on)
        assert named is (getattr(on.identifiers, kind) in {"masked", "clear"})
        assert (kind in names_onward(on)) is (getattr(on.identifiers, kind) == "clear")
