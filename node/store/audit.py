"""Who did what inside: rows that never leave the node, written with the act they tell of.

Outside only the organisation's name is known. A row names a person as she named herself, an act, an
alert, and why; when she leaves, her name goes. What was written of why goes when the alert is
erased; that it happened stays.
"""

from dataclasses import dataclass, field
from enum import StrEnum

from sqlalchemy import Connection, Row, insert, select, update

from node.store.tables_policy import audit
from protocol.ids import RecordKey

KEPT_US = 400 * 86_400_000_000  # over a year, and less than the longest life of an alert
NAME_CHARACTERS = 80
SOMEBODY = "somebody who left"


class Act(StrEnum):
    """What somebody did."""

    APPROVED = "approved"
    PUBLISHED = "published"
    REFUSED = "refused"
    CALLED = "called"
    CONFIRMED = "confirmed"
    POLICE = "police_export"
    PRINTED = "printed"
    ASKED = "asked_whether_listed"
    OBJECTION = "objection_taken"
    ANSWERED = "objection_answered"
    CLOSED = "objection_closed"
    VOICED = "voice"
    JUDGED = "verdict"
    PASSED = "passed"
    GROUPED = "cluster"
    INVITED = "invited"
    JOINED = "joined"
    LEFT = "left"
    ROLE = "role_given"


@dataclass(frozen=True, slots=True)
class Noted:
    """One act. `subject` is the alert's key, empty where the act is about none."""

    at_us: int
    who: str
    what: str
    subject: bytes
    note: str = field(default="", repr=False)


def note(
    connection: Connection, at_us: int, who: str, what: Act, subject: bytes = b"", why: str = ""
) -> None:
    """Write an act down, in the transaction that does it."""
    connection.execute(
        insert(audit).values(at_us=at_us, who=who, what=what.value, subject=subject, note=why)
    )


def acts(connection: Connection, rk: RecordKey | None = None, limit: int = 200) -> list[Noted]:
    """The newest acts first: all, or those about one alert."""
    query = select(audit).order_by(audit.c.at_us.desc(), audit.c.id.desc()).limit(limit)
    if rk is not None:
        query = query.where(audit.c.subject == rk)
    return [_noted(row) for row in connection.execute(query)]


def forget_notes(connection: Connection, rk: RecordKey) -> None:
    """Drop why something was done with an alert: it is erased."""
    connection.execute(update(audit).where(audit.c.subject == rk).values(note=""))


def forget_person(connection: Connection, who: str) -> None:
    """Take a person's name off what she did: she left, and what was done stays."""
    connection.execute(update(audit).where(audit.c.who == who).values(who=SOMEBODY))


def forget_old(connection: Connection, now_us: int) -> int:
    """Drop the rows that are over a year old; returns how many."""
    return connection.execute(audit.delete().where(audit.c.at_us < now_us - KEPT_US)).rowcount


def _noted(row: Row[tuple[object, ...]]) -> Noted:
    return Noted(row.at_us, row.who, row.what, bytes(row.subject), row.note)
