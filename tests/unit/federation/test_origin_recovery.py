"""What a restored origin does: it hears its peers first, and takes its own records back."""

from dataclasses import replace

from federation.origin import (
    ASK_AGAIN,
    LIST_END,
    next_delta,
    on_give,
    on_list,
    on_pull,
)
from federation.receiver import pull
from protocol.messages import Give, Stop
from tests.support.sync_fakes import (
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
    return channel.list_pos, channel.list_wants, channel.listed


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


def test_a_gift_that_was_lost_keeps_recovery_open_until_the_peer_lists_again() -> None:
    low, high, middle = halves(own(0), own(1))
    grants = in_recovery()
    on_list(grants, page(*map(listed, low), hi=middle))
    on_list(grants, page(*map(listed, high), lo=middle))
    on_give(grants, Give(tuple(record.given for record in high)))
    assert account(grants) == (LIST_END, 1, False)
    delta = on_list(grants, page(*map(listed, low), hi=middle))
    assert delta.want == (low[0].rk,)
    assert account(grants) == (middle, 1, False)
    on_give(grants, Give((low[0].given,)))
    on_list(grants, page(*map(listed, high), lo=middle))
    assert account(grants) == (None, 0, True)


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
