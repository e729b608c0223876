"""One draft: the raw report on one side, what would go out on the other, and what to do with it.

One form holds the outgoing fields and the three things that follow from reading them: save, agree,
publish. What was typed is saved before anybody agrees to it, and what was agreed to is what was on
the page: the form carries the hash of the fields that it showed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from aiohttp import web
from sqlalchemy import Connection

from node.alike import Alike, possible_duplicates
from node.asking_back import ask as ask_reporter
from node.asking_back import questions_of
from node.errors import BadField, BadRequest, NodeError, NotFound, Refused
from node.shielding import PEOPLE, load_shield
from node.store.drafts import SCOPES, Draft, DraftState, StoredDoubt, draft_by_id
from node.store.photos import PhotoLine, photos_of
from node.store.questions import Question
from node.store.receipts import Opens, waiting_updates
from node.store.reviews import reviewers, same_person, words_of
from node.web.draft_form import changed, code_choices, rows, unplaced
from node.web.form import Form
from node.web.page import Page
from node.web.prompt_words import PROMPT_WORDS, REASON_WORDS, REPORT_WORDS, SHIELD_WORDS
from node.web.shown_fields import FIELD_WORDS
from node.web.views.previews import Previews, previews
from node.web.vocabulary_words import N_, word
from protocol.ids import text_id

SIGHTS = 6  # where peers see more different things than that, these have a page of their own
CONSENT = "consent"


@dataclass(frozen=True, slots=True)
class Desk:
    """What the page of one draft is made of."""

    draft: Draft
    names: list[str]
    alike: list[Alike]
    updates: list[str]
    questions: list[Question]
    shielded: frozenset[str]
    photos: list[PhotoLine]


def _desk(connection: Connection, page: Page, id_: str) -> Desk:
    draft = draft_by_id(connection, id_)
    if draft is None or (draft.state is DraftState.REFUSED and not draft.source):
        raise NotFound("there is no draft with that id")
    is_open = draft.state is DraftState.OPEN
    return Desk(
        draft,
        reviewers(connection, draft.id, draft.fields),
        possible_duplicates(connection, page.node.context, draft) if is_open else [],
        [each.id for each in waiting_updates(connection) if each.opens.draft == draft.id],
        questions_of(connection, Opens(draft.id, draft.rk)),
        load_shield(connection, page.node.keystore.store_key).fields_naming(draft.fields),
        photos_of(connection, draft.id),
    )


async def show(page: Page) -> web.Response:
    """The draft."""
    return await _show(page)


async def _show(
    page: Page, wrong: str = "", *, typed: Form | None = None, status: int = 200
) -> web.Response:
    desk = await page.node.read(_desk, page, page.path["draft"])
    draft, policy = desk.draft, page.node.policy
    ours = page.node.settings.language
    needed = max(policy.moderation.reviewers, PEOPLE if desk.shielded else 1)
    others = [name for name in desk.names if same_person(name) != same_person(page.who.name)]
    missing = max(0, needed - len(others) - 1)
    seen = await _seen(page, draft)
    return page.show(
        "draft.html", status=status, draft=draft, wrong=wrong, names=desk.names,
        words=words_of(draft.fields).hex(), alike=desk.alike, photos=desk.photos,
        updates=desk.updates, questions=desk.questions, report=_report(page, draft),
        draft_id=draft.id, groups=rows(draft.fields, draft.doubts, desk.shielded, typed, ours),
        chosen=_chosen(draft, typed), codes=code_choices(), languages_of_texts=_languages(ours),
        left=unplaced(draft.doubts), unclear=_unclear(draft),
        says=lambda doubt: _says(page, doubt), shield=SHIELD_WORDS, shielded=desk.shielded,
        needed=needed, missing=missing, urgent=_urgent_hours(page, desk, missing),
        agreed=len(others) < len(desk.names), scopes=SCOPES, seen=seen,
        alert=text_id(draft.rk) if draft.rk else "", typed=typed or Form(),
    )  # fmt: skip


async def _seen(page: Page, draft: Draft) -> Previews | None:
    """What each peer would see; None where the fields do not go together yet."""
    if draft.state is not DraftState.OPEN:
        return None
    try:
        return await previews(page, draft.id, most=SIGHTS)
    except (BadField, Refused):
        return None


def _report(page: Page, draft: Draft) -> list[tuple[str, str]]:
    """The private report: what was asked in words, and what was told as it was typed."""
    found = []
    for name, text in draft.private.items():
        if name == "codes":
            told = ", ".join(word(code.strip(), page.tr) for code in text.split(","))
        else:
            told = word(text, page.tr)
        found.append((page.tr(REPORT_WORDS.get(name) or FIELD_WORDS.get(name, name)), told))
    return found


def _languages(ours: str) -> list[str]:
    return list(dict.fromkeys((ours, "en", "fr", "es", "ru", "zh", "ar", "pt", "de", "uk", "ro")))


def _chosen(draft: Draft, typed: Form | None) -> Sequence[str]:
    if typed is not None and typed.has("codes_shown"):
        return typed.every("codes")
    codes = draft.fields.get("codes")
    return [str(code) for code in codes] if isinstance(codes, list) else []


def _says(page: Page, doubt: StoredDoubt) -> str:
    return page.tr(PROMPT_WORDS.get(doubt.reason, doubt.reason))


def _unclear(draft: Draft) -> bool:
    """Whether a person has to say what the reporter answered."""
    return any(doubt.about.startswith(CONSENT) for doubt in draft.blocking)


def _urgent_hours(page: Page, desk: Desk, missing: int) -> int:
    """For how many hours it may go out before enough people agreed; 0 for not at all."""
    moderation = page.node.policy.moderation
    return moderation.urgent_hours if missing and moderation.urgent and not desk.shielded else 0


async def act(page: Page) -> web.Response:
    """Save what was changed; then agree to it, or publish it, where that was asked for."""
    form, id_ = page.form, page.path["draft"]
    desk = await page.node.read(_desk, page, id_)
    if desk.draft.state is not DraftState.OPEN:
        raise BadRequest("this draft is settled already")
    if form.line("words") != words_of(desk.draft.fields).hex():
        wrong = N_("Somebody changed it meanwhile. Look at both, then save again.")
        return await _show(page, page.tr(wrong), typed=form, status=400)
    try:
        await _save(page, desk.draft)
        then = form.line("then")
        if then == "agree":
            await page.call("draft_approve", ids=[id_], by=page.who.name)
            return page.go("/desk", done="agreed")
        if then == "publish":
            return await _publish(page, desk.draft)
    except BadField as error:
        return await _show(page, str(error), typed=form, status=400)
    return page.go(f"/desk/{id_}", done="saved")


async def _save(page: Page, draft: Draft) -> None:
    found = changed(draft.fields, page.form, page.node.settings.language)
    answer = page.form.line(CONSENT)
    if answer:
        found[CONSENT] = [answer]
    if found:
        await page.call("draft_edit", id=draft.id, fields=found)


async def _publish(page: Page, before: Draft) -> web.Response:
    """Publish what was saved, unless saving gave rise to prompts that were not on the page."""
    desk = await page.node.read(_desk, page, before.id)
    known = {(doubt.reason, doubt.text) for doubt in before.doubts}
    if any((doubt.reason, doubt.text) not in known for doubt in desk.draft.blocking):
        wrong = N_("It is saved, and not published: there is something new to look at.")
        return await _show(page, page.tr(wrong), status=400)
    if _unclear(desk.draft):
        wrong = N_("Say first what she answered: did she agree that others are warned?")
        return await _show(page, page.tr(wrong), typed=page.form, status=400)
    despite = page.form.has("despite")
    result = await page.call("draft_publish", ids=[before.id], by=page.who.name, despite=despite)
    if result["refused"]:
        reason = str(result["refused"][0]["reason"])
        if reason == "names_a_worker":
            await page.call("draft_approve", ids=[before.id], by=page.who.name)
        return await _show(page, _why(page, desk.draft, reason), status=400)
    await _put_together(page, result["published"][0])
    return page.go("/desk", done="provisional" if result.get("provisional") else "published")


def _why(page: Page, draft: Draft, reason: str) -> str:
    known = REASON_WORDS.get(reason)
    if known is not None:
        return page.tr(known)
    if draft.blocking:
        return page.tr(
            N_("Look at each prompt first: change the words, or say that they may stay.")
        )
    return reason


async def _put_together(page: Page, alert: str) -> None:
    """Note that a new alert and others are about one person. A contradiction changes nothing."""
    for other in page.form.every("together"):
        try:
            await page.call("cluster_join", alert=alert, other=other, by=page.who.name)
        except NodeError:
            continue  # it ended meanwhile, or others were told apart: the alert's page shows both


async def refuse(page: Page) -> web.Response:
    """Put the draft aside with a reason, which its reporter sees by her code."""
    id_ = page.path["draft"]
    await page.node.read(_desk, page, id_)  # by its whole id, never by its beginning
    reason = page.form.text("reason", 500) or page.form.line("because")
    if not reason:
        wrong = N_("Say why: the reporter sees it when she comes back with her code.")
        return await _show(page, page.tr(wrong), status=400)
    await page.call("draft_refuse", id=id_, reason=reason, by=page.who.name)
    return page.go("/desk", done="refused")


async def ask(page: Page) -> web.Response:
    """Ask the reporter something, by way of her code."""
    desk = await page.node.read(_desk, page, page.path["draft"])
    try:
        await ask_reporter(page.node, desk.draft.id, page.form.text("question"))
    except BadField as error:
        return await _show(page, str(error), typed=page.form, status=400)
    return page.go(f"/desk/{desk.draft.id}", done="asked")


async def peers(page: Page) -> web.Response:
    """What each peer would see of a draft."""
    desk = await page.node.read(_desk, page, page.path["draft"])
    try:
        seen = await previews(page, desk.draft.id, most=None)
    except BadField:
        return page.go(f"/desk/{desk.draft.id}")
    return page.show("draft_peers.html", draft=desk.draft, seen=seen)
