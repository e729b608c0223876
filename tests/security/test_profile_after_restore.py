"""A backup that is put back forgets neither a network's profile nor who is no longer introduced."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, select, update

from federation.origin import next_delta
from federation.peers import PeerState
from keys.documents import Documents
from node.runtime import Node
from node.store import meta
from node.store.grants import StoreGrants
from node.store.peers import add_peer, peer_of
from node.store.records import opened_values
from node.store.tables import peers
from protocol.commitment import state_hash
from protocol.entry import decode_entry
from protocol.messages import Give, Given, List, Put, Row
from tests.support.hostile import tell
from tests.support.key_material import MadeUp
from tests.support.one_node import befriend, one_node, published

WITHHELD = '[identifiers]\nphone = "withhold"\n'


@asynccontextmanager
async def put_back(home: Path, copy: bytes) -> AsyncIterator[Node]:
    """The node, opened with an earlier store."""
    for name in ("store.db-wal", "store.db-shm"):
        (home / name).unlink(missing_ok=True)
    (home / "store.db").write_bytes(copy)
    async with one_node(home) as node:
        yield node


async def signed_profile(home: Path) -> tuple[str, Documents]:
    """A network's profile that withholds phone numbers, and the network's documents."""
    async with one_node(home / "net" / "node") as network:
        made = await network.dispatch("policy_sign_profile", {"text": WITHHELD})
        return made["profile"], network.documents


async def meet(node: Node, documents: Documents) -> None:
    """Trust the network."""

    def add(connection: Connection) -> None:
        now = node.context.now_us()
        add_peer(connection, documents, name="Network", state=PeerState.TRUSTED, now_us=now)

    await node.change(add)


async def told(node: Node, other: MadeUp) -> list[Put]:
    """What the next delta puts to a peer."""

    def read(connection: Connection) -> list[Put]:
        peer = peer_of(connection, other.org)
        assert peer is not None
        delta = next_delta(StoreGrants(connection, node.context, peer), 0, node.today)
        assert delta is not None
        return [each for each in delta.items if isinstance(each, Put)]

    return await node.change(read)


def has_phone(put: Put) -> bool:
    return "phone" in opened_values(put.disclosures)


async def given_back(node: Node, other: MadeUp, last: Put) -> None:
    """A peer lists what it holds and gives it back, as in every recovery."""
    entry = decode_entry(last.entry)
    state = state_hash(entry.eid, last.disclosures)[:8]
    row = Row(last.rk, entry.rev, entry.eid[:8], state, entry.exp_day)
    await tell(node, other, List(b"", b"", (row,)))
    await tell(node, other, Give((Given(last.entry, last.sig, last.disclosures),)))


async def test_a_profile_that_was_adopted_after_the_backup_is_in_force_after_the_restore(
    tmp_path: Path,
) -> None:
    home = tmp_path / "node"
    profile, network = await signed_profile(tmp_path)
    async with one_node(home) as node:
        other = await befriend(node, "Harbour")
        await meet(node, network)
        await published(node, phone="+1 415 555 0142")
        assert all(has_phone(put) for put in await told(node, other))
    copy = (home / "store.db").read_bytes()
    async with one_node(home) as node:
        await node.dispatch("policy_adopt", {"text": profile})
        (last,) = await told(node, other)
        assert not has_phone(last)
    async with put_back(home, copy) as node:
        assert (await node.dispatch("policy_profile", {}))["profile"] is not None
        assert node.policy.identifiers.phone == "withhold"
        await given_back(node, other, last)
        await published(node, phone="+1 415 555 0177")
        items = await told(node, other)
        assert items
        assert not any(has_phone(put) for put in items)
    async with one_node(home) as node:  # the restored store has it for itself now
        assert node.policy.identifiers.phone == "withhold"


async def test_a_profile_that_was_left_after_the_backup_stays_left(tmp_path: Path) -> None:
    home = tmp_path / "node"
    profile, network = await signed_profile(tmp_path)
    async with one_node(home) as node:
        await meet(node, network)
        await node.dispatch("policy_adopt", {"text": profile})
    copy = (home / "store.db").read_bytes()
    async with one_node(home) as node:
        await node.dispatch("policy_leave", {})
    async with put_back(home, copy) as node:
        assert node.context.profile is None
        assert node.policy.identifiers.phone != "withhold"


async def test_a_profile_in_the_backup_is_kept_where_the_register_is_lost(tmp_path: Path) -> None:
    home = tmp_path / "node"
    profile, network = await signed_profile(tmp_path)
    async with one_node(home) as node:
        await meet(node, network)
        await node.dispatch("policy_adopt", {"text": profile})
    for file in home.glob("register.db*"):
        file.unlink()
    async with one_node(home) as node:
        assert node.context.hold_all
        assert node.policy.identifiers.phone == "withhold"


@pytest.mark.parametrize("again", [False, True], ids=["stays_out", "unless_asked_again"])
async def test_who_asked_no_longer_to_be_introduced_is_not_after_a_restore(
    tmp_path: Path, *, again: bool
) -> None:
    home = tmp_path / "node"
    async with one_node(home) as node:
        await node.dispatch("peer_introduce", {"me": True})
    copy = (home / "store.db").read_bytes()
    async with one_node(home) as node:
        await node.dispatch("peer_introduce", {"me": True, "stop": True})
        if again:
            await node.dispatch("peer_introduce", {"me": True})
    async with put_back(home, copy) as node:
        assert node.context.introduce_me is again
        card = node.documents.card
        assert card is not None
        assert ("introduce" in card.features) is again
        assert (await node.read(meta.get, meta.INTRODUCE_ME) is not None) is again


async def test_a_peer_that_is_no_longer_introduced_is_not_after_a_restore(tmp_path: Path) -> None:
    home = tmp_path / "node"
    async with one_node(home) as node:
        harbour, mill = await befriend(node, "Harbour"), await befriend(node, "Mill")
        await node.change(lambda c: c.execute(update(peers).values(introduce=1)))
    copy = (home / "store.db").read_bytes()
    async with one_node(home) as node:
        await node.dispatch("peer_introduce", {"peer": "Harbour", "stop": True})
    async with put_back(home, copy) as node:
        rows = await node.read(
            lambda c: c.execute(select(peers.c.org, peers.c.introduce)).fetchall()
        )
        assert {bytes(row.org): row.introduce for row in rows} == {harbour.org: 0, mill.org: 1}
