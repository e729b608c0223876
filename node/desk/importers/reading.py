"""A file becomes sheets: a header and rows of original texts, in whatever shape it came.

Decides the kind of file by its content (the name is only a hint), the delimiter, and what is a
blank line. Does not decide where the header stands (`header`) nor what a column means (`guess`).
Bounds: `LIST_BYTES`, `CELLS`. Any bytes give sheets or an ImportFailure.
"""

import csv
import io
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from node.desk.errors import ListTooLarge, UnreadableList
from node.desk.importers.encoding import decode_text
from node.typed import clean_text

LIST_BYTES: Final = 50 * 1024 * 1024
CELLS: Final = 2_000_000
COLUMNS: Final = 500
_DELIMITERS: Final = ",;\t|"
_SAMPLE_LINES: Final = 200
_REPAIRS: Final = 50


@dataclass(frozen=True, slots=True)
class Grid:
    """A sheet as it stands in the file: `lines` are (row number as people see it, cells)."""

    name: str
    lines: tuple[tuple[int, tuple[str, ...]], ...] = field(repr=False)
    warnings: tuple[str, ...] = ()


def check_size(data: bytes) -> None:
    """Refuse an empty file, or one larger than any list."""
    if len(data) > LIST_BYTES:
        raise ListTooLarge(
            f"the file is larger than {LIST_BYTES // 2**20} MB: split the list and import the parts"
        )
    if not data.strip(b"\x00 \t\r\n"):
        raise UnreadableList("the file is empty: export the list again and check its size")


def read_grids(data: bytes, filename: str) -> tuple[Grid, ...]:
    """Return the sheets of a spreadsheet or delimited file; ImportFailure where it is neither."""
    check_size(data)
    if (
        data[:4] in (b"PK\x03\x04", b"PK\x05\x06")
        or data[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
    ):
        from node.desk.importers.workbook import read_workbook

        return read_workbook(data)
    if data[:5] == b"%PDF-":
        raise UnreadableList("this is a PDF: export the list as CSV, XLSX or ODS instead")
    text = decode_text(data)
    if text.lstrip()[:14].lower().startswith(("<!doctype html", "<html")):
        raise UnreadableList("this is a web page: save the list as CSV, XLSX or ODS instead")
    return (read_delimited(text, tabs=filename.lower().endswith((".tsv", ".tab"))),)


def read_delimited(text: str, *, tabs: bool = False) -> Grid:
    """Return the one sheet of a CSV or TSV text, the delimiter inferred from its lines."""
    first, _, rest = text.partition("\n")
    named = re.fullmatch(r'"?sep=(.)"?\r?', first.strip("\ufeff"), re.IGNORECASE)
    skipped = 0
    if named:
        delimiter, text, skipped = named.group(1), rest, 1
    else:
        delimiter = "\t" if tabs and "\t" in text else _delimiter(text)
    warnings: tuple[str, ...] = ()
    try:
        rows = _parse(text, delimiter, strict=True)
    except csv.Error:
        rows = _parse_loosely(text, delimiter)
        warnings = ("a quotation mark is never closed: check the rows around it",)
    lines = tuple(
        (number + skipped, tuple(clean_cell(c) for c in row))
        for number, row in enumerate(rows, start=1)
    )
    return Grid("", lines, warnings)


def clean_cell(text: str) -> str:
    """Strip what is invisible, controls and marks of direction too; no-break spaces are spaces."""
    if not (text.isascii() and text.isprintable()):
        text = re.sub(r"[\u00a0\u2007\u202f]", " ", re.sub("[\u200c\u200d]", "", text))
    return clean_text(text)


def _parse(
    text: str, delimiter: str, *, strict: bool, quoting: int = csv.QUOTE_MINIMAL
) -> list[list[str]]:
    rows: list[list[str]] = []
    cells = 0
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=delimiter,
        strict=strict,
        quoting=quoting,  # type: ignore[arg-type]
    )
    for row in reader:
        cells += len(row)
        if cells > CELLS or len(row) > COLUMNS:
            raise ListTooLarge(f"more than {CELLS} cells or {COLUMNS} columns: split the list")
        rows.append(row)
    return rows


def _parse_loosely(text: str, delimiter: str) -> list[list[str]]:
    """Read on after a quotation mark that is never closed, so that it cannot swallow the rest.

    The line that holds it is read as it stands, and reading goes on below it.
    """
    lines = io.StringIO(text, newline="").readlines()
    rows: list[list[str]] = []
    start = 0
    for _ in range(_REPAIRS):
        try:
            found = _parse_from("".join(lines[start:]), delimiter)
        except csv.Error:
            raise UnreadableList(
                "a cell is longer than a list's cell can be: save the list as CSV again"
            ) from None
        if not found:
            return rows
        rows.extend(row for row, _ in found[:-1])
        last, first_line = found[-1]
        if not _unclosed("".join(lines[start + first_line :]), delimiter):
            return [*rows, last]
        start += first_line
        broken = lines[start].rstrip("\r\n").split(delimiter)
        rows.append([cell.strip().strip('"') for cell in broken])
        start += 1
    return rows


def _parse_from(text: str, delimiter: str) -> list[tuple[list[str], int]]:
    """Each row with the number of the line it starts on, from 0."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    found: list[tuple[list[str], int]] = []
    line = 0
    for row in reader:
        if len(row) > COLUMNS or len(found) > CELLS:
            raise ListTooLarge(f"more than {COLUMNS} columns: split the list")
        found.append((row, line))
        line = reader.line_num
    return found


def _unclosed(text: str, delimiter: str) -> bool:
    try:
        list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))
    except csv.Error as error:
        return "end of data" in str(error)
    return False


def _delimiter(text: str) -> str:
    """The delimiter whose rows agree most on their number of columns."""
    sample = "\n".join(text.splitlines()[:_SAMPLE_LINES])
    best, best_score = ",", 0.0
    for delimiter in _DELIMITERS:
        try:
            rows = [r for r in csv.reader(io.StringIO(sample), delimiter=delimiter) if any(r)]
        except csv.Error:
            continue
        widths = Counter(len(r) for r in rows)
        if not widths:
            continue
        width, count = max(widths.items(), key=lambda item: (item[1] * (item[0] > 1), item[0]))
        if width < 2:
            continue
        score = count / len(rows) + min(width, 30) / 100
        if score > best_score:
            best, best_score = delimiter, score
    return best
