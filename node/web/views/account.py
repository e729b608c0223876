"""A member's own page: where she is signed in, her passphrase, and leaving for good."""

from aiohttp import web
from sqlalchemy import Connection

from node.errors import Refused
from node.membership import leave as delete_account
from node.store.member_ends import note_member
from node.store.members import (
    change_member,
    end_sessions,
    recovery_codes_left,
    sessions_of,
)
from node.web.page import Page
from node.web.passphrases import LEAST, MOST
from node.web.sessions import new_token


async def show(page: Page) -> web.Response:
    """My account."""
    return await _show(page, "")


async def _show(page: Page, wrong: str, status: int = 200) -> web.Response:
    sessions = await page.node.read(sessions_of, page.who.id)
    left = await page.node.read(recovery_codes_left, page.who.id)
    return page.show(
        "me.html", status=status, wrong=wrong, sessions=sessions, codes_left=left, least=LEAST
    )


async def start(page: Page) -> web.Response:
    """What a new member should know."""
    return page.show("start.html")


async def change_passphrase(page: Page) -> web.Response:
    """Change the passphrase, and end every other session."""
    old, new = page.form.raw("old"), page.form.raw("new")
    if not await page.gate.passphrases.fits(old[:MOST], page.who.secret):
        return await _show(page, "old", 400)
    if not LEAST <= len(new) <= MOST:
        return await _show(page, "new", 400)
    secret = await page.gate.passphrases.hash(new)
    session = page.session.id if page.session else ""

    def effect(connection: Connection) -> None:
        change_member(connection, page.who.id, secret=secret)
        note_member(connection, page.node.context.register, page.who.id)
        end_sessions(connection, page.who.id, but=session)

    await page.node.change(effect)
    return page.go("/me", done="passphrase")


async def end_others(page: Page) -> web.Response:
    """End one other session, or all of them."""
    only, mine = page.form.line("session"), page.session.id if page.session else ""
    await page.node.change(end_sessions, page.who.id, but=mine, only=only)
    return page.go("/me", done="sessions")


async def sure(page: Page) -> web.Response:
    """Ask whether she means to leave for good."""
    return page.show("leave.html", wrong="")


async def leave(page: Page) -> web.Response:
    """Delete the account with all that names her."""
    if not await page.gate.passphrases.fits(page.form.raw("passphrase")[:MOST], page.who.secret):
        return page.show("leave.html", status=400, wrong="passphrase")
    try:
        await page.node.change(delete_account, page.node.context.register, page.who, page.now_us)
    except Refused:
        return page.show("leave.html", status=400, wrong="last")
    await page.node.store.checkpoint()
    page.gate.asked.pop(page.browser, None)
    page.gate.memory.forget(page.browser)
    page.token, page.member, page.session = new_token(page.node), None, None
    response = page.go("/in", done="left")
    response.headers["Clear-Site-Data"] = '"cache", "storage"'
    return response
