"""A backup brings no member back who left, nor an older role or passphrase, nor a session."""

from sqlalchemy import Connection

from node.membership import join, leave
from node.runtime import Node
from node.store.member_ends import note_member
from node.store.members import all_members, change_member, member_named, open_invitations
from node.web.sessions import find_session, sign_in
from tests.unit.node_keeping.kept import Kept
from tests.unit.node_keeping.test_backup import restore, taken


async def _joined(node: Node, name: str, role: str) -> str:
    offer = await node.dispatch("member_invite", {"role": role})
    return (await join(node, offer["code"], name, f"hash of {name}")).id


async def test_a_restored_node_keeps_what_became_of_its_members(riverside: Kept) -> None:
    async with riverside.opened() as node:
        await _joined(node, "Egret", "keeper")
        gone, changed = (
            await _joined(node, "Heron", "reviewer"),
            await _joined(node, "Ibis", "keeper"),
        )
        token = await sign_in(node, (await node.read(all_members))[0], "")
        await node.dispatch("member_invite", {"role": "keeper"})
        data = await taken(node)

        def since(connection: Connection) -> None:
            register, now = node.context.register, node.context.now_us()
            heron = member_named(connection, "Heron")
            assert heron is not None
            leave(connection, register, heron, now)
            change_member(connection, changed, secret="another hash")
            note_member(connection, register, changed)

        await node.change(since)
        await node.dispatch("member_role", {"name": "Ibis", "role": "member"})
    restore(riverside, data)
    async with riverside.opened() as node:
        found = {each.name: (each.role, each.secret) for each in await node.read(all_members)}
        assert found == {"Egret": ("keeper", "hash of Egret"), "Ibis": ("member", "another hash")}
        assert gone not in {each.id for each in await node.read(all_members)}
        assert await find_session(node, token) is None
        assert await node.read(open_invitations, node.context.now_us()) == []
