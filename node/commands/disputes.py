"""The dispute desk: objections of listed persons, and what a person may be told who asks.

What is told to whoever asks says yes or no, and how to object; never a code, a place, a day or a
number of alerts, which could lead to a reporter. What other organisations say is theirs to tell.
"""

from typing import Any

from sqlalchemy import Connection, select

from node.disputing import answer_dispute, close_dispute, lift, open_dispute
from node.errors import BadField, Refused
from node.moments import iso_time
from node.runtime import Node
from node.store.audit import Act, note
from node.store.context import Context
from node.store.disputes import Dispute, Outcome, all_disputes
from node.store.reviews import name_of
from node.store.tables import identifiers, records
from protocol.entry import Status
from protocol.errors import IdentifierError
from protocol.identifiers import (
    normalise_email,
    normalise_handle,
    normalise_phone,
    normalise_plate,
    normalise_profile,
)
from protocol.ids import iso_date, text_id

_LISTED = (
    "We hold a warning that concerns this {kind}. We do not say more, for the safety of those who"
    " warned. You may object to it: write to us why, and we answer within {days} days."
)
_NOT_LISTED = (
    "We hold no warning of our own that concerns this {kind}. What other organisations hold, only"
    " they can say."
)


async def dispute_open(node: Node, alert: str, by: str, objection: str = "") -> dict[str, Any]:
    """Take an objection to an alert of ours; gives it with the day by which it is answered."""
    name = name_of(by)

    def effect(connection: Connection) -> tuple[dict[str, Any], frozenset[int]]:
        dispute, change = open_dispute(connection, node, alert, objection, name)
        return _shown(dispute, node.context) | _of(change.shown()), change.news

    return await _told(node, await node.change(effect))


async def dispute_list(node: Node, all: bool = False) -> dict[str, Any]:  # noqa: A002
    """List the objections that wait, the one that is due first in front; `all`: closed ones too."""

    def read(connection: Connection) -> list[dict[str, Any]]:
        return [
            _shown(each, node.context) for each in all_disputes(connection) if all or each.is_open
        ]

    return {"disputes": await node.read(read)}


async def dispute_answer(
    node: Node,
    id: str,  # noqa: A002
    by: str,
    outcome: str,
    answer: str = "",
) -> dict[str, Any]:
    """Write an answer down and what shall become of the alert: kept, corrected, withdrawn."""
    name = name_of(by)
    if outcome not in {each.value for each in Outcome}:
        raise BadField(f"outcome: one of {', '.join(Outcome)}")

    def effect(connection: Connection) -> dict[str, Any]:
        chosen = Outcome(outcome)
        dispute = answer_dispute(connection, node, id, answer, chosen, name)
        return _shown(dispute, node.context)

    return await node.change(effect)


async def dispute_close(node: Node, id: str, by: str) -> dict[str, Any]:  # noqa: A002
    """Do what was answered: the alert comes back to all who had it, or is withdrawn for them."""
    name = name_of(by)

    def effect(connection: Connection) -> tuple[dict[str, Any], frozenset[int]]:
        dispute, change = close_dispute(connection, node, id, name)
        return _shown(dispute, node.context) | _of(change.shown()), change.news

    return await _told(node, await node.change(effect))


async def dispute_lift(node: Node, alert: str, by: str) -> dict[str, Any]:
    """Let a suspended alert go whose objection a restored store does not know."""
    name = name_of(by)

    def effect(connection: Connection) -> tuple[dict[str, Any], frozenset[int]]:
        change = lift(connection, node, alert, name)
        return change.shown(), change.news

    return await _told(node, await node.change(effect))


async def dispute_inform(node: Node, text: str, by: str) -> dict[str, Any]:
    """Word what a person may be told who asks whether he is listed; Refused where nobody is told.

    Gives {"listed", "answer", "alerts"}: the answer is for him, the alerts are for the desk. Asked
    by a whole number, address, handle, plate or page only; BadField for anything else.
    """
    policy = node.policy
    if policy.subject_notice == "never":
        raise Refused("the policy tells nobody whether he is listed (origin.subject_notice=never)")
    name, forms = name_of(by), _forms(text, node.settings.country)

    def effect(connection: Connection) -> list[str]:
        note(connection, node.context.now_us(), name, Act.ASKED)
        return _own_alerts(connection, node.context, forms)

    found = await node.change(effect)
    words = _LISTED if found else _NOT_LISTED
    kind = forms[0][0] if len(forms) == 1 else "identifier"
    return {
        "listed": bool(found),
        "answer": words.format(kind=kind, days=policy.dispute.days),
        "alerts": found,
    }


def _forms(text: str, country: str | None) -> list[tuple[str, str]]:
    """Every whole identifier that a text may be, as (kind, normal form)."""
    found: list[tuple[str, str]] = []
    for kind, read in (
        ("phone", lambda typed: normalise_phone(typed, country)),
        ("email", normalise_email),
        ("handle", normalise_handle),
        ("plate", lambda typed: normalise_plate(typed, country)),
        ("profile", normalise_profile),
    ):
        try:
            found.append((kind, read(text.strip())))
        except IdentifierError:
            continue
    if not found:
        raise BadField("give a whole number, email, handle (service:name), plate or page")
    return found


def _own_alerts(
    connection: Connection, context: Context, forms: list[tuple[str, str]]
) -> list[str]:
    """The live alerts of ours, suspended ones too, that hold one of these identifiers."""
    found: dict[str, None] = {}
    for kind, norm in forms:
        query = (
            select(records.c.rk)
            .join(identifiers, identifiers.c.record == records.c.id)
            .where(
                identifiers.c.norm == norm, identifiers.c.kind == kind,
                records.c.org == context.org, records.c.status == int(Status.LIVE),
                records.c.exp_day >= context.today,
            )
        )  # fmt: skip
        found |= {text_id(bytes(rk)): None for rk in connection.execute(query).scalars()}
    return list(found)


def _shown(dispute: Dispute, context: Context) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": dispute.id, "alert": text_id(dispute.rk), "state": dispute.state.value,
        "opened": iso_time(dispute.opened_us), "by": dispute.opened_by,
        "due": iso_date(dispute.due_day), "overdue": dispute.is_overdue(context.today),
        "objection": dispute.objection,
    }  # fmt: skip
    if dispute.answered_us:
        shown |= {
            "outcome": dispute.outcome, "answer": dispute.answer,
            "answered_by": dispute.answered_by,
        }  # fmt: skip
    if dispute.closed_us:
        shown |= {"closed": iso_time(dispute.closed_us), "closed_by": dispute.closed_by}
    return shown


def _of(change: dict[str, Any]) -> dict[str, Any]:
    return {"status": change["status"], "told": change["told"]}


async def _told(node: Node, done: tuple[dict[str, Any], frozenset[int]]) -> dict[str, Any]:
    shown, news = done
    if news:
        node.on_news(set(news))
    await node.store.checkpoint()
    return shown
