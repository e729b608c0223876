"""Ledger rows as the database has them, and the columns in which confirmations are noted."""

from collections.abc import Collection, Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from federation.ledger import LedgerRow, RowKind
from node.store.digests import bounds
from node.store.records import chunks
from node.store.tables import ledger
from protocol.codec import decode, encode
from protocol.ids import Day, EntryId, RecordKey
from protocol.shape import as_array, as_str

UPDATE_ROW = (
    update(ledger)
    .where(ledger.c.peer == bindparam("b_peer"), ledger.c.rk == bindparam("b_rk"))
    .values(
        pseq=bindparam("pseq"), kind=bindparam("kind"), state=bindparam("state"),
        eid=bindparam("eid"), rev=bindparam("rev"), names=bindparam("names"), exp=bindparam("exp"),
        since_us=bindparam("since_us"), acked_us=bindparam("acked_us"), held=bindparam("held"),
        author=bindparam("author"),
    )
)  # fmt: skip


# Each message runs these; to build a statement takes three times as long as to run it.
_OF_PEER = ledger.c.peer == bindparam("peer")
_STATES = select(ledger.c.rk, ledger.c.state).where(
    _OF_PEER,
    ledger.c.exp >= bindparam("asof"),
    ledger.c.rk >= bindparam("lo"),
    ledger.c.rk < bindparam("hi"),
)
_AFTER = (
    select(ledger)
    .where(_OF_PEER, ledger.c.pseq > bindparam("pseq"))
    .order_by(ledger.c.pseq)
    .limit(bindparam("most"))
)
_OF_KEYS = select(ledger).where(_OF_PEER, ledger.c.rk.in_(bindparam("rks", expanding=True)))
_REGRESS = (
    update(ledger)
    .where(
        ledger.c.peer == bindparam("b_peer"),
        ledger.c.acked_us > 0,
        ledger.c.pseq > bindparam("cursor"),
    )
    .values(acked_us=0)
)
_CONFIRM = (
    update(ledger)
    .where(
        ledger.c.peer == bindparam("b_peer"),
        ledger.c.acked_us == 0,
        ledger.c.pseq <= bindparam("cursor"),
        ledger.c.held == "",
    )
    .values(acked_us=bindparam("now_us"))
)
_HELD = select(ledger.c.rk, ledger.c.held).where(_OF_PEER, ledger.c.held != "")


def ledger_row(row: Row[Any]) -> LedgerRow:
    """One row as the sync rules see it."""
    return LedgerRow(
        RecordKey(bytes(row.rk)), row.pseq, RowKind(row.kind), bytes(row.state),
        EntryId(bytes(row.eid)), row.rev, decode_names(bytes(row.names)), Day(row.exp),
        row.held, row.acked_us, row.since_us, bytes(row.author),
    )  # fmt: skip


def columns_of(peer: int, row: LedgerRow) -> dict[str, Any]:
    """One row of a peer as it is written."""
    return {
        "peer": peer, "rk": row.rk, "pseq": row.pseq, "kind": int(row.kind),
        "state": row.state, "eid": row.eid, "rev": row.rev,
        "names": encode(list(row.names)), "exp": row.exp, "since_us": row.since_us,
        "acked_us": row.acked_us, "held": row.held, "author": row.author,
    }  # fmt: skip


@lru_cache(maxsize=1024)
def decode_names(raw: bytes) -> tuple[str, ...]:
    """Leaf names as stored: few lists of them, in very many rows."""
    return tuple(as_str(name, 64) for name in as_array(decode(raw)))


def states(
    connection: Connection, peer: int, bucket: int | None, asof: Day
) -> list[tuple[RecordKey, bytes]]:
    """What a digest is made of: the rows of one bucket, or all, that last to `asof` or longer."""
    asked = {"peer": peer, "asof": asof, **bounds(bucket)}
    found = connection.execute(_STATES, asked).fetchall()
    return [(RecordKey(rk), state) for rk, state in found]


def rows_after(connection: Connection, peer: int, pseq: int, limit: int) -> list[LedgerRow]:
    """A peer's rows that changed after `pseq`, in order."""
    asked = {"peer": peer, "pseq": pseq, "most": limit}
    return [ledger_row(row) for row in connection.execute(_AFTER, asked).fetchall()]


def rows_between(
    connection: Connection, peer: int, lo: bytes, hi: bytes, asof: Day
) -> dict[RecordKey, LedgerRow]:
    """A peer's rows with lo ≤ rk < hi (empty hi: to the end) that last to `asof`."""
    query = select(ledger).where(ledger.c.peer == peer, ledger.c.rk >= lo, ledger.c.exp >= asof)
    if hi:
        query = query.where(ledger.c.rk < hi)
    found = (ledger_row(row) for row in connection.execute(query))
    return {row.rk: row for row in found}


def rows_of(
    connection: Connection, peer: int, rks: Collection[RecordKey]
) -> dict[RecordKey, LedgerRow]:
    """A peer's rows about these records."""
    found: dict[RecordKey, LedgerRow] = {}
    for group in chunks(rks):
        for row in connection.execute(_OF_KEYS, {"peer": peer, "rks": group}):
            found[RecordKey(bytes(row.rk))] = ledger_row(row)
    return found


def held_rows(connection: Connection, peer: int) -> list[LedgerRow]:
    """The rows that a peer says it holds back."""
    query = select(ledger).where(ledger.c.peer == peer, ledger.c.held != "")
    return [ledger_row(row) for row in connection.execute(query)]


def note_cursor(
    connection: Connection, peer: int, cursor: int, now_us: int, *, equal: bool
) -> None:
    """Confirm what a peer has where its digest is equal; what is after its cursor it has not.

    What it holds back, which is noted before, is not confirmed by anything.
    """
    asked = {"b_peer": peer, "cursor": cursor}
    connection.execute(_REGRESS, asked)
    if equal:
        connection.execute(_CONFIRM, {**asked, "now_us": now_us})


def note_held(connection: Connection, peer: int, held: Mapping[RecordKey, str]) -> None:
    """Note what a peer holds back, and nothing else: that is not confirmed."""
    known = {bytes(rk): why for rk, why in connection.execute(_HELD, {"peer": peer}).fetchall()}
    if known == held:
        return
    connection.execute(update(ledger).where(ledger.c.peer == peer).values(held=""))
    rows = [{"b_peer": peer, "b_rk": rk, "why": why} for rk, why in held.items()]
    if rows:
        connection.execute(
            update(ledger)
            .where(ledger.c.peer == bindparam("b_peer"), ledger.c.rk == bindparam("b_rk"))
            .values(held=bindparam("why"), acked_us=0),
            rows,
        )
