"""Members, their sessions, and the invitations by which they join.

Whoever holds a token or a code is somebody; the store has their hashes only. Leaving deletes every
row that names the member.
"""

import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from node.errors import BadRequest, NotFound
from node.store.tables_desk import shield
from node.store.tables_news import subscriptions, told
from node.store.tables_web import (
    invitations,
    member_codes,
    members,
    parked_forms,
    web_sessions,
)
from protocol.ids import Day

SEEN_EVERY_US = 300_000_000
_UNSEEN = re.compile(  # fillers, joiners, selectors and tags, which would make two names of one
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2060-\u206f\ufe00-\ufe0f"
    "\U000e0000-\U000e0fff]"
)


@dataclass(frozen=True, slots=True)
class Member:
    """One who may sign in. `name` is her working name."""

    id: str
    name: str
    role: str
    language: str
    made_day: Day
    secret: str = field(repr=False)
    totp: bytes = field(repr=False, default=b"")
    totp_step: int = 0


@dataclass(frozen=True, slots=True)
class Session:
    """One browser that is signed in."""

    id: str
    member: str
    made_us: int
    seen_us: int


@dataclass(frozen=True, slots=True)
class Invitation:
    """A place that was offered and not taken yet."""

    id: str
    role: str
    made_by: str
    until_us: int


def token_hash(text: str) -> bytes:
    """What the store keeps of a random token or code."""
    return hashlib.blake2b(text.encode(), digest_size=32).digest()


def plain_name(text: str) -> str:
    """A working name in one way of writing, without what nobody sees; acts are noted under it."""
    return " ".join(_UNSEEN.sub("", unicodedata.normalize("NFKC", text)).split())


def name_key(name: str) -> str:
    """A working name as it is compared: no two that look alike in case, width or spaces."""
    return plain_name(plain_name(name).casefold())


def add_member(connection: Connection, member: Member) -> None:
    """Add a member. BadRequest where the name is taken."""
    key = name_key(member.name)
    if connection.execute(select(members.c.id).where(members.c.name_key == key)).scalar():
        raise BadRequest("that working name is taken; choose another")
    connection.execute(
        insert(members).values(
            id=member.id, name=member.name, name_key=key, secret=member.secret, role=member.role,
            language=member.language, made_day=member.made_day, totp=member.totp,
            totp_step=member.totp_step,
        )
    )  # fmt: skip


def member_named(connection: Connection, name: str) -> Member | None:
    """The member of a working name, or None."""
    row = connection.execute(select(members).where(members.c.name_key == name_key(name))).first()
    return None if row is None else _member(row)


def member_by_id(connection: Connection, id_: str) -> Member | None:
    """The member of an id, or None."""
    row = connection.execute(select(members).where(members.c.id == id_)).first()
    return None if row is None else _member(row)


def all_members(connection: Connection) -> list[Member]:
    """Everybody who may sign in, by name."""
    return [
        _member(row) for row in connection.execute(select(members).order_by(members.c.name_key))
    ]


def change_member(connection: Connection, /, id_: str, **values: Any) -> None:
    """Change columns of a member: secret, role, language, totp, totp_step. NotFound."""
    done = connection.execute(update(members).where(members.c.id == id_).values(**values))
    if done.rowcount != 1:
        raise NotFound("there is no such member")


def remove_member(connection: Connection, id_: str) -> None:
    """Delete a member with all that names her."""
    connection.execute(delete(web_sessions).where(web_sessions.c.member == id_))
    connection.execute(delete(member_codes).where(member_codes.c.member == id_))
    connection.execute(delete(parked_forms).where(parked_forms.c.owner == id_))
    connection.execute(delete(shield).where(shield.c.member == id_))
    connection.execute(delete(told).where(told.c.member == id_))
    connection.execute(delete(subscriptions).where(subscriptions.c.member == id_))
    connection.execute(delete(members).where(members.c.id == id_))


def keepers(connection: Connection) -> int:
    """How many members are keepers."""
    found = connection.execute(select(func.count()).where(members.c.role == "keeper")).scalar()
    return int(found or 0)


def _member(row: Row[Any]) -> Member:
    return Member(
        row.id, row.name, row.role, row.language, row.made_day, row.secret, bytes(row.totp),
        row.totp_step,
    )  # fmt: skip


# Sessions


def add_session(connection: Connection, token: str, session: Session) -> None:
    """Sign a browser in."""
    connection.execute(
        insert(web_sessions).values(
            hash=token_hash(token), member=session.member, id=session.id,
            made_us=session.made_us, seen_us=session.seen_us,
        )
    )  # fmt: skip


def session_of(connection: Connection, token: str) -> tuple[Session, Member] | None:
    """Who a token signs in, whatever its age; None for nobody."""
    query = select(web_sessions).where(web_sessions.c.hash == token_hash(token))
    row = connection.execute(query).first()
    if row is None:
        return None
    member = member_by_id(connection, row.member)
    return None if member is None else (_session(row), member)


def sessions_of(connection: Connection, member: str) -> list[Session]:
    """The browsers in which a member is signed in, the newest first."""
    query = select(web_sessions).where(web_sessions.c.member == member)
    rows = connection.execute(query.order_by(web_sessions.c.made_us.desc()))
    return [_session(row) for row in rows]


def touch_session(connection: Connection, id_: str, now_us: int) -> None:
    """Note that a session is in use."""
    connection.execute(update(web_sessions).where(web_sessions.c.id == id_).values(seen_us=now_us))


def end_session(connection: Connection, token: str) -> None:
    """Sign one browser out."""
    connection.execute(delete(web_sessions).where(web_sessions.c.hash == token_hash(token)))


def end_sessions(connection: Connection, member: str, *, but: str = "", only: str = "") -> None:
    """Sign a member out: everywhere, but in the session `but`, or in the session `only` alone."""
    chosen = delete(web_sessions).where(web_sessions.c.member == member)
    if but:
        chosen = chosen.where(web_sessions.c.id != but)
    if only:
        chosen = chosen.where(web_sessions.c.id == only)
    connection.execute(chosen)


def forget_web(connection: Connection, now_us: int, idle_us: int, most_us: int) -> None:
    """Delete ended sessions, invitations and half-written forms."""
    gone = (web_sessions.c.seen_us < now_us - idle_us) | (web_sessions.c.made_us < now_us - most_us)
    connection.execute(delete(web_sessions).where(gone))
    connection.execute(delete(invitations).where(invitations.c.until_us < now_us))
    connection.execute(delete(parked_forms).where(parked_forms.c.until_us < now_us))


def _session(row: Row[Any]) -> Session:
    return Session(row.id, row.member, row.made_us, row.seen_us)


# Recovery codes


def put_recovery_codes(connection: Connection, member: str, codes: Iterable[str]) -> None:
    """Replace a member's printed codes; with none, she has none."""
    connection.execute(delete(member_codes).where(member_codes.c.member == member))
    rows = [{"hash": token_hash(code), "member": member} for code in codes]
    if rows:
        connection.execute(insert(member_codes), rows)


def use_recovery_code(connection: Connection, member: str, code: str) -> bool:
    """Use up one printed code; whether it was one of hers."""
    mine = (member_codes.c.hash == token_hash(code)) & (member_codes.c.member == member)
    return connection.execute(delete(member_codes).where(mine)).rowcount == 1


def recovery_codes_left(connection: Connection, member: str) -> int:
    """How many printed codes she has left."""
    query = select(func.count()).where(member_codes.c.member == member)
    return int(connection.execute(query).scalar() or 0)


# Invitations


def add_invitation(connection: Connection, code: str, invitation: Invitation) -> None:
    """Offer a place."""
    connection.execute(
        insert(invitations).values(
            hash=token_hash(code), id=invitation.id, role=invitation.role,
            made_by=invitation.made_by, until_us=invitation.until_us,
        )
    )  # fmt: skip


def invitation_of(connection: Connection, code: str, now_us: int) -> Invitation | None:
    """The place that a code offers now, or None."""
    query = select(invitations).where(invitations.c.hash == token_hash(code))
    row = connection.execute(query.where(invitations.c.until_us >= now_us)).first()
    return None if row is None else _invitation(row)


def take_invitation(connection: Connection, code: str, now_us: int) -> Invitation:
    """Use an invitation up. BadRequest where it was used, taken back, or has ended."""
    found = invitation_of(connection, code, now_us)
    if found is None:
        raise BadRequest(
            "this invitation was used already, taken back, or has ended; ask for a new one"
        )
    connection.execute(delete(invitations).where(invitations.c.hash == token_hash(code)))
    return found


def open_invitations(connection: Connection, now_us: int) -> list[Invitation]:
    """The places that are offered now, the newest first."""
    query = select(invitations).where(invitations.c.until_us >= now_us)
    return [
        _invitation(row)
        for row in connection.execute(query.order_by(invitations.c.until_us.desc()))
    ]


def cancel_invitation(connection: Connection, id_: str) -> None:
    """Take an offer back. NotFound."""
    if connection.execute(delete(invitations).where(invitations.c.id == id_)).rowcount != 1:
        raise NotFound("that invitation was used already, or taken back")


def _invitation(row: Row[Any]) -> Invitation:
    return Invitation(row.id, row.role, row.made_by, row.until_us)
