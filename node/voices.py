"""Our own word on others' alerts: spoken as records of ours, revised, and taken back.

One voice of ours stands for one alert, or for one pair: who disputes what we corroborated revises
that voice. A corroboration that stands on a report needs that reporter's consent to other
organisations, and goes when it goes (`node.following`). A voice is published like any record, so
the ledgers, the register and the one export function know nothing of it being one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, Row

from federation.release import Consent, Restrictions
from federation.terms import allows
from federation.voices import CORROBORATE, SAME_AS, VOICE, Ref
from node.amending import Change, erase_record, look_through, put_revision
from node.errors import BadField, BadRequest, Refused
from node.pipeline import new_record, next_revision, sign_alert
from node.receipts import consent_of, meant
from node.runtime import Node
from node.shielding import refuse_shielded
from node.store import register as permissions
from node.store.audit import Act, note
from node.store.lookup import find_alert, record_key, seen
from node.store.records import OwnRecord, encode_restrictions, opened_values, own_records
from node.store.voice_links import Behind, drop_link, set_link
from node.store.voices import Said, said_of
from protocol.codec import Value
from protocol.entry import Status
from protocol.fields import expand
from protocol.ids import Day, EntryId, OrgId, RecordKey, text_id
from protocol.limits import EXPIRY_DAYS

TEXT_CHARACTERS = 500
_OF_ALERTS = frozenset({"alert", "notice"})


@dataclass(frozen=True, slots=True)
class Saying:
    """What we say of one alert or of two; `by` is who says it, inside only."""

    relation: str
    alerts: Sequence[str]
    by: str
    text: str = ""
    report: str = ""
    only_origin: bool = False


def speak(connection: Connection, node: Node, saying: Saying) -> Change:
    """Sign our word and put it on the ledgers. BadRequest, BadField, NotFound, Refused."""
    rows = [_subject(connection, node, alert, saying.relation) for alert in saying.alerts]
    if len({bytes(row.rk) for row in rows}) != len(rows):
        raise BadRequest("that is one alert, and not two")
    ref = Ref(
        saying.relation, tuple((RecordKey(bytes(row.rk)), EntryId(bytes(row.eid))) for row in rows)
    )
    leaves, notes = _leaves(node, ref, rows, saying.text)
    refuse_shielded(connection, node.keystore.store_key, {"text": saying.text})
    held = _report(connection, node, saying)
    now = _standing(connection, node, ref)
    context = node.context
    last = Day(min(*(row.exp_day for row in rows), context.today + EXPIRY_DAYS))
    consent = Consent(members=allows(leaves["terms"], "members"), peers=True)
    if now is None:
        signed = sign_alert(
            node.key, context.org, leaves, context.random, day=context.today, exp_day=last
        )
        after = new_record(signed, consent, frozenset(), context.now_us())
    else:
        after = next_revision(
            now, node.key, leaves, context.random,
            today=context.today, exp_day=last, status=Status.LIVE,
            above=context.register.least_revision(now.entry.rk),
        )  # fmt: skip
    only = frozenset(OrgId(bytes(row.org)) for row in rows) if saying.only_origin else None
    after = replace(after, consent=consent, restrictions=Restrictions(only))
    _narrow(node, after)
    change = put_revision(connection, node, after, after.entry.rk)
    set_link(connection, context.register, after.entry.rk, held)
    note(connection, context.now_us(), saying.by, Act.VOICED, record_key(rows[0]), saying.relation)
    return replace(change, notes=notes)


def _subject(connection: Connection, node: Node, alert: str, relation: str) -> Row[Any]:
    row = find_alert(connection, alert)
    known = seen(connection, node.context)
    status = known.status(row)
    if row.kind not in _OF_ALERTS or status != "live":
        what = row.kind if row.kind not in _OF_ALERTS and row.kind else status
        raise BadRequest(f"that is no alert that people go by now: it is {what}")
    if bytes(row.org) == node.context.org and relation != SAME_AS:
        raise Refused("this alert is our own: correct or withdraw it; others corroborate it")
    return row


def _narrow(node: Node, record: OwnRecord) -> None:
    """Put the audience in force against every backup, narrower or wider."""
    register, rk = node.context.register, record.entry.rk
    known = register.get(permissions.NARROWED, rk)
    if record.restrictions != Restrictions() or known is not None:
        register.stage(permissions.NARROWED, rk, encode_restrictions(record.restrictions))


def _leaves(
    node: Node, ref: Ref, rows: Sequence[Row[Any]], text: str
) -> tuple[dict[str, Value], tuple[str, ...]]:
    """The fields of a voice, and what a person should look at in its text.

    Members may see it where they may see all that it is about.
    """
    terms = [opened_values(bytes(row.disclosures)).get("terms") for row in rows]
    audience = "members" if all(allows(each, "members") for each in terms) else "staff"
    leaves: dict[str, Value] = {
        "kind": VOICE, "terms": [audience, False, False, False, False, []], "ref": ref.value(),
    }  # fmt: skip
    notes: tuple[str, ...] = ()
    if text:
        if len(text) > TEXT_CHARACTERS:
            raise BadField(f"reason: at most {TEXT_CHARACTERS} characters")
        said: list[Value] = [node.settings.language, text]
        notes = look_through({"codes": ["uneasy"], "text": said})
        leaves["text"] = said
    return expand(leaves), notes


def _report(connection: Connection, node: Node, saying: Saying) -> Behind:
    """The draft and the alert of ours that stand behind a corroboration, if any."""
    if not saying.report:
        return Behind("", None)
    if saying.relation != CORROBORATE:
        raise BadRequest("only a corroboration stands on a report")
    report = meant(connection, node.context, saying.report)
    if report.draft is not None and not report.draft.source:
        raise BadRequest("of this report nothing is left")
    consent = consent_of(report, node.context)
    if consent["members"] is False or consent["peers"] is False:
        raise Refused("its reporter did not agree to warn other organisations (no_consent)")
    return Behind(report.opens.draft, report.opens.rk)


def _standing(connection: Connection, node: Node, ref: Ref) -> OwnRecord | None:
    """The live voice of ours about the same alert, or the same pair."""
    for said in ours(connection, node):
        same_sort = (said.ref.relation == SAME_AS) == (ref.relation == SAME_AS)
        if said.kind == VOICE and same_sort and dict(said.ref.subjects).keys() == _keys(ref):
            return own_records(connection, node.context.org, [said.rk]).get(said.rk)
    return None


def _keys(ref: Ref) -> set[RecordKey]:
    return {rk for rk, _ in ref.subjects}


def ours(connection: Connection, node: Node) -> list[Said]:
    """What we say of others' alerts: our live voices, and the alerts that we adopted."""
    said = said_of(connection, node.context)
    return [each for each in said if each.voice.org == node.context.org]


def take_back(connection: Connection, node: Node, voice: str, by: str) -> list[Change]:
    """Erase a voice of ours wherever it went; given an alert, all that we say of it. BadRequest."""
    row = find_alert(connection, voice)
    wanted = [
        said.rk
        for said in ours(connection, node)
        if said.kind == VOICE and bytes(row.rk) in {said.rk, *_keys(said.ref)}
    ]
    if not wanted:
        raise BadRequest("that is no voice of ours, and we say nothing of it")
    changes = [silence(connection, node, rk) for rk in wanted]
    now = node.context.now_us()
    for each in changes:
        note(connection, now, by, Act.VOICED, each.rk, "withdrawn")
    return changes


def silence(connection: Connection, node: Node, rk: RecordKey) -> Change:
    """Erase one voice or adopted alert of ours, with what it stood on."""
    drop_link(connection, node.context.register, rk)
    return erase_record(connection, node, text_id(rk))
