"""The keeper's commands for the day when a key is stolen: brake, quarantine, freeze.

Each of them follows a telephone call. What a peer took away at a stroke waits for `confirm` or
`reject`; a peer that may be in other hands is quarantined from a moment on; a node of ours that may
be is frozen until its keeper has looked.
"""

from typing import Any

from sqlalchemy import Connection

from federation.peers import PeerState
from node.commands.peering import find_peer
from node.errors import BadRequest, NotFound
from node.freezing import REASON_CHARS, freeze, frozen_since, thaw
from node.moments import SECOND_US, iso_time, parse_moment
from node.recall import move_peer
from node.runtime import Node
from node.store.brake import PATIENCE_US, Waiting, let_go, waiting
from node.store.hub import follow_hub
from node.store.peers import Peer, all_peers, peer_by_id
from node.store.quarantine import lift, quarantine, since_of
from protocol.ids import text_id


async def peer_brake_list(node: Node) -> dict[str, Any]:
    """Say what the brake holds: how many alerts of whom, since when, and when they are purged."""
    found = await node.read(_waiting)
    return {"braked": [braked_line(peer, each) for peer, each in found]}


def _waiting(connection: Connection) -> list[tuple[Peer, Waiting]]:
    peers = {peer.org: peer for peer in all_peers(connection)}
    return [(peers[each.org], each) for each in waiting(connection) if each.org in peers]


def braked_line(peer: Peer, each: Waiting) -> dict[str, Any]:
    """One origin's waiting copies as commands answer them."""
    return {
        "peer": text_id(peer.org), "name": peer.name, "state": peer.state.value,
        "alerts": each.count, **each.how, "since": iso_time(each.since_us),
        "newest": iso_time(each.newest_us), "purged_from": iso_time(each.since_us + PATIENCE_US),
    }  # fmt: skip


async def peer_brake_confirm(node: Node, peer: str, until: str) -> dict[str, Any]:
    """Purge what the brake holds of a peer: its people said by telephone that they meant it.

    `until` is the `newest` of the list that was read to them: nobody asked them about what was
    taken away since, so it stays. It is meant to the end of its second. BadRequest.
    """
    found, _ = await _braked(node, peer)
    moment = _moment(node, until) + SECOND_US - 1
    purged = await node.change(_purge, node, found, moment)
    await node.store.checkpoint()
    node.on_news({found.id})
    return {"peer": text_id(found.org), "name": found.name, "purged": purged}


async def peer_brake_reject(node: Node, peer: str) -> dict[str, Any]:
    """Show again what the brake holds of a peer, and quarantine it since its first such taking."""
    found, each = await _braked(node, peer)
    return await _quarantine(node, found, each.since_us)


async def _braked(node: Node, peer: str) -> tuple[Peer, Waiting]:
    found = await find_peer(node, peer)
    for of, each in await node.read(_waiting):
        if of.id == found.id:
            return found, each
    raise NotFound(f"the brake holds nothing of {found.name}; see parasol peer brake list")


async def peer_quarantine(
    node: Node, peer: str, since: str | None = None, lifted: bool = False
) -> dict[str, Any]:
    """Believe nothing of a peer since a moment, by our own clock; or, `lifted`, believe it again.

    `since` is a date and time here, with a zone or in this node's, or `Friday 02:00`. BadRequest.
    """
    found = await find_peer(node, peer)
    if lifted == (since is not None):
        raise BadRequest("give the moment from which the peer is not believed, or lift that")
    if since is not None:
        return await _quarantine(node, found, _moment(node, since))
    if since_of(node.context, found.org) is None:
        raise BadRequest(f"{found.name} is not in quarantine")
    asked = await node.change(_lift, node, found)
    node.on_peers()
    node.on_news({found.id})
    return {"peer": text_id(found.org), "name": found.name, "lifted": True, "asked_again": asked}


async def peer_freeze(node: Node, peer: str, since: str) -> dict[str, Any]:
    """Pause and quarantine a peer that says by telephone that it may be in other hands."""
    found = await find_peer(node, peer)
    moment = _moment(node, since)
    if found.state is PeerState.TRUSTED:
        found = await node.change(move_peer, node.context, found, PeerState.PAUSED)
        node.on_peers()
    return await _quarantine(node, found, moment)


async def _quarantine(node: Node, peer: Peer, since_us: int) -> dict[str, Any]:
    counts = await node.change(_distrust, node, peer, since_us)
    now = await node.read(peer_by_id, peer.id)
    node.on_peers()
    node.on_news({peer.id})
    return {
        "peer": text_id(now.org), "name": now.name, "state": now.state.value,
        "since": iso_time(since_of(node.context, now.org) or 0),
        "hidden": counts["hidden"], "shown_again": counts["back"],
    }  # fmt: skip


def _purge(connection: Connection, node: Node, peer: Peer, until_us: int) -> int:
    purged = let_go(connection, node.context, peer.org, until_us)
    follow_hub(connection, node.context, peer.org)
    return purged


def _lift(connection: Connection, node: Node, peer: Peer) -> int:
    asked = lift(connection, node.context, peer)
    follow_hub(connection, node.context, peer.org)
    return asked


def _distrust(connection: Connection, node: Node, peer: Peer, since_us: int) -> dict[str, int]:
    counts = quarantine(connection, node.context, peer, since_us)
    follow_hub(connection, node.context, peer.org)  # what is not believed is not passed on either
    return counts


def _moment(node: Node, text: str) -> int:
    now = node.context.now_us()
    moment = parse_moment(text, node.settings.timezone, now)
    if moment > now:
        raise BadRequest("that moment is still to come")
    return moment


async def node_freeze(node: Node, reason: str = "") -> dict[str, Any]:
    """Tell no peer anything of our own until the keeper thaws the node; checks go on."""
    if len(reason) > REASON_CHARS:
        raise BadRequest(f"the reason: at most {REASON_CHARS} letters")
    await node.change(freeze, node.context, reason.strip())
    return frozen_line(node) or {}


async def node_thaw(node: Node) -> dict[str, Any]:
    """Go on as before the freeze: what waits goes out at once. BadRequest where there is none."""
    if not node.context.frozen:
        raise BadRequest("the node is not frozen")
    await node.change(thaw, node.context)
    peers = await node.read(all_peers)
    node.on_peers()
    node.on_news({peer.id for peer in peers})
    return {"frozen": False}


def frozen_line(node: Node) -> dict[str, Any] | None:
    """The freeze as commands answer it; None where there is none."""
    found = frozen_since(node.context)
    if found is None:
        return None
    return {"frozen": True, "since": iso_time(found[0]), "reason": found[1] or None}
