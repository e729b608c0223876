"""Who a browser is: a random token in a cookie, and its hash in the store.

Before anybody signs in the token only binds forms to the browser. Signing in makes a new one. A
session ends by its owner, by being idle, after half a day, or when its member is gone.
"""

import base64

from aiohttp import web
from sqlalchemy import Connection

from node.news import KEPT_US
from node.runtime import Node
from node.sheets import forget_sheets
from node.store.members import (
    SEEN_EVERY_US,
    Member,
    Session,
    add_session,
    end_session,
    forget_web,
    member_by_id,
    session_of,
    touch_session,
)
from node.store.news import forget_told
from protocol.ids import day_of

TOKEN_BYTES = 32
TOKEN_CHARACTERS = 43
HOUR_US = 3_600_000_000
IDLE_US = HOUR_US
MOST_US = 12 * HOUR_US


def new_token(node: Node) -> str:
    """A token that nobody can guess, for a cookie or a link."""
    raw = node.context.random(TOKEN_BYTES)
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def cookie_name(*, secure: bool) -> str:
    """The cookie's name; with the prefix, browsers hold it to this host and to https."""
    return "__Host-p" if secure else "p"


def read_token(request: web.BaseRequest, *, secure: bool) -> str | None:
    """The token that a browser brings, if it could be one of ours."""
    token = request.cookies.get(cookie_name(secure=secure), "")
    fits = len(token) == TOKEN_CHARACTERS and token.isascii()
    return token if fits and token.replace("-", "a").replace("_", "a").isalnum() else None


def set_token(response: web.StreamResponse, token: str, *, secure: bool) -> None:
    """Give a browser its token, for as long as it is open."""
    response.set_cookie(
        cookie_name(secure=secure), token, path="/", httponly=True, samesite="Lax", secure=secure
    )


async def find_session(node: Node, token: str) -> tuple[Session, Member] | None:
    """Who the token signs in now; None for nobody, and for one whose time is over."""
    found = await node.read(session_of, token)
    if found is None:
        return None
    session, member = found
    now = node.context.now_us()
    if now - session.seen_us > IDLE_US or now - session.made_us > MOST_US:
        return None
    if now - session.seen_us > SEEN_EVERY_US:
        await node.change(touch_session, session.id, now)
    return session, member


async def sign_in(node: Node, member: Member, old: str) -> str:
    """Sign a browser in under a new token, and end the old one; returns the new token."""
    token, now = new_token(node), node.context.now_us()
    session = Session(node.context.random(8).hex(), member.id, now, now)

    def effect(connection: Connection) -> None:
        end_session(connection, old)
        fresh = member_by_id(connection, member.id)
        # A passphrase that was changed, or a second factor turned on, since it was looked at.
        if fresh is not None and (fresh.secret, fresh.totp) == (member.secret, member.totp):
            add_session(connection, token, session)

    await node.change(effect)
    return token


def forget(connection: Connection, now_us: int) -> None:
    """Delete what has ended: sessions, invitations, half-written forms, old news and sheets."""
    forget_web(connection, now_us, IDLE_US, MOST_US)
    forget_told(connection, now_us - KEPT_US)
    forget_sheets(connection, day_of(now_us))
