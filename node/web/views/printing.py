"""Paper: choosing what goes on a sheet, the sheet itself, and what must be crossed out on others.

A copy is made by a form and shown at an address of its own, so that reloading makes no second one.
"""

from typing import Final

from aiohttp import web

from node.errors import NodeError, NotFound
from node.sheets import STRIP_MOST, choose
from node.web.page import Page
from node.web.shown_fields import shown_alert
from node.web.views.alerts import code_groups, wanted_of
from protocol.errors import ParasolError

ON_A_SHEET: Final = 24
STRIPS: Final = 8
FILTERS: Final = ("severity", "code", "place", "since")


async def ask(page: Page) -> web.Response:
    """What to print, and which copies there are."""
    return await _ask(page, "")


async def _ask(page: Page, wrong: str, status: int = 200) -> web.Response:
    there = (await page.call("sheet_crossed"))["sheets"]
    rules = page.node.policy.print
    return page.show(
        "printing.html", status=status, wrong=wrong, mode=rules.mode, numbered=rules.numbered,
        groups=code_groups(), chosen={name: page.form.line(name) for name in FILTERS},
        strip=page.form.line("strip"), sheets=there, most=ON_A_SHEET, strip_most=STRIP_MOST,
        crossed=sum(1 for each in there if each["lines"] or each["ended"]),
    )  # fmt: skip


async def make(page: Page) -> web.Response:
    """Make a copy."""
    try:
        chosen = {name: page.form.line(name) for name in FILTERS}
        wanted = await wanted_of(page, chosen)
        found, _ = await page.node.read(choose, page.node.context, wanted, ON_A_SHEET)
        strip = page.form.line("strip")
        made = await page.call("alert_sheet", by=page.who.name, alerts=found, strip=strip)
    except (ParasolError, ValueError) as error:
        code = error.code if isinstance(error, NodeError) else "bad_field"
        return await _ask(page, "nothing" if code == "bad_request" else code, 400)
    return page.go(f"/list/print/{made['sheet']}")


async def sheet(page: Page) -> web.Response:
    """One copy, to print."""
    number = page.path["sheet"]
    if not number.isascii() or not number.isdecimal() or len(number) > 12:
        raise NotFound("there is no such sheet")
    found = await page.call("sheet_show", sheet=int(number))
    lines = [
        (line, None if line["why"] else shown_alert(line, page.tr, page.now_us))
        for line in found["lines"]
    ]
    return page.show("sheet.html", sheet=found, lines=lines, strips=range(STRIPS))


async def crossed(page: Page) -> web.Response:
    """The sheet that goes round afterwards: what to cross out on which copy."""
    there = (await page.call("sheet_crossed"))["sheets"]
    return page.show(
        "crossed.html", sheets=[each for each in there if each["lines"] or each["ended"]]
    )
