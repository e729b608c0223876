"""Who may invite whom, and that no member takes the name of what is no person."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from node.errors import BadField, Refused
from node.membership import join
from node.runtime import Node
from node.web.roles import JOINING, Role
from tests.support.one_node import one_node


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[Node]:
    async with one_node(tmp_path / "node") as found:
        for role in JOINING:
            offer = await found.dispatch("member_invite", {"role": role})
            await join(found, offer["code"], f"a {role}", "hash")
        yield found


async def may(node: Node, by: str) -> set[str]:
    allowed = set()
    for role in JOINING:
        try:
            await node.dispatch("member_invite", {"role": role, "by": by})
        except Refused:
            continue
        allowed.add(str(role))
    return allowed


async def test_reviewers_invite_members_and_outreach_workers_and_only_keepers_the_others(
    node: Node,
) -> None:
    assert await may(node, "a keeper") == set(JOINING)
    assert await may(node, "a reviewer") == {Role.MEMBER, Role.OUTREACH}
    assert await may(node, "an outreach") == set()
    assert await may(node, "a member") == set()
    assert await may(node, "somebody who was removed") == set()


async def test_nobody_takes_back_what_she_could_not_have_offered(node: Node) -> None:
    keeper = await node.dispatch("member_invite", {"role": "keeper"})
    member = await node.dispatch("member_invite", {"role": "member"})
    with pytest.raises(Refused):
        await node.dispatch("member_cancel", {"invitation": keeper["id"], "by": "a reviewer"})
    await node.dispatch("member_cancel", {"invitation": member["id"], "by": "a reviewer"})
    left = (await node.dispatch("member_list", {}))["invitations"]
    ids = {each["id"] for each in left}
    assert keeper["id"] in ids
    assert member["id"] not in ids


@pytest.mark.parametrize("name", ["the command line", "The  Command\u00a0Line", "parasol init"])
async def test_no_member_is_called_like_the_command_line(node: Node, name: str) -> None:
    offer = await node.dispatch("member_invite", {"role": "member"})
    with pytest.raises(BadField):
        await join(node, offer["code"], name, "hash")
