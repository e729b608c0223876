"""What holds of every set of voices: an organisation counts once, in whatever order they come."""

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from federation.admit import admit
from federation.policy import LEVELS, Policy
from federation.voices import CORROBORATE, DISPUTE, SAME_AS, Ref, Voice, confidence, parse_ref
from protocol.codec import Value
from protocol.fields import check_together, validate
from protocol.ids import Day, EntryId, OrgId, RecordKey

ORGS = [OrgId(bytes([n]) * 32) for n in range(1, 7)]
RKS = [RecordKey(bytes([n]) * 16) for n in range(1, 5)]
EIDS = [EntryId(bytes([n]) * 32) for n in range(1, 30)]

pairs = st.tuples(st.sampled_from(RKS), st.sampled_from(EIDS))
refs = st.builds(
    Ref, st.sampled_from([CORROBORATE, DISPUTE]), pairs.map(lambda pair: (pair,))
) | st.builds(
    Ref,
    st.just(SAME_AS),
    st.lists(pairs, min_size=2, max_size=2, unique_by=lambda pair: pair[0]).map(tuple),
)
voices = st.builds(
    Voice,
    org=st.sampled_from(ORGS),
    day=st.integers(20_000, 20_003).map(Day),
    eid=st.sampled_from(EIDS),
    ref=refs,
)
# No two voices have the same entry: its id is a hash of it.
many = st.lists(voices, max_size=25, unique_by=lambda voice: voice.eid)
heard = st.frozensets(st.sampled_from(ORGS))


@given(many.flatmap(lambda said: st.tuples(st.just(said), st.permutations(said))), heard)
def test_the_order_in_which_voices_come_changes_nothing(
    both: tuple[list[Voice], list[Voice]], counts: frozenset[OrgId]
) -> None:
    said, shuffled = both
    before = confidence(RKS[0], ORGS[0], said, counts)
    assert confidence(RKS[0], ORGS[0], shuffled, counts) == before
    assert confidence(RKS[0], ORGS[0], [*said, *said], counts) == before


@given(many, heard)
def test_an_organisation_counts_once_and_only_where_it_is_heard(
    said: list[Voice], counts: frozenset[OrgId]
) -> None:
    found = confidence(RKS[0], ORGS[0], said, counts)
    assert not found.corroborated & found.disputed
    counted = found.corroborated | found.disputed
    spoke = {
        voice.org
        for voice in said
        if RKS[0] in dict(voice.ref.subjects) and voice.ref.relation != SAME_AS
    }
    assert counted == (spoke & counts) - {ORGS[0]}


@given(many, heard, voices)
def test_another_voice_moves_no_one_but_its_own_organisation(
    said: Sequence[Voice], counts: frozenset[OrgId], more: Voice
) -> None:
    before = confidence(RKS[0], ORGS[0], said, counts)
    after = confidence(RKS[0], ORGS[0], [*said, more], counts)
    assert after.corroborated - {more.org} == before.corroborated - {more.org}
    assert after.disputed - {more.org} == before.disputed - {more.org}


@given(many, heard)
def test_the_last_word_of_an_organisation_is_its_word(
    said: list[Voice], counts: frozenset[OrgId]
) -> None:
    found = confidence(RKS[0], ORGS[0], said, counts)
    for org in found.corroborated | found.disputed:
        mine = [
            voice
            for voice in said
            if voice.org == org
            and RKS[0] in dict(voice.ref.subjects)
            and voice.ref.relation != SAME_AS
        ]
        last = max(mine, key=lambda voice: (voice.day, voice.eid))
        assert (org in found.disputed) == (last.ref.relation == DISPUTE)


@given(refs)
def test_a_ref_is_read_as_it_was_written_and_fits_a_voice(ref: Ref) -> None:
    value = ref.value()
    validate("ref", value)
    check_together({"kind": "voice", "ref": value})
    read = parse_ref(value)
    assert read is not None
    assert (read.relation, set(read.subjects)) == (ref.relation, set(ref.subjects))


@given(st.sampled_from(LEVELS["categories"]))
def test_a_voice_is_let_in_wherever_notices_are(categories: str) -> None:
    values: dict[str, Value] = {
        "kind": "voice",
        "terms": ["members", False, False, False, False, []],
        "ref": [DISPUTE, [[RKS[0], EIDS[0]]]],
    }
    policy = Policy.model_validate(
        {"categories": categories, "import_from": "trusted", "notice_days": 3}
    )
    assert admit(values, policy, ORGS[0]).names == set(values)
