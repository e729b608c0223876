"""The invariants of the model, each with a name, and what the checks read of every store."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from node.store.earlier import SIGNED
from protocol.commitment import decode_disclosures
from protocol.entry import Status, decode_entry
from protocol.ids import RecordKey
from protocol.merge import order
from protocol.messages import Delta, Put, decode_body
from tests.support.sim_node import SimHost, open_message
from tests.support.sim_truth import TrueRecord
from tests.support.sim_views import category_of, digests_match, mirror, shown, view

if TYPE_CHECKING:
    from tests.support.sim_world import World

INVARIANTS = (
    "converges",
    "nothing_forbidden_is_sent",
    "gone_when_digests_match",
    "own_policy_purges_at_once",
    "no_erased_or_recalled_record_returns",
    "nothing_is_lost",
    "a_restored_origin_recovers",
    "confirmed_means_held",
    "a_thief_purges_few",
    # of hubs:
    "nothing_too_far_is_passed_on",
    "a_stale_hub_passes_nothing_on",
    "a_ledger_follows_its_copy",
    "shown_is_what_hubs_disclose",
    "no_lower_revision_is_shown",
    "gone_at_every_leaf",
)
DAY_US = 86_400_000_000
WITHDRAWN_LEAVES = frozenset({"kind", "terms", "reason"})


class Violation(AssertionError):
    """An invariant does not hold."""

    def __init__(self, invariant: str, detail: str) -> None:
        assert invariant in INVARIANTS
        super().__init__(f"{invariant}: {detail}")
        self.invariant = invariant


def check_wire(world: "World", sender: SimHost, wire: bytes) -> None:
    """`nothing_forbidden_is_sent`: hold every put of a delta that leaves against the truth."""
    inner = open_message(wire).inner
    if inner.type != "delta":
        return
    delta = decode_body("delta", inner.body)
    assert isinstance(delta, Delta)
    to = world.index_of[bytes(inner.to_org)]
    for item in delta.items:
        if isinstance(item, Put):
            check_put(world, sender, to, item)


def check_put(world: "World", sender: SimHost, to: int, put: Put) -> None:
    """Hold one put of a record of the sender's own against the truth."""
    truth, name = world.truth, "nothing_forbidden_is_sent"
    entry = decode_entry(put.entry)
    what = f"org{sender.index} → org{to} {put.rk.hex()[:6]} rev {entry.rev}"
    record = truth.records.get(entry.rk)
    if entry.eid in truth.forged or record is None:
        if sender.index not in truth.stolen:
            raise Violation(name, f"{what}: what a thief signed")
        return
    names = frozenset(d.name for d in decode_disclosures(put.disclosures, entry))
    if entry.status is Status.ERASED:
        return
    if entry.status is Status.WITHDRAWN:
        if not names <= WITHDRAWN_LEAVES:
            raise Violation(name, f"{what}: a withdrawal with {sorted(names)}")
        return
    if sender.index in truth.lost:
        raise Violation(name, f"{what}: a put while the register is lost")
    if record.status is not Status.LIVE:
        raise Violation(name, f"{what}: it is {record.status.name}")
    if entry.rev < record.floor:
        raise Violation(name, f"{what}: corrected since in revision {record.floor}")
    if record.exp < world.today:
        return
    card = view(world, sender).peers[to].card
    allowed = truth.may_go(entry.rk, to, card, world.today)
    if not names <= allowed:
        raise Violation(name, f"{what}: {sorted(names - allowed)}")


def check_stores(world: "World") -> None:
    """What must hold after every step, whatever has been lost on the way."""
    for host in world.hosts:
        _check_own_records(world, host)
        _check_earlier(world, host)
        _check_own_policy(world, host)
        for other in world.others(host):
            _check_erased(world, host, other)
            _check_confirmed(world, host, other)
            _check_gone(world, host, other)
            _check_purged(world, host, other)


def _check_own_records(world: "World", host: SimHost) -> None:
    if host.index in world.truth.lost:
        return
    for rk, row in view(world, host).records.items():
        record = world.truth.records.get(rk)
        ours = record is not None and record.org == host.index
        if ours and record is not None and record.status is not Status.LIVE and row.status == 0:
            raise Violation(
                "no_erased_or_recalled_record_returns",
                f"org{host.index} has {rk.hex()[:6]} live: it is {record.status.name}",
            )


def _check_earlier(world: "World", host: SimHost) -> None:
    """What was there before an alert was signed again says no more than what stands there now."""
    seen = view(world, host)
    for rk, (how, values) in seen.aside.items():
        row = seen.records.get(rk)
        stands = {} if row is None else row.values
        more = any(stands.get(name) != said for name, said in values.items() if name != "terms")
        if how == SIGNED and more:
            raise Violation(
                "no_erased_or_recalled_record_returns",
                f"org{host.index} keeps of {rk.hex()[:6]} what was taken away",
            )


def _check_own_policy(world: "World", host: SimHost) -> None:
    own = world.truth.orgs[host.index]
    for rk, (_, values) in view(world, host).aside.items():
        names = frozenset(values)
        if names and not names <= world.truth.may_hold(host.index, names, category_of(values)):
            raise Violation(
                "own_policy_purges_at_once", f"org{host.index} keeps of {rk.hex()[:6]} aside"
            )
    for row in view(world, host).records.values():
        if row.org == own or row.status != Status.LIVE or not row.values:
            continue
        names = frozenset(row.values)
        allowed = world.truth.may_hold(host.index, names, category_of(row.values))
        if not names <= allowed:
            raise Violation(
                "own_policy_purges_at_once",
                f"org{host.index} keeps {sorted(names - allowed)} of {row.rk.hex()[:6]}",
            )


def _check_erased(world: "World", host: SimHost, origin: SimHost) -> None:
    org = world.truth.orgs[origin.index]
    for rk, row in view(world, host).records.items():
        if row.org != org or row.status != Status.ERASED or row.hidden or row.held == "braked":
            continue  # what is braked is not obeyed yet: a revocation may show it again
        if row.eid in world.truth.signed:
            world.erased_at.add((host.index, rk))
    if host.index in world.truth.lost:
        return
    for rk in shown(world, host.index, origin.index):
        if (host.index, rk) in world.erased_at:
            raise Violation(
                "no_erased_or_recalled_record_returns",
                f"org{host.index} shows {rk.hex()[:6]} of org{origin.index} again",
            )


def _check_confirmed(world: "World", origin: SimHost, host: SimHost) -> None:
    if origin.index in world.truth.stolen:
        return
    theirs = mirror(world, origin.index, host.index)
    least = max(host.restored_us, world.tainted.get(origin.index, 0))
    for rk, granted in view(world, origin).ledgers[host.index].items():
        if granted.acked_us <= least or granted.held or granted.exp < world.today:
            continue
        row = theirs.get(rk)
        if row is None or row.state != granted.state or row.held == "braked":
            raise Violation(
                "confirmed_means_held",
                f"org{origin.index} counts {rk.hex()[:6]} as confirmed by org{host.index}",
            )


def _check_purged(world: "World", host: SimHost, origin: SimHost) -> None:
    """Count what tombstones of a thief purge of what was shown: in a day no more than the brake."""
    pair, rows = (host.index, origin.index), view(world, host).records
    times = world.purged_at.setdefault(pair, [])
    for rk in world.was_shown.get(pair, ()):
        row = rows.get(rk)
        if row is None or row.status != Status.ERASED or row.held == "braked" or row.hidden:
            continue
        if row.eid in world.truth.forged:
            times.append(row.received_us)
    world.was_shown[pair] = frozenset(shown(world, host.index, origin.index))
    newest = max(times, default=0)
    if sum(newest - at < DAY_US for at in times) > host.brake_limit:
        raise Violation(
            "a_thief_purges_few", f"org{host.index} purged {len(times)} of org{origin.index}"
        )


def _check_gone(world: "World", origin: SimHost, host: SimHost) -> None:
    truth = world.truth
    if origin.index in truth.stolen or origin.index in truth.lost:
        return
    peer = view(world, origin).peers[host.index]
    if not peer.listed or peer.due is not None:
        return  # then it says no digest, and none is equal to it
    visible = shown(world, host.index, origin.index)
    if not visible or not digests_match(world, origin.index, host.index):
        return
    card = view(world, origin).peers[host.index].card
    for rk, row in visible.items():
        names = frozenset(row.values)
        known = rk in truth.records
        allowed = truth.may_go(rk, host.index, card, world.today) if known else frozenset()
        if not names <= allowed:
            raise Violation(
                "gone_when_digests_match",
                f"org{host.index} shows {sorted(names - allowed)} of {rk.hex()[:6]}"
                f" of org{origin.index}",
            )


@dataclass(frozen=True, slots=True)
class Held:
    """What peers held of an organisation's records before the last rounds."""

    rk: RecordKey
    rank: tuple[bool, int, bytes]


def held_by_peers(world: "World", origin: int) -> list[Held]:
    """What of an organisation's own signing its peers hold, tombstones included."""
    org = world.truth.orgs[origin]
    gone = {bytes(key) for key, _ in world.hosts[origin].doc.revoked}
    found = []
    for host in world.hosts:
        if host.index == origin:
            continue
        for row in view(world, host).records.values():
            if row.org != org or row.hidden or row.eid not in world.truth.signed:
                continue
            if row.row_exp <= world.today:
                continue  # it ends by itself
            entry = decode_entry(bytes(row.entry))
            if (row.status != Status.LIVE or row.is_live) and entry.node_key not in gone:
                found.append(Held(row.rk, order(entry)))
    return found


def check_end(world: "World", held: Mapping[int, list[Held]]) -> None:
    """What must hold once every node could talk to every other for a while."""
    for origin in world.hosts:
        for host in world.others(origin):
            _check_converged(world, origin.index, host.index)
    for origin in world.hosts:
        mine = view(world, origin).records
        for one in held[origin.index]:
            row = mine.get(one.rk)
            if row is None or order(decode_entry(bytes(row.entry))) < one.rank:
                raise Violation(
                    "a_restored_origin_recovers", f"org{origin.index} lacks {one.rk.hex()[:6]}"
                )
    for rk, record in world.truth.records.items():
        _check_record(world, rk, record)


def _check_converged(world: "World", origin: int, at: int) -> None:
    pair, name = f"org{origin} → org{at}", "converges"
    seen = view(world, world.hosts[origin])
    if not seen.peers[at].listed:
        raise Violation(name, f"{pair}: still recovering")
    if not digests_match(world, origin, at):
        raise Violation(name, f"{pair}: the digests differ")
    for rk, granted in seen.ledgers[at].items():
        if granted.exp < world.today:
            continue
        if not granted.acked_us and not granted.held:
            raise Violation(name, f"{pair}: {rk.hex()[:6]} is not confirmed")
        if granted.held and granted.held != "not_accepted":
            raise Violation(name, f"{pair}: {rk.hex()[:6]} is held: {granted.held}")
    if any(how != SIGNED for how, _ in view(world, world.hosts[at]).aside.values()):
        raise Violation(name, f"org{at} has set something aside")
    if any(peer == at for peer, _ in seen.suspended):
        raise Violation(name, f"{pair}: records are suspended")


def _check_record(world: "World", rk: RecordKey, record: TrueRecord) -> None:
    truth, what = world.truth, rk.hex()[:6]
    row = view(world, world.hosts[record.org]).records.get(rk)
    for host in world.others(world.hosts[record.org]):
        visible = shown(world, host.index, record.org).get(rk)
        names = frozenset(visible.values) if visible is not None else frozenset[str]()
        card = view(world, world.hosts[record.org]).peers[host.index].card
        allowed = truth.may_go(rk, host.index, card, world.today)
        if names and record.status is not Status.LIVE:
            raise Violation(
                "no_erased_or_recalled_record_returns", f"org{host.index} shows {what} at the end"
            )
        if not names <= allowed:
            raise Violation(
                "gone_when_digests_match", f"org{host.index} shows {sorted(names - allowed)}"
            )
        if record.status is not Status.LIVE or record.exp < world.today or not record.exists:
            continue
        if row is None or not row.is_live:
            raise Violation("nothing_is_lost", f"org{record.org} lost {what}")
        if record.certain and row.values.keys() | record.names != record.names:
            raise Violation("nothing_is_lost", f"org{record.org} has more fields of {what}")
        if record.certain and not row.values.keys() >= record.leaves.keys():
            raise Violation("nothing_is_lost", f"org{record.org} lost fields of {what}")
        expected = truth.may_hold(host.index, allowed & row.values.keys(), category_of(row.values))
        if names != expected:
            raise Violation(
                "nothing_is_lost",
                f"org{host.index} does not show {sorted(expected - names)} of {what}"
                f" of org{record.org}",
            )
