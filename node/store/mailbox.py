"""Mail in the store: wires that are held for others, and to whom we write by a mailbox.

The holder's part knows organisations and bytes. Rules are in `federation.mailbox`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, update

from federation.mailbox import KEEP_US, PAGE_BYTES
from federation.peers import PeerState
from node.store.context import Context
from node.store.tables import peers
from node.store.tables_mailbox import mail_held, mail_routes
from protocol.ids import OrgId
from protocol.limits import MAIL_ITEMS
from protocol.messages_mailbox import MAIL_ID_BYTES

KEPT_FOR = (PeerState.TRUSTED.value, PeerState.PAUSED.value)


@dataclass(frozen=True, slots=True)
class Route:
    """One of our peers to whom we write by a mailbox; times in microseconds, 0 for never."""

    org: OrgId
    holder: OrgId
    hello: bytes
    said: bytes
    answer_due: bool
    left_us: int
    next_us: int
    trouble: str


def kept_of(connection: Connection, depositor: bytes) -> int:
    """How many bytes of a depositor are held here."""
    size = func.coalesce(func.sum(func.length(mail_held.c.wire)), 0)
    query = select(size).where(mail_held.c.depositor == depositor)
    return int(connection.execute(query).scalar_one())


def hold(
    connection: Connection, context: Context, depositor: bytes, recipient: bytes, wire: bytes
) -> None:
    """Keep a wire until it is fetched, for as long as one is kept."""
    connection.execute(
        insert(mail_held).values(
            mid=context.random(MAIL_ID_BYTES), depositor=depositor, recipient=recipient, wire=wire,
            until_us=context.now_us() + KEEP_US,
        )
    )  # fmt: skip


def hand_over(
    connection: Connection, recipient: bytes, acked: Sequence[bytes], now_us: int
) -> list[tuple[bytes, bytes]]:
    """Forget what the recipient has, and give the oldest (id, wire) of what is left, as fits."""
    if acked:
        mine = mail_held.c.recipient == recipient
        connection.execute(delete(mail_held).where(mine, mail_held.c.mid.in_(list(acked))))
    query = (
        select(mail_held.c.mid, mail_held.c.wire)
        .where(mail_held.c.recipient == recipient, mail_held.c.until_us >= now_us)
        .order_by(mail_held.c.id)
        .limit(MAIL_ITEMS)
    )
    found: list[tuple[bytes, bytes]] = []
    left = PAGE_BYTES
    for row in connection.execute(query):
        left -= len(row.wire)
        if left < 0:
            break
        found.append((bytes(row.mid), bytes(row.wire)))
    return found


def forget_mail(connection: Connection, now_us: int) -> int:
    """Forget what nobody fetched in time, and mail of or for who is no peer any more."""
    kept = select(peers.c.org).where(peers.c.state.in_(KEPT_FOR))
    gone = delete(mail_held).where(
        or_(
            mail_held.c.until_us < now_us,
            mail_held.c.depositor.not_in(kept),
            mail_held.c.recipient.not_in(kept),
        )
    )
    return connection.execute(gone).rowcount


def held_for_others(connection: Connection) -> list[tuple[bytes, bytes, int, int]]:
    """Per (depositor, recipient): how many wires and bytes are held here."""
    query = (
        select(
            mail_held.c.depositor, mail_held.c.recipient, func.count(),
            func.sum(func.length(mail_held.c.wire)),
        )
        .group_by(mail_held.c.depositor, mail_held.c.recipient)
        .order_by(func.min(mail_held.c.id))
    )  # fmt: skip
    return [(bytes(a), bytes(b), count, size) for a, b, count, size in connection.execute(query)]


def set_route(connection: Connection, org: bytes, holder: bytes | None) -> None:
    """Write to a peer by a mailbox from now on, or no longer; what was left is left."""
    connection.execute(delete(mail_routes).where(mail_routes.c.org == org))
    if holder is not None:
        connection.execute(insert(mail_routes).values(org=org, holder=holder))


def routes(connection: Connection) -> list[Route]:
    """Every peer to whom we write by a mailbox."""
    return [
        Route(
            OrgId(bytes(row.org)), OrgId(bytes(row.holder)), bytes(row.hello), bytes(row.said),
            bool(row.answer_due), row.left_us, row.next_us, row.trouble,
        )
        for row in connection.execute(select(mail_routes).order_by(mail_routes.c.org))
    ]  # fmt: skip


def note_route(connection: Connection, org: bytes, /, **values: Any) -> None:
    """Change columns of one route, where there is one."""
    connection.execute(update(mail_routes).where(mail_routes.c.org == org).values(**values))
