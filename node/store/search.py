"""Is this known? Finds the records behind a number, address, handle, plate or name.

Whole values are looked up in the table, parts first in memory and then in the table. Only what may
be shown now is found: live, neither hidden nor expired, of an origin that is heard and in step. The
answer names everyone who could not be asked, because no match must never mean more than it does.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, text

from federation.ledger import RowKind
from federation.peers import PeerState
from node.question import PART, START, Question, Sought, fits_plate, may_be_same
from node.showing import plain_fields
from node.store.context import Context
from node.store.identifier_index import IdentifierIndex
from node.store.lookup import Seen, seen
from node.store.peers import all_peers
from node.store.records import opened_values
from node.store.tables import records
from protocol.entry import Status
from protocol.ids import text_id

SHOWN = 50
VALUES_MOST = 200  # that a scan looks up: a record is a page of the store to read and decipher
STALE_US = 7 * 86_400_000_000

_HITS = text(
    "SELECT i.norm, i.kind, r.id, r.org, r.severity, r.day, r.received_us"
    " FROM json_each(:asked) AS j"
    " CROSS JOIN identifiers AS i ON i.norm = j.value"
    " CROSS JOIN records AS r ON r.id = i.record"
    " WHERE r.status = :live AND r.row_kind = :put AND r.hidden = '' AND r.exp_day >= :today"
)
_DETAILS = select(records.c.id, records.c.rk, records.c.disclosures).where(
    records.c.id.in_(bindparam("ids", expanding=True))
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A record that may be shown, and the best reason why it matches."""

    id: int
    org: bytes
    why: str
    score: int
    severity: int
    newest: tuple[int, int]

    @property
    def rank(self) -> tuple[int, int, tuple[int, int]]:
        """Greater is shown first: quality, then severity, then the newest."""
        return self.score, self.severity, self.newest


def search(
    connection: Connection, context: Context, index: IdentifierIndex, question: Question
) -> dict[str, Any]:
    """Everything that is known of what was asked, best first, and who could not be asked."""
    known = seen(connection, context)
    wanted = list(question.sought)
    hits = _hits(connection, known, wanted)
    found_whole = bool(hits)
    scanned, unread = _scanned(index, question, found_whole=found_whole)
    if scanned:
        hits = _best([*hits.values(), *_hits(connection, known, scanned).values()])
    ranked = sorted(hits.values(), key=lambda hit: hit.rank, reverse=True)
    shown = ranked[:SHOWN]
    return {
        "matches": _details(connection, known, shown),
        "not_asked": not_asked(connection, context),
        "more": len(ranked) - len(shown) + unread,
    }


def _hits(connection: Connection, known: Seen, sought: Iterable[Sought]) -> dict[int, Hit]:
    reasons: dict[tuple[str, str], Sought] = {}
    for each in sought:
        key = (each.kind, each.norm)
        if key not in reasons or reasons[key].score < each.score:
            reasons[key] = each
    if not reasons:
        return {}
    asked = json.dumps(list(dict.fromkeys(norm for _, norm in reasons)))
    rows = connection.execute(
        _HITS,
        {"asked": asked, "live": int(Status.LIVE), "put": int(RowKind.PUT), "today": known.today},
    )
    found = []
    for row in rows:
        reason = reasons.get((row.kind, row.norm))
        if reason is not None and bytes(row.org) in known.shown:
            found.append(_hit(row, reason))
    return _best(found)


def _hit(row: Row[Any], reason: Sought) -> Hit:
    newest = (row.day, row.received_us)
    return Hit(row.id, bytes(row.org), reason.why, reason.score, row.severity, newest)


def _best(hits: Iterable[Hit]) -> dict[int, Hit]:
    best: dict[int, Hit] = {}
    for hit in hits:
        if hit.id not in best or best[hit.id].score < hit.score:
            best[hit.id] = hit
    return best


def _scanned(
    index: IdentifierIndex, question: Question, *, found_whole: bool
) -> tuple[list[Sought], int]:
    """The values that hold a part of what was asked, and how many more there were than are read."""
    found: list[Sought] = []
    for scan in question.scans:
        if scan.fallback and found_whole:
            continue
        for value in index.holding(scan.kind, scan.needle, 10 * VALUES_MOST, at_end=scan.at_end):
            judged = scan.judge(value)
            if judged is not None:
                found.append(Sought(scan.kind, value, *judged))
    found += _plates(index, question)
    found.sort(key=lambda sought: sought.score, reverse=True)
    return found[:VALUES_MOST], max(len(found) - VALUES_MOST, 0)


def _plates(index: IdentifierIndex, question: Question) -> Iterable[Sought]:
    """Plates that are known in part, held against the plate or the part that was asked."""
    if question.plate:
        for pattern in index.plates_like(question.plate):
            if fits_plate(pattern, question.plate):
                yield Sought("plate.part", pattern, "plate part on record", START)
    elif question.plate_part:
        for pattern in index.plates_like(question.plate_part):
            if may_be_same(pattern, question.plate_part):
                yield Sought("plate.part", pattern, "plate part", PART)


def _details(connection: Connection, known: Seen, hits: list[Hit]) -> list[dict[str, Any]]:
    if not hits:
        return []
    rows = {row.id: row for row in connection.execute(_DETAILS, {"ids": [hit.id for hit in hits]})}
    shown = []
    for hit in hits:
        fields = plain_fields(opened_values(bytes(rows[hit.id].disclosures)))
        fields.pop("terms", None)
        shown.append(
            {
                "alert": text_id(bytes(rows[hit.id].rk)),
                "org": text_id(hit.org),
                "org_name": known.name(hit.org),
                "why": hit.why,
                "score": hit.score,
                "severity": hit.severity,
                "fields": fields,
            }
        )
    return shown


def not_asked(connection: Connection, context: Context) -> list[dict[str, Any]]:
    """The organisations whose alerts may be missing or out of date here, and why."""
    found = []
    for peer in all_peers(connection):
        if not peer.state.heard:
            continue
        reason = ""
        if not peer.contact_us:
            reason = "never_heard"
        elif not peer.in_synced:
            reason = "not_synced_since_restore"
        elif peer.state is PeerState.PAUSED:
            reason = "paused"
        elif context.now_us() - peer.contact_us > STALE_US:
            reason = "stale"
        if reason:
            found.append({"org": text_id(peer.org), "org_name": peer.name, "reason": reason})
    return found
