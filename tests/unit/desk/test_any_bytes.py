"""Whatever a file holds, it is imported or refused with a cure: nothing else may happen."""

import io
import zipfile

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from node.desk.errors import ImportFailure, ListTooLarge, UnknownColumns, UnreadableList
from tests.unit.desk.lists import SAMPLES, imported

WORKBOOK = (SAMPLES / "drop_in_book.xlsx").read_bytes()
CELL = st.text(max_size=30) | st.sampled_from(
    [
        "Date",
        "Phone",
        "Incident",
        "last week",
        "415-555-0101",
        "no",
        "Robbery",
        "05/06/26",
        "K.",
        "total",
    ]
)


def accepted_or_refused(data: bytes, filename: str) -> None:
    """Import, and let only the one kind of failure pass."""
    try:
        result = imported(data, filename)
    except ImportFailure:
        return
    assert result.rows == len(result.drafts) + result.skipped


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.binary(max_size=400), st.sampled_from(["a.csv", "a.xlsx", "a.txt", "a"]))
def test_any_bytes_are_imported_or_refused(data: bytes, filename: str) -> None:
    accepted_or_refused(data, filename)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(CELL, max_size=6), max_size=8), st.sampled_from([",", ";", "\t"]))
def test_any_table_of_text_is_imported_or_refused(rows: list[list[str]], delimiter: str) -> None:
    accepted_or_refused(
        "\n".join(delimiter.join(row) for row in rows).encode(errors="replace"), "a.csv"
    )


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, len(WORKBOOK) - 1), st.binary(min_size=1, max_size=20))
def test_a_damaged_workbook_is_imported_or_refused(at: int, junk: bytes) -> None:
    accepted_or_refused(WORKBOOK[:at] + junk + WORKBOOK[at + len(junk) :], "a.xlsx")
    accepted_or_refused(WORKBOOK[:at], "a.xlsx")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0" * 1000,
        b"%PDF-1.4",
        b"<!DOCTYPE html><html>",
        b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4,
        WORKBOOK[:4000],
        b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "Encrypt".encode("utf-16-le") * 200,
    ],
)
def test_what_is_no_list_is_refused_with_a_cure(data: bytes) -> None:
    with pytest.raises(UnreadableList) as refused:
        imported(data)
    assert refused.value.code == "unreadable_list"


def test_a_zip_bomb_is_refused_before_it_unpacks() -> None:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 40_000_000)
    with pytest.raises(ListTooLarge):
        imported(buffer.getvalue(), "a.xlsx")


def test_a_list_with_too_many_cells_is_refused() -> None:
    with pytest.raises(ListTooLarge):
        imported((",".join(["c"] * 600) + "\n") * 3)


def test_a_letter_is_no_list() -> None:
    with pytest.raises(UnknownColumns) as refused:
        imported("Dear all, this is a letter.\nIt has no list in it.\nBye.\n")
    assert "letter" not in str(refused.value)
