"""What other organisations say of an alert, counted: the one place where confidence is derived.

Invariants: an organisation counts once, whatever the number of its voices, keys and revisions, and
whatever the order they came in; only those count that the reader has verified and hears, and the
alert's own organisation never does. Nothing derived here is signed or sent.
Place on the spine: after the store, when an alert is shown.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from protocol.codec import Value
from protocol.field_shapes import is_ref
from protocol.ids import Day, EntryId, OrgId, RecordKey
from protocol.vocabulary import VOICES

CORROBORATE, DISPUTE, SAME_AS = VOICES
VOICE = "voice"  # the kind of record
_VERDICTS = frozenset({CORROBORATE, DISPUTE})


@dataclass(frozen=True, slots=True)
class Ref:
    """What a record refers to: the relation, and the keys and revisions of one or two records."""

    relation: str
    subjects: tuple[tuple[RecordKey, EntryId], ...]

    def value(self) -> list[Value]:
        """The field's value; two records stand in the order of their keys."""
        pairs: list[Value] = [[rk, eid] for rk, eid in sorted(self.subjects)]
        return [self.relation, pairs]


def parse_ref(value: Value | None) -> Ref | None:
    """Read the field `ref`; None where there is none, or it is of another shape."""
    if not isinstance(value, list) or not is_ref(value) or not isinstance(value[1], list):
        return None
    pairs = [pair for pair in value[1] if isinstance(pair, list)]
    return Ref(
        str(value[0]),
        tuple((RecordKey(_bytes(rk)), EntryId(_bytes(eid))) for rk, eid in pairs),
    )


def _bytes(value: Value) -> bytes:
    return value if isinstance(value, bytes) else b""


@dataclass(frozen=True, slots=True)
class Voice:
    """One live voice: who says it, of which revision of it this is, and what it refers to."""

    org: OrgId
    day: Day
    eid: EntryId
    ref: Ref


@dataclass(frozen=True, slots=True)
class Confidence:
    """Which organisations corroborate an alert, and which dispute it; each in one of the two."""

    corroborated: frozenset[OrgId] = frozenset()
    disputed: frozenset[OrgId] = frozenset()


def confidence(
    rk: RecordKey, origin: OrgId, voices: Iterable[Voice], counts: Collection[OrgId]
) -> Confidence:
    """Count the organisations behind the voices about one alert.

    `voices` are live ones about any record, `counts` the organisations that are verified and heard.
    """
    last: dict[OrgId, Voice] = {}
    for voice in voices:
        if voice.org == origin or voice.org not in counts or voice.ref.relation not in _VERDICTS:
            continue
        if all(subject != rk for subject, _ in voice.ref.subjects):
            continue
        known = last.get(voice.org)
        if known is None or (known.day, known.eid) < (voice.day, voice.eid):
            last[voice.org] = voice
    return Confidence(
        frozenset(org for org, voice in last.items() if voice.ref.relation == CORROBORATE),
        frozenset(org for org, voice in last.items() if voice.ref.relation == DISPUTE),
    )
