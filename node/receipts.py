"""What a receipt code opens, and what its reporter may do: look, narrow, allow more, take all back.

Narrowing acts at once, without the desk: on the row, in the register against every backup, as a
signed revision with stricter terms, and as a stop to each peer that may no longer hold the alert,
all in one transaction. To allow more waits for the desk. Nothing here publishes.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import Connection, select

from federation.release import Consent
from node.after_restore import may_be_outdated
from node.amending import erase_record
from node.commands.coverage import covered, summarise
from node.consent_words import KEEP, LADDER
from node.errors import BadRequest, NotFound
from node.pipeline import next_revision, publish, put_on_ledgers, terms_of
from node.runtime import Node
from node.store.consents import in_force, purge_report, stage_answers, stage_consent
from node.store.context import Context
from node.store.drafts import SCOPES, Draft, DraftState, draft_by_id, find_draft, save_draft
from node.store.lookup import find_alert, record_key
from node.store.receipts import (
    Opens,
    Update,
    UpdateKind,
    UpdateState,
    add_update,
    drop_waiting_consent,
    settle_update,
    updates_of,
    waiting_update,
)
from node.store.records import OwnRecord, own_records, save_own
from node.store.tables import drafts
from protocol.codec import Value
from protocol.commitment import encode_disclosures
from protocol.entry import Status
from protocol.ids import day_of, iso_date, text_id

WAITING, PUBLISHED, REFUSED = "waiting", "published", "refused"
WITHDRAWN, ERASED, EXPIRED = "withdrawn", "erased", "expired"
_ENDS = {Status.WITHDRAWN: WITHDRAWN, Status.ERASED: ERASED}


@dataclass(frozen=True, slots=True)
class Report:
    """What stands behind a code now: the draft, and the alert that it became."""

    opens: Opens
    draft: Draft | None = field(repr=False)
    record: OwnRecord | None = field(repr=False)
    state: str

    @property
    def is_kept(self) -> bool:
        """Whether anything of it is left that consent could be about."""
        return self.state not in {ERASED, EXPIRED}


def report_of(connection: Connection, context: Context, opens: Opens) -> Report:
    """The report that a code opens, as it stands."""
    draft = draft_by_id(connection, opens.draft) if opens.draft else None
    rk = opens.rk or (draft.rk if draft else None)
    record = own_records(connection, context.org, [rk]).get(rk) if rk else None
    state = _state(draft, record, context, became_alert=rk is not None)
    return Report(Opens(opens.draft, rk), draft, record, state)


def _state(
    draft: Draft | None, record: OwnRecord | None, context: Context, *, became_alert: bool
) -> str:
    if record is not None:
        if record.entry.status is Status.LIVE:
            return PUBLISHED if record.entry.exp_day >= context.today else EXPIRED
        return _ENDS[record.entry.status]
    if became_alert or draft is None:
        return EXPIRED
    if draft.state is DraftState.OPEN:
        return WAITING
    return REFUSED if draft.source else ERASED


def meant(connection: Connection, context: Context, text: str) -> Report:
    """The report of a draft's or an own alert's id. NotFound, BadRequest where nothing is left."""
    try:
        draft = find_draft(connection, text)
    except NotFound:
        row = find_alert(connection, text)
        if bytes(row.org) != context.org:
            raise BadRequest(
                "that alert is another organisation's; its reporter is theirs"
            ) from None
        rk = record_key(row)
        made_from = select(drafts.c.id).where(drafts.c.rk == rk).limit(1)
        opens = Opens(connection.execute(made_from).scalar() or "", rk)
    else:
        opens = Opens(draft.id, draft.rk)
    report = report_of(connection, context, opens)
    if not report.is_kept:
        raise BadRequest(f"of this report nothing is left: it is {report.state}")
    return report


def shown(connection: Connection, context: Context, opens: Opens) -> dict[str, Any]:
    """What a code shows: the state, the consent in force, where the alert went, what waits."""
    report = report_of(connection, context, opens)
    result: dict[str, Any] = {"state": report.state}
    if report.draft is not None:
        result["received"] = iso_date(day_of(report.draft.made_us))
        if report.state == REFUSED and report.draft.reason:
            result["reason"] = report.draft.reason
    result["consent"] = consent_of(report, context)
    if report.record is not None:
        now = context.now_us()
        rows = covered(connection, context, text_id(report.record.entry.rk))
        result["alert"] = text_id(report.record.entry.rk)
        result["peers"] = [_where(row.shown(now)) for row in rows]
        result["summary"] = summarise(rows, now, context) if rows else ""
    result["sent"] = [_sent(each) for each in updates_of(connection, report.opens)]
    return result


def _where(row: Mapping[str, Any]) -> dict[str, Any]:
    names = ("peer_name", "what", "state", "since", "age_s", "reason")
    return {("peer" if name == "peer_name" else name): row[name] for name in names if name in row}


def _sent(each: Update) -> dict[str, Any]:
    row: dict[str, Any] = {
        "kind": each.kind.value, "state": each.state.value, "on": iso_date(day_of(each.made_us)),
    }  # fmt: skip
    return row | ({"scopes": list(each.scopes)} if each.scopes else {})


def consent_of(report: Report, context: Context) -> dict[str, bool | None]:
    """Each scope: in force or not. None: she was not asked, and the review decides."""
    if not report.is_kept:
        return dict.fromkeys(LADDER, False)
    if report.record is not None:
        consent = in_force(context.register, report.record.entry.rk, report.record.consent)
        return {KEEP: True} | {scope: getattr(consent, scope) for scope in SCOPES}
    asked = report.draft.asked if report.draft is not None else None
    open_ = {"members", "peers"} if report.state == WAITING else set()
    return {KEEP: True} | {
        scope: getattr(asked, scope, None)
        if scope in open_
        else getattr(asked, scope, None) is True
        for scope in SCOPES
    }


def narrow_consent(
    connection: Connection, node: Node, opens: Opens, no: Collection[str]
) -> set[int]:
    """Withdraw scopes at once; returns the peers with news. KEEP takes everything back."""
    report = report_of(connection, node.context, opens)
    if KEEP in no:
        return take_all_back(connection, node, report)
    if report.state == ERASED:
        return set()
    waiting = drop_waiting_consent(connection, report.opens)
    _ask_again(connection, node.context, report, [each for each in waiting if each not in no])
    draft, register = report.draft, node.context.register
    if draft is not None and draft.source:
        asked = replace(draft.asked, **dict.fromkeys(no, False))
        save_draft(connection, replace(draft, asked=asked))
        stage_answers(register, draft.id, asked)
    record = report.record
    if record is None:
        return set()
    before = in_force(register, record.entry.rk, record.consent)
    after = replace(before, **dict.fromkeys(no, False))
    if after == record.consent:
        return set()
    return put_consent(connection, node, record, after)


def put_consent(
    connection: Connection, node: Node, record: OwnRecord, consent: Consent
) -> set[int]:
    """Put a consent in force on a record, here and against every backup; peers with news.

    Where it changes what others may, the record is signed again: also where the terms stay as they
    are and peers lose it, or have it again, or an older revision would pass for the present one.
    Not where it may have been corrected after the backup that this store comes from: the ledgers
    obey at once, and its terms follow when the correction is back.
    """
    context = node.context
    stage_consent(context.register, record.entry.rk, consent)
    changed = replace(record, consent=consent)
    lives = record.entry.status is Status.LIVE and record.entry.exp_day >= context.today
    terms = terms_of(node.policy, consent, record.restrictions)
    stands = record.opened.get("terms")
    same = stands is not None and stands.value == terms
    if not lives or (same and consent.peers == record.consent.peers):
        raw = encode_disclosures(changed.opened.values())
        save_own(connection, changed, raw, context.now_us())
        return set()
    if may_be_outdated(connection, context, record.entry.rk):
        raw = encode_disclosures(changed.opened.values())
        save_own(connection, changed, raw, context.now_us())
        return put_on_ledgers(connection, context, [changed])
    leaves: dict[str, Value] = {name: opened.value for name, opened in record.opened.items()}
    leaves["terms"] = terms
    after = next_revision(
        changed, node.key, leaves, context.random,
        today=node.today, exp_day=record.entry.exp_day, status=Status.LIVE,
        above=context.register.least_revision(record.entry.rk),
    )  # fmt: skip
    return publish(connection, context, [after], by_keeper=False)


def take_all_back(connection: Connection, node: Node, report: Report) -> set[int]:
    """Erase the report and its alert: here, at every peer that ever had it, and in backups."""
    news: set[int] = set()
    drop_waiting_consent(connection, report.opens)
    if report.record is not None:
        news |= erase_record(connection, node, text_id(report.record.entry.rk)).news
    if report.opens.draft:
        purge_report(connection, node.context, report.opens.draft)
    return news


def ask_for_more(
    connection: Connection, context: Context, opens: Opens, yes: Collection[str]
) -> tuple[str, ...]:
    """Let a wider consent wait for the desk; returns what waits now. BadRequest at the end."""
    if KEEP in yes:
        raise BadRequest("what was told is kept while it is here; once erased it cannot come back")
    report = report_of(connection, context, opens)
    if not report.is_kept:
        raise BadRequest(f"this report is {report.state}: nothing more can be allowed of it")
    given = consent_of(report, context)
    waiting = drop_waiting_consent(connection, report.opens)
    wanted = [s for s in SCOPES if (s in yes or s in waiting) and given[s] is not True]
    _ask_again(connection, context, report, wanted)
    return tuple(wanted)


def _ask_again(
    connection: Connection, context: Context, report: Report, scopes: Collection[str]
) -> None:
    if scopes:
        add_update(
            connection, context.random, report.opens, UpdateKind.CONSENT, list(scopes),
            context.now_us(),
        )  # fmt: skip


def settle(
    connection: Connection, node: Node, id_: str, state: UpdateState
) -> tuple[Update, set[int]]:
    """Take up or decline what a reporter sent; returns it as it was, and the peers with news."""
    context = node.context
    each = waiting_update(connection, id_)
    news: set[int] = set()
    if state is UpdateState.TAKEN:
        report = report_of(connection, context, each.opens)
        if each.kind is UpdateKind.CONSENT:
            news = _widen(connection, node, report, each.scopes)
        elif report.draft is not None and report.draft.source:
            _note(connection, report.draft, each)
    settle_update(connection, each.id, state, context.now_us())
    return each, news


def _note(connection: Connection, draft: Draft, each: Update) -> None:
    """Put what she wrote into the private report."""
    name = f"{each.kind.value} {iso_date(day_of(each.made_us))} {each.id}"
    save_draft(connection, replace(draft, private={**draft.private, name: each.text}))


def _widen(connection: Connection, node: Node, report: Report, scopes: Collection[str]) -> set[int]:
    if not report.is_kept:
        raise BadRequest(f"this report is {report.state}: decline it")
    draft, record, register = report.draft, report.record, node.context.register
    if draft is not None and draft.source:
        asked = replace(draft.asked, **dict.fromkeys(scopes, True))
        save_draft(connection, replace(draft, asked=asked))
        stage_answers(register, draft.id, asked)
    if record is None:
        return set()
    before = in_force(register, record.entry.rk, record.consent)
    after = replace(before, **dict.fromkeys(scopes, True))
    return put_consent(connection, node, record, after)
