"""The keeper's commands about a region's profile: signing one, adopting one, and leaving it.

A network publishes, a member adopts: from then on the stricter of both policies is in force here.
The file of our own policy stays ours, and is never written by this.
"""

import asyncio
import base64
import binascii
from typing import Any

from sqlalchemy import Connection

from federation.peers import PeerState
from federation.policy import Policy, load_policy
from federation.profile import (
    PROFILE_BYTES,
    Profile,
    author_of,
    decode_profile,
    in_force,
    sign_profile,
)
from keys.safety import safety_code
from keys.signing import SIGNATURE_BYTES
from node.commands.policies import changes, policy_apply
from node.errors import BadRequest, Refused
from node.opening import POLICY
from node.runtime import Node
from node.settings import POLICY_FILE, read_text_file
from node.store import meta
from node.store import register as permissions
from node.store.lookup import seen
from node.store.peers import peer_of
from protocol.codec import decode, encode
from protocol.errors import malformed
from protocol.ids import iso_date, text_id
from protocol.shape import as_array, as_bytes

PREFIX = "parasol1p:"
_LINE = 64
TRUSTING = frozenset({PeerState.TRUSTED, PeerState.PAUSED})


async def policy_sign_profile(node: Node, text: str) -> dict[str, Any]:
    """Sign a profile for the members of our network; gives the text of its file."""
    profile = await asyncio.to_thread(
        sign_profile, node.key, node.context.org, node.context.now_us(), node.today, text
    )
    return {
        "profile": render(profile), "org": text_id(profile.org), "n": profile.n,
        "switches": list(profile.switches), "code": safety_code(profile.org),
    }  # fmt: skip


async def policy_adopt(node: Node, text: str, dry_run: bool = False) -> dict[str, Any]:
    """Put a network's profile in force beside our own policy; shows what that changes.

    Refused where the network is no verified peer, where another one's profile is in force, and
    where this one is older than that in force.
    """
    raw, sig = await asyncio.to_thread(parse, text)
    peer = await node.read(peer_of, author_of(raw))
    if peer is None or peer.state not in TRUSTING:
        raise Refused(
            "this profile is of an organisation that is no verified peer: meet it and compare"
            " codes first"
        )
    author = peer.docs.current
    profile = await asyncio.to_thread(decode_profile, raw, sig, author, node.today)
    await _must_be_settled(node)
    standing = node.context.profile
    if standing is not None and standing.org != profile.org:
        raise Refused("the profile of another network is in force: parasol policy leave first")
    if standing is not None and profile.n < standing.n:
        raise Refused(f"this profile is older than the one in force, of {iso_date(standing.day)}")
    own = load_policy(await node.read(_own_text))
    wanted = in_force(own, profile)
    shown = {
        "org": text_id(profile.org), "name": peer.name, "day": iso_date(profile.day),
        "switches": list(profile.switches), "narrowed": _narrowed(profile, own),
    }  # fmt: skip
    if dry_run:
        return shown | {"changes": changes(node.policy, wanted)}
    return shown | await _put(node, profile)


async def policy_leave(node: Node) -> dict[str, Any]:
    """Leave the profile that is in force: our own policy alone counts from then on."""
    if node.context.profile is None:
        raise BadRequest("no profile is in force")
    await _must_be_settled(node)
    return await _put(node, None)


async def _put(node: Node, profile: Profile | None) -> dict[str, Any]:
    await node.change(_keep, node, profile)
    node.context.profile = profile
    return await policy_apply(node)


def _keep(connection: Connection, node: Node, profile: Profile | None) -> None:
    """Store it, and put it into the register: no backup may bring back the policy without it."""
    raw = None if profile is None else encode([profile.raw, profile.sig])
    meta.keep(connection, meta.PROFILE, raw)
    node.context.register.stage(permissions.PROFILE, b"", raw or b"")


async def policy_profile(node: Node) -> dict[str, Any]:
    """Show the profile in force, and each rule that stands because of it; empty where none is."""
    profile = node.context.profile
    if profile is None:
        return {"profile": None}
    own = load_policy(await node.read(_own_text))
    known = await node.read(seen, node.context)
    return {
        "profile": {
            "org": text_id(profile.org), "name": known.name(profile.org),
            "day": iso_date(profile.day), "text": profile.text,
            "switches": list(profile.switches), "narrowed": _narrowed(profile, own),
        }
    }  # fmt: skip


def _narrowed(profile: Profile, own: Policy) -> list[dict[str, Any]]:
    """The switches that the profile makes stricter than ours, as rules of a trace name them."""
    return [
        {**change, "rule": f"origin.{change['switch']}={change['new']}"}
        for change in changes(own, in_force(own, profile))
    ]


def _own_text(connection: Connection) -> str:
    return (meta.get(connection, POLICY) or b"").decode()


async def _must_be_settled(node: Node) -> None:
    """Refused where the policy file was edited and is not in force: that is another decision."""
    in_file = await asyncio.to_thread(read_text_file, node.home / POLICY_FILE)
    if in_file != await node.read(_own_text):
        raise Refused("policy.toml was edited and is not in force: parasol policy apply first")


def render(profile: Profile) -> str:
    """Write a profile as text of short lines."""
    raw = encode([profile.raw, profile.sig])
    letters = base64.b32encode(raw).decode().rstrip("=").lower()
    lines = [letters[at : at + _LINE] for at in range(0, len(letters), _LINE)]
    return PREFIX + "\n" + "\n".join(lines) + "\n"


def parse(text: str) -> tuple[bytes, bytes]:
    """Read a profile's bytes and signature from its text. ProtocolError MALFORMED."""
    _, found, rest = text.partition(PREFIX)
    letters = "".join(rest.split()).upper()
    if not found:
        raise malformed(f"no profile: it begins with {PREFIX}")
    try:
        value = base64.b32decode(letters + "=" * (-len(letters) % 8))
    except (binascii.Error, ValueError):
        raise malformed("the profile is damaged; copy it again") from None
    raw, sig = as_array(decode(value, limit=PROFILE_BYTES + 1024), 2)
    return as_bytes(raw, most=PROFILE_BYTES), as_bytes(sig, SIGNATURE_BYTES)
