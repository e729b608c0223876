"""Who may speak to us, kept in memory: each message asks, and a trip to the store costs more than
the signature that it is asked for.

What is kept is forgotten after each commit that changed a peer's documents or state, before anyone
is told of that commit. An answer read before such a commit and come after it is not kept. Whatever
a message changes is decided in its transaction, by the peer's row.
"""

from dataclasses import dataclass

from sqlalchemy import Connection

from federation.peers import PeerState
from keys.documents import Documents
from protocol.ids import OrgId

_CHANGED = "parasol_peers_changed"
WATCHED = frozenset({"state", "docs"})


@dataclass(frozen=True, slots=True)
class Sender:
    """A peer as far as its messages are opened and answered by it."""

    id: int
    org: OrgId
    state: PeerState
    docs: Documents

    @property
    def is_reachable(self) -> bool:
        """Whether its card names an endpoint."""
        return self.docs.card is not None and bool(self.docs.card.endpoints)


class Senders:
    """Senders by organisation; used on the event loop only."""

    def __init__(self) -> None:
        self._known: dict[bytes, Sender] = {}
        self.version = 0

    def get(self, org: bytes) -> Sender | None:
        """The sender, where it is known since the last change."""
        return self._known.get(org)

    def keep(self, sender: Sender, version: int) -> None:
        """Keep what was read since `version` was asked, unless a change came in between."""
        if version == self.version:
            self._known[sender.org] = sender

    def forget(self) -> None:
        """Some peer was changed."""
        self._known.clear()
        self.version += 1


def note_change(connection: Connection) -> None:
    """Have what is known of senders forgotten after this transaction."""
    connection.info[_CHANGED] = True


def take_change(connection: Connection) -> bool:
    """Whether a sender was changed since this was last asked; one rolled back counts."""
    return bool(connection.info.pop(_CHANGED, False))
