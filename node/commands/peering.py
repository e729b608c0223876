"""The keeper's commands about peers: meeting, verifying, pausing, parting."""

import asyncio
import contextlib
from typing import Any

from sqlalchemy import Connection

from federation.errors import Unreachable
from federation.peers import PeerState
from keys.documents import Documents
from keys.invite import (
    Invite,
    decode_invite,
    decode_reply,
    encode_reply,
    is_reply,
)
from keys.safety import safety_code, same_code
from node.commands.invites import name_of
from node.errors import BadRequest, NotFound, PeerTrouble
from node.exchange import exchange_of
from node.introductions import (
    follow,
    note_trouble,
    our_hello,
    prove_hello,
    receive_hello,
    trouble_of,
    unused_invites,
)
from node.owndocs import apply_own_document
from node.recall import move_peer
from node.rootdocs import parse_document
from node.rounds import Rounds
from node.runtime import Node
from node.store.peers import Peer, add_peer, all_peers, peer_by_id, peer_of, set_peer
from node.typed import clean_line
from protocol.errors import ProtocolError
from protocol.ids import text_id

GREET_S = 10


class WrongCode(PeerTrouble):
    """The code is not theirs."""

    code = "wrong_code"


async def peer_accept(node: Node, text: str, name: str | None = None) -> dict[str, Any]:
    """Take an invite, or the reply to one of ours.

    "trouble" is `invite_not_taken` where the inviting node is up and does not know the invite.
    """
    if is_reply(text):
        return await _accept_reply(node, text)
    invite = await asyncio.to_thread(decode_invite, text)
    if invite.docs.org == node.context.org:
        raise BadRequest("this invite is our own; the other organisation accepts it")
    peer = await node.change(_meet, node, invite, name_of(name))
    reply = None
    if peer.endpoint is None:
        hello = our_hello(node, peer, invite.token)
        async with exchange_of(node) as exchange:
            reply = encode_reply(await exchange.seal(hello, peer.docs))
    elif peer.state is PeerState.INVITED:
        peer = await greet_now(node, peer)
    node.on_peers()
    result = met_as(node, peer)
    return result if reply is None else {**result, "reply": reply}


def _meet(connection: Connection, node: Node, invite: Invite, name: str) -> Peer:
    known = peer_of(connection, invite.docs.org)
    if known is not None and known.state is not PeerState.GONE:
        follow(connection, node.context, known, invite.docs)
        set_peer(connection, known.id, token=invite.token, next_try_us=0, hello_due=1)
        return peer_by_id(connection, known.id)
    return add_peer(
        connection, invite.docs,
        name=name or clean_line(invite.docs.current.name), state=PeerState.INVITED,
        now_us=node.context.now_us(), token=invite.token, hello_due=True,
    )  # fmt: skip


async def _accept_reply(node: Node, text: str) -> dict[str, Any]:
    async with exchange_of(node) as exchange:
        opened = await exchange.open(decode_reply(text))
    hello, docs = await asyncio.to_thread(prove_hello, opened, node.today)
    peer = await receive_hello(node, opened.inner, hello, docs)
    if peer is None:
        raise PeerTrouble(
            "this reply belongs to no open invite of ours: it is older than seven days, used or"
            " cancelled; make a new one with parasol peer invite"
        )
    await node.change(set_peer, peer.id, hello_due=1)
    node.on_peers()
    return met_as(node, peer)


async def greet_now(node: Node, peer: Peer) -> Peer:
    """Say hello at once if the peer can be reached; the server tries again later otherwise.

    Why it failed is noted, so that an invite that is not taken is told at once. What is told is
    where the peer stands then: the server may have greeted it meanwhile.
    """
    try:
        with contextlib.suppress(PeerTrouble, ProtocolError, TimeoutError):
            async with asyncio.timeout(GREET_S), exchange_of(node) as exchange:
                return await Rounds(node, exchange, {}).greet(peer)
    except Unreachable as error:
        await node.change(note_trouble, peer.id, error.why)
    return await node.read(peer_by_id, peer.id)


async def peer_verify(node: Node, peer: str, code: str) -> dict[str, Any]:
    """Trust a peer whose code, read by its own people, is the one that its documents give."""
    found = await find_peer(node, peer)
    if not same_code(code, found.org):
        raise WrongCode(
            f"that is not the code of the organisation that we know as {found.name}."
            " Ask them to read it again; if it stays different, someone is in between:"
            " block the peer and meet in person"
        )
    await node.change(set_peer, found.id, trouble="")  # a person has looked
    return await _move(node, found, PeerState.TRUSTED)


async def peer_list(node: Node) -> dict[str, Any]:
    """Every peer with both codes, and our invites that nobody has used."""
    peers = await node.read(all_peers)
    unused = await node.read(unused_invites, node.context.now_us())
    ours = safety_code(node.context.org)
    return {
        "peers": [
            {
                "id": text_id(peer.org), "name": peer.name, "state": peer.state.value,
                "ours": ours, "theirs": safety_code(peer.org),
                "they_trust_us": peer.they_trust, "region": peer.region,
                "trouble": trouble_of(peer) or None,
            }
            for peer in peers
        ],
        "invites": unused,
    }  # fmt: skip


async def peer_pause(node: Node, peer: str) -> dict[str, Any]:
    """No new alerts either way; corrections, withdrawals and erasures still flow."""
    return await _move(node, await find_peer(node, peer), PeerState.PAUSED)


async def peer_resume(node: Node, peer: str) -> dict[str, Any]:
    """Take up a paused or blocked peer again."""
    found = await find_peer(node, peer)
    if found.state not in {PeerState.PAUSED, PeerState.BLOCKED}:
        raise BadRequest(f"{found.name} is {found.state}: only a paused or blocked peer resumes")
    return await _move(node, found, PeerState.TRUSTED)


async def peer_block(node: Node, peer: str) -> dict[str, Any]:
    """Refuse theirs and recall ours."""
    return await _move(node, await find_peer(node, peer), PeerState.BLOCKED)


async def peer_remove(node: Node, peer: str) -> dict[str, Any]:
    """Recall ours, purge theirs; gone once they confirmed."""
    found = await find_peer(node, peer)
    met = found.state not in {PeerState.INVITED, PeerState.UNVERIFIED}
    return await _move(node, found, PeerState.LEAVING if met else PeerState.GONE)


async def peer_update(node: Node, document: str) -> dict[str, Any]:
    """Take an organisation's new document from a file: a peer's, or our own."""
    docs = await asyncio.to_thread(parse_document, document)
    if docs.org == node.context.org:
        return await apply_own_document(node, docs)
    found = await node.read(peer_of, docs.org)
    if found is None:
        raise NotFound("this is the document of an organisation that is no peer of ours")
    changed = await node.change(_follow_file, node, found, docs)
    node.on_peers()
    current = (await node.read(peer_by_id, found.id)).docs.current
    return {
        "peer": text_id(found.org), "name": found.name, "updated": changed,
        "gen": current.gen, "ver": current.ver,
    }  # fmt: skip


def _follow_file(connection: Connection, node: Node, peer: Peer, docs: Documents) -> bool:
    set_peer(connection, peer.id, hello_due=1)
    return follow(connection, node.context, peer, docs)


async def _move(node: Node, peer: Peer, state: PeerState) -> dict[str, Any]:
    moved = await node.change(move_peer, node.context, peer, state)
    node.on_peers()
    node.on_news({peer.id})
    return {"peer": text_id(moved.org), "name": moved.name, "state": moved.state.value}


async def find_peer(node: Node, text: str) -> Peer:
    """The one peer that a person means: by the start of its id, or our name for it. NotFound.

    A whole id is nobody's name: no peer may call itself what another is.
    """
    wanted = text.strip().casefold()
    peers = await node.read(all_peers)
    named = [peer for peer in peers if peer.name.casefold() == wanted]
    exact = [peer for peer in peers if text_id(peer.org) == wanted]
    found = (
        exact
        or named
        or [peer for peer in peers if wanted and text_id(peer.org).startswith(wanted)]
    )
    if len(found) == 1:
        return found[0]
    if found:
        raise NotFound("several peers begin so; give more of the id, see parasol peer list")
    raise NotFound("there is no such peer; see parasol peer list")


def met_as(node: Node, peer: Peer) -> dict[str, Any]:
    """How we stand with somebody whom we have just met, with both codes."""
    trouble = trouble_of(peer)
    return {
        "peer": text_id(peer.org), "name": peer.name, "state": peer.state.value,
        "ours": safety_code(node.context.org), "theirs": safety_code(peer.org),
        **({"trouble": trouble} if trouble else {}),
    }  # fmt: skip
