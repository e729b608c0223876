"""The hub model would notice: what hubs do is broken one function at a time.

Each breaks the law that is named for it; see test_mutations.py for those of the first model.
"""

import contextlib
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from federation import hub, verify
from node import amending, rounds
from node.store import enforce, onward, passed_on
from node.store import hub as hearing
from node.store.onward import Passing
from node.store.passed_on import show
from tests.support.sim_hub_schedule import draw
from tests.support.sim_hub_world import TOPOLOGIES, HubWorld, topology_of
from tests.support.sim_schedule import Action, Schedule, play

SEEDS = range(500, 620)
TWO_HUBS = [seed for seed in range(500, 1220) if topology_of(seed) is TOPOLOGIES[2]]
MEET = (("talk", 0, 1), ("talk", 0, 2), ("talk", 3, 1), ("talk", 3, 2), ("talk", 3, 1))
RESTORES = {"restore": 20, "snapshot": 14}
Break = Callable[[pytest.MonkeyPatch], None]


def pass_on_against_terms(patch: pytest.MonkeyPatch) -> None:
    """A hub passes on what terms forbid, and every field of it; its peers take that."""
    everything = frozenset({"codes", "severity", "text", "phone", "phone.masked"})
    everything |= {"place.region", "place.city", "place.district"}
    patch.setattr(hub, "allows", lambda *_: True)
    patch.setattr(hub, "onward_names", lambda _: everything)
    patch.setattr(verify, "is_within_terms", lambda *_: True)


def carry_over_every_border(patch: pytest.MonkeyPatch) -> None:
    """A hub takes its author's country for the whole world."""
    patch.setattr(hub, "crosses_border", lambda *_: False)


def pass_on_before_a_word(patch: pytest.MonkeyPatch) -> None:
    """A hub takes whatever its store says for its author's word of now."""
    patch.setattr(onward, "is_in_step", lambda _, author: author is not None)


def keep_granting_what_is_gone(patch: pytest.MonkeyPatch) -> None:
    """A hub's ledgers do not follow what its authors say, only its own policy."""
    patch.setattr(hearing, "spread_onward", lambda *_, **__: set())


def keep_granting_what_ended(patch: pytest.MonkeyPatch) -> None:
    """What a hub has no more it does not stop."""
    patch.setattr(Passing, "_stopped", lambda *_, **__: None)


def wait_with_what_ends(patch: pytest.MonkeyPatch) -> None:
    """Before it is in step a hub does nothing at all, also where its own copy lost something."""
    real = Passing._standing

    def standing(self: Passing, record: Any, row: Any, author: Any) -> Any:
        is_sure = onward.is_in_step(self.context, author)
        return real(self, record, row, author) if is_sure else None

    patch.setattr(Passing, "_standing", standing)


def forget_what_was_stopped(patch: pytest.MonkeyPatch) -> None:
    """A leaf forgets the highest entry when the hub that brought it stops it."""
    real = passed_on._show_one

    def show_one(
        connection: Any, context: Any, rk: Any, mirrors: Any, old: Any, *rest: Any
    ) -> None:
        if old is not None and passed_on.is_derived(old):
            real(connection, context, rk, [], old, *rest)
            old = None
        real(connection, context, rk, [m for m in mirrors if m.row_kind == 0], old, *rest)

    patch.setattr(passed_on, "_show_one", show_one)


def show_without_a_heard_hub(patch: pytest.MonkeyPatch) -> None:
    """A leaf that moves a hub, or is put back, shows on what that hub passed on."""

    def later(connection: Any, context: Any, rks: Any = None) -> None:
        if rks is not None:
            show(connection, context, rks)

    for module in (hearing, passed_on):
        patch.setattr(module, "show", later)


def keep_mirrors_under_a_new_policy(patch: pytest.MonkeyPatch) -> None:
    """A leaf's own policy change purges nothing that hubs passed on."""
    patch.setattr(enforce, "purge_passed_on", lambda *_: 0)


def ask_nobody_who_it_is(patch: pytest.MonkeyPatch) -> None:
    """A leaf does not ask a hub whose records it passes on."""

    async def ask(*_: Any) -> bool:
        return False

    patch.setattr(rounds, "ask_authors", ask)


def keep_what_another_hub_brought(patch: pytest.MonkeyPatch) -> None:
    """A tombstone that one hub brings leaves another hub's copy as it is."""
    patch.setattr(passed_on, "_is_braked", lambda *_: True)
    patch.setattr(passed_on, "permissions", SimpleNamespace(ERASED="nothing of the kind"))


def sign_what_was_corrected(patch: pytest.MonkeyPatch) -> None:
    """A narrowing after a restore signs the old words anew, above their correction."""
    patch.setattr(amending, "may_be_outdated", lambda *_: False)


# Chance seldom has one hub ahead of the other at just this moment; so what happens is written down.
TOLD = (("talk", 0, 1), ("talk", 1, 3))
SCRIPTS: dict[Break, tuple[tuple[str, int, int], ...]] = {
    forget_what_was_stopped: (*MEET, ("correct", 0, 1), *TOLD, ("move", 0, 1), *TOLD),
    keep_what_another_hub_brought: (*MEET, ("erase", 0, 1), *TOLD),
}


def schedules(broken: Break, weights: dict[str, int]) -> Iterator[Schedule]:
    """What is played to break the law of a mutation."""
    if broken not in SCRIPTS:
        yield from (draw(seed, weights) for seed in SEEDS)
        return
    for seed in TWO_HUBS:
        actions = tuple(Action(*each, seed) for each in SCRIPTS[broken])
        yield Schedule(seed, TOPOLOGIES[2].organisations, actions, HubWorld)


MUTATIONS: tuple[tuple[Break, str, dict[str, int]], ...] = (
    (pass_on_against_terms, "nothing_too_far_is_passed_on", {"turn": 20}),
    (carry_over_every_border, "nothing_too_far_is_passed_on", {}),
    (pass_on_before_a_word, "a_stale_hub_passes_nothing_on", RESTORES),
    (keep_granting_what_is_gone, "a_ledger_follows_its_copy", {"turn": 20}),
    (keep_granting_what_ended, "a_ledger_follows_its_copy", {"turn": 20}),
    (wait_with_what_ends, "a_ledger_follows_its_copy", {"turn": 30, "restart": 20}),
    (forget_what_was_stopped, "no_lower_revision_is_shown", {}),
    (show_without_a_heard_hub, "shown_is_what_hubs_disclose", {"move": 20}),
    (keep_mirrors_under_a_new_policy, "own_policy_purges_at_once", {"turn": 20}),
    (ask_nobody_who_it_is, "converges", {}),
    (keep_what_another_hub_brought, "no_erased_or_recalled_record_returns", {}),
    (
        sign_what_was_corrected,
        "nothing_forbidden_is_sent",
        {"narrow": 30, "correct": 25, **RESTORES},
    ),
)


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("broken", "invariant", "weights"), MUTATIONS, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_broken_hub_breaks_its_named_invariant(
    broken: Break, invariant: str, weights: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(monkeypatch)
    found = dict.fromkeys(("none",), 0)
    for schedule in schedules(broken, weights):
        with contextlib.suppress(ArithmeticError):
            violation = play(schedule)
            name = "none" if violation is None else violation.invariant
            found[name] = found.get(name, 0) + 1
            if name == invariant:
                return
    pytest.fail(f"{invariant} still held; found {found}")
