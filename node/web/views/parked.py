"""A form that was still being written when its session ended: kept, and found again by its writer.

Only who wrote it gets it back: the member whom the ended session named, and no other who signs in
at that phone.
"""

from typing import Final

from aiohttp import web
from sqlalchemy import Connection

from node.store.members import session_of
from node.store.parked import drop_parked, park, parked, visitor_owner
from node.web.form import Form
from node.web.page import Page

REPORT: Final = "report"
UNKEPT: Final = frozenset({"csrf", "passphrase"})


def owner_of(page: Page) -> str:
    """Whose forms are kept here: the member's, or those of a visitor's browser."""
    return visitor_owner(page.token) if page.member is None else page.member.id


async def keep(page: Page, kind: str, owner: str) -> None:
    """Keep the form of this request for its writer."""
    fields = tuple(pair for pair in page.form.fields if pair[0] not in UNKEPT)
    await page.node.change(park, owner, kind, fields, page.now_us)


async def waiting(page: Page, kind: str = REPORT) -> Form:
    """What this person was writing, an empty form for nothing."""
    return Form(await page.node.read(parked, owner_of(page), kind, page.now_us))


async def forget(page: Page, kind: str = REPORT) -> None:
    """Forget what this person was writing: it was sent, or thrown away."""
    await page.node.change(drop_parked, owner_of(page), kind)


async def has_waiting(page: Page, member: str) -> bool:
    """Whether a member was writing something."""
    return bool(await page.node.read(parked, member, REPORT, page.now_us))


async def park_and_ask(page: Page) -> web.Response:
    """Keep a form whose session has ended, and ask its writer to sign in again.

    Where nobody knows whose it was, it is not kept, and the page says so.
    """

    if page.member is not None:  # signed in anew meanwhile, in another window
        await keep(page, REPORT, page.member.id)
        return page.go("/new", done="parked")

    def writer(connection: Connection) -> str | None:
        found = session_of(connection, page.token)
        return None if found is None else found[1].id

    owner = await page.node.read(writer)
    if owner is not None:
        await keep(page, REPORT, owner)
    return page.show("in.html", status=403, wrong="kept" if owner else "unkept", name="")
