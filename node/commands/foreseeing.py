"""What a policy would do to what peers hold now, before it is put in force.

The export function is asked for each alert and peer, once with the policy in force and once with
the other. Nothing is changed, and no more than the newest MOST alerts are looked at: a keeper waits
for the answer.
"""

import asyncio
from typing import Any

from sqlalchemy import Connection, select

from federation.policy import Policy, load_policy
from federation.profile import in_force
from federation.release import PeerView, gate
from node.abilities import refuse_what_cannot_act
from node.runtime import Node
from node.settings import POLICY_FILE, read_text_file
from node.store.context import Context
from node.store.peers import Peer, all_peers
from node.store.records import OwnRecord, own_records
from node.store.tables import records
from protocol.entry import Status
from protocol.ids import RecordKey, text_id

MOST = 1000


async def policy_foresee(node: Node, text: str | None = None) -> dict[str, Any]:
    """Say what a policy (None: the file) would call back, narrow and send anew, for each peer.

    {"looked_at", "of", "peers": [{"peer", "name", "recalled", "narrowed", "sent"}]}: how many
    alerts that peer would lose, see less of, or get (also: see more of). Raises PolicyError.
    """
    if text is None:
        text = await asyncio.to_thread(read_text_file, node.home / POLICY_FILE)
    wanted = load_policy(text)
    refuse_what_cannot_act(wanted)
    return await node.read(_foresee, node.context, in_force(wanted, node.context.profile))


def _foresee(connection: Connection, context: Context, wanted: Policy) -> dict[str, Any]:
    query = select(records.c.rk).where(
        records.c.org == context.org, records.c.status == int(Status.LIVE),
        records.c.exp_day >= context.today,
    ).order_by(records.c.id.desc())  # fmt: skip
    keys = [RecordKey(bytes(rk)) for rk in connection.execute(query).scalars()]
    ours = list(own_records(connection, context.org, keys[:MOST]).values())
    peers = [peer for peer in all_peers(connection) if peer.state.keeps]
    return {
        "looked_at": len(ours), "of": len(keys),
        "peers": [_at(peer, ours, context, wanted) for peer in peers],
    }  # fmt: skip


def _at(peer: Peer, ours: list[OwnRecord], context: Context, wanted: Policy) -> dict[str, Any]:
    view = PeerView(peer.org, peer.state.keeps, peer.accepts)
    ways = [gate(policy, context.region, view) for policy in (context.policy, wanted)]
    counts = {"recalled": 0, "narrowed": 0, "sent": 0}
    for record in ours:
        asked = (record.view(), record.consent, record.restrictions, context.today)
        now, then = (way.release(*asked).names for way in ways)
        counts["recalled"] += bool(now and not then)
        counts["narrowed"] += bool(then and now - then)
        counts["sent"] += bool(then - now)
    return {"peer": text_id(peer.org), "name": peer.name, **counts}
