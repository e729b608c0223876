"""Turning one-time codes on and off, and printing the codes for a lost phone.

The seed is shown as a picture and as text before it is stored; it is stored when a code made from
it was typed. Until then it stands, sealed, in the form alone.
"""

import base64
import io

import nacl.exceptions
import nacl.secret
import segno
from aiohttp import web
from markupsafe import Markup
from sqlalchemy import Connection

from node.store.member_ends import note_member
from node.store.members import change_member, put_recovery_codes
from node.web.page import Page
from node.web.passphrases import MOST
from node.web.second_factor import SEED_BYTES, one_time, printed, step_of


async def show(page: Page) -> web.Response:
    """Whether one-time codes are on, and a new seed where they are off."""
    if page.who.totp:
        return page.show("codes.html", on=True, wrong="", codes=(), seed="", qr="", sealed="")
    return _offer(page, page.node.context.random(SEED_BYTES), "")


def _offer(page: Page, seed: bytes, wrong: str) -> web.Response:
    codes = one_time(seed)
    out = io.BytesIO()
    # The label says nothing of what this is: an app shows it to whoever holds the phone.
    segno.make(codes.provisioning_uri(name="me", issuer_name="P"), micro=False).save(
        out, kind="svg", scale=4, border=4, xmldecl=False, svgns=True, dark="#000", light="#fff"
    )
    sealed = base64.urlsafe_b64encode(_box(page).encrypt(seed)).decode()
    picture = "data:image/svg+xml;base64," + base64.b64encode(out.getvalue()).decode()
    text = codes.secret
    return page.show(
        "codes.html", status=400 if wrong else 200, on=False, wrong=wrong, codes=(),
        seed=" ".join(text[at : at + 4] for at in range(0, len(text), 4)),
        qr=Markup(picture), sealed=sealed,  # noqa: S704 - base64 of our own picture
    )  # fmt: skip


def _box(page: Page) -> nacl.secret.SecretBox:
    return nacl.secret.SecretBox(page.gate.csrf)


async def turn_on(page: Page) -> web.Response:
    """Store the seed, for whoever has the passphrase and a code of it; gives the printed codes."""
    try:
        seed = _box(page).decrypt(base64.urlsafe_b64decode(page.form.raw("sealed")))
    except (ValueError, nacl.exceptions.CryptoError):
        return await show(page)
    if not await page.gate.passphrases.fits(page.form.raw("passphrase")[:MOST], page.who.secret):
        return _offer(page, seed, "passphrase")  # whoever has her phone in hand locks nobody out
    step = step_of(seed, page.form.line("code"), page.now_us)
    if step is None or len(seed) != SEED_BYTES or page.who.totp:
        return _offer(page, seed, "code") if not page.who.totp else page.go("/me/codes")
    codes = printed(page.node.context.random)

    def effect(connection: Connection) -> None:
        change_member(connection, page.who.id, totp=seed, totp_step=step)
        note_member(connection, page.node.context.register, page.who.id)
        put_recovery_codes(connection, page.who.id, codes)

    await page.node.change(effect)
    return page.show("codes.html", on=True, wrong="", codes=codes, seed="", qr="", sealed="")


async def turn_off(page: Page) -> web.Response:
    """Do without one-time codes; the passphrase is asked for."""
    if not await page.gate.passphrases.fits(page.form.raw("passphrase")[:MOST], page.who.secret):
        return page.show(
            "codes.html", status=400, on=True, wrong="passphrase", codes=(), seed="", qr="",
            sealed="",
        )  # fmt: skip

    def effect(connection: Connection) -> None:
        change_member(connection, page.who.id, totp=b"", totp_step=0)
        note_member(connection, page.node.context.register, page.who.id)
        put_recovery_codes(connection, page.who.id, ())

    await page.node.change(effect)
    return page.go("/me", done="totp_off")
