"""The world of the hub model: who peers with whom, what authors let be passed on, and who is stale.

A hub is any organisation whose policy is `onward`. The truth of what an author lets be passed on is
what it last signed; `sim_hub_checks` holds that against a reading of its policy and narrowing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from random import Random
from typing import Any

from sqlalchemy import Connection

from federation.release import Restrictions
from node import amending
from node.issue_again import follow_terms
from protocol.entry import Status
from protocol.ids import RecordKey, text_id
from protocol.messages import Delta, decode_body
from tests.support.sim_checks import Held
from tests.support.sim_hub_checks import check_hubs, check_hubs_end, check_hubs_wire
from tests.support.sim_node import SimCrash, SimHost, open_message
from tests.support.sim_truth import Switches
from tests.support.sim_views import mirror, view
from tests.support.sim_world import World

State = frozenset[tuple[RecordKey, bytes]]


@dataclass(frozen=True, slots=True)
class Topology:
    """Who peers with whom; organisation 0 writes most, `hubs` mostly pass on."""

    edges: tuple[tuple[int, int], ...]
    hubs: frozenset[int]

    @property
    def organisations(self) -> int:
        """How many there are."""
        return 1 + max(max(edge) for edge in self.edges)

    def peers(self, index: int) -> list[int]:
        """Whom an organisation peers with."""
        return sorted({a + b - index for a, b in self.edges if index in (a, b)})


TOPOLOGIES = (
    Topology(((0, 1), (1, 2)), frozenset({1})),
    Topology(((0, 1), (1, 2), (1, 3)), frozenset({1})),
    Topology(((0, 1), (0, 2), (1, 3), (2, 3)), frozenset({1, 2})),  # two hubs, a common leaf
    Topology(((0, 1), (1, 2), (0, 2)), frozenset({1})),  # a leaf that peers with the author, too
    Topology(((0, 1), (0, 2), (1, 3), (2, 3), (0, 3)), frozenset({1, 2})),
    Topology(((0, 1), (1, 2), (2, 3)), frozenset({1, 2})),  # one hop, and no further
)


def topology_of(seed: int) -> Topology:
    """Who peers with whom in the schedule of a seed."""
    return Random(seed + 3).choice(TOPOLOGIES)


@dataclass(frozen=True, slots=True)
class Signed:
    """What an author's store last said of a record of its own: its revision and its terms."""

    rev: int
    terms: Any


class HubWorld(World):
    """A world in which what one organisation says reaches others by way of a third."""

    thief_s_terms = ("members", False, False, False, True, ["codes", "severity", "text"])

    def __init__(self, seed: int, organisations: int) -> None:
        self.topology = topology_of(seed)
        assert organisations == self.topology.organisations
        rng = Random(seed + 4)
        regions = tuple(rng.choice(("US-CA", "US-NY")) for _ in range(organisations))
        if rng.random() < 0.1:
            regions = (*regions[:-1], "FR")
        super().__init__(seed, organisations, regions)
        self.truth.switches = [
            replace(each, onward=_onward(rng, self.topology, index))
            for index, each in enumerate(self.truth.switches)
        ]
        self.signed: dict[RecordKey, Signed] = {}
        self.gone: set[tuple[int, RecordKey]] = set()  # a leaf knows that it was erased
        self.unsaid: set[RecordKey] = set()  # a restore lost it, and what its reporter said of it
        self.highest: dict[tuple[int, RecordKey], tuple[bool, int, bytes]] = {}
        # hub, author → what the author said since the hub's store was put back
        self.stale: dict[tuple[int, int], list[State]] = {}

    def others(self, host: SimHost) -> list[SimHost]:
        """The peers of an organisation."""
        return [self.hosts[index] for index in self.topology.peers(host.index)]

    def _left(self, sender: SimHost, wire: bytes) -> None:
        self.prove(sender)
        inner = open_message(wire).inner
        if inner.type != "delta":
            return
        delta = decode_body("delta", inner.body)
        assert isinstance(delta, Delta)
        to = self.index_of[bytes(inner.to_org)]
        check_hubs_wire(self, sender, to, delta)
        if (to, sender.index) in self.stale:
            rows = view(self, sender).ledgers[to].items()
            said = frozenset((rk, row.state) for rk, row in rows if row.exp >= self.today)
            self.stale[to, sender.index].append(said)

    def prove(self, hub: SimHost) -> None:
        """Note of which authors a hub that was put back holds again what they said since."""
        for who, author in [pair for pair in self.stale if pair[0] == hub.index]:
            held = frozenset(
                (rk, row.state)
                for rk, row in mirror(self, author, who).items()
                if row.row_exp >= self.today
            )
            if held in self.stale[who, author]:
                del self.stale[who, author]

    def check(self) -> None:
        """Hold every store to what must be true at any time."""
        super().check()
        self._note_signed()
        check_hubs(self)

    def check_end(self, held: Mapping[int, list[Held]]) -> None:
        """Hold every store to what must be true once all could talk."""
        super().check_end(held)
        check_hubs_end(self)

    def _note_signed(self) -> None:
        for rk, record in self.truth.records.items():
            row = view(self, self.hosts[record.org]).records.get(rk)
            if row is None or row.status != Status.LIVE:
                continue
            if rk not in self.signed or row.rev > self.signed[rk].rev:
                self.signed[rk] = Signed(row.rev, row.values.get("terms"))

    # ---- what keepers and nodes do ---------------------------------------------------------

    def narrowing(
        self, host: SimHost, rk: RecordKey, restrictions: Restrictions
    ) -> Callable[[Connection], Any]:
        """The change that narrows a record, and says whether hubs may still pass it on."""

        def change(connection: Connection) -> None:
            amending.narrowed(connection, host.node, text_id(rk), lambda _: restrictions)

        return change

    async def turn(self, host: SimHost, switches: Switches | None = None) -> None:
        """Put another policy in force, and sign anew what it says otherwise of passing on."""
        await super().turn(host, switches)
        if self.rng.random() < 0.8:
            await self._follow(host)

    def _turned(self, now: Switches) -> Switches:
        if self.rng.random() < 0.3:
            return replace(now, onward="off" if now.onward == "on" else "on")
        return replace(super()._turned(now), onward=now.onward)

    async def _follow(self, host: SimHost) -> None:
        try:
            await follow_terms(host.node)
        except SimCrash:
            await host.open()

    async def jobs(self, host: SimHost) -> None:
        """What a node does by the clock."""
        await self._follow(host)
        await super().jobs(host)

    async def rotate(self, host: SimHost, *, stolen: bool = False) -> None:
        """Speak under a new node key; once an old one is revoked, peers count its takings anew."""
        await super().rotate(host, stolen=stolen)
        if stolen and host.index not in self.truth.stolen:
            for pair in [pair for pair in self.purged_at if pair[1] == host.index]:
                self.purged_at[pair].clear()

    async def restore(self, host: SimHost, *, announced: bool, lost: bool = False) -> None:
        """Put an old backup in the store's place."""
        self.highest = {key: at for key, at in self.highest.items() if key[0] != host.index}
        self.stale |= {(host.index, other.index): [] for other in self.others(host)}
        await super().restore(host, announced=announced, lost=lost)
        kept = view(self, host).records.keys()
        mine = {rk for rk, record in self.truth.records.items() if record.org == host.index}
        self.unsaid |= mine - kept


def _onward(rng: Random, topology: Topology, index: int) -> str:
    return "on" if rng.random() < (0.9 if index in topology.hubs | {0} else 0.5) else "off"
