"""The spine: from a reviewed draft to a signed record on each peer's ledger.

    fields → `sign_alert` → `Signed` (entry, signature, all disclosures)
           → `publish` (stored and put on every ledger, one transaction) → sync sends it

Every step takes what only the step before makes. A local record and a received one share
everything from the store on. Nothing here sends: what is committed is told by the next delta, so a
crash between the two loses nothing.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from federation.hub import keeps_from_some, names_onward
from federation.policy import Policy
from federation.release import Consent, Restrictions
from keys.signing import SigningKey
from node.errors import BadRequest, Refused
from node.store import register as permissions
from node.store.context import Context
from node.store.grants import StoreGrants
from node.store.holds import silence
from node.store.peers import all_peers
from node.store.records import OwnRecord, encode_restrictions, own_records, save_own, vouch_for
from protocol.codec import Value, encode
from protocol.commitment import Disclosure, commit, encode_disclosures
from protocol.entry import Entry, Status, encode_entry
from protocol.fields import expand
from protocol.ids import Day, OrgId, RecordId, RecordKey
from protocol.limits import EXPIRY_DAYS
from protocol.vocabulary import severity_of

RID_BYTES = 16
KEPT_BY_WITHDRAWAL = ("kind", "terms")
UNRESTRICTED = Restrictions()


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed entry with all its disclosures: what this organisation says, before who may see."""

    entry: Entry
    sig: bytes = field(repr=False)
    disclosures: tuple[Disclosure, ...] = field(repr=False)


def terms_of(
    policy: Policy, consent: Consent, restrictions: Restrictions = UNRESTRICTED
) -> list[Value]:
    """What receivers may do with a record: the reporter's consent within our policy.

    The names that hubs may pass on are the same for every record of a policy. What is kept from
    single organisations is not passed on at all.
    """
    printed = consent.print and policy.print.mode != "off"
    police = consent.police_anonymised and policy.police_mode() != "disabled"
    onward = consent.peers and policy.onward == "on" and not keeps_from_some(restrictions)
    audience = "members" if consent.members else "staff"
    names: list[Value] = [*names_onward(policy)] if onward else []
    return [audience, printed, consent.statistics, police, onward, names]


def not_onward(terms: Value) -> Value:
    """The same terms, but no hub may pass the record on."""
    return [*terms[:4], False, []] if isinstance(terms, list) else terms


def leaves_of(alert: Mapping[str, Value], policy: Policy, consent: Consent) -> dict[str, Value]:
    """Every leaf of an alert's fields, with its kind, severity and terms.

    ProtocolError where a field is not as it must be.
    """
    fields = dict(alert)
    codes = fields.get("codes")
    if "severity" not in fields and isinstance(codes, list):
        fields["severity"] = severity_of(str(code) for code in codes)
    fields["terms"] = terms_of(policy, consent)
    return expand(fields)


def last_day(leaves: Mapping[str, Value], policy: Policy, today: Day) -> Day:
    """The day up to which copies live; Refused where the policy does not keep such alerts."""
    found = leaves.get("severity", 0)
    severity = found if isinstance(found, int) else 0
    days = policy.days_kept(severity)
    if days < 1:
        name = "notice_days" if not severity else f"retention_days.{severity}"
        raise Refused(f"the policy keeps no such alert (origin.{name}=0)")
    return Day(today + min(days, EXPIRY_DAYS))


def sign_alert(
    key: SigningKey,
    org: OrgId,
    leaves: Mapping[str, Value],
    random: Callable[[int], bytes],
    *,
    day: Day,
    exp_day: Day,
    rid: RecordId | None = None,
    rev: int = 1,
    status: Status = Status.LIVE,
) -> Signed:
    """Commit to every leaf and sign the entry; a tombstone has none."""
    rid = rid or RecordId(random(RID_BYTES))
    hashes: tuple[bytes, ...] = ()
    disclosures: tuple[Disclosure, ...] = ()
    if status is not Status.ERASED:
        hashes, disclosures = commit(org, rid, leaves, random)
    entry = encode_entry(org, key.public, rid, rev, day, exp_day, status, hashes)
    return Signed(entry, key.sign("entry", entry.raw), disclosures)


def new_record(
    signed: Signed, consent: Consent, approved: frozenset[str], now_us: int
) -> OwnRecord:
    """An own record as it is first stored."""
    return OwnRecord(
        signed.entry, signed.sig, _opened(signed), consent, Restrictions(), approved, now_us
    )


def next_revision(
    record: OwnRecord,
    key: SigningKey,
    leaves: Mapping[str, Value],
    random: Callable[[int], bytes],
    *,
    today: Day,
    exp_day: Day,
    status: Status,
    above: int = 0,
) -> OwnRecord:
    """The record at its next revision, signed anew with fresh salts.

    `above` is the highest revision that the register knows: a restored store may be behind it.
    """
    entry = record.entry
    if "terms" in leaves and keeps_from_some(record.restrictions):
        leaves = {**leaves, "terms": not_onward(leaves["terms"])}
    # Not before today: also what has expired may be taken back, and says so for a day.
    last = Day(max(exp_day, today, entry.exp_day if status is not Status.LIVE else today))
    signed = sign_alert(
        key, entry.org, leaves, random,
        day=today, exp_day=last, rid=entry.rid, rev=max(entry.rev, above) + 1,
        status=status,
    )  # fmt: skip
    return replace(record, entry=signed.entry, sig=signed.sig, opened=_opened(signed))


def withdrawn(
    record: OwnRecord,
    key: SigningKey,
    reason: str,
    random: Callable[[int], bytes],
    today: Day,
    *,
    above: int = 0,
) -> OwnRecord:
    """The record withdrawn: all fields go but the reason."""
    leaves = {name: record.opened[name].value for name in KEPT_BY_WITHDRAWAL}
    if reason:
        leaves["reason"] = reason
    return next_revision(
        record, key, leaves, random,
        today=today, exp_day=record.entry.exp_day, status=Status.WITHDRAWN, above=above,
    )  # fmt: skip


def erased(
    record: OwnRecord,
    key: SigningKey,
    random: Callable[[int], bytes],
    today: Day,
    *,
    above: int = 0,
) -> OwnRecord:
    """The record erased: a tombstone that outlives every earlier revision."""
    return next_revision(
        record, key, {}, random,
        today=today, exp_day=record.entry.exp_day, status=Status.ERASED, above=above,
    )  # fmt: skip


def signed_again(
    record: OwnRecord,
    key: SigningKey,
    random: Callable[[int], bytes],
    today: Day,
    *,
    above: int = 0,
) -> OwnRecord:
    """The same record at its next revision: after a key change, or two texts for one revision."""
    leaves = {name: disclosure.value for name, disclosure in record.opened.items()}
    return next_revision(
        record, key, leaves, random,
        today=today, exp_day=record.entry.exp_day, status=record.entry.status, above=above,
    )  # fmt: skip


def publish(
    connection: Connection,
    context: Context,
    records: Collection[OwnRecord],
    *,
    by_keeper: bool = True,
) -> set[int]:
    """Store records and put them on every ledger; returns the peers with news.

    What narrows is staged in the register, which is durable before this transaction is. What a
    keeper revised is hers from then on, under whatever key it once came back from a peer.
    """
    if by_keeper:
        vouch_for(connection, [each.entry.rk for each in records if each.entry.rev > 1])
    later = [each.entry.rk for each in records if each.entry.rev > 1]
    before = own_records(connection, context.org, later) if later else {}
    for record in records:
        raw = encode_disclosures(record.opened.values())
        if save_own(connection, record, raw, context.now_us()):
            context.digests.forget()
            context.live_counts.clear()
        _stage(context, record, before.get(record.entry.rk), raw)
    return put_on_ledgers(connection, context, records)


def put_on_ledgers(
    connection: Connection, context: Context, records: Collection[OwnRecord]
) -> set[int]:
    """Put stored records on every ledger, and silence the holds of those not for others.

    Returns the peers with news.
    """
    put = {record.entry.rk: record for record in records}
    closed = [rk for rk, record in put.items() if not is_shared(record)]
    silenced = silence(connection, context, closed) if closed else []
    return spread(connection, context, put | own_records(connection, context.org, silenced))


def is_shared(record: OwnRecord) -> bool:
    """Whether a record lives and its reporter agreed to other organisations."""
    return record.entry.status is Status.LIVE and record.consent.peers


def _stage(
    context: Context, record: OwnRecord, before: OwnRecord | None, disclosures: bytes
) -> None:
    entry, register = record.entry, context.register
    if entry.status is Status.ERASED:
        register.stage(permissions.ERASED, entry.rk, encode([entry.raw, record.sig]))
        if register.get(permissions.WITHDRAWN, entry.rk) is not None:
            register.stage(permissions.WITHDRAWN, entry.rk, None)  # with its reason
    elif entry.status is Status.WITHDRAWN:
        value = encode([entry.raw, record.sig, disclosures])
        register.stage(permissions.WITHDRAWN, entry.rk, value)
    elif register.get(permissions.WITHDRAWN, entry.rk) is not None:
        register.stage(permissions.WITHDRAWN, entry.rk, None)
    least = register.least_revision(entry.rk)
    if entry.rev > max(1, least):  # it is never lowered
        _stage_same(context, record, before, least)
        register.stage(permissions.REVISION, entry.rk, entry.rev.to_bytes(8, "big"))


def _stage_same(context: Context, record: OwnRecord, before: OwnRecord | None, least: int) -> None:
    """Note since which revision the record says what it says now; nothing where this one is new.

    A backup of that revision or a later one says nothing that was corrected since.
    """
    rk, register = record.entry.rk, context.register
    first = register.get(permissions.SAME, rk)
    is_same = (
        before is not None
        and before.entry.status is record.entry.status is Status.LIVE
        and _says(before) == _says(record)
    )
    if before is None or not is_same:
        first = None
    elif before.entry.rev < least:  # what was corrected is said again: a correction as well
        first = first if register.says_the_same(rk, before.entry.rev) else None
    elif first is None or before.entry.rev > least:
        first = before.entry.rev.to_bytes(8, "big")
    if first != register.get(permissions.SAME, rk):
        register.stage(permissions.SAME, rk, first)


def _says(record: OwnRecord) -> dict[str, Value]:
    """What a record says: its tokens are the same identifiers, under whatever key."""
    return {name: each.value for name, each in record.opened.items() if not name.endswith(".token")}


def narrow(
    connection: Connection, context: Context, rk: RecordKey, restrictions: Restrictions
) -> set[int]:
    """Set who may have a record and which fields, and recall what is no longer permitted."""
    record = own_records(connection, context.org, [rk]).get(rk)
    if record is None:
        raise BadRequest("only an alert of this organisation can be narrowed")
    context.register.stage(permissions.NARROWED, rk, encode_restrictions(restrictions))
    changed = replace(record, restrictions=restrictions)
    raw = encode_disclosures(record.opened.values())
    save_own(connection, changed, raw, context.now_us())
    return spread(connection, context, {rk: changed})


def spread(
    connection: Connection, context: Context, records: Mapping[RecordKey, OwnRecord]
) -> set[int]:
    """Re-derive every peer's ledger rows of these records; returns the peers with news."""
    changed = set()
    for peer in all_peers(connection):
        grants = StoreGrants(connection, context, peer)
        grants.derive_records(records)
        if grants.channel.pseq != peer.out_pseq:
            grants.save()
            changed.add(peer.id)
    return changed


def _opened(signed: Signed) -> dict[str, Disclosure]:
    return {disclosure.name: disclosure for disclosure in signed.disclosures}
