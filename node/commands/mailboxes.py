"""The keeper's commands about mail: to whom we write by which mailbox, and a round of it now."""

from typing import Any

from sqlalchemy import Connection

from federation.mailbox import offers
from federation.peers import PeerState
from node.commands.peering import find_peer
from node.errors import BadRequest, Refused
from node.exchange import exchange_of
from node.mail_rounds import WRITTEN_TO, MailRounds
from node.moments import iso_time
from node.runtime import Node
from node.store.mailbox import held_for_others, routes, set_route
from node.store.peers import all_peers
from protocol.ids import text_id


async def peer_mailbox(
    node: Node, peer: str, at: str | None = None, stop: bool = False
) -> dict[str, Any]:
    """Write to a peer by the mailbox that another peer holds, or no longer."""
    if stop == (at is not None):
        raise BadRequest("say at which peer the mailbox is (--at), or --stop")
    found = await find_peer(node, peer)
    shown = {"peer": text_id(found.org), "name": found.name}
    if at is None:
        await node.change(set_route, found.org, None)
        return {**shown, "at": None}
    holder = await find_peer(node, at)
    if holder.org == found.org:
        raise BadRequest(f"{found.name} is asked itself; a mailbox is at a third organisation")
    if found.state not in WRITTEN_TO:
        raise Refused(f"{found.name} is not verified yet: parasol peer verify")
    if holder.state is not PeerState.TRUSTED or not offers(holder.docs.card, node.today):
        raise Refused(
            f"{holder.name} offers no mailbox, or is not trusted here: its keeper sets"
            " mailbox = true in settings.toml, and its node tells ours"
        )
    await node.change(set_route, found.org, holder.org)
    return {**shown, "at": holder.name}


async def mail_list(node: Node) -> dict[str, Any]:
    """To whom we write by a mailbox, and how much we hold for others."""
    return await node.read(_listed, node)


def _listed(connection: Connection, node: Node) -> dict[str, Any]:
    names = {bytes(peer.org): peer.name for peer in all_peers(connection)}
    return {
        "offers": node.settings.mailbox,
        "mailboxes": [
            {
                "peer": names.get(bytes(route.org), ""), "at": names.get(bytes(route.holder), ""),
                "left": iso_time(route.left_us) if route.left_us else "",
                "trouble": route.trouble,
            }
            for route in routes(connection)
        ],
        "held": [
            {"from": names.get(a, ""), "for": names.get(b, ""), "wires": count, "bytes": size}
            for a, b, count, size in held_for_others(connection)
        ],
    }  # fmt: skip


async def mail_carry(node: Node) -> dict[str, Any]:
    """Fetch what is left for us and leave what we have to say, now."""
    async with exchange_of(node) as exchange:
        carried = await MailRounds(node, exchange).carry(at_once=True)
    node.on_peers()
    return {
        "fetched": [{"at": name, "wires": n} for name, n in sorted(carried.fetched.items())],
        "left": [{"for": name, "messages": n} for name, n in sorted(carried.left.items())],
        "items": carried.items, "unread": carried.unread,
        "unanswered": sorted(carried.unanswered),
        "troubles": [{"about": k, "reason": v} for k, v in sorted(carried.troubles.items())],
    }  # fmt: skip
