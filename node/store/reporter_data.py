"""How long what leads to a reporter is kept: her own words and columns, apart from the fields.

`reporter_data.mode = none` keeps the private report of a draft until it is published or refused,
and of one that nobody reviewed for 30 days. `callback` keeps it for the policy's days from when it
came, whatever became of it; and where she said no to being contacted, no longer than `none` does.
What was purged is noted in the register by the draft's id, so that no backup brings it back.
Every function works inside the caller's transaction; the caller folds the journal in afterwards.
"""

import json
from collections.abc import Iterable
from dataclasses import replace

from sqlalchemy import Connection, delete, select

from federation.policy import Policy
from node.store import register as permissions
from node.store.context import Context
from node.store.drafts import DAY_US, Draft, DraftState, find_draft, save_draft
from node.store.register import Register
from node.store.tables import drafts, reporter_updates
from protocol.ids import Day
from protocol.limits import EXPIRY_DAYS

UNREVIEWED_DAYS = 30
_EMPTY = json.dumps({}).encode()
WAITING = "waiting"


def purge_due(connection: Connection, context: Context, only: Iterable[str] | None = None) -> int:
    """Purge the private reports that are kept no longer (of these drafts; None: all); how many."""
    query = select(drafts.c.id).where(drafts.c.private != _EMPTY)
    kept = list(connection.execute(query).scalars())
    wanted = kept if only is None else set(kept) & set(only)
    count = 0
    for identity in wanted:
        draft = find_draft(connection, identity)
        purged_before = was_purged(context.register, identity)
        if purged_before or is_due(draft, context.policy, context.now_us()):
            _purge(connection, context, draft)
            count += 1
    return count


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


def _purge(connection: Connection, context: Context, draft: Draft) -> None:
    save_draft(connection, _without_private(draft))
    if draft.state is not DraftState.OPEN:
        settled = reporter_updates.c.state != WAITING
        connection.execute(
            delete(reporter_updates).where(reporter_updates.c.draft == draft.id, settled)
        )
    day = context.today.to_bytes(8, "big")
    context.register.stage(permissions.PRIVATE, draft.id.encode(), day)


def _without_private(draft: Draft) -> Draft:
    """The draft without her words: a doubt stays a doubt, and quotes nothing any more."""
    doubts = tuple(replace(doubt, text="", guess="") for doubt in draft.doubts)
    return replace(draft, private={}, doubts=doubts)


def forget_purged(register: Register, today: Day) -> None:
    """Let the register forget purges so long ago that no backup is read any more."""
    for key, raw in register.all(permissions.PRIVATE):
        if int.from_bytes(raw, "big") < today - EXPIRY_DAYS:
            register.stage(permissions.PRIVATE, key, None)
