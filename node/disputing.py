"""What an objection does to an alert, and who may decide on it.

An objection has a day by which it is answered. Where the policy says so the alert is suspended
meanwhile: every peer that has it is told to stop showing it, here it is not shown either, and when
the objection is closed it comes back as it was, unless it was withdrawn. The suspension is one more
restriction of the record, so it stands beside a narrowing and survives a restore as that does.
Who decides is another person than those who reviewed the alert, where the policy says so.
"""

from dataclasses import replace

from sqlalchemy import Connection

from federation.policy import Policy
from node.amending import Change, own_alert, put_revision, withdraw_record
from node.errors import BadField, BadRequest, Refused
from node.pipeline import narrow
from node.runtime import Node
from node.store.audit import Act, note
from node.store.context import Context
from node.store.disputes import (
    Dispute,
    DisputeState,
    Outcome,
    find_dispute,
    new_dispute_id,
    open_disputes,
    save_dispute,
)
from node.store.records import OwnRecord, own_records
from node.store.reviews import KEEPER, reviewers_of_alert, same_person
from protocol.entry import Status
from protocol.ids import Day, RecordKey, text_id

WORDS_MOST = 4000


def open_dispute(
    connection: Connection, node: Node, alert: str, objection: str, by: str
) -> tuple[Dispute, Change]:
    """Take an objection to an alert of ours, and suspend it where the policy says so.

    Refused for another organisation's alert: only that one can answer. BadRequest where the alert
    is no longer shown, or an objection to it is open already.
    """
    context, policy = node.context, node.policy
    record = own_alert(connection, node, alert)
    rk = record.entry.rk
    if record.entry.status is not Status.LIVE or record.entry.exp_day < node.today:
        raise BadRequest("this alert is not shown any more; there is nothing to object to")
    if any(each.rk == rk for each in open_disputes(connection)):
        raise BadRequest("an objection to this alert is open already; see parasol dispute list")
    now = context.now_us()
    dispute = Dispute(
        new_dispute_id(context.random), rk, DisputeState.OPEN, now,
        Day(node.today + policy.dispute.days), by, _words(objection),
    )  # fmt: skip
    save_dispute(connection, dispute)
    note(connection, now, by, Act.OBJECTION, rk)
    news = _suspend(connection, context, record, wanted=policy.dispute.suspend)
    return dispute, _changed(connection, node, rk, news)


def answer_dispute(
    connection: Connection, node: Node, text: str, answer: str, outcome: Outcome, by: str
) -> Dispute:
    """Write down what is answered and what shall become of the alert; nothing changes yet."""
    dispute = _open(connection, text)
    _may_decide(connection, node.policy, dispute, by)
    now = node.context.now_us()
    changed = replace(
        dispute, state=DisputeState.ANSWERED, answered_us=now, answered_by=by,
        answer=_words(answer), outcome=outcome.value,
    )  # fmt: skip
    save_dispute(connection, changed)
    note(connection, now, by, Act.ANSWERED, dispute.rk, outcome.value)
    return changed


def close_dispute(connection: Connection, node: Node, text: str, by: str) -> tuple[Dispute, Change]:
    """Do what was answered: the alert comes back, or is withdrawn for all. BadRequest before that.

    Where a second reviewer is asked for, another person closes than she who answered.
    """
    dispute = _open(connection, text)
    if dispute.state is not DisputeState.ANSWERED:
        raise BadRequest("there is no answer yet: parasol dispute answer")
    _may_decide(connection, node.policy, dispute, by)
    is_second = node.policy.dispute.second_reviewer
    if is_second and same_person(by) == same_person(dispute.answered_by):
        raise Refused(
            "a second person decides: she who answered may not close it too"
            " (origin.dispute.second_reviewer=true)"
        )
    now = node.context.now_us()
    save_dispute(
        connection, replace(dispute, state=DisputeState.CLOSED, closed_us=now, closed_by=by)
    )
    note(connection, now, by, Act.CLOSED, dispute.rk, dispute.outcome)
    record = own_records(connection, node.context.org, [dispute.rk]).get(dispute.rk)
    news: set[int] = set()
    if record is not None:
        news = _suspend(connection, node.context, record, wanted=False)
        is_live = record.entry.status is Status.LIVE
        if is_live and dispute.outcome == Outcome.WITHDRAWN.value:
            news |= withdraw_record(connection, node, text_id(dispute.rk), "").news
    return find_dispute(connection, dispute.id), _changed(connection, node, dispute.rk, news)


def lift(connection: Connection, node: Node, alert: str, by: str) -> Change:
    """Let a suspended alert go whose objection is not in this store; BadRequest where one is.

    A store from a backup may know the suspension, by the register, and not its reason.
    """
    record = own_alert(connection, node, alert)
    rk = record.entry.rk
    if any(each.rk == rk for each in open_disputes(connection)):
        raise BadRequest("an objection is open: answer it, then close it")
    if not record.restrictions.suspended:
        raise BadRequest("this alert is not suspended")
    note(connection, node.context.now_us(), by, Act.CLOSED, rk, "its objection was lost")
    return _changed(connection, node, rk, _suspend(connection, node.context, record, wanted=False))


def follow_dispute_policy(connection: Connection, context: Context) -> set[int]:
    """Suspend, or let go, what is disputed, as the policy now says; returns peers with news."""
    news: set[int] = set()
    for dispute in open_disputes(connection):
        record = own_records(connection, context.org, [dispute.rk]).get(dispute.rk)
        if record is not None and record.entry.status is Status.LIVE:
            wanted = context.policy.dispute.suspend
            news |= _suspend(connection, context, record, wanted=wanted)
    return news


def _suspend(
    connection: Connection, context: Context, record: OwnRecord, *, wanted: bool
) -> set[int]:
    if record.restrictions.suspended == wanted:
        return set()
    changed = replace(record.restrictions, suspended=wanted)
    return narrow(connection, context, record.entry.rk, changed)


def _may_decide(connection: Connection, policy: Policy, dispute: Dispute, by: str) -> None:
    if not policy.dispute.second_reviewer:
        return
    before = {same_person(name) for name in reviewers_of_alert(connection, dispute.rk)}
    if same_person(by) in before | {same_person(KEEPER)}:
        raise Refused(
            "someone other than those who reviewed the alert decides, and says her name"
            " (origin.dispute.second_reviewer=true)"
        )


def _open(connection: Connection, text: str) -> Dispute:
    dispute = find_dispute(connection, text)
    if not dispute.is_open:
        raise BadRequest("this objection is closed")
    return dispute


def _words(text: str) -> str:
    if len(text) > WORDS_MOST:
        raise BadField(f"at most {WORDS_MOST} characters")
    return text.strip()


def _changed(connection: Connection, node: Node, rk: RecordKey, news: set[int]) -> Change:
    return put_revision(connection, node, None, rk, news)
