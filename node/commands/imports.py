"""Importing a list: its rows become drafts, and nothing of them is published.

The mapping that was used is remembered under the list's header. A row that came in before adds
nothing, whatever became of it; where a person gives a corrected mapping, drafts that nobody has
touched yet are read again by it.
"""

import asyncio
import base64
import binascii
import contextlib
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.dialects.sqlite import insert

from node.desk.doubts import Doubt
from node.desk.errors import MappingFailure
from node.desk.importers import mapping as maps
from node.desk.importers.draft import DraftProposal
from node.desk.importers.importing import ImportResult, Skip
from node.desk.importers.importing import import_list as read_list
from node.desk.importers.words import plain
from node.edits import local_day
from node.errors import BadRequest
from node.publishing import reason_code
from node.runtime import Node
from node.store.drafts import (
    SCOPES,
    Asked,
    Draft,
    DraftState,
    StoredDoubt,
    add_drafts,
    known_fingerprints,
    new_id,
    read_again,
)
from node.store.tables import mappings
from protocol.ids import iso_date

NAME_CHARACTERS = 200
SKIPS = 2000  # a chat has thousands of messages that are no report
SKIP_CHARACTERS = 200


async def import_list(
    node: Node,
    filename: str,
    content: str,
    mapping: str | None = None,
    country: str | None = None,
    as_of: str | None = None,
    dry_run: bool = False,
    sure: list[str] | None = None,
) -> dict[str, Any]:
    """Read a list (`content` in base64) into drafts; gives counts, doubts and the mapping as TOML.

    "rows" = "drafts" + "skipped", and "skipped_rows" names the first SKIPS of these. `sure` are
    headers of columns that a person confirms as they were taken; "to_confirm" names those that keep
    their rows from being published. Raises ImportFailure where file or mapping cannot be used,
    BadRequest for a country, day or column that there is not.
    """
    given = None if mapping is None else maps.from_toml(mapping)
    if country is not None:
        _check_country(country)
    known = await node.read(_remembered)
    result = await asyncio.to_thread(
        _read, node, _bytes(content), filename, given, known, country, as_of, sure or []
    )
    _check_headers(result, sure or [])
    drafts = _drafts(node, result, filename)
    if dry_run:
        added, again = await node.read(_would_add, drafts), 0
    else:
        added, again = await node.change(_store, drafts, result, reread=bool(given or sure))
    shown = [proposal for proposal in result.drafts if proposal.fingerprint in added]
    return {
        "rows": result.rows,
        "drafts": len(added),
        "skipped": result.rows - len(added),
        "known": len(result.drafts) - len(added),
        "doubts": [_doubt(doubt) for proposal in shown for doubt in proposal.doubts],
        "to_confirm": _to_confirm(result, result.drafts if given or sure else shown),
        **_skipped(result, added),
        "mapping": maps.to_toml(result.mapping),
        "warnings": list(result.warnings),
        **({"read_again": again} if again else {}),
        **({"dry_run": True} if dry_run else {}),
    }


def _skipped(result: ImportResult, added: Collection[str]) -> dict[str, Any]:
    before = [
        Skip(each.row, "imported before", "", each.sheet)
        for each in result.drafts
        if each.fingerprint not in added
    ]
    every = sorted([*result.skips, *before], key=lambda skip: (skip.sheet, skip.row))
    rows = [
        {"row": skip.row, "reason": skip.reason, "text": skip.text[:SKIP_CHARACTERS]}
        | ({"sheet": skip.sheet} if skip.sheet else {})
        for skip in every[:SKIPS]
    ]
    return {"skipped_rows": rows}


def _to_confirm(result: ImportResult, shown: Collection[DraftProposal]) -> list[dict[str, Any]]:
    """The columns whose every cell waits for a person, until she confirms the column once."""
    waiting = Counter(
        doubt.column
        for proposal in shown
        for doubt in proposal.doubts
        if doubt.reason in maps.OF_THE_COLUMN
    )
    columns = {column.header: column for each in result.mappings for column in each.columns}
    return [
        {"column": header, "field": columns[header].field, "rows": rows, "why": columns[header].why}
        for header, rows in waiting.items()
        if header in columns
    ]


def _check_headers(result: ImportResult, sure: Collection[str]) -> None:
    headers = [column.header for each in result.mappings for column in each.columns]
    known = {plain(header) for header in headers}
    if any(plain(each) not in known for each in sure):
        raise BadRequest(f"sure: the list has no column of that name; it has {', '.join(headers)}")


def _check_country(country: str) -> None:
    import pycountry

    if pycountry.countries.get(alpha_2=country.upper()) is None:
        hint = "; the United Kingdom is GB" if country.upper() == "UK" else ""
        raise BadRequest(f"country: two letters of ISO 3166, such as US, FR or DE{hint}")


def _bytes(content: str) -> bytes:
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise BadRequest("content: not base64") from None


def _read(
    node: Node,
    data: bytes,
    filename: str,
    given: maps.Mapping | None,
    known: Mapping[str, maps.Mapping],
    country: str | None,
    as_of: str | None,
    sure: Collection[str],
) -> ImportResult:
    """Read the file; runs in a thread."""
    settings = node.settings
    where = country.upper() if country else settings.country
    today = _date(iso_date(local_day(node.context.now_us(), settings.timezone)))
    written = None if as_of is None else _date(as_of)
    if written is not None and written > today:
        raise BadRequest(f"as_of: lies in the future; today is {today.isoformat()}")
    return read_list(
        data,
        filename,
        mapping=given,
        remembered=known.get,
        country=where,
        as_of=written,
        today=today,
        # Rows of a list from elsewhere are not from our region.
        region=settings.region if where == settings.country else where,
        sure=sure,
    )


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise BadRequest("as_of: a day, as 2026-01-20") from None


def _drafts(node: Node, result: ImportResult, filename: str) -> list[Draft]:
    fields = {column.header: column.field for each in result.mappings for column in each.columns}
    context = node.context
    return [
        Draft(
            new_id(context.random), DraftState.OPEN, proposal.fields, proposal.private,
            tuple(_stored(doubt, fields) for doubt in proposal.doubts),
            Asked(*(getattr(proposal.consent, scope) for scope in SCOPES)),
            _source(filename, proposal), proposal.row, bytes.fromhex(proposal.fingerprint),
            context.now_us(),
        )
        for proposal in result.drafts
    ]  # fmt: skip


def _source(filename: str, proposal: DraftProposal) -> str:
    return f"{filename[:NAME_CHARACTERS]}{f' ({proposal.sheet})' if proposal.sheet else ''}"


def _stored(doubt: Doubt, fields: Mapping[str, str]) -> StoredDoubt:
    return StoredDoubt(
        doubt.row, doubt.column, doubt.text, doubt.guess, doubt.blocking, doubt.reason,
        fields.get(doubt.column, doubt.column),
    )  # fmt: skip


def _doubt(doubt: Doubt) -> dict[str, Any]:
    row = {
        "row": doubt.row, "column": doubt.column, "text": doubt.text, "guess": doubt.guess,
        "reason": doubt.reason, "blocking": doubt.blocking,
    }  # fmt: skip
    stored = _stored(doubt, {})
    return row | ({"code": reason_code(stored)} if doubt.blocking else {})


def _would_add(connection: Connection, drafts: Iterable[Draft]) -> set[str]:
    wanted = [draft.fingerprint for draft in drafts if draft.fingerprint is not None]
    known = known_fingerprints(connection, wanted)
    return {fingerprint.hex() for fingerprint in wanted if fingerprint not in known}


def _store(
    connection: Connection, drafts: list[Draft], result: ImportResult, *, reread: bool
) -> tuple[set[str], int]:
    """Store what is new; returns the fingerprints added, and how many drafts were read again."""
    added = _would_add(connection, drafts)
    known = [
        draft for draft in drafts if draft.fingerprint and draft.fingerprint.hex() not in added
    ]
    again = sum(read_again(connection, draft) for draft in known) if reread else 0
    add_drafts(connection, drafts)
    for each in result.mappings:
        if each.fingerprint and each.headed:
            _remember(connection, each)
    return added, again


def _remember(connection: Connection, mapping: maps.Mapping) -> None:
    row = insert(mappings).values(fingerprint=mapping.fingerprint, toml=maps.to_toml(mapping))
    connection.execute(
        row.on_conflict_do_update(index_elements=["fingerprint"], set_={"toml": row.excluded.toml})
    )


def _remembered(connection: Connection) -> dict[str, maps.Mapping]:
    found = {}
    for row in connection.execute(select(mappings.c.fingerprint, mappings.c.toml)):
        with contextlib.suppress(MappingFailure):  # an older release's word: guess it anew
            found[row.fingerprint] = maps.from_toml(row.toml)
    return found
