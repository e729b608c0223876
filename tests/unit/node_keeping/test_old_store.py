"""An old store that was put back without a word: its confirmations are not believed."""

import shutil
from pathlib import Path

from sqlalchemy import Connection, select

from federation.peers import PeerState
from node.opening import doubt_confirmations
from node.runtime import STORE_FILE, Node
from node.store import meta
from node.store.peers import Peer, peer_by_id, set_peer
from node.store.register import Register
from node.store.tables import ledger
from tests.unit.node_keeping.kept import HOUR, START, Kept, befriend, confirm, documents_of, say


def copy_store(kept: Kept, to: Path) -> None:
    """Copy the store, its journal with it, and nothing else of the folder."""
    to.mkdir(exist_ok=True)
    for file in kept.home.glob(f"{STORE_FILE}*"):
        shutil.copy2(file, to)


def put_back(kept: Kept, copy: Path) -> None:
    """Put a copied store in the place of the present one, as somebody may do by hand."""
    for file in kept.home.glob(f"{STORE_FILE}*"):
        file.unlink()
    for file in copy.iterdir():
        shutil.copy2(file, kept.home)


async def one_confirmed(kept: Kept, other: Kept) -> Peer:
    """Publish an alert to a new peer, which confirms it."""
    docs = await documents_of(other)
    async with kept.opened() as node:
        peer = await befriend(node, docs, "Harbour")
        await say(node)
        await confirm(node, peer)
    return peer


async def confirmed(node: Node) -> list[bool]:
    def found(connection: Connection) -> list[bool]:
        return [acked > 0 for (acked,) in connection.execute(select(ledger.c.acked_us))]

    return await node.read(found)


async def is_recovering(node: Node, peer: Peer) -> bool:
    return not (await node.read(peer_by_id, peer.id)).out_listed


async def test_a_node_that_was_stopped_and_started_believes_its_confirmations(
    riverside: Kept, harbour: Kept
) -> None:
    peer = await one_confirmed(riverside, harbour)
    for _ in range(2):
        async with riverside.opened() as node:
            assert await confirmed(node) == [True]
            assert not await is_recovering(node, peer)


async def test_a_copy_of_an_earlier_opening_is_known_for_an_old_one(
    riverside: Kept, harbour: Kept, tmp_path: Path
) -> None:
    peer = await one_confirmed(riverside, harbour)
    copy_store(riverside, tmp_path / "copy")
    async with riverside.opened():
        pass  # whatever it did: nothing of it need have been narrowed
    put_back(riverside, tmp_path / "copy")
    async with riverside.opened() as node:
        assert await confirmed(node) == [False]
        assert await is_recovering(node, peer)
        assert await node.read(meta.get, meta.VOUCHED) is None


async def test_a_copy_of_the_same_opening_counts_nothing_as_confirmed(
    riverside: Kept, harbour: Kept, tmp_path: Path
) -> None:
    peer = await one_confirmed(riverside, harbour)
    async with riverside.opened() as node:
        copy_store(riverside, tmp_path / "copy")
        await say(node)
    put_back(riverside, tmp_path / "copy")
    async with riverside.opened() as node:
        assert await confirmed(node) == [False]
        assert not await is_recovering(node, peer)  # a power cut leaves the same store


async def test_what_a_power_cut_left_unconfirmed_is_not_overdue_at_once(
    riverside: Kept, harbour: Kept, tmp_path: Path
) -> None:
    await one_confirmed(riverside, harbour)
    async with riverside.opened():
        copy_store(riverside, tmp_path / "copy")
    put_back(riverside, tmp_path / "copy")
    riverside.now = START + 100 * HOUR
    async with riverside.opened() as node:
        since = await node.read(lambda connection: connection.scalar(select(ledger.c.since_us)))
    assert since == START + 100 * HOUR


async def test_what_a_peer_confirmed_that_is_gone_is_kept_as_it_was(
    riverside: Kept, harbour: Kept
) -> None:
    peer = await one_confirmed(riverside, harbour)
    async with riverside.opened() as node:
        await node.change(set_peer, peer.id, state=PeerState.GONE.value)
        await node.change(doubt_confirmations, node.context.now_us())
        assert await confirmed(node) == [True]


async def test_no_request_from_before_a_power_cut_confirms_what_is_doubted(
    riverside: Kept, harbour: Kept, tmp_path: Path
) -> None:
    await one_confirmed(riverside, harbour)
    async with riverside.opened():
        copy_store(riverside, tmp_path / "copy")
    put_back(riverside, tmp_path / "copy")
    riverside.now = START + HOUR
    async with riverside.opened() as node:
        assert await node.read(meta.get_int, meta.GUARD_FLOOR) == START + HOUR


async def test_a_crash_before_the_register_noted_an_opening_is_no_restore(
    riverside: Kept, harbour: Kept
) -> None:
    peer = await one_confirmed(riverside, harbour)
    async with riverside.opened() as node:
        ahead = node.context.register.opening + 1
        await node.change(meta.put_int, meta.OPENING, ahead)
    async with riverside.opened() as node:
        assert not await is_recovering(node, peer)
        assert node.context.register.opening == ahead + 1


def test_the_register_keeps_the_number_of_the_last_opening(tmp_path: Path) -> None:
    register = Register(tmp_path / "register.db", b"k" * 32)
    assert register.opening == 0
    register.note_opening(7)
    register.close()
    again = Register(tmp_path / "register.db", b"k" * 32)
    assert (again.opening, again.counter) == (7, 0)
    again.close()
