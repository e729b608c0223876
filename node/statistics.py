"""Statistics of closed months: what is published of a month once is all that ever is.

An alert is counted in the month in which it was published, by its region and its gravest code, if
its reporter's consent, or a peer's terms, allow it, and it is still shown when the month is closed.
The figures of a month are worked out once, with small ones taken together or left out
(`node.small_cells`), and kept in the register: an alert that comes late, is withdrawn or erased, a
lower minimum, a restored backup change nothing about them. So whoever holds two reports holds what
the later one says, and no difference of them tells of a single alert.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select

from federation.policy import Policy
from federation.terms import allows
from node.small_cells import OTHER, Group, shown_groups
from node.store import meta
from node.store import register as permissions
from node.store.consents import in_force
from node.store.context import Context
from node.store.lookup import seen
from node.store.records import decode_consent, opened_values
from node.store.register import Register
from node.store.tables import own, records
from node.store.tables_policy import counted
from protocol.codec import Value, decode, encode
from protocol.entry import Status
from protocol.ids import Day, RecordKey, day_of
from protocol.shape import as_array, as_int, as_str
from protocol.vocabulary import CODES

FLOOR = (
    "statistics_floor"  # months up to this one are not worked out any more: see `forget_nothing`
)
NO_REGION = "unknown"
_ORDER = {name: place for place, name in enumerate(CODES)}

Cell = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Figure:
    """One figure: `code` is "other" where small ones were taken together, so is `region`."""

    region: str
    code: str
    alerts: int


@dataclass(frozen=True, slots=True)
class Month:
    """The figures of a closed month (2026-01), and the least that was shown then."""

    month: str
    least: int
    rows: tuple[Figure, ...]


@dataclass(frozen=True, slots=True)
class Countable:
    """An alert that may be counted: its key, the number of its month, and its cell."""

    rk: RecordKey
    month: int
    cell: Cell


def close_months(connection: Connection, context: Context) -> int:
    """Work out every closed month that was not; returns how many. Idempotent."""
    last = month_of(context.today) - 1
    if context.register.get(permissions.STATISTICS, _key(last)) is not None:
        return 0
    known = [month for month, _ in _frozen(context.register)]
    floor = meta.get_int(connection, FLOOR)
    countable = list(_countable(connection, context))
    first = min([last, *(each.month for each in countable)])
    first = max([first, floor + 1, *(month + 1 for month in known)])
    for month in range(first, last + 1):
        found = [each for each in countable if each.month == month]
        _freeze(connection, context, month, found)
    if first > last:  # a restored store works out no month of before
        return 0
    return last + 1 - first


def published_months(register: Register, least: int) -> list[Month]:
    """What was published of each closed month, without what is below a minimum raised since."""
    return [
        Month(each.month, max(each.least, least), tuple(r for r in each.rows if r.alerts >= least))
        for _, each in sorted(_frozen(register), key=lambda pair: pair[0])
    ]


def forget_nothing(connection: Connection, today: Day) -> None:
    """A restored store: nothing of it is counted again, and no month before is worked out.

    What it held may stand in a month that was published after the backup was made.
    """
    meta.put_int(connection, FLOOR, month_of(today))
    connection.execute(
        insert(counted).prefix_with("OR IGNORE").from_select(["rk"], select(records.c.rk))
    )


def month_of(day: int) -> int:
    """The number of a day's month: 12 for each year."""
    found = date(1970, 1, 1) + timedelta(days=day)
    return found.year * 12 + found.month - 1


def month_name(month: int) -> str:
    """The month as people write it: 2026-01."""
    return f"{month // 12:04}-{month % 12 + 1:02}"


def _freeze(connection: Connection, context: Context, month: int, found: list[Countable]) -> None:
    counts = Counter(each.cell for each in found)
    least = context.policy.statistics_min_cell
    groups = shown_groups(counts, {cell: cell[0] for cell in counts}, least)
    rows = sorted(_row(group) for group in groups)
    table: list[Value] = [[region, code, count] for region, code, count in rows]
    value = encode([least, table])
    context.register.stage(permissions.STATISTICS, _key(month), value)
    if found:
        marks = [{"rk": each.rk} for each in found]
        connection.execute(insert(counted).prefix_with("OR IGNORE"), marks)


def _row(group: Group[Cell]) -> tuple[str, str, int]:
    if len(group.cells) == 1:
        return (*group.cells[0], group.count)
    regions = {region for region, _ in group.cells}
    return (regions.pop() if len(regions) == 1 else OTHER, OTHER, group.count)


def _frozen(register: Register) -> Iterator[tuple[int, Month]]:
    for key, raw in register.all(permissions.STATISTICS):
        least, rows = as_array(decode(raw), 2)
        month = int.from_bytes(key, "big")
        yield month, Month(month_name(month), as_int(least), tuple(_rows(as_array(rows))))


def _rows(raw: Iterable[Value]) -> Iterator[Figure]:
    for each in raw:
        region, code, alerts = as_array(each, 3)
        yield Figure(as_str(region, 64), as_str(code, 64), as_int(alerts))


def _key(month: int) -> bytes:
    return month.to_bytes(8, "big")


def _countable(connection: Connection, context: Context) -> Iterator[Countable]:
    """Every alert that is shown, may be counted, and stands in no month yet."""
    known = seen(connection, context)
    before = {bytes(rk) for rk in connection.execute(select(counted.c.rk)).scalars()}
    ours = {
        bytes(row.rk): row
        for row in connection.execute(
            select(own.c.rk, own.c.consent, own.c.partial, own.c.published_us)
        )
    }
    query = select(records).where(records.c.status == int(Status.LIVE), records.c.eid != b"")
    for row in connection.execute(query):
        rk = RecordKey(bytes(row.rk))
        if rk in before or known.status(row) != "live":
            continue
        values = opened_values(bytes(row.disclosures))
        if bytes(row.org) == context.org:
            day = _our_day(context, rk, ours.get(rk))
        else:
            day = row.day if allows(values.get("terms"), "statistics") else None
        codes = _codes(values)
        if day is not None and codes:
            yield Countable(rk, month_of(day), (_region(values, context.policy), gravest(codes)))


def _our_day(context: Context, rk: RecordKey, private: Any) -> int | None:
    """The day in whose month an alert of ours counts; None where it may not be counted.

    Of one that came back from a peer nobody knows what its reporter agreed to.
    """
    if private is None or private.partial:
        return None
    consent = in_force(context.register, rk, decode_consent(bytes(private.consent)))
    return day_of(private.published_us) if consent.statistics else None


def _codes(values: Mapping[str, Value]) -> list[str]:
    listed = values.get("codes")
    # What was adopted from another organisation is that one's report, and counted as that.
    is_report = values.get("kind") in {"alert", "notice"} and "ref" not in values
    if not isinstance(listed, list) or not is_report:
        return []
    return [code for code in listed if isinstance(code, str) and code in CODES]


def _region(values: Mapping[str, Value], policy: Policy) -> str:
    """The region of an alert, where the policy lets a region out at all."""
    region = values.get("place.region")
    is_told = isinstance(region, str) and policy.place_precision != "none"
    return str(region) if is_told else NO_REGION


def gravest(codes: Iterable[str]) -> str:
    """The code under which an alert counts: the most severe, then the first of the vocabulary."""
    return min(codes, key=lambda code: (-CODES[code].severity, _ORDER[code]))
