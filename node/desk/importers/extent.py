"""How large the sheets of a workbook are, before a reader lays them out in memory.

A reader makes room for the whole rectangle from the first cell to the last one that holds anything:
two cells in far corners, a kilobyte of file, are 17 thousand million. So the cells' places are read
first, from the XML, and a rectangle that no list fills is refused. Nothing is parsed beyond tags;
what is counted wrongly in a malformed file is counted as more.
"""

import io
import lzma
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Final

from node.desk.errors import ListTooLarge, UnreadableList
from node.desk.importers.reading import CELLS
from node.desk.importers.shared_text import check_text

_MOST: Final = 4 * CELLS  # lists have gaps
_NAME: Final = rb"""<(?:[^\s<>/:"'=]+:)?"""
# Up to the end of the tag; nothing where it has none, or a "<" in it, as no writer makes one.
_REST: Final = rb"""(?=[\s/>])(?:((?:[^<>"']++|"[^"<]*+"|'[^'<]*+')*+)>)?"""
_XLSX_TAG: Final = re.compile(_NAME + rb"(row|c)" + _REST)
_PLACE: Final = re.compile(rb"""(?:^|\s)r\s*=\s*["']\s*([A-Za-z]*)(\d*)""")
_ODS_TAG: Final = re.compile(_NAME + rb"(table|table-row|table-cell|covered-table-cell)" + _REST)
_REPEATED: Final = re.compile(
    rb"""(?:^|\s)(?:[^\s<>/:"'=]+:)?number-(?:rows|columns)-repeated\s*=\s*["']\s*(\d+)"""
)
_BROKEN: Final = (
    zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError, RuntimeError,
    zlib.error, lzma.LZMAError,
)  # fmt: skip
_DAMAGED: Final = "the workbook is cut off or damaged: copy or export it again"
_LETTERS_MOST: Final = 3  # of a column: XFD is the last
_DIGITS_MOST: Final = 7


def check_extent(data: bytes) -> None:
    """Refuse a zipped workbook whose sheets span more cells than lists do. ImportFailure."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
            if len(set(names)) < len(names):  # a reader may take another one of two than we do
                raise UnreadableList(_DAMAGED)
            if "xl/workbook.bin" in names:
                raise UnreadableList(
                    "this is a binary workbook (XLSB): save it as XLSX or CSV and import that"
                )
            spans = (
                span
                for name in names
                for span in _spans(archive.read(name), is_ods=name == "content.xml")
            )
            total = 0
            for rows, columns in spans:
                total += rows * columns
                if total > _MOST:
                    raise ListTooLarge(
                        "the sheets are larger than lists can be: delete the cells far below or"
                        " beside the list, or save it as CSV"
                    )
            check_text((name, archive.read(name)) for name in names)
    except _BROKEN:
        raise UnreadableList(_DAMAGED) from None


def _spans(part: bytes, *, is_ods: bool) -> Iterator[tuple[int, int]]:
    """The rows and columns that each sheet in this part spans, as they grow."""
    return _of_ods(part) if is_ods else _of_xlsx(part)


def _of_xlsx(part: bytes) -> Iterator[tuple[int, int]]:
    """One span: a sheet is a part. An empty cell, `<c … />`, has a style and takes no room."""
    row = column = rows = columns = 0
    for kind, attributes in _tags(_XLSX_TAG, part):
        place = _PLACE.search(attributes)
        letters, digits = (place[1], place[2]) if place else (b"", b"")
        if kind == b"row":
            row, column = _number(digits) if digits else row + 1, 0
            continue
        column = _column(letters) if letters else column + 1
        row = _number(digits) if digits else row
        if not attributes.endswith(b"/"):
            rows, columns = max(rows, row), max(columns, column)
    yield rows, columns


def _of_ods(part: bytes) -> Iterator[tuple[int, int]]:
    """A span for each table; rows and cells may say that they are repeated."""
    row = column = rows = columns = repeated = 0
    for kind, attributes in _tags(_ODS_TAG, part):
        found = _REPEATED.search(attributes)
        times = _number(found[1]) if found else 1
        if kind == b"table":
            yield rows, columns
            row = column = rows = columns = repeated = 0
        elif kind == b"table-row":
            row, column, repeated = row + repeated, 0, times
        else:
            column += times
            if b"value" in attributes or not attributes.endswith(b"/"):
                rows, columns = max(rows, row + repeated), max(columns, column)
    yield rows, columns


def _tags(pattern: re.Pattern[bytes], part: bytes) -> Iterator[tuple[bytes, bytes]]:
    for tag in pattern.finditer(part):
        if tag[2] is None:
            raise UnreadableList(_DAMAGED)
        yield tag[1], tag[2]


def _column(letters: bytes) -> int:
    if len(letters) > _LETTERS_MOST:
        return _MOST + 1
    number = 0
    for letter in letters.upper():
        number = 26 * number + letter - ord("A") + 1
    return number


def _number(digits: bytes) -> int:
    return int(digits) if len(digits) <= _DIGITS_MOST else _MOST + 1
