"""A photo of a report, for those who review it and for nobody else: shown only when asked for."""

from aiohttp import web

from node.errors import NotFound
from node.store.photos import open_photo
from node.web.page import Page


async def show(page: Page) -> web.Response:
    """One photo of a draft."""
    number = page.path["number"]
    if not (number.isascii() and number.isdigit() and len(number) < 3):
        raise NotFound("there is no such photo")
    body = await page.node.read(open_photo, page.path["draft"], int(number))
    return page.send(body, "image/webp", **{"Content-Disposition": "inline"})
