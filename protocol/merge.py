"""Which of two entries of one record stands, wherever and in whatever order they arrive.

Invariant: `merge` is commutative, associative and idempotent, so that nodes which hold the same
entries agree without talking. An erasure absorbs everything for ever.
"""

from __future__ import annotations

from protocol.entry import Entry, Status


def order(entry: Entry) -> tuple[bool, int, bytes]:
    """Return the rank of an entry among those of its record: erased, revision, entry id."""
    return (entry.status is Status.ERASED, entry.rev, entry.eid)


def merge(a: Entry, b: Entry) -> Entry:
    """Return the one that stands; raises ValueError for entries of two records."""
    if a.rk != b.rk:
        raise ValueError("entries of two records do not merge")
    return a if order(a) >= order(b) else b


def conflicts(a: Entry, b: Entry) -> bool:
    """Say whether the origin signed two texts as one revision, neither of them an erasure."""
    return (
        a.rk == b.rk
        and a.rev == b.rev
        and a.eid != b.eid
        and Status.ERASED not in {a.status, b.status}
    )
