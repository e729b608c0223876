"""How the node is, at a glance: peers, what waits, what will end, and what to do about it.

Reads only, and little: a keeper may ask at any time, also of a node with a hundred thousand
alerts. What is merely wrong is told here in a sentence; `doctor` looks deeper and says the cure.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, case, func, select

from federation.decision import HOLD
from federation.ledger import RowKind
from federation.peers import PeerState
from federation.voices import VOICE
from keys.orgdoc import WARNING_DAYS
from node.backup import BACKUP
from node.defences import defences
from node.duty_words import waiting_duties
from node.errors import StoreDamaged
from node.finding import Finding
from node.findings import BACKUP_OLD_US, facts_of, findings, pages_finding
from node.introductions import trouble_of
from node.matching_state import matching_standing, matching_troubles
from node.moments import iso_time, span
from node.opening import POLICY
from node.runtime import Node
from node.said import in_review
from node.settings import POLICY_FILE
from node.store import meta
from node.store.context import Context
from node.store.ended import ends_within
from node.store.lookup import seen
from node.store.peers import Peer, all_peers
from node.store.tables import drafts, ledger, records, returned, suspended
from protocol.entry import Status
from protocol.ids import iso_date, text_id


@dataclass(frozen=True, slots=True)
class Waiting:
    """What one peer has not confirmed. `held` is what it cannot or may not hold."""

    lag: int = 0
    overdue: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class Standing:
    """What the store says of the node at one moment."""

    peers: tuple[Peer, ...]
    waiting: dict[int, Waiting]
    alerts: int
    drafts: int
    backup_us: int
    policy_in_force: bytes
    suspended: int
    returned: int
    ending: int
    in_review: int = 0
    duties: tuple[Finding, ...] = ()
    defences: tuple[Finding, ...] = ()

    @property
    def outbox(self) -> int:
        """Rows and hellos that have yet to reach a peer."""
        rows = sum(each.lag for each in self.waiting.values())
        return rows + sum(peer.hello_due and peer.state in CALLED for peer in self.peers)


ENDING_DAYS = 14
CALLED = frozenset(PeerState) - {PeerState.GONE}


async def status(node: Node) -> dict[str, Any]:
    """Say how the node is: its peers with their lag, what is held and drafted, what waits."""
    found = await node.read(standing, node.context)
    matching = await node.read(matching_standing, node)
    alarms = await node.read(matching_troubles, node)
    document = node.documents.current
    told = [*warnings(node, found), *alarms]
    return {
        "org": text_id(node.keystore.org),
        "name": node.settings.org,
        "ready": True,
        "alerts": found.alerts,
        "drafts": found.drafts,
        "outbox": found.outbox,
        "document_expires": iso_date(document.exp),
        "backup": iso_time(found.backup_us),
        "recovery": recovery_of(node, found),
        "policy": "in force" if policy_in_force(node, found) else "edited, not in force",
        "peers": [_shown(peer, found.waiting.get(peer.id, Waiting())) for peer in found.peers],
        "matching": matching,
        "warnings": [f"{each.what}: {each.cure}" for each in told],
        "findings": [each.shown() for each in told],
    }


async def doctor(node: Node, quick: bool = False) -> dict[str, Any]:
    """Find dead ends before they hurt: {"findings": [{"what", "cure", "level", "code", "about"}]}.

    Level `problem` is for what is at risk now, `note` for what should be known. Reads every page
    of the store once, so it takes a second for a large one; `quick` leaves that out.
    """
    try:
        facts = await node.read(facts_of, node.context)
    except StoreDamaged:
        facts = None
    alarms = [] if facts is None else await node.read(matching_troubles, node)
    found = await asyncio.to_thread(findings, node, facts, alarms, quick=quick)
    return {"findings": [each.shown() for each in found]}


def _shown(peer: Peer, waiting: Waiting) -> dict[str, Any]:
    return {
        "id": text_id(peer.org), "name": peer.name, "state": peer.state.value,
        "last_contact": iso_time(peer.contact_us), "lag": waiting.lag, "overdue": waiting.overdue,
        "held": waiting.held, "trouble": trouble_of(peer), "deriving": peer.out_due is not None,
    }  # fmt: skip


def standing(connection: Connection, context: Context) -> Standing:
    """Gather what `status` and `doctor` tell, in one read transaction."""
    return Standing(
        peers=tuple(peer for peer in all_peers(connection) if peer.state is not PeerState.GONE),
        waiting=_waiting(connection, context),
        alerts=_live_alerts(connection, context),
        drafts=_count(connection, select(drafts.c.id).where(drafts.c.state == "open")),
        backup_us=meta.get_int(connection, BACKUP),
        policy_in_force=meta.get(connection, POLICY) or b"",
        suspended=_count(connection, select(suspended.c.rk)),
        returned=_count(connection, select(returned.c.id)),
        ending=_count(connection, select(records.c.id).where(*ends_within(context, ENDING_DAYS))),
        in_review=len(in_review(connection, context)),
        defences=tuple(defences(connection, context)),
        duties=tuple(waiting_duties(connection, context)),
    )


def _waiting(connection: Connection, context: Context) -> dict[int, Waiting]:
    is_held = ledger.c.held != ""
    is_late = ledger.c.since_us < context.now_us() - context.overdue_us
    query = (
        select(
            ledger.c.peer,
            func.sum(case((is_held, 0), else_=1)),
            func.sum(case((is_held, 0), (is_late, 1), else_=0)),
            func.sum(case((is_held, 1), else_=0)),
        )
        .where(ledger.c.acked_us == 0, ledger.c.exp >= context.today)
        .group_by(ledger.c.peer)
    )
    return {peer: Waiting(*counts) for peer, *counts in connection.execute(query)}


def _live_alerts(connection: Connection, context: Context) -> int:
    """Live records that are shown here: ours, and those of origins that we hear."""
    query = select(records.c.id).where(
        records.c.status == int(Status.LIVE), records.c.hidden == "", records.c.eid != b"",
        records.c.exp_day >= context.today, records.c.row_kind == int(RowKind.PUT),
        records.c.kind.not_in((HOLD, VOICE)),
        records.c.org.in_(seen(connection, context).shown),
    )  # fmt: skip
    return _count(connection, query)


def _count(connection: Connection, query: Any) -> int:
    return connection.execute(select(func.count()).select_from(query.subquery())).scalar_one()


def recovery_of(node: Node, found: Standing) -> str:
    """Where the node stands after a restore: none, listing, or waiting for the keeper."""
    if node.context.hold_all or found.suspended or found.returned:
        return "waits for the keeper"
    return "listing" if unlisted(found) else "none"


def unlisted(found: Standing) -> list[Peer]:
    """The peers that have not yet listed what they hold since the restore."""
    return [peer for peer in found.peers if not peer.out_listed and peer.state.may_hold_ours]


def policy_in_force(node: Node, found: Standing) -> bool:
    """Whether the policy file says what the running node obeys."""
    try:
        return (node.home / POLICY_FILE).read_text("utf-8").encode() == found.policy_in_force
    except (OSError, UnicodeError):
        return False


def warnings(node: Node, found: Standing) -> list[Finding]:
    """What a keeper should not overlook."""
    said = [pages_finding(node)] if node.pages_trouble else []
    said += [*found.defences, *_keeping(node, found), *found.duties]
    if found.ending:
        what = "1 alert ends" if found.ending == 1 else f"{found.ending} alerts end"
        said.append(
            Finding(
                f"{what} within {ENDING_DAYS} days; renew what still holds",
                f"parasol alert list --ending {ENDING_DAYS}", "note", "alerts_end",
                {"count": found.ending, "days": ENDING_DAYS},
            )
        )  # fmt: skip
    if found.in_review:
        what = f"{found.in_review} alerts of peers wait for a person"
        about = {"count": found.in_review}
        said.append(Finding(what, "parasol review list", "note", "review_waits", about))
    late = [peer.name for peer in found.peers if _overdue(found, peer)]
    if late:
        what, who = "not confirmed in time, ring them up", ", ".join(late)
        said.append(Finding(what, who, code="overdue", about={"peers": who}))
    behind = [peer.name for peer in found.peers if peer.out_due is not None]
    if behind:
        what = "the policy changed, and what these get is being worked out anew; wait"
        who = ", ".join(behind)
        said.append(Finding(what, who, "note", "deriving", {"peers": who}))
    return said


def _keeping(node: Node, found: Standing) -> Iterator[Finding]:
    """What the keeper alone can see to: document, backup, recovery, policy."""
    left, age = node.documents.current.exp - node.today, node.context.now_us() - found.backup_us
    ends = f"the organisation's document ends in {left} days"
    if left < 0:
        what = "the organisation's document has ended; renew it"
        yield Finding(what, "parasol keys rotate", code="document_ended")
    elif left <= WARNING_DAYS:
        yield Finding(ends, "parasol keys rotate", "note", "document_ends", {"days": left})
    if not found.backup_us:
        yield Finding("there is no backup yet", "parasol backup", code="no_backup")
    elif age > BACKUP_OLD_US:
        what = f"the last backup is {span(age)} old"
        yield Finding(what, "parasol backup", "note", "backup_old", {"age_span": age})
    if node.context.hold_all:
        what = "the register is lost; nothing goes out before"
        yield Finding(what, "parasol recover confirm", code="register_lost")
    elif found.suspended or found.returned:
        about = {"count": found.suspended + found.returned}
        what = "alerts are held back since a restore"
        yield Finding(what, "parasol recover show", code="held_since_restore", about=about)
    if not policy_in_force(node, found):
        what = "policy.toml was edited and is not in force"
        yield Finding(what, "parasol policy apply", code="policy_edited")


def _overdue(found: Standing, peer: Peer) -> bool:
    return found.waiting.get(peer.id, Waiting()).overdue > 0
