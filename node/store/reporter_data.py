"""How long what leads to a reporter is kept: her own words and columns, apart from the fields.

`reporter_data.mode = none` keeps the private report of a draft until it is published or refused,
and of one that nobody reviewed for 30 days. `callback` keeps it for the policy's days from when it
came, whatever became of it; and where she said no to being contacted, no longer than `none` does.
What was purged is noted in the register by the draft's id, so that no backup brings it back.
Every function works inside the caller's transaction; the caller folds the journal in afterwards.
"""

from collections.abc import Iterable

from sqlalchemy import Connection, delete

from federation.policy import Policy
from node.store import register as permissions
from node.store.context import Context
from node.store.drafts import (
    CHUNK,
    DAY_US,
    Draft,
    DraftState,
    drafts_with_report,
    drop_reports,
)
from node.store.questions import drop_questions
from node.store.register import Register
from node.store.tables import reporter_updates
from protocol.ids import Day
from protocol.limits import EXPIRY_DAYS

UNREVIEWED_DAYS = 30
WAITING = "waiting"


def purge_due(connection: Connection, context: Context, only: Iterable[str] | None = None) -> int:
    """Purge the private reports that are kept no longer (of these drafts; None: all); how many."""
    wanted = None if only is None else set(only)
    now = context.now_us()
    due = [
        draft
        for draft in drafts_with_report(connection)
        if (wanted is None or draft.id in wanted)
        and (is_due(draft, context.policy, now) or was_purged(context.register, draft.id))
    ]
    drop_reports(connection, due)
    reviewed = [draft.id for draft in due if draft.state is not DraftState.OPEN]
    for start in range(0, len(reviewed), CHUNK):
        settled = reporter_updates.c.draft.in_(reviewed[start : start + CHUNK])
        connection.execute(
            delete(reporter_updates).where(settled, reporter_updates.c.state != WAITING)
        )
    for draft in due:
        drop_questions(connection, draft.id)
    day = context.today.to_bytes(8, "big")
    for draft in due:
        context.register.stage(permissions.PRIVATE, draft.id.encode(), day)
    if wanted is None:
        _forget_purged(context.register, context.today)
    return len(due)


def was_purged(register: Register, draft: str) -> bool:
    """Whether the private report of this draft was purged before, whatever the store says."""
    return register.get(permissions.PRIVATE, draft.encode()) is not None


def is_due(draft: Draft, policy: Policy, now_us: int) -> bool:
    """Whether the policy keeps the private report of this draft no longer."""
    age, kept = now_us - draft.made_us, policy.reporter_data
    is_none = kept.mode == "none" or kept.days == 0
    if draft.state is DraftState.OPEN:
        return age >= (UNREVIEWED_DAYS if is_none else kept.days) * DAY_US
    said_no = draft.asked.contact is False or draft.asked.members is False
    return is_none or said_no or age >= kept.days * DAY_US


def _forget_purged(register: Register, today: Day) -> None:
    """Let the register forget purges so long ago that no backup is read any more."""
    for key, raw in register.all(permissions.PRIVATE):
        if int.from_bytes(raw, "big") < today - EXPIRY_DAYS:
            register.stage(permissions.PRIVATE, key, None)
