"""When what is new is told: never within quiet hours, never earlier than it happened."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from node.news import released_us
from node.store.news import Subscription

ZONES = ("UTC", "America/Los_Angeles", "Europe/London", "Asia/Kathmandu", "Pacific/Apia")
hours = st.integers(0, 23)
moments = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1))  # noqa: DTZ001 - made UTC below


@given(moments, hours, hours, st.booleans(), st.sampled_from(ZONES))
def test_what_is_new_is_told_soon_and_outside_quiet_hours(
    moment: datetime,
    start: int,
    end: int,
    daily: bool,
    zone: str,
) -> None:
    now = int(moment.replace(tzinfo=UTC).timestamp()) * 1_000_000
    told = released_us(now, Subscription("m", quiet=(start, end), daily=daily), zone)
    at = datetime.fromtimestamp(told / 1_000_000, ZoneInfo(zone))
    day = 86_400_000_000
    assert now <= told <= now + (2 if daily else 1) * day + 7_200_000_000
    quiet = start <= at.hour < end if start < end else at.hour >= start or at.hour < end
    assert start == end or not quiet
    if not daily and start == end:
        assert told == now
    if daily:
        begun = datetime.fromtimestamp(now / 1_000_000, ZoneInfo(zone)).date()
        assert at.date() > begun


def test_clocks_that_change_lose_nothing() -> None:
    wanted = Subscription("m", quiet=(22, 2))
    before = datetime(2026, 3, 8, 9, 30, tzinfo=UTC)  # 01:30 in California; 02:00 is not
    told = released_us(int(before.timestamp()) * 1_000_000, wanted, "America/Los_Angeles")
    assert (
        timedelta(0)
        < timedelta(microseconds=told) - timedelta(seconds=before.timestamp())
        <= timedelta(hours=1)
    )
