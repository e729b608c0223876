"""Figures of closed months, as the node publishes them, with a picture and as tables.

Nothing is counted here: small figures are taken together or left out before they come, and no sum
is made of them that the node does not make.
"""

from typing import Any, Final

from aiohttp import web

from node.errors import NodeError
from node.web.page import Page

MONTHS: Final = 12
WIDTH, HEIGHT, FOOT = 360, 200, 20


async def show(page: Page) -> web.Response:
    """The months of a year, newest last, and one of them in full."""
    try:
        found = await page.call("statistics")
    except NodeError as error:
        return page.show("figures.html", status=400, wrong=error.code, months=[], chosen=None)
    months = found["months"]
    at = page.number("page")
    end = len(months) - at * MONTHS
    shown = months[max(0, end - MONTHS) : max(0, end)]
    wanted = page.query.get("month", "")
    chosen = next(
        (each for each in months if each["month"] == wanted), shown[-1] if shown else None
    )
    return page.show(
        "figures.html", wrong="", months=shown, chosen=chosen, bars=bars(shown), open=found["open"],
        width=WIDTH, height=HEIGHT, at=at, more=end > MONTHS, checks=found.get("checks", [])[-31:],
    )  # fmt: skip


def bars(months: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A bar for each month: where it stands and how high it is, in units of the picture."""
    most = max([each["shown"] for each in months], default=0) or 1
    step = WIDTH / max(len(months), 1)
    room = HEIGHT - 2 * FOOT
    return [
        {
            "month": each["month"], "shown": each["shown"], "x": round(at * step + step * 0.15),
            "w": round(step * 0.7), "h": (height := round(room * each["shown"] / most)),
            "y": HEIGHT - FOOT - height, "middle": round(at * step + step / 2),
        }
        for at, each in enumerate(months)
    ]  # fmt: skip
