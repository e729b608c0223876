"""Moments and spans as a keeper reads them; the store counts microseconds since 1970, UTC."""

from datetime import UTC, datetime

SECOND_US = 1_000_000
HOUR_US = 3600 * SECOND_US
DAY_US = 24 * HOUR_US


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
