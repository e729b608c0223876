"""Our own verdict on a peer's alert: hidden here, noted, or of another severity than it says.

It stands beside the record under its key, so that no update, restore or re-sending of the origin
touches it. It goes with the alert: when that is erased, ended, or here no more.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from node.store.purges import note_purge
from node.store.records import chunks
from node.store.tables import records
from node.store.tables_defence import braked
from node.store.tables_voices import cluster_marks, passed, verdicts
from protocol.entry import Status
from protocol.ids import Day, RecordKey

AS_IT_SAYS = -1


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


def forget_judged(connection: Connection, today: Day) -> int:
    """Drop what was judged of alerts that are erased, ended or gone; returns how many rows.

    What the brake holds may come back, and stays judged. An alert that was only stopped may too.
    """
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
            count += connection.execute(delete(table).where(column.not_in(standing))).rowcount
    if count:
        note_purge(connection)
    return count
