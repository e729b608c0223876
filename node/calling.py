"""Whom to call: reporters who wanted to be contacted, with what may be said when somebody answers.

What leads to a reporter stands in the private report and nowhere else, so a line is here for as
long as the policy keeps that. Who called is written down inside.
"""

from dataclasses import dataclass, field
from typing import Final

from sqlalchemy import Connection

from node.desk.prompts import REPORTER_KEY
from node.errors import BadRequest
from node.store.audit import Act, note
from node.store.calls import Called, calls_made, forget_calls, mark_call
from node.store.context import Context
from node.store.drafts import Draft, drafts_to_call

REACH: Final = f"{REPORTER_KEY}reach"
SAY: Final = f"{REPORTER_KEY}say"


@dataclass(frozen=True, slots=True)
class Call:
    """One reporter to call. `safe` is what may be said; `more` are her other columns of a list."""

    draft: Draft = field(repr=False)
    reach: str = field(repr=False)
    safe: str = field(repr=False)
    more: tuple[tuple[str, str], ...] = field(repr=False)
    made: Called | None


def whom_to_call(connection: Connection) -> list[Call]:
    """Everybody who wanted to be contacted and of whom something is kept; who waits comes first."""
    made = calls_made(connection)
    found = [_call(draft, made.get(draft.id)) for draft in drafts_to_call(connection)]
    return sorted(found, key=lambda call: (call.made is not None, call.draft.made_us))


def _call(draft: Draft, made: Called | None) -> Call:
    private = draft.private
    more = tuple(
        (name.removeprefix(REPORTER_KEY), text)
        for name, text in private.items()
        if name.startswith(REPORTER_KEY) and name not in {REACH, SAY}
    )
    return Call(draft, private.get(REACH, ""), private.get(SAY, ""), more, made)


def note_call(
    connection: Connection, context: Context, draft: str, who: str, *, made: bool
) -> None:
    """Note that a reporter was called, or is to be called again. BadRequest for anybody else."""
    known = {each.id for each in drafts_to_call(connection)}
    if draft not in known:
        raise BadRequest("nobody is to be called about that")
    now = context.now_us()
    mark_call(connection, draft, Called(who, now) if made else None)
    forget_calls(connection, known)
    if made:
        note(connection, now, who, Act.CALLED, why=draft)
