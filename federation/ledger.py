"""What one peer should hold of one record: the ledger's rule, without a database.

The ledger has a row for every record that a peer was ever granted. `desired` says what that row
should be now; the store gives it the next `pseq` when it differs from what it is. So a ledger can
be derived again at any time from records, policy and cards, and is then the list of who must
still be told.
"""

from collections.abc import Collection
from dataclasses import dataclass
from enum import IntEnum

from federation.peers import PeerState
from protocol.entry import Entry, Status
from protocol.ids import Day, EntryId, RecordKey


class RowKind(IntEnum):
    """What a ledger row tells its peer."""

    PUT = 0  # hold this entry and these disclosures (a tombstone is an entry, too)
    STOP = 1  # stop showing


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One row of a peer's ledger. `state` is the digest's s, 32 bytes; `pseq` 0 is unassigned.

    `author` is empty for a record of our own, else whose it is: a hub passes it on.
    """

    rk: RecordKey
    pseq: int
    kind: RowKind
    state: bytes
    eid: EntryId
    rev: int
    names: tuple[str, ...]
    exp: Day
    held: str = ""
    acked_us: int = 0
    since_us: int = 0
    author: bytes = b""


def may_put(state: PeerState, row: LedgerRow | None) -> bool:
    """Whether a live record may be put to a peer in this state that has this row."""
    if state.takes_new:
        return True
    return state.keeps and row is not None and row.kind is RowKind.PUT


def outcome(
    status: Status, state: PeerState, row: LedgerRow | None, released: Collection[str]
) -> str:
    """Which of `put`, `stop`, `tombstone`, `withdrawal`, `keep` (leave as is) applies.

    `released` is what the export function lets through now; empty is nothing.
    """
    if status is Status.ERASED:
        return "keep" if row is None else "tombstone"
    if status is Status.WITHDRAWN:
        if row is None or row.kind is RowKind.STOP:
            return "keep"
        return "withdrawal" if state.keeps else "stop"
    if released and may_put(state, row):
        return "put"
    return "keep" if row is None else "stop"


def outlives(row: LedgerRow | None, entry: Entry) -> bool:
    """Whether a peer has another entry than this one, which lasts longer: a thief's, say.

    A copy of ours that has expired ends by itself; such a one must be stopped.
    """
    return row is not None and row.eid != entry.eid and row.exp > entry.exp_day
