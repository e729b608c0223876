"""Help, in the same place on every page: what each page is for, and what leaving hides."""

from aiohttp import web

from node.web.page import Page


async def show(page: Page) -> web.Response:
    """The help page."""
    return page.show("help.html", country=page.node.settings.country)
