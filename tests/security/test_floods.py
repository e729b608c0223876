"""However much a peer or a stranger sends, what it leaves here is bounded."""

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import Connection, func, select

from keys.card import Card
from keys.envelope import open_wire
from node import answering as door_of
from node.runtime import Node
from node.store import register as permissions
from node.store.grants import StoreGrants
from node.store.peers import peer_of
from node.store.tables import guards, records
from protocol.entry import Status
from protocol.errors import ErrorNumber
from protocol.ids import Day
from protocol.messages import Hello, Pull, Stop
from tests.support.hostile import answering, peer, put, sealed, signed_by, take
from tests.support.key_material import MadeUp, made_up
from tests.support.one_node import befriend, one_node


def count_rows(connection: Connection) -> tuple[int, int]:
    """How many records there are, and how many of them without an entry."""
    total = connection.execute(select(func.count()).select_from(records)).scalar_one()
    empty = select(func.count()).where(records.c.eid == b"")
    return total, connection.execute(empty).scalar_one()


def hello(sender: MadeUp, card: Card | None = None) -> Hello:
    """A hello without a token."""
    docs = [(sender.doc().raw, sender.doc().sig)]
    if card is not None:
        docs.append((card.raw, card.sig))
    return Hello(b"", trusted=False, docs=tuple(docs))


async def test_hellos_of_strangers_leave_nothing_in_the_store(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        for number in range(5):
            stranger = made_up(f"stranger {number}")
            assert await answering(node).answer(sealed(node, stranger, hello(stranger))) is None
        count = select(func.count()).select_from(guards)
        assert await node.read(lambda c: c.execute(count).scalar_one()) == 0


async def test_a_stranger_s_hello_from_the_future_is_a_bare_404(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        stranger = made_up("stranger")
        wire = sealed(
            node, stranger, hello(stranger, stranger.card()), node.context.now_us() + 10**12
        )
        assert await answering(node).answer(wire) is None


async def test_hellos_of_a_peer_cost_its_allowance_whether_they_fail_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_of, "BURST", 3)
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        card = (await peer(node, other)).docs.card
        door, n = answering(node), node.context.now_us()
        for _ in range(3):
            assert await door.answer(sealed(node, other, hello(other, card), n))
        assert await refused(door, node, other, card) is ErrorNumber.QUOTA


async def refused(
    door: door_of.Answering, node: Node, sender: MadeUp, card: Card | None
) -> ErrorNumber:
    """Why one more hello is not taken."""
    answer = await door.answer(sealed(node, sender, hello(sender, card)))
    assert answer is not None
    inner = open_wire(answer, [sender.box], sender.org).inner
    assert inner.type == "err"
    assert isinstance(inner.body, list)
    assert isinstance(inner.body[0], int)
    return ErrorNumber(inner.body[0])


async def test_one_pull_of_a_peer_waits_and_it_is_the_latest(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        door = answering(node)

        def digest(connection: Connection) -> bytes:
            row = peer_of(connection, other.org)
            assert row is not None
            return StoreGrants(connection, node.context, row).digest(node.today)

        pull = Pull(0, node.today, await node.change(digest), (), 200_000, 50)
        asked = [
            asyncio.create_task(door.answer(sealed(node, other, pull, n)))
            for n in range(node.context.now_us(), node.context.now_us() + 10)
        ]
        await asyncio.wait(asked, timeout=2)
        waiting = [task for task in asked if not task.done()]
        assert len(waiting) == len(door._waiting) == 1
        door.stop()
        assert all(await asyncio.gather(*asked))
        assert not door._waiting


@pytest.mark.parametrize("status", [Status.LIVE, Status.ERASED])
async def test_the_rows_of_one_origin_come_to_an_end(tmp_path: Path, status: Status) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        node.context.live_limit = 5
        items = [put(signed_by(other, node, status=status), pseq) for pseq in range(1, 31)]
        await take(node, other, *items)
        assert await node.read(count_rows) == (10, 5)
        erased = list(node.context.register.all(permissions.ERASED))
        assert len(erased) == (5 if status is Status.ERASED else 0)


async def test_the_stops_of_one_origin_come_to_an_end(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        node.context.live_limit = 5
        keys = [signed_by(other, node).entry.rk for _ in range(30)]
        last = Day(node.today + 90)
        await take(node, other, *(Stop(n, rk, last) for n, rk in enumerate(keys, start=1)))
        assert await node.read(count_rows) == (10, 10)
