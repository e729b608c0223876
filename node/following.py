"""What becomes of what we said of others' alerts when they change: our voices, what we adopted.

A correction goes as far as the alert did. So an adopted alert is taken back when its origin takes
its own back, and a voice does not outlive what it speaks of, nor the consent of the report that it
stands on. A voice follows a renewal. Origins that are gone take nothing with them: what we adopted
from them stays. Idempotent: run after each change of a consent, and by the clock.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from federation.ledger import RowKind
from federation.voices import VOICE
from node.after_restore import may_be_outdated
from node.amending import erase_record, withdraw_record
from node.pipeline import next_revision, publish
from node.runtime import Node
from node.store.brake import BRAKED, last_day_aside
from node.store.consents import in_force
from node.store.drafts import draft_by_id
from node.store.records import own_records
from node.store.ref_index import referring
from node.store.tables import records
from node.store.voice_links import drop_link, link_of
from node.store.voices import Said, said_of
from protocol.entry import Status
from protocol.ids import Day, RecordKey, text_id
from protocol.limits import EXPIRY_DAYS


@dataclass(frozen=True, slots=True)
class Subject:
    """What we hold of an alert that we spoke of."""

    is_erased: bool
    is_ended: bool  # withdrawn, or no longer for us
    exp_day: Day


def follow(connection: Connection, node: Node) -> set[int]:
    """Take back and renew what follows from others' alerts; returns the peers with news.

    Nothing where our key may not sign: then it waits.
    """
    context = node.context
    if node.documents.current.key_state(node.key.public, node.today) != "valid":
        return set()
    if not referring(connection, context.today):
        return set()
    said = [each for each in said_of(connection, context) if each.voice.org == context.org]
    subjects = _subjects(connection, said)
    news: set[int] = set()
    for each in said:
        news |= _voice(connection, node, each, subjects) if each.kind == VOICE else set()
        if each.kind != VOICE:
            news |= _adopted(connection, node, each, subjects)
    return news


def _voice(
    connection: Connection, node: Node, said: Said, subjects: dict[RecordKey, Subject]
) -> set[int]:
    about = [subjects.get(rk) for rk, _ in said.ref.subjects]
    today = node.today
    stands = [each for each in about if each is not None and not each.is_ended]
    over = len(stands) < len(about) or any(
        each.is_erased or each.exp_day < today for each in stands
    )
    if over or not _may_stand(connection, node, said.rk):
        drop_link(connection, node.context.register, said.rk)
        return set(erase_record(connection, node, text_id(said.rk)).news)
    last = min(each.exp_day for each in stands)
    if last <= said.exp_day:
        return set()
    return _renewed(connection, node, said.rk, Day(min(last, today + EXPIRY_DAYS)), said.exp_day)


def _renewed(connection: Connection, node: Node, rk: RecordKey, last: Day, before: Day) -> set[int]:
    context = node.context
    record = own_records(connection, context.org, [rk]).get(rk)
    if record is None or last <= before or may_be_outdated(connection, context, rk):
        return set()
    leaves = {name: opened.value for name, opened in record.opened.items()}
    after = next_revision(
        record, node.key, leaves, context.random,
        today=node.today, exp_day=last, status=Status.LIVE,
        above=context.register.least_revision(rk),
    )  # fmt: skip
    return publish(connection, context, [after], by_keeper=False)


def _adopted(
    connection: Connection, node: Node, said: Said, subjects: dict[RecordKey, Subject]
) -> set[int]:
    for rk, _ in said.ref.subjects:
        subject = subjects.get(rk)
        if subject is not None and subject.is_erased:
            return set(erase_record(connection, node, text_id(said.rk)).news)
        if subject is not None and subject.is_ended:
            return set(withdraw_record(connection, node, text_id(said.rk), "").news)
    return set()


def _may_stand(connection: Connection, node: Node, voice: RecordKey) -> bool:
    """Whether the report behind a voice, if it stands on one, is there and may warn peers."""
    context = node.context
    behind = link_of(connection, voice)
    if behind is None:
        return True
    draft = draft_by_id(connection, behind.draft) if behind.draft else None
    rk = behind.rk or (draft.rk if draft is not None else None)
    if rk is not None:
        record = own_records(connection, context.org, [rk]).get(rk)
        if record is None or record.entry.status is not Status.LIVE:
            return False
        return in_force(context.register, rk, record.consent).peers
    consent = draft.asked.consent if draft is not None and draft.source else None
    return consent is not None and consent.peers


def _subjects(connection: Connection, said: list[Said]) -> dict[RecordKey, Subject]:
    wanted = {rk for each in said for rk, _ in each.ref.subjects}
    columns = records.c.rk, records.c.status, records.c.row_kind, records.c.held, records.c.exp_day
    found: dict[RecordKey, Subject] = {}
    for rk in wanted:
        row = connection.execute(select(*columns).where(records.c.rk == rk)).one_or_none()
        if row is not None:
            found[rk] = _subject(row, last_day_aside(connection, rk))
    return found


def _subject(row: Any, last: Day | None) -> Subject:
    is_braked = row.held == BRAKED  # a thief's erasure takes nothing of ours with it
    return Subject(
        is_erased=row.status == Status.ERASED and not is_braked,
        is_ended=(row.status != Status.LIVE or row.row_kind == RowKind.STOP) and not is_braked,
        exp_day=Day(row.exp_day) if last is None else last,
    )
