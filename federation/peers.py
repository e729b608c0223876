"""The states of a peer, and what each state lets through.

invited → unverified → trusted ⇄ paused; any → blocked; any → leaving → gone.
Pause is not block is not purge: corrections, stops and tombstones flow in every state in which
the peer may still hold something of ours.
"""

from enum import StrEnum


class PeerState(StrEnum):
    """How far this node trusts another organisation's node."""

    INVITED = "invited"  # we hold its invite, it has not answered yet
    UNVERIFIED = "unverified"  # documents exchanged, codes not compared
    TRUSTED = "trusted"
    PAUSED = "paused"  # no new puts either way
    BLOCKED = "blocked"  # theirs refused, ours recalled
    LEAVING = "leaving"  # ours being recalled, theirs purged; then gone
    GONE = "gone"  # recalled and said goodbye; kept for its guards and tombstones

    @property
    def may_hold_ours(self) -> bool:
        """Whether messages about our records go to it: it may hold something of ours."""
        return self in {self.TRUSTED, self.PAUSED, self.BLOCKED, self.LEAVING}

    @property
    def takes_new(self) -> bool:
        """Whether a record that it does not hold yet may go to it."""
        return self is self.TRUSTED

    @property
    def keeps(self) -> bool:
        """Whether it may go on holding what it was granted."""
        return self in {self.TRUSTED, self.PAUSED}

    @property
    def heard(self) -> bool:
        """Whether we take its records."""
        return self in {self.TRUSTED, self.PAUSED}


MOVES: dict[PeerState, frozenset[PeerState]] = {
    PeerState.INVITED: frozenset({PeerState.UNVERIFIED, PeerState.TRUSTED, PeerState.GONE}),
    PeerState.UNVERIFIED: frozenset({PeerState.TRUSTED, PeerState.BLOCKED, PeerState.GONE}),
    PeerState.TRUSTED: frozenset({PeerState.PAUSED, PeerState.BLOCKED, PeerState.LEAVING}),
    PeerState.PAUSED: frozenset({PeerState.TRUSTED, PeerState.BLOCKED, PeerState.LEAVING}),
    PeerState.BLOCKED: frozenset({PeerState.TRUSTED, PeerState.LEAVING}),
    PeerState.LEAVING: frozenset({PeerState.GONE}),
    PeerState.GONE: frozenset({PeerState.INVITED, PeerState.UNVERIFIED}),
}


def may_move(old: PeerState, new: PeerState) -> bool:
    """Whether a keeper may move a peer from one state to the other."""
    return new in MOVES[old]
