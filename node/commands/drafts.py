"""Drafts: written by hand or imported, looked through, and published or refused.

Nothing is shared but by `draft_publish`, and it refuses what a person has not cleared. The private
report behind a draft is shown here, on the node itself, and nowhere else.
"""

import asyncio
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from federation.peers import PeerState
from keys.errors import MatchingUnavailable
from node.consent_words import answered_since
from node.desk_queue import graveness
from node.duties import purge_reports
from node.edits import Form, concerns, edited, local_day
from node.errors import BadField, BadRequest, NodeError
from node.holding import NEEDED_MOST, Held, hold_back, store_held
from node.publishing import NotReady, Ready, reason_code, sign_drafts, store_ready, why_not
from node.reporting import Told, prompted, take_report
from node.runtime import Node
from node.shielding import load_shield
from node.store.audit import Act, note
from node.store.consents import stage_answers
from node.store.drafts import (
    SCOPES,
    Asked,
    Draft,
    DraftState,
    StoredDoubt,
    find_draft,
    open_drafts,
    save_draft,
)
from node.store.peers import all_peers
from node.store.receipts import waiting_updates
from node.store.reviews import KEEPER, all_reviewers, name_of, words_of
from protocol.ids import Day, text_id

CONSENT = "consent"
REASON_CHARACTERS = 500


async def draft_new(
    node: Node,
    fields: Form,
    consent: list[str] | None = None,
    receipt: bool = False,
) -> dict[str, Any]:
    """Write a draft; gives {"id", "doubts"}. BadField.

    `consent` are the scopes that the reporter gave on the form; with none, nobody asked her.
    `receipt` adds {"receipt"}: her code, which is shown here and never again.
    """
    taken = await take_report(node, Told(fields, consent), receipt=receipt)
    if taken is None:  # only a form with a token of its own can have been sent before
        raise BadRequest("this report was sent before")
    told = {"receipt": taken.code} if receipt else {}
    draft = taken.draft
    return {"id": draft.id, "doubts": [_doubt(doubt) for doubt in draft.doubts], **told}


async def draft_list(node: Node) -> dict[str, Any]:
    """List the open drafts, the most severe first; "notes" says what reporters sent since."""
    drafts = await node.read(open_drafts)
    drafts.sort(key=lambda draft: -graveness(draft.fields))
    sent = await node.read(waiting_updates)
    note = f"{len(sent)} from reporters, by their receipt codes: parasol receipt updates"
    return {"drafts": [_line(draft) for draft in drafts], **({"notes": [note]} if sent else {})}


async def draft_show(node: Node, id: str) -> dict[str, Any]:  # noqa: A002
    """Show one draft: what would be shared, its doubts, and apart from them the private report."""
    draft = await node.read(find_draft, id)
    shield = await node.read(load_shield, node.keystore.store_key)
    named = shield.fields_naming(draft.fields)
    shown: dict[str, Any] = {
        "id": draft.id,
        "state": draft.state.value,
        "source": draft.source,
        "row": draft.row,
        "fields": dict(draft.fields),
        "doubts": [_doubt(doubt) for doubt in draft.doubts],
        "blocked_by": why_not(draft, despite=False) if draft.state is DraftState.OPEN else "",
        "consent": {scope: getattr(draft.asked, scope) for scope in SCOPES},
        "report": dict(draft.private),
    }
    if draft.rk is not None:
        shown["alert"] = text_id(draft.rk)
    if draft.reason:
        shown["reason"] = draft.reason
    if named:  # which fields, and never whose they are
        shown["may_name_a_worker"] = sorted(named)
    return shown


async def draft_edit(
    node: Node,
    id: str,  # noqa: A002
    fields: Form,
    consent: list[str] | None = None,
) -> dict[str, Any]:
    """Change fields of an open draft; an empty value removes one. BadField, BadRequest.

    `consent` are scopes that the reporter answered since, as print or peers=no; a no stays a no.
    """
    draft = await node.change(_edit, node, id, fields, consent or [])
    return {"id": draft.id, "doubts": [_doubt(doubt) for doubt in draft.doubts]}


def _edit(
    connection: Connection,
    node: Node,
    id: str,  # noqa: A002
    form: Form,
    consent: list[str],
) -> Draft:
    draft = _open(connection, id)
    form, asked = _answered(form, draft.asked)
    asked = answered_since(asked, consent) if consent else asked
    values = edited(draft.fields, form, node.settings, _today(node))
    # What the words themselves gave rise to is asked anew; what was doubted of a field that a
    # person has now written herself is settled.
    old = {(doubt.text, doubt.reason) for doubt in prompted(draft.fields, draft.private, 0)}
    left = tuple(
        doubt
        for doubt in draft.doubts
        if (doubt.text, doubt.reason) not in old
        and not concerns(doubt.about, form)
        and not (asked is not draft.asked and doubt.about.startswith(CONSENT))
    )
    doubts = left + prompted(values, draft.private, draft.row)
    changed = replace(draft, fields=values, doubts=doubts, asked=asked, edited=True)
    save_draft(connection, changed)
    if asked != draft.asked:
        stage_answers(node.context.register, draft.id, asked)
    return changed


def _answered(form: Form, asked: Asked) -> tuple[Form, Asked]:
    """Take out of a form what the reporter was asked again: consent=yes or no. A no stays a no."""
    said = [text.strip().casefold() for text in form.get(CONSENT, ())]
    rest = {name: texts for name, texts in form.items() if name != CONSENT}
    if not said:
        return rest, asked
    if said not in (["yes"], ["no"]):
        raise BadField("consent: yes or no, as the reporter said")
    if asked.members is False and said == ["yes"]:
        raise BadField("consent: she said no; if she agrees now, write a new draft with her")
    agreed = said == ["yes"]
    # Of other organisations she was asked apart: a no to them stays a no.
    if not agreed:
        return rest, Asked(*(False for _ in SCOPES))
    return rest, replace(asked, members=True, peers=asked.peers is not False)


async def draft_refuse(
    node: Node,
    id: str,  # noqa: A002
    reason: str = "",
    by: str = KEEPER,
) -> dict[str, Any]:
    """Put a draft aside; the row that it came from is not imported again.

    What it says is kept for 30 days more, the private report as long as the policy says.
    """
    now, name = node.context.now_us(), name_of(by)
    draft = await node.change(_refuse, id, reason[:REASON_CHARACTERS], now, name)
    await purge_reports(node, [draft.id])
    return {"id": draft.id, "state": draft.state.value}


def _refuse(
    connection: Connection,
    id: str,  # noqa: A002
    reason: str,
    now: int,
    by: str,
) -> Draft:
    draft = replace(_open(connection, id), state=DraftState.REFUSED, reason=reason, made_us=now)
    save_draft(connection, draft)
    note(connection, now, by, Act.REFUSED, why=draft.id)
    return draft


def _open(connection: Connection, id: str) -> Draft:  # noqa: A002
    draft = find_draft(connection, id)
    if draft.state is not DraftState.OPEN:
        cure = " Correct the alert: parasol alert correct." if draft.rk is not None else ""
        raise BadRequest(f"draft {draft.id} is {draft.state.value} already.{cure}")
    return draft


TO_NOBODY = (
    "none of the organisations that you trust gets this: parasol policy preview --peer PEER ALERT"
    " names the rule"
)


async def draft_publish(
    node: Node,
    ids: list[str] | None = None,
    all: bool = False,  # noqa: A002 - the argument's name on the wire
    despite: bool = False,
    dry_run: bool = False,
    by: str = KEEPER,
    hold: int = 0,
) -> dict[str, Any]:
    """Sign drafts and put them on every ledger; gives {"published", "refused"}.

    `hold`: until so many other organisations have a report on the same identifier, peers get tokens
    only; then those who have one get the alert. BadRequest for more than 16.

    `by` is who publishes, one of the reviewers that the policy asks for. `despite` publishes what
    a keeper has looked at although it has blocking doubts; never against a reporter's no, never
    without a code, and never on one person's word where it may name a worker. One draft that may
    not go does not stop the others.
    """
    drafts, refused = await node.read(_wanted, ids or [], all)
    context, policy = node.context, node.policy
    approved = await node.read(approvals, drafts, name_of(by))
    shield = await node.read(load_shield, node.keystore.store_key)
    signed = await asyncio.to_thread(
        sign_drafts, drafts, context, policy, node.key,
        despite=despite, approved=approved, shield=shield,
    )  # fmt: skip
    ready = [each for each in signed if isinstance(each, Ready)]
    held = await _held_back(node, ready, hold)
    if hold:
        ready = [each.ready for each in held if isinstance(each, Held)]
    not_ready = [each for each in (*signed, *held) if isinstance(each, NotReady)]
    refused += [_refusal(each) for each in not_ready]
    stayed: dict[str, str] = {}
    news: set[int] = set()
    if ready and not dry_run:
        if hold:
            backed = [each for each in held if isinstance(each, Held)]
            news, stayed = await node.change(store_held, context, backed, hold)
        else:
            news, stayed = await node.change(store_ready, context, ready)
        node.on_news(news)
        await purge_reports(node, [each.draft.id for each in ready])
    refused += [{"id": each, "reason": reason} for each, reason in stayed.items()]
    went = [each for each in ready if each.draft.id not in stayed]
    shown = [each.draft.id if dry_run else text_id(each.record.entry.rk) for each in went]
    result: dict[str, Any] = {"published": shown, "refused": refused}
    waiting = [each for each in went if each.agreed.missing]
    if waiting:
        hours = policy.moderation.urgent_hours
        result["provisional"] = [shown[went.index(each)] for each in waiting]
        said = (
            f"the policy asks for {policy.moderation.reviewers} reviewers: {len(waiting)} of these"
            f" end in {hours} hours unless others confirm them: parasol alert confirm"
        )
        result["notes"] = [said]
    if went and not (news or dry_run or hold or policy.publish_delay):
        peers = await node.read(all_peers)
        if any(peer.state is PeerState.TRUSTED for peer in peers):
            result["notes"] = [*result.get("notes", ()), TO_NOBODY]
    return result


async def _held_back(node: Node, ready: list[Ready], hold: int) -> list[Held | NotReady]:
    if not hold:
        return []
    if not 1 <= hold <= NEEDED_MOST:
        raise BadRequest(f"hold: from 1 to {NEEDED_MOST} other organisations")
    if node.context.oprf_key is None:
        raise MatchingUnavailable(MatchingUnavailable.__doc__)
    return await asyncio.to_thread(hold_back, ready, node.context, node.policy, node.key)


def approvals(connection: Connection, drafts: list[Draft], publisher: str) -> dict[str, list[str]]:
    """By draft: who approved it as it stands, and whoever publishes it."""
    stored = all_reviewers(connection, [draft.id for draft in drafts])
    return {
        draft.id: [
            *(name for name, words in stored.get(draft.id, ()) if words == words_of(draft.fields)),
            publisher,
        ]
        for draft in drafts
    }


def _wanted(
    connection: Connection,
    ids: list[str],
    everything: bool,
) -> tuple[list[Draft], list[dict[str, Any]]]:
    """The drafts that are meant, and a refusal for each id that names none."""
    if everything:
        return open_drafts(connection), []
    found: dict[str, Draft] = {}
    refused: list[dict[str, Any]] = []
    for text in ids:
        try:
            draft = find_draft(connection, text)
        except NodeError as error:
            refused.append({"id": text, "reason": error.code})
        else:
            found[draft.id] = draft
    return list(found.values()), refused


def _refusal(each: NotReady) -> dict[str, Any]:
    row: dict[str, Any] = {"id": each.id, "reason": each.reason}
    return row


def _doubt(doubt: StoredDoubt) -> dict[str, Any]:
    return {
        "row": doubt.row, "column": doubt.column, "text": doubt.text, "guess": doubt.guess,
        "blocking": doubt.blocking, "what": doubt.reason,
        **({"code": reason_code(doubt)} if doubt.blocking else {}),
    }  # fmt: skip


def _line(draft: Draft) -> dict[str, Any]:
    fields = draft.fields
    line = {
        "id": draft.id,
        "severity": graveness(fields),
        "codes": fields.get("codes", []),
        "place": fields.get("place.city") or fields.get("place.region") or "",
        "date": next(
            (fields[n] for n in ("date.day", "date.week", "date.month") if n in fields), ""
        ),
        "doubts": [_doubt(doubt) for doubt in draft.doubts],
        "source": draft.source,
        "row": draft.row,
    }
    if draft.asked.consent is None:
        line["blocked_by"] = "no_consent"
    return line


def _today(node: Node) -> Day:
    return local_day(node.context.now_us(), node.settings.timezone)
