"""How the node is, in plain words, with what to do: `status` and `doctor` for who fears both."""

from aiohttp import web
from sqlalchemy import Connection

from node.backup import BACKUP
from node.store import meta
from node.web.house_words import lasting, trouble
from node.web.page import Page


async def front(page: Page) -> web.Response:
    """The node at a glance."""
    return await _show(page, deep=False)


async def look_deeper(page: Page) -> web.Response:
    """The same, with each page of the store read and verified."""
    return await _show(page, deep=True)


async def _show(page: Page, *, deep: bool) -> web.Response:
    status = await page.call("status")
    looked = await page.call("doctor", quick=not deep)
    known = {found["code"] for found in looked["findings"]}
    both = [found for found in status["findings"] if found["code"] not in known]
    said = [trouble(page, found) for found in (*looked["findings"], *both)]
    troubles = list({each["what"]: each for each in said}.values())  # each sentence once
    backup_us = await page.node.read(_backup)
    return page.show(
        "house.html", status_of=status, troubles=troubles, deep=deep,
        peers=status["peers"], late=[peer for peer in status["peers"] if peer["overdue"]],
        backup=lasting(page.now_us - backup_us, page.language) if backup_us else "",
    )  # fmt: skip


def _backup(connection: Connection) -> int:
    return meta.get_int(connection, BACKUP)
