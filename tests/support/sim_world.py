"""The world of the model: organisations, what their keepers do, a thief, a clock and a network."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

from sqlalchemy import Connection, Engine

from federation.peers import PeerState
from node.issue_again import issue_again
from node.jobs import KNOWN_STATES, forget_ended, purge_braked
from node.opening import RESTORED
from node.owndocs import adopt
from node.rootdocs import chain_with, revoked, rotated
from node.store import meta
from node.store.due import START as START_OF_KEYS
from node.store.due import derive_from
from node.store.peers import Peer, add_peer, all_peers, mark_hello_due, set_peer
from protocol.codec import Value
from protocol.entry import Status
from protocol.errors import ParasolError
from protocol.ids import RecordKey
from tests.support.sim_checks import Held, check_end, check_stores, check_wire
from tests.support.sim_keepers import Keepers
from tests.support.sim_network import Network
from tests.support.sim_node import START, SimCrash, SimHost
from tests.support.sim_truth import Truth, random_switches
from tests.support.sim_views import View, digests_match, view

REGIONS = ("US-CA", "US-NY", "FR", "US-CA")


class World(Keepers):
    """Everything that one schedule plays in. `rng` is seeded anew for each action."""

    thief_s_terms: tuple[Value, ...] = ("members", False, False, False, False, [])

    def __init__(self, seed: int, organisations: int, regions: tuple[str, ...] = REGIONS) -> None:
        self.rng = Random(seed)
        self.now = START
        self.truth = Truth(
            regions[:organisations],
            [random_switches(self.rng, organisations) for _ in range(organisations)],
        )
        self.views: dict[int, tuple[Any, View]] = {}
        self.erased_at: set[tuple[int, RecordKey]] = set()
        self.tainted: dict[int, int] = {}
        self.snapshots: dict[int, list[Engine]] = {}
        self.busy = False
        self.faulty = True
        self._random = Random(seed + 1)
        self.hosts = [self._host(index) for index in range(organisations)]
        self.purged_at: dict[tuple[int, int], list[int]] = {}  # by thieves: host, origin → when
        self.was_shown: dict[tuple[int, int], frozenset[RecordKey]] = {}
        for host in self.hosts:  # few records are many here
            host.brake_limit = 2 if Random(seed + 2).random() < 0.5 else 20
        self.truth.orgs = tuple(host.org for host in self.hosts)
        self.index_of = {bytes(org): index for index, org in enumerate(self.truth.orgs)}
        self.network = Network(self.rng, self._left, self.meanwhile, self._tick)
        self.network.hosts = {host.endpoint: host for host in self.hosts}

    def _host(self, index: int) -> SimHost:
        return SimHost(
            index, self.truth.regions[index], "", lambda: self.now, self._random.randbytes,
            self._post, self.truth.witness,
        )  # fmt: skip

    async def _post(self, sender: SimHost, endpoint: str, wire: bytes) -> bytes:
        return await self.network.post(sender, endpoint, wire)

    def _left(self, sender: SimHost, wire: bytes) -> None:
        check_wire(self, sender, wire)

    async def begin(self) -> None:
        """Open every node and make all of them each other's trusted peers."""
        for host in self.hosts:
            host.policy_text = self.policy_text(self.truth.switches[host.index])
            await host.open()
        for host in self.hosts:
            for other in self.others(host):
                self.truth.states[host.index, other.index] = "trusted"
                await host.node.change(self._befriend, other)
            self.snapshots[host.index] = [host.store.copy()]

    def _befriend(self, connection: Connection, other: SimHost) -> None:
        peer = add_peer(
            connection, other.node.documents, name=other.name, state=PeerState.TRUSTED,
            now_us=self.now,
        )  # fmt: skip
        set_peer(connection, peer.id, they_trust=1)

    def is_quiet(self) -> bool:
        """Whether every pair agrees and everything is confirmed or held."""
        for host in self.hosts:
            seen = view(self, host)
            for other in self.others(host):
                rows = seen.ledgers[other.index].values()
                told = all(row.acked_us or row.held or row.exp < self.today for row in rows)
                peer = seen.peers[other.index]
                if not (told and peer.listed and peer.due is None):
                    return False
                if not view(self, other).peers[host.index].synced:
                    return False  # it shows nothing of it before it has asked once more
                if not digests_match(self, host.index, other.index):
                    return False
        return True

    def check(self) -> None:
        """Hold every store to what must be true at any time."""
        check_stores(self)

    def check_end(self, held: Mapping[int, list[Held]]) -> None:
        """Hold every store to what must be true once all could talk."""
        check_end(self, held)

    # ---- what nodes do ---------------------------------------------------------------------

    async def talk(self, host: SimHost, other: SimHost, *, pull: bool) -> None:
        """One conversation of a node with a peer."""
        node = host.node
        peer = next(peer for peer in await node.read(all_peers) if peer.org == other.org)
        try:
            try:
                await self._converse(host, peer, pull=pull)
            except (ParasolError, TimeoutError) as error:
                await host.syncing._failed(peer, error)
        except SimCrash:
            if host.node is node:
                await host.open()

    async def _converse(self, host: SimHost, peer: Peer, *, pull: bool) -> None:
        """Greet, push and pull, as `node.syncing` does."""
        if peer.hello_due or not peer.they_trust:
            if host.rounds._exchange.greeting[bytes(peer.org)].locked():
                return  # a node waits for the hello that is under way; here that waits for us
            peer = await host.rounds.greet(peer)
        if peer.they_trust and peer.state.may_hold_ours:
            await host.rounds.push(peer)
        if peer.they_trust and pull and peer.state.heard:
            await host.rounds.pull(peer)

    async def jobs(self, host: SimHost) -> None:
        """What a node does by the clock."""
        try:
            await issue_again(host.node)
            await self.derive(host)
            at: bytes | None = START_OF_KEYS
            while at is not None:
                at = (await host.node.change(derive_from, host.node.context, at, 2)).end
            if await host.node.renew_card_if_due():
                await host.node.change(mark_hello_due, KNOWN_STATES)
            await host.node.change(purge_braked, host.node.context)
            await host.node.change(forget_ended, self.today)
        except SimCrash:
            await host.open()

    async def meanwhile(self) -> None:
        """Something that a keeper does while a message is under way."""
        if self.busy:
            return
        self.busy = True
        host = self.rng.choice(self.hosts)
        other = self.rng.choice(self.others(host))
        doing: tuple[Callable[[], Awaitable[None]], ...] = (
            lambda: self.publish(host),
            lambda: self.correct(host),
            lambda: self.narrow(host),
            lambda: self.take_back(host, Status.ERASED),
            lambda: self.turn(host),
            lambda: self.move(host, other),
            lambda: self.talk(host, other, pull=True),
        )
        await self.rng.choice(doing)()
        self.busy = False

    # ---- disasters -------------------------------------------------------------------------

    def snapshot(self, host: SimHost) -> None:
        """Make a backup."""
        self.snapshots[host.index] = [*self.snapshots[host.index][-2:], host.store.copy()]

    async def restore(self, host: SimHost, *, announced: bool, lost: bool = False) -> None:
        """Put an old backup in the store's place; with `lost`, on another machine."""
        self._tick()
        host.store.load(self.rng.choice(self.snapshots[host.index][-3:]))
        if announced or lost:
            with host.store.engine.begin() as connection:
                meta.put(connection, RESTORED, b"1")
        if lost:
            host.lose_register()
            self.truth.lost.add(host.index)
        host.restored_us = self.now
        for record in self.truth.records.values():
            record.certain = record.certain and record.org != host.index
        self.refresh_exists()
        await host.open()

    async def rotate(self, host: SimHost, *, stolen: bool = False) -> None:
        """Speak under a new node key; after a theft the old one is revoked since that day."""
        node, new, old = host.node, host.new_key(), host.node.key.public
        documents = node.documents
        doc = rotated(documents, host.root, new.public, self.today, drop=_spare(host, old))
        if stolen:
            both = replace(documents, orgdocs=chain_with(documents, doc), card=None)
            since = self.truth.stolen[host.index]
            doc = revoked(both, host.root, old, since, self.today)
        keys = (new, *node.keystore.node_keys)
        try:
            await adopt(node, chain_with(documents, doc), keys)
        except SimCrash:
            await host.open()
        if stolen and host.doc.raw == doc.raw:
            del self.truth.stolen[host.index]
            self.tainted[host.index] = self.now
            own = view(self, host).records
            for rk, record in self.truth.records.items():
                record.exists = record.exists and (record.org != host.index or rk in own)
        self.refresh_exists()

    def others(self, host: SimHost) -> list[SimHost]:
        """The peers of an organisation: here all the others."""
        return [each for each in self.hosts if each is not host]


def _spare(host: SimHost, current: bytes) -> list[Any]:
    """Old node keys that a document has no room for any more."""
    listed = [key for key, _, _ in host.doc.keys if key != current]
    return listed[:-3] if len(listed) > 3 else []
