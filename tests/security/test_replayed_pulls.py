"""A pull is taken once; only one that changed nothing may be forgotten, and by a crash alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from keys.envelope import open_wire
from node.answering import CONTACT_EVERY_US
from node.runtime import Node
from node.store.engine import connect
from node.store.tables import guards, ledger
from protocol.ids import parse_record_key
from protocol.messages import Pull
from tests.support.hostile import NOTHING, answering, peer, sealed
from tests.support.key_material import MadeUp
from tests.support.one_node import Clock, befriend, one_node, published


def pull(node: Node, cursor: int = 0, digest: bytes = NOTHING, *held: str) -> Pull:
    reasons = tuple((parse_record_key(alert), "not_accepted") for alert in held)
    return Pull(cursor, node.today, digest, reasons, 200_000, 0)


async def ask(node: Node, other: MadeUp, wire: bytes) -> str:
    answer = await answering(node).answer(wire)
    assert answer is not None
    return open_wire(answer, [other.box], other.org).inner.type


async def noted(node: Node) -> list[int]:
    """Each n of a pull that is durable."""
    query = select(guards.c.n).where(guards.c.type == "pull")
    return list(await node.read(lambda c: c.execute(query).scalars().all()))


def commits(node: Node) -> Callable[[], int]:
    """A number that is another after each commit that wrote something."""
    watch: Any = connect(node.store.path, node.keystore.store_key)
    return lambda: int(watch.execute("PRAGMA data_version").fetchone()[0])


async def held(node: Node) -> list[str]:
    return list(await node.read(lambda c: c.execute(select(ledger.c.held)).scalars().all()))


async def test_a_pull_that_changes_nothing_commits_nothing_and_is_taken_once(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        assert await ask(node, other, sealed(node, other, pull(node))) == "delta"
        version = commits(node)
        before = version(), await noted(node)
        wire = sealed(node, other, pull(node))
        assert await ask(node, other, wire) == "delta"
        assert await ask(node, other, wire) == "err"
        assert (version(), await noted(node)) == before


async def test_the_n_of_a_pull_is_written_a_minute_later_all_the_same(tmp_path: Path) -> None:
    clock = Clock()
    async with one_node(tmp_path / "node", clock=clock) as node:
        other = await befriend(node, "Harbour")
        assert await ask(node, other, sealed(node, other, pull(node))) == "delta"
        (first,) = await noted(node)
        clock.now += CONTACT_EVERY_US
        assert await ask(node, other, sealed(node, other, pull(node))) == "delta"
        (second,) = await noted(node)
        assert second > first
        assert (await peer(node, other)).contact_us > first


async def test_a_pull_that_changed_something_is_refused_after_a_crash(tmp_path: Path) -> None:
    home = tmp_path / "node"
    async with one_node(home) as node:
        other = await befriend(node, "Harbour")
        alert = await published(node, phone="510 555 0123")
        assert await ask(node, other, sealed(node, other, pull(node))) == "delta"
        wire = sealed(node, other, pull(node, 0, NOTHING, alert))
        assert await ask(node, other, wire) == "delta"
        assert await held(node) == ["not_accepted"]
        assert await ask(node, other, sealed(node, other, pull(node))) == "delta"
        assert await held(node) == [""]
        node.context.last_n.clear()  # as a crash does
        assert await ask(node, other, wire) == "err"
        assert await held(node) == [""]


async def test_after_a_crash_an_old_pull_that_changed_nothing_changes_nothing(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        await published(node, phone="510 555 0123")
        assert await ask(node, other, sealed(node, other, pull(node))) == "delta"
        wire = sealed(node, other, pull(node))
        assert await ask(node, other, wire) == "delta"
        version = commits(node)
        before = version()
        node.context.last_n.clear()
        assert await ask(node, other, wire) == "delta"
        assert version() == before


async def test_what_a_pull_confirms_is_durable_with_it(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        await published(node, phone="510 555 0123")
        assert await ask(node, other, sealed(node, other, pull(node))) == "delta"

        def digest(connection: Connection) -> bytes:
            return node.context.digests.digest(
                "out", 1, node.today, lambda *_: all_rows(connection)
            )

        told = pull(node, 1, await node.change(digest))
        wire = sealed(node, other, told)
        assert await ask(node, other, wire) == "delta"
        query = select(ledger.c.acked_us)
        assert await node.read(lambda c: c.execute(query).scalar_one()) > 0
        node.context.last_n.clear()
        assert await ask(node, other, wire) == "err"


def all_rows(connection: Connection) -> list[Any]:
    query = select(ledger.c.rk, ledger.c.state)
    return [tuple(row) for row in connection.execute(query)]
