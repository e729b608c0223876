"""An origin that is not believed since a moment: its node may be in other hands.

What came of it since then is hidden, and out of lists and checks. What it took away since then
comes back where the brake still has it. Whatever it says from now on is held without effect, not
stored, and asked for again once the keeper lifts the quarantine. Times are ours, never its own.

The moment stands in the register, so that a backup put back does not forget it.
"""

from typing import Any

from sqlalchemy import Connection, Row, func, select, update

from federation.ledger import RowKind
from federation.peers import PeerState
from node.store.brake import BRAKED
from node.store.context import Context
from node.store.peers import Peer, set_peer
from node.store.put_back import put_back
from node.store.records import NOTHING_DISCLOSED
from node.store.tables import records
from protocol.entry import Status
from protocol.ids import OrgId

QUARANTINED = "quarantined"
SINCE = "quarantine"  # in the register: org → the moment, in microseconds, 8 bytes


def since_of(context: Context, org: OrgId) -> int | None:
    """From when on an origin is not believed, in microseconds; None where it is."""
    raw = context.register.get(SINCE, org)
    return None if raw is None else int.from_bytes(raw, "big")


def quarantine(
    connection: Connection, context: Context, peer: Peer, since_us: int
) -> dict[str, int]:
    """Believe nothing of this origin since a moment: {"hidden", "back"} say how many records.

    An earlier moment than before hides more, a later one shows nothing that is hidden.
    """
    known = since_of(context, peer.org)
    since = since_us if known is None else min(known, since_us)
    context.register.stage(SINCE, peer.org, since.to_bytes(8, "big"))
    return hide_since(connection, context, peer, since)


def hide_since(connection: Connection, context: Context, peer: Peer, since: int) -> dict[str, int]:
    """Hide what came of an origin since a moment, and put back what it took away since."""

    def was_taken_since(row: Row[Any]) -> bool:
        return int(row.since_us) >= since

    def as_told(row: Row[Any]) -> dict[str, Any]:
        """The copy, in the state that the origin was told: both digests go on agreeing."""
        told = row.state if row.now_state is None else row.now_state
        hidden = QUARANTINED if row.received_us >= since else ""
        return {"state": told, "held": QUARANTINED, "hidden": hidden}

    back = put_back(connection, context, peer, was_taken_since, as_told)
    hiding = (
        update(records)
        .where(
            records.c.org == peer.org, records.c.received_us >= since, records.c.hidden == "",
            records.c.status == int(Status.LIVE), records.c.row_kind == int(RowKind.PUT),
            records.c.disclosures != NOTHING_DISCLOSED, records.c.held != BRAKED,
            records.c.row_exp > 0,  # what a hub passed on of it: node.store.passed_on
        )
        .values(hidden=QUARANTINED, held=QUARANTINED)
    )  # fmt: skip
    hidden = connection.execute(hiding).rowcount
    if back and peer.state is PeerState.GONE:  # its goodbye is not believed either
        set_peer(connection, peer.id, state=PeerState.PAUSED.value)
    return {"hidden": hidden, "back": back}


def lift(connection: Connection, context: Context, peer: Peer) -> int:
    """Believe this origin again; returns of how many records it is asked what it says now.

    What was hidden is shown as it was until the answer comes.
    """
    context.register.stage(SINCE, peer.org, None)
    mine = records.c.org == peer.org
    hidden = mine & (records.c.hidden == QUARANTINED)
    connection.execute(update(records).where(hidden).values(hidden=""))
    set_peer(connection, peer.id, in_relist=1)
    held = select(func.count()).where(mine, records.c.held == QUARANTINED)
    return connection.execute(held).scalar_one()
