"""Objections of listed persons: taken, answered by their day, closed by whoever may decide."""

from typing import Any

from aiohttp import web

from node.errors import BadField, NodeError
from node.store.disputes import Outcome
from node.web.page import Page
from node.web.shown_fields import shown_alert

SHOWN = 20
TEXT_MOST = 4000


async def show(page: Page) -> web.Response:
    """Those that wait, the one that is due first in front; or all."""
    return await _show(page)


async def _show(page: Page, wrong: str = "", status: int = 200, about: str = "") -> web.Response:
    everything = page.query.get("all") == "1"
    rows = (await page.call("dispute_list", all=everything))["disputes"]
    at = page.number("page")
    shown = rows[at * SHOWN : (at + 1) * SHOWN]
    policy = page.node.policy.dispute
    return page.show(
        "objections.html", status=status, wrong=wrong, about=about, at=at, everything=everything,
        rows=[(row, await _card(page, row["alert"])) for row in shown], outcomes=list(Outcome),
        more=len(rows) > (at + 1) * SHOWN, policy=policy, typed=page.form,
    )  # fmt: skip


async def _card(page: Page, alert: str) -> Any:
    """The alert that an objection is about, as far as it is still here."""
    try:
        row = await page.call("alert_show", alert=alert, viewer="staff")
    except NodeError:
        return None
    return shown_alert(row, page.tr, page.now_us)


async def take(page: Page) -> web.Response:
    """Take an objection to an alert of ours."""
    alert = page.form.line("alert")
    try:
        words = page.form.text("objection", TEXT_MOST)
        await page.call("dispute_open", alert=alert, by=page.who.name, objection=words)
    except NodeError as error:
        return await _show(page, str(error), 400)
    return page.go("/desk/objections", done="objection")


async def answer(page: Page) -> web.Response:
    """Write down what is answered, and what shall become of the alert."""
    id_ = page.form.line("id")
    try:
        if not page.form.line("outcome"):
            raise BadField(page.tr("Choose what becomes of the alert."))
        await page.call(
            "dispute_answer", id=id_, by=page.who.name, outcome=page.form.line("outcome"),
            answer=page.form.text("answer", TEXT_MOST),
        )  # fmt: skip
    except NodeError as error:
        return await _show(page, str(error), 400, id_)
    return page.go("/desk/objections", done="answered")


async def close(page: Page) -> web.Response:
    """Do what was answered."""
    id_ = page.form.line("id")
    try:
        await page.call("dispute_close", id=id_, by=page.who.name)
    except NodeError as error:
        return await _show(page, str(error), 400, id_)
    return page.go("/desk/objections", done="closed_objection")
