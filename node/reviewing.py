"""Alerts that went out on too few people's word: confirmed by others, or ended at their hour.

How many are needed, and what one person's word is worth, is decided in `node.agreement`.
"""

from sqlalchemy import Connection

from node.amending import Change, must_be_up_to_date, own_alert, put_revision
from node.errors import BadRequest
from node.pipeline import last_day, next_revision, withdrawn
from node.runtime import Node
from node.store.audit import Act, note
from node.store.drafts import find_draft
from node.store.records import own_records
from node.store.reviews import (
    add_review,
    all_provisional,
    draft_of,
    provisional_until,
    reviewers,
    settle_provisional,
)
from protocol.entry import Status
from protocol.ids import day_of

NOT_CONFIRMED = "not confirmed in time"


def confirm(connection: Connection, node: Node, alert: str, name: str) -> tuple[Change, int]:
    """Have one more person approve an alert that waits; the change, and how many still miss.

    With the last of them it is signed again, to live as long as the policy says. BadRequest where
    it does not wait, Refused where it may have been corrected after the backup we come from.
    """
    context = node.context
    record = own_alert(connection, node, alert)
    rk = record.entry.rk
    draft_id = draft_of(connection, rk)
    if provisional_until(connection, rk) is None or draft_id is None:
        raise BadRequest("this alert does not wait for a reviewer")
    if record.entry.status is not Status.LIVE or record.entry.exp_day < node.today:
        raise BadRequest("this alert has ended; publish a new one")
    must_be_up_to_date(connection, node, record)
    fields = find_draft(connection, draft_id).fields
    now = context.now_us()
    add_review(connection, draft_id, name, fields, now)
    note(connection, now, name, Act.CONFIRMED, rk)
    missing = node.policy.moderation.reviewers - len(reviewers(connection, draft_id, fields))
    if missing > 0:
        return put_revision(connection, node, None, rk), missing
    settle_provisional(connection, rk)
    leaves = {leaf: opened.value for leaf, opened in record.opened.items()}
    after = next_revision(
        record, node.key, leaves, context.random,
        today=node.today, exp_day=last_day(leaves, node.policy, record.life_begins),
        status=Status.LIVE, above=context.register.least_revision(rk),
    )  # fmt: skip
    return put_revision(connection, node, after, rk), 0


def end_unconfirmed(connection: Connection, node: Node) -> set[int]:
    """Withdraw the alerts whose hours are over; returns the peers with news.

    One that was given a longer life since, as by a peer after a restore, was confirmed.
    """
    context, news = node.context, set[int]()
    now = context.now_us()
    waiting = {rk: until for rk, until in all_provisional(connection).items() if until <= now}
    known = own_records(connection, context.org, list(waiting))
    for rk, until in waiting.items():
        settle_provisional(connection, rk)
        record = known.get(rk)
        if record is None or record.entry.status is not Status.LIVE:
            continue
        if record.entry.exp_day > day_of(until):
            continue
        above = context.register.least_revision(rk)
        after = withdrawn(record, node.key, NOT_CONFIRMED, context.random, node.today, above=above)
        news |= put_revision(connection, node, after, rk).news
    return news
