"""The keeper's commands about introductions: being introduced, introducing, and meeting.

Nothing here makes anybody trusted: whom a hub introduces becomes an unverified peer once both
sides have asked for it, and codes are compared as with an invite.
"""

import asyncio
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from federation.errors import Unreachable
from federation.peers import PeerState
from keys.documents import Documents
from keys.safety import safety_code
from node.commands.invites import name_of
from node.commands.peering import find_peer, greet_now, met_as
from node.errors import BadRequest, NotFound, Refused
from node.exchange import exchange_of
from node.hub import ask_introductions, asks_for_it
from node.runtime import Node
from node.store import meta
from node.store import register as permissions
from node.store.peers import Peer, add_peer, all_peers, mark_hello_due, peer_of, set_peer
from protocol.errors import ParasolError
from protocol.ids import OrgId, text_id

ASK_S = 20
MET = frozenset(state for state in PeerState if state is not PeerState.GONE)


async def peer_introduce(
    node: Node, peer: str | None = None, me: bool = False, stop: bool = False
) -> dict[str, Any]:
    """Say that a peer, or we ourselves, may be introduced to others who may be."""
    if me == (peer is not None):
        raise BadRequest("name one peer, or say that it is about this organisation")
    if peer is None:
        await node.change(_about_me, node, may=not stop)
        await asyncio.to_thread(node.renew_card)
        await node.change(mark_hello_due, MET)
        node.on_peers()
        return {"peer": "me", "introduce": not stop}
    found = await find_peer(node, peer)
    if not stop and not asks_for_it(found):
        raise Refused(
            f"{found.name} has not asked for it: its keeper says so first, and its node tells ours"
        )
    await node.change(_name, node, found, may=not stop)
    return {"peer": text_id(found.org), "name": found.name, "introduce": not stop}


def _about_me(connection: Connection, node: Node, *, may: bool) -> None:
    meta.keep(connection, meta.INTRODUCE_ME, b"1" if may else None)
    _against_backups(node, node.context.org, may=may)
    node.context.introduce_me = may


def _name(connection: Connection, node: Node, peer: Peer, *, may: bool) -> None:
    set_peer(connection, peer.id, introduce=int(may))
    _against_backups(node, peer.org, may=may)


def _against_backups(node: Node, org: OrgId, *, may: bool) -> None:
    """What was taken back stays so in a store that is put back; a yes has to be in the backup."""
    node.context.register.stage(permissions.UNINTRODUCED, org, None if may else b"")


@dataclass(slots=True)
class Introduced:
    """Somebody whom hubs introduce: its documents, and the names of those hubs."""

    docs: Documents
    via: list[str] = field(default_factory=list)


async def peer_introductions(node: Node) -> dict[str, Any]:
    """Ask every trusted peer whom it introduces; says whom it could not ask."""
    found, not_asked = await _ask_all(node)
    known = {peer.org: peer for peer in await node.read(all_peers)}
    rows = []
    for org, each in sorted(found.items()):
        peer = known.get(org)
        card = each.docs.card
        rows.append(
            {
                "org": text_id(org), "name": each.docs.current.name, "code": safety_code(org),
                "region": card.accepts.region if card is not None else "", "via": each.via,
                "state": peer.state.value if peer is not None else "",
            }
        )  # fmt: skip
    return {"introductions": rows, "not_asked": not_asked}


async def peer_meet(node: Node, org: str, name: str | None = None) -> dict[str, Any]:
    """Begin to peer with somebody whom a hub introduces; codes are still to be compared."""
    found, _ = await _ask_all(node)
    wanted = org.strip().casefold()
    fits = [
        each
        for each in found.values()
        if wanted
        and (
            each.docs.current.name.casefold() == wanted or text_id(each.docs.org).startswith(wanted)
        )
    ]
    if not fits:
        raise NotFound("nobody of that name or id is introduced; see parasol peer introductions")
    if len(fits) > 1:
        raise NotFound("several begin so; give more of the id, see parasol peer introductions")
    peer = await node.change(_begin, node, fits[0].docs, name_of(name))
    if peer.state is PeerState.INVITED and peer.endpoint is not None:
        peer = await greet_now(node, peer)
    node.on_peers()
    return met_as(node, peer)


def _begin(connection: Connection, node: Node, docs: Documents, name: str) -> Peer:
    known = peer_of(connection, docs.org)
    if known is not None and known.state is not PeerState.GONE:
        return known
    return add_peer(
        connection, docs,
        name=name or docs.current.name, state=PeerState.INVITED, now_us=node.context.now_us(),
        hello_due=True,
    )  # fmt: skip


async def _ask_all(node: Node) -> tuple[dict[OrgId, Introduced], list[dict[str, str]]]:
    hubs = [peer for peer in await node.read(all_peers) if peer.state is PeerState.TRUSTED]
    found: dict[OrgId, Introduced] = {}
    not_asked: list[dict[str, str]] = []
    async with exchange_of(node) as exchange:
        for hub in hubs:
            try:
                async with asyncio.timeout(ASK_S):
                    introduced = await ask_introductions(exchange, hub)
            except (ParasolError, TimeoutError) as error:
                not_asked.append({"peer": hub.name, "reason": _why(error)})
                continue
            for docs in introduced:
                if docs.org != node.context.org:
                    found.setdefault(docs.org, Introduced(docs)).via.append(hub.name)
    return found, not_asked


def _why(error: Exception) -> str:
    if isinstance(error, Unreachable):
        return error.why
    return error.code if isinstance(error, ParasolError) else "timeout"
