"""A region's profile narrows what a member shares, switch by switch, and never widens it."""

import tomllib

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from federation.errors import PolicyError
from federation.policy import Policy, dump, strictest
from federation.profile import Profile, decode_profile, in_force, sign_profile, stored_profile
from federation.release import Consent, PeerView, RecordView, Restrictions, release
from protocol.codec import encode
from protocol.errors import ProtocolError
from protocol.ids import Day
from tests.property.test_policy_laws import TODAY, peers, policies, records, regions
from tests.support.key_material import made_up

NETWORK = made_up("Coast Network")
DAY = Day(20_500)


def profile_of(text: str, n: int = 1) -> Profile:
    return sign_profile(NETWORK.node_key, NETWORK.org, n, DAY, text)


@st.composite
def profiles(draw: st.DrawFn) -> Profile:
    """A profile that names some switches of a policy."""
    content = tomllib.loads(dump(draw(policies())))
    names = draw(st.sets(st.sampled_from(sorted(content)), min_size=1, max_size=6))
    return profile_of(tomlkit.dumps({name: content[name] for name in sorted(names)}))


@given(policies(), profiles(), records(), peers(), regions)
@settings(max_examples=200)
def test_with_a_profile_nothing_goes_that_would_not_go_without(
    own: Policy, profile: Profile, record: RecordView, peer: PeerView, here: str
) -> None:
    both = in_force(own, profile)
    ask = (here, peer, Consent(peers=True), Restrictions(), TODAY)
    assert release(record, both, *ask).names <= release(record, own, *ask).names


@given(policies(), profiles())
@settings(max_examples=100)
def test_what_a_profile_does_not_name_stays_as_it_is_and_what_it_names_is_the_strictest(
    own: Policy, profile: Profile
) -> None:
    both = in_force(own, profile).model_dump(by_alias=True)
    wanted = strictest(own, profile.policy).model_dump(by_alias=True)
    mine = own.model_dump(by_alias=True)
    named = {switch.partition(".")[0] for switch in profile.switches}
    for switch in set(mine) - named - {"cross_border_regions"}:
        assert both[switch] == mine[switch], switch
    for switch in named - {"cross_border_regions"}:
        assert both[switch] == wanted[switch], switch
    assert in_force(in_force(own, profile), profile) == in_force(own, profile)


def test_a_profile_is_proved_by_its_network_s_document() -> None:
    profile = profile_of('onward = "off"\nplace_precision = "city"\n', 7)
    again = decode_profile(profile.raw, profile.sig, NETWORK.doc(), DAY)
    assert (again.n, again.switches) == (7, ("onward", "place_precision"))
    assert stored_profile(encode([profile.raw, profile.sig])) == again
    with pytest.raises(ProtocolError):
        decode_profile(profile.raw, profile.sig, made_up("Harbour").doc(), DAY)
    with pytest.raises(ProtocolError):
        decode_profile(profile.raw, bytes(64), NETWORK.doc(), DAY)
    revoked = NETWORK.doc(ver=2, revoked=((NETWORK.node_key, DAY - 1),))
    with pytest.raises(ProtocolError):
        decode_profile(profile.raw, profile.sig, revoked, DAY)


@pytest.mark.parametrize("text", ["", "# nothing\n", 'onward = "maybe"\n', "x = 1\n", "y" * 17_000])
def test_what_is_no_policy_is_not_signed(text: str) -> None:
    with pytest.raises(PolicyError):
        profile_of(text)
