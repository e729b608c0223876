"""Laws of holds: nothing but tokens, whatever the policies, the restrictions and the record say."""

from hypothesis import given
from hypothesis import strategies as st

from federation.admit import admit
from federation.decision import ALWAYS, TOKENS
from federation.policy import Policy
from federation.release import Consent, PeerView, RecordView, Restrictions, release
from protocol.codec import Value
from protocol.ids import OrgId
from tests.property.test_policy_laws import (
    LEAVES,
    TODAY,
    consents,
    peers,
    policies,
    records,
    regions,
    restrictions,
)


def held(record: RecordView) -> RecordView:
    values = {**record.names_values, "kind": "hold"}
    return RecordView(values, record.day, record.published_day, record.approved)


@given(records().map(held), policies(), regions, peers(), consents, restrictions)
def test_a_hold_discloses_nothing_but_tokens_and_nothing_without_one(
    record: RecordView,
    policy: Policy,
    region: str,
    peer: PeerView,
    consent: Consent,
    narrowed: Restrictions,
) -> None:
    answer = release(record, policy, region, peer, consent, narrowed, TODAY)
    assert answer.names <= TOKENS | ALWAYS
    assert not answer.names or answer.names & TOKENS
    assert {row.field for row in answer.trace} == record.names - answer.names


@given(records(), policies(), regions, peers(), consents, restrictions)
def test_a_hold_never_lets_out_what_the_alert_itself_would_not(
    record: RecordView,
    policy: Policy,
    region: str,
    peer: PeerView,
    consent: Consent,
    narrowed: Restrictions,
) -> None:
    of_hold = release(held(record), policy, region, peer, consent, narrowed, TODAY)
    of_alert = release(record, policy, region, peer, consent, narrowed, TODAY)
    if record.gravity == held(record).gravity:
        assert of_hold.names <= of_alert.names


@given(st.sets(st.sampled_from(LEAVES)), policies())
def test_a_receiver_holds_nothing_of_a_hold_but_its_tokens(names: set[str], policy: Policy) -> None:
    values: dict[str, Value] = {**dict.fromkeys(names, "x"), "kind": "hold", "terms": []}
    answer = admit(values, policy, OrgId(bytes(32)))
    assert answer.names <= TOKENS | ALWAYS
    assert {row.field for row in answer.trace} == values.keys() - answer.names
