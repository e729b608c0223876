"""Import a list as the command does, and read what came of it: shared by the desk's tests."""

import datetime as dt
from pathlib import Path

from node.desk.doubts import Doubt
from node.desk.importers.draft import DraftProposal
from node.desk.importers.importing import ImportResult, import_list
from node.desk.importers.mapping import Mapping

SAMPLES = Path(__file__).parents[2] / "samples"
TODAY = dt.date(2026, 11, 21)


def imported(
    data: bytes | str,
    filename: str = "list.csv",
    *,
    country: str | None = "US",
    region: str | None = None,
    as_of: dt.date | None = None,
    mapping: Mapping | None = None,
) -> ImportResult:
    """Import bytes or a text, as of the day of these tests."""
    raw = data.encode() if isinstance(data, str) else data
    return import_list(
        raw,
        filename,
        mapping=mapping,
        remembered=None,
        country=country,
        as_of=as_of,
        today=TODAY,
        region=region,
    )


def sample(name: str, country: str, region: str | None = None) -> ImportResult:
    """Import one of the sample lists."""
    return imported((SAMPLES / name).read_bytes(), name, country=country, region=region)


def field_of(result: ImportResult, header: str) -> str:
    """The field that a column was taken for."""
    return next(c.field for c in result.mapping.columns if c.header == header)


def shareable(draft: DraftProposal) -> str:
    """Everything of a draft that could ever leave the node, in one text."""
    return repr(dict(draft.fields))


def doubts_on(result: ImportResult, row: int) -> list[Doubt]:
    """The doubts of one row."""
    return [doubt for doubt in result.doubts if doubt.row == row]
