"""A member's shield list: what is her own and shall not be published without two people's word.

Nothing that she enters is kept but a keyed hash, so the page shows kinds and days, and no value.
"""

from aiohttp import web

from node.errors import BadField, BadRequest
from node.shielding import KINDS, shield_hash
from node.store.shield import Entry, add_entry, entries_of, remove_entries
from node.web.page import Page
from protocol.ids import day_of, iso_date


async def show(page: Page) -> web.Response:
    """How many entries there are, of what kind and day."""
    return await _show(page)


async def _show(page: Page, wrong: str = "", status: int = 200) -> web.Response:
    entries = await page.node.read(entries_of, page.who.id)
    return page.show(
        "shield.html", status=status, wrong=wrong, kinds=KINDS, entries=entries,
        days=[iso_date(each.made_day) for each in entries], kind=page.form.raw("kind"),
        typed=page.form.raw("own") if wrong else "",
    )  # fmt: skip


async def add(page: Page) -> web.Response:
    """Enter one."""
    node, kind = page.node, page.form.line("kind")
    try:
        text = page.form.line("own")
        hashed = shield_hash(node.keystore.store_key, kind, text, node.settings.country)
        entry = Entry(node.context.random(8).hex(), kind, day_of(page.now_us))
        await node.change(add_entry, page.who.id, hashed, entry)
    except (BadField, BadRequest) as error:
        return await _show(page, str(error), 400)
    return page.go("/me/shield", done="shielded")


async def remove(page: Page) -> web.Response:
    """Take one of them off, or all."""
    id_ = page.form.line("id")
    if not id_ and not page.form.has("all"):
        raise BadRequest("which one?")
    await page.node.change(remove_entries, page.who.id, id_)
    return page.go("/me/shield", done="unshielded")
