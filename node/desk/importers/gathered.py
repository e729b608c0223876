"""What is gathered of one row while it is read: its cells, and the fields and doubts so far.

The readers of a row (`row`, `row_who`, `row_where`, `row_what`) share it, each filling its own
fields. Decides nothing of its own but that a field holds no more values than it can.
"""

import re
from collections.abc import Mapping as Words
from typing import Final

from node.desk.doubts import Doubt
from node.desk.importers import readings
from node.desk.importers.draft import Setting
from node.desk.importers.mapping import Mapping
from protocol.codec import Value

_BROKEN: Final = re.compile(
    r"#(?:NAME\?|REF!|N/A|VALUE!|DIV/0!|NUM!|NULL!|SPILL!|CALC!|ERROR!)|#{3,}|Err:\d{3}"
)


class Gathered:
    """One row: `cells` maps a column's index to its text, empty ones left out."""

    def __init__(
        self, number: int, cells: Words[int, str], mapping: Mapping, setting: Setting
    ) -> None:
        """Begin with nothing read."""
        self.number = number
        self.cells = cells
        self.mapping = mapping
        self.setting = setting
        self.fields: dict[str, Value] = {}
        self.doubts: list[Doubt] = []
        self.headers: dict[str, str] = {}
        self.unknown = ""  # a category that no code is known for

    def of(self, *names: str) -> list[tuple[str, str, str]]:
        """(field, header, text) of the row's cells that feed these fields.

        An error that a spreadsheet left in place of a value feeds none: `broken` has those.
        """
        return [
            (column.field, column.header, self.cells[index])
            for index, column in enumerate(self.mapping.columns)
            if column.field in names
            and index in self.cells
            and not _BROKEN.fullmatch(self.cells[index])
        ]

    def broken(self) -> list[tuple[str, str, str]]:
        """(field, header, text) of the cells where a spreadsheet's error stands for a value."""
        return [
            (column.field, column.header, self.cells[index])
            for index, column in enumerate(self.mapping.columns)
            if index in self.cells and _BROKEN.fullmatch(self.cells[index])
        ]

    def doubt(
        self, header: str, text: str, guess: str, reason: str, *, blocking: bool = False
    ) -> None:
        """Note a doubt about a cell."""
        self.doubts.append(Doubt(self.number, header, text, guess, blocking, reason))

    def add(self, kind: str, values: tuple[str, ...], header: str = "") -> None:
        """Add values to a field that holds several."""
        have = self.fields.get(kind)
        both = [*(have if isinstance(have, list) else []), *values]
        if both:
            self.fields[kind] = list(dict.fromkeys(both))[: readings.MOST]
            self.headers.setdefault(kind, header)

    def join(self, name: str, text: str, header: str) -> None:
        """Put a text behind what a field of one text holds already."""
        have = self.fields.get(name)
        self.fields[name] = f"{have}, {text}" if isinstance(have, str) else text
        self.headers.setdefault(name, header)
