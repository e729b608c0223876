"""Ledger rows as the database has them, and the columns in which confirmations are noted."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from federation.ledger import LedgerRow, RowKind
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


def ledger_row(row: Row[Any]) -> LedgerRow:
    """One row as the sync rules see it."""
    return LedgerRow(
        RecordKey(bytes(row.rk)), row.pseq, RowKind(row.kind), bytes(row.state),
        EntryId(bytes(row.eid)), row.rev, tuple(decode_names(bytes(row.names))), Day(row.exp),
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


def decode_names(raw: bytes) -> list[str]:
    """Leaf names as stored."""
    return [as_str(name, 64) for name in as_array(decode(raw))]


def in_bucket(bucket: int) -> list[Any]:
    """The condition that a row's key begins with this byte."""
    conditions: list[Any] = [ledger.c.rk >= bytes([bucket])]
    if bucket < 255:
        conditions.append(ledger.c.rk < bytes([bucket + 1]))
    return conditions


def note_cursor(
    connection: Connection, peer: int, cursor: int, now_us: int, *, equal: bool
) -> None:
    """Confirm what a peer has where its digest is equal; what is after its cursor it has not.

    What it holds back, which is noted before, is not confirmed by anything.
    """
    mine = ledger.c.peer == peer
    regressed = (mine, ledger.c.acked_us > 0, ledger.c.pseq > cursor)
    connection.execute(update(ledger).where(*regressed).values(acked_us=0))
    if equal:
        connection.execute(
            update(ledger)
            .where(mine, ledger.c.acked_us == 0, ledger.c.pseq <= cursor, ledger.c.held == "")
            .values(acked_us=now_us)
        )


def note_held(connection: Connection, peer: int, held: Mapping[RecordKey, str]) -> None:
    """Note what a peer holds back, and nothing else: that is not confirmed."""
    mine = ledger.c.peer == peer
    noted = select(ledger.c.rk, ledger.c.held).where(mine, ledger.c.held != "")
    known = {bytes(rk): why for rk, why in connection.execute(noted).fetchall()}
    if known == held:
        return
    connection.execute(update(ledger).where(mine).values(held=""))
    rows = [{"b_peer": peer, "b_rk": rk, "why": why} for rk, why in held.items()]
    if rows:
        connection.execute(
            update(ledger)
            .where(ledger.c.peer == bindparam("b_peer"), ledger.c.rk == bindparam("b_rk"))
            .values(held=bindparam("why"), acked_us=0),
            rows,
        )
