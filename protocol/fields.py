"""The fields of a record: each leaf name, the shape of its value, and its weaker forms.

Every level that a policy may release is a leaf of its own, made when the record is signed: a
district has its city and region beside it, a phone number its masked form. `validate` holds one
value to its shape; `check_together` holds the fields of one record to each other. Text may hold any
character, NUL and bidirectional marks included: whoever displays it neutralises it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from protocol import field_shapes as shapes
from protocol import vocabulary
from protocol.codec import Value, encode
from protocol.errors import malformed, too_big
from protocol.identifiers import masked
from protocol.limits import FIELD_BYTES
from protocol.vocabulary import IDENTIFIER_KINDS


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One leaf name: its shape, the family it releases with, and its rank there (weakest 0)."""

    name: str
    check: Callable[[Value], bool]
    family: str
    rank: int = 0


_CHARACTERS = 200
_SHORT_CHARACTERS = 80
_REASON_CHARACTERS = 500
_OF_VOICES = frozenset({"kind", "terms", "ref", "text", "reason"})
_PERSON = ("age", "height", "build", "hair", "marks", "accent", "words", "clothing", "race")


def _specs() -> list[FieldSpec]:
    short = shapes.text(_SHORT_CHARACTERS)
    description = shapes.text(_CHARACTERS)
    specs = [
        FieldSpec("kind", shapes.one_of(vocabulary.KINDS), "kind"),
        FieldSpec("terms", shapes.is_terms, "terms"),
        FieldSpec("codes", shapes.is_codes, "codes"),
        FieldSpec("severity", shapes.is_severity, "severity"),
        FieldSpec("role", shapes.one_of(vocabulary.ROLES), "role"),
        FieldSpec("basis", shapes.one_of(vocabulary.BASES), "basis"),
        FieldSpec("location_type", shapes.one_of(vocabulary.LOCATION_TYPES), "location_type"),
        FieldSpec("place.region", shapes.matching(shapes.REGION), "place", 0),
        FieldSpec("place.city", short, "place", 1),
        FieldSpec("place.district", short, "place", 2),
        FieldSpec("date.month", shapes.is_month, "date", 0),
        FieldSpec("date.week", shapes.is_week, "date", 1),
        FieldSpec("date.day", shapes.is_day, "date", 2),
        FieldSpec("date.slot", shapes.one_of(vocabulary.DATE_SLOTS), "date", 3),
        *(FieldSpec(f"person.{part}", description, f"person.{part}") for part in _PERSON),
        *(FieldSpec(f"vehicle.{part}", short, "vehicle") for part in ("make", "model", "colour")),
        FieldSpec("plate.part", shapes.array_of(shapes.PLATE_PART), "plate", 1),
        FieldSpec("name", shapes.texts(_SHORT_CHARACTERS), "name"),
        FieldSpec("text", shapes.is_prose, "text"),
        FieldSpec("advice", shapes.is_prose, "advice"),
        FieldSpec("reason", shapes.text(_REASON_CHARACTERS), "reason"),
        FieldSpec("ref", shapes.is_ref, "ref"),
    ]
    for kind in IDENTIFIER_KINDS:
        clear, mask = shapes.IDENTIFIERS[kind]
        specs.append(FieldSpec(f"{kind}.token", shapes.is_tokens, kind, 0))
        specs.append(FieldSpec(f"{kind}.masked", shapes.array_of(mask), kind, 1))
        specs.append(FieldSpec(kind, shapes.array_of(clear), kind, 2))
    return specs


FIELDS: Final[Mapping[str, FieldSpec]] = {spec.name: spec for spec in _specs()}
CHECKS: Final[Mapping[str, Callable[[Value], bool]]] = {n: s.check for n, s in FIELDS.items()}


def validate(name: str, value: Value) -> None:
    """Hold a value to the shape of its field.

    Raises ProtocolError MALFORMED for an unknown name or another shape, TOO_BIG over 4 KiB encoded
    with its name.
    """
    check = CHECKS.get(name)
    if check is None:
        raise malformed("an unknown field")
    if not check(value):
        raise malformed(f"{name}: not a value of this field")
    if len(encode([name, value])) > FIELD_BYTES:
        raise too_big(f"{name}: over 4 KiB")


def check_together(values: Mapping[str, Value]) -> None:
    """Hold the fields of one record, each already valid, to each other; some may be absent.

    Raises ProtocolError MALFORMED: a notice has notice codes and severity 0, an alert neither; the
    severity is never below that of the codes; a voice speaks of other records and says nothing that
    an alert says, and an alert refers to nothing but what it was adopted from.
    """
    kind = values.get("kind")
    codes = values.get("codes")
    severity = values.get("severity")
    if type(codes) is list:
        least = max(map(vocabulary.SEVERITIES.__getitem__, codes))  # type: ignore[arg-type]
        if type(severity) is int and (severity < least or (severity == 0) != (least == 0)):
            raise malformed("severity: below that of the codes, or a notice with one")
        if (kind == "alert" and least == 0) or (kind == "notice" and least != 0):
            raise malformed("kind: a notice has notice codes, an alert has others")
    if type(severity) is int and (
        (kind == "alert" and severity == 0) or (kind == "notice" and severity != 0)
    ):
        raise malformed("kind: a notice has severity 0, an alert more")
    ref = values.get("ref")
    if kind == "voice":
        if not values.keys() <= _OF_VOICES:
            raise malformed("kind: a voice has a ref and a text, and no field of an alert")
        if type(ref) is list and ref[0] not in vocabulary.VOICES:
            raise malformed("ref: a voice corroborates, disputes or says what is the same")
    elif type(ref) is list and (kind == "hold" or ref[0] != vocabulary.ADOPTED_FROM):
        raise malformed("ref: an alert refers to nothing but what it was adopted from")


def expand(alert: Mapping[str, Value]) -> dict[str, Value]:
    """Return all the leaves of an alert: its fields, their weaker forms, kind and severity.

    `alert` maps leaf names to values (identifiers in normal form). A weaker form that is given must
    be the one that follows from the stronger. Raises ProtocolError.
    """
    leaves = dict(alert)
    for name, value in alert.items():
        validate(name, value)
    _require("place.district", "place.city", leaves)
    _require("place.city", "place.region", leaves)
    _require("date.slot", "date.day", leaves)
    for name, value in _coarser_dates(leaves):
        _derive(leaves, name, value)
    for kind in IDENTIFIER_KINDS:
        clear = leaves.get(kind)
        if isinstance(clear, list):
            masks = dict.fromkeys(masked(kind, str(normal)) for normal in clear)
            _derive(leaves, f"{kind}.masked", list(masks))
    codes = leaves.get("codes")
    if isinstance(codes, list):
        severity = vocabulary.severity_of([str(code) for code in codes])
        leaves.setdefault("severity", severity)
        leaves.setdefault("kind", "notice" if severity == 0 else "alert")
    for name, value in leaves.items():
        validate(name, value)
    check_together(leaves)
    return leaves


def _require(name: str, needed: str, leaves: Mapping[str, Value]) -> None:
    if name in leaves and needed not in leaves:
        raise malformed(f"{name}: given without {needed}")


def _derive(leaves: dict[str, Value], name: str, value: Value) -> None:
    if leaves.setdefault(name, value) != value:
        raise malformed(f"{name}: does not follow from the finer value")


def _coarser_dates(leaves: Mapping[str, Value]) -> list[tuple[str, Value]]:
    """Return what a day or a week implies; a week belongs to the month of its Thursday."""
    day, week = leaves.get("date.day"), leaves.get("date.week")
    if isinstance(day, str):
        found = date.fromisoformat(day)
        year, number, _ = found.isocalendar()
        return [("date.week", f"{year:04}-W{number:02}"), ("date.month", day[:7])]
    if isinstance(week, str):
        thursday = date.fromisocalendar(int(week[:4]), int(week[6:]), 4)
        return [("date.month", thursday.isoformat()[:7])]
    return []
