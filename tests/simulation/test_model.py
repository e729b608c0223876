"""Random schedules of the whole network: every store must hold its invariants, whatever happens.

See docs/explanation/model-test.md. A failure prints its seed and the least schedule that fails.
`PARASOL_MODEL_SEEDS` says how many schedules the slow test plays, `PARASOL_MODEL_FIRST` from where.
"""

import os

import pytest

from tests.support.sim_schedule import run

QUICK = 32
GROUPS = 8
SLOW = int(os.environ.get("PARASOL_MODEL_SEEDS", "800"))
FIRST = int(os.environ.get("PARASOL_MODEL_FIRST", "10000"))
# Known faults, each held in sight by a test of its own until it is mended: a restored origin lacks
# a record that a peer still held. The cause was not traced. 10309 would be in the range below, and
# is left out of it so that the others are played (docs/explanation/model-test.md).
OPEN = (10309, 20090)


@pytest.mark.parametrize("group", range(GROUPS))
def test_every_invariant_holds_in_some_schedules(group: int) -> None:
    assert run(range(group * QUICK // GROUPS, (group + 1) * QUICK // GROUPS)) == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("group", range(GROUPS))
def test_every_invariant_holds_in_many_schedules(group: int) -> None:
    first = FIRST + group * SLOW // GROUPS
    seeds = [
        seed for seed in range(first, FIRST + (group + 1) * SLOW // GROUPS) if seed not in OPEN
    ]
    assert run(seeds) == []


@pytest.mark.slow
@pytest.mark.xfail(strict=True, reason="a known fault, see OPEN: take its seed out once mended")
@pytest.mark.parametrize("seed", OPEN)
def test_a_schedule_that_is_known_to_fail(seed: int) -> None:
    assert run([seed]) == []
