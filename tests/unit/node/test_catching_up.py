"""A catch-up fetches ahead of what is stored; nothing is confirmed by that, and nothing lost."""

from pathlib import Path

import pytest
from sqlalchemy import Connection, select

from federation.client import Client
from federation.errors import Unreachable
from federation.origin import NO_DIGEST
from keys.documents import Documents
from node.exchange import Exchange
from node.rounds import Rounds
from node.runtime import Node
from node.store.tables import records
from protocol.commitment import BUCKETS, bucket_hash, digest, state_hash
from protocol.entry import decode_entry
from protocol.ids import RecordKey
from protocol.messages import Delta, Message, Pull, Put
from tests.support.hostile import peer, put, signed_by
from tests.support.key_material import MadeUp
from tests.support.one_node import befriend, one_node

RECORDS = 7


class Origin(Exchange):
    """An origin with seven alerts, each in a delta of its own; it may fail at one of the pulls."""

    def __init__(self, node: Node, other: MadeUp, fails_at: int = -1) -> None:
        super().__init__(node, Client())
        self._other = other
        self._items = [put(signed_by(other, node), at + 1) for at in range(RECORDS)]
        self.fails_at = fails_at
        self.pulls: list[Pull] = []
        self.stored: list[int] = []  # how far our node had come when each pull came

    async def ask(self, docs: Documents, message: Message, *, wait_s: int = 0) -> Message:
        assert (docs.org, wait_s) == (self._other.org, 0)
        assert isinstance(message, Pull)
        self.pulls.append(message)
        self.stored.append((await peer(self._node, self._other)).in_cursor)
        if message.cursor == self.fails_at:
            raise Unreachable("timeout", "it did not answer in time")
        return self.delta(message)

    def delta(self, pull: Pull) -> Delta:
        items: tuple[Put, ...] = tuple(self._items[pull.cursor : pull.cursor + 1])
        more = pull.cursor + 1 < RECORDS
        to = min(pull.cursor + 1, RECORDS)
        asof = self._node.today
        whole = NO_DIGEST if more else self.digest()
        return Delta(pull.cursor, to, more, asof, whole, items, ())

    def digest(self) -> bytes:
        """The digest of all that it grants."""
        buckets: list[list[tuple[RecordKey, bytes]]] = [[] for _ in range(BUCKETS)]
        for item in self._items:
            entry = decode_entry(item.entry)
            buckets[item.rk[0]].append((item.rk, state_hash(entry.eid, item.disclosures)))
        return digest([bucket_hash(bucket) for bucket in buckets])


def held(connection: Connection) -> int:
    return len(connection.execute(select(records.c.id)).fetchall())


async def test_each_delta_but_the_first_is_asked_for_without_a_digest(tmp_path: Path) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        origin = Origin(node, other)
        await Rounds(node, origin, {}).pull(await peer(node, other))
        ahead = origin.pulls[1:RECORDS]
        assert [pull.cursor for pull in ahead] == list(range(1, RECORDS))
        assert {pull.digest for pull in ahead} == {NO_DIGEST}
        assert origin.pulls[-1].digest != NO_DIGEST  # and the last one confirms
        assert origin.stored[-1] == RECORDS
        assert await node.read(held) == RECORDS


async def test_a_delta_is_asked_for_before_the_one_in_front_of_it_is_stored(
    tmp_path: Path,
) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        origin = Origin(node, other)
        await Rounds(node, origin, {}).pull(await peer(node, other))
        ahead = [
            pull.cursor - stored for pull, stored in zip(origin.pulls, origin.stored, strict=True)
        ]
        assert min(ahead) >= 0
        assert max(ahead) > 0  # which one it is depends on how fast the disk is


@pytest.mark.parametrize("lost", range(1, RECORDS))
async def test_where_an_answer_is_lost_what_came_before_it_is_stored_and_the_rest_follows(
    tmp_path: Path, lost: int
) -> None:
    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        origin = Origin(node, other, fails_at=lost)
        rounds = Rounds(node, origin, {})
        with pytest.raises(Unreachable):
            await rounds.pull(await peer(node, other))
        assert (await peer(node, other)).in_cursor == await node.read(held) == lost
        origin.fails_at = -1
        origin.pulls.clear()
        await rounds.pull(await peer(node, other))
        assert origin.pulls[0].cursor == lost
        assert await node.read(held) == RECORDS


async def test_a_peer_that_was_purged_meanwhile_is_asked_from_its_cursor_again(
    tmp_path: Path,
) -> None:
    class Purged(Origin):
        """While the third delta is under way, the origin's records are dropped here."""

        async def ask(self, docs: Documents, message: Message, *, wait_s: int = 0) -> Message:
            answer = await super().ask(docs, message, wait_s=wait_s)
            if len(self.pulls) == 3:
                await self._node.change(forget, self._other.org)
            return answer

    async with one_node(tmp_path / "node") as node:
        other = await befriend(node, "Harbour")
        origin = Purged(node, other)
        await Rounds(node, origin, {}).pull(await peer(node, other))
        assert (await peer(node, other)).in_cursor == await node.read(held) == RECORDS


def forget(connection: Connection, org: bytes) -> None:
    connection.exec_driver_sql("DELETE FROM records WHERE org = ?", (org,))
    connection.exec_driver_sql("UPDATE peers SET in_cursor = 0 WHERE org = ?", (org,))
