"""Invites of ours: made, listed until they end, and taken back.

An invite lets one unknown organisation say hello within seven days. Of its token only a hash is
stored; the start of that is the invite's id, which is no secret. One that was used is listed no
more: it is a peer then. Its row stays, so that a second use raises an alarm.
"""

from typing import Any

from sqlalchemy import Connection, delete, insert, select

from keys.invite import TOKEN_BYTES, Invite, encode_invite
from node.errors import BadRequest, NotFound
from node.introductions import TOKEN_DAYS_US, invite_id, token_hash
from node.moments import iso_time
from node.runtime import Node
from node.store.tables import invites
from node.typed import clean_line

KEPT_US = 4 * TOKEN_DAYS_US  # how long one that ended unused is still listed
NAME_LENGTH = 80


async def peer_invite(node: Node, name: str | None = None) -> dict[str, Any]:
    """Make an invite for one organisation, good once and for seven days."""
    now, token = node.context.now_us(), node.context.random(TOKEN_BYTES)
    hashed = token_hash(token)
    await node.change(_keep, {"token_hash": hashed, "name": name_of(name), "made_us": now})
    return {
        "invite": encode_invite(Invite(node.documents, token)),
        "id": invite_id(hashed),
        "expires": iso_time(now + TOKEN_DAYS_US),
    }


def _keep(connection: Connection, row: dict[str, Any]) -> None:
    old = invites.c.made_us < row["made_us"] - KEPT_US
    connection.execute(delete(invites).where(old, invites.c.used_by.is_(None)))
    connection.execute(insert(invites).values(**row))


async def peer_cancel(node: Node, invite: str) -> dict[str, Any]:
    """Take an invite back; whoever brings it from now on is a stranger. NotFound, BadRequest."""
    return await node.change(_cancel, invite.strip().lower())


def _cancel(connection: Connection, wanted: str) -> dict[str, Any]:
    rows = connection.execute(select(invites)).all()
    row = next((row for row in rows if invite_id(row.token_hash) == wanted), None)
    if row is None:
        raise NotFound("there is no such invite: parasol peer list shows those that are open")
    if row.used_by is not None:
        raise BadRequest(
            "this invite was used already: parasol peer list shows by whom, and parasol peer "
            "remove ends what it began"
        )
    connection.execute(delete(invites).where(invites.c.token_hash == row.token_hash))
    return {"invite": wanted, "name": row.name, "state": "cancelled"}


def name_of(name: str | None) -> str:
    """What the keeper calls an organisation, empty where she gave no name. BadRequest."""
    cleaned = clean_line(name or "")
    if len(cleaned) > NAME_LENGTH:
        raise BadRequest(f"name: at most {NAME_LENGTH} characters, and this has {len(cleaned)}")
    return cleaned
