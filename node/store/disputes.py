"""Objections of listed persons as rows: taken, answered, closed, and when an answer is due.

What somebody wrote goes with the alert, and otherwise 90 days after the objection was closed; that
there was one, and how it ended, stays as long as the row of the alert.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from node.errors import BadRequest, NotFound
from node.store.tables import records
from node.store.tables_policy import disputes
from protocol.ids import Day, RecordKey, text_id

ID_BYTES = 5  # eight letters, as a draft's
KEPT_US = 90 * 86_400_000_000


class DisputeState(StrEnum):
    """Where an objection has come to."""

    OPEN = "open"
    ANSWERED = "answered"
    CLOSED = "closed"


class Outcome(StrEnum):
    """What becomes of the alert."""

    KEPT = "kept"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Dispute:
    """One objection. `due_day` is the last day on which an answer is in time."""

    id: str
    rk: RecordKey
    state: DisputeState
    opened_us: int
    due_day: Day
    opened_by: str
    objection: str = field(repr=False)
    answered_us: int = 0
    answered_by: str = ""
    answer: str = field(default="", repr=False)
    outcome: str = ""
    closed_us: int = 0
    closed_by: str = ""

    @property
    def is_open(self) -> bool:
        """Whether it still waits for a decision in force."""
        return self.state is not DisputeState.CLOSED

    def is_overdue(self, today: Day) -> bool:
        """Whether its answer is late."""
        return self.is_open and today > self.due_day


def new_dispute_id(random: Callable[[int], bytes]) -> str:
    """Make the id of a new objection."""
    return text_id(random(ID_BYTES))


def save_dispute(connection: Connection, dispute: Dispute) -> None:
    """Add an objection, or write it back."""
    row = {
        "id": dispute.id, "rk": dispute.rk, "state": dispute.state.value,
        "opened_us": dispute.opened_us, "due_day": dispute.due_day,
        "opened_by": dispute.opened_by, "objection": dispute.objection,
        "answered_us": dispute.answered_us, "answered_by": dispute.answered_by,
        "answer": dispute.answer, "outcome": dispute.outcome,
        "closed_us": dispute.closed_us, "closed_by": dispute.closed_by,
    }  # fmt: skip
    connection.execute(insert(disputes).prefix_with("OR REPLACE").values(**row))


def all_disputes(connection: Connection) -> list[Dispute]:
    """Every objection, the one that is due first in front; closed ones last."""
    found = [_dispute(row) for row in connection.execute(select(disputes))]
    return sorted(found, key=lambda each: (not each.is_open, each.due_day, each.opened_us))


def open_disputes(connection: Connection) -> list[Dispute]:
    """Those that are not closed, the one that is due first in front."""
    return [each for each in all_disputes(connection) if each.is_open]


def find_dispute(connection: Connection, text: str) -> Dispute:
    """The objection whose id is this, or begins so; NotFound, BadRequest if several do."""
    wanted = text.strip().lower()
    found = [each for each in all_disputes(connection) if wanted and each.id.startswith(wanted)]
    if not found:
        raise NotFound("there is no objection with that id; see parasol dispute list")
    if len(found) > 1:
        raise BadRequest("several objections begin so; give more of the id")
    return found[0]


def forget_disputes(connection: Connection, rk: RecordKey) -> None:
    """The alert is erased: nothing of what was said about it stays."""
    connection.execute(delete(disputes).where(disputes.c.rk == rk))


def forget_closed(connection: Connection, now_us: int) -> int:
    """Drop what was written in objections closed long ago, and those of alerts that are gone."""
    words = update(disputes).where(
        disputes.c.state == DisputeState.CLOSED.value,
        disputes.c.closed_us < now_us - KEPT_US,
        (disputes.c.objection != "") | (disputes.c.answer != ""),
    )
    count = connection.execute(words.values(objection="", answer="")).rowcount
    gone = delete(disputes).where(disputes.c.rk.not_in(select(records.c.rk)))
    return count + connection.execute(gone).rowcount


def _dispute(row: Row[Any]) -> Dispute:
    return Dispute(
        row.id, RecordKey(bytes(row.rk)), DisputeState(row.state), row.opened_us, Day(row.due_day),
        row.opened_by, row.objection, row.answered_us, row.answered_by, row.answer, row.outcome,
        row.closed_us, row.closed_by,
    )  # fmt: skip
