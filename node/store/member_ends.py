"""What a backup must not bring back of members: who left, what role and passphrase she had before.

Each change stands in the register as well. A store that was restored has its members follow it, and
keeps nobody signed in: sessions and invitations of before may have been ended since.
"""

from sqlalchemy import Connection, delete

from node.errors import NotFound
from node.store import register as permissions
from node.store.members import change_member, member_by_id, remove_member
from node.store.register import Register
from node.store.tables_web import invitations, web_sessions
from protocol.codec import decode, encode
from protocol.shape import as_array, as_bytes, as_str

_SEED_MOST = 64


def note_member(connection: Connection, register: Register, id_: str) -> None:
    """Note how a member stands after a change of hers, or that she is gone."""
    found = member_by_id(connection, id_)
    value = b"" if found is None else encode([found.role, found.secret, found.totp])
    register.stage(permissions.MEMBER, id_.encode(), value)


def obey_members(connection: Connection, register: Register) -> None:
    """After a restore: members as they stood last, nobody signed in, no invitation open."""
    connection.execute(delete(web_sessions))
    connection.execute(delete(invitations))
    for key, raw in register.all(permissions.MEMBER):
        if not raw:
            remove_member(connection, key.decode())
            continue
        role, secret, totp = as_array(decode(raw), 3)
        try:
            change_member(
                connection, key.decode(), role=as_str(role), secret=as_str(secret),
                totp=as_bytes(totp, most=_SEED_MOST),
            )  # fmt: skip
        except NotFound:  # she joined after the backup, and joins again
            continue
