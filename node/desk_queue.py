"""What waits for the desk, in one line: what is urgent first, then what is old.

Drafts, lists that were imported, words of reporters, alerts that end unless somebody confirms them,
objections with a day, and peers' alerts that nobody has passed. Each says when it came and by when
it is due; nothing is decided here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection

from node.batches import all_batches
from node.said import alert_rows, in_review
from node.store.context import Context
from node.store.disputes import DisputeState, open_disputes
from node.store.drafts import Draft, drafts_by_hand
from node.store.receipts import UpdateKind, waiting_updates
from node.store.reviews import all_provisional
from protocol.codec import Value
from protocol.errors import ProtocolError
from protocol.ids import day_of, iso_date, parse_record_key, text_id
from protocol.vocabulary import is_notice, severity_of

DAY_US: Final = 86_400_000_000
NOW, SOON, LATER = 0, 1, 2
OLD_DAYS: Final = 7  # what waited so long is one step more urgent
DUE_DAYS: Final = 2
NEVER: Final = 1 << 62
CRITICAL, DANGEROUS = 4, 3


class Kind(StrEnum):
    """What it is that waits."""

    REPORT = "report"
    LIST = "list"
    WORDS = "words"
    URGENT = "urgent"
    OBJECTION = "objection"
    OTHERS = "others"


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that waits. `id` is that of its kind; `due_us` is 0 where nothing ends.

    `count` is how many it stands for, `doubted` how many prompts or doubtful rows it has.
    """

    kind: Kind
    id: str
    urgency: int
    since_us: int
    due_us: int = 0
    severity: int = 0
    codes: tuple[str, ...] = ()
    place: str = field(default="", repr=False)
    name: str = field(default="", repr=False)
    count: int = 1
    doubted: int = 0
    said_no: bool = False

    @property
    def due_day(self) -> str:
        """The day on which it is due."""
        return iso_date(day_of(self.due_us))

    @property
    def order(self) -> tuple[int, int, int]:
        """The more urgent first, then what is due, then the oldest."""
        return self.urgency, self.due_us or NEVER, self.since_us


def whole_queue(connection: Connection, context: Context) -> list[Waiting]:
    """Everything that waits, in order."""
    now = context.now_us()
    found = [
        *_reports(connection, now),
        *_lists(connection),
        *_words(connection, now),
        *_urgent(connection, context),
        *_objections(connection, context),
        *_others(connection, context, now),
    ]
    return sorted(found, key=lambda each: each.order)


def _older(urgency: int, since_us: int, now: int) -> int:
    return max(NOW, urgency - 1) if now - since_us > OLD_DAYS * DAY_US else urgency


def _by_severity(severity: int) -> int:
    return NOW if severity >= CRITICAL else SOON if severity == DANGEROUS else LATER


def graveness(fields: Mapping[str, Value]) -> int:
    """How dangerous a draft says it was; 0 for a notice, and where it says nothing."""
    found, codes = fields.get("severity"), fields.get("codes")
    if isinstance(found, int):
        return found
    try:
        return severity_of([str(code) for code in codes]) if isinstance(codes, list) else 0
    except ProtocolError:
        return 0


def _of_draft(draft: Draft, now: int) -> Waiting:
    codes = draft.fields.get("codes")
    words = tuple(str(code) for code in codes) if isinstance(codes, list) else ()
    severity = graveness(draft.fields)
    try:
        warns = bool(words) and is_notice(words)  # a raid, a missing worker: it ends in days
    except ProtocolError:
        warns = False
    urgency = NOW if warns else _by_severity(severity)
    place = draft.fields.get("place.city") or draft.fields.get("place.region") or ""
    return Waiting(
        Kind.REPORT, draft.id, _older(urgency, draft.made_us, now), draft.made_us,
        severity=severity, codes=words, place=str(place), doubted=len(draft.doubts),
        said_no=draft.asked.consent is None,
    )  # fmt: skip


def _reports(connection: Connection, now: int) -> list[Waiting]:
    return [_of_draft(draft, now) for draft in drafts_by_hand(connection)]


def _lists(connection: Connection) -> list[Waiting]:
    return [
        Waiting(
            Kind.LIST, each.id, LATER, each.since_us, name=each.name, count=each.count,
            doubted=each.doubted,
        )
        for each in all_batches(connection)
    ]  # fmt: skip


def _words(connection: Connection, now: int) -> list[Waiting]:
    """What reporters sent: a correction is of something that may be out already."""
    return [
        Waiting(
            Kind.WORDS, each.id, _older(SOON, each.made_us, now), each.made_us,
            codes=(each.kind.value,), said_no=each.kind is UpdateKind.CONSENT,
        )
        for each in waiting_updates(connection)
    ]  # fmt: skip


def _urgent(connection: Connection, context: Context) -> list[Waiting]:
    ends = all_provisional(connection)
    rows: list[dict[str, Any]] = alert_rows(connection, context, ends.keys())
    return [
        Waiting(
            Kind.URGENT, row["alert"], NOW, 0, ends[parse_record_key(row["alert"])],
            row["severity"], tuple(row["codes"]),
        )
        for row in rows
        if row["status"] == "live"
    ]  # fmt: skip


def _objections(connection: Connection, context: Context) -> list[Waiting]:
    found = []
    for each in open_disputes(connection):
        left = each.due_day - context.today
        urgency = NOW if left < DUE_DAYS else SOON
        if each.state is DisputeState.ANSWERED:
            urgency = SOON
        due = (each.due_day + 1) * DAY_US - 1  # its last moment
        found.append(
            Waiting(Kind.OBJECTION, each.id, urgency, each.opened_us, due, name=text_id(each.rk))
        )
    return found


def _others(connection: Connection, context: Context, now: int) -> list[Waiting]:
    """Peers whose alerts a person passes first: one line for each peer."""
    by_org: dict[str, list[dict[str, Any]]] = {}
    for row in in_review(connection, context):
        by_org.setdefault(row["org"], []).append(row)
    return [
        Waiting(
            Kind.OTHERS, org, _by_severity(worst), now, severity=worst,
            name=rows[0]["org_name"], count=len(rows),
        )
        for org, rows in by_org.items()
        for worst in [max(row["severity"] for row in rows)]
    ]  # fmt: skip
