"""Shapes that no sample has: other languages, forms, sheets without a header, damaged cells."""

import datetime as dt
import io

import openpyxl
import pytest
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

from tests.unit.desk.lists import doubts_on, field_of, imported, shareable

GERMAN = (
    "Datum;Uhrzeit;Ort;Art des Vorfalls;Telefonnummer;Kennzeichen;Hergang;"
    "Gemeldet von;Weitergeben?\r\n"
    "03.04.2026;22:30;Köln;Körperverletzung;0171 39 200 81;K-AB 1234;"
    "Er wollte nicht zahlen.;Sabine;ja\r\n"
    "12.5.26;nachts;Bonn;Drohung;+49 171 3920081 / 030 23125 000;;Ist mit Frau Müller in die"
    " Hauptstraße 5 gefahren;0171 39 200 99;nein\r\n"
)


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "cp1252", "mac_roman", "utf-16", "utf-16-le"]
)
def test_a_german_list_is_read_in_any_encoding(encoding: str) -> None:
    result = imported(GERMAN.encode(encoding), country="DE")
    first, second = result.drafts
    assert first.fields["date.day"] == "2026-04-03"
    assert first.fields["date.slot"] == "18-24"
    assert first.fields["place.city"] == "Köln"
    assert first.fields["codes"] == ["physical_assault"]
    assert first.fields["plate"] == ["DE:KAB1234"]
    assert not first.doubts
    assert second.fields["phone"] == ["+491713920081", "+493023125000"]
    assert second.no_consent
    assert "3920099" not in shareable(second)
    reasons = {d.reason for d in second.doubts if d.blocking}
    assert {"a street address inside the text", "a name inside the text"} <= reasons


def test_a_russian_list_in_its_old_encoding_is_read() -> None:
    text = (
        "Дата;Город;Что произошло;Телефон;Кто сообщил\n"
        "15.07.2026;Москва;Избил и не заплатил;8 916 555-01-23;Маша\n"
    )
    for encoding in ("cp1251", "koi8_r", "utf-8"):
        (draft,) = imported(text.encode(encoding), country="RU").drafts
        assert draft.fields["codes"] == ["physical_assault", "non_payment"]
        assert draft.fields["phone"] == ["+79165550123"]
        assert "Маша" not in shareable(draft)


def test_a_forms_export_keeps_its_respondent_home() -> None:
    result = imported(
        "Timestamp,Email Address,Name,Phone,Date of incident,What happened,Client Phone\n"
        "11/02/2026 14:22:05,worker@example.org,Jane,510-555-0144,10/30/2026,"
        "He refused to pay,415-555-0133\n"
    )
    assert [c.field for c in result.mapping.columns[1:4]] == ["reporter"] * 3
    (draft,) = result.drafts
    assert draft.fields["phone"] == ["+14155550133"]
    assert draft.fields["date.day"] == "2026-10-30"
    for secret in ("example.org", "Jane", "5550144"):
        assert secret not in shareable(draft)


@pytest.mark.parametrize(
    "header",
    [
        "contact_details",
        "Reporter",
        "Staff use only",
        "How to reach her",
        "Callback number",
        "Member name",
        "Submitted by",
        "Your phone number",
        "Worker's phone",
        "Coordonnées",
        "Signalé par",
        "Votre téléphone",
        "Contacto de la denunciante",
        "Tu teléfono",
        "Gemeldet von",
        "Ihre Telefonnummer",
        "Кто сообщил",
        "Ваш телефон",
        "Best way to contact you",
        "Phone (reporter)",
        "Name of person reporting",
        "yourPhone",
        "reporter_phone",
        "Segnalato da",
        "Zgłaszająca",
        "Yhteystiedot",
    ],
)
def test_a_column_of_the_reporter_is_recognised(header: str) -> None:
    result = imported(f"Date,Incident,Phone,{header}\n2026-05-01,Robbery,4155550101,4155550199\n")
    assert field_of(result, header) == "reporter"
    assert "4155550199" not in shareable(result.drafts[0])
    assert result.drafts[0].fields["phone"] == ["+14155550101"]


@pytest.mark.parametrize(
    "header",
    [
        "Client phone",
        "Phone of client",
        "Number he called from",
        "His number",
        "Client's contact number",
        "Offender phone #",
        "Téléphone du client",
        "Telefonnummer des Kunden",
        "Телефон клиента",
        "Ph(s)",
    ],
)
def test_a_column_of_the_client_is_not_taken_for_the_reporters(header: str) -> None:
    result = imported(f"Date,Incident,{header}\n2026-05-01,Robbery,4155550101\n")
    assert result.drafts[0].fields["phone"] == ["+14155550101"]


def test_a_number_in_both_columns_is_the_reporters() -> None:
    result = imported("Incident,Phone,Callback\nRobbery,4155550101 / 4155550102,415-555-0101\n")
    assert result.drafts[0].fields["phone"] == ["+14155550102"]


def test_of_two_unknown_columns_with_numbers_only_one_is_taken_and_it_blocks() -> None:
    result = imported("Xyzzy,Plugh,Incident\n4155550101,4155550102,Robbery\n4155550103,,Theft\n")
    assert result.drafts[0].fields["phone"] == ["+14155550101"]
    assert any(d.blocking for d in doubts_on(result, 2))


def test_a_list_without_a_header_is_guessed_from_its_values_with_doubts() -> None:
    result = imported(
        "2026-05-01\t415-555-0101\tHe took my money and ran away from the hotel\n"
        "2026-05-02\t415-555-0102\tVery drunk, did not pay and shouted at me\n",
        "list.tsv",
    )
    assert not result.mapping.headed
    assert [c.field for c in result.mapping.columns] == ["date", "phone", "text"]
    assert [d.row for d in result.drafts] == [1, 2]
    assert all(any(x.blocking for x in d.doubts) for d in result.drafts)


def test_categories_in_columns_of_their_own_are_read() -> None:
    result = imported(
        "Date,Phone,Robbery,No show\n2026-05-01,4155550101,x,\n2026-05-02,4155550102,x,x\n"
    )
    assert [d.fields["codes"] for d in result.drafts] == [["robbery"], ["robbery", "no_show"]]
    assert not result.doubts


def test_a_workbook_with_titles_pages_and_floats_is_read() -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["LISTA 2026"])
    sheet.append([])
    sheet.append(["Fecha", "Ciudad", "Teléfono", "Qué pasó", "Contacto de la denunciante"])
    sheet.append([dt.date(2026, 5, 3), "Madrid", 612345678.0, "No quiso pagar", "Ana 600 11 22 33"])
    sheet.append(["Fecha", "Ciudad", "Teléfono", "Qué pasó", "Contacto de la denunciante"])
    sheet.append(
        [
            dt.datetime.fromisoformat("2026-05-04T22:00"),
            "Sevilla",
            "600 00 00 01 y 600 00 00 02",
            "Robo",
            "",
        ]
    )
    sheet.append(["Total", 2])
    other = book.create_sheet("Notas")
    other.append(["esto no es una lista"])
    buffer = io.BytesIO()
    book.save(buffer)
    result = imported(buffer.getvalue(), "lista.xlsx", country="ES")
    assert [d.row for d in result.drafts] == [4, 6]
    first, second = result.drafts
    assert first.fields["phone"] == ["+34612345678"]
    assert first.fields["date.day"] == "2026-05-03"
    assert "600112233" not in shareable(first)
    assert second.fields["phone"] == ["+34600000001", "+34600000002"]
    assert second.fields["date.slot"] == "18-24"


def test_an_ods_workbook_is_read() -> None:
    document = OpenDocumentSpreadsheet()
    table = Table(name="Liste")
    for cells in (["Date", "Téléphone", "Récit"], ["14/06/2026", "01 99 00 12 34", "Vol du sac"]):
        row = TableRow()
        for text in cells:
            cell = TableCell(valuetype="string", stringvalue=text)
            cell.addElement(P(text=text))
            row.addElement(cell)
        table.addElement(row)
    document.spreadsheet.addElement(table)
    buffer = io.BytesIO()
    document.save(buffer)
    (draft,) = imported(buffer.getvalue(), "liste.ods", country="FR").drafts
    assert draft.fields["phone"] == ["+33199001234"]
    assert draft.fields["codes"] == ["theft"]


def test_equal_rows_become_one_draft_and_footers_none() -> None:
    result = imported(
        "Date,Phone,Incident\n2026-05-01,4155550101,Robbery\n2026-05-01,4155550101,Robbery\n"
        ",,\nTotal: 2,,\nConfidential – do not share,,\n"
    )
    assert (result.rows, len(result.drafts), result.skipped) == (5, 1, 4)


def test_a_quotation_mark_that_is_never_closed_does_not_swallow_the_rest() -> None:
    result = imported(
        'Date,Phone,Incident\n2026-05-01,4155550101,"Robbery\n2026-05-02,4155550102,Theft\n'
    )
    assert [d.fields["codes"] for d in result.drafts] == [["robbery"], ["theft"]]
    assert result.warnings


def test_a_row_is_known_again_in_another_format_and_order() -> None:
    one = imported("Date,Phone,Incident\n2026-05-01,4155550101,Robbery\n")
    other = imported("Incident;Phone;Date\nRobbery;4155550101;2026-05-01\n", "again.csv")
    assert [d.fingerprint for d in one.drafts] == [d.fingerprint for d in other.drafts]


def test_race_is_kept_apart_from_the_rest_of_a_description() -> None:
    result = imported(
        "Incident,Client description,Attributes\n"
        'Theft,"W/M 40s tall, brown hair",asian man with limp\n'
    )
    (draft,) = result.drafts
    assert draft.fields["person.race"] == "W/M, asian man"
    assert draft.fields["person.marks"] == "with limp"


@pytest.mark.parametrize(
    "header", ["Publier ?", "Okay to share publicly?", "Darf das veröffentlicht werden?"]
)
def test_a_no_is_found_under_many_headers(header: str) -> None:
    result = imported(f"Incident,Phone,{header}\nTheft,4155550101,no\nTheft,4155550102,yes\n")
    assert [d.no_consent for d in result.drafts] == [True, False]


def test_a_chat_exported_as_a_table_is_read_as_a_chat() -> None:
    result = imported(
        "date,sender,message\n2026-05-01,Ana,hi all\n"
        "2026-05-01,Ana,careful 415-555-0101 robbed me\n"
    )
    (draft,) = result.drafts
    assert draft.fields["phone"] == ["+14155550101"]
    assert draft.row == 3


CHINESE = (
    "日期,城市,事件类型,客人电话,车牌,描述,举报人电话\n"
    "2026-03-01,上海,抢劫,138 0055 5012,沪A12345,抢了包,139 0055 5099\n"
)
JAPANESE = (
    "日付,場所,何が起きたか,電話\n2026-03-01,東京の新宿,お金を払わないで逃げた男です,03-5555-0123\n"
)


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "big5hkscs"])
def test_a_chinese_list_in_its_old_encoding_is_read(encoding: str) -> None:
    text = CHINESE
    if encoding == "big5hkscs":
        text = text.translate(str.maketrans("类电话车举报抢劫沪", "類電話車舉報搶劫滬"))
    result = imported(text.encode(encoding), country="CN")
    (draft,) = result.drafts
    assert [c.header for c in result.mapping.columns] == text.split("\n", 1)[0].split(",")
    assert draft.fields["phone"] == ["+8613800555012"]
    assert any("139 0055 5099" in v for k, v in draft.private.items() if k.startswith("reporter:"))


def test_a_japanese_list_in_its_old_encoding_is_read() -> None:
    result = imported(JAPANESE.encode("shift_jis"), country="JP")
    assert [c.header for c in result.mapping.columns] == JAPANESE.split("\n", 1)[0].split(",")
