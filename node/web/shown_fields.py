"""An alert as pages show it: its fields in the order in which people ask for them, in words.

Used by every page that shows an alert, so that no two say it differently. Values of fields are
others' text: templates escape them, `kind` says which are read from left to right everywhere.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from node.web.vocabulary_words import N_, word
from protocol.ids import day_of, iso_date

Tr = Callable[..., str]

FIELD_WORDS: Final = {
    "codes": N_("What happened"),
    "severity": N_("How dangerous"),
    "phone": N_("Phone number"),
    "phone.masked": N_("Phone number, in part"),
    "email": N_("Email address"),
    "email.masked": N_("Email address, in part"),
    "handle": N_("Name on a service"),
    "handle.masked": N_("Name on a service, in part"),
    "profile": N_("Profile"),
    "profile.masked": N_("Profile, in part"),
    "plate": N_("Licence plate"),
    "plate.masked": N_("Licence plate, in part"),
    "plate.part": N_("Part of a licence plate"),
    "name": N_("Name he uses"),
    "vehicle.make": N_("Vehicle make"),
    "vehicle.model": N_("Vehicle model"),
    "vehicle.colour": N_("Vehicle colour"),
    "place.district": N_("District"),
    "place.city": N_("City"),
    "place.region": N_("Region"),
    "location_type": N_("Kind of place"),
    "date.day": N_("Day"),
    "date.slot": N_("Time of day"),
    "date.week": N_("Week"),
    "date.month": N_("Month"),
    "person.age": N_("Age"),
    "person.height": N_("Height"),
    "person.build": N_("Build"),
    "person.hair": N_("Hair"),
    "person.marks": N_("Marks and tattoos"),
    "person.accent": N_("Accent or language"),
    "person.words": N_("What he says"),
    "person.clothing": N_("Clothing"),
    "person.race": N_("Described as"),
    "text": N_("In her words"),
    "advice": N_("Advice"),
    "role": N_("Who he was"),
    "basis": N_("How it is known"),
    "reason": N_("Why"),
    "terms": N_("What may be done with it"),
    "photo": N_("Photo"),
}
"""In the order in which they are shown."""

LEFT_TO_RIGHT: Final = frozenset({"phone", "email", "handle", "profile", "plate"})
CODED: Final = frozenset({"codes", "severity", "role", "basis", "location_type", "date.slot"})
PROSE: Final = frozenset({"text", "advice"})
COARSER: Final = {
    "date.week": ("date.day",),
    "date.month": ("date.day", "date.week"),
    "plate.part": ("plate",),
    **{f"{kind}.masked": (kind,) for kind in ("phone", "email", "handle", "profile", "plate")},
}
"""Weaker forms, which say nothing where one of these stands beside them."""

HIDDEN: Final = frozenset({"kind", "terms", "ref", "codes", "severity"})


@dataclass(frozen=True, slots=True)
class ShownField:
    """One field: its name in words, and its values; `ltr` for what is read from left to right.

    `language` is that in which a prose was written, "" for all else.
    """

    name: str
    label: str
    values: tuple[str, ...] = field(repr=False)
    ltr: bool
    prose: bool
    language: str = ""


@dataclass(frozen=True, slots=True)
class ShownAlert:
    """An alert, or what a check found of it."""

    id: str
    org: str
    codes: tuple[str, ...]
    severity: int
    fields: tuple[ShownField, ...] = field(repr=False)
    why: str
    age_days: int | None
    row: Mapping[str, Any] = field(repr=False)


def shown_fields(fields: Mapping[str, Any], tr: Tr) -> tuple[ShownField, ...]:
    """The fields of an alert in words, in order; weaker forms only where they say something."""
    names = [name for name in FIELD_WORDS if name in fields and name not in HIDDEN]
    names += sorted(name for name in fields if name not in FIELD_WORDS and name not in HIDDEN)
    return tuple(
        _shown(name, fields[name], tr)
        for name in names
        if not name.endswith(".token")
        and not any(finer in fields for finer in COARSER.get(name, ()))
    )


def label(name: str, tr: Tr) -> str:
    """A field's name in words."""
    known = FIELD_WORDS.get(name)
    return tr(known) if known else name


def _shown(name: str, value: Any, tr: Tr) -> ShownField:
    values = value if isinstance(value, list) else [value]
    if name in PROSE and len(values) == 2:  # its language, and its words
        written, words = map(str, values)
        return ShownField(name, label(name, tr), (words,), ltr=False, prose=True, language=written)
    texts = [word(each, tr) if name in CODED else str(each) for each in values]
    family = name.split(".", maxsplit=1)[0]
    return ShownField(name, label(name, tr), tuple(texts), family in LEFT_TO_RIGHT, name in PROSE)


def shown_alert(row: Mapping[str, Any], tr: Tr, now_us: int) -> ShownAlert:
    """A line of a list, a match, or an alert, as a card."""
    fields: Mapping[str, Any] = row.get("fields") or {}
    severity = row.get("severity", fields.get("severity", 0))
    codes = fields.get("codes") or row.get("codes") or ()
    return ShownAlert(
        id=str(row.get("alert") or row.get("id")),
        org=str(row.get("org_name") or str(row["org"])[:8]),
        codes=tuple(word(code, tr) for code in codes),
        severity=int(severity or 0),
        fields=shown_fields(fields, tr),
        why=str(row.get("why", "")),
        age_days=_age(fields, now_us),
        row=row,
    )


def _age(fields: Mapping[str, Any], now_us: int) -> int | None:
    """Days since it happened, as far as the record says."""
    today = date.fromisoformat(iso_date(day_of(now_us)))
    try:
        if "date.day" in fields:
            return (today - date.fromisoformat(fields["date.day"])).days
        if "date.week" in fields:
            year, _, week = str(fields["date.week"]).partition("-W")
            return (today - date.fromisocalendar(int(year), int(week), 1)).days
        if "date.month" in fields:
            return (today - date.fromisoformat(f"{fields['date.month']}-01")).days
    except ValueError:
        return None
    return None
