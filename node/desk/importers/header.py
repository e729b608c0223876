"""Where a sheet's header stands: title rows above it, none at all, or repeated on every page.

Decides by the words: a header's cells are words that lists use as headers, and no data. On the
spine: grid → (here) → table → mapping → drafts.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from node.desk.importers.column_values import is_plate, is_written_date
from node.desk.importers.guess_header import header_field
from node.desk.importers.header_groups import whole_header
from node.desk.importers.reading import Grid
from node.desk.importers.words import plain

_LOOK_AT: Final = 30
_DATA: Final = re.compile(
    r"""^(?:[+(]?\d[\d\s().\-/+]{5,}          # a number to call
        |\d{1,4}[-./]\d{1,2}(?:[-./]\d{1,4})?  # a date
        |\S+@\S+\.\w+|https?://\S+)$""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Table:
    """A header and the rows below it; `rows` are (row number, cells padded to the header)."""

    name: str
    header: tuple[str, ...]
    headed: bool
    rows: tuple[tuple[int, tuple[str, ...]], ...] = field(repr=False)
    warnings: tuple[str, ...] = ()

    def column(self, index: int) -> list[str]:
        """Return the non-empty cells of a column."""
        return [cells[index] for _, cells in self.rows if cells[index]]


def find_table(grid: Grid) -> Table:
    """Return the sheet's table; `headed` is false where the first row is data already."""
    lines = grid.lines
    width = max((_width(cells) for _, cells in lines), default=0)
    best, best_score = -1, 0.0
    for index, (_, cells) in enumerate(lines[:_LOOK_AT]):
        score = _header_score(cells, width)
        if score > best_score:
            best, best_score = index, score
    if best < 0:
        best = _unknown_header(lines[:_LOOK_AT], width)
    if best < 0:
        header = tuple(f"column {i + 1}" for i in range(width))
        return Table(
            grid.name, header, headed=False, rows=_pad(lines, width), warnings=grid.warnings
        )
    names, start = whole_header(lines, best, _is_data)
    header = _unique(names, max(width, len(names)))
    below = [line for line in lines[start:] if not _repeats(line[1], lines[best][1])]
    rows = _pad(below, len(header))
    return Table(grid.name, header, headed=True, rows=rows, warnings=grid.warnings)


def find_tables(grid: Grid) -> tuple[Table, ...]:
    """Return the sheet's tables: a header with another column half-way down begins a new one."""
    table = find_table(grid)
    for number, cells in table.rows:
        if table.headed and _begins_another(cells, table.header):
            first = tuple(line for line in grid.lines if line[0] < number)
            rest = tuple(line for line in grid.lines if line[0] >= number)
            above = find_table(Grid(grid.name, first, grid.warnings))
            return above, *find_tables(Grid(grid.name, rest))
    return (table,)


def _begins_another(cells: Sequence[str], header: Sequence[str]) -> bool:
    """Mostly the words of the header above, and for the rest other words that headers have."""
    filled = [(cell, name) for cell, name in zip(cells, header, strict=True) if cell]
    other = [cell for cell, name in filled if plain(cell) != plain(name)]
    if len(filled) - len(other) < 2 or not other or any(_is_data(cell) for cell in other):
        return False
    return all(header_field(cell) is not None for cell in other)


def _width(cells: Sequence[str]) -> int:
    return max((i + 1 for i, cell in enumerate(cells) if cell), default=0)


def _header_score(cells: Sequence[str], width: int) -> float:
    filled = [cell for cell in cells if cell]
    if not filled or len(filled) < max(1, min(width, 3) - 1) or len(filled) < width * 0.4:
        return 0.0
    if any(map(_is_data, filled)):
        return 0.0
    known = sum(1 for cell in filled if len(cell) <= 120 and header_field(cell) is not None)
    if known < (1 if len(filled) < 4 else 2):
        return 0.0
    return known / len(filled) + known * 0.05


def _is_data(cell: str) -> bool:
    return bool(_DATA.match(cell)) or is_written_date(cell) or is_plate(cell)


def _unknown_header(lines: Sequence[tuple[int, tuple[str, ...]]], width: int) -> int:
    """A header in a language that we do not know: words without digits above rows with them."""
    full = [i for i, (_, cells) in enumerate(lines) if sum(map(bool, cells)) >= max(2, width * 0.6)]
    if not full:
        return -1
    first = lines[full[0]][1]
    filled = [cell for cell in first if cell]
    if len(set(filled)) < len(filled) or any(re.search(r"\d", c) or len(c) > 40 for c in filled):
        return -1
    below = [lines[i][1] for i in full[1:]]
    if below and any(re.search(r"\d{3}", cell) for cells in below for cell in cells):
        return full[0]
    return -1


def _unique(names: Sequence[str], width: int) -> tuple[str, ...]:
    header: list[str] = []
    seen: dict[str, int] = {}
    for index in range(width):
        name = " ".join(names[index].split()) if index < len(names) else ""
        name = name or f"column {index + 1}"
        seen[name] = seen.get(name, 0) + 1
        header.append(name if seen[name] == 1 else f"{name} ({seen[name]})")
    return tuple(header)


def _repeats(cells: Sequence[str], names: Sequence[str]) -> bool:
    mine = [plain(c) for c in cells if c]
    return len(mine) > 1 and mine == [plain(n) for n in names if n]


def _pad(
    lines: Sequence[tuple[int, tuple[str, ...]]], width: int
) -> tuple[tuple[int, tuple[str, ...]], ...]:
    return tuple((n, (*cells[:width], *([""] * (width - len(cells))))) for n, cells in lines)
