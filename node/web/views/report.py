"""Report: what must be said before, one form, and at the end the words by which she comes back.

Nothing that was typed is lost: a form that cannot be read is shown again with all of it, a session
that ended parks it for its writer, and a form that was sent twice makes one report.
"""

import hashlib
from dataclasses import replace
from datetime import date
from typing import Any, Final

from aiohttp import web
from babel.dates import format_date

from node.edits import local_day
from node.errors import BadField
from node.pictures import BadPicture
from node.reporting import Told, take_report
from node.store.photos import MOST as PICTURES
from node.store.sent_forms import was_sent
from node.web.form import Form, TooBig
from node.web.limits import Rate
from node.web.page import Page
from node.web.remembered import Attached, Given
from node.web.report_form import (
    CHOICES,
    CODE_GROUPS,
    LOOKS,
    PLACE,
    PLACE_ELSE,
    VEHICLE,
    WHEN,
    WHO,
    WHO_ELSE,
    Shown,
    bases_for,
    months_before,
    read_report,
    scopes_asked,
)
from node.web.roles import Role
from node.web.shown_fields import LEFT_TO_RIGHT, label
from node.web.views.parked import (
    REPORT,
    forget,
    keep,
    owner_of,
    park_and_ask,
    waiting,
    writer_mark,
)
from protocol import vocabulary
from protocol.ids import Day

FORM_BYTES: Final = 256 * 1024  # of what is typed; photos come on top
VISITORS: Final = Rate(30, 30)
"""Reports without an account, of all visitors together: a cookie is made anew too easily."""


async def ask(page: Page) -> web.Response:
    """The form; before it what must be known, and what this person had begun to write."""
    resumes = "on" in page.query
    kept = await _waiting(page)
    if kept.fields and not resumes:
        return page.show("report_waiting.html")
    intake = await page.call("policy_intake")
    if not resumes and intake["mandatory_reporting"] and page.query.get("read") != _mark(intake):
        return page.show("report_first.html", intake=intake, mark=_mark(intake))
    form = kept if resumes and kept.fields else Form((("read", page.query.get("read", "")),))
    return _form(page, form, intake, {}, 0)


async def send(page: Page) -> web.Response:
    """Take a report in, or keep it for later."""
    if page.member is None and page.form.raw("writer"):
        return await park_and_ask(page)  # a member's form, and her session has ended
    if sum(len(value) for _, value in page.form.fields) > FORM_BYTES:
        raise TooBig(TooBig.__doc__)
    if page.form.has("later") and page.member is not None:
        await keep(page, REPORT, owner_of(page))
        return page.go("/", done="kept")
    intake = await page.call("policy_intake")
    wrong: dict[str, str] = {}
    if page.member is None and not _visitors_may(page):  # before a photo takes any time
        return _form(page, page.form, intake, {"form": "many"}, 0, 429)
    pictures = await _pictures(page, wrong)
    today = local_day(page.now_us, page.node.settings.timezone)
    scopes = scopes_asked(page.node.policy.police_mode())
    read = read_report(
        page.form, page.node.settings, today, page.role, page.language, scopes
    )  # fmt: skip
    wrong |= read.wrong
    if intake["mandatory_reporting"] and page.form.raw("read") != _mark(intake):
        wrong["read"] = "none"
    if not wrong:
        try:
            return await _taken(page, read.told, pictures)
        except BadField:  # fields that can be read, each for itself, but not together
            wrong["form"] = "unread"
    if pictures:
        page.gate.memory.attached.put(
            page.browser, Attached(page.form.raw("once"), pictures), page.now_us
        )
    return _form(page, page.form, intake, wrong, len(pictures), 400)


async def _taken(page: Page, told: Told, pictures: tuple[bytes, ...]) -> web.Response:
    taken = await take_report(page.node, replace(told, pictures=pictures), receipt=True)
    memory = page.gate.memory
    if taken is not None:
        others = told.fields["basis"] == ["with_consent"]
        memory.given.put(page.browser, Given(taken.code, others), page.now_us)
        memory.attached.forget(page.browser)
    if page.member is not None:
        await forget(page)
    return page.go("/new/sent")


async def once_more(page: Page) -> web.Response:
    """Show a visitor's form again, which came without the proof of her browser."""
    intake = await page.call("policy_intake")
    return _form(page, page.form, intake, {"form": "again"}, 0, 403)


async def sent(page: Page) -> web.Response:
    """The receipt code: here, once."""
    given = page.gate.memory.given.get(page.browser, page.now_us)
    return page.show("report_sent.html", given=given)


async def written_down(page: Page) -> web.Response:
    """She has the code: forget it."""
    page.gate.memory.given.forget(page.browser)
    return page.go("/" if page.member is not None else "/in", done="told")


async def keep_for_later(page: Page) -> web.Response:
    """Keep what is being written, as the script does every few seconds."""
    once = page.form.line("once")
    if page.form.raw("writer") != writer_mark(page, page.who.id):
        return web.Response(status=400)  # somebody else's form
    if not await _is_sent(page, once):
        await keep(page, REPORT, owner_of(page))
    return web.Response(status=204)


async def throw_away(page: Page) -> web.Response:
    """Throw away what was being written."""
    await forget(page)
    return page.go("/new", done="thrown")


async def _waiting(page: Page) -> Form:
    """What a member had begun; of a visitor nothing is kept, as anybody may be next."""
    if page.member is None:
        return Form()
    kept = await waiting(page)
    if await _is_sent(page, kept.raw("once")):
        await forget(page)
        return Form()
    return kept


async def _is_sent(page: Page, once: str) -> bool:
    found: bool = await page.node.read(was_sent, once)
    return found


async def _pictures(page: Page, wrong: dict[str, str]) -> tuple[bytes, ...]:
    """The photos of this form, made anew: those that came before, then those that come now."""
    before = page.gate.memory.attached.get(page.browser, page.now_us)
    mine = before is not None and before.once == page.form.raw("once")
    found = list(before.pictures) if before and mine and not page.form.has("unphoto") else []
    files = page.form.files("photo")
    if len(found) + len(files) > PICTURES:
        wrong["photo"] = "many"
        files = files[: max(PICTURES - len(found), 0)]
    if page.form.cut("photo"):
        wrong["photo"] = "unread"
    for data in files:
        try:
            found.append(await page.gate.darkroom.develop(data))
        except BadPicture:
            wrong["photo"] = "unread"
    return tuple(found)


def _visitors_may(page: Page) -> bool:
    return page.gate.limits.may("visitors' reports", "", VISITORS, page.now_us / 1_000_000)


def _mark(intake: dict[str, Any]) -> str:
    """Which text was read: another one must be read anew."""
    return hashlib.blake2b(str(intake["mandatory_reporting"]).encode(), digest_size=6).hexdigest()


def _months(page: Page, today: Day) -> list[tuple[str, str]]:
    """The months that can be chosen, in the person's language."""
    return [
        (each, format_date(date.fromisoformat(f"{each}-01"), "LLLL yyyy", locale=page.language))
        for each in months_before(today)
    ]


def _form(
    page: Page, form: Form, intake: dict[str, Any], wrong: dict[str, str], pictures: int,
    status: int = 200,
) -> web.Response:  # fmt: skip
    today = local_day(page.now_us, page.node.settings.timezone)
    mark = _mark(intake) if intake["mandatory_reporting"] else ""
    return page.show(
        "report.html", status=status, shown=Shown.of(form), wrong=wrong, intake=intake,
        once=form.raw("once") or page.node.context.random(16).hex(),
        writer="" if page.member is None else writer_mark(page, page.member.id),
        mark=mark, is_read=bool(mark) and form.raw("read") == mark,
        groups=CODE_GROUPS, whens=WHEN, months=_months(page, today),
        slots=vocabulary.DATE_SLOTS, who=WHO, looks=LOOKS, vehicle=VEHICLE, place=PLACE,
        who_else=WHO_ELSE, place_else=PLACE_ELSE,
        choices={"location_type": vocabulary.LOCATION_TYPES, "role": vocabulary.ROLES},
        choosing=CHOICES, bases=bases_for(page.role), visitor=page.role is Role.VISITOR,
        scopes=scopes_asked(page.node.policy.police_mode()), pictures=pictures, most=PICTURES,
        label=lambda name: label(name, page.tr), ltr=LEFT_TO_RIGHT,
    )  # fmt: skip
