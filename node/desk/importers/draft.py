"""A draft as a list proposes it, what holds for the whole list, and how a row is known again.

On the spine: table + mapping → `row` or `chat_draft` → (this type) → review → alert.
"""

import datetime as dt
import hashlib
from collections.abc import Mapping as Words
from dataclasses import dataclass, field, replace
from typing import Final

from node.desk.doubts import Doubt
from node.desk.importers import dates
from node.desk.importers.appearance import is_town
from node.desk.importers.consent import ConsentColumns
from node.desk.importers.guess_header import header_field
from node.desk.importers.mapping import PRIVATE, Mapping
from node.desk.importers.words import fold, plain
from protocol.codec import Value
from protocol.errors import ProtocolError
from protocol.fields import validate

ROW_KEY: Final = "row:"


@dataclass(frozen=True, slots=True)
class DraftProposal:
    """A draft as one row proposes it; `fingerprint` names the row's content, whatever its file."""

    row: int
    fingerprint: str
    fields: Words[str, Value] = field(repr=False)
    private: Words[str, str] = field(repr=False)
    doubts: tuple[Doubt, ...] = field(repr=False)
    consent: ConsentColumns
    sheet: str = ""

    @property
    def no_consent(self) -> bool:
        """Whether the row's own "no" forbids to publish it."""
        return self.consent.no_consent


@dataclass(frozen=True, slots=True)
class Setting:
    """What holds for a whole list: country, region, language, how its dates are read, its towns.

    `towns` counts with how many districts a place stands in this list, and more where it stands
    alone. `hers`: numbers and addresses that the columns of reporters hold, in any row.
    """

    country: str | None
    region: str | None
    language: str
    reader: dates.DateReader
    places: Words[str, str] = field(default_factory=dict)
    towns: Words[str, int] = field(default_factory=dict)
    hers: frozenset[str] = field(default=frozenset(), repr=False)

    def town_score(self, name: str) -> int:
        """How much speaks for this being the town of "Leeds, Holbeck" or "Holbeck, Leeds"."""
        return self.towns.get(fold(name), 0) + 2 * is_town(name)


def row_fingerprint(header: tuple[str, ...], cells: tuple[str, ...]) -> str:
    """Return the name of a row's content: spaces, case and the order of columns do not matter."""
    parts = sorted(
        f"{plain(name)}\x1f{' '.join(fold(cell).split())}"
        for name, cell in zip(header, cells, strict=True)
        if cell
    )
    return hashlib.blake2b(
        "\x1e".join(parts).encode(), digest_size=16, person=b"parasol.row"
    ).hexdigest()


def as_of_day(as_of: dt.date | None, today: dt.date) -> tuple[dt.date, bool]:
    """Return the day from which relative dates count, and whether a person has said it."""
    return (min(as_of, today), True) if as_of is not None else (today, False)


def counted_from(
    reader: dates.DateReader, mapping: Mapping, cells: Words[int, str]
) -> dates.DateReader:
    """Return the reader for one row: "last night" counts from the day its form was sent."""
    for index, column in enumerate(mapping.columns):
        if column.field != PRIVATE or index not in cells:
            continue
        if (header_field(column.header) or ("", False))[0] != "timestamp":
            continue
        sent = reader.read(cells[index])
        if sent.day and not sent.reason:
            return replace(reader, as_of=dt.date.fromisoformat(sent.day), as_of_known=True)
    return reader


def fitting(
    fields: Words[str, Value], headers: Words[str, str], row: int
) -> tuple[dict[str, Value], list[Doubt]]:
    """Return the fields whose values are valid, and a doubt for each that is left out."""
    good: dict[str, Value] = {}
    doubts: list[Doubt] = []
    for name, value in fields.items():
        try:
            validate(name, value)
        except ProtocolError:
            shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            reason = "too long or not usable for its field: it stays private"
            blocking = name in {"text", "codes"}
            doubts.append(Doubt(row, headers.get(name, name), shown[:200], "", blocking, reason))
        else:
            good[name] = value
    return good, doubts
