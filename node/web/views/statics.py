"""The two files that are no pages: our own script, and a word to search engines."""

import hashlib

from aiohttp import web

from node.web.page import Page
from node.web.rendering import SCRIPT

_TAG = hashlib.blake2b(SCRIPT, digest_size=8).hexdigest()


async def script(page: Page) -> web.Response:
    """The script that enhances some pages; a browser may keep it, it says nothing."""
    kept = {"Cache-Control": "public, max-age=86400", "ETag": f'"{_TAG}"'}
    return page.send(SCRIPT, "text/javascript", **kept)


async def robots(page: Page) -> web.Response:
    """Ask search engines to stay away."""
    return page.send(b"User-agent: *\nDisallow: /\n", "text/plain")
