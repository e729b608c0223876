"""One-time codes (RFC 6238) and printed recovery codes, for members who want a second factor.

A one-time code counts once; a printed code is used up. The seed is in the encrypted store.
"""

import base64
import hmac
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

import pyotp
from sqlalchemy import Connection

from node.store.members import Member, change_member, member_by_id, use_recovery_code

if TYPE_CHECKING:
    from node.web.page import Page

SEED_BYTES: Final = 20
STEP_S: Final = 30
DRIFT: Final = 1  # steps that a phone's clock may be off
CODES: Final = 8
CODE_BYTES: Final = 5
TYPED_MOST: Final = 40
NOBODYS: Final = bytes(SEED_BYTES)
"""Stands in for the seed of whoever has none: what fits it signs nobody in."""


def one_time(seed: bytes) -> pyotp.TOTP:
    """The codes of a seed."""
    return pyotp.TOTP(base64.b32encode(seed).decode())


def step_of(seed: bytes, code: str, now_us: int) -> int | None:
    """The time step of a one-time code that holds now; None for no such code."""
    digits = "".join(each for each in code if each.isascii() and each.isdigit())
    now = now_us // 1_000_000 // STEP_S
    codes = one_time(seed)
    for step in range(now - DRIFT, now + DRIFT + 1):
        if hmac.compare_digest(codes.at(step * STEP_S), digits):
            return step
    return None


async def passes(page: "Page", member: Member | None, *, fits: bool) -> bool:
    """Whether a person may sign in; `fits` is whether the passphrase is that of `member`.

    Without a second factor no code is asked for. Whoever is refused was refused after the same
    work, so that nobody learns from the time, or from a code that cannot be read, which was wrong.
    """
    known = member if fits else None
    if known is not None and not known.totp:
        return True
    code, now = page.form.raw("code")[:TYPED_MOST], page.now_us
    whose = "" if known is None else known.id

    def effect(connection: Connection) -> bool:
        fresh = member_by_id(connection, whose)
        step = step_of(fresh.totp if fresh is not None and fresh.totp else NOBODYS, code, now)
        if fresh is not None and step is not None and step > fresh.totp_step:
            change_member(connection, fresh.id, totp_step=step)
            return True
        return use_recovery_code(connection, whose, read_printed(code)) and fresh is not None

    return await page.node.change(effect)


def printed(random: Callable[[int], bytes]) -> list[str]:
    """New recovery codes, to be printed and kept away from the phone."""
    texts = (base64.b32encode(random(CODE_BYTES)).decode().lower() for _ in range(CODES))
    return [f"{text[:4]}-{text[4:]}" for text in texts]


def read_printed(text: str) -> str:
    """A recovery code as it is stored, however it was typed."""
    letters = "".join(each for each in text.casefold() if each.isalnum())
    letters = letters.replace("0", "o").replace("1", "l").replace("8", "b")
    return f"{letters[:4]}-{letters[4:]}"
