"""Match-then-release: an alert goes to nobody until others have a report on the same identifier.

    draft → alert, for nobody yet  +  hold, whose tokens go to peers     (here, one transaction)
          → others' tokens of our identifiers, counted                    (node.hold_rounds)
          → alert, for those who matched

The hold follows its alert: what narrows, silences, corrects or ends the one does so to the other.
Whatever the keeper decides about the alert's audience by hand ends the waiting.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from sqlalchemy import Connection

from federation.decision import HOLD, TOKENS
from federation.policy import Policy
from federation.release import Consent, Restrictions
from keys.signing import SigningKey
from node.after_restore import may_be_outdated
from node.pipeline import (
    erased,
    narrow,
    new_record,
    next_revision,
    not_onward,
    publish,
    sign_alert,
    terms_of,
    withdrawn,
)
from node.publishing import NotReady, Ready, store_ready
from node.runtime import Node
from node.store import register as permissions
from node.store.context import Context
from node.store.holds import (
    NOBODY,
    Hold,
    add_hold,
    all_holds,
    drop_hold,
    forget_evaluated,
    hold_of,
    lone_holds,
)
from node.store.records import OwnRecord, encode_restrictions, own_records
from protocol.codec import Value
from protocol.entry import Status
from protocol.ids import RecordKey

NEEDED_MOST = 16
NOTHING_TO_MATCH = "nothing_to_match"
PEERS_NOT_AGREED = "no_consent_for_peers"
_CONSENT = Consent(peers=True)  # of its terms nothing shows what the reporter agreed to


@dataclass(frozen=True, slots=True)
class Held:
    """A draft that becomes an alert for nobody yet, and the hold that stands for it."""

    ready: Ready
    hold: OwnRecord


def hold_back(
    ready: Iterable[Ready], context: Context, policy: Policy, key: SigningKey
) -> list[Held | NotReady]:
    """Sign a hold for each alert, which then goes to nobody; runs in a thread.

    Not ready: what has no identifier that the policy lets be matched, or whose reporter did not
    agree to other organisations.
    """
    found: list[Held | NotReady] = []
    for each in ready:
        leaves = hold_leaves(each.record, policy, Restrictions())
        if not each.record.consent.peers:
            found.append(NotReady(each.draft.id, PEERS_NOT_AGREED))
        elif not leaves.keys() & TOKENS:
            found.append(NotReady(each.draft.id, NOTHING_TO_MATCH))
        else:
            signed = sign_alert(
                key, context.org, leaves, context.random,
                day=context.today, exp_day=each.record.entry.exp_day,
            )  # fmt: skip
            hold = new_record(signed, _CONSENT, frozenset(), context.now_us())
            found.append(Held(replace(each, record=_for_nobody(each.record, context, key)), hold))
    return found


def _for_nobody(alert: OwnRecord, context: Context, key: SigningKey) -> OwnRecord:
    """The alert as it is first stored: what goes to some only, no hub may pass on."""
    leaves = {name: each.value for name, each in alert.opened.items()}
    entry = alert.entry
    signed = sign_alert(
        key, context.org, leaves | {"terms": not_onward(leaves["terms"])}, context.random,
        day=entry.day, exp_day=entry.exp_day,
    )  # fmt: skip
    fresh = new_record(signed, alert.consent, alert.approved, alert.published_us)
    return replace(fresh, restrictions=NOBODY)


def hold_leaves(alert: OwnRecord, policy: Policy, restrictions: Restrictions) -> dict[str, Value]:
    """The leaves of the hold of an alert: its tokens, and what only our own policy weighs."""
    weighed = {"codes", "severity"}
    leaves: dict[str, Value] = {
        name: each.value for name, each in alert.opened.items() if name in TOKENS | weighed
    }
    return leaves | {"kind": HOLD, "terms": terms_of(policy, _CONSENT, restrictions)}


def store_held(
    connection: Connection, context: Context, held: Iterable[Held], needed: int
) -> tuple[set[int], dict[str, str]]:
    """Store alerts that wait, with their holds; the peers with news, and why others did not go."""
    waiting = list(held)
    news, stayed = store_ready(connection, context, [each.ready for each in waiting])
    fresh = [each for each in waiting if each.ready.draft.id not in stayed]
    for each in fresh:
        alert = each.ready.record.entry.rk
        context.register.stage(permissions.NARROWED, alert, encode_restrictions(NOBODY))
        add_hold(connection, Hold(each.hold.entry.rk, alert, needed, frozenset()))
    if fresh:
        news |= publish(connection, context, [each.hold for each in fresh])
    return news, stayed


def follow_holds(connection: Connection, node: Node) -> set[int]:
    """Make every hold what its alert makes of it; returns the peers with news."""
    found = all_holds(connection)
    keys = [rk for each in found for rk in (each.rk, each.alert)]
    known = own_records(connection, node.context.org, keys)
    news: set[int] = set()
    for each in found:
        news |= _follow(connection, node, each, known)
    return news


def end_lone_holds(connection: Connection, node: Node) -> set[int]:
    """Take back holds whose alerts are not known here any more; returns the peers with news."""
    lone = own_records(connection, node.context.org, lone_holds(connection, node.context))
    news: set[int] = set()
    for record in lone.values():
        news |= _end(connection, node, record, erase=False)
    return news


def end_hold_of(connection: Connection, node: Node, alert: OwnRecord) -> set[int]:
    """End the hold of an alert that was just taken back, in the same transaction."""
    found = hold_of(connection, alert.entry.rk)
    if found is None or found.alert != alert.entry.rk:
        return set()
    known = own_records(connection, node.context.org, [found.rk])
    return _follow(connection, node, found, {**known, alert.entry.rk: alert})


def give_up(connection: Connection, node: Node, alert: RecordKey) -> set[int]:
    """Let an alert wait no longer; it stays with those who have it."""
    found = hold_of(connection, alert)
    if found is None or found.alert != alert:
        return set()
    record = own_records(connection, node.context.org, [found.rk]).get(found.rk)
    if record is None or record.entry.status is not Status.LIVE:
        return set()
    return _end(connection, node, record, erase=False)


def _follow(
    connection: Connection, node: Node, hold: Hold, known: Mapping[RecordKey, OwnRecord]
) -> set[int]:
    record, alert = known.get(hold.rk), known.get(hold.alert)
    if record is None or record.entry.status is not Status.LIVE:
        drop_hold(connection, hold.rk)  # the keeper took it back: the alert stays where it is
        return set()
    if alert is None or alert.entry.status is not Status.LIVE:
        is_erased = alert is None or alert.entry.status is Status.ERASED
        return _end(connection, node, record, erase=is_erased)
    is_over = alert.entry.exp_day < node.today
    if is_over or alert.restrictions.peers != hold.given:
        return _end(connection, node, record, erase=False)
    news: set[int] = set()
    wanted = _restrictions(alert)
    if record.restrictions != wanted:
        news |= narrow(connection, node.context, hold.rk, wanted)
        record = replace(record, restrictions=wanted)
    leaves = hold_leaves(alert, node.policy, wanted)
    said = {name: each.value for name, each in record.opened.items()}
    if leaves == said and record.entry.exp_day == alert.entry.exp_day:
        return news
    if may_be_outdated(connection, node.context, hold.alert):
        return news  # its number may have been corrected since
    if not leaves.keys() & TOKENS:
        return news | _end(connection, node, record, erase=False)
    context = node.context
    after = next_revision(
        record, node.key, leaves, context.random,
        today=node.today, exp_day=alert.entry.exp_day, status=Status.LIVE,
        above=context.register.least_revision(hold.rk),
    )  # fmt: skip
    forget_evaluated(connection, hold.rk)
    return news | publish(connection, context, [after])


def _restrictions(alert: OwnRecord) -> Restrictions:
    """Who may have the hold: all who might get the alert, were it released to them."""
    return NOBODY if not alert.consent.peers else replace(alert.restrictions, peers=None)


def _end(connection: Connection, node: Node, record: OwnRecord, *, erase: bool) -> set[int]:
    """Take a hold back from all who have it, and forget what was asked for it."""
    context, rk = node.context, record.entry.rk
    above = context.register.least_revision(rk)
    if erase:
        after = erased(record, node.key, context.random, node.today, above=above)
    else:
        after = withdrawn(record, node.key, "", context.random, node.today, above=above)
    drop_hold(connection, rk)
    return publish(connection, context, [after])
