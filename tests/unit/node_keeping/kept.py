"""A real node in a folder of its own, with a clock that tests set, peers and alerts."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection

from federation.peers import PeerState
from federation.release import Consent
from keys.documents import Documents
from node.pipeline import last_day, leaves_of, new_record, publish, sign_alert
from node.runtime import Node, open_node
from node.setup import Wishes, init_node
from node.store.grants import StoreGrants
from node.store.peers import Peer, add_peer, peer_by_id, set_peer
from node.tokens import with_tokens
from protocol.codec import Value
from protocol.ids import RecordKey

START = 1_768_953_600_000_000  # 2026-01-21
HOUR = 3_600_000_000
DAY = 24 * HOUR
PASSPHRASE = b"orchard lamp seven"
ROBBERY: dict[str, Value] = {
    "codes": ["robbery"],
    "phone": ["+14155550142"],
    "place.city": "San Francisco",
    "place.region": "US-CA",
}
CONSENT = Consent(members=True, peers=True)


@dataclass(slots=True)
class Kept:
    """One organisation's node folder, its recovery words, and the time it is there."""

    home: Path
    words: Path
    now: int = START
    files: list[str] = field(default_factory=list)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[Node]:
        """Open the node, as a command or the server would."""
        async with open_node(self.home, PASSPHRASE, clock=lambda: self.now) as node:
            yield node

    @property
    def root(self) -> str:
        """The text of the root's recovery file."""
        return Path(self.files[0]).read_text()

    @property
    def next_root(self) -> str:
        """The text of the next root's recovery file."""
        return Path(self.files[1]).read_text()


def make(folder: Path, name: str, **wishes: str) -> Kept:
    """Make a node called `name`, for the region US-CA and everything shared with trusted peers."""
    kept = Kept(folder / name, folder / f"{name}-words")
    asked = {"region": "US-CA", "preset": "criminalised", "timezone": "UTC", **wishes}
    made = init_node(
        kept.home,
        Wishes(org=name, **asked),  # type: ignore[arg-type]  # all of these are texts
        passphrase=PASSPHRASE,
        recovery_out=kept.words,
        now=START,
    )
    kept.files = made["recovery_files"]
    return kept


async def documents_of(kept: Kept) -> Documents:
    """What this node would hand to a peer."""
    async with kept.opened() as node:
        return node.documents


async def befriend(
    node: Node, docs: Documents, name: str, state: PeerState = PeerState.TRUSTED
) -> Peer:
    """Make another organisation a peer, as if its code had been compared."""
    now = node.context.now_us()

    def added(connection: Connection) -> Peer:
        peer = add_peer(connection, docs, name=name, state=state, now_us=now)
        set_peer(connection, peer.id, contact_us=now)
        return peer_by_id(connection, peer.id)

    return await node.change(added)


async def say(node: Node, count: int = 1, **fields: Value) -> list[RecordKey]:
    """Publish alerts of a robbery."""
    context = node.context
    said = leaves_of({**ROBBERY, **fields}, node.policy, CONSENT)
    leaves = with_tokens(said, node.policy, context.oprf_key)
    exp_day = last_day(leaves, node.policy, node.today)
    signed = [
        sign_alert(
            node.key, node.keystore.org, leaves, context.random, day=node.today, exp_day=exp_day
        )
        for _ in range(count)
    ]
    now = context.now_us()
    records = [new_record(each, CONSENT, frozenset(leaves), now) for each in signed]
    await node.change(publish, context, records)
    return [each.entry.rk for each in signed]


async def confirm(node: Node, peer: Peer, held: Iterable[tuple[RecordKey, str]] = ()) -> None:
    """Have a peer prove that it holds all it was told, but for what it holds back."""

    def noted(connection: Connection) -> None:
        grants = StoreGrants(connection, node.context, peer_by_id(connection, peer.id))
        grants.channel.cursor = grants.channel.pseq
        grants.confirm(grants.channel.pseq, dict(held), equal=True)
        grants.save()

    await node.change(noted)
