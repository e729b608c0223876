"""Random schedules of the whole network: every store must hold its invariants, whatever happens.

See docs/explanation/model-test.md. A failure prints its seed and the least schedule that fails.
`PARASOL_MODEL_SEEDS` says how many schedules the slow test plays, `PARASOL_MODEL_FIRST` from where.
"""

import os

import pytest

from federation import origin
from node.store import grants
from tests.support.sim_schedule import Action, Schedule, play, run

QUICK = 32
GROUPS = 8
SLOW = int(os.environ.get("PARASOL_MODEL_SEEDS", "800"))
FIRST = int(os.environ.get("PARASOL_MODEL_FIRST", "10000"))
# What once failed, outside the range that is played.
ONCE = (20090, 30667, 30668, 30790, 40262, 40604, 40711, 75105, 76090, 200373, 200550)


@pytest.mark.parametrize("group", range(GROUPS))
def test_every_invariant_holds_in_some_schedules(group: int) -> None:
    assert run(range(group * QUICK // GROUPS, (group + 1) * QUICK // GROUPS)) == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("group", range(GROUPS))
def test_every_invariant_holds_in_many_schedules(group: int) -> None:
    first = FIRST + group * SLOW // GROUPS
    assert run(range(first, FIRST + (group + 1) * SLOW // GROUPS)) == []


@pytest.mark.parametrize("group", range(4))
def test_a_consent_that_was_taken_back_stays_so_in_every_schedule(group: int) -> None:
    assert run(range(7000 + group * 8, 7008 + group * 8), {"unconsent": 12, "restore": 9}) == []


def test_a_rotation_after_the_register_was_lost_lifts_nothing_above_a_correction() -> None:
    actions = [("correct", 0, 2160094637), ("lose", 2, 2092516837), ("rotate", 0, 4150394926)]
    schedule = Schedule(7031, 3, tuple(Action(kind, 1, other, n) for kind, other, n in actions))
    assert play(schedule) is None


@pytest.mark.parametrize("seed", ONCE)
def test_a_schedule_that_once_failed(seed: int) -> None:
    assert run([seed]) == []


@pytest.mark.parametrize("group", range(4))
def test_every_invariant_holds_where_each_delta_is_small(
    monkeypatch: pytest.MonkeyPatch, group: int
) -> None:
    """Then much is fetched ahead of what is stored, and crashes come in between."""
    monkeypatch.setattr(origin, "MAX_ITEMS", 2)
    monkeypatch.setattr(grants, "DUE_AT_ONCE", 1)  # of a ledger that is being derived anew
    assert run(range(5000 + group * 6, 5006 + group * 6)) == []
