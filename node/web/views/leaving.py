"""Leaving at once: the session ends here, the browser forgets, and a harmless page is shown.

A link suffices, so that it works on any browser. Whoever makes somebody else follow it can only
sign her out.
"""

from aiohttp import web

from node.store.members import end_session
from node.web.page import Page
from node.web.sessions import new_token

FORGET = '"cache", "cookies", "storage"'


async def quick_exit(page: Page) -> web.Response:
    """End the session, and go where anybody may look."""
    await end(page)
    response = page.go("/measures")
    response.headers["Clear-Site-Data"] = FORGET
    return response


async def end(page: Page) -> None:
    """End this browser's session, and give it a new token."""
    if page.member is not None:
        await page.node.change(end_session, page.token)
    page.gate.asked.pop(page.browser, None)
    page.gate.memory.forget(page.browser)
    page.token, page.member, page.session = new_token(page.node), None, None


async def harmless(page: Page) -> web.Response:
    """A page about kitchen measures, which leads nowhere."""
    return page.show("measures.html")
