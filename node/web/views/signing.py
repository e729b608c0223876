"""Signing in and out.

A name that nobody has, a wrong passphrase and a missing one-time code get the same answer after the
same work; tries are counted for each name, whoever has it.
"""

from aiohttp import web

from node.store.members import Member, member_named, name_key
from node.web import second_factor
from node.web.limits import Rate
from node.web.page import Page
from node.web.passphrases import MOST
from node.web.sessions import sign_in as start
from node.web.views.leaving import end
from node.web.views.parked import has_waiting

TRIES = Rate(10, 60)


async def ask(page: Page) -> web.Response:
    """The form to sign in."""
    if page.member is not None:
        return page.go("/")
    return page.show("in.html", wrong="", name="")


async def sign_in(page: Page) -> web.Response:
    """Sign in, and go to the first page, or on with what was being written."""
    name = page.form.line("name")
    now_s = page.now_us / 1_000_000
    if not page.gate.limits.may("in", name_key(name), TRIES, now_s):
        return page.show("in.html", status=429, wrong="many", name=name)
    found: Member | None = await page.node.read(member_named, name)
    passphrase = page.form.raw("passphrase")[:MOST]
    fits = await page.gate.passphrases.fits(passphrase, found.secret if found else None)
    passes = await second_factor.passes(page, found, fits=fits)
    if found is None or not passes:
        return page.show("in.html", status=400, wrong="in", name=name)
    page.gate.limits.forgive("in", name_key(name))
    page.token = await start(page.node, found, page.token)
    return page.go("/new", done="parked") if await has_waiting(page, found.id) else page.go("/")


async def sign_out(page: Page) -> web.Response:
    """End this browser's session."""
    await end(page)
    response = page.go("/in", done="out")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
