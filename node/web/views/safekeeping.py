"""Backups, keys, and the freeze: what a keeper does so that nothing is lost, and on a bad day.

A backup is sent to the keeper's browser under the node's own passphrase, as the command line makes
it. A passphrase chosen here would let whoever took over a keeper's session carry all away, keys
included; so would a path on the server. No page takes or shows recovery words.
"""

import asyncio
import base64

from aiohttp import web
from sqlalchemy import Connection

from node.backup import BACKUP, REHEARSED
from node.commands.defence import frozen_line
from node.findings import BACKUP_OLD_US, WORDS_USED
from node.freezing import REASON_CHARS
from node.store import meta
from node.web.confirming import Question, ask_first
from node.web.house_words import lasting
from node.web.page import Page
from node.web.passphrases import MOST


async def show(page: Page) -> web.Response:
    """The age of the backup, the keys, and whether the node is frozen."""
    return await _show(page)


async def _show(
    page: Page, wrong: str = "", reason: str = "", left: str = "", status: int = 200
) -> web.Response:
    backup_us, rehearsed_us = await page.node.read(_kept)
    age = page.now_us - backup_us
    return page.show(
        "house_backups.html", status=status, wrong=wrong, reason=reason, left=left,
        backup=lasting(age, page.language) if backup_us else "", old=age > BACKUP_OLD_US,
        rehearsed=lasting(page.now_us - rehearsed_us, page.language) if rehearsed_us else "",
        keys=await page.call("keys_show"), frozen=frozen_line(page.node), most=REASON_CHARS,
        recovery=(await page.call("status"))["recovery"],
    )  # fmt: skip


def _kept(connection: Connection) -> tuple[int, int]:
    """When the last backup was made, and when words or a restore were last tried; 0 for never."""
    tried = max(meta.get_int(connection, REHEARSED), meta.get_int(connection, WORDS_USED))
    return meta.get_int(connection, BACKUP), tried


async def back_up(page: Page) -> web.Response:
    """Send an encrypted copy of the node, to a keeper who shows that it is she."""
    passphrase = page.form.raw("passphrase")[:MOST]
    if not await page.gate.passphrases.fits(passphrase, page.who.secret):
        return await _show(page, "passphrase", status=400)
    made = await page.call("backup")
    if "content" not in made:
        return await _show(page, left=made["path"].rpartition("/")[2])
    body = await asyncio.to_thread(base64.b64decode, made["content"])
    # A name that says nothing to whoever sees the folder of downloads.
    name = f"copy-{made['made'][:10]}.bin"
    disposition = {"Content-Disposition": f'attachment; filename="{name}"'}
    return page.send(body, "application/octet-stream", **disposition)


async def freeze(page: Page) -> web.Response:
    """Tell others nothing of ours any more, after asking."""
    reason = page.form.line("reason", REASON_CHARS)
    title = page.tr("Freeze the node")
    says = [
        page.tr("Others get nothing of ours any more, not even corrections. Checks go on, and what"
                " others send is taken in."),
        page.tr("It lasts until a keeper thaws the node, also over a restart. Others cannot see it:"
                " ring up each of them."),
    ]  # fmt: skip
    question = Question(title, says, title, "/house/backups", typed=page.tr("freeze"))
    asked = ask_first(page, question)
    if asked is not None:
        return asked
    await page.call("node_freeze", reason=reason)
    return page.go("/house/backups", done="frozen")


async def thaw(page: Page) -> web.Response:
    """Go on as before, after asking."""
    title = page.tr("Thaw the node")
    says = [
        page.tr("What waits goes out to the others at once."),
        page.tr("Do it only when you have looked through the machine, and nobody else is at it."),
    ]
    asked = ask_first(page, Question(title, says, title, "/house/backups", typed=page.tr("thaw")))
    if asked is not None:
        return asked
    await page.call("node_thaw")
    return page.go("/house/backups", done="thawed")
