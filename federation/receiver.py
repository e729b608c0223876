"""The receiving side of sync: applies an origin's deltas and says what it holds.

No I/O: every function takes an `Intake`, what this node mirrors of one origin inside one open
transaction, and returns the message that comes next. Items were verified before (see
`federation.verify`), off the event loop.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from federation.origin import ASK_AGAIN, ITEM_BYTES, MAX_JUMP, NO_DIGEST
from federation.verify import CheckedItem
from protocol.errors import ErrorNumber, ProtocolError
from protocol.ids import Day, RecordKey
from protocol.messages import NO_EID8, Delta, Give, Given, Held, List, Ok, Pull, Row

LIST_ROWS = 3000  # a page of them fits an envelope with room to spare
LISTED = b"listed"  # the last page went out; no key has this length, nor this with a cursor
HELD_ROWS = 2000
NOT_ASKED, ASKED, LISTING = 0, 1, 2  # of `relist`
RETRYABLE = frozenset({"key", "author", "paused", "full", "not_accepted", "quarantined"})


@dataclass(slots=True)
class Incoming:
    """One origin's incoming channel; the store loads it, the machine changes it, the store saves.

    `list_pos` is where the next page of a listing begins, None while none is under way. `relist`
    is ASKED where everything is to be listed whatever the digests say, and what is held back asked
    for again. `is_answer` says that the delta at hand answers a request of ours; `is_now` that it
    was made since we were started. Any other may be a replay, and proves nothing about now.
    """

    cursor: int
    relist: int
    synced: bool
    list_pos: bytes | None = None
    is_answer: bool = False
    is_now: bool = False


@dataclass(frozen=True, slots=True)
class MirrorRow:
    """What we hold, or refuse to hold, of one record of this origin."""

    rk: RecordKey
    rev: int
    eid: bytes
    state: bytes
    exp: Day
    stopped: bool
    held: str


class Intake(Protocol):
    """What this node mirrors of one origin, in one transaction."""

    channel: Incoming
    today: Day

    def digest(self, asof: Day) -> bytes: ...
    def apply(self, items: Sequence[CheckedItem]) -> None: ...
    def rows_from(self, lo: bytes, asof: Day, limit: int) -> Sequence[MirrorRow]: ...
    def held(self) -> Sequence[tuple[RecordKey, str]]: ...
    def give(self, rks: Collection[RecordKey], max_bytes: int) -> Sequence[Given]: ...
    def is_asking(self, cursor: int) -> bool:
        """Whether something that is asked for again was not told since this cursor."""
        ...


def pull(intake: Intake, wait_s: int) -> Pull:
    """The request for what is new; with `wait_s` > 0 the origin answers when something is."""
    digest, held = _standing(intake, intake.today)
    return Pull(intake.channel.cursor, intake.today, digest, held, ITEM_BYTES, wait_s)


def pull_ahead(intake: Intake, cursor: int) -> Pull:
    """The request for what comes after a delta that is here and not stored yet.

    It has no digest: its cursor is not kept yet, and must not confirm anything.
    """
    held = tuple(intake.held())[:HELD_ROWS]
    return Pull(cursor, intake.today, NO_DIGEST, held, ITEM_BYTES, 0)


def brings_nothing(asked: Pull, delta: Delta) -> bool:
    """Whether the answer to a pull says no more than that both sides agree."""
    same = (delta.from_seq, delta.to_seq, delta.asof) == (asked.cursor, asked.cursor, asked.asof)
    return same and delta.digest == asked.digest and not (delta.items or delta.more or delta.want)


def on_delta(intake: Intake, delta: Delta, items: Sequence[CheckedItem]) -> Ok | List | Give:
    """Apply a delta whose items were checked; answer with what this node has to say next."""
    channel = intake.channel
    if delta.from_seq > channel.cursor:
        return _ok(intake, delta.asof)  # one before it was lost: it starts again at our cursor
    if delta.to_seq - channel.cursor > MAX_JUMP:
        raise ProtocolError(ErrorNumber.MALFORMED, "the delta jumps too far ahead")
    intake.apply([item for item in items if item.pseq > channel.cursor])
    channel.cursor = max(channel.cursor, delta.to_seq)
    if delta.want:
        given = tuple(intake.give(delta.want, ITEM_BYTES))
        return Give(given)
    if delta.more:
        return Ok(channel.cursor, delta.asof, NO_DIGEST, ())  # half a ledger confirms nothing
    if intake.digest(delta.asof) == delta.digest:
        channel.synced = channel.synced or channel.is_answer or channel.is_now
        if channel.relist == NOT_ASKED:
            channel.list_pos = None
            return _ok(intake, delta.asof)
    return _next_page(intake, delta)


def _ok(intake: Intake, asof: Day) -> Ok:
    digest, held = _standing(intake, asof)
    return Ok(intake.channel.cursor, asof, digest, held)


def _standing(intake: Intake, asof: Day) -> tuple[bytes, Held]:
    """Our digest and what we hold back; more than can be told confirms nothing."""
    held = tuple(intake.held())
    if len(held) > HELD_ROWS:
        return NO_DIGEST, held[:HELD_ROWS]
    return intake.digest(asof), held


def _next_page(intake: Intake, delta: Delta) -> Ok | List:
    """The next page of a listing; an Ok when this delta answered the last one."""
    channel = intake.channel
    if channel.relist == ASKED:
        channel.relist, channel.list_pos = LISTING, None
    if channel.list_pos == LISTED and channel.relist == LISTING and not channel.is_answer:
        return _ok(intake, delta.asof)  # our own request is on its way, and its answer counts
    if _is_lost(intake):
        channel.list_pos = None
        if not channel.is_answer:
            channel.relist = ASKED  # not again at once: it may be that nothing more is to be had
            return _ok(intake, delta.asof)
    elif _is_told(channel.list_pos):
        channel.relist, channel.list_pos = NOT_ASKED, None
        return _ok(intake, delta.asof)
    page = list_page(intake, channel.list_pos or b"", delta.asof)
    channel.list_pos = page.hi or LISTED
    if not page.hi and channel.relist == LISTING and not channel.is_answer:
        channel.list_pos += channel.cursor.to_bytes(8, "big")
    return page


def _is_told(position: bytes | None) -> bool:
    return position is not None and len(position) in (len(LISTED), len(LISTED) + 8)


def _is_lost(intake: Intake) -> bool:
    """Whether a listing that asked for things again may never have arrived.

    Of one that answered a pushed delta nothing says so but that what it asked for came.
    """
    position = intake.channel.list_pos
    if intake.channel.relist != LISTING or position is None or not _is_told(position):
        return False
    cursor = position.removeprefix(LISTED)
    return bool(cursor) and intake.is_asking(int.from_bytes(cursor, "big"))


def list_page(intake: Intake, lo: bytes, asof: Day, most: int = LIST_ROWS) -> List:
    """One page of what this node mirrors, from `lo` on; an empty `hi` says that it is the last."""
    rows = intake.rows_from(lo, asof, most + 1)
    hi = bytes(rows[most].rk) if len(rows) > most else b""
    again = intake.channel.relist != NOT_ASKED
    return List(lo, hi, tuple(_list_row(row, ask_again=again) for row in rows[:most]))


def _list_row(row: MirrorRow, *, ask_again: bool) -> Row:
    again = ask_again and row.held in RETRYABLE
    s8 = ASK_AGAIN if again else row.state[:8]
    rev, eid8 = (0, NO_EID8) if row.stopped or not row.eid else (row.rev, row.eid[:8])
    return Row(row.rk, rev, eid8, s8, row.exp)
