"""Reporters who wanted to be contacted: how to reach them, and what may be said then."""

from aiohttp import web

from node.calling import note_call, whom_to_call
from node.web.page import Page

SHOWN = 20


async def show(page: Page) -> web.Response:
    """Whom to call, who waits first."""
    calls = await page.node.read(whom_to_call)
    at = page.number("page")
    return page.show(
        "calls.html", calls=calls[at * SHOWN : (at + 1) * SHOWN], at=at,
        waiting=sum(each.made is None for each in calls), more=len(calls) > (at + 1) * SHOWN,
    )  # fmt: skip


async def note(page: Page) -> web.Response:
    """Note that she was called, or is to be called again."""
    draft, made = page.form.line("draft"), page.form.line("do") != "again"
    await page.node.change(note_call, page.node.context, draft, page.who.name, made=made)
    return page.go("/desk/calls", done="called" if made else "saved")
