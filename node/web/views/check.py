"""Check: one box for anything that is known of somebody, and what is known about it.

The question goes up in a form and is shown again after a redirect, so that neither an address nor a
reload holds it. Between the two it is in memory, for this browser alone, and gone after minutes.
"""

from aiohttp import web

from node.errors import BadField
from node.web.page import Asked, Page
from node.web.shown_fields import ShownAlert, shown_alert

KEPT_US = 10 * 60_000_000
MOST_KEPT = 500
QUESTION_MOST = 500
SHOWN = 20


async def front(page: Page) -> web.Response:
    """The first page: the check box, for members; others sign in."""
    if page.member is None:
        return page.go("/in")
    return page.show("check.html", asked="", wrong="", found=None)


async def ask(page: Page) -> web.Response:
    """Take a question, and go to its answer."""
    text = page.form.line("q")
    if not text or len(text) > QUESTION_MOST:
        return page.show("check.html", status=400, asked=text, wrong="empty", found=None)
    asked = page.gate.asked
    for token in [token for token, old in asked.items() if page.now_us - old.at_us > KEPT_US]:
        del asked[token]
    while len(asked) >= MOST_KEPT:
        del asked[next(iter(asked))]
    asked[page.browser] = Asked(text, page.now_us)
    return page.go("/look")


async def found(page: Page) -> web.Response:
    """The answer to the last question of this browser."""
    asked = page.gate.asked.get(page.browser)
    if asked is None or page.now_us - asked.at_us > KEPT_US:
        return page.go("/")
    try:
        result = await page.call("check", text=asked.text, viewer=page.viewer)
    except BadField:
        return page.show("check.html", status=400, asked=asked.text, wrong="unclear", found=None)
    at = page.number("page")
    matches = result["matches"]
    orgs = len({match["org"] for match in matches})
    cards: list[ShownAlert] = [
        shown_alert(match, page.tr, page.now_us) for match in matches[at * SHOWN : (at + 1) * SHOWN]
    ]
    return page.show(
        "check.html", asked=asked.text, wrong="", found=result, cards=cards, orgs=orgs, at=at,
        more=len(matches) > (at + 1) * SHOWN,
    )  # fmt: skip
