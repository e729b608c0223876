"""Who did what inside: for staff alone. Outside, only the organisation's name is known."""

from datetime import datetime

from aiohttp import web

from node.web.page import Page

SHOWN = 20


async def show(page: Page) -> web.Response:
    """The newest acts first."""
    acts = (await page.call("audit"))["acts"]
    at = page.number("page")
    shown = acts[at * SHOWN : (at + 1) * SHOWN]
    return page.show(
        "log.html", acts=[(act, _moment(act["when"])) for act in shown], at=at,
        more=len(acts) > (at + 1) * SHOWN,
    )  # fmt: skip


def _moment(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1_000_000)
