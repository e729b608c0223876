"""Our own verdict on a peer's alert: hidden here, noted, or of another severity than it says.

It stands beside the record under its key, so that no update, restore or re-sending of the origin
touches it. It goes with the alert: when that is erased, ended, or here no more. That it hides the
alert stands in the register as well: a backup put back must not show it to members again.
"""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, and_, delete, insert, not_, select

from node.moments import DAY_US
from node.store import register as permissions
from node.store.purges import note_purge
from node.store.records import chunks
from node.store.register import Register
from node.store.tables import records
from node.store.tables_defence import braked
from node.store.tables_voices import cluster_marks, passed, verdicts
from protocol.entry import Status
from protocol.ids import Day, RecordKey

AS_IT_SAYS = -1
AWAITED_DAYS = 30  # after a restore: until then an alert that is hidden may still come back


@dataclass(frozen=True, slots=True)
class Verdict:
    """What we made of one alert; `note` is for who sees it, `reason` for staff."""

    hide: bool = False
    note: str = field(default="", repr=False)
    severity: int = AS_IT_SAYS
    reason: str = field(default="", repr=False)
    at_us: int = 0

    @property
    def says_nothing(self) -> bool:
        """Whether it leaves the alert as its origin says."""
        return not self.hide and not self.note and self.severity == AS_IT_SAYS

    def shown(self) -> dict[str, Any]:
        """The verdict as commands answer it, without what it leaves alone."""
        parts: dict[str, Any] = {"hide": self.hide, "note": self.note, "reason": self.reason}
        if self.severity != AS_IT_SAYS:
            parts["severity"] = self.severity
        return {name: value for name, value in parts.items() if value not in (False, "")}


def verdicts_on(
    connection: Connection, rks: Collection[RecordKey] | None = None
) -> dict[RecordKey, Verdict]:
    """The verdicts on these alerts (None: all)."""
    if rks is None:
        rows = list(connection.execute(select(verdicts)))
    else:
        rows = [
            row
            for group in chunks(rks)
            for row in connection.execute(select(verdicts).where(verdicts.c.rk.in_(group)))
        ]
    return {
        RecordKey(bytes(row.rk)): Verdict(
            bool(row.hide), row.note, row.severity, row.reason, row.at_us
        )
        for row in rows
    }


def set_verdict(connection: Connection, rk: RecordKey, verdict: Verdict) -> None:
    """Replace the verdict on an alert; one that says nothing is none."""
    gone = connection.execute(delete(verdicts).where(verdicts.c.rk == rk)).rowcount
    if gone:
        note_purge(connection)
    if not verdict.says_nothing:
        connection.execute(
            insert(verdicts).values(
                rk=rk, hide=int(verdict.hide), note=verdict.note, severity=verdict.severity,
                reason=verdict.reason, at_us=verdict.at_us,
            )
        )  # fmt: skip


def note_hidden(register: Register, rk: RecordKey, last: Day, *, hide: bool) -> None:
    """Keep beyond every backup that an alert, which lasts until a day, is hidden, or that not."""
    value = last.to_bytes(8, "big") if hide else None
    if register.get(permissions.HIDDEN, rk) != value:
        register.stage(permissions.HIDDEN, rk, value)


def obey_hidden(connection: Connection, register: Register, now_us: int) -> None:
    """After a restore: hide again what was hidden since the backup, also what has yet to come."""
    for rk, _ in register.all(permissions.HIDDEN):
        known = verdicts_on(connection, [RecordKey(rk)]).get(RecordKey(rk))
        if known is None:
            set_verdict(connection, RecordKey(rk), Verdict(hide=True, at_us=now_us))
        elif not known.hide:
            set_verdict(connection, RecordKey(rk), replace(known, hide=True))


def forget_hidden(connection: Connection, register: Register, today: Day) -> None:
    """Drop from the register what was hidden and has ended."""
    for rk, last in register.all(permissions.HIDDEN):
        if int.from_bytes(last, "big") < today and not verdicts_on(connection, [RecordKey(rk)]):
            register.stage(permissions.HIDDEN, rk, None)


def forget_judged(connection: Connection, today: Day) -> int:
    """Drop what was judged of alerts that are erased, ended or gone; returns how many rows.

    What the brake holds may come back, and stays judged. An alert that was only stopped may too,
    and so may one that the register knows to be hidden, for a month after a restore.
    """
    awaited = and_(
        verdicts.c.hide == 1, verdicts.c.note == "", verdicts.c.reason == "",
        verdicts.c.at_us > (today - AWAITED_DAYS) * DAY_US,
        verdicts.c.rk.not_in(select(records.c.rk)),
    )  # fmt: skip
    standing = (
        select(records.c.rk)
        .where(records.c.status != int(Status.ERASED), records.c.exp_day >= today)
        .union(select(braked.c.rk))
    )
    count = 0
    for table, columns in (
        (verdicts, (verdicts.c.rk,)),
        (passed, (passed.c.rk,)),
        (cluster_marks, (cluster_marks.c.first, cluster_marks.c.second)),
    ):
        for column in columns:
            gone = delete(table).where(column.not_in(standing))
            gone = gone.where(not_(awaited)) if table is verdicts else gone
            count += connection.execute(gone).rowcount
    if count:
        note_purge(connection)
    return count
