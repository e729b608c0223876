"""Dates as people write them become a day, a week or a month: the finest that was really said.

Which of day and month comes first is inferred from the whole column, then from the country. An
unstated year is taken as the latest that is not in the future, with a doubt. Invariant: nothing
after `today` is ever returned. Pure; `as_of` is the day from which "last week" counts.
"""

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from node.desk.importers.clock import clean_date, take_slot
from node.desk.importers.datewords import (
    approx_words,
    months,
    relative_pattern,
    relative_phrases,
    unit_words,
    weekdays,
)
from node.desk.importers.mapping import DateOrder
from node.desk.importers.words import fold, is_nothing

_ISO_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d")
_OLDEST: Final = 1990
_MONTH_FIRST: Final = frozenset({"US", "PH", "FM", "MH", "PW", "GU", "PR"})
_MIXED: Final = frozenset({"CA", "KE", "GH"})
_NUMERIC: Final = re.compile(
    r"(?<!\d)(\d{1,4})\s?([-./])\s?(\d{1,2})(?:\s?\2\s?(\d{1,4})|\.?(?!\d))(?!\d)"
)
_WEEK_OF: Final = re.compile(
    r"\b(?:week (?:of|commencing|beginning|ending)|w/c|semaine du|semana del|woche vom|неделя)\b"
)


@dataclass(frozen=True, slots=True)
class OrderFinding:
    """Which of day and month comes first in a column, and whether its own values prove it."""

    order: DateOrder
    sure: bool


@dataclass(frozen=True, slots=True)
class DateReading:
    """One of `day`, `week`, `month` (ISO) or none of them; `slot` only with a day."""

    day: str = ""
    week: str = ""
    month: str = ""
    slot: str = ""
    reason: str = ""

    @property
    def guess(self) -> str:
        """The finest that was read, as text."""
        return self.day or self.week or self.month


def infer_order(texts: Sequence[str], country: str | None, today: dt.date) -> OrderFinding:
    """Return the order of day and month that a column's values show, else the country's custom."""
    day_first = month_first = 0
    for text in texts:
        for match in _NUMERIC.finditer(fold(text)):
            first, sign, second, third = match.groups()
            if len(first) > 2 or third is None or len(third) == 1:
                continue
            a, b = int(first), int(second)
            if a > 12 >= b >= 1 or sign == ".":
                day_first += 1
            elif b > 12 >= a >= 1:
                month_first += 1
            elif a != b:
                day_first += _future(third, a, b, today)
                month_first += _future(third, b, a, today)
    custom: DateOrder = "month_first" if country in _MONTH_FIRST else "day_first"
    known = country is not None and country not in _MIXED
    if day_first and not month_first:
        return OrderFinding("day_first", custom == "day_first" or day_first > 1)
    if month_first and not day_first:
        return OrderFinding("month_first", custom == "month_first" or month_first > 1)
    if day_first and month_first:
        if max(day_first, month_first) >= 10 * min(day_first, month_first):
            return OrderFinding(
                "day_first" if day_first > month_first else "month_first", sure=True
            )
        return OrderFinding("day_first" if day_first > month_first else "month_first", sure=False)
    return OrderFinding(custom, known)


def _future(year: str, month: int, day: int, today: dt.date) -> bool:
    """Whether reading a value so would put it in the future, and the other way would not."""
    other = _make(_year(year), day, month)
    this = _make(_year(year), month, day)
    return this is not None and this > today and other is not None and other <= today


@dataclass(frozen=True, slots=True)
class DateReader:
    """Reads one column's dates; `as_of_known`: whether a person said when the list was written."""

    order: OrderFinding
    today: dt.date
    as_of: dt.date
    as_of_known: bool = True

    def read(self, text: str) -> DateReading:
        """Return what a cell says about when; `reason` is set where a person should look."""
        if _ISO_DAY.fullmatch(text):
            return self._not_future(self._date(text))
        words = clean_date(text)
        if not words or is_nothing(words):
            return DateReading()
        words, slot, slot_reason = take_slot(words)
        found = self._date(words)
        if found.day and slot:
            found = replace(found, slot=slot, reason=found.reason or slot_reason)
        return self._not_future(found)

    def read_relative(self, phrase: str) -> DateReading:
        """Return what one of the known phrases means; nothing where it is none."""
        return self._relative(phrase) or DateReading()

    def _date(self, words: str) -> DateReading:
        approx, words = _take_approx(words)
        if (relative := self._relative(words)) is not None:
            return relative
        numeric = _NUMERIC.search(words)
        named = _named_month(words)
        if named is not None:
            return self._named(words, *named, approx=approx)
        if numeric is not None or re.search(r"\d\s?[-/.]\s?(?:19|20)\d\d", words):
            return self._numeric(words, numeric, approx=approx)
        return self._bare(words, approx=approx)

    def _relative(self, words: str) -> DateReading | None:
        unit_back = relative_phrases().get(words) or _ago(words)
        reason = (
            ""
            if self.as_of_known
            else "counted from today: say --as-of, the day the list was written"
        )
        if unit_back is not None:
            unit, back = unit_back
            if unit == "day":
                return DateReading(
                    day=(self.as_of - dt.timedelta(days=back)).isoformat(), reason=reason
                )
            if unit == "week":
                return DateReading(week=_week(self.as_of - dt.timedelta(weeks=back)), reason=reason)
            months = self.as_of.year * 12 + self.as_of.month - 1 - back
            return DateReading(month=f"{months // 12:04}-{months % 12 + 1:02}", reason=reason)
        tokens = [t for t in re.split(r"[\s,]+", words) if t]
        days = [weekdays()[t] for t in tokens if t in weekdays()]
        if len(days) == 1 and len(tokens) <= 3 and not any(c.isdigit() for c in words):
            back = (self.as_of.isoweekday() - days[0]) % 7 or 7
            day = self.as_of - dt.timedelta(days=back)
            return DateReading(day=day.isoformat(), reason=reason or "which week's day is meant?")
        return None

    def _named(self, words: str, month: int, start: int, end: int, *, approx: bool) -> DateReading:
        before, after = words[:start], words[end:]
        year = re.search(r"(?<!\d)((?:19|20)\d\d)(?!\d)", words)
        days = [int(d) for d in re.findall(r"(?<!\d)(\d{1,2})(?!\d)", before)]
        later = [int(d) for d in re.findall(r"(?<!\d)(\d{1,2})(?!\d)", after)]
        short = (
            re.search(r"(?:'|\s|-|/|\.)(\d{2})\s*$", after)
            if days
            else re.search(r"(?:'|,\s?)(\d{2})\s*$", after)
        )
        number: int | None = int(year.group(1)) if year else None
        if number is None and short is not None:
            number = 2000 + int(short.group(1))
            later = later[:-1]
        elif number is None and not days and re.fullmatch(r"\s*-\s*\d\d\s*", after):
            number, later = 2000 + later[0], []  # "Jul-26", as spreadsheets show a month
        days = [d for d in (days or later) if 1 <= d <= 31]
        if re.search(r"\b(?:first|second|third|last) week\b", before):
            days = []
        reason = "" if number is not None else "the year is not written"
        if not days:
            number = number if number is not None else self._latest(month, 1)
            return DateReading(month=f"{number:04}-{month:02}", reason=reason)
        number = number if number is not None else self._latest(month, days[0])
        made = [m for m in (_make(number, month, d) for d in days) if m is not None]
        if not made:
            return DateReading(month=f"{number:04}-{month:02}", reason="no such day in this month")
        return _span(made, approx=approx, reason=reason)

    def _numeric(self, words: str, match: re.Match[str] | None, *, approx: bool) -> DateReading:
        made: list[dt.date] = []
        reason = ""
        for found in _NUMERIC.finditer(words):
            day, why = self._one(found)
            if day is not None:
                made.append(day)
                reason = reason or why
        if made:
            return _span(made, approx=approx, reason=reason)
        if match is not None and len(match.group(1)) == 4 and 1 <= int(match.group(3)) <= 12:
            return DateReading(month=f"{match.group(1)}-{int(match.group(3)):02}")
        month = re.fullmatch(r"\D*(\d{1,2})\s?[-/.]\s?((?:19|20)\d\d)\D*", words)
        if month and 1 <= int(month.group(1)) <= 12:
            return DateReading(month=f"{month.group(2)}-{int(month.group(1)):02}")
        return DateReading(reason="not a date")

    def _one(self, match: re.Match[str]) -> tuple[dt.date | None, str]:
        first, sign, second, third = match.groups()
        if len(first) == 4:
            return _make(int(first), int(second), int(third or 0)), ""
        if len(first) == 3 or (third is not None and len(third) == 1):
            return None, ""
        a, b = int(first), int(second)
        day_first = self.order.order != "month_first" or sign == "."
        reason = ""
        if third is None:
            reason = "the year is not written"
            month, day = (b, a) if (day_first and b <= 12) or a > 12 else (a, b)
            year = self._latest(month, day)
            return _make(year, month, day), reason
        year = _year(third)
        if self.order.order == "year_first" and len(first) == 2 and len(third) == 2:
            return _make(_year(first), b, int(third)), ""
        month, day = (b, a) if day_first else (a, b)
        made, swapped = _make(year, month, day), _make(year, day, month)
        if made is None and swapped is not None:
            return swapped, ""  # only one reading is a date at all
        if made is not None and swapped is not None and made != swapped and sign != ".":
            if made > self.today >= swapped:
                return swapped, "" if not self.order.sure else "day and month seem to be swapped"
            if not self.order.sure:
                reason = "which is the day, which the month?"
        return made, reason

    def _bare(self, words: str, *, approx: bool) -> DateReading:
        digits = words.strip()
        if re.fullmatch(r"(?:19|20)\d{6}", digits):
            made = _make(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
            return (
                _span([made], approx=approx, reason="")
                if made
                else DateReading(reason="not a date")
            )
        if serial := re.fullmatch(r"([34]\d{4}|5\d{4})(?:\.\d+)?", digits):
            made = dt.date(1899, 12, 30) + dt.timedelta(days=int(serial.group(1)))
            return DateReading(day=made.isoformat())
        if re.fullmatch(r"\d{10}", digits) and digits.startswith("1"):
            return DateReading(
                day=dt.datetime.fromtimestamp(int(digits), dt.UTC).date().isoformat()
            )
        if iso_week := re.fullmatch(
            r"(20\d\d)-?\s?(?:w|kw)\s?(\d{1,2})|(?:w|kw)\s?(\d{1,2})[\s/]+(20\d\d)", digits
        ):
            year, week = (
                iso_week.group(1) or iso_week.group(4),
                iso_week.group(2) or iso_week.group(3),
            )
            try:
                return DateReading(week=_week(dt.date.fromisocalendar(int(year), int(week), 1)))
            except ValueError:
                return DateReading(reason="not a date")
        if re.search(r"(?<!\d)(?:19|20)\d\d(?!\d)", words):
            return DateReading(reason="only a year or a season is written")
        return DateReading(reason="not a date")

    def _latest(self, month: int, day: int) -> int:
        """The latest year in which this day is not after `as_of`."""
        for year in range(self.as_of.year, self.as_of.year - 9, -1):
            made = _make(year, month, day)
            if made is not None and made <= self.as_of:
                return year
        return self.as_of.year

    def _not_future(self, found: DateReading) -> DateReading:
        first = _first_day(found)
        if first is None:
            return found
        if first > self.today:
            return DateReading(reason="in the future: left out")
        if first.year < _OLDEST:
            return DateReading(reason=f"before {_OLDEST}: left out")
        return found


def _take_approx(words: str) -> tuple[bool, str]:
    approx = (
        bool(_WEEK_OF.search(words))
        or words.startswith("~")
        or words.endswith("?")
        or "+/-" in words
        or "±" in words
    )
    rest = words.replace("~", " ").replace("?", " ").replace("+/-", " ").replace("±", " ")
    rest, count = approx_words().subn(" ", rest)
    approx = approx or count > 0
    return approx, " ".join(rest.split()).strip(" .,;")


def _named_month(words: str) -> tuple[int, int, int] | None:
    """The first month's name in the words, and where it stands."""
    for match in re.finditer(r"[^\W\d_]+", words):
        month = months().get(match.group())
        if match.group() == "ago" and re.search(r"[^\W\d_]\s*$", words[: match.start()]):
            continue  # "a few days ago" is not of August
        if month is not None:
            return month, match.start(), match.end()
    return None


def _span(days: Sequence[dt.date], *, approx: bool, reason: str) -> DateReading:
    first, last = min(days), max(days)
    if first == last:
        if approx:
            return DateReading(week=_week(first), reason=reason)
        return DateReading(day=first.isoformat(), reason=reason)
    if _week(first) == _week(last):
        return DateReading(week=_week(first), reason=reason)
    months = {first.strftime("%Y-%m"), last.strftime("%Y-%m")}
    if len(months) == 1:
        return DateReading(month=months.pop(), reason=reason)
    return DateReading(month=first.strftime("%Y-%m"), reason=reason or "the dates span two months")


def _first_day(found: DateReading) -> dt.date | None:
    if found.day:
        return dt.date.fromisoformat(found.day)
    if found.week:
        return dt.date.fromisocalendar(int(found.week[:4]), int(found.week[6:]), 1)
    if found.month:
        return dt.date(int(found.month[:4]), int(found.month[5:]), 1)
    return None


def _week(day: dt.date) -> str:
    year, week, _ = day.isocalendar()
    return f"{year:04}-W{week:02}"


def _year(text: str) -> int:
    number = int(text)
    return number if len(text) == 4 else 2000 + number


def _make(year: int, month: int, day: int) -> dt.date | None:
    try:
        return dt.date(year, month, day)
    except ValueError:
        return None


def _ago(words: str) -> tuple[str, int] | None:
    match = re.fullmatch(
        r"(?:il y a |hace |vor |cca )?(\d{1,2})\s*\+?\s*([^\W\d]+)(?: ago| back| назад| geleden|"
        r" fa| atras| temu)?",
        words,
    )
    if match is None or not re.search(
        r"ago|back|il y a|hace|vor |назад|geleden|fa$|atras|temu", words
    ):
        return None
    for unit in ("day", "week", "month"):
        if match.group(2) in unit_words(unit):
            return unit, int(match.group(1))
    return None


def said_when(text: str, sent: dt.date) -> DateReading | None:
    """Return what a message says about when ("last night", "yesterday"), counted from `sent`."""
    words = fold(text)
    reader = DateReader(OrderFinding("day_first", sure=True), sent, sent)
    found = relative_pattern().search(words)
    return reader.read_relative(found.group()) if found else None
