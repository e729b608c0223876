"""Schedules of the model: drawn from a seed, played, healed, checked, and shrunk when they fail.

Every action carries a seed of its own, so leaving one out changes as little as possible of the
others, and a schedule can be cut down to the actions that matter.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from sqlalchemy import Connection

from federation.peers import PeerState
from node.after_restore import corrected_since, let_go, returned_entries, signed_anew
from node.store.brake import let_go as release_braked
from node.store.brake import waiting
from node.store.context import Context
from node.store.hub import follow_hub
from node.store.records import own_records
from protocol.entry import Status
from protocol.ids import OrgId, RecordKey
from tests.support.sim_checks import Violation, held_by_peers
from tests.support.sim_node import DAY_US, POINTS, SimHost, no_threads
from tests.support.sim_thief import steal, sweep
from tests.support.sim_views import view
from tests.support.sim_world import World

WEIGHTS = {
    "talk": 42, "publish": 10, "correct": 7, "narrow": 9, "withdraw": 2, "erase": 4, "turn": 6,
    "move": 4, "clock": 2, "jobs": 3, "snapshot": 6, "restore": 5, "restart": 2, "crash": 5,
    "replay": 6, "steal": 1, "rotate": 1, "lose": 0, "sweep": 0,
    "unconsent": 0,
}  # fmt: skip
ROUNDS = 7


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that happens: to whom, with whom, and the seed of its details."""

    kind: str
    who: int
    other: int
    seed: int


@dataclass(frozen=True, slots=True)
class Schedule:
    """How many organisations, and what happens to them."""

    seed: int
    organisations: int
    actions: tuple[Action, ...]
    make: Callable[[int, int], World] = World


def draw(seed: int, weights: dict[str, int] | None = None) -> Schedule:
    """The schedule of a seed."""
    rng = Random(seed)
    organisations = 4 if rng.random() < 0.2 else 3
    weighed = {**WEIGHTS, **(weights or {})}
    if rng.random() < 0.06:
        weighed |= {"lose": 4, "steal": 0}
    elif rng.random() < 0.12:
        weighed |= {"steal": 5, "rotate": 2, "sweep": 3}
    kinds = rng.choices(list(weighed), list(weighed.values()), k=rng.randrange(12, 48))
    actions = []
    for kind in kinds:
        who, other = rng.sample(range(organisations), 2)
        actions.append(Action(kind, who, other, rng.getrandbits(32)))
    return Schedule(seed, organisations, tuple(actions))


def play(schedule: Schedule) -> Violation | None:
    """Play a schedule to its end; the invariant that it breaks, if one."""
    with no_threads():
        return asyncio.run(_play(schedule))


async def _play(schedule: Schedule) -> Violation | None:
    world = schedule.make(schedule.seed, schedule.organisations)
    try:
        await world.begin()
        await _warm_up(world)
        for action in schedule.actions:
            world.rng.seed(action.seed)
            world.network.faulty = world.rng.random() < 0.6
            await _act(world, action)
            world.check()
            await world.derive(world.rng.choice(world.hosts), world.rng.choice((0, 0, 1, 3)))
            world.check()
        world.rng.seed(schedule.seed)
        await heal(world)
    except Violation as violation:
        return violation
    finally:
        for host in world.hosts:
            host.store.engine.dispose()
            host.register.close()
    return None


async def _warm_up(world: World) -> None:
    """Something that everybody has already, and backups in which it is granted."""
    world.network.faulty = False
    for host in world.hosts:
        await world.publish(host)
        await world.publish(host)
    for host in world.hosts:
        for other in world.others(host):
            await world.talk(host, other, pull=False)
        world.snapshot(host)


async def _act(world: World, action: Action) -> None:
    host, other = world.hosts[action.who], world.hosts[action.other]
    await DOING[action.kind](world, host, other)


async def _wait(world: World, _host: SimHost, _other: SimHost) -> None:
    world.now += world.rng.choice((DAY_US // 48, DAY_US // 3, DAY_US, 5 * DAY_US))
    world.refresh_exists()


async def _restore(world: World, host: SimHost, other: SimHost) -> None:
    await world.restore(host, announced=world.rng.random() < 0.5)
    if world.rng.random() < 0.15:
        await world.restore(other, announced=world.rng.random() < 0.5)


async def _lose(world: World, host: SimHost, _other: SimHost) -> None:
    if not world.truth.stolen:
        await world.restore(host, announced=True, lost=True)


async def _snapshot(world: World, host: SimHost, _other: SimHost) -> None:
    """Copy the store while the node runs, or while it is stopped."""
    if world.rng.random() < 0.5:
        world.snapshot(host)
        return
    await host.close()
    world.snapshot(host)
    await host.open()


async def _restart(world: World, host: SimHost, _other: SimHost) -> None:
    if world.rng.random() < 0.5:
        await host.close()
    await host.open()


async def _arm(world: World, host: SimHost, _other: SimHost) -> None:
    host.store.crash_at = world.rng.choice(POINTS)
    host.store.crash_in = world.rng.randrange(1, 4)


DOING: Mapping[str, Callable[[World, SimHost, SimHost], Awaitable[None]]] = {
    "talk": lambda world, host, other: world.talk(host, other, pull=world.rng.random() < 0.6),
    "publish": lambda world, host, _: world.publish(host),
    "correct": lambda world, host, _: world.correct(host),
    "narrow": lambda world, host, _: world.narrow(host),
    "withdraw": lambda world, host, _: world.take_back(host, Status.WITHDRAWN),
    "erase": lambda world, host, _: world.take_back(host, Status.ERASED),
    "turn": lambda world, host, _: world.turn(host),
    "move": lambda world, host, other: world.move(host, other),
    "clock": _wait,
    "jobs": lambda world, host, _: world.jobs(host),
    "snapshot": _snapshot,
    "restore": _restore,
    "restart": _restart,
    "crash": _arm,
    "replay": lambda world, *_: world.network.replay(),
    "steal": lambda world, host, _: steal(world, host),
    "sweep": lambda world, host, _: sweep(world, host),
    "rotate": lambda world, host, _: world.rotate(host, stolen=host.index in world.truth.stolen),
    "lose": _lose,
    "unconsent": lambda world, host, _: world.lose_consent(host),
}


async def heal(world: World) -> None:
    """Let everybody talk to everybody, and the keepers look at what waits for them."""
    world.network.faulty = False
    for host in world.hosts:
        host.store.disarm()
        while host.index in world.truth.stolen:
            await world.rotate(host, stolen=True)
    for host in world.hosts:
        for other in world.others(host):
            await world.move(host, other, PeerState.TRUSTED)
    held = {host.index: held_by_peers(world, host.index) for host in world.hosts}
    await _rounds(world)
    for host in world.hosts:
        await _look_through(world, host)
    await _rounds(world)
    for host in world.hosts:  # what keepers did after the restore may have been much for one day
        await _let_go_braked(host)
    await _rounds(world)
    world.check_end(held)


async def _rounds(world: World) -> None:
    for _ in range(ROUNDS):
        for host in world.hosts:
            world.now += 60_000_000
            await world.jobs(host)
            for other in world.others(host):
                await world.talk(host, other, pull=True)
                world.check()
        if world.is_quiet():
            return


async def _look_through(world: World, host: SimHost) -> None:
    """What a keeper does about what a restore or a thief left her."""
    node, context, truth = host.node, host.node.context, world.truth
    for rk, record in truth.records.items():
        row = view(world, host).records.get(rk)
        if record.org != host.index or row is None or row.status != Status.LIVE:
            continue
        if record.status is not Status.LIVE:
            await world.take_back(host, record.status, rk)
        elif host.index in truth.lost:
            await world.narrow(host, record.restrictions, rk)
            if not record.consented:
                await world.lose_consent(host, rk)
            if row.rev < record.floor and record.exp >= world.today:
                await world.correct(host, rk)
    judged = await node.read(returned_entries, context, node.documents.orgdocs)
    ours = await node.read(own_records, context.org, [each.entry.rk for each in judged])
    anew = signed_anew(judged, ours, node.key, context)
    truth.lost.discard(host.index)
    await _let_go_braked(host)
    await node.change(let_go, context, judged, anew, ours)
    world.note_kept_narrow(host)
    behind: list[tuple[RecordKey, int, int]] = await node.read(
        lambda connection: list(corrected_since(connection, context))
    )
    for rk, _, _ in behind:
        await world.correct(host, rk)


async def _let_go_braked(host: SimHost) -> None:
    """A keeper confirms what the brake set aside: every thief's key is revoked by now."""
    for braked in await host.node.read(waiting):
        await host.node.change(_confirm_braked, host.node.context, braked.org)


def _confirm_braked(connection: Connection, context: Context, org: OrgId) -> None:
    """As the keeper's command does."""
    release_braked(connection, context, org, context.now_us())
    follow_hub(connection, context, org)


def shrink(schedule: Schedule, fails: Callable[[Schedule], bool]) -> Schedule:
    """Leave out actions for as long as the schedule still fails."""
    actions = list(schedule.actions)
    step = max(1, len(actions) // 2)
    while step:
        at = 0
        while at < len(actions):
            fewer = actions[:at] + actions[at + step :]
            candidate = replace(schedule, actions=tuple(fewer))
            if fails(candidate):
                actions = fewer
            else:
                at += step
        step //= 2
    return replace(schedule, actions=tuple(actions))


def report(schedule: Schedule, violation: Violation) -> str:
    """The shortest schedule that breaks the same invariant, as text."""

    def fails(candidate: Schedule) -> bool:
        found = play(candidate)
        return found is not None and found.invariant == violation.invariant

    least = shrink(schedule, fails)
    last = play(least)
    lines = [f"seed {schedule.seed}: {last or violation}", *map(str, least.actions)]
    return "\n  ".join(lines)


def run(
    seeds: Sequence[int],
    weights: dict[str, int] | None = None,
    drawn: Callable[[int, dict[str, int] | None], Schedule] = draw,
) -> list[str]:
    """Play the schedules of these seeds; a report for each that fails."""
    found = []
    for seed in seeds:
        schedule = drawn(seed, weights)
        violation = play(schedule)
        if violation is not None:
            found.append(report(schedule, violation))
    return found
