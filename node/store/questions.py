"""What the desk asks a reporter, as rows: she sees them when she comes back with her code.

A question goes with its report. Her answer is an update like all that she sends (`receipts`); here
stands only that it was given.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from sqlalchemy import Connection, and_, delete, func, insert, select, update

from node.errors import BadRequest, NotFound
from node.store.receipts import DAY_US, ID_BYTES, KEPT_DAYS, Opens, same_report
from node.store.tables_reports import questions
from protocol.ids import RecordKey, text_id

MOST_OPEN = 5  # of one report


@dataclass(frozen=True, slots=True)
class Question:
    """One question of the desk; `answered_us` is 0 until she answers."""

    id: str
    text: str = field(repr=False)
    made_us: int
    answered_us: int


def add_question(
    connection: Connection, random: Callable[[int], bytes], opens: Opens, text: str, now_us: int
) -> Question:
    """Put a question to whoever has the report's code. BadRequest where several wait already."""
    waiting = select(func.count()).where(
        same_report(questions, opens), questions.c.answered_us == 0
    )
    if connection.execute(waiting).scalar_one() >= MOST_OPEN:
        raise BadRequest("several questions wait for this reporter already; wait for her answers")
    asked = Question(text_id(random(ID_BYTES)), text, now_us, 0)
    connection.execute(
        insert(questions).values(
            id=asked.id, draft=opens.draft, rk=opens.rk, text=text, made_us=now_us, answered_us=0
        )
    )
    return asked


def questions_about(connection: Connection, opens: Opens) -> list[Question]:
    """All that was asked of one report, oldest first."""
    query = select(questions).where(same_report(questions, opens)).order_by(questions.c.made_us)
    return [
        Question(row.id, row.text, row.made_us, row.answered_us)
        for row in connection.execute(query)
    ]


def open_question(connection: Connection, opens: Opens, id_: str) -> Question:
    """A question of this report that she has not answered. NotFound."""
    for asked in questions_about(connection, opens):
        if asked.id == id_ and not asked.answered_us:
            return asked
    raise NotFound("that question was answered already, or taken back")


def mark_answered(connection: Connection, id_: str, now_us: int) -> None:
    """Note that a question was answered."""
    connection.execute(update(questions).where(questions.c.id == id_).values(answered_us=now_us))


def drop_question(connection: Connection, id_: str) -> None:
    """Take a question back that was not answered. NotFound."""
    waits = and_(questions.c.id == id_, questions.c.answered_us == 0)
    if connection.execute(delete(questions).where(waits)).rowcount != 1:
        raise NotFound("that question was answered already, or taken back")


def drop_questions(connection: Connection, draft: str = "", rk: RecordKey | None = None) -> None:
    """Purge what was asked of a report: of its draft, or of its alert."""
    connection.execute(delete(questions).where(same_report(questions, Opens(draft, rk))))


def forget_questions(connection: Connection, now_us: int) -> None:
    """Purge what was asked long ago, answered or not."""
    connection.execute(delete(questions).where(questions.c.made_us < now_us - KEPT_DAYS * DAY_US))
