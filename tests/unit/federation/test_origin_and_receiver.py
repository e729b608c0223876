"""Sync as two state machines, told apart and together, over a ledger and a mirror in memory."""

import pytest

from federation.origin import (
    ASK_AGAIN,
    MAX_ITEMS,
    MAX_JUMP,
    next_delta,
    on_list,
    on_ok,
    on_pull,
)
from federation.receiver import (
    ASKED,
    LIST_ROWS,
    LISTED,
    NOT_ASKED,
    RETRYABLE,
    MirrorRow,
    on_delta,
    pull,
    pull_ahead,
)
from protocol.commitment import stopped_hash
from protocol.errors import ErrorNumber, ProtocolError
from protocol.ids import RecordKey
from protocol.messages import NO_EID8, Delta, List, Ok
from tests.support.sync_fakes import (
    LATER,
    TODAY,
    FakeGrants,
    FakeIntake,
    Own,
    converse,
    listed,
    own,
    page,
    pair,
    take,
)

# Everyday: pull, delta, ok


def test_a_pull_brings_what_is_granted_and_the_next_one_confirms_it() -> None:
    grants, intake = FakeGrants().publish(own(1), own(2)), FakeIntake()
    assert converse(grants, intake) == "pull delta pull delta"
    assert intake.rows.keys() == grants.rows.keys() == grants.confirmed
    assert intake.channel.cursor == grants.channel.cursor == 2
    assert intake.channel.synced


def test_nothing_is_confirmed_while_the_digests_differ() -> None:
    grants, intake = FakeGrants().publish(own(1), own(2)), FakeIntake()
    take(intake, next_delta(grants, 0, TODAY))
    intake.forget(own(1).rk)
    on_pull(grants, pull(intake, 0))
    assert not grants.confirmed


def test_a_pull_ahead_of_what_is_stored_confirms_nothing_and_can_be_taken_back() -> None:
    grants, intake = FakeGrants().publish(own(1), own(2), own(3)), FakeIntake()
    first = next_delta(grants, 0, TODAY, max_bytes=1)
    behind = on_pull(grants, pull_ahead(intake, first.to_seq))
    assert (behind.from_seq, behind.to_seq, grants.channel.cursor) == (1, 3, 1)
    assert not grants.confirmed
    assert take(intake, behind) == Ok(0, TODAY, intake.digest(TODAY), ())  # the first was lost
    assert not intake.rows
    assert converse(grants, intake) == "pull delta pull delta"
    assert intake.rows.keys() == grants.rows.keys() == grants.confirmed


def test_an_ok_to_a_pushed_delta_confirms_all_but_what_is_held_back() -> None:
    grants, intake = FakeGrants().publish(own(1), own(2)), FakeIntake()
    intake.refuse[own(2).rk] = "paused"
    answer = take(intake, next_delta(grants, 0, TODAY))
    assert isinstance(answer, Ok)
    on_ok(grants, answer)
    assert grants.confirmed == {own(1).rk}
    assert grants.held == {own(2).rk: "paused"}


def test_a_narrowed_record_is_stopped_and_a_new_revision_replaces_the_old() -> None:
    grants, intake = pair(1, 2)
    grants.withhold(own(1).rk)
    grants.publish(own(2, rev=2))
    assert converse(grants, intake) == "pull delta pull delta"
    assert intake.rows[own(1).rk].stopped
    assert intake.rows[own(2).rk].rev == 2
    assert grants.confirmed == grants.rows.keys()


def test_an_erased_record_goes_to_those_who_had_it() -> None:
    grants, intake = pair(1)
    grants.publish(own(1, rev=2, erased=True), own(2, erased=True))
    converse(grants, intake)
    assert intake.rows.keys() == {own(1).rk}
    assert intake.rows[own(1).rk].state == own(1, rev=9, erased=True).state


def test_a_delta_ends_within_the_bytes_asked_for_and_says_that_there_is_more() -> None:
    grants = FakeGrants().publish(*(own(number, text="x" * 2000) for number in range(8)))
    first = next_delta(grants, 0, TODAY, max_bytes=12_000)
    assert first.more
    assert 0 < len(first.items) < 8
    assert first.to_seq == first.items[-1].pseq
    last = next_delta(grants, first.to_seq, TODAY)
    assert not last.more
    assert len(first.items) + len(last.items) == 8


def test_one_item_goes_however_few_bytes_are_asked_for() -> None:
    grants = FakeGrants().publish(own(1), own(2))
    delta = next_delta(grants, 0, TODAY, max_bytes=1)
    assert (len(delta.items), delta.to_seq, delta.more) == (1, 1, True)


def test_a_delta_has_no_more_items_than_a_message_may_carry() -> None:
    grants, intake = FakeGrants(), FakeIntake()
    for number in range(MAX_ITEMS + 1):
        grants.issue_stop(RecordKey(number.to_bytes(16, "big")), LATER)
    delta = next_delta(grants, 0, TODAY)
    assert (len(delta.items), delta.more) == (MAX_ITEMS, True)
    answer = take(intake, delta)
    assert isinstance(answer, Ok)  # in the middle of it no digest is compared
    assert not intake.channel.synced
    converse(grants, intake)
    assert len(intake.rows) == MAX_ITEMS + 1
    assert intake.channel.synced


def test_a_delta_after_a_lost_one_is_not_applied_and_the_answer_names_our_cursor() -> None:
    grants, intake = FakeGrants().publish(own(1), own(2)), FakeIntake()
    answer = take(intake, next_delta(grants, 1, TODAY))
    assert isinstance(answer, Ok)
    assert answer.cursor == intake.channel.cursor == 0
    assert not intake.rows
    on_ok(grants, answer)
    assert not grants.confirmed
    take(intake, next_delta(grants, grants.channel.cursor, TODAY))
    assert len(intake.rows) == 2


def test_a_delta_that_comes_again_or_begins_lower_applies_nothing_twice() -> None:
    grants, intake = FakeGrants().publish(own(1), own(2)), FakeIntake()
    first = next_delta(grants, 0, TODAY)
    answer = take(intake, first)
    assert take(intake, first) == answer
    grants.publish(own(3))
    assert isinstance(take(intake, next_delta(grants, 0, TODAY)), Ok)
    assert intake.applied == [1, 2, 3]
    take(intake, first)
    assert intake.channel.cursor == 3
    assert intake.applied == [1, 2, 3]


@pytest.mark.parametrize(("ahead", "refused"), [(MAX_JUMP, False), (MAX_JUMP + 1, True)])
def test_no_message_moves_a_channel_by_more_than_its_limit(ahead: int, *, refused: bool) -> None:
    grants, intake = pair(1)
    delta = Delta(1, 1 + ahead, more=True, asof=TODAY, digest=bytes(32), items=(), want=())
    ok = Ok(1 + ahead, TODAY, intake.digest(TODAY), ())
    if not refused:
        assert isinstance(on_delta(intake, delta, []), Ok)
        on_ok(grants, ok)
        assert intake.channel.cursor == grants.channel.pseq == 1 + ahead
        return
    for jump in (lambda: on_delta(intake, delta, []), lambda: on_ok(grants, ok)):
        with pytest.raises(ProtocolError) as caught:
            jump()
        assert caught.value.number is ErrorNumber.MALFORMED
    assert intake.channel.cursor == grants.channel.pseq == 1
    assert not grants.recoveries


def test_a_receiver_that_went_back_to_a_backup_is_told_again_from_its_cursor() -> None:
    grants, intake = pair(1, 2)
    older = FakeIntake()
    assert converse(grants, older) == "pull delta pull delta"
    assert older.rows == intake.rows
    assert grants.channel.pseq == 2


# Repair: list


def test_what_a_listing_leaves_out_is_issued_again_under_a_new_number() -> None:
    grants, intake = pair(1, 2)
    intake.forget(own(1).rk)
    assert converse(grants, intake) == "pull delta list delta pull delta"
    assert intake.rows.keys() == {own(1).rk, own(2).rk}
    assert grants.rows[own(1).rk].pseq == 3
    assert grants.rows[own(2).rk].pseq == 2
    assert not grants.suspended
    assert not grants.recoveries


def test_an_older_revision_in_a_listing_is_put_again() -> None:
    grants = FakeGrants().publish(own(1, rev=2))
    delta = on_list(grants, page(listed(own(1))))
    assert [item.pseq for item in delta.items] == [2]
    assert not delta.want
    assert not grants.recoveries


@pytest.mark.parametrize("still_granted", [True, False])
def test_a_listed_record_that_the_ledger_lacks_is_granted_anew_or_stopped(
    *, still_granted: bool
) -> None:
    grants, intake = pair(1)
    del grants.rows[own(1).rk]
    if not still_granted:
        grants.granted.clear()
    converse(grants, intake)
    assert intake.rows[own(1).rk].stopped is not still_granted
    assert grants.confirmed == {own(1).rk}
    assert not grants.recoveries


@pytest.mark.parametrize(
    ("ours", "theirs", "recovers"),
    [
        (None, own(1), True),
        (own(1), own(1, rev=2), True),
        (own(1), own(1, text="another text"), True),
        (own(1, rev=2), own(1), False),
        (own(1, rev=2, erased=True), own(1, rev=3), False),
    ],
)
def test_only_what_a_later_state_of_this_store_issued_starts_recovery(
    ours: Own | None, theirs: Own, *, recovers: bool
) -> None:
    grants = FakeGrants() if ours is None else FakeGrants().publish(ours)
    delta = on_list(grants, page(listed(theirs)))
    assert bool(grants.recoveries) is recovers
    assert delta.want == ((theirs.rk,) if recovers else ())
    assert grants.channel.wanted == set(delta.want)
    assert grants.channel.listed is not recovers


def test_two_pages_tell_of_a_mirror_that_is_too_long_for_one() -> None:
    grants, intake = FakeGrants(), FakeIntake()
    keys = [RecordKey(number.to_bytes(16, "big")) for number in range(1, LIST_ROWS + 3)]
    for rk in keys:
        intake.rows[rk] = MirrorRow(rk, 0, b"", stopped_hash(rk), LATER, stopped=True, held="")
    differing = next_delta(grants, 0, TODAY)
    first = take(intake, differing)
    assert isinstance(first, List)
    assert (first.lo, first.hi) == (b"", keys[LIST_ROWS])
    assert [row.rk for row in first.rows] == keys[:LIST_ROWS]
    assert intake.channel.list_pos == keys[LIST_ROWS]
    second = take(intake, differing)
    assert isinstance(second, List)
    assert (second.lo, second.hi) == (keys[LIST_ROWS], b"")
    assert [row.rk for row in second.rows] == keys[LIST_ROWS:]
    assert intake.channel.list_pos == LISTED
    assert isinstance(take(intake, differing), Ok)  # the answer to the last page ends it
    assert not intake.channel.list_pos
    assert isinstance(take(intake, differing), List)  # what differs then is told from the start


def test_a_mirror_that_just_fits_is_told_in_one_page() -> None:
    intake = FakeIntake()
    for number in range(1, LIST_ROWS + 1):
        rk = RecordKey(number.to_bytes(16, "big"))
        intake.rows[rk] = MirrorRow(rk, 0, b"", stopped_hash(rk), LATER, stopped=True, held="")
    only = take(intake, next_delta(FakeGrants(), 0, TODAY))
    assert isinstance(only, List)
    assert (len(only.rows), only.hi) == (LIST_ROWS, b"")
    assert {(row.rev, row.eid8) for row in only.rows} == {(0, NO_EID8)}


def test_equal_digests_end_a_listing_wherever_it_is() -> None:
    grants, intake = pair(1)
    for position in (own(1).rk, LISTED):
        intake.channel.list_pos = position
        assert isinstance(take(intake, next_delta(grants, 1, TODAY)), Ok)
        assert not intake.channel.list_pos


# A receiver that may hold more than before


def test_after_a_change_of_policy_what_was_refused_is_asked_for_again() -> None:
    grants, intake = FakeGrants().publish(own(1), own(2)), FakeIntake()
    intake.refuse[own(1).rk] = "not_accepted"
    converse(grants, intake)
    assert own(1).rk not in intake.copies
    intake.refuse.clear()
    intake.channel.relist = ASKED
    assert converse(grants, intake) == "pull delta list delta pull delta"
    assert intake.copies.keys() == {own(1).rk, own(2).rk}
    assert intake.channel.relist == NOT_ASKED
    assert not grants.recoveries


@pytest.mark.parametrize("why", [*sorted(RETRYABLE), "malformed", "conflict", ""])
def test_only_what_may_succeed_now_is_asked_for_again(why: str) -> None:
    intake = FakeIntake()
    record = own(1)
    intake.rows[record.rk] = MirrorRow(
        record.rk, 1, record.entry.eid, record.state, LATER, stopped=False, held=why
    )
    for relist in (NOT_ASKED, ASKED):
        intake.channel.relist = relist
        intake.channel.list_pos = None
        told = take(intake, next_delta(FakeGrants(), 0, TODAY))
        assert isinstance(told, List)
        again = relist == ASKED and why in RETRYABLE
        assert told.rows[0] == listed(record, s8=ASK_AGAIN if again else b"")
