"""Which report of ours stands behind a corroboration: when her consent goes, the voice goes too.

The link stands beside the voice and in the register. A voice comes back from peers after a restore,
and must not come back without the reporter who may take it away.
"""

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select

from node.store import register as permissions
from node.store.register import Register
from node.store.tables import records
from node.store.tables_voices import voice_reports
from protocol.codec import decode, encode
from protocol.ids import Day, RecordKey
from protocol.shape import as_array, as_bytes, as_str


@dataclass(frozen=True, slots=True)
class Behind:
    """A report: its draft's id, "" where there is none, and the alert that it became, or none."""

    draft: str
    rk: RecordKey | None

    @property
    def is_nothing(self) -> bool:
        """Whether the voice stands on no report."""
        return not self.draft and self.rk is None


def set_link(connection: Connection, register: Register, voice: RecordKey, behind: Behind) -> None:
    """Replace what a voice stands on."""
    _write(connection, voice, behind)
    raw = None if behind.is_nothing else encode([behind.draft, behind.rk or b""])
    if register.get(permissions.VOICE, voice) != raw:
        register.stage(permissions.VOICE, voice, raw)


def drop_link(connection: Connection, register: Register, voice: RecordKey) -> None:
    """Forget what a voice stood on that we take back."""
    set_link(connection, register, voice, Behind("", None))


def link_of(connection: Connection, voice: RecordKey) -> Behind | None:
    """What a voice stands on; None where it stands on no report."""
    row = connection.execute(
        select(voice_reports).where(voice_reports.c.voice == voice)
    ).one_or_none()
    return None if row is None else Behind(row.draft, RecordKey(bytes(row.rk)) if row.rk else None)


def obey_links(connection: Connection, register: Register) -> None:
    """After a restore: what a voice stands on, as it was said last."""
    for voice, raw in register.all(permissions.VOICE):
        draft, rk = as_array(decode(raw), 2)
        alert = as_bytes(rk, most=32)
        _write(
            connection, RecordKey(voice),
            Behind(as_str(draft), RecordKey(alert) if alert else None),
        )  # fmt: skip


def forget_links(connection: Connection, register: Register, today: Day) -> None:
    """Forget what voices stood on that have ended."""
    ended = select(records.c.rk).join(voice_reports, voice_reports.c.voice == records.c.rk)
    for (rk,) in connection.execute(ended.where(records.c.exp_day < today)).fetchall():
        drop_link(connection, register, RecordKey(bytes(rk)))


def _write(connection: Connection, voice: RecordKey, behind: Behind) -> None:
    connection.execute(delete(voice_reports).where(voice_reports.c.voice == voice))
    if not behind.is_nothing:
        row = {"voice": voice, "draft": behind.draft, "rk": behind.rk or b""}
        connection.execute(insert(voice_reports).values(**row))
