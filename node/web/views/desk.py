"""The desk: everything that waits for staff in one queue, and the pages of what waits in numbers.

Lists, words of reporters, urgent alerts and peers' alerts have a page each, because they are
settled by one button and not by writing. Drafts are in `views.draft`, objections in
`views.objections`.
"""

from collections import Counter
from typing import Any

from aiohttp import web

from node.batches import ONLY, find_batch, publish_clear, rows_of
from node.desk_queue import Kind, graveness, whole_queue
from node.errors import BadRequest, NotFound
from node.store.drafts import draft_by_id
from node.store.reviews import draft_of, reviewers
from node.web.page import Page
from node.web.shown_fields import shown_alert
from node.web.vocabulary_words import N_
from protocol.ids import parse_record_key

SHOWN = 20
KIND_WORDS = {
    Kind.REPORT: N_("Reports"),
    Kind.LIST: N_("Lists"),
    Kind.WORDS: N_("From reporters"),
    Kind.URGENT: N_("Out, not confirmed"),
    Kind.OBJECTION: N_("Objections"),
    Kind.OTHERS: N_("From others"),
}


async def queue(page: Page) -> web.Response:
    """The queue, or what of it is of one kind."""
    everything = await page.node.read(whole_queue, page.node.context)
    counts = Counter(each.kind for each in everything)
    chosen = page.query.get("kind", "")
    rows = [each for each in everything if not chosen or each.kind == chosen]
    at = page.number("page")
    return page.show(
        "desk.html", rows=rows[at * SHOWN : (at + 1) * SHOWN], found=len(rows),
        total=len(everything), counts=counts, kinds=KIND_WORDS, chosen=chosen, at=at,
        more=len(rows) > (at + 1) * SHOWN, now_us=page.now_us,
    )  # fmt: skip


async def batch(page: Page) -> web.Response:
    """One list: its rows, and agreeing to all that nothing stands against."""
    return await _batch(page, None)


async def _batch(page: Page, done: dict[str, Any] | None) -> web.Response:
    at, only = page.number("page"), page.query.get("only", "")
    only = only if only in ONLY else ""
    found = await page.node.read(find_batch, page.path["batch"])
    drafts = await page.node.read(rows_of, found, only, at, SHOWN)
    of_these = {"": found.count, "doubted": found.doubted, "blocked": found.blocked}[only]
    return page.show(
        "batch.html", batch=found, drafts=drafts, at=at, only=only, done=done,
        more=of_these > (at + 1) * SHOWN, graveness=graveness,
        needed=page.node.policy.moderation.reviewers,
    )  # fmt: skip


async def batch_publish(page: Page) -> web.Response:
    """Agree to all of a list that nothing stands against, some hundred at a time."""
    done = await publish_clear(
        page.node, page.path["batch"], page.who.name, doubts=page.form.has("doubts")
    )
    try:
        return await _batch(page, done)
    except NotFound:
        return page.go("/desk", done="batch")


async def words(page: Page) -> web.Response:
    """What reporters sent by their codes, the oldest first."""
    waiting = (await page.call("receipt_updates"))["updates"]
    at = page.number("page")
    return page.show(
        "words.html", rows=waiting[at * SHOWN : (at + 1) * SHOWN], at=at,
        more=len(waiting) > (at + 1) * SHOWN, total=len(waiting),
    )  # fmt: skip


async def words_settle(page: Page) -> web.Response:
    """Take up or decline what a reporter sent."""
    accept = page.form.line("do") == "accept"
    id_ = page.form.line("id")
    if not id_:
        raise BadRequest("which one?")
    await page.call("receipt_accept" if accept else "receipt_decline", id=id_)
    return page.go("/desk/words", done="taken" if accept else "declined")


async def urgent(page: Page) -> web.Response:
    """Alerts that went out on too few people's word, and end unless others confirm them."""
    node = page.node
    waiting = [
        each for each in await node.read(whole_queue, node.context) if each.kind is Kind.URGENT
    ]
    cards = []
    for each in waiting[:SHOWN]:
        row = await page.call("alert_show", alert=each.id, viewer="staff")
        card = shown_alert(row, page.tr, page.now_us)
        cards.append((card, each.due_us, await _who(page, each.id)))
    return page.show("urgent.html", cards=cards, total=len(waiting))


async def _who(page: Page, alert: str) -> list[str]:
    """Who has agreed to an alert so far."""
    rk = parse_record_key(alert)
    draft_id = await page.node.read(draft_of, rk)
    draft = None if draft_id is None else await page.node.read(draft_by_id, draft_id)
    return [] if draft is None else await page.node.read(reviewers, draft.id, draft.fields)


async def urgent_confirm(page: Page) -> web.Response:
    """Confirm one of them."""
    await page.call("alert_confirm", alert=page.form.line("alert"), by=page.who.name)
    return page.go("/desk/urgent", done="confirmed")


async def others(page: Page) -> web.Response:
    """A peer's alerts that nobody has passed yet."""
    waiting = (await page.call("review_list", peer=page.path["org"]))["waiting"]
    at = page.number("page")
    cards = []
    for row in waiting[at * SHOWN : (at + 1) * SHOWN]:
        whole = await page.call("alert_show", alert=row["alert"], viewer="staff")
        cards.append(shown_alert(whole, page.tr, page.now_us))
    return page.show(
        "others.html", cards=cards, org=page.path["org"], at=at, total=len(waiting),
        more=len(waiting) > (at + 1) * SHOWN, name=waiting[0]["org_name"] if waiting else "",
    )  # fmt: skip


async def others_pass(page: Page) -> web.Response:
    """Let chosen alerts of a peer through to members."""
    alerts = page.form.every("alert")
    if not alerts:
        raise BadRequest("choose at least one")
    await page.call("review_pass", alerts=alerts, by=page.who.name)
    return page.go(f"/desk/others/{page.path['org']}", done="passed")
