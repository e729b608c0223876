"""However the documents of honest keepers, thieves and strangers arrive, a pin never goes back."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from keys.orgdoc import OrgDoc, next_hash
from keys.pin import Equivocation, accept
from protocol.errors import ErrorNumber, ProtocolError
from tests.support.key_material import made_up

RIVER = made_up("Riverside")
HONEST = [RIVER.doc(gen, ver) for gen in range(3) for ver in range(3)]
FORGED = [
    RIVER.doc(gen, ver, root=RIVER.roots[3], name="Thief") for gen in (1, 2) for ver in range(4)
] + [RIVER.doc(gen, ver, next_root=RIVER.roots[0]) for gen in (1, 2) for ver in (5, 6)]
STRANGE = [made_up("Harbour").doc()]


@given(
    st.sampled_from([None, *HONEST]),
    st.lists(st.sampled_from(HONEST + FORGED + STRANGE), max_size=5),
)
def test_a_pin_never_goes_back_nor_leaves_the_committed_line(
    pinned: OrgDoc | None, chain: list[OrgDoc]
) -> None:
    try:
        accepted = accept(pinned, chain, RIVER.org)
    except ProtocolError as error:
        refused = error
    else:
        assert accepted.org == RIVER.org
        assert accepted.root == RIVER.roots[accepted.gen].public
        if pinned is not None:
            assert (accepted.gen, accepted.ver) >= (pinned.gen, pinned.ver)
            if accepted.gen == pinned.gen:
                assert accepted.next == pinned.next
        return
    assert ErrorNumber(refused.number) is ErrorNumber.KEY


@given(st.sampled_from(HONEST), st.lists(st.sampled_from(HONEST), min_size=1, max_size=6))
def test_honest_documents_are_taken_in_any_order_that_skips_no_generation(
    pinned: OrgDoc, chain: list[OrgDoc]
) -> None:
    in_order = sorted(chain, key=lambda doc: (doc.gen, doc.ver))
    reachable = pinned
    for doc in in_order:
        if doc.gen > reachable.gen + 1:
            return
        reachable = max(reachable, doc, key=lambda d: (d.gen, d.ver))
    assert accept(pinned, in_order) == reachable


@given(st.integers(0, 2), st.integers(0, 2), st.text(min_size=1, max_size=10))
def test_two_texts_under_one_version_always_alarm(gen: int, ver: int, name: str) -> None:
    known = RIVER.doc(gen, ver)
    if not name.strip() or name == RIVER.name:
        return
    other = RIVER.doc(gen, ver, name=name)
    assert other.next == next_hash(RIVER.roots[gen + 1].public)
    try:
        accept(known, [other])
    except Equivocation as alarm:
        found = alarm
    assert {found.known.raw, found.other.raw} == {known.raw, other.raw}
