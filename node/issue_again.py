"""Signs own records once more, at their next revision: as they stand, or as the policy now says.

Why: two texts for one revision, a new node key, or a policy that lets receivers do less or more, or
keeps such alerts for fewer days. Never what was corrected after the backup that this store comes
from, and never what has expired: what the one says is known to be wrong, and the other must not
begin to live again.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from federation.policy import Policy
from federation.terms import narrower_terms
from federation.voices import VOICE
from node.after_restore import corrected_since
from node.pipeline import next_revision, publish, signed_again, terms_of
from node.runtime import Node
from node.store.due import signed_at_once
from node.store.records import OwnRecord, chunks, own_records
from node.store.tables import own
from node.tokens import needs_tokens, with_tokens
from protocol.codec import Value
from protocol.entry import Status
from protocol.ids import Day, RecordKey

Signing = Callable[[OwnRecord, int], OwnRecord]  # a record, and the revision to stay above


@dataclass(frozen=True, slots=True)
class Standing:
    """What the policy makes of a live record: its terms, and the last day of its copies."""

    terms: list[Value]
    exp_day: Day


async def issue_again(node: Node, rks: Collection[RecordKey] | None = None) -> set[int]:
    """Issue records (None: those in conflict) at their next revision; returns peers with news.

    None while the register is lost: nobody knows then what was corrected since.
    """
    context = node.context
    if context.hold_all:
        return set()
    keys = set(context.conflicts) if rks is None else set(rks)
    known = await node.read(_may_be_signed, node, keys)
    news = await _sign_and_publish(
        node,
        known,
        lambda record, above: _again(record, node, above),
    )
    context.conflicts.difference_update(keys)
    return news


async def follow_terms(node: Node, rks: Collection[RecordKey] | None = None) -> set[int]:
    """Sign live records again whose terms, days or tokens are not as they should; peers with news.

    Of these keys, or all. A life only gets shorter here, so that copies which nobody can reach die
    sooner. Nothing where the register is lost, or our key may not sign: then everything waits.
    """
    if node.context.hold_all:
        return set()
    if node.documents.current.key_state(node.key.public, node.today) != "valid":
        return set()
    news: set[int] = set()
    wanted = await node.read(_out_of_step, node, rks)
    for group in chunks(wanted, await node.read(signed_at_once)):
        known = await node.read(_may_be_signed, node, group)
        news |= await _sign_and_publish(
            node,
            known,
            lambda record, above: _in_step(record, node, wanted[record.entry.rk], above),
        )
    return news


async def follow_returned(node: Node) -> set[int]:
    """Do so for what came back in place of an older text of ours; peers with news.

    What was narrowed meanwhile was not signed then. Not at once, because another peer may still
    give more of its fields; and at every start for all, so nothing of this need be remembered.
    """
    keys = set(node.context.came_back)
    news = await follow_terms(node, keys) if keys else set()
    node.context.came_back -= keys
    return news


def _again(record: OwnRecord, node: Node, above: int) -> OwnRecord:
    """The same record at its next revision, its tokens under the key that answers now."""
    key, context = node.key, node.context
    if record.entry.status is not Status.LIVE:
        return signed_again(record, key, context.random, node.today, above=above)
    leaves = {name: disclosure.value for name, disclosure in record.opened.items()}
    return next_revision(
        record, key, with_tokens(leaves, node.policy, context.oprf_key), context.random,
        today=node.today, exp_day=record.entry.exp_day, status=Status.LIVE, above=above,
    )  # fmt: skip


def _in_step(record: OwnRecord, node: Node, standing: Standing, above: int) -> OwnRecord:
    leaves = {name: disclosure.value for name, disclosure in record.opened.items()}
    leaves = with_tokens(leaves | {"terms": standing.terms}, node.policy, node.context.oprf_key)
    return next_revision(
        record, node.key, leaves, node.context.random,
        today=node.today, exp_day=standing.exp_day, status=Status.LIVE, above=above,
    )  # fmt: skip


def capped_day(record: OwnRecord, policy: Policy, today: Day) -> Day:
    """The last day that the policy now leaves a record; never later than the one it has.

    What the policy does not keep at all ends today: an entry cannot end before it was signed. A
    record without a severity, as a voice or a hold, ends with what it is about.
    """
    found = record.opened["severity"].value if "severity" in record.opened else None
    if not isinstance(found, int):
        return record.entry.exp_day
    days = policy.days_kept(found)
    return Day(max(today, min(record.entry.exp_day, record.life_begins + days)))


def _out_of_step(
    connection: Connection, node: Node, rks: Collection[RecordKey] | None
) -> dict[RecordKey, Standing]:
    """The live records that are not as policy and consent make them, with what they must be.

    Of a record that came back from a peer the consent is not known: its terms only get narrower.
    """
    rows = connection.execute(own.select().with_only_columns(own.c.rk).where(own.c.partial == 1))
    partial = {RecordKey(bytes(rk)) for (rk,) in rows}
    found: dict[RecordKey, Standing] = {}
    for rk, record in _may_be_signed(connection, node, rks).items():
        stands = record.opened.get("terms")
        if record.entry.status is not Status.LIVE or stands is None:
            continue
        if record.view().names_values.get("kind") == VOICE:
            continue  # it lives as long as what it speaks of, and its terms follow from that
        terms = terms_of(node.policy, record.consent, record.restrictions)
        if rk in partial:
            terms = narrower_terms(stands.value, terms)
        last = capped_day(record, node.policy, node.today)
        values = {name: disclosure.value for name, disclosure in record.opened.items()}
        lacks = needs_tokens(values, node.policy, node.context.oprf_key)
        if terms != stands.value or last != record.entry.exp_day or lacks:
            found[rk] = Standing(terms, last)
    return found


def _may_be_signed(
    connection: Connection, node: Node, rks: Collection[RecordKey] | None
) -> dict[RecordKey, OwnRecord]:
    """Own records of these keys (None: all) that are neither known to be wrong nor expired."""
    context = node.context
    stale = {rk for rk, _, _ in corrected_since(connection, context, rks)}
    return {
        rk: record
        for rk, record in own_records(connection, context.org, rks).items()
        if rk not in stale
        and (record.entry.status is not Status.LIVE or record.entry.exp_day >= context.today)
    }


async def _sign_and_publish(
    node: Node, known: Mapping[RecordKey, OwnRecord], sign: Signing
) -> set[int]:
    """Sign in a thread, and publish what nobody has changed meanwhile; returns peers with news."""
    context = node.context
    least = {rk: context.register.least_revision(rk) for rk in known}
    again = await asyncio.to_thread(
        lambda: [sign(record, least[rk]) for rk, record in known.items()]
    )

    def effect(connection: Connection) -> set[int]:
        now = own_records(connection, context.org, known)
        # One that was changed meanwhile has its next revision already, or another consent or
        # narrowing, which must not be written over.
        same = [record for record in again if now.get(record.entry.rk) == known[record.entry.rk]]
        return publish(connection, context, same, by_keeper=False)

    return await node.change(effect) if again else set()
