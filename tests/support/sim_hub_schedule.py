"""Schedules of the hub model: as the others, along who peers with whom."""

from collections.abc import Sequence
from random import Random

from tests.support import sim_schedule
from tests.support.sim_hub_world import HubWorld, topology_of
from tests.support.sim_schedule import Action, Schedule

WEIGHTS = {
    "talk": 60, "publish": 10, "correct": 8, "narrow": 8, "withdraw": 3, "erase": 5, "turn": 8,
    "move": 6, "clock": 2, "jobs": 6, "snapshot": 6, "restore": 6, "restart": 4, "crash": 6,
    "replay": 6, "rotate": 1, "unconsent": 1, "steal": 0, "sweep": 0,
}  # fmt: skip


def draw(seed: int, weights: dict[str, int] | None = None) -> Schedule:
    """The schedule of a seed. The author does most of what keepers do."""
    rng, topology = Random(seed), topology_of(seed)
    weighed = {**WEIGHTS, **(weights or {})}
    if Random(seed + 5).random() < 0.12:
        weighed |= {"steal": 5, "rotate": 3, "sweep": 3}
    kinds = rng.choices(list(weighed), list(weighed.values()), k=rng.randrange(12, 60))
    actions = []
    for kind in kinds:
        who = 0 if rng.random() < 0.35 else rng.randrange(topology.organisations)
        other = rng.choice(topology.peers(who))
        actions.append(Action(kind, who, other, rng.getrandbits(32)))
    return Schedule(seed, topology.organisations, tuple(actions), HubWorld)


def run(seeds: Sequence[int], weights: dict[str, int] | None = None) -> list[str]:
    """Play the schedules of these seeds; a report for each that fails."""
    return sim_schedule.run(seeds, weights, draw)
