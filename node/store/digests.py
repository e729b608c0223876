"""Digests of ledgers and mirrors, kept in 256 buckets so that one change rehashes one bucket.

A cache in memory, never the truth: it is filled inside write transactions only, which run one at a
time, and forgotten whenever one fails, so it can only ever repeat what the store says.
"""

from collections.abc import Callable, Iterable

from protocol.commitment import BUCKETS, bucket_hash, digest
from protocol.ids import Day, RecordKey

PAST_ALL = b"\xff" * 17  # a key has 16 bytes
Rows = Iterable[tuple[RecordKey, bytes]]
Query = Callable[[int | None, Day], Rows]


class Digests:
    """The bucket hashes of each channel, for the day they were last asked for."""

    def __init__(self) -> None:
        self._channels: dict[tuple[str, int], tuple[Day, list[bytes | None]]] = {}

    def digest(self, side: str, peer: int, asof: Day, rows: Query) -> bytes:
        """The digest of one channel; `rows(bucket or None, asof)` reads what it must."""
        known = self._channels.get((side, peer))
        if known is None or known[0] != asof:
            buckets = _all_buckets(rows(None, asof))
        else:
            buckets = known[1]
            stale = [index for index, value in enumerate(buckets) if value is None]
            if len(stale) > BUCKETS // 4:
                buckets = _all_buckets(rows(None, asof))
            else:
                for index in stale:
                    buckets[index] = bucket_hash(rows(index, asof))
        self._channels[side, peer] = (asof, buckets)
        return digest([value or b"" for value in buckets])

    def touch(self, side: str, peer: int, rk: bytes) -> None:
        """Note that a row of this channel changed."""
        known = self._channels.get((side, peer))
        if known is not None:
            known[1][rk[0]] = None

    def forget(self, side: str | None = None, peer: int | None = None) -> None:
        """Drop what is cached: all of it, or one channel."""
        if side is None or peer is None:
            self._channels.clear()
        else:
            self._channels.pop((side, peer), None)


def bounds(bucket: int | None) -> dict[str, bytes]:
    """The keys of one bucket, or of all: `lo` ≤ rk < `hi`."""
    if bucket is None:
        return {"lo": b"", "hi": PAST_ALL}
    return {"lo": bytes([bucket]), "hi": bytes([bucket + 1]) if bucket < BUCKETS - 1 else PAST_ALL}


def _all_buckets(rows: Rows) -> list[bytes | None]:
    sorted_rows: list[list[tuple[RecordKey, bytes]]] = [[] for _ in range(BUCKETS)]
    for rk, state in rows:
        sorted_rows[rk[0]].append((rk, state))
    return [bucket_hash(bucket) for bucket in sorted_rows]
