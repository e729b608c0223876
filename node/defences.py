"""What stands between this node and a thief right now, in sentences with their cures.

`status` and `doctor` tell these: what the brake holds, who is in quarantine, whether we are frozen,
whether somebody guesses at receipt codes.
"""

from collections.abc import Iterator

from sqlalchemy import Connection

from node.finding import Finding
from node.freezing import frozen_since
from node.moments import iso_time
from node.store.brake import PATIENCE_US, waiting
from node.store.context import Context
from node.store.peers import all_peers
from node.store.quarantine import since_of
from node.store.receipt_attempts import wrong_today

MANY_WRONG = 100  # receipt codes in a day: more than people mistype


def defences(connection: Connection, context: Context) -> Iterator[Finding]:
    """What it is and what to do, each; all of them are for today."""
    frozen = frozen_since(context)
    if frozen is not None:
        why = f" ({frozen[1]})" if frozen[1] else ""
        yield Finding(
            f"this node is frozen since {iso_time(frozen[0])}{why}: it tells peers nothing",
            "parasol node thaw",
            code="frozen",
            about={"since_us": frozen[0], "why": frozen[1]},
        )
    peers = {peer.org: peer for peer in all_peers(connection)}
    for each in waiting(connection):
        name = peers[each.org].name if each.org in peers else "a former peer"
        begun, ends = iso_time(each.since_us), iso_time(each.since_us + PATIENCE_US)
        yield Finding(
            f"{name} took away {each.count} alerts since {begun}: hidden, purged from {ends} on",
            "ring them up, then parasol peer brake confirm or reject",
            code="braked",
            about={
                "peer": name,
                "count": each.count,
                "since_us": each.since_us,
                "ends_us": each.since_us + PATIENCE_US,
            },
        )
    wrong = wrong_today(connection, context.now_us())
    if wrong >= MANY_WRONG:
        yield Finding(
            f"{wrong} wrong receipt codes were tried today: somebody guesses, or floods the node",
            "nobody guesses six words; a reporter who is turned away tries again, or comes to us",
            code="codes_guessed",
            about={"count": wrong},
        )
    for peer in peers.values():
        since = since_of(context, peer.org)
        if since is not None:
            yield Finding(
                f"nothing of {peer.name} since {iso_time(since)} is believed",
                "once its key is revoked or proved: parasol peer quarantine PEER --lift",
                code="quarantined",
                about={"peer": peer.name, "since_us": since},
            )
