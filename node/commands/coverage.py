"""Which peer has confirmed which alert, and who must be told by telephone.

Decides the state of each ledger row as people read it. A row that its peer has not confirmed is
pending for a day and overdue after that, and so is one that is still to be derived anew; what
recovery holds back is held, whatever the ledger says. Only our own alerts have a coverage: an
origin alone knows who was granted what.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, literal, select

from federation.ledger import RowKind
from federation.peers import PeerState
from node.errors import NotFound
from node.moments import SECOND_US, iso_time, span
from node.runtime import Node
from node.store.context import Context
from node.store.lookup import find_alert, find_peer, record_key
from node.store.peers import Peer, all_peers
from node.store.tables import ledger, records, suspended
from protocol.commitment import erased_hash
from protocol.entry import Status
from protocol.ids import RecordKey, text_id

BEHIND_HUBS = "hubs among them may have passed it on: what their peers confirm, the hubs see"
RECOVERY = "recovery_"  # before the reason of what this node itself holds back since a restore
BOARD_MOST = 100
_WHAT = {Status.LIVE: "alert", Status.WITHDRAWN: "withdrawal", Status.ERASED: "erasure"}


@dataclass(frozen=True, slots=True)
class Covered:
    """How far one alert has come at one peer. `since` is in microseconds, 0 where not known."""

    rk: RecordKey
    peer: Peer
    what: str
    state: str
    since: int
    reason: str = ""
    is_anothers: bool = False  # as a hub we passed it on, and there it ends

    def shown(self, now: int) -> dict[str, Any]:
        """The row as commands answer it."""
        row: dict[str, Any] = {
            "alert": text_id(self.rk), "peer": text_id(self.peer.org), "peer_name": self.peer.name,
            "what": self.what, "state": self.state, "since": iso_time(self.since),
            "age_s": max(now - self.since, 0) // SECOND_US if self.since else None,
        }  # fmt: skip
        return row | ({"reason": self.reason} if self.reason else {})


async def alert_coverage(node: Node, alert: str | None = None) -> dict[str, Any]:
    """Say which peer has confirmed one alert, or all; NotFound where there is none such here."""
    rows = await node.read(covered, node.context, alert)
    now = node.context.now_us()
    return {
        "coverage": [row.shown(now) for row in rows],
        "summary": {
            text_id(rk): summarise(found, now, node.context) for rk, found in _by_alert(rows)
        },
    }


async def alert_board(
    node: Node, peer: str | None = None, start: int = 0, most: int = BOARD_MOST
) -> dict[str, Any]:
    """Say which alerts somebody has not confirmed, the longest waiting first, `most` from `start`.

    {"board": [{"alert", "codes", "what", "confirmed", "of", "late": [{"peer", "name", "late_us",
    "contact_us"}], "pending": names, "held": [{"name", "reason"}]}], "more"}. With `peer` only what
    that one has not confirmed. Reads no more of the ledgers than it tells.
    """
    return await node.read(_board, node.context, peer, start, min(most, BOARD_MOST))


def _board(
    connection: Connection, context: Context, peer: str | None, start: int, most: int
) -> dict[str, Any]:
    told = [each.id for each in all_peers(connection) if each.state.may_hold_ours]
    only = told if peer is None else [find_peer(connection, peer).id]
    waits = (
        select(ledger.c.rk, func.min(ledger.c.since_us).label("since"))
        .where(ledger.c.peer.in_(only), ledger.c.acked_us == 0, ledger.c.exp >= context.today)
        .group_by(ledger.c.rk)
    )
    held = select(suspended.c.rk, literal(0).label("since")).where(suspended.c.peer.in_(only))
    both = waits.union_all(held).subquery()
    query = select(both.c.rk).group_by(both.c.rk).order_by(func.min(both.c.since), both.c.rk)
    found = [
        RecordKey(bytes(rk))
        for rk in connection.execute(query.offset(start).limit(most + 1)).scalars()
    ]
    rows = dict(_by_alert(_covered(connection, context, found[:most])))
    codes = {
        RecordKey(bytes(row.rk)): row.codes.split()
        for row in connection.execute(
            select(records.c.rk, records.c.codes).where(records.c.rk.in_(found[:most]))
        )
    }
    now, late = context.now_us(), context.overdue_us
    return {
        "board": [
            {**_on_board(rk, rows.get(rk, []), now, late), "codes": codes.get(rk, [])}
            for rk in found[:most]
        ],
        "more": len(found) > most,
    }


def _on_board(rk: RecordKey, rows: Iterable[Covered], now: int, overdue_us: int) -> dict[str, Any]:
    told = [row for row in rows if row.peer.state is not PeerState.GONE]
    return {
        "alert": text_id(rk), "what": told[0].what if told else "alert", "of": len(told),
        "confirmed": sum(row.state in {"confirmed", "recalled"} for row in told),
        "late": [
            {
                "peer": text_id(row.peer.org), "name": row.peer.name,
                "late_us": max(now - row.since - overdue_us, 0), "contact_us": row.peer.contact_us,
            }
            for row in told
            if row.state == "overdue"
        ],
        "pending": [row.peer.name for row in told if row.state == "pending"],
        "held": [
            {"name": row.peer.name, "reason": row.reason} for row in told if row.state == "held"
        ],
    }  # fmt: skip


def covered(connection: Connection, context: Context, alert: str | None) -> list[Covered]:
    """The coverage of one own alert, by the start of its id, or of all."""
    rks = None if alert is None else [own_alert(connection, context, alert)]
    return _covered(connection, context, rks)


def _covered(
    connection: Connection, context: Context, rks: Sequence[RecordKey] | None
) -> list[Covered]:
    peers = {peer.id: peer for peer in all_peers(connection)}
    found: dict[tuple[bytes, int], Covered] = {}
    query = select(ledger, records.c.status, records.c.eid.label("now_eid")).join(
        records, records.c.rk == ledger.c.rk, isouter=True
    )
    held = select(suspended)
    if rks is not None:
        query, held = query.where(ledger.c.rk.in_(rks)), held.where(suspended.c.rk.in_(rks))
    for row in connection.execute(query):
        if row.peer in peers:
            found[bytes(row.rk), row.peer] = _of_row(row, peers[row.peer], context)
    for row in connection.execute(held):
        if row.peer in peers:
            key = RecordKey(bytes(row.rk))
            was = found.get((key, row.peer))
            found[key, row.peer] = Covered(
                key, peers[row.peer], "alert", "held", was.since if was else 0,
                RECOVERY + row.why,
            )  # fmt: skip
    return sorted(found.values(), key=lambda row: (row.rk, row.peer.name, row.peer.id))


def own_alert(connection: Connection, context: Context, text: str) -> RecordKey:
    """The alert with this id that is ours or that we pass on; NotFound where there is none such."""
    row = find_alert(connection, text)
    passed_on = select(ledger.c.id).where(ledger.c.rk == row.rk, ledger.c.author != b"").limit(1)
    if bytes(row.org) != context.org and connection.execute(passed_on).first() is None:
        raise NotFound("that alert is another organisation's: only its origin knows who has it")
    return record_key(row)


def _of_row(row: Row[Any], peer: Peer, context: Context) -> Covered:
    rk = RecordKey(bytes(row.rk))
    is_stop = row.kind == RowKind.STOP
    what = "stop" if is_stop else _WHAT[Status(row.status or 0)]
    state, since = waiting(row, context), row.since_us
    if row.held:
        state = "held"
    elif row.acked_us and not _has_left_behind(row, peer) and not peer.is_due(rk):
        state, since = "recalled" if is_stop else "confirmed", row.acked_us
    return Covered(rk, peer, what, state, since, row.held, is_anothers=bool(row.author))


def _has_left_behind(row: Row[Any], peer: Peer) -> bool:
    """Whether a peer that is gone confirmed another state than the present one.

    It is told nothing any more, so that its row says what it last had.
    """
    is_put = row.kind == RowKind.PUT and row.now_eid is not None
    is_other = is_put and row.eid != row.now_eid and row.state != erased_hash(RecordKey(row.rk))
    return peer.state is PeerState.GONE and is_other


def waiting(row: Row[Any], context: Context) -> str:
    """`overdue` after a day without a confirmation, else `pending`.

    A copy that has expired ended by itself: nobody need be rung up about it.
    """
    late = context.now_us() - row.since_us > context.overdue_us and row.exp >= context.today
    return "overdue" if late else "pending"


def summarise(rows: Iterable[Covered], now: int, context: Context) -> str:
    """One alert in a sentence: 7 of 8 confirmed; Riverside 31 h overdue, last seen 2 days ago.

    It says where more may have it than are counted: behind hubs, whom only the hubs know.
    """
    told = [row for row in rows if row.peer.state is not PeerState.GONE or row.state != "recalled"]
    done = [row for row in told if row.state in {"confirmed", "recalled"}]
    parts = [f"{len(done)} of {len(told)} confirmed"]
    for row in told:
        if row.state == "overdue":
            late = span(now - row.since - context.overdue_us)
            parts.append(f"{row.peer.name} {late} overdue, {last_seen(row.peer, now)}")
        elif row.reason.startswith(RECOVERY):
            parts.append(f"held back for {row.peer.name} until the keeper confirms")
        elif row.state == "held":
            parts.append(f"{row.peer.name} holds it ({row.reason})")
    if context.policy.onward == "on" and not all(row.is_anothers for row in told):
        parts.append(BEHIND_HUBS)
    return "; ".join(parts)


def last_seen(peer: Peer, now: int) -> str:
    """When a peer last signed anything to us, in words."""
    if not peer.contact_us:
        return "never seen"
    return f"last seen {span(now - peer.contact_us)} ago"


def _by_alert(rows: Iterable[Covered]) -> list[tuple[RecordKey, list[Covered]]]:
    found: dict[RecordKey, list[Covered]] = {}
    for row in rows:
        found.setdefault(row.rk, []).append(row)
    return list(found.items())
