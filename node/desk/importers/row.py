"""One row becomes one draft: people's fields, the private rest, every doubt.

Invariants: what a reporter's column holds, and the row as it was, go to `private` only; a value
that is not valid for its field is left out with a doubt; nothing certain is doubted. On the spine:
table + mapping → (here) → drafts → review → alert.
"""

from collections.abc import Mapping as Words
from dataclasses import replace
from typing import Final

from node.desk.importers import clock
from node.desk.importers.consent import ConsentColumns, read_consent
from node.desk.importers.draft import ROW_KEY, DraftProposal, Setting, counted_from, fitting
from node.desk.importers.gathered import Gathered
from node.desk.importers.mapping import MAY_BE_HERS, REPORTER, WHOSE, Mapping
from node.desk.importers.row_what import read_codes, read_words
from node.desk.importers.row_where import read_car, read_where
from node.desk.importers.row_who import read_person, read_who
from node.desk.prompts import REPORTER_KEY, prompts

_OF_HIM: Final = frozenset({"phone", "email", "handle", "name", "profile", "identifiers", "plate"})
_BROKEN: Final = "an error of a spreadsheet stands here: the value is lost"


class RowReader:
    """Reads one row; `draft` returns None where it holds nothing that warns of anybody."""

    def __init__(
        self, number: int, cells: Words[int, str], mapping: Mapping, setting: Setting
    ) -> None:
        """`cells` maps a column's index to its text, empty ones left out."""
        self._row = Gathered(number, cells, mapping, setting)

    def draft(self, fingerprint: str, sheet: str) -> DraftProposal | None:
        """Return the row's draft, or None."""
        row = self._row
        _unsure_columns(row)
        _broken_cells(row)
        _when(row)
        read_who(row)
        read_where(row)
        read_car(row)
        read_person(row)
        read_words(row)
        read_codes(row)
        consent = _consent(row)
        row.fields, unfit = fitting(row.fields, row.headers, row.number)
        row.doubts.extend(unfit)
        if not _warns(row):
            return None
        private = _private(row)
        for doubt in prompts(row.fields, private):
            if doubt.column == "codes" and row.unknown:
                doubt = replace(doubt, text=row.unknown)  # noqa: PLW2901
            header = row.headers.get(doubt.column, "" if doubt.column == "codes" else doubt.column)
            row.doubts.append(doubt.at(row.number, header or row.headers.get("text", "codes")))
        doubts = tuple(dict.fromkeys(row.doubts))
        return DraftProposal(row.number, fingerprint, row.fields, private, doubts, consent, sheet)


def _unsure_columns(row: Gathered) -> None:
    for index, column in enumerate(row.mapping.columns):
        if column.sure or index not in row.cells or column.field in {REPORTER, "private", "ignore"}:
            continue
        whose = column.field in _OF_HIM
        hers = column.why == MAY_BE_HERS
        reason = (
            WHOSE if whose
            else MAY_BE_HERS if hers
            else f"the column was taken as {column.field}: {column.why or 'not certain'}"
        )  # fmt: skip
        row.doubt(column.header, row.cells[index], column.field, reason, blocking=whose or hers)


def _broken_cells(row: Gathered) -> None:
    for field, header, text in row.broken():
        if field in {REPORTER, "private", "ignore"}:
            continue
        row.doubt(header, text, "", _BROKEN, blocking=field in _OF_HIM)


def _when(row: Gathered) -> None:
    reader = counted_from(row.setting.reader, row.mapping, row.cells)
    for _, header, text in row.of("date"):
        found = reader.read(text)
        if found.reason:
            guess = found.guess + (f" {found.slot}" if found.slot else "")
            row.doubt(header, text, guess, found.reason)
        for name, value in (("day", found.day), ("week", found.week), ("month", found.month)):
            if value and not any(k.startswith("date.") for k in row.fields):
                row.fields[f"date.{name}"] = value
        if found.slot and "date.day" in row.fields:
            row.fields["date.slot"] = found.slot
    for _, header, text in row.of("time"):
        slot, reason = clock.read_slot(text)
        if slot and "date.day" in row.fields:
            row.fields["date.slot"] = slot
        if reason and "date.day" in row.fields:
            row.doubt(header, text, slot, reason)


def _consent(row: Gathered) -> ConsentColumns:
    found = row.of(*{c.field for c in row.mapping.columns if c.field.startswith("consent.")})
    consent, unclear = read_consent({n.removeprefix("consent."): text for n, _, text in found})
    for name, header, text in found:
        if name.removeprefix("consent.") in unclear and name in {
            "consent.members",
            "consent.all",
            "consent.peers",
        }:
            row.doubt(header, text, "", "is this a yes or a no?", blocking=True)
    if consent.no_consent:
        header = next((h for n, h, _ in found if n in {"consent.members", "consent.all"}), "")
        text = next((t for n, _, t in found if n in {"consent.members", "consent.all"}), "")
        row.doubt(
            header,
            text,
            "no_consent",
            "the reporter said no: not to be published",
            blocking=True,
        )
    return consent


def _warns(row: Gathered) -> bool:
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
    described = [n for n in row.fields if n.startswith(("person.", "vehicle."))]
    return bool(strong & row.fields.keys() or row.unknown) or len(described) > 1


def _private(row: Gathered) -> dict[str, str]:
    private: dict[str, str] = {}
    for index, column in enumerate(row.mapping.columns):
        if index in row.cells:
            key = REPORTER_KEY if column.field == REPORTER else ROW_KEY
            private[f"{key}{column.header}"] = row.cells[index]
    return private
