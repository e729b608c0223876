"""The reporter's consent in force: what the store says of it, under the ceiling of the register.

A store can come back from a backup, and what was withdrawn since must not come back with it. So
each withdrawal is staged in the register beside the change of the row; the register is asked
whenever a release is decided, and once for all rows when a restored store is opened. A consent here
is never wider than either of the two says.
"""

from dataclasses import replace

from sqlalchemy import Connection, delete, select, update

from federation.release import Consent
from node.store import register as permissions
from node.store.context import Context
from node.store.drafts import SCOPES, Asked, draft_by_id, purge_draft, save_draft
from node.store.questions import drop_questions
from node.store.records import decode_consent, encode_consent
from node.store.register import Register
from node.store.tables import drafts, own, reporter_updates
from protocol.ids import RecordKey

_ANSWERS = (None, True, False)  # as a byte each
PURGED = b""  # nothing of this report may be kept


def both(one: Consent, other: Consent) -> Consent:
    """What both consents allow."""
    return Consent(**{name: getattr(one, name) and getattr(other, name) for name in SCOPES})


def in_force(register: Register, rk: RecordKey, consent: Consent) -> Consent:
    """The consent of a record, no wider than the register allows."""
    raw = register.get(permissions.CONSENT, rk)
    return consent if raw is None else both(consent, decode_consent(raw))


def stage_consent(register: Register, rk: RecordKey, consent: Consent) -> None:
    """Put a record's consent in force, narrower or wider, also against every backup."""
    register.stage(permissions.CONSENT, rk, encode_consent(consent))


def stage_answers(register: Register, draft: str, asked: Asked) -> None:
    """Put a report's answers in force: a restored draft must not forget a no."""
    raw = bytes(_ANSWERS.index(getattr(asked, scope)) for scope in SCOPES)
    register.stage(permissions.REPORT, draft.encode(), raw)


def purge_report(connection: Connection, context: Context, draft: str) -> None:
    """Purge what was told, here and out of every backup that comes back; the draft's mark stays."""
    context.register.stage(permissions.REPORT, draft.encode(), PURGED)
    _purge(connection, draft)


def purge_reports_of(connection: Connection, context: Context, rk: RecordKey) -> None:
    """Purge the reports behind an alert that is erased, and what was added to them."""
    for (draft,) in connection.execute(select(drafts.c.id).where(drafts.c.rk == rk)).fetchall():
        purge_report(connection, context, draft)
    connection.execute(delete(reporter_updates).where(reporter_updates.c.rk == rk))
    drop_questions(connection, rk=rk)


def obey_consents(connection: Connection, context: Context) -> None:
    """After a restore: withdraw again what was withdrawn, of records and of drafts."""
    register = context.register
    for rk, raw in register.all(permissions.CONSENT):
        row = connection.execute(select(own.c.consent).where(own.c.rk == rk)).one_or_none()
        if row is not None:
            consent = both(decode_consent(bytes(row.consent)), decode_consent(raw))
            connection.execute(
                update(own).where(own.c.rk == rk).values(consent=encode_consent(consent))
            )
    for key, raw in register.all(permissions.REPORT):
        draft = draft_by_id(connection, key.decode())
        if draft is None:
            continue
        if raw == PURGED:
            _purge(connection, draft.id)
        else:
            answers = Asked(*(_ANSWERS[each] for each in raw))
            asked = replace(draft.asked, **_noes(answers))
            save_draft(connection, replace(draft, asked=asked))


def _noes(asked: Asked) -> dict[str, bool]:
    return {scope: False for scope in SCOPES if getattr(asked, scope) is False}


def _purge(connection: Connection, draft: str) -> None:
    purge_draft(connection, draft)
    connection.execute(delete(reporter_updates).where(reporter_updates.c.draft == draft))
    drop_questions(connection, draft)
