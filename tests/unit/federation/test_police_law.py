"""What goes to police never grows by a stricter policy, a narrower consent, a restriction."""

from dataclasses import fields, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from federation.police import LEADS_TO_HER, police_release
from federation.policy import Policy, strictest
from federation.release import Consent, Restrictions
from protocol.fields import FIELDS
from tests.support.releases import OTHER, THEM, policy_with, record

shares = st.fixed_dictionaries(
    {
        "mode": st.sampled_from(["disabled", "anonymised", "supported"]),
        "approver": st.sampled_from(["", "Rosa Lind"]),
    }
)
policies = st.builds(
    lambda share, phone, text: policy_with(
        police_share=share, text=text, identifiers={"phone": phone}
    ),
    shares,
    st.sampled_from(["withhold", "match", "masked", "clear"]),
    st.sampled_from(["codes_only", "edited"]),
)
consents = st.builds(Consent, **{each.name: st.booleans() for each in fields(Consent)})
leaves = st.frozensets(st.sampled_from(sorted(FIELDS)), max_size=6)
restrictions = st.builds(
    Restrictions,
    peers=st.none() | st.frozensets(st.sampled_from([THEM, OTHER])),
    withhold=leaves.map(lambda names: {"*": names}),
    suspended=st.booleans(),
)
VIEW = record(*LEADS_TO_HER, "phone", "phone.masked", "phone.token", "place.region", "place.city")


@settings(max_examples=150)
@given(policies, policies, consents, consents, restrictions, leaves)
def test_it_never_grows(
    policy: Policy, other: Policy, consent: Consent, less: Consent,
    limits: Restrictions, more: frozenset[str],
) -> None:  # fmt: skip
    before = police_release(VIEW, policy, consent, limits)
    strict = strictest(policy, other)
    assert police_release(VIEW, strict, consent, limits).names <= before.names
    narrower = Consent(
        **{e.name: getattr(consent, e.name) and getattr(less, e.name) for e in fields(Consent)}
    )
    assert police_release(VIEW, policy, narrower, limits).names <= before.names
    hidden = replace(limits, withhold={"*": limits.withhold["*"] | more})
    assert police_release(VIEW, policy, consent, hidden).names <= before.names
    assert not before.names & {"terms", "phone.token"}
    assert bool(before.rules) == (before.mode is None)
