"""Approving a draft, confirming an alert that went out in a hurry, and reading who did what.

A person says who she is by a name; see `node.agreement` for what that is worth.
"""

from typing import Any

from sqlalchemy import Connection

from node.errors import BadRequest
from node.moments import iso_time
from node.reviewing import confirm
from node.runtime import Node
from node.store.audit import Act, acts, note
from node.store.drafts import DraftState, find_draft
from node.store.lookup import find_alert, record_key
from node.store.reviews import add_review, name_of, reviewers
from protocol.ids import text_id


async def draft_approve(node: Node, ids: list[str], by: str) -> dict[str, Any]:
    """Approve drafts as they stand; gives {"approved": [{"id", "by", "missing"}]}.

    An edit makes an approval void. NotFound, BadRequest; then nothing is approved.
    """
    name = name_of(by)
    return {"approved": await node.change(_approve, node, ids, name)}


def _approve(connection: Connection, node: Node, ids: list[str], name: str) -> list[dict[str, Any]]:
    done = []
    now = node.context.now_us()
    for each in ids:
        draft = find_draft(connection, each)
        if draft.state is not DraftState.OPEN:
            raise BadRequest(f"draft {draft.id} is {draft.state.value} already")
        add_review(connection, draft.id, name, draft.fields, now)
        note(connection, now, name, Act.APPROVED, why=draft.id)
        names = reviewers(connection, draft.id, draft.fields)
        missing = max(0, node.policy.moderation.reviewers - len(names))
        done.append({"id": draft.id, "by": names, "missing": missing})
    return done


async def alert_confirm(node: Node, alert: str, by: str) -> dict[str, Any]:
    """Approve an alert that went out before enough people had; BadRequest where it waits not."""
    name = name_of(by)

    def effect(connection: Connection) -> tuple[dict[str, Any], frozenset[int]]:
        change, missing = confirm(connection, node, alert, name)
        return change.shown() | {"missing": missing}, change.news

    shown, news = await node.change(effect)
    if news:
        node.on_news(set(news))
    return shown


async def audit(node: Node, alert: str | None = None) -> dict[str, Any]:
    """Say who did what inside, newest first; about one alert, or all."""

    def read(connection: Connection) -> list[dict[str, Any]]:
        rk = None if alert is None else record_key(find_alert(connection, alert))
        return [
            {
                "when": iso_time(each.at_us), "who": each.who, "what": each.what,
                "alert": text_id(each.subject) if each.subject else "", "why": each.note,
            }
            for each in acts(connection, rk)
        ]  # fmt: skip

    return {"acts": await node.read(read)}
