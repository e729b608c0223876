"""The one way in: a file's bytes become drafts, doubts and a report, without touching any store.

Reads the file (`reading`, `chat`), finds each sheet's table (`header`), settles the mapping (given,
remembered or guessed) and reads row by row (`draft`). Any bytes give a result or an ImportFailure.
Invariant: nothing here publishes; what comes out are proposals for the desk.
"""

import datetime as dt
import re
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, replace
from typing import Final

from node.desk.doubts import Doubt
from node.desk.errors import UnknownColumns
from node.desk.importers import dates
from node.desk.importers.chat import Message, is_empty_message, read_chat
from node.desk.importers.chat_draft import draft_of, room_of
from node.desk.importers.draft import DraftProposal, Setting, as_of_day, row_fingerprint
from node.desk.importers.encoding import decode_text
from node.desk.importers.guess import guess_mapping
from node.desk.importers.guess_header import forget_headers
from node.desk.importers.header import Table, find_tables
from node.desk.importers.language import language_of
from node.desk.importers.list_places import spellings, towns_of
from node.desk.importers.mapping import (
    IGNORE,
    PRIVATE,
    REPORTER,
    UNNAMED,
    Column,
    Mapping,
    confirmed,
    fitted,
    header_fingerprint,
    unnamed_warning,
)
from node.desk.importers.phones import forget_numbers
from node.desk.importers.reading import check_size, read_grids
from node.desk.importers.row import RowReader
from node.desk.importers.row_who import reach_of
from node.desk.importers.words import fold, plain

Remembered = Callable[[str], Mapping | None]
_FOOTER: Final = re.compile(
    r"^\W*(?:total|totals|sum|count|confidential|private|page \d|last updated|updated|end\b|"
    r"end of|source|printed|exported|generated|note:|"
    r"fin\b|somme|confidentiel|suma|confidencial|gesamt|summe|vertraulich|stand|ende\b|итого|"
    r"всего|totale|totaal|razem|n\s?=)",
)
_EMPTY: Final = "an empty row"
_FOOT: Final = "the end of a list, such as a total"
_TWICE: Final = "the same as an earlier row"
_NOTHING: Final = "nothing in it that warns of anybody"
_NO_REPORT: Final = "no report: nothing in it that warns of anybody"
_A_PICTURE: Final = "a picture, a deleted message or nothing"


@dataclass(frozen=True, slots=True)
class Skip:
    """A row or message that became no draft, and why; `text` is its words."""

    row: int
    reason: str
    text: str = field(repr=False)
    sheet: str = ""


@dataclass(frozen=True, slots=True)
class ImportResult:
    """What a file holds: `rows` = drafts + skipped; `mapping` is the largest table's."""

    drafts: tuple[DraftProposal, ...] = field(repr=False)
    skips: tuple[Skip, ...] = field(repr=False)
    rows: int
    doubts: tuple[Doubt, ...] = field(repr=False)
    mapping: Mapping
    warnings: tuple[str, ...] = ()
    mappings: tuple[Mapping, ...] = ()

    @property
    def skipped(self) -> int:
        """How many rows became no draft."""
        return len(self.skips)


def import_list(
    data: bytes,
    filename: str,
    *,
    mapping: Mapping | None,
    remembered: Remembered | None,
    country: str | None,
    as_of: dt.date | None,
    today: dt.date,
    region: str | None,
    sure: Collection[str] = (),
) -> ImportResult:
    """Return the drafts that a list's rows become, with every doubt; nothing is stored.

    `mapping` was corrected by a person; else `remembered` is asked for the header, else the mapping
    is guessed. `country` (ISO 3166-1) reads national numbers and plates, `region` (ISO 3166) is
    the place of rows that name none; each stands in for the other. `sure` names headers whose
    column a person has confirmed as it was taken. Raises ImportFailure.
    """
    try:
        return _import(data, filename, mapping, remembered, country, as_of, today, region, sure)
    finally:
        plain.cache_clear()
        forget_numbers()
        forget_headers()


def _import(
    data: bytes,
    filename: str,
    mapping: Mapping | None,
    remembered: Remembered | None,
    country: str | None,
    as_of: dt.date | None,
    today: dt.date,
    region: str | None,
    sure: Collection[str],
) -> ImportResult:
    check_size(data)
    country = country.upper() if country else region[:2] if region else None
    region = region or country
    chat = _chat_text(data, filename)
    if chat is not None:
        messages = read_chat(chat)
        if messages is not None:
            return _import_chat(messages, country, region, today)
    results = [
        _import_table(table, mapping, remembered, country, region, as_of, today, sure)
        for grid in read_grids(data, filename)
        if grid.lines
        for table in find_tables(grid)
    ]
    found = [r for r in results if r.drafts or _means_something(r.mapping)]
    if not found:
        raise UnknownColumns(
            "no column's meaning could be recognised: name them in a mapping file "
            "(docs/howto/import.md) and import again with --mapping"
        )
    ignored = [w for r in results if r not in found for w in r.warnings]
    return _merged(found, ignored)


def _chat_text(data: bytes, filename: str) -> str | None:
    """The text of what may be a chat: no workbook, no file that says it is a table."""
    if data[:2] == b"PK" or data[:4] == b"\xd0\xcf\x11\xe0" or data[:5] == b"%PDF-":
        return None
    if filename.lower().endswith((".xlsx", ".ods", ".xls", ".tsv")):
        return None
    return decode_text(data)


def _means_something(mapping: Mapping) -> bool:
    return bool(mapping.fields() - {PRIVATE, IGNORE, REPORTER, "timestamp"})


def _import_chat(
    said: tuple[Message, ...], country: str | None, region: str | None, today: dt.date
) -> ImportResult:
    room = room_of(said, country, region, today)
    drafts: dict[str, DraftProposal] = {}
    skips: list[Skip] = []
    for message in said:
        draft = draft_of(message, room)
        if draft is None:
            why = _A_PICTURE if is_empty_message(message.text) else _NO_REPORT
        elif draft.fingerprint in drafts:
            why = "the same message as an earlier one"
        else:
            drafts[draft.fingerprint] = draft
            continue
        skips.append(Skip(message.row, why, message.text))
    mapping = Mapping(
        (
            Column("date", "date", sure=True, why="when the message was sent"),
            Column("sender", REPORTER, sure=True, why="a member"),
            Column("message", "chat", sure=False, why="read from the words"),
        ),
        "chat",
    )
    kept = tuple(drafts.values())
    doubts = tuple(d for draft in kept for d in draft.doubts)
    warnings = ("a chat: senders stay private, and messages that are no report were skipped",)
    return ImportResult(kept, tuple(skips), len(said), doubts, mapping, warnings, (mapping,))


def _settle(
    table: Table, given: Mapping | None, remembered: Remembered | None
) -> tuple[Mapping, tuple[str, ...]]:
    fingerprint = header_fingerprint(table.header) if table.headed else ""
    if given is None and remembered is not None and table.headed:
        given = remembered(fingerprint)
    if given is not None:
        return _still_asked(table, *fitted(given, table.header, fingerprint))
    mapping = guess_mapping(table)
    warnings = [_why_private(c) for c in mapping.columns if c.field == PRIVATE]
    warnings += [
        f"column {c.header!r} is taken for the reporter's and stays private: {c.why}"
        for c in mapping.columns
        if c.field == REPORTER and not c.sure
    ]
    return mapping, tuple(warnings)


def _still_asked(
    table: Table, mapping: Mapping, warnings: tuple[str, ...]
) -> tuple[Mapping, tuple[str, ...]]:
    """Keep the guess of consent and reporter columns that a mapping leaves out.

    A "no" must not be lost because somebody corrected another column.
    """
    columns = list(mapping.columns)
    left = list(warnings)
    guessed = guess_mapping(table).columns
    for i, (column, guess) in enumerate(zip(columns, guessed, strict=True)):
        if column.why != UNNAMED:
            continue
        if guess.field == REPORTER or guess.field.startswith("consent."):
            columns[i] = guess
        if guess.field.startswith("consent."):
            left.remove(unnamed_warning(column.header))
            left.append(f"column {column.header!r} is not in the mapping: taken as {guess.field}")
    return replace(mapping, columns=tuple(columns)), tuple(left)


def _messages(table: Table, mapping: Mapping) -> tuple[Message, ...]:
    """The messages of a chat that was exported as a table: date, sender, message."""
    named = {plain(c.header): i for i, c in enumerate(mapping.columns)}
    sender = next((named[w] for w in ("sender", "from", "author") if w in named), None)
    words = next((named[w] for w in ("message", "text", "content", "body") if w in named), None)
    day = next((i for i, c in enumerate(mapping.columns) if c.field == "date"), None)
    if sender is None or words is None or day is None or mapping.columns[sender].field != REPORTER:
        return ()
    return tuple(
        Message(number, cells[day][:10], cells[day][11:16], cells[sender], cells[words])
        for number, cells in table.rows
        if any(cells)
    )


def _why_private(column: Column) -> str:
    if column.why in {"unknown column", "no header"}:
        return f"column {column.header!r} is not recognised: it stays private"
    return f"column {column.header!r} stays private{f': {column.why}' if column.why else ''}"


def _import_table(
    table: Table,
    given: Mapping | None,
    remembered: Remembered | None,
    country: str | None,
    region: str | None,
    as_of: dt.date | None,
    today: dt.date,
    sure: Collection[str],
) -> ImportResult:
    if given is not None and not given.headed:
        table = _without_header(table)
    mapping, mapped = _settle(table, given, remembered)
    mapping = confirmed(mapping, sure)
    if not _means_something(mapping):
        name = f"sheet {table.name!r}" if table.name else "the file"
        return ImportResult((), (), 0, (), mapping, (f"{name} holds no list: skipped",), ())
    messages = _messages(table, mapping)
    if messages:
        return _import_chat(messages, country, region, today)
    setting = _setting(table, mapping, country, region, as_of, today)
    drafts: dict[str, DraftProposal] = {}
    skips: list[Skip] = []
    for number, cells in table.rows:
        filled = {i: cell for i, cell in enumerate(cells) if cell}
        why = _EMPTY if not filled else _FOOT if _is_footer(filled, len(table.header)) else ""
        fingerprint = row_fingerprint(table.header, cells)
        if not why and fingerprint in drafts:
            why = _TWICE
        if not why:
            draft = RowReader(number, filled, mapping, setting).draft(fingerprint, table.name)
            if draft is not None:
                drafts[fingerprint] = draft
                continue
            why = _NOTHING
        skips.append(Skip(number, why, " | ".join(filled.values()), table.name))
    warnings = [*table.warnings, *mapped, *_homeless_districts(mapping, drafts)]
    for why in (_TWICE, _NOTHING, _FOOT):
        numbers = [skip.row for skip in skips if skip.reason == why]
        if numbers:
            warnings.append(f"{_rows(numbers)}: {why}, skipped")
    kept = tuple(drafts.values())
    doubts = tuple(d for draft in kept for d in draft.doubts)
    rows = len(table.rows)
    return ImportResult(kept, tuple(skips), rows, doubts, mapping, tuple(warnings), (mapping,))


def _homeless_districts(mapping: Mapping, drafts: dict[str, DraftProposal]) -> list[str]:
    if "place.district" not in mapping.fields():
        return []
    if any("place.city" in draft.fields for draft in drafts.values()):
        return []
    cure = 'add [defaults] "place.city" = "…" to the mapping'
    return [f"the list names districts but no city, so they stay private: {cure}"]


def _without_header(table: Table) -> Table:
    """A table whose first row was taken for a header, and a person says that it is data."""
    if not table.headed:
        return table
    first = table.rows[0][0] - 1 if table.rows else 1
    header = tuple(f"column {i + 1}" for i in range(len(table.header)))
    return replace(table, header=header, headed=False, rows=((first, table.header), *table.rows))


def _is_footer(filled: dict[int, str], width: int) -> bool:
    if width < 3 or len(filled) > 2:
        return False
    return bool(_FOOTER.match(fold(next(iter(filled.values())))))


def _rows(numbers: list[int]) -> str:
    shown = ", ".join(map(str, numbers[:10])) + (" …" if len(numbers) > 10 else "")
    return f"row{'s' if len(numbers) > 1 else ''} {shown}"


def _setting(
    table: Table,
    mapping: Mapping,
    country: str | None,
    region: str | None,
    as_of: dt.date | None,
    today: dt.date,
) -> Setting:
    def values(*names: str) -> list[str]:
        return [
            cell
            for index, column in enumerate(mapping.columns)
            if column.field in names
            for cell in table.column(index)
        ]

    order = dates.infer_order(values("date"), country, today)
    if mapping.date_order:
        order = dates.OrderFinding(mapping.date_order, sure=True)
    day, known = as_of_day(as_of, today)
    told = [*table.header, *values("text", "codes", "person", "private")[:400]]
    language = language_of(" ".join(values("text")[:200]), language_of(" ".join(told)))
    places = spellings(values("place.city", "place.district", "place"))
    towns = towns_of(values("place"), values("place.city"))
    reader = dates.DateReader(order, today, day, known)
    hers = reach_of(values(REPORTER), country)
    return Setting(country, region, language, reader, places, towns, hers)


def _merged(found: list[ImportResult], ignored: list[str]) -> ImportResult:
    drafts: dict[str, DraftProposal] = {}
    skips = [skip for result in found for skip in result.skips]
    for result in found:
        for draft in result.drafts:
            if draft.fingerprint in drafts:
                skips.append(Skip(draft.row, "the same as a row of another sheet", "", draft.sheet))
            drafts.setdefault(draft.fingerprint, draft)
    kept = tuple(drafts.values())
    rows = sum(r.rows for r in found)
    largest = max(found, key=lambda r: r.rows)
    warnings = tuple(dict.fromkeys([w for r in found for w in r.warnings] + ignored))
    doubts = tuple(d for draft in kept for d in draft.doubts)
    mappings = tuple(r.mapping for r in found)
    return ImportResult(kept, tuple(skips), rows, doubts, largest.mapping, warnings, mappings)
