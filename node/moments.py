"""Moments and spans as a keeper reads them; the store counts microseconds since 1970, UTC."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from node.errors import BadRequest

SECOND_US = 1_000_000
HOUR_US = 3600 * SECOND_US
DAY_US = 24 * HOUR_US
LEAST_LETTERS = 3  # of a weekday


def iso_time(us: int) -> str | None:
    """Write a moment as ISO 8601 in UTC, to the second; None for 0, which is never."""
    if not us:
        return None
    return datetime.fromtimestamp(us // SECOND_US, UTC).isoformat()


def span(us: int) -> str:
    """Write a length of time in the unit that people would use: 12 minutes, 31 h, 5 days."""
    if us < 2 * HOUR_US:
        return f"{max(us, 0) // (60 * SECOND_US)} minutes"
    if us < 2 * DAY_US:
        return f"{us // HOUR_US} h"
    return f"{us // DAY_US} days"


_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


def parse_moment(text: str, timezone: str, now_us: int) -> int:
    """Read a moment that a person names, in microseconds: `2026-11-20 02:00`, `Friday 02:00`.

    Without a zone it is meant in `timezone`; a weekday is the last one that has come. BadRequest.
    """
    zone = ZoneInfo(timezone)
    day, _, clock = text.strip().partition(" ")
    weekday = next((at for at, name in enumerate(_DAYS) if name.startswith(day.lower())), None)
    try:
        if weekday is None or len(day) < LEAST_LETTERS:
            found = datetime.fromisoformat(text.strip())
            found = found if found.tzinfo else found.replace(tzinfo=zone)
        else:
            now = datetime.fromtimestamp(now_us // SECOND_US, zone)
            hour = time.fromisoformat(clock.strip() or "00:00")
            found = datetime.combine(now - timedelta((now.weekday() - weekday) % 7), hour, zone)
            if found > now:
                found = datetime.combine(found - timedelta(7), hour, zone)
    except ValueError:
        raise BadRequest(
            "that is no moment: give a date and a time, such as 2026-11-20 02:00 or Friday 02:00"
        ) from None
    return int(found.timestamp()) * SECOND_US
