"""Whose number a column holds: a header must say so, and a merged header above it counts."""

import io

import openpyxl
import pytest

from node.desk.importers.mapping import REPORTER
from tests.unit.desk.lists import field_of, imported, shareable

UNDER_ONE_ROOF = (
    "BAD DATE BOOK,,,,,,,\nIncident,,,Client,,,Worker,\n"
    "Date,Area,What,Mobile,Reg,Looks,Mobile,Name\n"
    "1/2/26,Leeds,robbery,07700 900101,AB12 CDE,tall,07700 900901,Fictional Fay\n"
    "13/2/26,Leeds,assault,07700 900102,,,07700 900902,Fictional Fay\n"
)


def test_a_merged_header_says_whose_the_columns_below_it_are() -> None:
    result = imported(UNDER_ONE_ROOF, country="GB")
    assert field_of(result, "Client: Mobile") == "phone"
    assert [c.field for c in result.mapping.columns][-2:] == [REPORTER, REPORTER]
    assert [d.fields["phone"] for d in result.drafts] == [["+447700900101"], ["+447700900102"]]
    assert all("Fay" not in shareable(d) for d in result.drafts)


def test_a_title_that_speaks_of_workers_is_no_group() -> None:
    result = imported(
        "Worker safety list of Oakland,,,Confidential\nDate,City,Type,Client phone\n"
        "2026-05-01,Oakland,robbery,5105550101\n"
    )
    assert [c.field for c in result.mapping.columns] == ["date", "place.city", "codes", "phone"]
    assert result.drafts[0].fields["phone"] == ["+15105550101"]


def test_a_header_of_two_lines_is_read_as_one() -> None:
    result = imported(
        "Date,City,Client,,Reporter,\n,,Phone,Name,Phone,Name\n"
        "2026-05-01,Oakland,510 555 0101,Tony,510 555 0191,Fictional Fay\n"
    )
    fields = [c.field for c in result.mapping.columns]
    assert fields == ["date", "place.city", "phone", "name", REPORTER, REPORTER]
    assert result.drafts[0].fields["phone"] == ["+15105550101"]


def test_a_merged_header_of_a_workbook_says_whose_the_columns_are() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Incident", None, None, "Client", None, "Reporter", None])
    for cells in ("A1:C1", "D1:E1", "F1:G1"):
        sheet.merge_cells(cells)
    sheet.append(["Date", "City", "Type", "Phone", "Name", "Phone", "Name"])
    sheet.append(["2026-05-01", "Oakland", "robbery", 5105550101, "Tony", 5105550191, "Fay"])
    held = io.BytesIO()
    book.save(held)
    draft = imported(held.getvalue(), "book.xlsx").drafts[0]
    assert draft.fields["phone"] == ["+15105550101"]
    assert draft.fields["name"] == ["Tony"]


def test_of_two_columns_of_one_name_neither_is_certain() -> None:
    result = imported(
        "Date,Type,Phone,Name,Phone,Name\n2026-05-01,robbery,5105550101,T,5105550191,F\n"
    )
    assert not any(c.sure for c in result.mapping.columns if c.field in {"phone", "name"})
    assert any(d.blocking and "whose" in d.reason for d in result.doubts)


@pytest.mark.parametrize(
    "header",
    [
        "SW phone", "Buddy phone", "Friend's phone", "Affected person phone", "Keyworker phone",
        "Seu WhatsApp", "Teu número", "Telefone da vítima", "Nome da colega", "Su teléfono",
        "Número para llamarte", "Nombre artístico", "Portable TDS", "Prénom de la TDS",
        "Pseudo TDS", "Tél. de la fille", "Telefon der Frau", "Номер девушки", "Телефон для связи",
        "Uw naam", "Je mobiel", "Telefoon sekswerker", "Numero della ragazza", "Il tuo cellulare",
        "Twoja komórka", "您的电话", "举报人电话", "姐妹电话", "هاتف المبلغة", "Model name",
    ],
)  # fmt: skip
def test_a_header_with_a_word_for_somebody_unknown_is_never_certain(header: str) -> None:
    rows = "".join(f"2026-05-0{i},robbery,510 555 019{i}\n" for i in range(1, 4))
    column = imported(f"Date,Type,{header}\n{rows}").mapping.columns[-1]
    assert column.field == REPORTER or not column.sure


@pytest.mark.parametrize(
    "header",
    [
        "Phone", "Phone 2", "Other phone number", "Phone number used", "Number if known",
        "Telefonnummer (bekannt)", "Téléphone ou portable", "Phone(s)", "Bad client number",
        "Numéro du client", "Телефон клиента", "客人电话", "Perpetrator's cell phone #",
    ],
)  # fmt: skip
def test_a_header_without_such_a_word_is_certain(header: str) -> None:
    rows = "".join(f"2026-05-0{i},robbery,510 555 010{i}\n" for i in range(1, 4))
    column = imported(f"Date,Type,{header}\n{rows}").mapping.columns[-1]
    assert (column.field, column.sure) == ("phone", True)
