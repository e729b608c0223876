"""Joining by an invitation: a working name, a passphrase, nothing else."""

from aiohttp import web

from node.errors import BadField, BadRequest
from node.membership import check_name, read_code
from node.membership import join as take_place
from node.store.members import invitation_of
from node.web.limits import Rate
from node.web.page import Page
from node.web.passphrases import LEAST, MOST
from node.web.sessions import sign_in

TRIES = Rate(30, 10)  # wrong codes, of all who try them together


async def ask(page: Page) -> web.Response:
    """The form to join; with a code in its address, that of a link."""
    code = page.path.get("code", "")
    return await _ask(page, code, "", "")


async def _ask(page: Page, code: str, name: str, wrong: str, status: int = 200) -> web.Response:
    if page.member is not None:
        return page.show("join.html", code=code, name="", wrong="member", role="", least=LEAST)
    found = None
    if code:
        found = await page.node.read(invitation_of, read_code(code), page.now_us)
        if found is None:
            # Counted where it is wrong: whoever tries keeps nobody out, and cannot guess 80 bits.
            if not page.gate.limits.may("join", "", TRIES, page.now_us / 1_000_000):
                return page.show("trouble.html", status=429, code="too_many", message="")
            wrong, status = wrong or "code", status if wrong else 404
    role = found.role if found else ""
    return page.show(
        "join.html", status=status, code=code if found else "", name=name, wrong=wrong, role=role,
        least=LEAST,
    )  # fmt: skip


async def join(page: Page) -> web.Response:
    """Use the invitation up, and sign in."""
    code, name = page.form.line("code"), page.form.line("name")
    passphrase = page.form.raw("passphrase")
    wrong = ""
    try:
        check_name(name)
    except BadField:
        wrong = "name"
    if not LEAST <= len(passphrase) <= MOST:
        wrong = "passphrase"
    elif passphrase.casefold().strip() == name.casefold():
        wrong = "same"
    if wrong or page.member is not None or not code:
        return await _ask(page, code, name, wrong, 400)
    if await page.node.read(invitation_of, read_code(code), page.now_us) is None:
        return await _ask(page, code, name, "code", 400)
    secret = await page.gate.passphrases.hash(passphrase)
    try:
        member = await take_place(page.node, code, name, secret)
    except BadRequest:
        return await _ask(page, code, name, "taken", 400)
    page.token = await sign_in(page.node, member, page.token)
    return page.go("/me/start")
