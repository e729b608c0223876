"""A form that was still being written when its session ended: kept, and found again by its writer.

Only who wrote it gets it back: the member whom the ended session named, and no other who signs in
at that phone.
"""

import hashlib
from typing import Final

from aiohttp import web
from sqlalchemy import Connection

from node.store.members import all_members
from node.store.parked import drop_parked, park, parked, visitor_owner
from node.web.form import Form, TooBig
from node.web.page import Page

REPORT: Final = "report"
MOST_KEPT: Final = 256 * 1024  # characters
UNKEPT: Final = frozenset({"csrf", "passphrase"})


def writer_mark(page: Page, member: str) -> str:
    """What a form carries of who writes it, so that nobody else at that phone is given it."""
    return hashlib.blake2b(member.encode(), key=page.gate.csrf, digest_size=12).hexdigest()


def owner_of(page: Page) -> str:
    """Whose forms are kept here: the member's, or those of a visitor's browser."""
    return visitor_owner(page.token) if page.member is None else page.member.id


async def keep(page: Page, kind: str, owner: str) -> None:
    """Keep the form of this request for its writer."""
    fields = tuple(pair for pair in page.form.fields if pair[0] not in UNKEPT)
    if sum(len(name) + len(value) for name, value in fields) > MOST_KEPT:
        raise TooBig(TooBig.__doc__)
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

    Whose it is stands in the form itself, so that it is kept also where the session is long gone or
    where somebody else is signed in now. A visitor gets hers back, to be sent once more.
    """
    mark = page.form.raw("writer")
    if not mark and page.member is None and page.route.admits(page.role, page.node.settings):
        from node.web.views.report import once_more

        return await once_more(page)

    def writer(connection: Connection) -> str | None:
        return next(
            (m.id for m in all_members(connection) if writer_mark(page, m.id) == mark), None
        )

    owner = await page.node.read(writer)
    if owner is not None:
        await keep(page, REPORT, owner)
        if page.member is not None and page.member.id == owner:
            return page.go("/new", done="parked")  # signed in anew meanwhile, in another window
    return page.show("in.html", status=403, wrong="kept" if owner else "unkept", name="")
