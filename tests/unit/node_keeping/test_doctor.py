"""Each dead end is found, and named with its cure; a well-kept node has none."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from federation.peers import PeerState
from node.commands.backups import backup
from node.commands.keyring import keys_rotate
from node.commands.overview import doctor
from node.opening import LOST, SIGNING_DUE
from node.runtime import Node
from node.store import meta
from node.store.mailbox import note_route, set_route
from node.store.peers import set_peer
from tests.unit.node_keeping.kept import DAY, HOUR, Kept, befriend, documents_of, make, say


async def found(node: Node, level: str = "problem") -> list[str]:
    rows = (await doctor(node))["findings"]
    assert all(row["what"] and row["cure"] for row in rows)
    return [row["what"] for row in rows if row["level"] == level]


@asynccontextmanager
async def well_kept(kept: Kept) -> AsyncIterator[Node]:
    """A node as its keeper should leave it: backed up, words used and moved away."""
    async with kept.opened() as node:
        await keys_rotate(node, kept.root)
        await backup(node)
        take_away(kept)
        yield node


def take_away(kept: Kept) -> None:
    for name in kept.files:
        Path(name).unlink()


@pytest.fixture
def reachable(tmp_path: Path) -> Kept:
    return make(tmp_path, "Reachable", endpoints=["https://public.example.org/"])  # type: ignore[arg-type]


async def test_a_new_node_lacks_a_backup_and_has_its_words_on_the_machine(riverside: Kept) -> None:
    async with riverside.opened() as node:
        problems = await found(node)
        notes = await found(node, "note")
    assert "there is no backup" in problems
    assert sum("recovery words are on this machine" in each for each in problems) == 2
    assert any("never rehearsed" in each for each in notes)
    assert "there is no peer yet" in notes


async def test_a_well_kept_node_has_nothing_to_cure(riverside: Kept, reachable: Kept) -> None:
    docs = await documents_of(reachable)
    async with well_kept(riverside) as node:
        peer = await befriend(node, docs, "Reachable")
        await node.change(lambda connection: set_peer(connection, peer.id, they_trust=1))
        assert (await doctor(node))["findings"] == []


async def test_two_nodes_without_an_endpoint_live_on_bundles(
    riverside: Kept, harbour: Kept, reachable: Kept
) -> None:
    docs, other = await documents_of(harbour), await documents_of(reachable)
    async with well_kept(riverside) as node:
        await befriend(node, docs, "Harbour")
        await befriend(node, other, "Reachable")
        (problem,) = await found(node)
        assert problem.startswith("neither we nor Harbour has an endpoint")
        harbour_org, hub = docs.org, other.org
        await node.change(set_route, harbour_org, hub)
        assert await found(node) == []  # a mailbox carries it
        await node.change(lambda connection: note_route(connection, harbour_org, trouble="quota"))
        assert await found(node) == ["mail for Harbour is not taken (quota)"]


@pytest.mark.parametrize(
    ("state", "level", "says"),
    [
        ({"state": PeerState.UNVERIFIED.value}, "note", "Harbour is unverified"),
        ({"trouble": "equivocation"}, "problem", "two different documents"),
        ({"trouble": "invite_used_twice"}, "problem", "somebody else has used"),
        ({"failures": 4, "trouble": "timeout"}, "problem", "not reached 4 times (timeout)"),
        ({"they_trust": 0}, "note", "has not verified us"),
    ],
)
async def test_a_peer_in_trouble_is_named(
    riverside: Kept, harbour: Kept, state: dict[str, Any], level: str, says: str
) -> None:
    docs = await documents_of(harbour)
    async with well_kept(riverside) as node:
        peer = await befriend(node, docs, "Harbour")
        await node.change(lambda connection: set_peer(connection, peer.id, **state))
        assert any(says in each for each in await found(node, level))


async def test_the_end_of_documents_keys_and_backups_is_told_in_time(riverside: Kept) -> None:
    async with well_kept(riverside) as node:
        riverside.now += 40 * DAY
        notes = await found(node, "note")
        assert "our box key is 40 days old" in notes
        assert "the last backup is 40 days old" in notes
        riverside.now += 340 * DAY
        assert any("document ends in 15 days" in each for each in await found(node, "note"))
        assert any("our card has ended" in each for each in await found(node))
        riverside.now += 20 * DAY
        problems = await found(node)
        assert "the organisation's document has ended" in problems
        assert any("our node key is expired" in each for each in problems)


async def test_a_clock_that_went_back_or_stood_still_is_told(riverside: Kept) -> None:
    async with well_kept(riverside) as node:
        await node.change(meta.put_int, "last_run_day", node.today)
        riverside.now -= 5 * HOUR
        assert any("clock is 5 h behind" in each for each in await found(node))
        riverside.now += 10 * DAY
        assert any("last ran 9 days ago" in each for each in await found(node, "note"))
        riverside.now -= 20 * DAY
        assert any("last ran 11 days from now" in each for each in await found(node))


async def test_what_waits_after_a_restore_or_a_rotation_is_told(riverside: Kept) -> None:
    async with well_kept(riverside) as node:
        await node.change(meta.put, LOST, b"1")
        await node.change(meta.put, SIGNING_DUE, b"1")
        problems = await found(node)
        assert any("register is lost" in each for each in problems)
        assert any("older node key" in each for each in problems)


async def test_a_policy_for_nobody_is_told(riverside: Kept) -> None:
    path = riverside.home / "policy.toml"
    path.write_text(path.read_text().replace('export_to = "trusted"', 'export_to = "nobody"'))
    async with well_kept(riverside) as node:
        assert any("no peer will get any alert" in each for each in await found(node, "note"))


async def test_a_flipped_byte_in_the_store_is_found(riverside: Kept) -> None:
    async with riverside.opened() as node:
        await say(node, 30)
    async with well_kept(riverside) as node:
        await node.store.checkpoint()
        flip(riverside.home / "store.db", lambda size: size - 4000)
        assert any("store.db does not verify" in each for each in await found(node))


def flip(path: Path, place: Callable[[int], int]) -> None:
    data = bytearray(path.read_bytes())
    data[place(len(data))] ^= 1
    path.write_bytes(data)


async def test_files_that_others_may_read_are_named(riverside: Kept) -> None:
    async with well_kept(riverside) as node:
        (riverside.home / "policy.toml").chmod(0o644)
        riverside.home.chmod(0o755)
        problems = await found(node)
        assert len([each for each in problems if "may read" in each]) == 2


async def test_what_an_update_left_behind_is_named(riverside: Kept) -> None:
    async with well_kept(riverside) as node:
        left(riverside.home / "store.db.before-0002")
        assert any("before an update" in each for each in await found(node, "note"))


def left(path: Path) -> None:
    path.touch(mode=0o600)
