"""What reviewers do with an alert: judge and answer another organisation's, change one of ours.

Each act is a form of its own on one page. One that is refused is shown again with what was typed.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from aiohttp import web

from node.errors import BadField, NodeError
from node.fields_form import PROSE_LANGUAGES
from node.web.draft_form import changed, code_choices, rows
from node.web.page import Page
from node.web.shown_fields import FIELD_WORDS, shown_alert
from node.web.vocabulary_words import N_
from protocol.errors import ParasolError
from protocol.ids import text_id

Act = Callable[[Page, str], Awaitable[str]]

WITHHELD: Final = ("identifiers", "name", "place", "date", "person", "vehicle", "text")
_NAMES: Final = {
    "identifiers": N_("Numbers, addresses, plates and names"),
    "name": FIELD_WORDS["name"],
    "place": N_("Place"),
    "date": N_("Day"),
    "person": N_("What he looks like"),
    "vehicle": N_("Vehicle"),
    "text": FIELD_WORDS["text"],
}


async def judging(page: Page) -> web.Response:
    """The forms for another organisation's alert."""
    return await _judging(page, "")


async def judge(page: Page) -> web.Response:
    """Do one of them."""
    return await _act(page, JUDGING, _judging)


async def changing(page: Page) -> web.Response:
    """The forms for an alert of ours."""
    return await _changing(page, "")


async def change(page: Page) -> web.Response:
    """Do one of them."""
    return await _act(page, CHANGING, _changing)


async def _act(
    page: Page, acts: dict[str, Act], again: Callable[..., Awaitable[web.Response]]
) -> web.Response:
    found = await page.call("alert_show", alert=page.path["id"])
    act = acts.get(page.form.line("do"))
    try:
        if act is None:
            raise BadField("the form could not be read; send it again")
        where = await act(page, found["id"])
    except ParasolError as error:
        said = str(error) if isinstance(error, NodeError) else ""
        return await again(page, said or page.tr("That could not be done."), 400)
    return page.go(where or f"/list/{found['id']}", done="saved")


async def _judging(page: Page, wrong: str, status: int = 200) -> web.Response:
    found = await page.call("alert_show", alert=page.path["id"])
    if found["org"] == text_id(page.node.context.org):
        return page.go(f"/list/{found['id']}/change")
    said = await page.call("voice_list", alert=found["id"])
    own = text_id(page.node.context.org)
    return page.show(
        "alert_judge.html", status=status, wrong=wrong, row=found, form=page.form,
        card=shown_alert(found, page.tr, page.now_us),
        ours=[each for each in said["voices"] if each["org"] == own],
    )  # fmt: skip


async def _changing(page: Page, wrong: str, status: int = 200) -> web.Response:
    found = await page.call("alert_show", alert=page.path["id"])
    if found["org"] != text_id(page.node.context.org):
        return page.go(f"/list/{found['id']}/judge")
    peers = (await page.call("peer_list"))["peers"]
    covered = await page.call("alert_coverage", alert=found["id"])
    form = page.form if page.form.line("do") == "correct" else None
    return page.show(
        "alert_change.html", status=status, wrong=wrong, row=found, form=page.form, peers=peers,
        card=shown_alert(found, page.tr, page.now_us), codes=code_choices(), withheld=WITHHELD,
        names={name: page.tr(_NAMES[name]) for name in WITHHELD},
        chosen=form.every("codes") if form else found["codes"], texts=PROSE_LANGUAGES,
        groups=rows(found["fields"], (), frozenset(), form, page.node.settings.language),
        told=sorted({each["peer_name"] for each in covered["coverage"]}),
    )  # fmt: skip


async def _verdict(page: Page, alert: str) -> str:
    severity = page.form.line("severity")
    await page.call(
        "verdict_set", alert=alert, hide=page.form.has("hide"), note=page.form.text("note"),
        severity=int(severity) if severity.isdecimal() else None,
        reason=page.form.text("reason"), by=page.who.name,
    )  # fmt: skip
    return ""


async def _clear(page: Page, alert: str) -> str:
    await page.call("verdict_clear", alert=alert, by=page.who.name)
    return ""


async def _corroborate(page: Page, alert: str) -> str:
    await page.call(
        "voice_corroborate", alert=alert, report=page.form.line("report"), by=page.who.name
    )
    return ""


async def _dispute(page: Page, alert: str) -> str:
    why = page.form.text("why")
    await page.call("voice_dispute", alert=alert, reason=why, by=page.who.name)
    return ""


async def _take_back(page: Page, alert: str) -> str:
    await page.call("voice_withdraw", voice=alert, by=page.who.name)
    return ""


async def _adopt(page: Page, alert: str) -> str:
    made = await page.call("voice_adopt", alert=alert)
    return f"/desk/{made['id']}" if "draft:show" in page.gate.routes else ""


async def _correct(page: Page, alert: str) -> str:
    found = await page.call("alert_show", alert=alert)
    fields = changed(found["fields"], page.form, page.node.settings.language)
    if not fields:
        raise BadField(page.tr("Nothing was changed."))
    await page.call("alert_correct", alert=alert, fields=fields)
    return ""


async def _narrow(page: Page, alert: str) -> str:
    await page.call(
        "alert_narrow", alert=alert, peer=page.form.line("peer") or None,
        withhold=page.form.every("withhold"), hide=page.form.has("whole"),
    )  # fmt: skip
    return ""


async def _widen(page: Page, alert: str) -> str:
    await page.call("alert_widen", alert=alert, peer=page.form.line("peer") or None)
    return ""


async def _withdraw(page: Page, alert: str) -> str:
    await page.call("alert_withdraw", alert=alert, reason=page.form.text("reason"))
    return ""


async def _renew(page: Page, alert: str) -> str:
    await page.call("alert_renew", alert=alert)
    return ""


async def _erase(page: Page, alert: str) -> str:
    if page.form.line("sure").casefold() != alert[:8]:
        raise BadField(page.tr("Type the eight letters to erase it. Nothing was erased."))
    await page.call("alert_erase", alert=alert)
    return ""


JUDGING: Final[dict[str, Act]] = {
    "verdict": _verdict, "clear": _clear, "corroborate": _corroborate, "dispute": _dispute,
    "take_back": _take_back, "adopt": _adopt,
}  # fmt: skip
CHANGING: Final[dict[str, Act]] = {
    "correct": _correct, "narrow": _narrow, "widen": _widen, "withdraw": _withdraw,
    "renew": _renew, "erase": _erase,
}  # fmt: skip
