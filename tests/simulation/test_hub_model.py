"""Random schedules with hubs: what goes on one hop never goes further than its author lets it.

See docs/explanation/model-test.md. `PARASOL_MODEL_SEEDS` and `PARASOL_MODEL_FIRST` say how many
schedules the slow test plays and from where, as for the other model.
"""

import os

import pytest

from federation import origin
from tests.support.sim_hub_schedule import run

QUICK = 16
GROUPS = 8
SLOW = int(os.environ.get("PARASOL_MODEL_SEEDS", "400"))
FIRST = int(os.environ.get("PARASOL_MODEL_FIRST", "10000"))
# What once failed: a stop of nobody's, a copy that ended unheard, an old row repeated, a pull that
# brought nothing, documents of another hub, a stop that was forgotten, a replay that was believed,
# two hubs that took away one record, documents that came while the brake held what lacked them,
# a policy that its author's ledger had still to follow, a row given back before its author's word,
# terms that got narrower after a restore, a narrowing that signed what had been corrected since.
ONCE = (4, 7, 10, 12, 13, 49, 61, 83, 10060, 10187, 10207, 10305, 10315, 12110)


@pytest.mark.parametrize("seed", ONCE)
def test_a_schedule_with_hubs_that_once_failed(seed: int) -> None:
    assert run([seed]) == []


@pytest.mark.parametrize("group", range(GROUPS))
def test_every_law_of_hubs_holds_in_some_schedules(group: int) -> None:
    assert run(range(100 + group * QUICK // GROUPS, 100 + (group + 1) * QUICK // GROUPS)) == []


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("group", range(GROUPS))
def test_every_law_of_hubs_holds_in_many_schedules(group: int) -> None:
    first = FIRST + group * SLOW // GROUPS
    assert run(range(first, FIRST + (group + 1) * SLOW // GROUPS)) == []


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_every_law_of_hubs_holds_where_each_delta_is_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(origin, "MAX_ITEMS", 2)
    assert run(range(5000, 5040)) == []
