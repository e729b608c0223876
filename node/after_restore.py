"""What a restored node holds back, and what becomes of it once its keeper has looked.

Three kinds of thing wait. A record that a peer did not list, or holds less of, is suspended for
that peer. An own entry that came back under a key that is not valid, or that the register never
saw, is returned: it is signed again as live, withdrawn or erased, whichever it was; but a
withdrawal or tombstone under a revoked key may be a thief's, and never is. Where the register is
lost, everything waits. A record that was corrected after the backup is not put either: what it says
is known to be wrong, and only a new correction helps. One that was only signed again since, with
every field as it is, needs nobody: it is signed once more.

Invariant: nothing is signed that did not carry a valid signature of a key which our own documents
have listed, nor, but for what a keeper read and named, one live alert at a time, what is dated on
or after the day from which that key is revoked.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Connection, delete, select

from federation.release import Restrictions
from keys.orgdoc import OrgDoc
from keys.signing import SigningKey, verify
from node.errors import NotFound, Refused
from node.opening import LOST
from node.pipeline import narrow, new_record, publish, sign_alert
from node.store import meta
from node.store import register as permissions
from node.store.context import Context
from node.store.due import mark_due
from node.store.grants import NARROWER_THERE, StoreGrants
from node.store.ledger_rows import decode_names
from node.store.peers import peer_by_id
from node.store.records import (
    OwnRecord,
    chunks,
    decode_restrictions,
    note_partial,
    own_records,
    save_own,
)
from node.store.tables import own, records, returned, suspended
from node.store.takeback import DAY_US, recovered_consent
from node.store.told_again import tell_held
from protocol.codec import Value
from protocol.commitment import Disclosure, decode_disclosures
from protocol.entry import Entry, Status, decode_entry
from protocol.errors import ProtocolError
from protocol.ids import Day, RecordKey, text_id
from protocol.merge import order

DATED = "it is dated after its key was revoked"


@dataclass(frozen=True, slots=True)
class Returned:
    """An own entry that came back and waits. `refusal` is why it will be dropped, or empty."""

    row: int
    peer: int
    entry: Entry
    opened: tuple[Disclosure, ...]
    refusal: str

    @property
    def fields(self) -> dict[str, Value]:
        """What it says, as far as the peer had it."""
        return {disclosure.name: disclosure.value for disclosure in self.opened}

    @property
    def needs_a_person(self) -> bool:
        """Whether it is dropped unless a keeper knows it for ours: `sign_by_hand`."""
        return self.refusal == DATED


def returned_entries(
    connection: Connection, context: Context, documents: Sequence[OrgDoc]
) -> list[Returned]:
    """Every own entry that waits, judged."""
    found = []
    for row in connection.execute(select(returned).order_by(returned.c.id)):
        entry = decode_entry(bytes(row.entry))
        opened: tuple[Disclosure, ...] = ()
        try:
            opened = decode_disclosures(bytes(row.disclosures), entry)
            verify(entry.node_key, "entry", entry.raw, bytes(row.sig))
            why = _refusal(context, documents, entry, [each.name for each in opened])
        except ProtocolError:
            why = "its signature or its fields do not verify"
        found.append(Returned(row.id, row.peer, entry, opened, why))
    return found


def _refusal(
    context: Context, documents: Sequence[OrgDoc], entry: Entry, names: Collection[str]
) -> str:
    known = {key for document in documents for key, _, _ in document.keys}
    gone = {key: since for document in documents for key, since in document.revoked}
    if entry.org != context.org or entry.node_key not in known | set(gone):
        return "none of our documents ever listed its key"
    if entry.status is not Status.LIVE:
        if entry.node_key in gone:
            return "a withdrawal or erasure under a revoked key is not believed"
        return ""
    if entry.exp_day < context.today:
        return "it has expired"
    if not names:
        return "nothing of what it says came back"
    for scope in (permissions.ERASED, permissions.WITHDRAWN):
        if context.register.get(scope, entry.rk) is not None:
            return f"the register says that it was {scope}"
    if entry.day >= gone.get(entry.node_key, entry.day + 1):
        return DATED  # the last to be asked: this one a keeper may overrule
    return ""


def signed_anew(
    waiting: Collection[Returned],
    ours: Mapping[RecordKey, OwnRecord],
    key: SigningKey,
    context: Context,
) -> list[OwnRecord]:
    """Sign what may stand and is newer than `ours`, at the revision after the highest seen.

    Not what the register knows to be corrected since: `let_go` keeps that for a new correction.
    """
    best: dict[RecordKey, Returned] = {}
    highest: dict[RecordKey, int] = {}
    for each in waiting:
        rk, rev = each.entry.rk, each.entry.rev
        highest[rk] = max(highest.get(rk, 0), rev)
        mine = ours.get(rk)
        is_news = mine is None or order(mine.entry) < order(each.entry)
        is_best = rk not in best or order(best[rk].entry) < order(each.entry)
        if is_news and is_best and not each.refusal and not _is_corrected(context, each.entry):
            best[rk] = each
    above = {rk: max(highest[rk], context.register.least_revision(rk)) for rk in best}
    return [_sign(best[rk], ours.get(rk), above[rk] + 1, key, context) for rk in best]


def sign_by_hand(
    connection: Connection,
    context: Context,
    documents: Sequence[OrgDoc],
    key: SigningKey,
    text: str,
) -> tuple[RecordKey, set[int]]:
    """Sign one live alert that waits and is dated after its key was revoked: a keeper read it.

    `text` is its entry's id, or the start of it: of one alert two texts may wait, and one of them a
    thief's. What else waits goes on waiting. Returns its key and the peers with news. NotFound;
    Refused where it waits for another reason, was corrected since, or a later one stands.
    """
    wanted = text.strip().lower()
    waiting = returned_entries(connection, context, documents)
    fits = [each for each in waiting if wanted and text_id(each.entry.eid).startswith(wanted)]
    if len(fits) != 1:
        raise NotFound("no single entry waits under that id; see parasol recover show")
    entry, rk = fits[0].entry, fits[0].entry.rk
    if not fits[0].needs_a_person:
        what = fits[0].refusal or "parasol recover confirm signs it"
        raise Refused(f"this one is not signed by hand: {what}")
    if _is_corrected(context, entry):
        raise Refused("it was corrected since: publish what it should say")
    mine = own_records(connection, context.org, [rk]).get(rk)
    if mine is not None and order(mine.entry) >= order(entry):
        raise Refused("a later text of this alert stands here: parasol alert show")
    highest = max(each.entry.rev for each in waiting if each.entry.rk == rk)
    above = max(highest, context.register.least_revision(rk))
    news = publish(connection, context, [_sign(fits[0], mine, above + 1, key, context)])
    if mine is None:
        note_partial(connection, [rk])
    connection.execute(delete(returned).where(returned.c.id == fits[0].row))
    return rk, news


def _is_corrected(context: Context, entry: Entry) -> bool:
    """Whether what this says was corrected in a revision that the register knows."""
    register = context.register
    is_older = entry.rev < register.least_revision(entry.rk)
    return is_older and not register.says_the_same(entry.rk, entry.rev)


def _sign(
    waiting: Returned, mine: OwnRecord | None, rev: int, key: SigningKey, context: Context
) -> OwnRecord:
    entry = waiting.entry
    signed = sign_alert(
        key, context.org, waiting.fields, context.random,
        day=context.today, exp_day=Day(max(entry.exp_day, context.today)), rid=entry.rid, rev=rev,
        status=entry.status,
    )  # fmt: skip
    came = {disclosure.name: disclosure for disclosure in waiting.opened}
    known = None if mine is None else mine.consent
    consent = recovered_consent(context, entry, came, known)
    record = new_record(signed, consent, frozenset(came), entry.day * DAY_US)
    if mine is not None:
        return replace(
            mine, entry=record.entry, sig=record.sig, opened=record.opened, consent=consent
        )
    return replace(record, restrictions=_limits(context, entry.rk))


def _limits(context: Context, rk: RecordKey) -> Restrictions:
    """How the record was narrowed, as the register knows it."""
    narrowed = context.register.get(permissions.NARROWED, rk)
    return Restrictions() if narrowed is None else decode_restrictions(narrowed)


def let_go(
    connection: Connection,
    context: Context,
    judged: Collection[Returned],
    anew: Collection[OwnRecord],
    ours: Mapping[RecordKey, OwnRecord],
) -> set[int]:
    """Store what was signed anew, forget what waited, have every ledger derived again.

    Returns the peers with news so far. The register, where it was lost, begins anew from here.
    """
    known = own_records(connection, context.org, [record.entry.rk for record in anew])
    unchanged = [each for each in anew if _rev(known, each) == _rev(ours, each)]
    news = publish(connection, context, unchanged)
    context.came_back |= {each.entry.rk for each in unchanged}
    # Of these only the terms are known, not what the reporter said: nothing may widen them.
    note_partial(connection, [each.entry.rk for each in unchanged if each.entry.rk not in known])
    _keep_for_correction(connection, context, judged)
    connection.execute(delete(returned).where(returned.c.id.in_([each.row for each in judged])))
    _keep_narrow(connection, context)
    connection.execute(delete(suspended))
    meta.drop(connection, LOST)
    was_held, context.hold_all = context.hold_all, False
    mark_due(connection)
    return news | tell_held(connection, context) if was_held else news


def _keep_for_correction(
    connection: Connection, context: Context, judged: Collection[Returned]
) -> None:
    """Store what came back and was corrected since, as it came: the register lets none of it out.

    The keeper sees it among what was corrected since the backup, and says what it should say.
    """
    for each in judged:
        entry = each.entry
        if each.refusal or entry.status is not Status.LIVE or not _is_corrected(context, entry):
            continue
        mine = own_records(connection, context.org, [entry.rk]).get(entry.rk)
        if mine is not None and order(mine.entry) >= order(entry):
            continue
        row = connection.execute(select(returned).where(returned.c.id == each.row)).one()
        opened = {disclosure.name: disclosure for disclosure in each.opened}
        consent = recovered_consent(context, entry, opened, None if mine is None else mine.consent)
        came = OwnRecord(
            entry, bytes(row.sig), opened, consent, _limits(context, entry.rk), frozenset(opened),
            entry.day * DAY_US,
        )  # fmt: skip
        save_own(connection, came, bytes(row.disclosures), context.now_us())
        note_partial(connection, [entry.rk])


def _keep_narrow(connection: Connection, context: Context) -> None:
    """Where a peer held less than policy would release, make that a narrowing of ours again.

    To lift it is a decision for one alert (`alert widen`), not for all that was held back.
    """
    query = select(suspended).where(suspended.c.why == NARROWER_THERE)
    for row in connection.execute(query).fetchall():
        rk = RecordKey(bytes(row.rk))
        record = own_records(connection, context.org, [rk]).get(rk)
        if record is None or record.entry.status is not Status.LIVE:
            continue
        grants = StoreGrants(connection, context, peer_by_id(connection, row.peer))
        more = grants.released(record) - set(decode_names(bytes(row.names)))
        if more:
            org = grants.peer.org
            withhold = dict(record.restrictions.withhold)
            withhold[org] = withhold.get(org, frozenset()) | more
            narrow(connection, context, rk, replace(record.restrictions, withhold=withhold))
            context.came_back.add(rk)  # its terms follow


def _rev(known: Mapping[RecordKey, OwnRecord], record: OwnRecord) -> int:
    found = known.get(record.entry.rk)
    return 0 if found is None else found.entry.rev


def corrected_since(
    connection: Connection, context: Context, rks: Collection[RecordKey] | None = None
) -> Iterator[tuple[RecordKey, int, int]]:
    """Own live records older than a correction that the register knows: key, revision, its.

    Of these keys, or all.
    """
    for rk, rev, least, is_same in _behind(connection, context, rks):
        if not is_same:
            yield rk, rev, least


def may_be_outdated(connection: Connection, context: Context, rk: RecordKey) -> bool:
    """Whether an own record may have been corrected after the backup that this store comes from.

    Then nobody but a keeper who says it anew signs it: the next revision would stand above the
    correction. Where the register is lost, nobody knows which were.
    """
    return context.hold_all or any(True for _ in corrected_since(connection, context, [rk]))


def only_signed_since(connection: Connection, context: Context) -> Iterator[RecordKey]:
    """Own live records that were signed again after the backup, and still say the same."""
    return (rk for rk, _, _, is_same in _behind(connection, context) if is_same)


def _behind(
    connection: Connection, context: Context, rks: Collection[RecordKey] | None = None
) -> Iterator[tuple[RecordKey, int, int, bool]]:
    """Own live records older than the register knows, and whether they say what it knows.

    What came back from a peer may lack fields that the peer was not granted: it is not the same.
    """
    register = context.register
    query = (
        select(records.c.rk, records.c.rev, own.c.partial, own.c.came_us)
        .join(own, own.c.rk == records.c.rk)
        .where(
            records.c.org == context.org,
            records.c.status == int(Status.LIVE),
            records.c.exp_day >= context.today,
        )
    )
    groups = [query] if rks is None else [query.where(records.c.rk.in_(g)) for g in chunks(rks)]
    for row in (row for each in groups for row in connection.execute(each)):
        rk = RecordKey(bytes(row.rk))
        least = register.least_revision(rk)
        if row.rev < least:
            is_whole = not row.partial and not row.came_us
            yield rk, row.rev, least, is_whole and register.says_the_same(rk, row.rev)
