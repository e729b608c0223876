"""The policy: shown with what it means, checked, put in force, and tried on one alert and peer.

What is in force is what the store says, not what the file says since somebody edited it. Putting a
policy in force commits it with the purge of all that may no longer be held, or changes nothing. No
ledger says anything of before from that commit on; they are derived anew in slices after it. The
preview asks the export function itself.
"""

import asyncio
import contextlib
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from federation import advice, explain
from federation.peers import PeerState
from federation.policy import Policy, accepts_of, load_policy
from federation.profile import in_force
from federation.release import (
    Consent,
    Gate,
    PeerView,
    RecordView,
    Release,
    Restrictions,
    gate,
    joinable,
)
from federation.voices import VOICE
from node import opening
from node.abilities import refuse_what_cannot_act
from node.deriving import derive_due
from node.duties import do_duties
from node.edits import all_leaves
from node.errors import NotFound, Refused
from node.issue_again import follow_terms
from node.matching_state import matching_off
from node.onward_preview import preview_onward
from node.publishing import APPROVED_BY_PUBLISHING
from node.runtime import Node
from node.settings import POLICY_FILE, read_text_file
from node.showing import plain_fields
from node.store import meta
from node.store.context import Context
from node.store.drafts import Draft, find_draft
from node.store.lookup import find_alert, find_peer, record_key
from node.store.peers import Peer, all_peers
from node.store.records import own_records
from node.store.tables import peers, records
from protocol.entry import Status
from protocol.ids import Day, OrgId, text_id

FILE_MODE = 0o600
_PAUSED = "this peer is paused: it gets nothing that it does not have, until it is resumed"


async def policy_show(node: Node) -> dict[str, Any]:
    """Show the policy in force: its text, and each switch with what it means."""
    text = await node.read(_in_force)
    return {
        "text": text,
        "edited": await asyncio.to_thread(read_text_file, _file(node)) != text,
        "switches": [
            {"switch": line.switch, "value": line.value, "meaning": line.meaning}
            for line in explain.describe(node.policy)
        ],
    }


def _in_force(connection: Connection) -> str:
    return (meta.get(connection, opening.POLICY) or b"").decode()


def _file(node: Node) -> Path:
    return node.home / POLICY_FILE


async def policy_intake(node: Node) -> dict[str, Any]:
    """Give what a reporter is told before she is asked anything: a duty to report, what is kept."""
    policy = node.policy
    kept = policy.reporter_data
    return {
        "mandatory_reporting": policy.mandatory_reporting,
        "reporter_data": explain.meaning("reporter_data.mode", kept.mode),
        "reporter_data_days": kept.days if kept.mode == "callback" else 0,
        "police_share": explain.meaning("police_share.mode", policy.police_mode()),
    }


async def policy_check(node: Node, text: str | None = None) -> dict[str, Any]:
    """Say whether a policy (None: the file) is valid, what is doubtful, and what it would change.

    Raises PolicyError with a line for each bad switch.
    """
    if text is None:
        text = await asyncio.to_thread(read_text_file, _file(node))
    own = load_policy(text)
    refuse_what_cannot_act(own)  # as the next start will, whatever a profile makes of it
    wanted = in_force(own, node.context.profile)
    return {
        "valid": True,
        "findings": [
            {"level": found.level, "switch": found.switch, "message": found.message}
            for found in advice.check(wanted)
        ]
        + [
            {"level": "problem", "switch": "identifiers", "message": message}
            for message in matching_off(wanted, node.context)
        ],
        "changes": changes(node.policy, wanted),
    }


def changes(old: Policy, new: Policy) -> list[dict[str, Any]]:
    """The switches in which two policies differ, with what the new value means."""
    before = {line.switch: line.value for line in explain.describe(old)}
    return [
        {"switch": line.switch, "old": before[line.switch], "new": line.value,
         "meaning": line.meaning}
        for line in explain.describe(new)
        if before[line.switch] != line.value
    ]  # fmt: skip


async def policy_apply(node: Node, text: str | None = None) -> dict[str, Any]:
    """Put a policy (None: the edited file) in force, with everything that follows from it.

    Live alerts are signed again where receivers may now do less or more with them. Raises
    PolicyError, and then nothing has changed. Where the commit fails, the old policy stays in force
    and in the file.
    """
    path = _file(node)
    in_file = await asyncio.to_thread(read_text_file, path)
    wanted_text = in_file if text is None else text
    own = load_policy(wanted_text)
    refuse_what_cannot_act(own)
    wanted = in_force(own, node.context.profile)
    context, old = node.context, node.policy

    def apply(connection: Connection) -> bool:
        nonlocal old
        old = context.policy
        # Before anything is derived from it; `node.writing` takes it back with what fails.
        context.policy = wanted
        return opening.apply_policy(connection, context, wanted_text)

    if wanted_text != in_file:
        # The file first: after a crash the next start puts in force what it says.
        await asyncio.to_thread(_replace, path, wanted_text)
    try:
        changed = await node.change(apply)
    except Exception:  # not where the caller went away: then the commit still comes
        if wanted_text != in_file:
            with contextlib.suppress(OSError):
                _replace(path, in_file)
        raise
    region = node.settings.region
    if accepts_of(wanted, region) != accepts_of(old, region):
        await asyncio.to_thread(node.renew_card)
    news: set[int] = set()
    if changed:
        node.on_peers()
        news = await derive_due(node)  # where any of this is cut off, a job goes on with it
        signed = await follow_terms(node)
        if signed:
            node.on_news(signed)
        news |= signed
        await do_duties(node)
    off = list(matching_off(wanted, node.context))
    return {
        "changed": changed,
        "changes": changes(old, wanted),
        "told": await node.read(_names, news),
        **({"warnings": off} if off else {}),
    }


def _replace(path: Path, text: str) -> None:
    """Write the whole file or leave it as it was."""
    beside = path.with_name(f"{path.name}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _names(connection: Connection, ids: set[int]) -> list[str]:
    query = select(peers.c.name).where(peers.c.id.in_(ids)).order_by(peers.c.id)
    return list(connection.execute(query).scalars())


async def policy_preview(
    node: Node,
    peer: str,
    id: str | None = None,  # noqa: A002
) -> dict[str, Any]:
    """Show what a peer would see of one alert or draft of ours, and the rule behind the rest.

    "joinable" lists the fields that other peers get and this one does not: those who put their
    copies together have them all. Without an `id`: how many of our alerts the peer would see once
    it is trusted, {"will_see", "of", "withheld": [{"rule", "alerts"}]}.
    """
    if id is None:
        return await node.read(_foresee, node.context, peer)
    return await node.read(_preview, node.context, peer, id)


def _foresee(connection: Connection, context: Context, peer: str) -> dict[str, Any]:
    """Count the live alerts that a peer would get as a trusted one, and what keeps others back."""
    whose = find_peer(connection, peer)
    way = gate(context.policy, context.region, PeerView(whose.org, True, whose.accepts))  # noqa: FBT003
    live = [
        record
        for record in own_records(connection, context.org).values()
        if record.entry.status is Status.LIVE
        and record.entry.exp_day >= context.today
        and record.view().names_values.get("kind") != VOICE
    ]
    seen, rules = 0, Counter[str]()
    for record in live:
        asked = (record.view(), record.consent, record.restrictions, context.today)
        if way.release(*asked).names:
            seen += 1
        else:  # every alert has a kind, so its rules are those that keep the whole back
            rules.update(row.rule for row in way.trace(*asked) if row.field == "kind")
    return {
        "peer": whose.name,
        "will_see": seen,
        "of": len(live),
        "withheld": [{"rule": rule, "alerts": count} for rule, count in rules.most_common()],
        "rules": _explained(rules),
    }


def _explained(rules: Iterable[str]) -> dict[str, Any]:
    found = ((rule, explain.explain(rule)) for rule in dict.fromkeys(rules))
    return {rule: {"why": each.why, "cure": each.cure} for rule, each in found}


def _preview(
    connection: Connection,
    context: Context,
    peer: str,
    id: str,  # noqa: A002
) -> dict[str, Any]:
    whose = find_peer(connection, peer)
    passed_on = preview_onward(connection, context, whose, id)
    if passed_on is not None:
        return passed_on
    shared = _alert_or_draft(connection, context, id)
    known = all_peers(connection)
    given = {each.org: each for each in known if each.state.keeps} | {whose.org: whose}
    return _seen_by(whose, shared, _releases(shared, context, given.values()), known)


def preview_all(
    connection: Connection,
    context: Context,
    id: str,  # noqa: A002
) -> list[dict[str, Any]]:
    """What `policy_preview` shows of an alert or draft of ours, for each peer that gets alerts."""
    shared, known = _alert_or_draft(connection, context, id), all_peers(connection)
    given = [peer for peer in known if peer.state.keeps]
    releases = _releases(shared, context, given)
    return [_seen_by(peer, shared, releases, known) for peer in given]


def _releases(shared: "_Shared", context: Context, given: Iterable[Peer]) -> dict[OrgId, Release]:
    return {each.org: _released(shared, _gate(context, each), context.today) for each in given}


def _seen_by(
    whose: Peer, shared: "_Shared", releases: Mapping[OrgId, Release], known: Iterable[Peer]
) -> dict[str, Any]:
    theirs = releases[whose.org]
    others = {org: release for org, release in releases.items() if org != whose.org}
    names = {other.org: other.name for other in known}
    values = {name: shared.view.names_values[name] for name in sorted(theirs.names)}
    notes = [_PAUSED] if whose.state is PeerState.PAUSED else []
    return {
        "peer": whose.name,
        "released": plain_fields(values),
        "withheld": [{"field": row.field, "rule": row.rule} for row in theirs.trace],
        "joinable": [
            {"peer": names.get(OrgId(row["peer"])) or text_id(row["peer"]), "fields": row["fields"]}
            for row in joinable(theirs, others)
        ],
        "rules": _explained(row.rule for row in theirs.trace),
        **({"notes": notes} if notes else {}),
    }


class _Shared:
    """What a preview is made of: an alert as it stands, or a draft as it would be published."""

    def __init__(
        self, view: RecordView, consent: Consent, restrictions: Restrictions, status: Status
    ) -> None:
        self.view = view
        self.consent = consent
        self.restrictions = restrictions
        self.status = status


def _alert_or_draft(connection: Connection, context: Context, id: str) -> _Shared:  # noqa: A002
    try:
        draft = find_draft(connection, id)
    except NotFound:
        row = find_alert(connection, id)
    else:
        if draft.rk is None:
            return _as_published(draft, context)
        row = connection.execute(select(records).where(records.c.rk == draft.rk)).one()
    if bytes(row.org) != context.org:
        raise Refused("only its own organisation decides who gets an alert")
    record = own_records(connection, context.org, [record_key(row)])[record_key(row)]
    return _Shared(record.view(), record.consent, record.restrictions, record.entry.status)


def _as_published(draft: Draft, context: Context) -> _Shared:
    consent = draft.asked.consent or Consent()
    leaves = all_leaves(draft.fields, context.policy, consent, context.oprf_key)
    today = context.today
    view = RecordView(leaves, today, today, approved=APPROVED_BY_PUBLISHING & leaves.keys())
    return _Shared(view, consent, Restrictions(), Status.LIVE)


def _gate(context: Context, peer: Peer) -> Gate:
    view = PeerView(peer.org, peer.state.keeps, peer.accepts)
    return gate(context.policy, context.region, view)


def _released(shared: _Shared, way: Gate, today: Day) -> Release:
    if shared.status is Status.WITHDRAWN:
        return Release(way.withdrawal(shared.view, shared.restrictions))
    asked: tuple[Any, ...] = (shared.view, shared.consent, shared.restrictions, today)
    return Release(way.release(*asked).names, way.trace(*asked))
