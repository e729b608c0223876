"""Alerts that may be about one person, with the reasons; a person says of two whether they are.

Nothing is merged: each alert stays its organisation's own.
"""

from aiohttp import web

from node.errors import BadRequest
from node.web.page import Page
from node.web.whole_alert import why_words

SHOWN = 20


async def show(page: Page) -> web.Response:
    """The groups: those that nobody has confirmed first."""
    groups = (await page.call("cluster_list"))["clusters"]
    groups.sort(key=lambda group: (group["state"] == "confirmed", -len(group["alerts"])))
    at = page.number("page")
    return page.show(
        "same.html", groups=groups[at * SHOWN : (at + 1) * SHOWN], at=at,
        more=len(groups) > (at + 1) * SHOWN, why_words=why_words,
    )  # fmt: skip


async def decide(page: Page) -> web.Response:
    """Note of two alerts that they are about one person, or about two."""
    alert, other, do = (page.form.line(name) for name in ("alert", "other", "do"))
    if do not in {"join", "part"}:
        raise BadRequest("one person, or two?")
    await page.call(f"cluster_{do}", alert=alert, other=other, by=page.who.name)
    return page.go("/desk/same", done="grouped")
