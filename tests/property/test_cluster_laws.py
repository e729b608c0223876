"""What holds of every set of links: groups do not depend on order, and keep apart what is apart."""

from hypothesis import given
from hypothesis import strategies as st

from node.clusters import Link, Strength, contradicts, groups, pair_of
from node.store.modes import TO_MEMBERS, Mode, PeerMode, ignores, mode_of
from protocol.ids import RecordKey

RKS = [RecordKey(bytes([n]) * 16) for n in range(8)]

pairs = st.lists(st.sampled_from(RKS), min_size=2, max_size=2, unique=True).map(
    lambda keys: pair_of(*keys)
)
links = st.builds(
    Link, st.sampled_from(Strength), pairs, st.sampled_from(["same phone", "same email", "said"])
)
many = st.lists(links, max_size=14)
apart = st.frozensets(pairs, max_size=5)


@given(many.flatmap(lambda found: st.tuples(st.just(found), st.permutations(found))), apart)
def test_the_order_of_links_changes_no_group(
    both: tuple[list[Link], list[Link]], kept: frozenset[tuple[RecordKey, RecordKey]]
) -> None:
    one, other = both
    assert groups(one, kept) == groups(other, kept)
    assert groups([*one, *one], kept) == groups(one, kept)


@given(many, apart)
def test_no_group_holds_two_that_are_kept_apart_and_no_alert_is_in_two_groups(
    found: list[Link], kept: frozenset[tuple[RecordKey, RecordKey]]
) -> None:
    made = groups(found, kept)
    for group in made:
        assert len(group) > 1
        assert not any(one in group and other in group for one, other in kept)
    assert len({rk for group in made for rk in group}) == sum(map(len, made))


@given(many)
def test_without_marks_every_link_is_inside_a_group(found: list[Link]) -> None:
    made = groups(found, ())
    for link in found:
        assert any(set(link.pair) <= group for group in made)


@given(st.frozensets(pairs, max_size=8), apart)
def test_what_was_put_together_is_together_unless_it_contradicts_what_is_apart(
    joined: frozenset[tuple[RecordKey, RecordKey]],
    kept: frozenset[tuple[RecordKey, RecordKey]],
) -> None:
    if contradicts(joined, kept):
        return
    made = groups([Link(Strength.JOINED, pair, "") for pair in joined], kept)
    for pair in joined:
        assert any(set(pair) <= group for group in made)


CODES = ["no_show", "robbery", "uneasy"]
modes = st.sampled_from(
    [TO_MEMBERS, PeerMode(Mode.REVIEW), PeerMode(Mode.IGNORE, frozenset({"no_show"}))]
)
codes = st.lists(st.sampled_from(CODES), max_size=3, unique=True)


@given(modes, st.lists(modes, max_size=3), codes)
def test_a_mode_is_that_of_the_author_or_the_freest_of_the_hubs(
    own: PeerMode, brought: list[PeerMode], said: list[str]
) -> None:
    hubs = [bytes([number]) for number in range(len(brought))]
    stand = dict(zip(hubs, brought, strict=True))
    author = b"author"
    assert mode_of(author, stand | {author: own}, {author}, hubs) == own
    found = mode_of(author, stand, hubs, hubs)
    if not brought or TO_MEMBERS in brought:
        assert found == TO_MEMBERS
    elif all(mode.mode is Mode.REVIEW for mode in brought):
        assert found.mode is Mode.REVIEW
    assert not ignores(found, [])
    if "robbery" in said:
        assert not ignores(found, said)
