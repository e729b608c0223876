"""XLSX and ODS workbooks become sheets of texts, as people see them.

Invariant: a number that stands for a phone keeps its digits (4165550000.0 → 4165550000), a date
stays a date (ISO). The archive is measured before it is opened: a zip bomb is refused. An XLS file
of old cannot be measured so, and is refused as it is.
"""

import datetime as dt
import io
import zipfile
from typing import Final

from node.desk.errors import ImportFailure, ListTooLarge, UnreadableList
from node.desk.importers.extent import check_extent
from node.desk.importers.reading import CELLS, COLUMNS, Grid, clean_cell

_UNPACKED_BYTES: Final = 200 * 1024 * 1024
_MAX_RATIO: Final = 400
_MIDNIGHT: Final = dt.time(0)


def read_workbook(data: bytes) -> tuple[Grid, ...]:
    """Return every sheet that holds something; ImportFailure for what cannot be opened."""
    if data[:2] == b"PK":
        _measure(data)
        check_extent(data)
    elif b"E\x00n\x00c\x00r\x00y\x00p\x00t" in data:
        raise UnreadableList(
            "the workbook is protected by a password: save a copy without one and import that"
        )
    else:
        raise UnreadableList(
            "this is a workbook of the old kind (XLS): open it, save it as XLSX or CSV, import that"
        )
    from python_calamine import CalamineWorkbook

    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        grids = [_read_sheet(book, name) for name in book.sheet_names]
    except ImportFailure:
        raise
    # The reader is a native library: besides its own errors a panic arrives as a BaseException,
    # which must not end the node either.
    except (KeyboardInterrupt, SystemExit, MemoryError):
        raise
    except BaseException:  # noqa: BLE001
        raise UnreadableList(
            "the workbook is damaged or of an unknown kind (or protected by a password): "
            "open it and save it again as XLSX or CSV"
        ) from None
    return tuple(grid for grid in grids if grid.lines)


def _measure(data: bytes) -> None:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, EOFError):
        raise UnreadableList(
            "the workbook is cut off or damaged: copy or export it again"
        ) from None
    size = sum(info.file_size for info in infos)
    packed = sum(info.compress_size for info in infos)
    if size > _UNPACKED_BYTES or (size > 2**24 and size > packed * _MAX_RATIO) or len(infos) > 5000:
        raise ListTooLarge("the workbook unpacks to more than a list can hold: save it as CSV")
    if any(info.flag_bits & 1 for info in infos):
        raise UnreadableList("the workbook is protected by a password: save a copy without one")


def _read_sheet(book: "object", name: str) -> Grid:
    from python_calamine import CalamineWorkbook

    assert isinstance(book, CalamineWorkbook)  # noqa: S101 (for the type checker: the import is late)
    sheet = book.get_sheet_by_name(name)
    height, width = sheet.total_height, sheet.total_width
    if height * min(width, COLUMNS) > CELLS * 4:
        raise ListTooLarge("the sheet is larger than a list can be: delete its empty rows")
    lines: list[tuple[int, tuple[str, ...]]] = []
    cells = 0
    for number, row in enumerate(sheet.to_python(skip_empty_area=False), start=1):
        texts = [_text(value) for value in row]
        while texts and not texts[-1]:
            texts.pop()
        cells += len(texts)
        if cells > CELLS or len(texts) > COLUMNS:
            raise ListTooLarge("the sheet is larger than a list can be: split it")
        lines.append((number, tuple(texts)))
    while lines and not any(lines[-1][1]):
        lines.pop()
    return Grid(name, tuple(lines))


def _text(value: object) -> str:
    if isinstance(value, str):
        return clean_cell(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, dt.datetime):
        if value.time() == _MIDNIGHT:
            return value.date().isoformat()
        return value.strftime("%Y-%m-%d %H:%M")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, dt.time):
        return value.strftime("%H:%M")
    if isinstance(value, dt.timedelta):
        minutes = int(value.total_seconds()) // 60
        return f"{minutes // 60:02}:{minutes % 60:02}"
    return clean_cell(str(value))


def _number(value: float) -> str:
    if value != value or value in (float("inf"), float("-inf")):  # noqa: PLR0124 (NaN)
        return ""
    return str(int(value)) if value == int(value) and abs(value) < 1e16 else repr(value)
