"""What a restored origin does: it hears its peers first, and takes its own records back."""

from dataclasses import replace

import pytest

from federation.origin import (
    ASK_AGAIN,
    LIST_END,
    next_delta,
    on_give,
    on_list,
    on_pull,
)
from federation.receiver import pull
from protocol.messages import NO_EID8, Give, List, Row, Stop
from tests.support.sync_fakes import (
    LATER,
    TODAY,
    FakeGrants,
    FakeIntake,
    carried,
    converse,
    halves,
    in_recovery,
    listed,
    new_channel,
    own,
    page,
    pair,
    take,
)


def account(grants: FakeGrants) -> tuple[bytes | None, int, bool]:
    """How far the listing has come, how many gifts are awaited, and whether recovery is over."""
    channel = grants.channel
    return channel.list_pos, len(channel.wanted), channel.listed


def test_a_cursor_beyond_what_was_issued_starts_recovery_and_nothing_is_put_before_it_ends() -> (
    None
):
    grants = FakeGrants().publish(own(1))
    delta = on_pull(grants, carried(pull(FakeIntake(), 0)))
    assert len(delta.items) == 1
    ahead = replace(pull(FakeIntake(), 0), cursor=7, digest=bytes(32))
    delta = on_pull(grants, ahead)
    assert grants.recoveries == 1
    assert grants.channel.pseq == grants.channel.cursor == 7
    assert (delta.items, delta.from_seq, delta.to_seq) == ((), 7, 7)
    on_pull(grants, ahead)
    assert grants.recoveries == 1


def test_recovery_ends_at_once_where_the_digests_are_equal() -> None:
    grants, intake = pair(1)
    grants.channel = new_channel()
    grants.publish(own(2))
    del grants.rows[own(2).rk]
    grants.channel.pseq = 0
    delta = on_pull(grants, pull(intake, 0))
    assert grants.recoveries == 1
    assert grants.channel.listed
    assert [item.pseq for item in delta.items] == [2]  # what was not granted yet is derived now
    assert own(1).rk not in {item.rk for item in delta.items}


def test_an_origin_that_lost_everything_has_it_given_back() -> None:
    before, intake = pair(1, 2, 3)
    before.publish(own(2, rev=2), own(3, rev=2, erased=True))
    converse(before, intake)
    restored = FakeGrants()
    assert "list delta give" in converse(restored, intake)
    assert restored.records.keys() == before.records.keys()
    assert {rk: row.state for rk, row in restored.rows.items()} == {
        rk: row.state for rk, row in before.rows.items()
    }
    assert restored.channel.listed
    assert not any(row.stopped for row in intake.rows.values())


def test_in_recovery_what_the_peer_did_not_list_is_suspended_and_not_put_afterwards() -> None:
    grants, intake = pair(1, 2)
    intake.forget(own(1).rk)
    grants.start_recovery()
    assert converse(grants, intake) == "pull delta list delta pull delta"
    assert grants.channel.listed
    assert grants.suspended == {own(1).rk: "not_listed"}
    assert intake.rows.keys() == grants.rows.keys() == {own(2).rk}


def test_in_recovery_a_stop_that_the_peer_was_told_stands() -> None:
    grants, intake = pair(1)
    grants.withhold(own(1).rk)
    converse(grants, intake)
    restored = in_recovery(1)
    restored.granted.add(own(1).rk)
    converse(restored, intake)
    assert restored.channel.listed
    assert restored.suspended == {own(1).rk: "was_stopped"}
    assert intake.rows[own(1).rk].stopped


def test_in_recovery_a_row_asked_for_again_that_we_know_is_put_again() -> None:
    grants, _ = pair(1)
    grants.start_recovery()
    delta = on_list(grants, page(listed(own(1), s8=ASK_AGAIN)))
    assert not delta.want
    assert not grants.suspended
    assert [item.rk for item in delta.items] == [own(1).rk]  # the page was the last one


# Give


def test_only_what_was_just_wanted_is_taken_back() -> None:
    grants = in_recovery()
    on_list(grants, page(listed(own(1))))
    on_give(grants, Give((own(1).given, own(2).given)))
    assert grants.records.keys() == {own(1).rk}
    assert not grants.channel.wanted
    on_give(grants, Give((own(3).given,)))
    assert grants.records.keys() == {own(1).rk}


def test_a_listed_record_that_cannot_be_given_is_stopped_where_it_is_unknown_only() -> None:
    grants = in_recovery(2)
    on_list(grants, page(listed(own(1)), listed(own(2, rev=2))))
    on_give(grants, Give(()))
    assert grants.channel.listed
    stops = [item for item in next_delta(grants, 0, TODAY).items if isinstance(item, Stop)]
    assert [item.rk for item in stops] == [own(1).rk]


def test_a_wanted_record_is_given_before_anything_else_is_said() -> None:
    grants, intake = pair(1, 2)
    wanting = replace(next_delta(grants, 2, TODAY), digest=bytes(32), want=(own(2).rk, own(9).rk))
    answer = take(intake, wanting)
    assert isinstance(answer, Give)
    assert answer.items == (own(2).given,)
    assert not FakeIntake().give([own(2).rk], 10_000)


def test_a_gift_too_long_for_one_message_loses_no_record() -> None:
    before = FakeGrants().publish(*(own(number, text="x" * 3500) for number in range(80)))
    intake = FakeIntake()
    converse(before, intake)
    restored = FakeGrants()
    assert converse(restored, intake).count("give") > 1
    assert restored.records.keys() == before.records.keys()
    assert not any(row.stopped for row in intake.rows.values())
    assert restored.channel.listed


def test_a_gift_too_long_for_one_message_does_not_end_recovery_before_the_rest_came() -> None:
    before = FakeGrants().publish(*(own(number, rev=2, text="x" * 3500) for number in range(80)))
    intake = FakeIntake()
    converse(before, intake)
    restored = FakeGrants().publish(*(own(number, text="y" * 3500) for number in range(80)))
    restored.start_recovery()
    listing = take(intake, on_pull(restored, pull(intake, 0)))
    assert isinstance(listing, List)
    give = take(intake, on_list(restored, listing))
    assert isinstance(give, Give)
    assert 0 < len(give.items) < 80
    on_give(restored, give)
    assert not restored.channel.listed
    assert not next_delta(restored, 0, TODAY).items


def test_a_late_give_for_an_earlier_page_abandons_nothing_of_a_later_one() -> None:
    low, high, middle = halves(own(0), own(1))
    grants = in_recovery()
    on_list(grants, page(*map(listed, low), hi=middle))
    on_list(grants, page(*map(listed, high), lo=middle))
    on_give(grants, Give((low[0].given,)))
    assert high[0].rk not in grants.rows
    assert next_delta(grants, 0, TODAY).want == (high[0].rk,)


@pytest.mark.parametrize("in_recovery_already", [False, True])
def test_a_later_revision_is_wanted_even_where_the_row_is_asked_for_again(
    *, in_recovery_already: bool
) -> None:
    grants = FakeGrants().publish(own(1))
    if in_recovery_already:
        grants.start_recovery()
    delta = on_list(grants, page(listed(own(1, rev=2), s8=ASK_AGAIN)))
    assert (delta.want, delta.items) == ((own(1).rk,), ())
    assert grants.recoveries == 1


def test_a_listed_tombstone_that_we_forgot_counts_whatever_its_revision() -> None:
    grants = FakeGrants().publish(own(1, rev=3))
    delta = on_list(grants, page(listed(own(1, rev=2, erased=True))))
    assert (delta.want, delta.items) == ((own(1).rk,), ())
    on_give(grants, Give((own(1, rev=2, erased=True).given,)))
    assert grants.rows[own(1).rk].state == own(1, erased=True).state


def test_a_row_held_without_its_entry_is_not_taken_for_a_stop() -> None:
    grants, intake = FakeGrants().publish(own(1)), FakeIntake()
    intake.refuse[own(1).rk] = "key"
    converse(grants, intake)
    grants.publish(own(1, rev=2))
    grants.start_recovery()
    listing = take(intake, on_pull(grants, pull(intake, 0)))
    assert isinstance(listing, List)
    on_list(grants, listing)
    assert not grants.suspended


def test_a_row_that_the_peer_holds_without_an_entry_and_we_do_not_know_is_stopped() -> None:
    grants = in_recovery()
    delta = on_list(grants, page(Row(own(1).rk, 0, NO_EID8, own(1).state[:8], LATER)))
    assert not grants.recoveries
    assert not delta.want
    assert [item.rk for item in delta.items if isinstance(item, Stop)] == [own(1).rk]


# How far a listing has come


def test_recovery_ends_when_the_last_page_came_and_all_that_was_wanted_was_given() -> None:
    low, high, middle = halves(*map(own, range(4)))
    grants = in_recovery()
    assert len(on_list(grants, page(*map(listed, low), hi=middle)).want) == 2
    assert account(grants) == (middle, 2, False)
    on_give(grants, Give(tuple(record.given for record in low)))
    assert account(grants) == (middle, 0, False)
    on_list(grants, page(*map(listed, high), lo=middle))
    assert account(grants) == (LIST_END, 2, False)
    on_give(grants, Give(tuple(record.given for record in high)))
    assert account(grants) == (None, 0, True)
    assert grants.rows.keys() == grants.records.keys() == {own(n).rk for n in range(4)}


def test_a_gift_that_was_lost_is_asked_for_in_every_delta_until_it_came() -> None:
    low, high, middle = halves(own(0), own(1))
    grants = in_recovery()
    on_list(grants, page(*map(listed, low), hi=middle))
    on_list(grants, page(*map(listed, high), lo=middle))
    on_give(grants, Give(tuple(record.given for record in high)))
    assert account(grants) == (LIST_END, 1, False)
    for _ in range(2):
        delta = next_delta(grants, 0, TODAY)
        assert (delta.want, delta.items) == ((low[0].rk,), ())
    on_give(grants, Give((low[0].given,)))
    assert account(grants) == (None, 0, True)
    assert not next_delta(grants, 0, TODAY).want


def test_pages_after_a_lost_one_do_not_end_recovery() -> None:
    low, high, middle = halves(own(0), own(1))
    grants = in_recovery()
    delta = on_list(grants, page(*map(listed, high), lo=middle))
    assert delta.want == (high[0].rk,)  # it is wanted all the same
    on_give(grants, Give((high[0].given,)))
    position, _, ended = account(grants)
    assert (position, ended) == (None, False)
    assert not next_delta(grants, 0, TODAY).items
    on_list(grants, page(*map(listed, low), hi=middle))
    assert account(grants) == (middle, 1, False)  # whatever was counted before the start
    on_give(grants, Give((low[0].given,)))
    on_list(grants, page(*map(listed, high), lo=middle))
    assert account(grants) == (None, 0, True)
