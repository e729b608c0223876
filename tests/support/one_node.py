"""One real node in a temporary folder, with its store, its keys and its policy; no network."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock
from typing import Any

from sqlalchemy import Connection

from federation.peers import PeerState
from federation.policy import accepts_of
from federation.verify import check_items
from keys.card import Accepts, sign_card
from keys.documents import Documents
from node.pipeline import sign_alert
from node.runtime import Node, open_node
from node.setup import Wishes, init_node
from node.store.intake import StoreIntake
from node.store.peers import Peer, add_peer, peer_of, set_peer
from protocol.codec import Value
from protocol.commitment import encode_disclosures
from protocol.fields import expand
from protocol.ids import Day, text_id
from protocol.messages import Put
from tests.support.key_material import MadeUp, made_up

NOW = 1_768_953_600_000_000  # 2026-01-21
DAY_US = 86_400_000_000
PASSPHRASE = b"orchard lamp seven"


@dataclass(slots=True)
class Clock:
    """A clock that moves when it is told to, and one microsecond whenever it is read."""

    now: int = NOW
    _turn: Lock = field(default_factory=Lock, repr=False)  # threads read it, and it never goes back

    def __call__(self) -> int:
        """Microseconds since 1970."""
        with self._turn:
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
    node: Node,
    name: str,
    state: PeerState = PeerState.TRUSTED,
    *,
    oprf_kid: bytes = b"",
    endpoints: Sequence[str] = (),
    **columns: Any,
) -> MadeUp:
    """Add a made-up organisation as a peer of the node; its card accepts all that ours does."""
    other = made_up(name)
    accepted = accepts_of(node.policy, "US-CA")
    card = sign_card(
        other.node_key,
        org=other.org,
        n=1,
        box_public=other.box.public,
        exp_day=node.today + 30,
        endpoints=endpoints,
        features=[],
        accepts=Accepts("US-CA", accepted.legal_model, accepted.levels),
        oprf_kid=oprf_kid,
    )
    documents = Documents((other.doc(),), card)

    def add(connection: Connection) -> Peer:
        now = node.context.now_us()
        peer = add_peer(connection, documents, name=name, state=state, now_us=now)
        set_peer(connection, peer.id, **({"contact_us": now} | columns))
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


async def received(node: Node, other: MadeUp, **fields: Value) -> str:
    """Have the node receive a record of a peer, as sync would apply it; gives the alert's id."""
    words: dict[str, Value] = {
        "codes": ["non_payment"],
        "terms": ["members", False, False, False, False, []],
    }
    leaves = expand(words | {name.replace("__", "."): value for name, value in fields.items()})
    signed = sign_alert(
        other.node_key, other.org, leaves, node.context.random,
        day=node.today, exp_day=Day(node.today + 90),
    )  # fmt: skip
    put = Put(
        1, signed.entry.rk, signed.entry.raw, signed.sig, encode_disclosures(signed.disclosures)
    )
    items = check_items([put], other.doc(), node.today)

    def take(connection: Connection) -> None:
        peer = peer_of(connection, other.org)
        assert peer is not None
        StoreIntake(connection, node.context, peer, None).apply(items)

    await node.change(take)
    return text_id(signed.entry.rk)
