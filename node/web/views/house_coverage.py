"""Who has confirmed what: a board of what somebody has not, so that somebody rings them up."""

from aiohttp import web

from node.web.house_words import lasting
from node.web.page import Page
from node.web.views.house_peers import everyone

SHOWN = 20


async def show(page: Page) -> web.Response:
    """Each organisation with what waits for it, and each alert that is not confirmed by all.

    `of` in the address is an organisation, `alert` one alert.
    """
    peers = [
        peer for peer in await everyone(page) if peer["state"] not in {"invited", "unverified"}
    ]
    only = next((peer for peer in peers if peer["id"] == page.query.get("of")), None)
    at = page.number("page")
    found = await page.call(
        "alert_board", peer=only["id"] if only else None, start=at * SHOWN, most=SHOWN
    )
    board = [
        {
            **row,
            "late": [
                {
                    **each,
                    "late": lasting(each["late_us"], page.language),
                    "seen": lasting(page.now_us - each["contact_us"], page.language)
                    if each["contact_us"]
                    else "",
                }
                for each in row["late"]
            ],
        }
        for row in found["board"]
    ]
    return page.show(
        "house_coverage.html", peers=peers, only=only, board=board, at=at, more=found["more"]
    )


async def alert(page: Page) -> web.Response:
    """How far one alert has come at each organisation."""
    found = await page.call("alert_coverage", alert=page.path["id"])
    return page.show("house_covered.html", rows=found["coverage"])
