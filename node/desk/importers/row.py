"""One row becomes one draft: people's fields, the private rest, every doubt.

Invariants: what a reporter's column holds, and the row as it was, go to `private` only; a value
that is not valid for its field is left out with a doubt; nothing certain is doubted. On the spine:
table + mapping → (here) → drafts → review → alert.
"""

import re
from collections.abc import Mapping as Words
from typing import Final

from node.desk.doubts import Doubt
from node.desk.importers import appearance, categories, clock, identifiers
from node.desk.importers.beside import handles_beside
from node.desk.importers.consent import ConsentColumns, read_consent
from node.desk.importers.draft import ROW_KEY, DraftProposal, Setting, counted_from, fitting
from node.desk.importers.language import language_of
from node.desk.importers.mapping import MAY_BE_HERS, REPORTER, Mapping
from node.desk.importers.plates import read_plates
from node.desk.importers.words import fold, is_nothing, plain
from node.desk.prompts import REPORTER_KEY, prompts
from protocol.codec import Value
from protocol.vocabulary import BASES, NOTICES, severity_of

_ADDRESS: Final = re.compile(r"\b\d+\w?\s+\w+|\b\w+(?:stra(?:ß|ss)e|str\.)\s*\d", re.UNICODE)
_YES: Final = frozenset(
    {"x", "yes", "y", "1", "true", "✓", "✔", "☑", "oui", "si", "ja", "да", "sim", "tak"}
)


class RowReader:
    """Reads one row; `draft` returns None where it holds nothing that warns of anybody."""

    def __init__(
        self, number: int, cells: Words[int, str], mapping: Mapping, setting: Setting
    ) -> None:
        """`cells` maps a column's index to its text, empty ones left out."""
        self._number = number
        self._cells = cells
        self._mapping = mapping
        self._setting = setting
        self._fields: dict[str, Value] = {}
        self._doubts: list[Doubt] = []
        self._headers: dict[str, str] = {}

    def draft(self, fingerprint: str, sheet: str) -> DraftProposal | None:
        """Return the row's draft, or None."""
        self._unsure_columns()
        self._when()
        self._who()
        self._where()
        self._car()
        self._person()
        self._story()
        self._codes()
        consent = self._consent()
        self._fields, unfit = fitting(self._fields, self._headers, self._number)
        self._doubts.extend(unfit)
        if not self._warns():
            return None
        private = self._private()
        for doubt in prompts(self._fields, private):
            header = self._headers.get(
                doubt.column, "" if doubt.column == "codes" else doubt.column
            )
            self._doubts.append(
                doubt.at(self._number, header or self._headers.get("text", "codes"))
            )
        doubts = tuple(dict.fromkeys(self._doubts))
        return DraftProposal(
            self._number, fingerprint, self._fields, private, doubts, consent, sheet
        )

    def _of(self, *names: str) -> list[tuple[str, str, str]]:
        """(field, header, text) of the row's cells that feed these fields."""
        return [
            (column.field, column.header, self._cells[index])
            for index, column in enumerate(self._mapping.columns)
            if column.field in names and index in self._cells
        ]

    def _doubt(
        self, header: str, text: str, guess: str, reason: str, *, blocking: bool = False
    ) -> None:
        self._doubts.append(Doubt(self._number, header, text, guess, blocking, reason))

    def _unsure_columns(self) -> None:
        for index, column in enumerate(self._mapping.columns):
            if (
                column.sure
                or index not in self._cells
                or column.field in {REPORTER, "private", "ignore"}
            ):
                continue
            whose = column.field in {"phone", "email", "handle", "name", "identifiers"}
            hers = column.why == MAY_BE_HERS
            reason = (
                "whose is this? confirm the column in the mapping" if whose
                else MAY_BE_HERS if hers
                else f"the column was taken as {column.field}: {column.why or 'not certain'}"
            )  # fmt: skip
            self._doubt(
                column.header, self._cells[index], column.field, reason, blocking=whose or hers
            )

    def _when(self) -> None:
        reader = counted_from(self._setting.reader, self._mapping, self._cells)
        for _, header, text in self._of("date"):
            found = reader.read(text)
            if found.reason:
                guess = found.guess + (f" {found.slot}" if found.slot else "")
                self._doubt(header, text, guess, found.reason)
            for name, value in (("day", found.day), ("week", found.week), ("month", found.month)):
                if value and not any(k.startswith("date.") for k in self._fields):
                    self._fields[f"date.{name}"] = value
            if found.slot and "date.day" in self._fields:
                self._fields["date.slot"] = found.slot
        for _, header, text in self._of("time"):
            slot, reason = clock.read_slot(text)
            if slot and "date.day" in self._fields:
                self._fields["date.slot"] = slot
            if reason and "date.day" in self._fields:
                self._doubt(header, text, slot, reason)

    def _who(self) -> None:
        country = self._setting.country
        for name, header, text in self._of(
            "phone", "email", "handle", "profile", "name", "identifiers"
        ):
            readings: list[tuple[str, identifiers.Reading]] = []
            if name == "phone":
                if identifiers.emails_in(text):
                    readings.append(("email", identifiers.read_emails(text)))
                numbers, handles = handles_beside(identifiers.without_emails(text))
                readings.append(("handle", handles))
                readings.append(("phone", identifiers.read_phones(numbers, country)))
            elif name == "email":
                readings.append(("email", identifiers.read_emails(text)))
            elif name == "handle":
                readings.append(
                    ("handle", identifiers.read_handles(text, identifiers.service_of(header)))
                )
            elif name == "profile":
                readings.append(("profile", identifiers.read_profiles(text)))
            elif name == "name":
                readings.append(("name", identifiers.read_names(text)))
            else:
                readings.extend(identifiers.read_mixed(text, country))
            for kind, reading in readings:
                self._add(kind, self._not_reporters(kind, reading.values, header), header)
                for original, guess, reason in reading.doubts:
                    left_out = reason in identifiers.BLOCKING
                    self._doubt(header, original, guess, reason, blocking=left_out)

    def _not_reporters(self, kind: str, values: tuple[str, ...], header: str) -> tuple[str, ...]:
        """Leave out what the row's reporter columns hold too: it is hers."""
        if kind not in {"phone", "email"}:
            return values
        hers: set[str] = set()
        for _, _, text in self._of(REPORTER):
            hers.update(identifiers.read_emails(text).values if "@" in text else ())
            for number in identifiers.phones_in(text):
                hers.update(identifiers.read_phones(number, self._setting.country).values)
        for value in hers.intersection(values):
            self._doubt(header, value, "", "the reporter's own: left out", blocking=True)
        return tuple(v for v in values if v not in hers)

    def _add(self, kind: str, values: tuple[str, ...], header: str = "") -> None:
        have = self._fields.get(kind)
        both = [*(have if isinstance(have, list) else []), *values]
        if both:
            self._fields[kind] = list(dict.fromkeys(both))[: identifiers.MOST]
            self._headers.setdefault(kind, header)

    def _where(self) -> None:
        for name, header, text in self._of("location_type"):
            found = appearance.location_type_of(text)
            if found:
                self._fields[name] = found
            elif not is_nothing(text):
                self._fields[name] = "other"
                self._doubt(header, text, "other", "an unknown kind of place")
        for name, header, text in self._of("place.region", "place.city", "place.district", "place"):
            if not is_nothing(text):
                self._place(name, header, text)
        for name, default in self._mapping.defaults.items():
            self._fields.setdefault(name, default)
        if "place.city" not in self._fields:
            self._fields.pop("place.district", None)  # signing needs the city beside it
        if self._setting.region and "place.region" not in self._fields:
            self._fields["place.region"] = self._setting.region
        if "place.region" not in self._fields:
            self._fields.pop("place.city", None)
            self._fields.pop("place.district", None)

    def _place(self, name: str, header: str, text: str) -> None:
        text = self._setting.places.get(fold(text.strip()), text.strip())
        if name == "place.region":
            region = appearance.region_code(text, self._setting.country)
            if region:
                self._fields[name] = region
            return
        if name == "place" and appearance.is_location_type(text):
            self._fields.setdefault("location_type", appearance.location_type_of(text) or "other")
            return
        if _ADDRESS.search(text) or identifiers.phones_in(text):
            city = text.rsplit(",", 1)[-1].strip() if "," in text else ""
            city = "" if re.search(r"\d", city) else city
            self._doubt(header, text, city, "an address: it stays private")
            text = city
        town = appearance.postcode_town(text) if self._setting.country == "GB" else None
        if town:
            self._fields.setdefault("place.city", town)
            self._fields["place.district"] = text.upper()
        elif name == "place" and "," in text:
            first, last = (part.strip() for part in text.rsplit(",", 1))
            self._fields.setdefault("place.city", last)
            self._fields.setdefault("place.district", first)
        elif text:
            self._fields.setdefault("place.city" if name == "place" else name, text)
        self._headers.setdefault(name, header)

    def _car(self) -> None:
        country = self._setting.country
        for _, _, text in self._of("plate_region"):
            country = appearance.plate_country(text) or country
        for _, header, text in self._of("plate"):
            reading = read_plates(text, country)
            self._add("plate", reading.values, header)
            self._add("plate.part", reading.parts, header)
            for original, guess, reason in reading.doubts:
                self._doubt(header, original, guess, reason)
        parts: dict[str, str] = {}
        for name, header, text in self._of(
            "vehicle", "vehicle.make", "vehicle.model", "vehicle.colour"
        ):
            if is_nothing(text):
                continue
            leaf = name.removeprefix("vehicle.")
            found, plates, partial = appearance.split_vehicle(text, country)
            self._add("plate", plates, header)
            self._add("plate.part", partial, header)
            # "grey van" in the column of makes, "black pick up" in that of colours: taken apart
            whole = leaf == "vehicle" or (leaf != "model" and "colour" in found and len(found) > 1)
            for key, value in (found if whole else {leaf: text}).items():
                have = parts.get(key)
                parts[key] = f"{have}, {value}" if have and key == "model" else have or value
                self._headers.setdefault(f"vehicle.{key}", header)
        self._fields.update({f"vehicle.{key}": value for key, value in parts.items()})

    def _person(self) -> None:
        for name, header, text in self._of("person"):
            del name
            for key, value in appearance.split_person(text).items():
                self._join(key, value, header)
        listed = {c.field for c in self._mapping.columns if c.field.startswith("person.")}
        for column_field, header, text in self._of(*listed):
            if is_nothing(text):
                continue
            name, _, label = column_field.partition(":")
            if name in {"person.race", "person.accent", "person.words", "person.clothing"}:
                self._join(name, text, header)
                continue
            for part, piece in appearance.split_race(text):
                target = f"person.{part}" if part else name
                self._join(target, f"{label}: {piece}" if label and not part else piece, header)

    def _join(self, name: str, text: str, header: str) -> None:
        have = self._fields.get(name)
        self._fields[name] = f"{have}, {text}" if isinstance(have, str) else text
        self._headers.setdefault(name, header)

    def _story(self) -> None:
        for name in ("text", "advice"):
            found = [(header, text) for _, header, text in self._of(name) if not is_nothing(text)]
            if found:
                whole = "\n".join(text for _, text in found)
                self._fields[name] = [language_of(whole, self._setting.language), whole]
                self._headers[name] = found[0][0]

    def _codes(self) -> None:
        codes: list[str] = []
        catch_all = False
        for _, header, text in self._of("codes"):
            self._headers.setdefault("codes", header)
            if is_nothing(text):
                continue
            reading = categories.read_category(text, self._mapping.codes)
            codes.extend(reading.codes)
            catch_all = catch_all or reading.other
            if not reading.sure and reading.codes:
                self._doubt(
                    header, text, ", ".join(reading.codes), "no category that is known: a guess"
                )
        for index, column in enumerate(self._mapping.columns):
            if column.field.startswith("flag.") and plain(self._cells.get(index, "")) in _YES | {
                "x"
            }:
                codes.append(column.field.removeprefix("flag."))
        self._role_and_level()
        if not codes or catch_all:
            self._codes_of_story(codes)
        chosen = categories.one_kind(tuple(dict.fromkeys(codes)))
        if chosen:
            self._fields["codes"] = list(chosen)
            level = self._fields.get("severity")
            least = severity_of(chosen)
            if not isinstance(level, int) or level <= least or set(chosen) <= NOTICES:
                self._fields.pop("severity", None)
        else:
            self._fields.pop("severity", None)

    def _codes_of_story(self, codes: list[str]) -> None:
        text = self._fields.get("text")
        if not isinstance(text, list):
            return
        story = str(text[1])
        whole = categories.read_category(story, self._mapping.codes)
        if whole.sure and whole.codes:
            codes.extend(c for c in whole.codes if c not in codes)
            return
        found = [c for c in categories.read_story(story).codes if c not in codes]
        if codes:
            found = [c for c in found if (c in NOTICES) == (codes[0] in NOTICES)]
        found = list(categories.one_kind(tuple(found)))
        if found:
            codes.extend(found)
            self._doubt(
                self._headers["text"], story, ", ".join(found), "codes guessed from the words"
            )

    def _role_and_level(self) -> None:
        for name, header, text in self._of("role"):
            role = appearance.role_of(text)
            if role:
                self._fields[name] = role
            elif not is_nothing(text):
                self._doubt(header, text, "", "an unknown role")
        for name, header, text in self._of("severity"):
            level = appearance.severity_word(text)
            if level is not None:
                self._fields[name] = level
            elif not is_nothing(text):
                self._doubt(header, text, "", "an unknown level")
        for name, _, text in self._of("basis"):
            words = plain(text).replace(" ", "_")
            if words in BASES:
                self._fields[name] = words

    def _consent(self) -> ConsentColumns:
        found = self._of(
            *{c.field for c in self._mapping.columns if c.field.startswith("consent.")}
        )
        consent, unclear = read_consent({n.removeprefix("consent."): text for n, _, text in found})
        for name, header, text in found:
            if name.removeprefix("consent.") in unclear and name in {
                "consent.members",
                "consent.all",
                "consent.peers",
            }:
                self._doubt(header, text, "", "is this a yes or a no?", blocking=True)
        if consent.no_consent:
            header = next((h for n, h, _ in found if n in {"consent.members", "consent.all"}), "")
            text = next((t for n, _, t in found if n in {"consent.members", "consent.all"}), "")
            self._doubt(
                header,
                text,
                "no_consent",
                "the reporter said no: not to be published",
                blocking=True,
            )
        return consent

    def _warns(self) -> bool:
        strong = {
            "codes",
            "text",
            "phone",
            "email",
            "handle",
            "plate",
            "plate.part",
            "profile",
            "name",
            "advice",
        }
        described = [n for n in self._fields if n.startswith(("person.", "vehicle."))]
        return bool(strong & self._fields.keys()) or len(described) > 1

    def _private(self) -> dict[str, str]:
        private: dict[str, str] = {}
        for index, column in enumerate(self._mapping.columns):
            if index in self._cells:
                key = REPORTER_KEY if column.field == REPORTER else ROW_KEY
                private[f"{key}{column.header}"] = self._cells[index]
        return private
