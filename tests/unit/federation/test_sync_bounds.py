"""What sync believes of the other side, and what it does not: bounds on digests, days and lists."""

from dataclasses import replace

import pytest

from federation import origin
from federation.ledger import LedgerRow, RowKind
from federation.origin import CLOCK_DAYS, MAX_ITEMS, NO_DIGEST, next_delta, on_list, on_ok, on_pull
from federation.receiver import ASKED, HELD_ROWS, LISTING, NOT_ASKED, MirrorRow, list_page, pull
from protocol.errors import ErrorNumber, ProtocolError
from protocol.ids import Day, EntryId, RecordKey
from protocol.limits import DAY_MAX
from protocol.messages import List, Ok
from tests.support.sync_fakes import (
    LATER,
    TODAY,
    FakeGrants,
    FakeIntake,
    carried,
    converse,
    halves,
    listed,
    own,
    page,
    pair,
    take,
)


def refused(number: int, why: str = "not_accepted") -> MirrorRow:
    """The mirror's row of a record of this number that may not be held."""
    rk = RecordKey(number.to_bytes(16, "big"))
    return MirrorRow(rk, 1, bytes(32), bytes(32), LATER, stopped=False, held=why)


# A digest confirms only what it shows


def test_a_listing_without_end_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(origin, "MAX_WANTED", 2)
    grants = FakeGrants()
    grants.start_recovery()
    on_list(grants, page(listed(own(1)), listed(own(2))))
    with pytest.raises(ProtocolError) as refusal:
        on_list(grants, page(listed(own(3))))
    assert refusal.value.number is ErrorNumber.TOO_BIG


def test_a_day_at_the_end_of_time_does_not_end_recovery() -> None:
    grants = FakeGrants().publish(own(1))
    grants.start_recovery()
    on_pull(grants, pull(FakeIntake(today=Day(DAY_MAX)), 0))
    assert not grants.channel.listed


@pytest.mark.parametrize(
    ("days", "confirms"),
    [(0, True), (CLOCK_DAYS, True), (-CLOCK_DAYS, True), (CLOCK_DAYS + 1, False),
     (-CLOCK_DAYS - 1, False), (DAY_MAX - TODAY, False)],
)  # fmt: skip
def test_a_digest_of_another_time_confirms_nothing(days: int, *, confirms: bool) -> None:
    grants, intake = pair(1)
    grants.confirmed.clear()
    intake.today = Day(TODAY + days)
    on_pull(grants, pull(intake, 0))
    assert bool(grants.confirmed) is confirms


def test_a_delta_with_more_to_come_carries_no_digest_and_its_answer_neither() -> None:
    grants, intake = FakeGrants().publish(own(1), own(2)), FakeIntake()
    first = next_delta(grants, 0, TODAY, max_bytes=1)
    assert (first.more, first.digest) == (True, NO_DIGEST)
    answer = take(intake, first)
    assert isinstance(answer, Ok)
    assert answer.digest == NO_DIGEST
    on_ok(grants, answer)
    assert not grants.confirmed


@pytest.mark.parametrize("is_now", [False, True])
@pytest.mark.parametrize("is_answer", [False, True])
def test_only_an_answer_to_us_or_what_was_made_since_we_began_shows_that_we_hold_all_there_is(
    *, is_answer: bool, is_now: bool
) -> None:
    grants, intake = FakeGrants().publish(own(1)), FakeIntake()
    intake.channel.is_now = is_now
    delta = next_delta(grants, 0, TODAY)
    take(intake, delta, is_answer=is_answer)
    assert intake.channel.synced is (is_answer or is_now)


def test_more_refusals_than_can_be_told_fit_the_wire_and_confirm_nothing() -> None:
    intake = FakeIntake()
    for number in range(4097):
        row = refused(number)
        intake.rows[row.rk] = row
    told = carried(pull(intake, 0))
    assert len(told.held) == HELD_ROWS
    assert told.digest == NO_DIGEST


def test_as_many_refusals_as_can_be_told_leave_the_digest_as_it_is() -> None:
    intake = FakeIntake()
    for number in range(HELD_ROWS):
        row = refused(number)
        intake.rows[row.rk] = row
    told = carried(pull(intake, 0))
    assert len(told.held) == HELD_ROWS
    assert told.digest == intake.digest(TODAY)


# Rows that say nothing do not stand in front of the others


def test_rows_without_items_do_not_stop_what_comes_after_them() -> None:
    grants, intake = FakeGrants(), FakeIntake()
    for number in range(MAX_ITEMS + 5):
        rk = RecordKey(number.to_bytes(16, "big"))
        row = LedgerRow(rk, 0, RowKind.PUT, bytes(32), EntryId(bytes(32)), 1, (), LATER)
        grants.reissue([row])
    grants.publish(own(1))
    delta = next_delta(grants, 0, TODAY)
    assert (delta.items, delta.to_seq, delta.more) == ((), MAX_ITEMS, True)
    take(intake, delta)
    take(intake, next_delta(grants, intake.channel.cursor, TODAY))
    assert intake.rows.keys() == {own(1).rk}


# Listings


def test_the_items_of_a_repair_come_with_the_answer_to_the_last_page() -> None:
    low, high, middle = halves(own(0), own(1))
    grants = FakeGrants().publish(own(0, rev=2), own(1, rev=2))
    first = on_list(grants, page(*map(listed, low), hi=middle))
    assert (first.items, first.digest, first.from_seq) == ((), NO_DIGEST, first.to_seq)
    last = on_list(grants, page(*map(listed, high), lo=middle))
    assert {item.rk for item in last.items} == {own(0).rk, own(1).rk}


def test_asking_again_survives_the_loss_of_the_page() -> None:
    grants, intake = FakeGrants().publish(own(1)), FakeIntake()
    intake.refuse[own(1).rk] = "not_accepted"
    converse(grants, intake)
    intake.refuse.clear()
    intake.channel.relist = ASKED
    assert isinstance(take(intake, on_pull(grants, pull(intake, 0))), List)
    intake.channel.list_pos = None  # the page was lost and the node started again
    converse(grants, intake)
    assert own(1).rk in intake.copies
    assert intake.channel.relist == NOT_ASKED


def test_a_listing_that_answered_a_push_and_was_lost_is_told_again() -> None:
    grants, intake = FakeGrants().publish(own(1)), FakeIntake()
    intake.refuse[own(1).rk] = "paused"
    converse(grants, intake)
    intake.refuse.clear()
    intake.channel.relist = ASKED
    assert isinstance(take(intake, next_delta(grants, 1, TODAY)), List)  # and it is lost
    grants.publish(own(2))
    assert isinstance(take(intake, next_delta(grants, 1, TODAY)), Ok)
    assert intake.channel.relist == ASKED
    converse(grants, intake)
    assert intake.copies.keys() == {own(1).rk, own(2).rk}
    assert intake.channel.relist == NOT_ASKED


def test_what_is_asked_for_during_a_listing_starts_it_over() -> None:
    intake = FakeIntake()
    first, second = sorted((own(1), own(2)), key=lambda record: record.rk)
    for record in (first, second):
        row = replace(refused(0), rk=record.rk, eid=record.entry.eid, state=record.state)
        intake.rows[record.rk] = row
    intake.channel.list_pos = second.rk  # the first page went out
    intake.channel.relist = ASKED  # and now the policy changes
    told = take(intake, next_delta(FakeGrants(), 0, TODAY))
    assert isinstance(told, List)
    assert told.lo == b""
    assert [row.rk for row in told.rows] == [first.rk, second.rk]
    assert intake.channel.relist == LISTING
    assert list_page(intake, b"", TODAY) == told  # every page of it asks again
