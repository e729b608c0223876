"""How somebody becomes a member, and leaves: an invitation, a working name, a passphrase.

Whoever holds an invitation's code may join once. A code is random, short enough to be read out, and
stored as a hash. Nothing that leads to a person is asked for.
"""

import base64
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection

from node.errors import BadField, BadRequest, Refused
from node.moments import iso_time
from node.runtime import STORE_FILE, Node
from node.settings import Settings
from node.store.audit import SOMEBODY, Act, forget_person, note
from node.store.calls import forget_caller
from node.store.member_ends import note_member
from node.store.members import (
    Invitation,
    Member,
    add_invitation,
    add_member,
    keepers,
    member_named,
    name_key,
    plain_name,
    remove_member,
    take_invitation,
)
from node.store.register import Register
from node.typed import clean_line
from node.web.roles import JOINING, Role
from protocol.ids import day_of

CODE_BYTES: Final = 10
INVITATION_DAYS: Final = 7
DAY_US: Final = 86_400_000_000
NAME_MOST: Final = 40
LANGUAGE_FOLLOWS: Final = ""
COMMAND_LINE: Final = "the command line"
NOBODYS: Final = frozenset({COMMAND_LINE, "parasol init", SOMEBODY})
"""Names of the audit that are no person's: nobody may take one."""
INVITES: Final[Mapping[str, frozenset[str]]] = {
    Role.REVIEWER: frozenset({Role.MEMBER, Role.OUTREACH}),
    Role.KEEPER: frozenset(JOINING),
}
"""Whom a role may invite, and whose invitations it may take back; the others invite nobody."""


def new_code(random: Callable[[int], bytes]) -> str:
    """An invitation's code: 80 random bits in four groups of letters and digits."""
    text = base64.b32encode(random(CODE_BYTES)).decode().lower()
    return "-".join(text[at : at + 4] for at in range(0, len(text), 4))


def read_code(text: str) -> str:
    """A code as it is stored, however it was typed."""
    letters = "".join(each for each in text.casefold() if each.isalnum())
    letters = letters.replace("0", "o").replace("1", "l").replace("8", "b")
    return "-".join(letters[at : at + 4] for at in range(0, len(letters), 4))


def links(settings: Settings, code: str) -> list[str]:
    """The addresses at which an invitation is taken up; none where the node serves no pages."""
    return [f"{base}/join/{code}" for base in page_addresses(settings)]


def page_addresses(settings: Settings) -> list[str]:
    """Where members reach the pages: the public addresses, or else where they listen."""
    if settings.web_host is None:
        return []
    if settings.web_addresses:
        return [each.rstrip("/") for each in settings.web_addresses]
    host = f"[{settings.web_host}]" if ":" in settings.web_host else settings.web_host
    return [f"http://{host}:{settings.web_port}"]


def offer(
    connection: Connection, role: str, made_by: str, now_us: int, random: Callable[[int], bytes]
) -> tuple[str, Invitation]:
    """Offer a place; returns its code, which is stored nowhere. BadField for an unknown role."""
    if role not in {str(each) for each in JOINING}:
        raise BadField(f"role: one of {', '.join(JOINING)}")
    code = new_code(random)
    until = now_us + INVITATION_DAYS * DAY_US
    invitation = Invitation(random(8).hex(), role, made_by, until)
    add_invitation(connection, code, invitation)
    note(connection, now_us, made_by, Act.INVITED, why=role)
    return code, invitation


def offer_first(home: Path, store_key: bytes, now_us: int, random: Callable[[int], bytes]) -> str:
    """The keeper's own invitation, made with a new node; returns its code."""
    from node.store.engine import sync_engine

    engine = sync_engine(home / STORE_FILE, store_key)
    try:
        with engine.begin() as connection:
            return offer(connection, Role.KEEPER, "parasol init", now_us, random)[0]
    finally:
        engine.dispose()


def shown_offer(settings: Settings, code: str, invitation: Invitation) -> dict[str, Any]:
    """An invitation as it is shown once: {"code", "links", "id", "role", "until"}."""
    return {
        "code": code,
        "links": links(settings, code),
        "id": invitation.id,
        "role": invitation.role,
        "until": iso_time(invitation.until_us),
    }


def check_name(text: str) -> str:
    """A working name as it is stored. BadField where it is none."""
    name = plain_name(clean_line(text))
    if not 2 <= len(name) <= NAME_MOST or not name.isprintable():
        raise BadField(f"working name: from 2 to {NAME_MOST} characters")
    if sum(each.isdigit() for each in name) >= 6 or "@" in name:
        # A working name stands in the audit for years: it must not be what leads to a person.
        raise BadField("working name: not a number or an address; make a name up")
    if name_key(name) in NOBODYS:
        raise BadField("working name: that one stands for something else; make another up")
    return name


def may_invite(connection: Connection, by: str) -> frozenset[str]:
    """The roles that a person may invite into; any for the command line, none for a stranger."""
    if by == COMMAND_LINE:
        return frozenset(JOINING)
    found = member_named(connection, by)
    return INVITES.get(found.role, frozenset()) if found is not None else frozenset()


def refuse_to_invite(connection: Connection, by: str, role: str) -> None:
    """Refused where a person may not invite anybody into a role, nor take that back."""
    if role in {str(each) for each in JOINING} and role not in may_invite(connection, by):
        raise Refused(
            "a reviewer invites members and outreach workers; reviewers and keepers are invited by"
            " a keeper"
        )


async def join(node: Node, code: str, name: str, secret: str) -> Member:
    """Use an invitation up and become a member. `secret` is the hash of the passphrase."""
    cleaned, now = check_name(name), node.context.now_us()

    def effect(connection: Connection) -> Member:
        invitation = take_invitation(connection, read_code(code), now)
        member = Member(
            node.context.random(16).hex(), cleaned, invitation.role, LANGUAGE_FOLLOWS,
            day_of(now), secret,
        )  # fmt: skip
        add_member(connection, member)
        note(connection, now, cleaned, Act.JOINED, why=invitation.role)
        return member

    return await node.change(effect)


def leave(
    connection: Connection, register: Register, member: Member, now_us: int, by: str = SOMEBODY
) -> None:
    """Delete a member and all that names her; `by` is who does it, where it is not herself.

    What she did stays written down, without her name. Refused for the last keeper.
    """
    if member.role == Role.KEEPER and keepers(connection) == 1:
        raise Refused("the last keeper cannot leave: make somebody else a keeper first")
    remove_member(connection, member.id)
    note_member(connection, register, member.id)
    forget_person(connection, member.name)
    forget_caller(connection, member.name, SOMEBODY)
    note(connection, now_us, by, Act.LEFT, why=member.role)


def named(connection: Connection, name: str) -> Member:
    """The member of a working name. BadRequest."""
    found = member_named(connection, name)
    if found is None:
        raise BadRequest("there is no member with that working name")
    return found
