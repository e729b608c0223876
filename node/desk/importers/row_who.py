"""Who a row warns of, by numbers, addresses, names and how he looks.

Invariant: what the row's reporter columns hold too is hers, and left out with a doubt.
"""

from collections.abc import Iterable

from node.desk.importers import appearance, identifiers, phones
from node.desk.importers.beside import handles_beside
from node.desk.importers.gathered import Gathered
from node.desk.importers.mapping import REPORTER
from node.desk.importers.readings import Reading
from node.desk.importers.words import is_nothing


def read_who(row: Gathered) -> None:
    """Read the columns that identify him."""
    country = row.setting.country
    for name, header, text in row.of("phone", "email", "handle", "profile", "name", "identifiers"):
        found: list[tuple[str, Reading]] = []
        if name == "phone":
            if identifiers.emails_in(text):
                found.append(("email", identifiers.read_emails(text)))
            numbers, handles = handles_beside(identifiers.without_emails(text))
            found.append(("handle", handles))
            found.append(("phone", phones.read_phones(numbers, country)))
        elif name == "email":
            found.append(("email", identifiers.read_emails(text)))
        elif name == "handle":
            found.append(("handle", identifiers.read_handles(text, identifiers.service_of(header))))
        elif name == "profile":
            found.append(("profile", identifiers.read_profiles(text)))
        elif name == "name":
            found.append(("name", identifiers.read_names(text)))
        else:
            found.extend(identifiers.read_mixed(text, country))
        for kind, reading in found:
            row.add(kind, _not_reporters(row, kind, reading.values, header), header)
            for original, guess, reason in reading.doubts:
                left_out = reason in phones.BLOCKING
                row.doubt(header, original, guess, reason, blocking=left_out)


def _not_reporters(
    row: Gathered, kind: str, values: tuple[str, ...], header: str
) -> tuple[str, ...]:
    """Leave out what the row's reporter columns hold too: it is hers."""
    if kind not in {"phone", "email"}:
        return values
    hers = reach_of((text for _, _, text in row.of(REPORTER)), row.setting.country)
    for value in hers.intersection(values):
        row.doubt(header, value, "", "the reporter's own: left out", blocking=True)
    for value in (row.setting.hers - hers).intersection(values):
        row.doubt(header, value, value, "in another row this is the reporter's", blocking=True)
    return tuple(v for v in values if v not in hers)


def reach_of(texts: Iterable[str], country: str | None) -> frozenset[str]:
    """Return every number and email address in cells about the reporter."""
    found: set[str] = set()
    for text in texts:
        found.update(identifiers.read_emails(text).values if "@" in text else ())
        for number in phones.phones_in(text):
            found.update(phones.read_phones(number, country).values)
    return frozenset(found)


def read_person(row: Gathered) -> None:
    """Read the columns that describe him."""
    for name, header, text in row.of("person"):
        del name
        for key, value in appearance.split_person(text).items():
            row.join(key, value, header)
    listed = {c.field for c in row.mapping.columns if c.field.startswith("person.")}
    for column_field, header, text in row.of(*listed):
        if is_nothing(text):
            continue
        name, _, label = column_field.partition(":")
        if name in {"person.race", "person.accent", "person.words", "person.clothing"}:
            row.join(name, text, header)
            continue
        for part, piece in appearance.split_race(text):
            target = f"person.{part}" if part else name
            row.join(target, f"{label}: {piece}" if label and not part else piece, header)
