"""What keepers do in the model: publish, correct, narrow, take back, turn the policy, move peers.

Each change may end in a crash; the truth then follows how far it came: nothing of it, or all. What
only the register had already is taken back when the node opens again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from random import Random
from typing import Any, Literal

from sqlalchemy import Connection

from federation.peers import PeerState
from federation.release import Consent, Restrictions
from node import opening
from node.pipeline import (
    erased,
    last_day,
    leaves_of,
    narrow,
    new_record,
    next_revision,
    publish,
    sign_alert,
    withdrawn,
)
from node.recall import move_peer
from node.receipts import put_consent
from node.store import register as permissions
from node.store.context import Context
from node.store.due import derive_next
from node.store.peers import all_peers
from node.store.records import OwnRecord, decode_restrictions, own_records
from protocol.codec import Value
from protocol.entry import Status
from protocol.ids import Day, RecordKey, day_of
from tests.support.sim_node import SimCrash, SimHost, policy_of
from tests.support.sim_truth import Switches, TrueRecord, Truth, policy_text, random_switches
from tests.support.sim_views import Row, View, view

CONSENT = Consent(members=True, peers=True)
Outcome = Literal["done", "undone"]
ALL = 10_000  # slices: more than there are


class Keepers:
    """The keepers' part of `sim_world.World`."""

    rng: Random
    now: int
    truth: Truth
    hosts: list[SimHost]
    views: dict[int, tuple[Any, View]]
    index_of: dict[bytes, int]

    @property
    def today(self) -> Day:
        """The day it is, everywhere."""
        return day_of(self.now)

    def policy_text(self, switches: Switches) -> str:
        """A policy file."""
        return policy_text(switches, self.truth.orgs)

    def _tick(self) -> None:
        self.now += 1000

    def refresh_exists(self) -> None:
        """Note which records no store holds any more: nobody can bring those back."""
        standing = {
            rk
            for host in self.hosts
            for rk, row in view(self, host).records.items()
            if row.is_live
            and row.row_exp > 0
            and row.eid in self.truth.signed
            and not self._is_doubted(host, row)
        }
        for rk, record in self.truth.records.items():
            record.exists = record.exists and rk in standing

    def _is_doubted(self, host: SimHost, row: Row) -> bool:
        """Whether a peer's copy stands under a key that its organisation has revoked since.

        It may be a thief's: only what its own organisation still has is signed again.
        """
        entry = self.truth.signed[row.eid]
        author = self.hosts[self.index_of[bytes(entry.org)]]
        gone = dict(author.doc.revoked)
        return author is not host and entry.day >= gone.get(entry.node_key, entry.day + 1)

    async def keep(
        self, host: SimHost, query: Callable[..., Any], *args: Any
    ) -> tuple[Outcome, Callable[[], Awaitable[None]]]:
        """Run a keeper's change; says how far it came, and how to start the node if it died."""
        self._tick()
        try:
            await host.node.change(query, *args)
        except SimCrash as crash:
            return ("done" if crash.args == ("after_commit",) else "undone"), host.open
        return "done", _nothing

    async def publish(self, host: SimHost) -> None:
        """Sign a new alert."""
        node = host.node
        leaves = leaves_of(self._fields(), node.policy, CONSENT)
        today = self.today
        exp = min(last_day(leaves, node.policy, today), today + self.rng.choice((4, 30, 300, 900)))
        signed = sign_alert(
            node.key, host.org, leaves, node.context.random, day=today, exp_day=Day(exp)
        )
        record = new_record(signed, CONSENT, frozenset(leaves), self.now)
        outcome, restart = await self.keep(host, publish, node.context, [record])
        if outcome == "done":
            self.truth.records[record.entry.rk] = TrueRecord(host.index, dict(leaves), Day(exp))
        await restart()

    def _fields(self) -> dict[str, Value]:
        rng = self.rng
        fields: dict[str, Value] = {
            "codes": [rng.choice(("robbery", "robbery", "boundary_violation", "no_show"))]
        }
        if rng.random() < 0.7:
            fields["phone"] = [f"+1415555{rng.randrange(100, 200):04}"]
        if rng.random() < 0.5:
            fields["text"] = ["en", f"He was there at {rng.randrange(24)}."]
        depth = rng.randrange(4)
        places = [("region", "US-CA"), ("city", "Oakland"), ("district", "Uptown")][:depth]
        fields.update((f"place.{name}", value) for name, value in places)
        return fields

    def _pick(self, host: SimHost) -> RecordKey | None:
        """A live record that its keeper sees."""
        records = view(self, host).records
        mine = [
            rk
            for rk, record in self.truth.records.items()
            if record.org == host.index and record.status is Status.LIVE
            and record.exp >= self.today and rk in records and records[rk].status == 0
        ]  # fmt: skip
        return self.rng.choice(mine) if mine else None

    async def correct(self, host: SimHost, rk: RecordKey | None = None) -> None:
        """Sign a next revision with other fields."""
        rk = rk or self._pick(host)
        if rk is None:
            return
        new = self._fields()
        keep = self.rng.random() < 0.5
        said: list[OwnRecord] = []

        def change(connection: Connection, context: Context) -> None:
            record = own_records(connection, host.org, [rk])[rk]
            leaves = corrected_leaves(record, new, context, keep=keep)
            after = next_revision(
                record, host.node.key, leaves, context.random, today=context.today,
                exp_day=Day(max(record.entry.exp_day, context.today + 3)), status=Status.LIVE,
                above=context.register.least_revision(rk),
            )  # fmt: skip
            said.append(after)
            publish(connection, context, [after])

        outcome, restart = await self.keep(host, change, host.node.context)
        if outcome == "done":
            self._note_revision(self.truth.records[rk], said[-1])
        await restart()

    def _note_revision(self, record: TrueRecord, after: OwnRecord) -> None:
        leaves = {name: opened.value for name, opened in after.opened.items()}
        if any(leaves.get(name) != value for name, value in record.leaves.items()):
            record.floor = after.entry.rev
        record.leaves, record.exp, record.certain = leaves, after.entry.exp_day, True

    async def narrow(
        self, host: SimHost, restrictions: Restrictions | None = None, rk: RecordKey | None = None
    ) -> None:
        """Keep a field or a whole record from one peer or from all; or lift that again."""
        rk = rk or self._pick(host)
        if rk is None:
            return
        rng, record = self.rng, self.truth.records[rk]
        others = [org for org in self.truth.orgs if org != host.org]
        if restrictions is None:
            restrictions = record.restrictions
            what = rng.random()
            if what < 0.3:
                restrictions = Restrictions()
            elif what < 0.55:
                only = frozenset(org for org in others if rng.random() < 0.6)
                restrictions = replace(restrictions, peers=only)
            else:
                whom: Any = "*" if rng.random() < 0.4 else rng.choice(others)
                name = rng.choice(("phone", "phone.masked", "text", "place.city", "kind"))
                more = restrictions.withhold.get(whom, frozenset()) | {name}
                restrictions = replace(restrictions, withhold={**restrictions.withhold, whom: more})
        outcome, restart = await self.keep(host, self.narrowing(host, rk, restrictions))
        if outcome == "done":
            record.restrictions = restrictions
        await restart()

    def narrowing(
        self, host: SimHost, rk: RecordKey, restrictions: Restrictions
    ) -> Callable[[Connection], Any]:
        """The change that narrows a record."""

        def change(connection: Connection) -> None:
            narrow(connection, host.node.context, rk, restrictions)

        return change

    async def lose_consent(self, host: SimHost, rk: RecordKey | None = None) -> None:
        """The reporter takes back that other organisations may have it; for good."""
        rk = rk or self._pick(host)
        if rk is None:
            return

        def change(connection: Connection) -> None:
            record = own_records(connection, host.org, [rk])[rk]
            consent = replace(record.consent, peers=False)
            put_consent(connection, host.node, record, consent)

        outcome, restart = await self.keep(host, change)
        if outcome == "done":
            self.truth.records[rk].consented = False
        await restart()

    def note_kept_narrow(self, host: SimHost) -> None:
        """Confirming what waited keeps narrow what a peer held less of: that is her will now.

        Only ever narrower than what she wanted before, or the checks would follow a leak.
        """
        for rk, raw in host.register.all(permissions.NARROWED):
            record, kept = self.truth.records.get(RecordKey(rk)), decode_restrictions(raw)
            if record is None or record.org != host.index:
                continue
            withhold = dict(record.restrictions.withhold)
            for org, names in kept.withhold.items():
                withhold[org] = withhold.get(org, frozenset()) | names
            record.restrictions = replace(record.restrictions, withhold=withhold)

    async def take_back(self, host: SimHost, status: Status, rk: RecordKey | None = None) -> None:
        """Withdraw or erase a record."""
        rk = rk or self._pick(host)
        if rk is None:
            return

        def change(connection: Connection, context: Context) -> None:
            record = own_records(connection, host.org, [rk])[rk]
            key, random, above = host.node.key, context.random, context.register.least_revision(rk)
            if status is Status.ERASED:
                after = erased(record, key, random, context.today, above=above)
            else:
                after = withdrawn(record, key, "wrong", random, context.today, above=above)
            publish(connection, context, [after])

        outcome, restart = await self.keep(host, change, host.node.context)
        if outcome == "done":
            self.truth.records[rk].status = status
        await restart()

    async def turn(self, host: SimHost, switches: Switches | None = None) -> None:
        """Put another policy in force, at once or by a restart with another file."""
        switches = switches or self._turned(self.truth.switches[host.index])
        text = self.policy_text(switches)
        self.refresh_exists()
        host.policy_text = text
        self.truth.switches[host.index] = switches
        if self.rng.random() < 0.3:
            await host.open()
        else:

            def put_in_force(connection: Connection, context: Context) -> None:
                context.policy = policy_of(text)
                opening.apply_policy(connection, context, text)

            _, restart = await self.keep(host, put_in_force, host.node.context)
            if restart is _nothing and self.rng.random() < 0.9:
                host.node.renew_card()
            else:
                await host.open()
        await self.derive(host, self.rng.choice((0, 1, 2, ALL, ALL)))
        self.refresh_exists()

    async def derive(self, host: SimHost, slices: int = ALL) -> None:
        """Derive what is due anew, a record at a time, so that much comes between two of them."""
        for _ in range(slices):
            try:
                if await host.node.change(derive_next, host.node.context, 1) is None:
                    return
            except SimCrash:
                await host.open()

    def _turned(self, now: Switches) -> Switches:
        drawn = random_switches(self.rng, len(self.hosts))
        if self.rng.random() < 0.2:
            return drawn
        name = self.rng.choice(
            ("phone", "text", "place", "categories", "export_to", "cross_border")
        )
        changed = {name: getattr(drawn, name)}
        if name == "cross_border":
            changed["regions"] = drawn.regions
        return replace(now, **changed)

    async def move(self, host: SimHost, other: SimHost, state: PeerState | None = None) -> None:
        """Pause, block or resume a peer."""
        row = view(self, host).peers[other.index]
        choices = {
            "trusted": (PeerState.PAUSED, PeerState.BLOCKED),
            "paused": (PeerState.TRUSTED, PeerState.TRUSTED, PeerState.BLOCKED),
            "blocked": (PeerState.TRUSTED,),
        }[row.state]
        new = state or self.rng.choice(choices)
        if new.value == row.state:
            if state is not None:
                self.truth.states[host.index, other.index] = new.value  # type: ignore[assignment]
            return

        def change(connection: Connection, context: Context) -> None:
            peer = next(peer for peer in all_peers(connection) if peer.org == other.org)
            move_peer(connection, context, peer, new)

        outcome, restart = await self.keep(host, change, host.node.context)
        if outcome == "done":
            self.truth.states[host.index, other.index] = new.value  # type: ignore[assignment]
        self.refresh_exists()
        await restart()


def corrected_leaves(
    record: OwnRecord, new: dict[str, Value], context: Context, *, keep: bool
) -> dict[str, Value]:
    """The leaves after a correction: the new fields instead of the old, or over them."""
    old = {name: opened.value for name, opened in record.opened.items()}
    kept: tuple[str, ...] = ("codes", "phone", "text")
    own: dict[str, Value] = {name: old[name] for name in kept if name in old}
    places = ("place.region", "place.city", "place.district")
    has_place = any(name in new for name in places)
    if keep and not has_place:
        own.update({name: old[name] for name in places if name in old})
    fields = {**own, **new} if keep else dict(new)
    fields["codes"] = old["codes"]
    return leaves_of(fields, context.policy, CONSENT)


async def _nothing() -> None:
    """Nothing has died."""
