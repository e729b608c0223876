"""The model would notice: production functions are broken one at a time, and each breaks its law.

A mutation that no schedule notices would mean that the model tests nothing there.
"""

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import Connection

from federation import origin, receiver
from federation.peers import PeerState
from node import introductions, opening, owndocs
from node.store import brake, enforce, meta
from node.store.brake import BRAKED, Brake
from node.store.grants import StoreGrants
from node.store.incoming_row import RowMaker
from node.store.intake import StoreIntake
from node.store.ledger_rows import rows_after
from node.store.records import opened_values
from node.store.register import ERASED, NARROWED, REVISION, WITHDRAWN, Register
from protocol.codec import decode, encode
from protocol.limits import DISCLOSURES_BYTES
from tests.support.sim_schedule import Action, Schedule, draw, play

SEEDS = range(500, 620)
THEFT = {"steal": 12, "rotate": 4}
SWEEPS = {"sweep": 10, "publish": 25, "rotate": 2}
RESTORES = {"restore": 14, "snapshot": 12}
Break = Callable[[pytest.MonkeyPatch], None]


def union_instead_of_replace(patch: pytest.MonkeyPatch) -> None:
    """A put adds to what was disclosed before."""
    real = RowMaker._applied

    def applied(self: RowMaker, item: Any, record: Any, old: Any) -> Any:
        row, values = real(self, item, record, old)
        if old is not None and bytes(old.eid) == row["eid"]:
            before: Any = decode(bytes(old.disclosures), limit=DISCLOSURES_BYTES)
            now: Any = decode(row["disclosures"], limit=DISCLOSURES_BYTES)
            both = {name: [salt, name, value] for salt, name, value in [*before, *now]}
            row["disclosures"] = encode([both[name] for name in sorted(both)])
            values = opened_values(row["disclosures"])
        return row, values

    patch.setattr(RowMaker, "_applied", applied)


def delete_what_the_origin_does_not_know(patch: pytest.MonkeyPatch) -> None:
    """Recovery stops what it does not know, where it should ask for it."""
    real = origin._reconcile

    def reconcile(grants: Any, mine: Any, differing: Any, unlisted: Any, known: Any) -> Any:
        for rk, row in differing.items():
            if rk not in known:
                grants.issue_stop(rk, row.exp)
        rest = {rk: row for rk, row in differing.items() if rk in known}
        return real(grants, mine, rest, unlisted, known)

    patch.setattr(origin, "_reconcile", reconcile)


def release_after_restore(patch: pytest.MonkeyPatch) -> None:
    """A restored node goes on from its backup as if nothing had happened since."""
    patch.setattr(opening, "begin_recovery", lambda _: None)
    patch.setattr(opening, "obey_register", lambda *_: None)
    patch.setattr(StoreGrants, "_may_not_put", lambda *_: False)


def forget_the_register(patch: pytest.MonkeyPatch) -> None:
    """What the register says is never asked for."""
    real = Register.get

    def get(self: Register, scope: str, key: bytes) -> bytes | None:
        asked = scope in {ERASED, WITHDRAWN, REVISION, NARROWED}
        return None if asked else real(self, scope, key)

    patch.setattr(Register, "get", get)
    patch.setattr(Register, "all", lambda *_: iter(()))


def keep_what_own_policy_forbids(patch: pytest.MonkeyPatch) -> None:
    """A receiver's own policy change purges nothing."""
    patch.setattr(opening, "purge_not_accepted", lambda *_: 0)


def leave_ledgers_after_a_policy_change(patch: pytest.MonkeyPatch) -> None:
    """A policy is put in force, and no ledger is derived again."""
    patch.setattr(opening, "mark_due", lambda _: None)


def tell_what_is_due(patch: pytest.MonkeyPatch) -> None:
    """Rows go out that are still to be derived under the policy in force."""

    def rows_after_all(self: StoreGrants, pseq: int, limit: int) -> list[Any]:
        return rows_after(self._connection, self.peer.id, pseq, limit)

    patch.setattr(StoreGrants, "rows_after", rows_after_all)


def never_compare_digests(patch: pytest.MonkeyPatch) -> None:
    """A receiver says ok to every delta."""
    patch.setattr(receiver, "_next_page", lambda mirror, delta: receiver._ok(mirror, delta.asof))


def confirm_without_digest(patch: pytest.MonkeyPatch) -> None:
    """A cursor is taken for a proof."""
    real = StoreGrants.confirm

    def confirm(self: StoreGrants, cursor: int, held: Any, *, equal: bool) -> None:
        del equal
        real(self, cursor, held, equal=True)

    patch.setattr(StoreGrants, "confirm", confirm)


def believe_a_thief_for_ever(patch: pytest.MonkeyPatch) -> None:
    """A revoked key's records stay."""
    patch.setattr(introductions, "roll_back_revoked", lambda *_: 0)


def keep_what_a_thief_signed(patch: pytest.MonkeyPatch) -> None:
    """What came back under a key stays, although that key is revoked since before it came.

    That the register is asked first stands before this: without it alone no law is broken any more.
    """
    patch.setattr(owndocs, "roll_back_own", lambda *_: 0)


def leave_ours_at_blocked_peers(patch: pytest.MonkeyPatch) -> None:
    """A blocked peer is told nothing more, stops neither."""
    told = property(lambda state: state in {PeerState.TRUSTED, PeerState.PAUSED})
    patch.setattr(PeerState, "may_hold_ours", told)


def apply_items_again(patch: pytest.MonkeyPatch) -> None:
    """An item counts although a later one was applied."""
    real = StoreIntake.apply
    waiting: list[Any] = []

    def on_delta(mirror: Any, delta: Any, items: Sequence[Any]) -> Any:
        waiting[:] = items
        return first(mirror, delta, items)

    def apply(self: StoreIntake, _: Sequence[Any]) -> None:
        real(self, waiting)

    first = receiver.on_delta
    patch.setattr(receiver, "on_delta", on_delta)
    patch.setattr(StoreIntake, "apply", apply)


def let_erased_records_return(patch: pytest.MonkeyPatch) -> None:
    """A receiver that was restored shows at once what it had."""

    def begin(connection: Connection) -> None:
        real(connection)
        connection.exec_driver_sql("UPDATE peers SET in_synced = 1")

    real = opening.begin_recovery
    patch.setattr(opening, "begin_recovery", begin)
    patch.setattr(enforce, "_erase_foreign", lambda *_: None)


def suspend_for_ever(patch: pytest.MonkeyPatch) -> None:
    """What was held back in recovery is never released."""
    real = StoreGrants.derive_records

    def derive(self: StoreGrants, known: Any) -> None:
        if not known or self._context.register.counter < 3:
            real(self, known)

    patch.setattr(StoreGrants, "derive_records", derive)


def keep_trusting_after_a_restore(patch: pytest.MonkeyPatch) -> None:
    """Confirmations of the backup are believed."""

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(
            "CREATE TEMP TABLE kept AS SELECT id, acked_us FROM ledger WHERE acked_us > 0"
        )
        real(connection)
        connection.exec_driver_sql(
            "UPDATE ledger SET acked_us = (SELECT acked_us FROM kept WHERE kept.id = ledger.id)"
            " WHERE id IN (SELECT id FROM kept)"
        )
        connection.exec_driver_sql("DROP TABLE kept")

    real = opening.begin_recovery
    patch.setattr(opening, "begin_recovery", begin)


def believe_a_store_that_was_cut_off(patch: pytest.MonkeyPatch) -> None:
    """A store that was not closed is taken for the last one of its opening."""
    patch.setattr(opening, "doubt_confirmations", lambda *_: None)


def take_old_requests_after_a_cut(patch: pytest.MonkeyPatch) -> None:
    """A store that was not closed takes a request that it had seen, and has forgotten."""
    real = opening.doubt_confirmations

    def doubt(connection: Connection, now_us: int) -> None:
        floor = meta.get(connection, meta.GUARD_FLOOR)
        real(connection, now_us)
        meta.keep(connection, meta.GUARD_FLOOR, floor)

    patch.setattr(opening, "doubt_confirmations", doubt)


def number_no_opening(patch: pytest.MonkeyPatch) -> None:
    """A store that was closed is taken for the last one, however often it was opened since."""
    patch.setattr(Register, "note_opening", lambda *_: None)


def brake_nothing(patch: pytest.MonkeyPatch) -> None:
    """Whatever is taken away is purged at once."""
    patch.setattr(Brake, "_is_too_many", lambda _: False)


def keep_the_copy_of_before_for_ever(patch: pytest.MonkeyPatch) -> None:
    """What was there before an alert was signed again stays, whatever is taken away of it."""
    patch.setattr(brake, "drop_earlier", lambda *_: None)


def confirm_what_is_braked(patch: pytest.MonkeyPatch) -> None:
    """What is set aside is not named among what is held."""
    real = StoreIntake.held

    def held(self: StoreIntake) -> list[Any]:
        return [each for each in real(self) if each[1] != BRAKED]

    patch.setattr(StoreIntake, "held", held)


MUTATIONS: tuple[tuple[Break, str, dict[str, int]], ...] = (
    (union_instead_of_replace, "gone_when_digests_match", {}),
    (delete_what_the_origin_does_not_know, "a_restored_origin_recovers", RESTORES),
    (release_after_restore, "nothing_forbidden_is_sent", RESTORES),
    (forget_the_register, "no_erased_or_recalled_record_returns", RESTORES),
    (keep_what_own_policy_forbids, "own_policy_purges_at_once", {"turn": 14}),
    (leave_ledgers_after_a_policy_change, "nothing_forbidden_is_sent", {"turn": 14}),
    (tell_what_is_due, "nothing_forbidden_is_sent", {"turn": 14}),
    (never_compare_digests, "converges", RESTORES),
    (confirm_without_digest, "confirmed_means_held", {}),
    (believe_a_thief_for_ever, "converges", THEFT),
    (keep_what_a_thief_signed, "nothing_forbidden_is_sent", THEFT),
    (leave_ours_at_blocked_peers, "gone_when_digests_match", {"move": 14}),
    (apply_items_again, "confirmed_means_held", {"replay": 25, "narrow": 20}),
    (let_erased_records_return, "no_erased_or_recalled_record_returns", RESTORES),
    (suspend_for_ever, "nothing_is_lost", {}),
    (keep_trusting_after_a_restore, "confirmed_means_held", RESTORES),
    (brake_nothing, "a_thief_purges_few", SWEEPS),
    (confirm_what_is_braked, "confirmed_means_held", {"erase": 25, "publish": 20, "narrow": 14}),
    (
        keep_the_copy_of_before_for_ever,
        "no_erased_or_recalled_record_returns",
        {"rotate": 10, "turn": 10, "narrow": 14, "erase": 10},
    ),
)


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("broken", "invariant", "weights"), MUTATIONS, ids=lambda value: getattr(value, "__name__", "")
)
def test_a_broken_function_breaks_its_named_invariant(
    broken: Break, invariant: str, weights: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken(monkeypatch)
    found = dict.fromkeys(("none",), 0)
    for seed in SEEDS:
        with contextlib.suppress(ArithmeticError):
            violation = play(draw(seed, weights))
            name = "none" if violation is None else violation.invariant
            found[name] = found.get(name, 0) + 1
            if name == invariant:
                return
    pytest.fail(f"{invariant} still held; found {found}")


# A peer turns its policy and is told what follows; then our store of before stands here again.
PUT_BACK = (("turn", 0, 2, 76160703), ("talk", 0, 2, 1696169338), ("restore", 2, 0, 2804578322))
COPIED_CLOSED = (("snapshot", 2, 0, 0),) * 3
PULLED = (("talk", 0, 2, 50), ("talk", 0, 2, 51))
REPLAYED = tuple(("replay", 0, 1, seed) for seed in range(30))
OLD_STORES = (
    (believe_a_store_that_was_cut_off, PUT_BACK),
    (number_no_opening, (*COPIED_CLOSED, *PUT_BACK)),
    (take_old_requests_after_a_cut, (*PULLED, *PUT_BACK, *REPLAYED)),
)


@pytest.mark.parametrize(("broken", "actions"), OLD_STORES)
def test_an_old_store_that_is_believed_breaks_its_law(
    broken: Break, actions: Sequence[tuple[str, int, int, int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Chance finds these too seldom to wait for it."""
    schedule = Schedule(75105, 3, tuple(Action(*each) for each in actions))
    assert play(schedule) is None
    broken(monkeypatch)
    violation = play(schedule)
    assert violation is not None
    assert violation.invariant == "confirmed_means_held"
