"""One running node: its keys, its store, its policy, and the one way to change any of them.

`open_node` is used by the server and by every short command alike; whoever opens a node holds the
folder's lock. Commands are functions in `node.commands`, found by name in its table.
"""

import asyncio
import os
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DatabaseError

from federation import mailbox
from federation.policy import Policy, accepts_of, load_policy
from keys.card import Accepts, sign_card
from keys.documents import Documents
from keys.envelope import BoxKey, make_box_key
from keys.keystore import Keystore, load_keystore, save_keystore
from keys.oprf import OPRF_SEED_BYTES, OprfKey, derive_key, oprf_available
from keys.orgdoc import OrgDoc, decode_orgdoc
from keys.signing import SigningKey
from node import opening
from node.abilities import refuse_what_cannot_act
from node.checking_pool import CheckingPool
from node.errors import NodeError, StoreLocked
from node.folding import Folding
from node.settings import (
    KEYSTORE_FILE,
    POLICY_FILE,
    Settings,
    load_settings,
    read_text_file,
)
from node.store import meta
from node.store.context import Context
from node.store.engine import Store
from node.store.identifier_index import IdentifierIndex
from node.store.peers import mark_hello_due
from node.store.register import Register
from node.store.schema import upgrade_store
from node.writing import COUNTER, GroupCommit
from protocol.codec import encode
from protocol.ids import Day

if TYPE_CHECKING:
    from node.exchange import Exchange

P = ParamSpec("P")
R = TypeVar("R")

STORE_FILE = "store.db"
REGISTER_FILE = "register.db"
CARD_DAYS = 45
BOX_KEY_DAYS = 30
OLD_BOX_DAYS = 45 + 14
FEATURES = ("sync1",)
INTRODUCE = "introduce"  # on a card: hubs may introduce us to those whom they introduce


class Node:
    """An opened node. Its store is changed through `change` only."""

    def __init__(
        self,
        home: Path,
        settings: Settings,
        keystore: Keystore,
        passphrase: str,
        store: Store,
        context: Context,
    ) -> None:
        self.home = home
        self.settings = settings
        self.keystore = keystore
        self.store = store
        self.context = context
        self._passphrase = passphrase
        self.identifiers = IdentifierIndex(store)  # read on the first check
        self._keystore_changes = threading.Lock()
        self._folding = Folding(store)
        self._writes = GroupCommit(store, context)
        self._writes.on_purged = self._folding.due
        self.checking = CheckingPool()
        self.deriving = asyncio.Lock()  # held by who derives ledgers anew: node.deriving
        context.oprf_key = _oprf_key(keystore)
        self.documents = _documents(self)
        self.exchange: Exchange | None = None  # only while a server runs
        self.on_news: Callable[[set[int]], None] = _ignore  # the server wakes its syncs here
        self.on_peers: Callable[[], None] = _nothing  # a peer was added or changed state
        self.pages_trouble = ""  # why the pages cannot listen, while they cannot

    @property
    def key(self) -> SigningKey:
        """The node key that signs now."""
        return self.keystore.node_keys[0]

    @property
    def box_keys(self) -> tuple[BoxKey, ...]:
        """The box keys that peers may still seal to."""
        return self.keystore.box_keys

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return self.context.policy

    @property
    def today(self) -> Day:
        """The day number of now."""
        return self.context.today

    async def read(
        self, query: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run a query in a read transaction."""
        return await self.store.read(query, *args, **kwargs)

    async def change(
        self, query: Callable[Concatenate[Connection, P], R], *args: P.args, **kwargs: P.kwargs
    ) -> R:
        """Run a query in a write transaction: durable when this returns, all of it or nothing.

        What it staged in the register is durable before the transaction is, so that a crash
        between the two can only have narrowed. Queries that wait share a commit (`node.writing`).
        """
        result: R = await self._writes.run(lambda connection: query(connection, *args, **kwargs))
        if self.context.news:
            news, self.context.news = self.context.news, set()
            self.on_news(news)
        return result

    def when_narrowed(self, act: Callable[[], None]) -> None:
        """Have `act` called after each commit that narrowed something."""
        self._writes.on_narrowed = act

    async def dispatch(self, name: str, args: dict[str, Any]) -> dict[str, Any]:
        """Run one command by name; BadRequest if there is none, or an argument does not fit."""
        from node.commands.table import find
        from node.freezing import refuse_while_frozen

        refuse_while_frozen(self.context, name)
        command: Callable[..., Awaitable[dict[str, Any]]] = find(name, args)
        return await command(self, **args)

    def change_keystore(self, change: Callable[[Keystore], Keystore]) -> None:
        """Replace the keystore on disk, then here; one change at a time, in whatever thread."""
        with self._keystore_changes:
            keystore = change(self.keystore)
            save_keystore(self.home / KEYSTORE_FILE, keystore, self._passphrase)
            self.keystore = keystore
            self.context.own_doc = _orgdocs(keystore)[-1]
            self.context.oprf_key = _oprf_key(keystore)
            self.documents = _documents(self)

    def write_keystore(self, path: Path, keystore: Keystore) -> None:
        """Write a keystore elsewhere under this node's passphrase, for a backup."""
        save_keystore(path, keystore, self._passphrase)

    def make_oprf_seed(self) -> None:
        """Give a node of before matching the seed of its tokens, and its card their key's name."""
        self.change_keystore(
            lambda keystore: replace(
                keystore,
                oprf_seed=self.context.random(OPRF_SEED_BYTES),
                card_n=max(self.context.now_us(), keystore.card_n + 1) if keystore.card_n else 0,
            )
        )

    async def renew_card_if_due(self) -> bool:
        """Issue a new card if there is none yet or its box key is old; whether it did."""
        age = self.today - self.keystore.box_keys[0].made_day if self.keystore.box_keys else None
        if self.keystore.card_n and age is not None and age < BOX_KEY_DAYS:
            return False
        await asyncio.to_thread(self.renew_card)
        return True

    def renew_card(self) -> None:
        """Issue a new card: after 30 days with a new box key, else with what changed."""
        self.change_keystore(self._with_new_card)

    def _with_new_card(self, keystore: Keystore) -> Keystore:
        boxes = [key for key in keystore.box_keys if self.today - key.made_day <= OLD_BOX_DAYS]
        if not boxes or self.today - boxes[0].made_day >= BOX_KEY_DAYS:
            boxes.insert(0, make_box_key(self.context.random(32), self.today))
        n = max(self.context.now_us(), keystore.card_n + 1)
        return replace(keystore, box_keys=tuple(boxes), card_n=n)

    async def close(self) -> None:
        """Close the store and the register, after what was queued is durable."""
        self.checking.stop()
        await self._writes.drain()
        with suppress(DatabaseError, NodeError):  # then it opens as after a power cut
            await self.store.write(opening.note_closed)
        await self._folding.stop()
        await self.store.close()
        self.context.register.close()


def _ignore(_: set[int]) -> None:
    """Nobody syncs in this process."""


def _nothing() -> None:
    """Nobody syncs in this process."""


def _orgdocs(keystore: Keystore) -> tuple[OrgDoc, ...]:
    return tuple(decode_orgdoc(raw, sig) for raw, sig in keystore.orgdocs)


def _oprf_key(keystore: Keystore) -> OprfKey | None:
    """The key of our tokens; None where this machine cannot match, or there is no seed yet."""
    return derive_key(keystore.oprf_seed) if keystore.oprf_seed and oprf_available() else None


def _documents(node: Node) -> Documents:
    """Our documents, with a card that says where we are and what our policy can hold."""
    keystore, settings = node.keystore, node.settings
    accepted = accepts_of(node.context.policy, settings.region)
    card = sign_card(
        node.key,
        org=keystore.org,
        n=max(keystore.card_n, 1),
        box_public=keystore.box_keys[0].public,
        exp_day=keystore.box_keys[0].made_day + CARD_DAYS,
        endpoints=settings.endpoints,
        features=_features(node),
        accepts=Accepts(accepted.region, accepted.legal_model, accepted.levels),
        oprf_kid=node.context.oprf_key.kid if node.context.oprf_key else b"",
    )
    return Documents(_orgdocs(keystore), card)


def _features(node: Node) -> tuple[str, ...]:
    introduce = (INTRODUCE,) if node.context.introduce_me else ()
    return (*FEATURES, *introduce, *((mailbox.FEATURE,) if node.settings.mailbox else ()))


async def _issue_card_if_changed(node: Node) -> None:
    """Issue a card anew where the settings that stand on it were changed since the last start."""
    settings = node.settings
    shown = encode([list(settings.endpoints), settings.mailbox])
    if await node.read(meta.get, meta.ON_CARD) == shown:
        return
    if node.keystore.card_n:
        await asyncio.to_thread(node.renew_card)
        await node.change(mark_hello_due, opening.HEARING)
    await node.change(meta.put, meta.ON_CARD, shown)


def create_store(home: Path, keystore: Keystore) -> None:
    """Make the store and the register of a new node; called once, by `init`."""
    upgrade_store(home / STORE_FILE, keystore.store_key)
    Register(home / REGISTER_FILE, keystore.store_key).close()
    for name in (STORE_FILE, REGISTER_FILE):
        (home / name).chmod(0o600)


def now_us() -> int:
    """Microseconds since 1970, UTC."""
    return time.time_ns() // 1000


@asynccontextmanager
async def open_node(
    home: Path,
    passphrase: bytes,
    *,
    clock: Callable[[], int] = now_us,
    random: Callable[[int], bytes] = os.urandom,
) -> AsyncIterator[Node]:
    """Open the node in `home`; the caller holds its lock. Raises what its files raise."""
    settings = load_settings(home)
    policy = load_policy(read_text_file(home / POLICY_FILE))
    refuse_what_cannot_act(policy)
    text = passphrase.decode()
    keystore = await asyncio.to_thread(load_keystore, home / KEYSTORE_FILE, text)
    path = home / STORE_FILE
    if not path.exists():
        raise StoreLocked("The store is missing. Restore a backup, or begin with parasol init.")
    await asyncio.to_thread(upgrade_store, path, keystore.store_key)
    store = Store(path, keystore.store_key)
    try:
        counter = await store.read(meta.get_int, COUNTER)
        register = Register(home / REGISTER_FILE, keystore.store_key, expected=counter)
        context = Context(
            own_doc=_orgdocs(keystore)[-1],
            region=settings.region,
            policy=policy,
            register=register,
            now_us=clock,
            random=random,
            overdue_us=settings.overdue_minutes * 60_000_000,
        )
        node = Node(home, settings, keystore, text, store, context)
        policy_text = read_text_file(home / POLICY_FILE)
        register.note_opening(await node.change(opening.settle, context, policy_text))
        node.documents = _documents(node)  # what was settled may stand on our card
        if not keystore.oprf_seed:
            await asyncio.to_thread(node.make_oprf_seed)
            await node.change(mark_hello_due, opening.HEARING)
        await _issue_card_if_changed(node)
        await node.renew_card_if_due()
    except BaseException:
        await store.close()
        raise
    try:
        yield node
    finally:
        await node.close()
