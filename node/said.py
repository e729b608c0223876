"""Who says what of which alerts, and which belong together, as lines that commands answer."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, select

from federation.voices import VOICE
from node.clusters import Link, Strength, groups
from node.errors import NotFound
from node.judged import confidence_words, judge
from node.store.clusters import all_marks, links_among, links_around
from node.store.context import Context
from node.store.lookup import seen
from node.store.modes import Mode, all_modes, brought_by
from node.store.records import chunks
from node.store.ref_index import REF, what_is_judged
from node.store.tables import records
from node.store.viewers import STAFF, seen_by
from node.store.voices import Said, counting, said_of
from protocol.ids import OrgId, RecordKey, iso_date, parse_record_key, text_id
from protocol.vocabulary import IDENTIFIER_KINDS

_NAMED = ("alert", "org", "org_name", "severity")


def said_lines(
    connection: Connection, context: Context, rks: Collection[RecordKey] | None
) -> list[dict[str, Any]]:
    """What is said of these alerts (None: of any); the oldest first."""
    said = said_of(connection, context, rks)
    here: dict[bytes, bytes] = {}
    for group in chunks({rk for each in said for rk, _ in each.ref.subjects}):
        query = select(records.c.rk, records.c.eid).where(
            records.c.rk.in_(group), records.c.eid != b""
        )
        here |= {bytes(rk): bytes(eid) for rk, eid in connection.execute(query)}
    known = seen(connection, context)
    heard = counting(connection, context)
    return [
        _line(each, here, known.name(each.voice.org), counts=each.voice.org in heard)
        for each in said
    ]


def _line(said: Said, here: Mapping[bytes, bytes], name: str, *, counts: bool) -> dict[str, Any]:
    """One voice. Its alert may not be here: then it waits for it."""
    return {
        VOICE: text_id(said.rk),
        "org": text_id(said.voice.org),
        "org_name": name,
        "relation": said.ref.relation,
        "alerts": [text_id(rk) for rk, _ in said.ref.subjects],
        "here": all(rk in here for rk, _ in said.ref.subjects),
        "of_earlier": any(here.get(rk, eid) != eid for rk, eid in said.ref.subjects),
        "counts": counts,
        "expires": iso_date(said.exp_day),
        **({"text": said.text} if said.text and said.kind == VOICE else {}),
    }


def together_with(
    connection: Connection,
    context: Context,
    rks: Collection[RecordKey],
    viewer: str = STAFF,
) -> dict[RecordKey, list[dict[str, Any]]]:
    """For each alert the others that may be about the same person, and why; for this viewer."""
    links = links_around(connection, context, rks)
    if not links:
        return {}
    found = groups(links, all_marks(connection).apart)
    others = {rk for group in found if not group.isdisjoint(rks) for rk in group}
    rows = alert_rows(connection, context, others)
    visible, _ = judge(connection, context, seen_by(connection, context, viewer, rows), viewer)
    by_key = {parse_record_key(str(row["alert"])): row for row in visible}
    result: dict[RecordKey, list[dict[str, Any]]] = {}
    for group in found:
        for rk in group & set(rks):
            result[rk] = [
                {
                    "alert": by_key[other]["alert"],
                    "org": by_key[other]["org"],
                    "org_name": by_key[other]["org_name"],
                    "severity": by_key[other]["severity"],
                    "why": why_together(links, rk, other, group),
                    "confirmed": _is_joined(links, rk, other),
                }
                for other in sorted(group - {rk})
                if other in by_key
            ]
    return {rk: rows for rk, rows in result.items() if rows}


def in_review(
    connection: Connection, context: Context, org: OrgId | None = None
) -> list[dict[str, Any]]:
    """The alerts of peers in review (or of one) that no person has passed yet."""
    modes = all_modes(connection)
    orgs = [each for each, mode in modes.items() if mode.mode is Mode.REVIEW]
    rks = {rk for each in orgs if org in (None, each) for rk in brought_by(connection, OrgId(each))}
    live = [row for row in alert_rows(connection, context, rks) if row["status"] == "live"]
    rows, _ = judge(connection, context, live)
    return [row for row in rows if row.get("in_review")]


def with_what_is_said(
    connection: Connection, context: Context, shown: Mapping[str, Any], viewer: str
) -> dict[str, Any]:
    """One alert with what is said and judged of it; NotFound where the viewer is not shown it."""
    if (shown.get("fields") or {}).get("kind") == VOICE:
        return dict(shown)
    visible, _ = judge(connection, context, [shown], viewer, everything=viewer == STAFF)
    if not visible:
        raise NotFound("there is no alert with that id here; see parasol alert list")
    result, rk = visible[0], parse_record_key(str(shown["id"]))
    result["confidence"] = confidence_words(result)
    said = [
        {name: line[name] for name in ("org_name", "relation", "text") if name in line}
        for line in said_lines(connection, context, [rk])
        if line["counts"]
    ]
    also = together_with(connection, context, [rk], viewer).get(rk)
    return result | ({"said": said} if said else {}) | ({"also_reported_by": also} if also else {})


def judged_matches(
    connection: Connection, context: Context, matches: Sequence[Mapping[str, Any]], viewer: str
) -> dict[str, Any]:
    """What a check found, with what is said and judged of it, and what it leaves out and why.

    Each match stays its own; "also_reported_by" names those that may be about the same person.
    """
    there_is = what_is_judged(connection)
    left: dict[str, int] = {}
    if there_is.anything:
        shown, left = judge(connection, context, matches, viewer)
    else:
        shown = [{**row, "corroborated_by": [], "disputed_by": []} for row in matches]
    by_key = {parse_record_key(str(row["alert"])): row for row in shown}
    links = None if there_is.marks else _links_among(connection, context, by_key, there_is.said)
    if links is None:
        together = together_with(connection, context, by_key.keys(), viewer)
    else:
        together = _together_among(by_key, links)
    for rk, others in together.items():
        by_key[rk]["also_reported_by"] = others
    return {"matches": shown, **({"left_out": left} if left else {})}


def _links_among(
    connection: Connection,
    context: Context,
    by_key: Mapping[RecordKey, Mapping[str, Any]],
    is_said: bool,
) -> list[Link] | None:
    """The links between alerts by what they share; None where more than that has to be asked.

    That is where one leads to another alert, and where one of them, or anybody of one of them, says
    what is the same (`is_said`: anybody says anything at all).
    """
    if not by_key:
        return []
    if is_said and (
        any(REF in row["fields"] for row in by_key.values())
        or said_of(connection, context, by_key.keys())
    ):
        return None
    norms = {
        rk: [norm for kind in IDENTIFIER_KINDS for norm in row["fields"].get(kind, ())]
        for rk, row in by_key.items()
    }
    return links_among(connection, context.today, norms)


def _together_among(
    by_key: Mapping[RecordKey, Mapping[str, Any]], links: Sequence[Link]
) -> dict[RecordKey, list[dict[str, Any]]]:
    """What `together_with` says, where all that is linked is among these alerts."""
    return {
        rk: [
            {
                **{name: by_key[other][name] for name in _NAMED},
                "why": why_together(links, rk, other, group),
                "confirmed": False,
            }
            for other in sorted(group - {rk})
        ]
        for group in groups(links, ())
        for rk in group
    }


def why_together(
    links: Sequence[Link], rk: RecordKey, other: RecordKey, group: Collection[RecordKey]
) -> list[str]:
    """The reasons for two alerts; by way of others, where nothing links them directly."""
    direct = [link.why for link in links if {rk, other} == set(link.pair)]
    if direct:
        return list(dict.fromkeys(direct))
    by_way = [
        f"{link.why} as {text_id(next(each for each in link.pair if each != other))[:8]}"
        for link in links
        if other in link.pair and set(link.pair) <= set(group)
    ]
    return list(dict.fromkeys(by_way))


def _is_joined(links: Sequence[Link], rk: RecordKey, other: RecordKey) -> bool:
    joined = groups([link for link in links if link.strength is Strength.JOINED], ())
    return any(rk in group and other in group for group in joined)


def alert_rows(
    connection: Connection, context: Context, rks: Collection[RecordKey]
) -> list[dict[str, Any]]:
    """These alerts as lines: id, organisation, severity, codes, status."""
    known = seen(connection, context)
    found = [
        {
            "alert": text_id(bytes(row.rk)), "org": text_id(bytes(row.org)),
            "org_name": known.name(row.org), "severity": row.severity,
            "codes": row.codes.split(), "status": known.status(row),
        }
        for group in chunks(rks)
        for row in connection.execute(select(records).where(records.c.rk.in_(group)))
    ]  # fmt: skip
    return sorted(found, key=lambda row: str(row["alert"]))
