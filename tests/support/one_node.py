"""One real node in a temporary folder, with its store, its keys and its policy; no network."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from federation.peers import PeerState
from node.runtime import Node, open_node
from node.setup import Wishes, init_node
from node.store.peers import Peer, add_peer, set_peer
from protocol.ids import OrgId
from tests.support.key_material import Chance, MadeUp, made_up

NOW = 1_768_953_600_000_000  # 2026-01-21
DAY_US = 86_400_000_000
PASSPHRASE = b"orchard lamp seven"


@dataclass(slots=True)
class Clock:
    """A clock that moves when it is told to, and one microsecond whenever it is read."""

    now: int = NOW

    def __call__(self) -> int:
        """Microseconds since 1970."""
        self.now += 1
        return self.now


@asynccontextmanager
async def one_node(
    home: Path, *, preset: str = "criminalised", region: str = "US-CA", clock: Clock | None = None
) -> AsyncIterator[Node]:
    """Open the node in `home`, made first where there is none."""
    clock = clock or Clock()
    if not (home / "settings.toml").exists():
        wishes = Wishes(
            org="Riverside", region=region, preset=preset, timezone="America/Los_Angeles"
        )
        init_node(
            home, wishes, passphrase=PASSPHRASE, recovery_out=home.with_name("words"), now=NOW
        )
    async with open_node(home, PASSPHRASE, clock=clock) as node:
        yield node


async def befriend(
    node: Node, name: str, state: PeerState = PeerState.TRUSTED, **columns: Any
) -> MadeUp:
    """Add a made-up organisation as a peer of the node."""
    other = made_up(name)

    def add(connection: Any) -> Peer:
        peer = add_peer(
            connection, other.documents(), name=name, state=state, now_us=node.context.now_us()
        )
        set_peer(connection, peer.id, contact_us=node.context.now_us(), **columns)
        return peer

    await node.change(add)
    return other


async def published(node: Node, **fields: str | Sequence[str]) -> str:
    """Write and publish a draft; gives the alert's id."""
    texts: Mapping[str, Sequence[str]] = {
        name.replace("__", "."): [value] if isinstance(value, str) else value
        for name, value in {"codes": "NP", **fields}.items()
    }
    draft = await node.dispatch("draft_new", {"fields": texts})
    result = await node.dispatch("draft_publish", {"ids": [draft["id"]]})
    assert result["refused"] == []
    alert: str = result["published"][0]
    return alert


__all__ = ["Chance", "Clock", "OrgId", "befriend", "one_node", "published"]
