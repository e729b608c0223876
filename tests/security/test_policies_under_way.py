"""A policy is in force for all or for nobody: nothing goes out under one that was not committed."""

import asyncio
import time
from pathlib import Path

import pytest
from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from federation.policy import preset_text
from node.commands.policies import policy_apply
from node.runtime import Node
from tests.support.one_node import one_node

FULL = "CREATE TRIGGER full BEFORE UPDATE ON meta BEGIN SELECT RAISE(ABORT, 'full'); END"


async def in_one_commit(node: Node, wider: str) -> list[str]:
    """Apply a policy, which fails, with a neighbour in its commit; gives what that one saw."""
    seen: list[str] = []

    def slow(_: Connection) -> None:
        time.sleep(0.3)  # the writer's thread: what comes meanwhile shares the next commit

    def neighbour(_: Connection) -> None:
        seen.append(node.policy.identifiers.phone)

    first = asyncio.create_task(node.change(slow))
    await asyncio.sleep(0.05)
    applying = asyncio.create_task(policy_apply(node, wider))
    await asyncio.sleep(0.15)
    second = asyncio.create_task(node.change(neighbour))
    with pytest.raises(DatabaseError):
        await applying
    await asyncio.gather(first, second)
    return seen


async def test_a_policy_that_fails_is_not_in_force_for_its_neighbours_in_a_commit(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node", preset="gdpr") as node:
        await node.change(lambda connection: connection.exec_driver_sql(FULL))
        assert await in_one_commit(node, preset_text("criminalised")) == ["masked"]
        assert node.policy.identifiers.phone == "masked"


async def test_a_policy_whose_commit_fails_is_not_in_force_for_the_next_commit(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node", preset="gdpr") as node:
        await node.change(lambda connection: connection.exec_driver_sql(FULL))
        with pytest.raises(DatabaseError):
            await policy_apply(node, preset_text("criminalised"))
        assert node.policy.identifiers.phone == "masked"
        assert (await node.dispatch("policy_show", {}))["edited"] is False
