"""What the policy wants somebody to do, in the sentences that `status` shows."""

from collections.abc import Iterator

from sqlalchemy import Connection

from node.moments import iso_time
from node.store.context import Context
from node.store.disputes import open_disputes
from node.store.reviews import all_provisional
from protocol.ids import iso_date


def waiting_duties(connection: Connection, context: Context) -> Iterator[str]:
    """Say which objections wait or are late, and which alerts end unless they are confirmed."""
    waiting = open_disputes(connection)
    late = [each for each in waiting if each.is_overdue(context.today)]
    if late:
        yield (
            f"{_many(len(late), 'objection')} past the day of the answer, the first since"
            f" {iso_date(late[0].due_day)}: parasol dispute list"
        )
    elif waiting:
        yield (
            f"{_many(len(waiting), 'objection')} to be answered, the first by"
            f" {iso_date(waiting[0].due_day)}: parasol dispute list"
        )
    hurried = all_provisional(connection)
    if hurried:
        first = (iso_time(min(hurried.values())) or "")[:16]
        yield (
            f"{_many(len(hurried), 'alert')} will end unless another person confirms, the first at"
            f" {first}: parasol alert confirm"
        )


def _many(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"
