"""Alerts that wait for others: which record of kind hold stands for which alert, and for how many.

A hold and its alert are two own records. The alert goes to nobody until it is released; the hold is
what peers get meanwhile. What other origins made of our identifiers is kept with the hold and goes
with it: so each of them is asked about each of our identifiers once.
"""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Connection, Row, delete, insert, select, update

from federation.decision import HOLD
from federation.release import Restrictions
from node.store import register as permissions
from node.store.context import Context
from node.store.records import chunks, encode_restrictions
from node.store.tables import own, records
from node.store.tables_matching import hold_tokens, holds
from protocol.codec import decode, encode
from protocol.entry import Status
from protocol.ids import OrgId, RecordKey
from protocol.shape import as_array, as_bytes

MARK_BYTES: Final = 16
NOBODY: Final = Restrictions(peers=frozenset())


@dataclass(frozen=True, slots=True)
class Hold:
    """One alert that waits. `needed` others must match; `given` have it already."""

    rk: RecordKey
    alert: RecordKey
    needed: int
    given: frozenset[OrgId]


@dataclass(frozen=True, slots=True)
class Evaluated:
    """One of our identifiers at another origin: our mark of it, and their token."""

    org: OrgId
    kind: str
    kid: bytes
    mark: bytes = field(repr=False)
    theirs: bytes = field(repr=False)


def add_hold(connection: Connection, hold: Hold) -> None:
    """Note that an alert waits."""
    connection.execute(
        insert(holds).values(
            rk=hold.rk, alert=hold.alert, needed=hold.needed, given=_packed(hold.given)
        )
    )


def all_holds(connection: Connection) -> list[Hold]:
    """Every alert that waits, or has been released by a match."""
    return [_hold(row) for row in connection.execute(select(holds))]


def lone_holds(connection: Connection, context: Context) -> list[RecordKey]:
    """Live holds of ours that stand for no alert, as peers give back after a restore. Slow."""
    query = select(records.c.rk).where(
        records.c.org == context.org, records.c.kind == HOLD,
        records.c.status == int(Status.LIVE), records.c.exp_day >= context.today,
        records.c.rk.not_in(select(holds.c.rk)),
    )  # fmt: skip
    return [RecordKey(bytes(rk)) for (rk,) in connection.execute(query)]


def hold_of(connection: Connection, rk: RecordKey) -> Hold | None:
    """The hold that this record is, or that stands for this alert."""
    query = select(holds).where((holds.c.rk == rk) | (holds.c.alert == rk))
    row = connection.execute(query).one_or_none()
    return None if row is None else _hold(row)


def set_given(connection: Connection, rk: RecordKey, given: Collection[OrgId]) -> None:
    """Note to whom the alert of a hold was released."""
    packed = _packed(given)
    connection.execute(update(holds).where(holds.c.rk == rk).values(given=packed))


def drop_hold(connection: Connection, rk: RecordKey) -> None:
    """Forget a hold and all that others made of its identifiers."""
    connection.execute(delete(hold_tokens).where(hold_tokens.c.hold == rk))
    connection.execute(delete(holds).where(holds.c.rk == rk))


def evaluated(connection: Connection, rk: RecordKey) -> Iterator[Evaluated]:
    """What others made of the identifiers of a hold."""
    for row in connection.execute(select(hold_tokens).where(hold_tokens.c.hold == rk)):
        yield Evaluated(
            OrgId(bytes(row.org)), row.kind, bytes(row.kid), bytes(row.mark), bytes(row.theirs)
        )


def add_evaluated(connection: Connection, rk: RecordKey, found: Iterable[Evaluated]) -> None:
    """Keep what another origin made of the identifiers of a hold, if it still waits."""
    if hold_of(connection, rk) is None:
        return
    rows: list[dict[str, Any]] = [
        {"hold": rk, "org": each.org, "kind": each.kind, "kid": each.kid, "mark": each.mark,
         "theirs": each.theirs}
        for each in found
    ]  # fmt: skip
    if rows:
        connection.execute(insert(hold_tokens).prefix_with("OR REPLACE"), rows)


def forget_evaluated(connection: Connection, rk: RecordKey) -> None:
    """Forget what others made of the identifiers of a hold: it has others now."""
    connection.execute(delete(hold_tokens).where(hold_tokens.c.hold == rk))


def mark_of(rk: RecordKey, kind: str, normal: str) -> bytes:
    """What stands for one of our identifiers beside what others made of it; salted by its hold."""
    data = f"{kind}\0{normal}".encode()
    return hashlib.blake2b(data, key=rk, digest_size=MARK_BYTES).digest()


def silence(
    connection: Connection, context: Context, alerts: Collection[RecordKey]
) -> list[RecordKey]:
    """Take the holds of these alerts from every peer, before anything is signed; their keys."""
    silenced: list[RecordKey] = []
    for group in chunks(alerts):
        query = select(holds.c.rk).where(holds.c.alert.in_(group))
        silenced += [RecordKey(bytes(rk)) for (rk,) in connection.execute(query)]
    raw = encode_restrictions(NOBODY)
    for rk in silenced:
        context.register.stage(permissions.NARROWED, rk, raw)
        connection.execute(update(own).where(own.c.rk == rk).values(restrictions=raw))
    return silenced


def _hold(row: Row[Any]) -> Hold:
    given = frozenset(OrgId(as_bytes(org, 32)) for org in as_array(decode(bytes(row.given))))
    return Hold(RecordKey(bytes(row.rk)), RecordKey(bytes(row.alert)), row.needed, given)


def _packed(orgs: Collection[OrgId]) -> bytes:
    return encode([bytes(org) for org in sorted(orgs)])
