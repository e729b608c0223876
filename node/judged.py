"""Alerts as this organisation sees them: what others say of each, and what we made of it ourselves.

Laid over what lists, checks and `alert show` answer, after `node.store.viewers` has left out what a
viewer may not see at all. Nothing of an alert is changed by it, and nothing goes silently: what a
verdict, a review or an ignored code keeps from a viewer is counted for them.
"""

import base64
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, select

from federation.voices import Confidence, confidence
from node.store.context import Context
from node.store.lookup import Seen, origins, seen
from node.store.modes import TO_MEMBERS, Mode, all_modes, ignores, mode_of, not_passed
from node.store.peers import all_peers
from node.store.records import chunks
from node.store.ref_index import what_is_judged
from node.store.tables import forwarded, records
from node.store.verdicts import Verdict, verdicts_on
from node.store.viewers import STAFF
from node.store.voices import counting, said_of
from protocol.ids import OrgId, RecordKey, parse_record_key, text_id

HIDDEN, IN_REVIEW, IGNORED = "verdict", "review", "ignored"
ALL_AT_ONCE = 2000  # alerts in one answer from which on everything that is said is read at once
_SHORT = 12


@dataclass(frozen=True, slots=True)
class Judged:
    """What others say of one alert, and what we made of it."""

    said: Confidence
    verdict: Verdict | None
    in_review: bool
    ignored: bool

    def left_out(self, viewer: str) -> str:
        """Why a viewer's lists leave it out; empty where they do not."""
        if self.ignored:
            return IGNORED
        if viewer == STAFF:
            return ""
        if self.in_review:
            return IN_REVIEW
        return HIDDEN if self.verdict is not None and self.verdict.hide else ""

    def shown(self, known: Seen, viewer: str) -> dict[str, Any]:
        """The judgement as commands answer it; of a verdict, its reason is staff's."""
        result: dict[str, Any] = {
            "corroborated_by": _names(self.said.corroborated, known),
            "disputed_by": _names(self.said.disputed, known),
        }
        if self.verdict is not None:
            parts = self.verdict.shown()
            if viewer != STAFF:
                parts.pop("reason", None)
            result["verdict"] = parts
        if self.in_review:
            result["in_review"] = True
        if self.ignored:
            result["ignored"] = True
        return result


def confidence_words(said: Mapping[str, Any]) -> str:
    """How sure one may be of an alert, as one line for people."""
    more, against = said["corroborated_by"], said["disputed_by"]
    parts = [f"corroborated by {_many(more)}"] if more else ["one organisation's report"]
    if against:
        parts.append(f"disputed by {_many(against)}")
    return ", ".join(parts)


def _many(names: Sequence[str]) -> str:
    noun = "organisation" if len(names) == 1 else "organisations"
    return f"{len(names)} {noun} ({', '.join(names)})"


def judge(
    connection: Connection,
    context: Context,
    rows: Sequence[Mapping[str, Any]],
    viewer: str = STAFF,
    *,
    everything: bool = False,
) -> tuple[list[dict[str, Any]], dict[str, int]]:
    """Lay the judgement over alerts; returns those to show, and how many are left out and why.

    Each row has its id under "id" or "alert", its "org", and its codes under "codes" or in its
    "fields". `everything` leaves nothing out.
    """
    known = seen(connection, context)
    found = judged(connection, context, {_key(row): (_org(row), _codes(row)) for row in rows})
    shown: list[dict[str, Any]] = []
    left: dict[str, int] = {}
    for row in rows:
        each = found[_key(row)]
        why = "" if everything else each.left_out(viewer)
        if why:
            left[why] = left.get(why, 0) + 1
        else:
            shown.append({**row, **each.shown(known, viewer)})
    return shown, left


def judged(
    connection: Connection,
    context: Context,
    alerts: Mapping[RecordKey, tuple[OrgId, Sequence[str]]],
) -> dict[RecordKey, Judged]:
    """What is judged of each of these alerts, given its organisation and its codes."""
    there_is = what_is_judged(connection)
    if not there_is.anything:
        nothing = frozenset[OrgId]()
        return {
            rk: Judged(confidence(rk, org, (), nothing), None, in_review=False, ignored=False)
            for rk, (org, _) in alerts.items()
        }
    asked = None if len(alerts) > ALL_AT_ONCE else alerts.keys()
    said = said_of(connection, context, asked) if there_is.said else []
    heard = counting(connection, context) if said else frozenset[OrgId]()
    about: dict[RecordKey, list[Any]] = {}
    for each in said:
        for rk, _ in each.ref.subjects:
            about.setdefault(rk, []).append(each.voice)
    verdicts = verdicts_on(connection, asked) if there_is.verdicts else {}
    ignored, waiting = _by_mode(connection, context, alerts) if there_is.modes else (set(), set())
    return {
        rk: Judged(
            confidence(rk, org, about.get(rk, ()), heard),
            verdicts.get(rk),
            rk in waiting,
            rk in ignored,
        )
        for rk, (org, _) in alerts.items()
    }


def _by_mode(
    connection: Connection,
    context: Context,
    alerts: Mapping[RecordKey, tuple[OrgId, Sequence[str]]],
) -> tuple[set[RecordKey], frozenset[RecordKey]]:
    """Which alerts the modes of those who brought them leave out, and which wait for a person."""
    modes = all_modes(connection)
    if not modes:
        return set(), frozenset()
    peers = {peer.org for peer in origins(connection)} | {bytes(context.org)}
    strange = [rk for rk, (org, _) in alerts.items() if org not in peers]
    hubs = _hubs(connection, strange)
    ignored: set[RecordKey] = set()
    in_review: list[RecordKey] = []
    for rk, (org, codes) in alerts.items():
        mode = mode_of(org, modes, peers, hubs.get(rk, ()))
        if mode is TO_MEMBERS:
            continue
        if mode.mode is Mode.REVIEW:
            in_review.append(rk)
        elif ignores(mode, codes):
            ignored.add(rk)
    return ignored, not_passed(connection, _disclosures(connection, in_review))


def _hubs(connection: Connection, rks: Collection[RecordKey]) -> dict[RecordKey, list[bytes]]:
    """The peers that passed these alerts on."""
    found: dict[RecordKey, list[bytes]] = {}
    if not rks:
        return found
    orgs = {peer.id: bytes(peer.org) for peer in all_peers(connection)}
    for group in chunks(rks):
        query = select(forwarded.c.rk, forwarded.c.source).where(forwarded.c.rk.in_(group))
        for rk, source in connection.execute(query):
            if source in orgs:
                found.setdefault(RecordKey(bytes(rk)), []).append(orgs[source])
    return found


def _disclosures(connection: Connection, rks: Collection[RecordKey]) -> dict[RecordKey, bytes]:
    found: dict[RecordKey, bytes] = {}
    for group in chunks(rks):
        query = select(records.c.rk, records.c.disclosures).where(records.c.rk.in_(group))
        found |= {RecordKey(bytes(rk)): bytes(raw) for rk, raw in connection.execute(query)}
    return found


def _names(orgs: Collection[OrgId], known: Seen) -> list[str]:
    return sorted(known.name(org) or text_id(org)[:_SHORT] for org in orgs)


def _key(row: Mapping[str, Any]) -> RecordKey:
    return parse_record_key(str(row.get("id") or row["alert"]))


def _org(row: Mapping[str, Any]) -> OrgId:
    return _parse_org(str(row["org"]))


@lru_cache(maxsize=1024)  # the few organisations come back in every answer
def _parse_org(text: str) -> OrgId:
    return OrgId(base64.b32decode(text.upper() + "=" * (-len(text) % 8)))


def _codes(row: Mapping[str, Any]) -> list[str]:
    found = row.get("codes")
    if found is None:
        found = (row.get("fields") or {}).get("codes")
    return [str(code) for code in found] if isinstance(found, list) else []
