"""Choosing a language, with or without an account."""

from aiohttp import web

from node.store.members import change_member
from node.web.languages import LANGUAGES
from node.web.page import Page

YEAR_S = 365 * 86_400


async def choose(page: Page) -> web.Response:
    """The languages there are, each in its own words."""
    return page.show("languages.html")


async def chosen(page: Page) -> web.Response:
    """Remember a language: in a cookie that says nothing else, and in the account."""
    language = page.form.line("language")
    if language not in LANGUAGES:
        return page.show("languages.html", status=400)
    if page.member is not None:
        await page.node.change(change_member, page.member.id, language=language)
    response = page.go("/" if page.member is not None else "/in")
    response.set_cookie("l", language, max_age=YEAR_S, httponly=True, samesite="Lax", path="/")
    return response
