"""Members of the organisation: who may join its pages, who has, and in what role."""

from typing import Any

from sqlalchemy import Connection

from node.errors import BadField, Refused
from node.membership import (
    COMMAND_LINE,
    leave,
    named,
    offer,
    page_addresses,
    refuse_to_invite,
    shown_offer,
)
from node.moments import iso_time
from node.runtime import Node
from node.store.audit import Act, note
from node.store.member_ends import note_member
from node.store.members import (
    all_members,
    cancel_invitation,
    change_member,
    end_sessions,
    keepers,
    open_invitations,
)
from node.store.reviews import name_of
from node.web.roles import JOINING, Role
from protocol.ids import iso_date


async def member_invite(node: Node, role: str, by: str = COMMAND_LINE) -> dict[str, Any]:
    """Make an invitation, good once and for a week: {"code", "links", "id", "role", "until"}.

    Refused where whoever asks may not invite into that role.
    """
    context, who = node.context, name_of(by)

    def effect(connection: Connection) -> dict[str, Any]:
        refuse_to_invite(connection, who, role)
        code, invitation = offer(connection, role, who, context.now_us(), context.random)
        return shown_offer(node.settings, code, invitation)

    return await node.change(effect)


async def member_list(node: Node) -> dict[str, Any]:
    """List members and open invitations: {"members", "invitations", "addresses"}."""

    def query(connection: Connection) -> dict[str, Any]:
        return {
            "members": [
                {
                    "name": each.name, "role": each.role, "since": iso_date(each.made_day),
                    "second_factor": bool(each.totp),
                }
                for each in all_members(connection)
            ],
            "invitations": [
                {
                    "id": each.id, "role": each.role, "by": each.made_by,
                    "until": iso_time(each.until_us),
                }
                for each in open_invitations(connection, node.context.now_us())
            ],
            "addresses": page_addresses(node.settings),
        }  # fmt: skip

    return await node.read(query)


async def member_cancel(node: Node, invitation: str, by: str = COMMAND_LINE) -> dict[str, Any]:
    """Take an invitation back. NotFound; Refused where whoever asks could not have made it."""
    wanted, who = invitation.strip(), name_of(by)

    def effect(connection: Connection) -> None:
        for each in open_invitations(connection, node.context.now_us()):
            if each.id == wanted:
                refuse_to_invite(connection, who, each.role)
        cancel_invitation(connection, wanted)

    await node.change(effect)
    return {"id": invitation.strip(), "state": "cancelled"}


async def member_role(node: Node, name: str, role: str, by: str = COMMAND_LINE) -> dict[str, Any]:
    """Give a member another role, and sign her out. BadField, BadRequest; Refused: last keeper."""
    if role not in {str(each) for each in JOINING}:
        raise BadField(f"role: one of {', '.join(JOINING)}")
    who = name_of(by)

    def effect(connection: Connection) -> dict[str, Any]:
        member = named(connection, name)
        if member.role == Role.KEEPER and role != Role.KEEPER and keepers(connection) == 1:
            raise Refused("the last keeper stays keeper: make somebody else a keeper first")
        change_member(connection, member.id, role=role)
        note_member(connection, node.context.register, member.id)
        end_sessions(connection, member.id)
        note(connection, node.context.now_us(), who, Act.ROLE, why=f"{member.role} to {role}")
        return {"name": member.name, "role": role}

    return await node.change(effect)


async def member_remove(node: Node, name: str, by: str = COMMAND_LINE) -> dict[str, Any]:
    """Delete a member and all that names her. BadRequest; Refused for the last keeper."""
    who = name_of(by)

    def effect(connection: Connection) -> dict[str, Any]:
        member = named(connection, name)
        leave(connection, node.context.register, member, node.context.now_us(), who)
        return {"name": member.name, "state": "removed"}

    return await node.change(effect)
