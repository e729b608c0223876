"""How a pinned org document may be followed: the acceptance table, row by row."""

from __future__ import annotations

import pytest

from keys.orgdoc import OrgDoc
from keys.pin import Equivocation, accept
from protocol.errors import ErrorNumber, ProtocolError
from tests.support.key_material import TODAY, made_up

RIVER = made_up("Riverside")
HARBOUR = made_up("Harbour")
FIRST = RIVER.doc(0, 1)
LATER = RIVER.doc(0, 3)
SECOND = RIVER.doc(1, 1)
THIRD = RIVER.doc(2, 1)


def refused(pinned: OrgDoc | None, *chain: OrgDoc, org: bytes | None = None) -> bool:
    with pytest.raises(ProtocolError) as caught:
        accept(pinned, chain, org)  # type: ignore[arg-type]
    return caught.value.number is ErrorNumber.KEY and not isinstance(caught.value, Equivocation)


def test_first_contact_begins_with_generation_nought() -> None:
    assert accept(None, [FIRST], FIRST.org) is FIRST
    assert refused(None, SECOND, org=FIRST.org)


def test_first_contact_walks_the_whole_chain() -> None:
    assert accept(None, [FIRST, LATER, SECOND, THIRD], FIRST.org) is THIRD


def test_first_contact_with_another_organisation_than_expected_is_refused() -> None:
    assert refused(None, FIRST, org=HARBOUR.org)


def test_an_empty_chain_is_refused() -> None:
    assert refused(FIRST)
    assert refused(None)


def test_a_higher_version_of_the_same_root_is_accepted() -> None:
    assert accept(FIRST, [LATER]) is LATER


def test_a_lower_version_changes_nothing() -> None:
    assert accept(LATER, [FIRST]) is LATER


def test_the_same_document_changes_nothing() -> None:
    assert accept(FIRST, [RIVER.doc(0, 1)]) is FIRST


def test_other_bytes_under_one_version_are_an_alarm_with_both_texts() -> None:
    other = RIVER.doc(0, 1, name="Riverside Two")
    with pytest.raises(Equivocation) as caught:
        accept(FIRST, [other])
    assert (caught.value.known, caught.value.other) == (FIRST, other)
    assert caught.value.code == "key"


def test_other_bytes_under_one_version_within_a_chain_are_an_alarm() -> None:
    with pytest.raises(Equivocation):
        accept(None, [FIRST, RIVER.doc(0, 1, name="Riverside Two")])


def test_the_committed_root_may_begin_the_next_generation_at_any_version() -> None:
    assert accept(LATER, [SECOND]) is SECOND


def test_a_root_that_was_not_committed_to_is_refused() -> None:
    assert refused(FIRST, RIVER.doc(1, 9, root=RIVER.roots[3]))


def test_the_old_root_cannot_begin_the_next_generation() -> None:
    assert refused(FIRST, RIVER.doc(1, 2, root=RIVER.roots[0]))


def test_the_old_root_cannot_go_on_after_it_was_replaced() -> None:
    assert accept(SECOND, [RIVER.doc(0, 99)]) is SECOND


def test_a_skipped_generation_is_refused() -> None:
    assert refused(FIRST, THIRD)


def test_generations_are_followed_one_by_one() -> None:
    assert accept(FIRST, [SECOND, THIRD]) is THIRD
    assert accept(SECOND, [FIRST, SECOND, THIRD]) is THIRD


def test_the_next_root_may_not_change_within_a_generation() -> None:
    assert refused(SECOND, RIVER.doc(1, 2, next_root=RIVER.roots[3]))


def test_the_root_may_not_change_within_a_generation() -> None:
    assert refused(SECOND, RIVER.doc(1, 2, root=RIVER.roots[3]))


def test_a_document_of_another_organisation_is_refused() -> None:
    assert refused(FIRST, HARBOUR.doc())
    assert refused(FIRST, LATER, HARBOUR.doc())


def test_a_revocation_arrives_with_a_higher_version() -> None:
    revoking = RIVER.doc(0, 2, revoked=((RIVER.node_key, TODAY + 1),))
    accepted = accept(FIRST, [revoking])
    assert accepted.key_state(RIVER.node_key.public, TODAY + 1) == "revoked"


def test_an_expired_document_is_still_the_pin() -> None:
    assert accept(FIRST, [FIRST]).standing(TODAY + 1000) == "lapsed"
