"""The fields of a draft as a form: what is there already, what may be added, what was changed.

Only what a person changed goes to the node: a doubt about a field is settled by whoever writes that
field, and not by whoever sends the form. What was typed is kept when it cannot be read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from node.fields_form import PROSE_LANGUAGES, field_name
from node.store.drafts import StoredDoubt
from node.typed import clean_line, clean_text
from node.web.form import Form
from node.web.shown_fields import FIELD_WORDS, LEFT_TO_RIGHT
from node.web.vocabulary_words import N_
from protocol import vocabulary

CODES: Final = "codes"
DATE: Final = "date"
_DATES: Final = ("date.day", "date.week", "date.month")
LIST_MOST: Final = 1000  # characters of a line that may hold several values
_PROSE: Final = ("text", "advice")
_CHOICES: Final[Mapping[str, Sequence[str]]] = {
    "role": vocabulary.ROLES,
    "basis": vocabulary.BASES,
    "location_type": vocabulary.LOCATION_TYPES,
    "date.slot": vocabulary.DATE_SLOTS,
    "severity": ("1", "2", "3", "4"),
}
GROUPS: Final = (
    (N_("In words"), ("text", "advice")),
    (N_("Who"), ("phone", "email", "handle", "profile", "plate", "plate.part", "name", "role")),
    (N_("Where and when"), ("place.region", "place.city", "place.district", "location_type",
                            DATE, "date.slot")),
    (N_("What he looks like"), tuple(f"person.{part}" for part in (
        "age", "height", "build", "hair", "marks", "accent", "words", "clothing", "race"))),
    (N_("Vehicle"), ("vehicle.make", "vehicle.model", "vehicle.colour")),
    (N_("How it is known"), ("severity", "basis")),
)  # fmt: skip
"""All fields but the codes, in the order of the form."""


@dataclass(frozen=True, slots=True)
class Row:
    """One field of the form. `kind` is line, prose or choice; `open` where it is shown at once."""

    name: str
    label: str
    kind: str
    value: str = field(repr=False)
    ltr: bool = False
    choices: tuple[str, ...] = ()
    language: str = ""
    doubts: tuple[StoredDoubt, ...] = field(default=(), repr=False)
    shielded: bool = False

    @property
    def open(self) -> bool:
        """Whether it says anything or is asked about."""
        return bool(self.value or self.doubts or self.shielded)


def code_choices() -> list[tuple[int, list[str]]]:
    """Every code by its severity, the worst first, notices last."""
    by: dict[int, list[str]] = {}
    for name, code in vocabulary.CODES.items():
        by.setdefault(code.severity, []).append(name)
    return [(severity, by[severity]) for severity in (4, 3, 2, 1, 0)]


def as_typed(fields: Mapping[str, Any], name: str) -> str:
    """A field's value as a person would type it."""
    if name == DATE:
        return next((str(fields[each]) for each in _DATES if each in fields), "")
    value = fields.get(name)
    if value is None:
        return ""
    if name in _PROSE:
        return str(value[1])
    return "; ".join(str(each) for each in value) if isinstance(value, list) else str(value)


def language_of(fields: Mapping[str, Any], name: str, ours: str) -> str:
    """The language in which a text is kept."""
    value = fields.get(name)
    return str(value[0]) if isinstance(value, list) and value else ours


def rows(
    fields: Mapping[str, Any], doubts: Sequence[StoredDoubt], shielded: frozenset[str],
    typed: Form | None, ours: str,
) -> list[tuple[str, list[Row]]]:  # fmt: skip
    """The form in its groups; `typed` is what was sent where it is shown again."""
    return [
        (group, [_row(fields, name, _about(doubts, name), shielded, typed, ours) for name in names])
        for group, names in GROUPS
    ]


def unplaced(doubts: Sequence[StoredDoubt]) -> list[StoredDoubt]:
    """The doubts that stand beside no field of the form."""
    every = [name for _, names in GROUPS for name in names]
    return [doubt for doubt in doubts if not any(_concerns(doubt, name) for name in every)]


def _row(
    fields: Mapping[str, Any], name: str, doubts: tuple[StoredDoubt, ...],
    shielded: frozenset[str], typed: Form | None, ours: str,
) -> Row:  # fmt: skip
    kind = "prose" if name in _PROSE else "choice" if name in _CHOICES else "line"
    sent = typed is not None and typed.has(f"f.{name}")
    value = typed.raw(f"f.{name}") if typed is not None and sent else as_typed(fields, name)
    language = language_of(fields, name, ours) if kind == "prose" else ""
    if typed is not None and typed.has(f"lang.{name}"):
        language = typed.raw(f"lang.{name}")[:2]
    label = FIELD_WORDS.get(name) or N_("Day, week or month")
    return Row(
        name, label, kind, value, name.partition(".")[0] in LEFT_TO_RIGHT,
        tuple(_CHOICES.get(name, ())), language, doubts, name in shielded,
    )  # fmt: skip


def _about(doubts: Sequence[StoredDoubt], name: str) -> tuple[StoredDoubt, ...]:
    return tuple(doubt for doubt in doubts if _concerns(doubt, name))


_FIRST_OF: Final = {"person": "person.race", "vehicle": "vehicle.make", "place": "place.city"}


def _concerns(doubt: StoredDoubt, name: str) -> bool:
    about = doubt.about or doubt.column
    if about in _DATES:
        about = DATE
    return about == name or _FIRST_OF.get(about) == name


def changed(fields: Mapping[str, Any], typed: Form, ours: str) -> dict[str, list[str]]:
    """What a form changes of a draft's fields, as `draft_edit` takes it. BadField."""
    found: dict[str, list[str]] = {}
    if typed.has("codes_shown"):
        codes = typed.every(CODES)
        if set(codes) != {str(code) for code in fields.get(CODES, ())}:
            found[CODES] = codes or [""]
    for name in (name for _, names in GROUPS for name in names):
        if not typed.has(f"f.{name}"):
            continue
        clean = clean_text if name in _PROSE else clean_line
        text = typed.text(f"f.{name}") if name in _PROSE else typed.line(f"f.{name}", LIST_MOST)
        language = typed.line(f"lang.{name}") or ours
        same_language = language == language_of(fields, name, ours)
        if text == clean(as_typed(fields, name)) and (same_language or not text):
            continue
        if name in _PROSE and text and language in PROSE_LANGUAGES:
            text = f"{language}: {text}"
        # A name may have a comma in it, so names alone are split here.
        found[field_name(name)] = text.split(";") if name == "name" else [text]
    return found
