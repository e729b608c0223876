"""The laws of passing on: what hubs send and keep, and what leaves show of it.

What may go is a second reading of docs/spec/09-hubs.md and shares no code with `federation.hub`.
"""

from typing import TYPE_CHECKING, Any

from protocol.commitment import decode_disclosures
from protocol.entry import Status, decode_entry
from protocol.ids import RecordKey
from protocol.merge import order
from protocol.messages import Delta, Put
from tests.support.sim_checks import WITHDRAWN_LEAVES, Violation, check_put
from tests.support.sim_node import SimHost
from tests.support.sim_truth import LADDERS, TrueRecord, passing
from tests.support.sim_views import HEARD, Row, category_of, digests_match, view

if TYPE_CHECKING:
    from tests.support.sim_hub_world import HubWorld

ALWAYS = frozenset({"kind", "terms"})
ONWARD, NAMES = 4, 5  # of terms
PUT = 0
FAR = "nothing_too_far_is_passed_on"
NOTHING: frozenset[str] = frozenset()


def named(terms: Any) -> frozenset[str]:
    """The leaves that terms let a hub pass on; none where it may not at all."""
    if not isinstance(terms, list) or len(terms) <= NAMES or terms[ONWARD] is not True:
        return NOTHING
    return frozenset(name for name in terms[NAMES] if not name.endswith(".token")) | ALWAYS


def keeps_from_some(record: TrueRecord) -> bool:
    """Whether a keeper keeps a record, or a field of it, from single organisations."""
    limits = record.restrictions
    return limits.peers is not None or any(
        names for whom, names in limits.withhold.items() if whom != "*"
    )


def has_itself(world: "HubWorld", hub: int, rk: RecordKey) -> Row | None:
    """A hub's own copy of another's live record, as it stands there from its author; else None."""
    seen = view(world, world.hosts[hub])
    row = seen.records.get(rk)
    if row is None or row.row_exp == 0 or not row.is_live or row.org == world.truth.orgs[hub]:
        return None
    author = seen.peers.get(world.index_of[bytes(row.org)])
    is_sound = row.held in {"", "not_accepted"}
    return row if author is not None and author.state in HEARD and is_sound else None


def may_pass(world: "HubWorld", hub: int, rk: RecordKey, to: int) -> frozenset[str]:
    """The leaves that a hub may pass on of a record to a peer, by what it holds of it now."""
    row, truth = has_itself(world, hub, rk), world.truth
    if row is None or truth.switches[hub].onward != "on" or row.exp_day < world.today:
        return NOTHING
    author, card = world.index_of[bytes(row.org)], view(world, world.hosts[hub]).peers[to].card
    is_abroad = truth.regions[author][:2] != card.get("region", "")[:2]
    if to == author or is_abroad or not truth.may_reach(hub, to, card):
        return NOTHING
    names = frozenset(row.values) & named(row.values.get("terms"))
    levels = truth.levels(hub, card)
    if not names or category_of(row.values) > levels["categories"]:
        return NOTHING
    return passing(names, levels)


# ---- what leaves -------------------------------------------------------------------------------


def check_hubs_wire(world: "HubWorld", sender: SimHost, to: int, delta: Delta) -> None:
    """Hold every put of a delta against the truth, and what is passed on against the laws."""
    for item in delta.items:
        if not isinstance(item, Put):
            continue
        if decode_entry(item.entry).org == sender.org:
            check_put(world, sender, to, item)
            _check_terms_of(world, sender, to, item)
        else:
            _check_passed(world, sender.index, to, item)


def _check_terms_of(world: "HubWorld", author: SimHost, to: int, put: Put) -> None:
    """What is kept from single organisations reaches nobody anew as if hubs might pass it on."""
    entry, record = decode_entry(put.entry), world.truth.records.get(put.rk)
    if record is None or entry.status is not Status.LIVE or record.exp < world.today:
        return
    copy = view(world, world.hosts[to]).records.get(put.rk)
    if copy is not None and copy.eid == entry.eid:
        return  # it has these terms already: they are signed anew as soon as its author can
    values = {each.name: each.value for each in decode_disclosures(put.disclosures, entry)}
    if keeps_from_some(record) and named(values.get("terms")):
        what = f"org{author.index} → org{to} {put.rk.hex()[:6]} rev {entry.rev}"
        raise Violation(FAR, f"{what}: it is kept from some, and its terms let hubs pass it on")


def _check_passed(world: "HubWorld", hub: int, to: int, put: Put) -> None:
    entry = decode_entry(put.entry)
    author = world.index_of[bytes(entry.org)]
    what = f"org{hub} → org{to} {put.rk.hex()[:6]} rev {entry.rev} of org{author}"
    names = frozenset(each.name for each in decode_disclosures(put.disclosures, entry))
    if author == to:
        raise Violation(FAR, f"{what}: back to its author")
    if author not in view(world, world.hosts[hub]).peers:
        raise Violation(FAR, f"{what}: a second hop")
    if entry.status is Status.ERASED:
        return
    if entry.status is Status.WITHDRAWN:
        if not names <= WITHDRAWN_LEAVES:
            raise Violation(FAR, f"{what}: a withdrawal with {sorted(names)}")
        return
    if entry.exp_day < world.today:
        return  # nobody shows it any more
    if (hub, author) in world.stale:
        raise Violation("a_stale_hub_passes_nothing_on", what)
    allowed = may_pass(world, hub, put.rk, to)
    if not names <= allowed:
        raise Violation(FAR, f"{what}: {sorted(names - allowed)}")


# ---- what stands at any time -------------------------------------------------------------------


def check_hubs(world: "HubWorld") -> None:
    """What must hold after every step."""
    for host in world.hosts:
        world.prove(host)
        _check_ledgers(world, host)
        _check_mirrors(world, host)
        for rk, row in view(world, host).records.items():
            if row.org != host.org:
                _check_one(world, host, rk, row)


def _check_ledgers(world: "HubWorld", hub: SimHost) -> None:
    """Whatever a hub's own copy loses, every row about it follows at once, or is due at once."""
    seen = view(world, hub)
    for to, rows in seen.ledgers.items():
        if not seen.peers[to].listed:
            continue  # it is told nothing before it has listed what it holds
        for rk, granted in rows.items():
            if not granted.author or granted.kind != PUT:
                continue
            if (due := seen.peers[to].due) is not None and rk >= due:
                continue  # it is neither told nor confirmed before it has been derived
            copy = seen.records.get(rk)
            if copy is None or copy.status != Status.LIVE or copy.exp_day < world.today:
                continue  # a tombstone or a withdrawal, or it ends by itself
            if copy.row_exp == 0 and bytes(granted.author) not in hub.node.context.in_step:
                continue  # a peer gave it back, and it waits for the author's word
            if copy.eid == granted.eid and has_itself(world, hub.index, rk) is None:
                raise Violation(
                    "a_ledger_follows_its_copy",
                    f"org{hub.index} grants {rk.hex()[:6]} to org{to} and has it no more",
                )


def _check_mirrors(world: "HubWorld", leaf: SimHost) -> None:
    graves = {
        rk
        for rows in view(world, leaf).passed_on.values()
        for rk, row in rows.items()
        if row.status == Status.ERASED
        and not row.hidden
        and row.held in {"", "not_accepted"}
        and row.eid in world.truth.signed
    }
    world.gone |= {(leaf.index, rk) for rk in graves}
    for hub, rows in view(world, leaf).passed_on.items():
        is_listed = view(world, world.hosts[hub]).peers[leaf.index].listed
        is_told = is_listed and view(world, world.hosts[hub]).peers[leaf.index].due is None
        is_equal = is_told and digests_match(world, hub, leaf.index)
        for rk, row in rows.items():
            if rk in graves and row.values:
                raise Violation(
                    "no_erased_or_recalled_record_returns",
                    f"org{leaf.index} keeps what org{hub} said of {rk.hex()[:6]}, which is erased",
                )
            if row.status != Status.LIVE or not row.values:
                continue
            what = f"org{leaf.index} mirrors {rk.hex()[:6]} of org{hub}"
            names = frozenset(row.values)
            if not names <= named(row.values.get("terms")):
                raise Violation(FAR, f"{what}: more than its terms name")
            if not names <= world.truth.may_hold(leaf.index, names, category_of(row.values)):
                raise Violation("own_policy_purges_at_once", f"{what}: more than it may hold")
            if is_equal and row.exp_day >= world.today:
                _check_gone_at(world, hub, leaf.index, rk, row)


def _check_gone_at(world: "HubWorld", hub: int, leaf: int, rk: RecordKey, row: Row) -> None:
    """Hub and leaf agree: where author and hub know to do so, the author's word stands."""
    truth, author = world.truth, world.index_of[bytes(row.org)]
    host = world.hosts[hub]
    peer = view(world, host).peers.get(author)
    if author in truth.lost or author in truth.stolen or peer is None or not peer.synced:
        return
    if bytes(row.org) not in host.node.context.in_step:
        return  # it was told that its store may be an older one, and waits for an equal digest
    told = view(world, world.hosts[author]).peers[hub]
    if not told.listed or (told.due is not None and rk >= told.due):
        return  # the author still says what it no longer means, and no digest of it
    if not digests_match(world, author, hub):
        return
    what = f"org{leaf} has {rk.hex()[:6]} of org{author} by org{hub}"
    record, name = truth.records.get(rk), "gone_at_every_leaf"
    if record is None or record.status is not Status.LIVE:
        raise Violation(name, f"{what}: it is gone")
    if row.rev < record.floor and row.held not in {"key", "author", "braked"}:
        raise Violation(name, f"{what}: corrected since")
    card = view(world, world.hosts[author]).peers[hub].card
    allowed = truth.may_go(rk, hub, card, world.today) & named(world.signed[rk].terms)
    if not frozenset(row.values) <= allowed:
        raise Violation(name, f"{what}: {sorted(frozenset(row.values) - allowed)}")


def _check_one(world: "HubWorld", leaf: SimHost, rk: RecordKey, row: Row) -> None:
    what = f"org{leaf.index} shows {rk.hex()[:6]}"
    if row.status == Status.ERASED and not row.hidden and row.held != "braked":
        if row.eid in world.truth.signed:
            world.gone.add((leaf.index, rk))
        return
    if not row.is_live or row.exp_day < world.today:
        return
    entry = decode_entry(bytes(row.entry))
    key = (leaf.index, rk)
    is_sure = world.index_of[bytes(row.org)] not in {*world.tainted, *world.truth.stolen}
    if is_sure and order(entry) < world.highest.get(key, order(entry)):
        raise Violation("no_lower_revision_is_shown", f"{what} in rev {row.rev}")
    world.highest[key] = order(entry)
    if row.row_exp > 0:
        return
    if key in world.gone:
        raise Violation("no_erased_or_recalled_record_returns", f"{what} again")
    disclosed = frozenset[str]()
    for hub, rows in view(world, leaf).passed_on.items():
        peer, copy = view(world, leaf).peers[hub], rows.get(rk)
        speaks = copy is not None and copy.eid == row.eid and copy.row_kind == PUT
        if copy is not None and speaks and not copy.hidden and peer.state in HEARD and peer.synced:
            disclosed |= frozenset(copy.values)
    if frozenset(row.values) != disclosed:
        raise Violation(
            "shown_is_what_hubs_disclose", f"{what}: {sorted(frozenset(row.values) ^ disclosed)}"
        )


# ---- what stands at the end --------------------------------------------------------------------


def check_hubs_end(world: "HubWorld") -> None:
    """What must hold once every node could talk to its peers for a while."""
    for rk, record in world.truth.records.items():
        _check_terms(world, rk, record)
        for leaf in world.hosts:
            if leaf.index != record.org:
                _check_reached(world, leaf, rk, record)


def _check_terms(world: "HubWorld", rk: RecordKey, record: TrueRecord) -> None:
    """An author's terms are what its policy, its reporter and its narrowing say."""
    row = view(world, world.hosts[record.org]).records.get(rk)
    if row is None or not row.is_live or record.exp < world.today:
        return
    own, wanted = world.truth.switches[record.org], NOTHING
    if own.onward == "on" and record.consented and not keeps_from_some(record):
        levels = {switch: own.level(switch) for switch in LADDERS}
        tokens = {name for name in row.values if name.endswith(".token")}
        wanted = passing(frozenset(row.values), levels) - tokens
    said = named(row.values.get("terms")) & frozenset(row.values)
    if not said <= wanted:
        raise Violation(FAR, f"{rk.hex()[:6]} lets {sorted(said - wanted)} be passed on")
    # Of what only came back the terms are all that is known of her consent: they never get wider.
    if record.certain and rk not in world.unsaid and said != wanted:
        raise Violation("nothing_is_lost", f"{rk.hex()[:6]} keeps {sorted(wanted - said)}")


def _check_reached(world: "HubWorld", leaf: SimHost, rk: RecordKey, record: TrueRecord) -> None:
    row = view(world, leaf).records.get(rk)
    if row is not None and row.row_exp > 0:
        return  # its author's own word counts; `sim_checks` looks at that
    what = f"org{leaf.index} of {rk.hex()[:6]} of org{record.org}"
    names = frozenset(row.values) if row is not None and row.is_live else NOTHING
    if row is not None and row.exp_day < world.today:
        names = NOTHING
    expected, revs = NOTHING, set()
    for hub in world.topology.peers(leaf.index):
        if hub == record.org or record.org not in world.topology.peers(hub):
            continue
        going = may_pass(world, hub, rk, leaf.index)
        copy = has_itself(world, hub, rk)
        if going and copy is not None:
            values = {name: copy.values[name] for name in going}
            expected |= world.truth.may_hold(leaf.index, going, category_of(values))
            revs.add(copy.rev)
    if not names <= expected:
        raise Violation("gone_at_every_leaf", f"{what} shows {sorted(names - expected)}")
    if names != expected:
        raise Violation("nothing_is_lost", f"{what} does not show {sorted(expected - names)}")
    if names and row is not None and {row.rev} != revs:
        raise Violation("nothing_is_lost", f"{what} shows rev {row.rev}, not {sorted(revs)}")
