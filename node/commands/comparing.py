"""Whether a peer and this node agree, row by row: what is equal, what differs, and why.

The peer is asked first where it can be reached: two digests that are equal prove that each row is,
and only a row that a digest has covered counts as equal here. What differs has a reason code: the
one that the peer gave for ours, the one that this node has for theirs.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from federation.errors import Unreachable
from federation.peers import PeerState
from node.commands.coverage import RECOVERY
from node.commands.peering import find_peer
from node.errors import PeerTrouble
from node.exchange import exchange_of
from node.moments import iso_time
from node.rounds import Rounds
from node.runtime import Node
from node.store.context import Context
from node.store.peers import Peer, peer_by_id
from node.store.tables import forwarded, ledger, records, suspended
from protocol.errors import ProtocolError
from protocol.ids import text_id

ASK_S = 30
HEARD = frozenset({PeerState.TRUSTED, PeerState.PAUSED})
NOT_CONFIRMED = "not_confirmed"  # no equal digest has covered it yet
NOT_COMPARED = "not_compared"  # the same, of what they have granted us


@dataclass(frozen=True, slots=True)
class Differing:
    """One row on which the two sides do not agree, or not provably. `since_us` 0: not known."""

    alert: str
    reason: str
    since_us: int = 0

    def shown(self) -> dict[str, Any]:
        """The row as the command answers it."""
        return {"alert": self.alert, "reason": self.reason, "since": iso_time(self.since_us)}


@dataclass(frozen=True, slots=True)
class Agreement:
    """How one side's records stand at the other: how many are equal, and what is not."""

    equal: int
    differing: Sequence[Differing]

    def shown(self) -> dict[str, Any]:
        """The counts and rows as the command answers them."""
        return {
            "equal": self.equal,
            "differ": len(self.differing),
            "differing": [each.shown() for each in self.differing],
        }

    def sentence(self) -> str:
        """`412 equal, 1 differs: quarantined`; each reason once, with its number where several."""
        count = len(self.differing)
        if not count:
            return f"{self.equal} equal, none differs"
        reasons: dict[str, int] = {}
        for each in self.differing:
            reasons[each.reason] = reasons.get(each.reason, 0) + 1
        told = ", ".join(
            reason if count == 1 else f"{reason} ({number})" for reason, number in reasons.items()
        )
        return f"{self.equal} equal, {count} {'differs' if count == 1 else 'differ'}: {told}"


async def peer_compare(node: Node, peer: str) -> dict[str, Any]:
    """Ask a peer where it stands, and say what is equal on both sides and what is not.

    {"peer", "name", "asked", "trouble", "ours": {"equal", "differ", "differing": [{"alert",
    "reason", "since"}]}, "theirs": {…}, "summary": [sentence, sentence]}. `asked` is false where
    the peer could not be asked now: then this is how things stood at the last contact.
    """
    found = await find_peer(node, peer)
    trouble = await _ask(node, found)
    now = await node.read(peer_by_id, found.id)
    ours = await node.read(ours_there, node.context, now)
    theirs = await node.read(theirs_here, node.context, now)
    return {
        "peer": text_id(now.org), "name": now.name, "state": now.state.value,
        "asked": not trouble, "trouble": trouble, "last_contact": iso_time(now.contact_us),
        "ours": ours.shown(), "theirs": theirs.shown(),
        "summary": [
            f"ours at {now.name}: {ours.sentence()}",
            f"theirs here: {theirs.sentence()}",
        ],
    }  # fmt: skip


async def _ask(node: Node, peer: Peer) -> str:
    """Compare digests in both directions now; returns why that was not possible, or nothing."""
    if peer.state not in HEARD:
        return peer.state.value
    if peer.endpoint is None:
        return "no_endpoint"
    try:
        async with asyncio.timeout(ASK_S), exchange_of(node) as exchange:
            rounds = Rounds(node, exchange, {})
            await rounds.push(peer, compare=True)
            await rounds.pull(peer)
    except Unreachable as error:
        return error.why
    except TimeoutError:
        return "timeout"
    except (PeerTrouble, ProtocolError) as error:
        return error.code
    return ""


def ours_there(connection: Connection, context: Context, peer: Peer) -> Agreement:
    """How our records stand at the peer, by what its digests have confirmed and what it holds."""
    query = select(ledger.c.rk, ledger.c.acked_us, ledger.c.held, ledger.c.since_us).where(
        ledger.c.peer == peer.id, ledger.c.exp >= context.today
    )
    equal, differing = 0, []
    for rk, acked, held, since in connection.execute(query):
        if acked and not held and not peer.is_due(rk):
            equal += 1
        else:
            differing.append(Differing(text_id(bytes(rk)), held or NOT_CONFIRMED, since))
    held_back = select(suspended.c.rk, suspended.c.why).where(suspended.c.peer == peer.id)
    told = {each.alert for each in differing}
    for rk, why in connection.execute(held_back):
        if (alert := text_id(bytes(rk))) not in told:
            differing.append(Differing(alert, RECOVERY + why))
    return Agreement(equal, sorted(differing, key=lambda each: each.alert))


def theirs_here(connection: Connection, context: Context, peer: Peer) -> Agreement:
    """How the peer's records stand here: what is mirrored as granted, and what is held and why.

    What it passes on of others is among them: one digest covers both.
    Until one digest was equal, after a restore of ours, none of it counts as equal.
    """
    query = select(records.c.rk, records.c.held, records.c.hidden, records.c.received_us).where(
        records.c.org == peer.org, records.c.row_exp >= context.today
    )
    passed_on = select(
        forwarded.c.rk, forwarded.c.held, forwarded.c.hidden, forwarded.c.received_us
    ).where(forwarded.c.source == peer.id, forwarded.c.row_exp >= context.today)
    equal, differing = 0, []
    for rk, held, hidden, since in connection.execute(query.union_all(passed_on)):
        why = held or hidden or ("" if peer.in_synced else NOT_COMPARED)
        if why:
            differing.append(Differing(text_id(bytes(rk)), why, since))
        else:
            equal += 1
    away = context.turned_away.get(peer.id, {})
    differing += [Differing(text_id(rk), why) for rk, why in away.items()]
    return Agreement(equal, sorted(differing, key=lambda each: each.alert))
