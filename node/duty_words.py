"""What the policy wants somebody to do, in the sentences that `status` shows."""

from collections.abc import Iterator

from sqlalchemy import Connection

from node.finding import Finding
from node.moments import iso_time
from node.store.context import Context
from node.store.disputes import open_disputes
from node.store.reviews import all_provisional
from protocol.ids import iso_date


def waiting_duties(connection: Connection, context: Context) -> Iterator[Finding]:
    """Say which objections wait or are late, and which alerts end unless they are confirmed."""
    waiting = open_disputes(connection)
    late = [each for each in waiting if each.is_overdue(context.today)]
    if late:
        due = iso_date(late[0].due_day)
        yield Finding(
            f"{_many(len(late), 'objection')} past the day of the answer, the first since {due}",
            "parasol dispute list", code="objections_late",
            about={"count": len(late), "due_day": due},
        )  # fmt: skip
    elif waiting:
        due = iso_date(waiting[0].due_day)
        yield Finding(
            f"{_many(len(waiting), 'objection')} to be answered, the first by {due}",
            "parasol dispute list", "note", "objections_wait",
            {"count": len(waiting), "due_day": due},
        )  # fmt: skip
    hurried = all_provisional(connection)
    if hurried:
        first = min(hurried.values())
        yield Finding(
            f"{_many(len(hurried), 'alert')} will end unless another person confirms, the first at"
            f" {(iso_time(first) or '')[:16]}",
            "parasol alert confirm", code="unconfirmed_end",
            about={"count": len(hurried), "first_us": first},
        )  # fmt: skip


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
