"""A node of the model: the real store, register, pipeline, conversations and answers, in memory.

Only three things are not the real ones: the disk (SQLCipher's `:memory:`), the sealing of messages
(their bytes travel as they are), and the clock. A store can crash at any commit: before the
register is written, between the register and the commit, and after the commit.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from random import Random
from typing import Any, cast

from sqlalchemy import Connection, Engine

from federation.client import Client
from federation.errors import Unreachable
from federation.policy import Policy, load_policy
from keys.documents import Documents
from keys.envelope import BoxKey, Inner, Opened, make_box_key, make_inner
from keys.keystore import Keystore
from keys.orgdoc import OrgDoc, next_hash, sign_orgdoc
from keys.signing import SigningKey
from node.answering import Answering
from node.exchange import Exchange
from node.opening import note_closed, settle
from node.owndocs import finish_signing
from node.rounds import Rounds
from node.runtime import Node, _documents, _orgdocs
from node.settings import Settings
from node.store import meta
from node.store.context import Context
from node.store.engine import Store, sync_engine
from node.store.register import Register
from node.store.tables import metadata
from node.syncing import Syncing
from node.writing import COUNTER
from protocol.codec import decode
from protocol.errors import ErrorNumber, ProtocolError
from protocol.ids import NodeKey, OrgId, day_of
from protocol.messages import Message
from protocol.shape import as_array, as_bytes, as_int, as_str

START = 1_768_953_600_000_000  # 2026-01-21
DAY_US = 86_400_000_000
STORE_KEY = b"k" * 32
ORGDOC_DAYS = 395
POINTS = ("before_flush", "before_commit", "after_commit")
Post = Callable[["SimHost", str, bytes], Awaitable[bytes]]


class SimCrash(Exception):
    """The process was killed here."""


async def _at_once(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)


@contextmanager
def no_threads() -> Iterator[None]:
    """Run what production gives to a thread in the loop, so that a seed says everything."""
    real = asyncio.to_thread
    asyncio.to_thread = _at_once
    try:
        yield
    finally:
        asyncio.to_thread = real


class SimRegister(Register):
    """The real register in memory; the process may die before it is written."""

    crash: Callable[[str], None]

    def flush(self) -> int:
        self.crash("before_flush")
        return super().flush()


class SimStore:
    """`node.store.engine.Store` over one connection in memory, with places to crash."""

    path = Path("store.db")

    def __init__(self) -> None:
        self.engine = empty_store()
        self.raw: Any = self.engine.raw_connection().driver_connection
        self.crash_at = ""
        self.crash_in = 0  # commits from now; 0 is never
        self._now = ""

    def crash(self, point: str) -> None:
        """Die here, if this is the place."""
        if self._now == point:
            self._now = ""
            raise SimCrash(point)

    def disarm(self) -> None:
        """Crash no more, also where a commit that was to die did not take place."""
        self.crash_in, self._now = 0, ""

    async def read(self, query: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        with self.engine.begin() as connection:
            return query(connection, *args, **kwargs)

    async def checkpoint(self) -> None:
        """There is no journal in memory."""

    async def write(self, query: Callable[[Connection], Any]) -> Any:
        if self.crash_in:
            self.crash_in -= 1
            self._now = "" if self.crash_in else self.crash_at
        with self.engine.begin() as connection:
            result = query(connection)
            self.crash("before_flush")
            self.crash("before_commit")
        self.crash("after_commit")
        return result

    def copy(self) -> Engine:
        """The store as it is now, for a backup."""
        target = sync_engine(":memory:", STORE_KEY, shared=True)
        _copy(self.engine, target)
        return target

    def load(self, source: Engine) -> None:
        """Put a backup in this store's place."""
        _copy(source, self.engine)


def _copy(source: Engine, target: Engine) -> None:
    raw: Any = source.raw_connection().driver_connection
    raw.backup(target.raw_connection().driver_connection)


@lru_cache(maxsize=1)
def _template() -> Engine:
    engine = sync_engine(":memory:", STORE_KEY, shared=True)
    with engine.begin() as connection:
        metadata.create_all(connection)
    return engine


def empty_store() -> Engine:
    """A new store with its tables."""
    engine = sync_engine(":memory:", STORE_KEY, shared=True)
    _copy(_template(), engine)
    return engine


@lru_cache(maxsize=4096)
def policy_of(text: str) -> Policy:
    """A policy by its text; reading one is slow."""
    return load_policy(text)


@dataclass(frozen=True, slots=True)
class WitnessedKey(SigningKey):
    """A node key that tells the truth keeper of every entry that it signs."""

    witness: Callable[[bytes], None] = field(kw_only=True, repr=False, compare=False)

    def sign(self, context: str, data: bytes) -> bytes:
        if context == "entry":
            self.witness(data)
        return SigningKey.sign(self, context, data)


class _Unsealed(Opened):
    """A message whose signature was not made: the model's network delivers what was sent."""

    def verify(self, node_key: bytes) -> None:
        if node_key != self.inner.from_key:
            raise ProtocolError(ErrorNumber.KEY, "a message under another key than expected")


def open_message(wire: bytes) -> Opened:
    """Read a wire of the model's network."""
    rows = as_array(decode(wire[1:]))
    inner = Inner(
        as_str(rows[1], 16), OrgId(as_bytes(rows[2], 32)), NodeKey(as_bytes(rows[3], 32)),
        OrgId(as_bytes(rows[4], 32)), as_int(rows[5], 0), as_bytes(rows[6], most=32), rows[7],
        wire[1:],
    )  # fmt: skip
    return _Unsealed(inner, bytes(64))


class SimExchange(Exchange):
    """The real exchange, without sealing."""

    async def open(self, wire: bytes) -> Opened:
        opened = open_message(wire)
        if opened.inner.to_org != self._node.context.org:
            raise ProtocolError(ErrorNumber.KEY, "a message for another organisation")
        return opened

    def _seal(self, message: Message, docs: Documents, re: bytes, n: int) -> tuple[bytes, Inner]:
        node = self._node
        inner = make_inner(
            message.name, node.context.org, node.key.public, docs.org, n, re,
            message.encode_body(),
        )  # fmt: skip
        return b"\x01" + inner.raw, inner


class SimClient(Client):
    """Posts into the model's network."""

    def __init__(self, host: "SimHost") -> None:
        super().__init__()
        self._host = host
        self._generation = host.generation

    async def post(self, endpoint: str, wire: bytes, *, wait_s: int = 0) -> bytes:
        assert wait_s == 0
        if wire[:1] != b"\x01":
            raise Unreachable("no_connection", "the model knocks on no door")
        answer = await self._host.post(self._host, endpoint, wire)
        if self._host.generation != self._generation:
            raise SimCrash("the node was started anew meanwhile")
        return answer


class SimNode(Node):
    """The real node; its keystore is its host's."""

    host: "SimHost"

    def change_keystore(self, change: Callable[[Keystore], Keystore]) -> None:
        keystore = change(self.keystore)
        self.host.keystore = self.keystore = keystore
        self.context.own_doc = _orgdocs(keystore)[-1]
        self.documents = _documents(self)


class SimHost:
    """One organisation's machine: what survives a crash, and the node that runs on it now."""

    node: SimNode
    rounds: Rounds
    syncing: Syncing
    answering: Answering

    def __init__(
        self,
        index: int,
        region: str,
        policy_text: str,
        clock: Callable[[], int],
        random: Callable[[int], bytes],
        post: Post,
        witness: Callable[[bytes], None],
    ) -> None:
        self.index = index
        self.name = f"org{index}"
        self.region = region
        self.policy_text = policy_text
        self.clock = clock
        self.random = random
        self.post = post
        self.witness = witness
        self.endpoint = f"https://{self.name}.example.org/s/0123456789abcdef"
        self.store = SimStore()
        self.register = self._new_register()
        self.restored_us = 0
        self.brake_limit = 20
        self.generation = 0
        self.root, self.next_root = SigningKey(random(32)), SigningKey(random(32))
        key = self.new_key()
        today = day_of(clock())
        doc = sign_orgdoc(
            self.root, gen=0, ver=1, next_=next_hash(self.next_root.public), iat=today,
            exp=today + ORGDOC_DAYS, name=self.name,
            keys=[(key.public, today - 1, today + ORGDOC_DAYS)],
        )  # fmt: skip
        box: BoxKey = make_box_key(random(32), today)
        self.keystore = Keystore(doc.org, (key,), (box,), STORE_KEY, ((doc.raw, doc.sig),), 1)
        self.org = doc.org

    def new_key(self) -> WitnessedKey:
        """A node key whose entries are witnessed."""
        return WitnessedKey(self.random(32), witness=self.witness)

    @property
    def doc(self) -> OrgDoc:
        """The present org document."""
        return _orgdocs(self.keystore)[-1]

    async def open(self) -> None:
        """Start the node, as `node.runtime.open_node` does, again where it crashes on the way."""
        while True:
            try:
                await self._open()
            except SimCrash:
                continue
            return

    async def _open(self) -> None:
        self.generation += 1
        self.register.discard()
        context = Context(
            own_doc=self.doc,
            region=self.region,
            policy=policy_of(self.policy_text),
            register=self.register,
            now_us=self.clock,
            random=self.random,
            brake_limit=self.brake_limit,
        )
        settings = Settings(
            org=self.name, region=self.region, timezone="UTC", endpoints=(self.endpoint,)
        )
        store = cast("Store", self.store)
        node = SimNode(Path(), settings, self.keystore, "", store, context)
        node.host = self
        self.node = node
        positions: dict[int, bytes] = {}
        exchange = SimExchange(node, SimClient(self))
        self.answering = Answering(node, exchange, positions)
        self.rounds = Rounds(node, exchange, positions)
        self.syncing = Syncing(node, exchange, self.answering, positions)
        self.register.note_opening(await node.change(settle, context, self.policy_text))
        await node.renew_card_if_due()
        await finish_signing(node)

    async def close(self) -> None:
        """Stop the node as its keeper does; where it dies on the way, it was killed."""
        with suppress(SimCrash):
            await self.store.write(note_closed)

    def lose_register(self) -> None:
        """The register's file is gone."""
        with self.store.engine.begin() as connection:
            counter = meta.get_int(connection, COUNTER)
        self.register = self._new_register(expected=counter)

    def _new_register(self, *, expected: int = 0) -> SimRegister:
        register = SimRegister(":memory:", STORE_KEY, expected=expected)
        register.crash = self.store.crash
        return register


def seeded(rng: Random) -> Callable[[int], bytes]:
    """Chance that a seed decides."""
    return rng.randbytes
