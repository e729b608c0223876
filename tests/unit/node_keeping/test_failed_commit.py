"""A commit that fails in a node that lives on, a full disk say: the register must not run ahead."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, event

from node.store.meta import put
from node.store.register import ERASED, Register
from tests.support.one_node import one_node

RK = b"r" * 16


class DiskFull(Exception):
    """There is no room for this commit."""


def _fail(_: Connection) -> None:
    raise DiskFull


async def test_what_a_failed_commit_had_put_in_the_register_is_taken_back(tmp_path: Path) -> None:
    async with one_node(tmp_path / "home") as node:
        register: Register = node.context.register
        before = register.counter

        def erase(connection: Connection, *, fails: bool) -> None:
            register.stage(ERASED, RK, b"gone")
            if fails:
                event.listen(connection, "commit", _fail)

        with pytest.raises(DiskFull):
            await node.change(erase, fails=True)
        await node.change(put, "a", b"b")
        assert (register.get(ERASED, RK), register.pending) == (None, False)
        assert register.counter == before
        await node.change(erase, fails=False)
        assert (register.get(ERASED, RK), register.counter) == (b"gone", before + 1)
    async with one_node(tmp_path / "home") as node:
        assert node.context.register.counter == before + 1
        assert not node.context.hold_all
