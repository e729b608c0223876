"""Is this known? Finds the records behind a number, address, handle, plate or name.

Whole values are looked up in the table, words and parts first in memory and then in the table. What
can be found without going through all values is asked for first, at once. Only what may be shown
now is found: live, neither hidden nor expired, of an origin that is heard and in step. The
answer names everyone who could not be asked, because no match must never mean more than it does.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Row

from federation.ledger import RowKind
from federation.peers import PeerState
from node.plate_readings import fits_plate, may_be_same
from node.question import Question
from node.readings import PART, START, Sought
from node.showing import plain_fields
from node.store.context import Context
from node.store.identifier_index import IdentifierIndex
from node.store.lookup import Origin, Seen, origins, seen
from node.store.records import opened_values
from node.store.viewers import Sees, everything
from protocol.entry import Status
from protocol.ids import text_id

SHOWN = 50
VALUES_MOST = 1000  # that are looked up of what a scan finds
ROWS_MOST = 100  # of records that are read: each is a page of the store to decipher
STALE_US = 7 * 86_400_000_000

# Which rows are read is decided in the index alone: the better values first, then the newest.
_HITS = (
    "SELECT f.norm, f.kind, r.id, r.rk, r.org, r.severity, r.day, r.received_us, r.disclosures,"
    " (r.status = :live AND r.row_kind = :put AND r.hidden = '' AND r.exp_day >= :today) AS open,"
    " f.found"
    " FROM (SELECT i.norm AS norm, i.kind AS kind, i.record AS record, count(*) OVER () AS found"
    " FROM json_each(:norms) AS j CROSS JOIN identifiers AS i ON i.norm = j.value"
    " ORDER BY j.key < :better DESC, i.record DESC LIMIT :most) AS f"
    " CROSS JOIN records AS r ON r.id = f.record"
)
_ALL = -1
_org_text = lru_cache(maxsize=1024)(text_id)  # the few organisations come back in every answer


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that may be shown, and the best reason why it matches."""

    id: int
    rk: bytes
    org: bytes
    reason: Sought
    severity: int
    newest: tuple[int, int]
    disclosures: bytes = field(repr=False)

    @property
    def rank(self) -> tuple[int, int, tuple[int, int]]:
        """Greater is shown first: quality, then severity, then the newest."""
        return self.reason.score, self.severity, self.newest


def search(
    connection: Connection,
    context: Context,
    index: IdentifierIndex,
    question: Question,
    may_see: Sees = everything,
) -> dict[str, Any]:
    """Everything that is known of what was asked, best first, and who could not be asked.

    `may_see` is what the viewer may see (`node.store.viewers`); the rest is not even counted.
    """
    peers = origins(connection)
    known = seen(connection, context)
    asked = [*question.sought, *_keyed(index, question)]
    hits, more = _hits(connection, known, asked, may_see)
    whole = frozenset(question.sought)
    found_whole = not question.several and any(hit.reason in whole for hit in hits.values())
    scanned = list(_scanned(index, question, found_whole=found_whole))
    if not whole.issuperset(scanned):
        hits, more = _hits(connection, known, [*asked, *scanned], may_see)
    ranked = sorted(hits.values(), key=lambda hit: hit.rank, reverse=True)
    shown = ranked[:SHOWN]
    return {
        "matches": _matches(known, shown),
        "not_asked": not_asked(peers, context.now_us()),
        "more": len(ranked) - len(shown) + more,
    }


def _hits(
    connection: Connection, known: Seen, sought: Sequence[Sought], may_see: Sees
) -> tuple[dict[int, Hit], int]:
    """The records behind these values that may be shown, and how many were not even read."""
    reasons: dict[tuple[str, str], Sought] = {}
    for each in sought:
        key = (each.norm, each.kind)
        if key not in reasons or reasons[key].score < each.score:
            reasons[key] = each
    ordered = sorted(reasons.values(), key=lambda each: each.score, reverse=True)[:VALUES_MOST]
    if not ordered:
        return {}, 0
    norms = list(dict.fromkeys(each.norm for each in ordered))
    better = len({each.norm for each in ordered if each.score > PART})
    asked = {"norms": json.dumps(norms)}
    # Of what some may not see, not even the number is theirs: then every row is looked at.
    most = ROWS_MOST if may_see is everything else _ALL
    rows = _rows(connection, known, asked | {"better": better, "most": most})
    unread = rows[0].found - len(rows) if rows else 0
    hits = _best(_shown_rows(rows, reasons, known, may_see))
    if unread and len(hits) < SHOWN:  # what was read may not be shown: something else may
        rows = _rows(connection, known, asked | {"better": better, "most": _ALL})
        hits, unread = _best(_shown_rows(rows, reasons, known, may_see)), 0
    return hits, unread + len(reasons) - len(ordered)


def _rows(connection: Connection, known: Seen, asked: dict[str, Any]) -> Sequence[Row[Any]]:
    standing = {"live": int(Status.LIVE), "put": int(RowKind.PUT), "today": known.today}
    return connection.exec_driver_sql(_HITS, asked | standing).fetchall()


def _shown_rows(
    rows: Iterable[Row[Any]], reasons: dict[tuple[str, str], Sought], known: Seen, may_see: Sees
) -> Iterator[Hit]:
    for row in rows:
        reason = reasons.get((row.norm, row.kind))
        org, rk, raw = bytes(row.org), bytes(row.rk), bytes(row.disclosures)
        if row.open and reason is not None and org in known.shown and may_see(org, rk, raw):
            newest = (row.day, row.received_us)
            yield Hit(row.id, rk, org, reason, row.severity, newest, raw)


def _best(hits: Iterable[Hit]) -> dict[int, Hit]:
    best: dict[int, Hit] = {}
    for hit in hits:
        if hit.id not in best or best[hit.id].reason.score < hit.reason.score:
            best[hit.id] = hit
    return best


def _scanned(index: IdentifierIndex, question: Question, *, found_whole: bool) -> Iterator[Sought]:
    """The values in memory that hold a part of what was asked."""
    for scan in question.scans:
        if scan.fallback and found_whole:
            continue
        for value in index.holding(scan.kind, scan.needle, 2 * VALUES_MOST, scan.beyond):
            judged = scan.judge(value)
            if judged is not None:
                yield Sought(scan.kind, value, *judged)


def _keyed(index: IdentifierIndex, question: Question) -> Iterator[Sought]:
    """The values in memory that have a whole word of what was asked, and plates known in part."""
    for word in question.words:
        for value in index.with_word(word.kind, word.word):
            judged = word.judge(value)
            if judged is not None:
                yield Sought(word.kind, value, *judged)
    for plate in question.plates:
        for pattern in index.plates_like(plate):
            if fits_plate(pattern, plate):
                yield Sought("plate.part", pattern, "plate part on record", START)
    for part in question.plate_parts:
        for pattern in index.plates_like(part):
            if may_be_same(pattern, part):
                yield Sought("plate.part", pattern, "plate part", PART)


def _matches(known: Seen, hits: Iterable[Hit]) -> list[dict[str, Any]]:
    shown = []
    for hit in hits:
        values = opened_values(hit.disclosures)
        values.pop("terms", None)
        shown.append(
            {
                "alert": text_id(hit.rk),
                "org": _org_text(hit.org),
                "org_name": known.name(hit.org),
                "why": hit.reason.why,
                "score": hit.reason.score,
                "severity": hit.severity,
                "fields": plain_fields(values),
            }
        )
    return shown


def not_asked(peers: Iterable[Origin], now_us: int) -> list[dict[str, Any]]:
    """The organisations whose alerts may be missing or out of date here, and why."""
    found = ((peer, _why_not_asked(peer, now_us)) for peer in peers if peer.state.heard)
    return [
        {"org": _org_text(peer.org), "org_name": peer.name, "reason": reason}
        for peer, reason in found
        if reason
    ]


def _why_not_asked(peer: Origin, now_us: int) -> str:
    if not peer.contact_us:
        return "never_heard"
    if not peer.in_synced:
        return "not_synced_since_restore"
    if peer.state is PeerState.PAUSED:
        return "paused"
    return "stale" if now_us - peer.contact_us > STALE_US else ""
