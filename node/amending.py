"""Changing an alert of ours: the next revision, or who may have it, inside one transaction.

Each function reads the record, signs what follows from it and puts that on every ledger, so two
changes at once are two revisions and never one lost. What a correction or a reason says is looked
through like a draft before it is signed. The longest life counts from the first publishing: a
correction does not renew an alert.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, delete, select

from federation.release import Restrictions
from federation.terms import narrower_terms, onward_names
from federation.voices import VOICE
from node.after_restore import may_be_outdated
from node.desk.prompts import prompts
from node.edits import Form, all_leaves, edited, local_day
from node.errors import BadField, BadRequest, Refused
from node.holding import end_hold_of, give_up
from node.pipeline import erased, last_day, narrow, next_revision, publish, terms_of, withdrawn
from node.publishing import APPROVED_BY_PUBLISHING
from node.runtime import Node
from node.shielding import refuse_shielded
from node.store.audit import forget_notes
from node.store.consents import purge_reports_of
from node.store.disputes import forget_disputes
from node.store.lookup import find_alert, record_key, seen
from node.store.records import OwnRecord, is_partial, own_records
from node.store.reviews import no_longer_than_provisional, provisional_until
from node.store.tables import ledger, peers, records, returned
from protocol.codec import Value
from protocol.entry import Status
from protocol.errors import ProtocolError
from protocol.fields import validate
from protocol.ids import OrgId, RecordKey, iso_date, text_id

Narrowing = Callable[[Restrictions], Restrictions]

NEVER_IN_TEXT = frozenset(
    {
        "a number inside the text",
        "an email address inside the text",
        "a web address inside the text",
        "a handle inside the text",
    }
)
_NOT_SIGNED = (
    "it was, or may have been, corrected after the backup that this store comes from: what hubs"
    " may do with it is signed when the correction is back, or you correct it again; parasol"
    " recover show lists it"
)
_WORDS = {Status.LIVE: "live", Status.WITHDRAWN: "withdrawn", Status.ERASED: "erased"}


@dataclass(frozen=True, slots=True)
class Change:
    """What was done to an alert, which peers (row ids) have news, and whom that tells (names)."""

    rk: RecordKey
    rev: int
    status: str
    news: frozenset[int]
    told: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def shown(self) -> dict[str, Any]:
        """The change as commands answer it."""
        return {
            "alert": text_id(self.rk),
            "rev": self.rev,
            "status": self.status,
            "told": list(self.told),
            **({"notes": list(self.notes)} if self.notes else {}),
        }


def corrected(connection: Connection, node: Node, alert: str, form: Form) -> Change:
    """Lay a form over an alert's fields and sign the next revision. BadField, Refused.

    What is newly said is looked through: a number in it is refused, a likely name is noted.
    """
    record = own_alert(connection, node, alert)
    _must_be_live(record, node)
    if record.view().is_hold:
        raise Refused("this is a hold, which follows its alert: correct the alert")
    if record.view().names_values.get("kind") == VOICE:
        raise Refused("this is a voice: say it anew, or parasol voice withdraw")
    context, policy = node.context, node.policy
    fields = {name: opened.value for name, opened in record.opened.items()}
    today = local_day(context.now_us(), node.settings.timezone)
    words = edited(fields, form, node.settings, today)
    notes = look_through(words, before=fields)
    refuse_shielded(connection, node.keystore.store_key, words, before=fields)
    leaves = all_leaves(words, policy, record.consent, context.oprf_key)
    if is_partial(connection, record.entry.rk):  # what she said is not known, only the terms
        leaves["terms"] = narrower_terms(fields.get("terms"), leaves["terms"])
    exp_day = last_day(leaves, policy, record.life_begins)
    exp_day = no_longer_than_provisional(connection, record.entry.rk, exp_day)
    if exp_day < node.today:
        raise Refused("the policy keeps such an alert no longer; withdraw it")
    after = next_revision(
        record, node.key, leaves, context.random,
        today=node.today, exp_day=exp_day, status=Status.LIVE, above=_seen(node, record),
    )  # fmt: skip
    after = replace(after, approved=APPROVED_BY_PUBLISHING & leaves.keys())
    return replace(_put(connection, node, after), notes=notes)


def renewed(connection: Connection, node: Node, alert: str) -> Change:
    """Sign an alert of ours for another life from today, unchanged; Refused where it gains nothing.

    Copies die on their last day unless their origin says so: a person must have looked again.
    """
    record = own_alert(connection, node, alert)
    _must_be_live(record, node)
    must_be_up_to_date(connection, node, record)
    if record.view().names_values.get("kind") == VOICE:
        raise Refused("this is a voice, which lives as long as the alert that it speaks of")
    rk, context = record.entry.rk, node.context
    if provisional_until(connection, rk) is not None:
        raise Refused("too few reviewers have approved it: parasol alert confirm comes first")
    leaves = {name: opened.value for name, opened in record.opened.items()}
    exp_day = last_day(leaves, node.policy, node.today)
    if exp_day <= record.entry.exp_day:
        raise Refused(f"it lives to {iso_date(record.entry.exp_day)} already, as the policy says")
    after = next_revision(
        record, node.key, leaves, context.random,
        today=node.today, exp_day=exp_day, status=Status.LIVE, above=_seen(node, record),
    )  # fmt: skip
    return _put(connection, node, replace(after, renewed_us=context.now_us()))


def look_through(
    words: Mapping[str, Value], *, before: Mapping[str, Value] | None = None
) -> tuple[str, ...]:
    """Look through new words as through a draft's: numbers and addresses in them are a BadField.

    Returns what a person should look at and may be right, such as a likely name.
    """
    known = set(prompts(before, {})) if before else set()
    found = [doubt for doubt in prompts(words, {}) if doubt not in known]
    sure = [doubt for doubt in found if doubt.reason in NEVER_IN_TEXT]
    if sure:
        said = "; ".join(dict.fromkeys(f"{doubt.column}: {doubt.reason}" for doubt in sure))
        raise BadField(f"{said}; give it in its own field, where the policy decides who sees it")
    return tuple(dict.fromkeys(f"{doubt.column}: {doubt.reason}" for doubt in found))


def withdraw_record(connection: Connection, node: Node, alert: str, reason: str) -> Change:
    """Withdraw an alert of ours; the reason is all that remains of it."""
    record = own_alert(connection, node, alert)
    if record.entry.status is not Status.LIVE:
        raise BadRequest(f"this alert is {_WORDS[record.entry.status]} already")
    if reason:
        try:
            validate("reason", reason)
        except ProtocolError:
            raise BadField("reason: at most 500 characters") from None
        look_through({"codes": ["uneasy"], "text": [node.settings.language, reason]})
        refuse_shielded(connection, node.keystore.store_key, {"reason": reason})
    after = withdrawn(
        record, node.key, reason, node.context.random, node.today, above=_seen(node, record)
    )
    return _put(connection, node, after)


def erase_record(connection: Connection, node: Node, alert: str) -> Change:
    """Erase an alert of ours and the draft that it came from; again is the same as once."""
    record = own_alert(connection, node, alert)
    rk = record.entry.rk
    purge_reports_of(connection, node.context, rk)
    connection.execute(delete(returned).where(returned.c.rk == rk))
    forget_disputes(connection, rk)
    forget_notes(connection, rk)
    if record.entry.status is Status.ERASED:
        return _done(connection, rk, node, frozenset())
    after = erased(record, node.key, node.context.random, node.today, above=_seen(node, record))
    return _put(connection, node, after)


def narrowed(connection: Connection, node: Node, alert: str, narrowing: Narrowing) -> Change:
    """Narrow who may have an alert of ours and which fields.

    Where that changes its terms it is signed anew; but not what may have been corrected after the
    backup that this store comes from. Its terms follow when the correction is back.
    """
    record = own_alert(connection, node, alert)
    _must_be_live(record, node)
    restrictions = narrowing(record.restrictions)
    news = narrow(connection, node.context, record.entry.rk, restrictions)
    changed = replace(record, restrictions=restrictions)
    notes: tuple[str, ...] = ()
    terms = _other_terms(node, changed)
    if terms is not None and may_be_outdated(connection, node.context, record.entry.rk):
        notes = (_NOT_SIGNED,)
    elif terms is not None:
        news |= _sign_terms(connection, node, changed, terms)
    if restrictions == record.restrictions:  # hidden from all while it waits: it waits no longer
        news |= give_up(connection, node, record.entry.rk)
    return replace(_done(connection, record.entry.rk, node, frozenset(news)), notes=notes)


def _other_terms(node: Node, record: OwnRecord) -> list[Value] | None:
    """The terms of a record whose audience changes whether hubs may pass it on; else None."""
    if record.view().names_values.get("kind") == VOICE:
        return None  # no hub passes it on
    terms = terms_of(node.policy, record.consent, record.restrictions)
    stands = record.opened["terms"].value
    if onward_names(terms) == onward_names(stands):
        return None
    return [*stands[:4], *terms[4:]] if isinstance(stands, list) else terms


def _sign_terms(
    connection: Connection, node: Node, record: OwnRecord, terms: list[Value]
) -> set[int]:
    leaves: dict[str, Value] = {name: each.value for name, each in record.opened.items()}
    after = next_revision(
        record, node.key, leaves | {"terms": terms}, node.context.random,
        today=node.today, exp_day=record.entry.exp_day, status=Status.LIVE,
        above=_seen(node, record),
    )  # fmt: skip
    return publish(connection, node.context, [after])


def hidden_from(
    now: Restrictions, org: OrgId | None, names: frozenset[str], *, whole: bool
) -> Restrictions:
    """The restrictions in force, with more kept from a peer or all: fields, or the whole alert."""
    if whole and org is None:
        return replace(now, peers=frozenset())
    # Without its kind an alert does not go at all.
    more = names | {"kind"} if whole else names
    withhold = dict(now.withhold)
    whom: Any = "*" if org is None else org
    withhold[whom] = withhold.get(whom, frozenset()) | more
    return replace(now, withhold=withhold)


def widened(now: Restrictions, org: OrgId | None) -> Restrictions:
    """The restrictions in force without what kept the alert from one peer, or from all.

    An objection that suspends it is lifted by its answer, not here.
    """
    if org is None:
        return Restrictions(suspended=now.suspended)
    withhold = {whom: names for whom, names in now.withhold.items() if whom != org}
    peers = None if now.peers is None else now.peers | {org}
    return replace(now, peers=peers, withhold=withhold)


def told_before(connection: Connection, rk: RecordKey) -> tuple[str, ...]:
    """The names of the peers that were ever told of an alert."""
    query = select(peers.c.name).join(ledger, ledger.c.peer == peers.c.id)
    return tuple(connection.execute(query.where(ledger.c.rk == rk).order_by(peers.c.id)).scalars())


def own_alert(connection: Connection, node: Node, alert: str) -> OwnRecord:
    """The alert of ours with this id; Refused where it is another organisation's."""
    row = find_alert(connection, alert)
    if bytes(row.org) != node.context.org:
        name = seen(connection, node.context).name(row.org) or "another organisation"
        raise Refused(
            f"this alert is of {name}: only its own organisation can change it or take it back"
        )
    return own_records(connection, node.context.org, [record_key(row)])[record_key(row)]


def _seen(node: Node, record: OwnRecord) -> int:
    """The highest revision that was ever signed, also where this store went back behind it."""
    return node.context.register.least_revision(record.entry.rk)


def _must_be_live(record: OwnRecord, node: Node) -> None:
    if record.entry.status is not Status.LIVE:
        raise BadRequest(f"this alert is {_WORDS[record.entry.status]}; publish a new one")
    if record.entry.exp_day < node.today:
        raise BadRequest("this alert has expired, and its copies with it; publish a new one")


def must_be_up_to_date(connection: Connection, node: Node, record: OwnRecord) -> None:
    """Refused where the record may have been corrected after the backup we come from.

    Signed as it stands it would go out above its correction.
    """
    if may_be_outdated(connection, node.context, record.entry.rk):
        raise Refused(
            "it was, or may have been, corrected after the backup that this store comes from:"
            " wait for the correction to come back (parasol recover show), or say it anew with"
            " parasol alert correct"
        )


def put_revision(
    connection: Connection,
    node: Node,
    record: OwnRecord | None,
    rk: RecordKey,
    news: Collection[int] = (),
) -> Change:
    """Put a signed revision (None: there is none) on every ledger, and say what that changed.

    `news` are peers that have news of the alert from elsewhere.
    """
    more = publish(connection, node.context, [record]) if record else set()
    if record is not None and record.entry.status is not Status.LIVE:
        more |= end_hold_of(connection, node, record)
    return _done(connection, rk, node, frozenset({*news, *more}))


def _put(connection: Connection, node: Node, record: OwnRecord) -> Change:
    return put_revision(connection, node, record, record.entry.rk)


def _done(connection: Connection, rk: RecordKey, node: Node, news: frozenset[int]) -> Change:
    query = select(peers.c.name).where(peers.c.id.in_(news)).order_by(peers.c.id)
    told = tuple(connection.execute(query).scalars()) if news else ()
    row = connection.execute(select(records).where(records.c.rk == rk)).one()
    return Change(rk, row.rev, seen(connection, node.context).status(row), news, told)
