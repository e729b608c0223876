"""From reviewed drafts to alerts: who may go, signing in a thread, one transaction for all.

A draft goes only if nobody said no, nothing in it blocks, and the policy keeps such an alert. One
that may not go never stops the others. The mark on the draft and its record commit together, so
that a crash publishes it wholly or not at all, and once.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from sqlalchemy import Connection, update

from federation.policy import Policy
from federation.release import Consent
from keys.signing import SigningKey
from node.adopting import adopted_ref
from node.agreement import Agreement, NamesWorker, agreement
from node.edits import all_leaves
from node.errors import BadField, Refused
from node.pipeline import RID_BYTES, last_day, new_record, publish, sign_alert
from node.shielding import Shield
from node.store.audit import Act, note
from node.store.context import Context
from node.store.drafts import Draft, DraftState, StoredDoubt, mark_published
from node.store.records import OwnRecord, own_records
from node.store.reviews import add_review, mark_provisional
from node.store.tables import own
from protocol.errors import ProtocolError
from protocol.ids import OrgId, RecordId, day_of

REASONS = {
    "no code: what happened?": "no_code",
    "a number inside the text": "number_in_text",
    "an email address inside the text": "email_in_text",
    "a web address inside the text": "web_address_in_text",
    "a handle inside the text": "handle_in_text",
    "a street address inside the text": "address_in_text",
    "a name inside the text": "name_in_text",
    "a plate inside the text": "plate_in_text",
    "this may point to the reporter": "points_to_reporter",
    "a description by race alone": "race_alone",
    "whose is this? confirm the column in the mapping": "column_not_confirmed",
    "is this a yes or a no?": "consent_not_clear",
    "the reporter said no: not to be published": "no_consent",
    "the reporter's own: left out": "reporters_own_left_out",
    "too long for its field: it stays private": "too_long",
}
"""What blocks a draft, as codes for scripts; any other sentence becomes a code as it stands."""

NAMES_A_WORKER = "names_a_worker"
APPROVED_BY_PUBLISHING = frozenset({"name"})


@dataclass(frozen=True, slots=True)
class Ready:
    """A draft with the record that it becomes, signed and not yet stored; who agreed to it."""

    draft: Draft
    record: OwnRecord
    agreed: Agreement


@dataclass(frozen=True, slots=True)
class NotReady:
    """A draft that does not go, and why: codes, or a sentence of the policy or the form."""

    id: str
    reason: str


def reason_code(doubt: StoredDoubt) -> str:
    """The code of a blocking doubt."""
    known = REASONS.get(doubt.reason)
    return known or re.sub(r"[^a-z]+", "_", doubt.reason.partition(":")[0].casefold()).strip("_")


def why_not(draft: Draft, *, despite: bool) -> str:
    """Why a draft may not be published; empty where it may. `despite`: a keeper looked at it."""
    if draft.state is DraftState.PUBLISHED:
        return "already_published"
    if draft.state is DraftState.REFUSED:
        return "refused_before"
    if draft.asked.consent is None:
        return "no_consent"
    if not draft.fields.get("codes"):
        return "no_code"
    if despite:
        return ""
    return ", ".join(dict.fromkeys(reason_code(doubt) for doubt in draft.blocking))


def sign_drafts(
    drafts: Sequence[Draft],
    context: Context,
    policy: Policy,
    key: SigningKey,
    *,
    despite: bool,
    approved: Mapping[str, Sequence[str]],
    shield: Shield,
) -> list[Ready | NotReady]:
    """Sign what may go; runs in a thread, since each takes hashes and a signature.

    `approved` says by draft who approved it as it stands, with whoever publishes it now; `shield`
    is what members entered as their own, which two people look at.
    """
    return [
        _sign(
            draft, context, policy, key,
            despite=despite, names=approved.get(draft.id, ()), shield=shield,
        )
        for draft in drafts
    ]  # fmt: skip


def _sign(
    draft: Draft,
    context: Context,
    policy: Policy,
    key: SigningKey,
    *,
    despite: bool,
    names: Sequence[str],
    shield: Shield,
) -> Ready | NotReady:
    reason = why_not(draft, despite=despite)
    consent = draft.asked.consent
    if reason or consent is None:
        return NotReady(draft.id, reason)
    try:
        shielded = bool(shield.fields_naming(draft.fields))
        agreed = agreement(policy, names, context.now_us(), shielded=shielded)
        record = record_of(draft, consent, context, policy, key, agreed.until_us)
        return Ready(draft, record, agreed)
    except NamesWorker:
        return NotReady(draft.id, NAMES_A_WORKER)
    except (BadField, Refused, ProtocolError) as error:
        return NotReady(draft.id, str(error))


def record_of(
    draft: Draft,
    consent: Consent,
    context: Context,
    policy: Policy,
    key: SigningKey,
    until_us: int = 0,
) -> OwnRecord:
    """The signed record that a draft becomes. BadField, Refused, ProtocolError.

    `until_us` is until when it may stand unless others confirm it; 0: they need not.
    """
    fields = {**draft.fields, **adopted_ref(draft.source)}
    leaves = all_leaves(fields, policy, consent, context.oprf_key)
    today = context.today
    last = last_day(leaves, policy, today)
    signed = sign_alert(
        key, context.org, leaves, context.random,
        day=today, exp_day=min(last, day_of(until_us)) if until_us else last,
        rid=record_id_of(draft, context.org),
    )  # fmt: skip
    approved = APPROVED_BY_PUBLISHING & leaves.keys()
    return new_record(signed, consent, approved, context.now_us())


def record_id_of(draft: Draft, org: OrgId) -> RecordId:
    """The id of a draft's alert: always the same, and nothing can be read from it.

    An old backup brings a published draft back as an open one. Published once more, it is the alert
    that peers have already, and no second one beside it.
    """
    words = bytes(org) + draft.id.encode() + draft.made_us.to_bytes(8, "big")
    return RecordId(blake2b(words, digest_size=RID_BYTES, person=b"parasol.draft").digest())


def store_ready(
    connection: Connection, context: Context, ready: Iterable[Ready]
) -> tuple[set[int], dict[str, str]]:
    """Store records and mark their drafts; returns the peers with news, and why others did not go.

    The latter by draft: it had changed, or peers have given its alert back to a restored store.
    """
    fresh: list[Ready] = []
    stayed: dict[str, str] = {}
    for each in ready:
        rk = each.record.entry.rk
        if not mark_published(connection, each.draft, rk):
            stayed[each.draft.id] = "changed_meanwhile"
        elif own_records(connection, context.org, [rk]):
            stayed[each.draft.id] = "already_published"
        else:
            fresh.append(each)
    news = publish(connection, context, [each.record for each in fresh]) if fresh else set()
    for each in fresh:
        rk = each.record.entry.rk
        connection.execute(update(own).where(own.c.rk == rk).values(draft=each.draft.id))
        for name in each.agreed.names:
            add_review(connection, each.draft.id, name, each.draft.fields, context.now_us())
        if each.agreed.until_us:
            mark_provisional(connection, rk, each.agreed.until_us)
        note(connection, context.now_us(), ", ".join(each.agreed.names), Act.PUBLISHED, rk)
    return news, stayed
