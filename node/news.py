"""What is new for one member: the alerts of her choice, and what has gone of those she was told of.

It is worked out when her feed is asked for. An alert is told once, as a random name that leads to
nothing outside; when it changes, it is told as changed; when members may not see it any more, for
whatever reason, that it is gone, and nothing of it. Quiet hours and a daily digest hold back what
is new. They never hold back that something is gone.
"""

import hashlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta
from itertools import islice
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from node.browsing import Found, Wanted, going_through, still_shown
from node.store.context import Context
from node.store.news import Subscription, Told, tell, told_to
from protocol.ids import RecordKey

MOST: Final = 50  # entries of a feed
WATCHED: Final = 1000  # alerts that were told earlier, of which a feed still says when they go
KEPT_US: Final = 90 * 86_400_000_000  # how long it says that something is gone
_ENTRY_BYTES: Final = 16
_SECOND_US: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a feed, about one alert or, as a digest, about those of a day.

    `gone` counts what went from a digest since.
    """

    id: str
    published_us: int
    changed_us: int
    alerts: tuple[dict[str, Any], ...] = field(repr=False)
    day: str = ""
    gone: int = 0


@dataclass(frozen=True, slots=True)
class News:
    """A feed as it stands: its entries, the newest first, and the names of those that are gone."""

    entries: tuple[Entry, ...]
    gone: tuple[tuple[str, int], ...]  # the entry's id, since when

    @property
    def changed_us(self) -> int:
        """When anything last changed; 0 for never."""
        times = [each.changed_us for each in self.entries] + [us for _, us in self.gone]
        return max(times, default=0)


def released_us(now_us: int, wanted: Subscription, timezone: str) -> int:
    """When what is new now is told: at once, after the day's end, after the quiet hours."""
    zone = ZoneInfo(timezone)
    now = datetime.fromtimestamp(now_us // _SECOND_US, zone)
    at = now
    if wanted.daily:
        at = datetime.combine(now.date() + timedelta(1), time(0), zone)
    start, end = wanted.quiet
    quiet = start <= at.hour < end if start < end else at.hour >= start or at.hour < end
    if start != end and quiet:
        day = at.date() + timedelta(1 if at.hour >= end else 0)
        at = datetime.combine(day, time(end), zone)
    return now_us if at is now else int(at.timestamp()) * _SECOND_US


@dataclass(frozen=True, slots=True)
class Step:
    """A feed as it stands, and what has to be remembered before it is shown.

    `before` is what had been told when it was worked out.
    """

    news: News
    before: dict[RecordKey, Told] = field(repr=False)
    told: tuple[Told, ...] = field(repr=False)
    never: tuple[RecordKey, ...]

    @property
    def is_known(self) -> bool:
        """Whether there is nothing to remember."""
        return not self.told and not self.never


def remember(connection: Connection, wanted: Subscription, step: Step) -> bool:
    """Remember what a step tells; not where somebody else read the feed first, or it has ended."""
    return tell(connection, wanted, step.before, step.told, step.never)


def news_of(connection: Connection, context: Context, wanted: Subscription, timezone: str) -> Step:
    """What a member's feed says now.

    It goes through many alerts, so it is worked out while others write; `remember` is short.
    """
    now = context.now_us()
    choice = Wanted(wanted.severity, wanted.codes, wanted.places, wanted.sectors)
    through = going_through(connection, context, choice, "members")
    shown = {each.rk: each for each in islice(through, MOST)}
    known = told_to(connection, wanted.member)
    later = released_us(now, wanted, timezone)
    new = [
        _new(known.get(rk), each, later, context)
        for rk, each in shown.items()
        if rk not in known or known[rk].gone_us or known[rk].rev != each.row.rev
    ]
    standing = [each for rk, each in known.items() if not each.gone_us and rk not in shown]
    standing.sort(key=lambda each: -each.from_us)
    there = still_shown(connection, context, [each.rk for each in standing[:WATCHED]], "members")
    lost = [each for each in standing[:WATCHED] if each.rk not in there]
    never = [each.rk for each in lost if each.from_us > now]
    gone = [replace(each, gone_us=now) for each in lost if each.from_us <= now]
    stands = known | {each.rk: each for each in (*new, *gone)}
    told = [each for rk, each in stands.items() if rk not in never and each.from_us <= now]
    old = [each.rk for each in standing[WATCHED:]]
    news = _news(wanted, told, shown, now, timezone)
    return Step(news, known, (*new, *gone), (*never, *old))


def _new(before: Told | None, found: Found, later: int, context: Context) -> Told:
    rev = found.row.rev
    if before is None:
        return Told(found.rk, context.random(_ENTRY_BYTES).hex(), rev, later, later)
    return replace(before, rev=rev, changed_us=later, gone_us=0)


def _news(
    wanted: Subscription,
    told: list[Told],
    shown: dict[RecordKey, Found],
    now: int,
    timezone: str,
) -> News:
    here = [each for each in told if not each.gone_us and each.rk in shown]
    gone = [(each.entry, each.gone_us) for each in told if each.gone_us > now - KEPT_US]
    if not wanted.daily:
        entries = [
            # A change that quiet hours hold back is not announced; what it says is as it is now.
            Entry(each.entry, each.from_us, _announced(each, now), (shown[each.rk].line,))
            for each in here
        ]
    else:
        entries, lost = _digests(wanted, told, here, shown, now, timezone)
        gone += lost
    entries.sort(key=lambda each: (-each.changed_us, each.id))
    return News(tuple(entries), tuple(sorted(gone, key=lambda pair: (-pair[1], pair[0]))))


def _announced(each: Told, now: int) -> int:
    return each.changed_us if each.changed_us <= now else each.from_us


def _digests(
    wanted: Subscription,
    told: list[Told],
    here: list[Told],
    shown: dict[RecordKey, Found],
    now: int,
    timezone: str,
) -> tuple[list[Entry], list[tuple[str, int]]]:
    """One entry for each day on which something was told, and those of which nothing is left."""
    zone = ZoneInfo(timezone)
    days: dict[str, list[Told]] = {}
    for each in told:
        day = datetime.fromtimestamp(each.from_us // _SECOND_US, zone).date().isoformat()
        days.setdefault(day, []).append(each)
    entries: list[Entry] = []
    lost: list[tuple[str, int]] = []
    standing = set(here)
    for day, all_of_it in days.items():
        raw = (wanted.feed or b"") + day.encode()
        name = hashlib.blake2b(raw, digest_size=_ENTRY_BYTES).hexdigest()
        mine = [each for each in all_of_it if each in standing]
        went = [each.gone_us for each in all_of_it if each.gone_us]
        if mine:
            first = min(each.from_us for each in mine)
            changed = max([*(_announced(each, now) for each in mine), *went])
            lines = tuple(shown[each.rk].line for each in mine)
            entries.append(Entry(name, first, changed, lines, day, len(went)))
        elif len(went) == len(all_of_it):
            lost.append((name, max(went)))
    return entries, lost


def atom_time(us: int) -> str:
    """A moment as RFC 3339 writes it, in UTC, to the second."""
    return datetime.fromtimestamp(us // _SECOND_US, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
