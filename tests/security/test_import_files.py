"""A list is a file of a stranger's making: whatever it holds, the node stays up."""

import io
import resource
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from node.desk.errors import ListTooLarge, UnreadableList
from node.desk.importers.extent import check_extent
from node.desk.importers.workbook import read_workbook

ROOT = Path(__file__).parents[2]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"
ODF = "urn:oasis:names:tc:opendocument:xmlns"


def zipped(parts: dict[str, str]) -> bytes:
    """An archive of these parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return file.getvalue()


def xlsx(rows: str) -> bytes:
    """A workbook of one sheet with these rows."""
    return zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types">'
            f'<Override PartName="/xl/workbook.xml" ContentType="{SHEET_TYPE}"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship'
            f' Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
            "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
            '<sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>',
            "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{PACKAGE}/relationships">'
            f'<Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
            "</Relationships>",
            "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}"><sheetData>{rows}'
            "</sheetData></worksheet>",
        }
    )


def shared(strings: str, rows: str) -> bytes:
    """A workbook whose cells name their texts in a part of their own."""
    plain = zipfile.ZipFile(io.BytesIO(xlsx(rows)))
    parts = {name: plain.read(name).decode() for name in plain.namelist()}
    parts["xl/sharedStrings.xml"] = f'<sst xmlns="{MAIN}">{strings}</sst>'
    parts["xl/_rels/workbook.xml.rels"] = parts["xl/_rels/workbook.xml.rels"].replace(
        "</Relationships>",
        f'<Relationship Id="r2" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
        "</Relationships>",
    )
    return zipped(parts)


def ods(rows: str) -> bytes:
    """An OpenDocument workbook of one table with these rows."""
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": f'<office:document-content xmlns:office="{ODF}:office:1.0"'
            f' xmlns:table="{ODF}:table:1.0" xmlns:text="{ODF}:text:1.0"><office:body>'
            f'<office:spreadsheet><table:table table:name="S">{rows}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
            "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{ODF}:manifest:1.0">'
            '<manifest:file-entry manifest:full-path="/" manifest:media-type='
            '"application/vnd.oasis.opendocument.spreadsheet"/></manifest:manifest>',
        }
    )


def cell(text: str, repeated: int = 1) -> str:
    """A cell of an OpenDocument table."""
    return (
        f'<table:table-cell office:value-type="string" table:number-columns-repeated="{repeated}">'
        f"<text:p>{text}</text:p></table:table-cell>"
    )


FAR = '<row r="1"><c r="A1"><v>1</v></c></row><row r="1048576"><c {}><v>1</v></c></row>'
FAR_APART = {
    "plainly": xlsx(FAR.format('r="XFD1048576"')),
    "after a mark in quotes": xlsx(FAR.format("x=\"&gt;>\" r = 'xfd1048576'")),
    "without its row": xlsx(
        '<row r="1048576">' + '<c r="XFC1048576"><v>1</v></c><c><v>1</v></c></row>'
    ),
    "in a column beyond the last": xlsx(FAR.format('r="AAAAAA1"')),
    "in one row that is repeated": ods(
        f'<table:table-row table:number-rows-repeated="1048576">{cell("x", 16384)}'
        "</table:table-row>"
    ),
    "after rows that are repeated": ods(
        '<table:table-row table:number-rows-repeated="1048575"><table:table-cell/>'
        '</table:table-row><table:table-row><table:table-cell table:number-columns-repeated="999"/>'
        f"{cell('x')}</table:table-row>"
    ),
}


@pytest.mark.parametrize("how", FAR_APART)
def test_cells_far_apart_are_refused_before_room_is_made_for_all_between(how: str) -> None:
    with pytest.raises(ListTooLarge):
        check_extent(FAR_APART[how])


@pytest.mark.parametrize("how", ["plainly", "in one row that is repeated"])
def test_two_far_cells_do_not_end_the_node(how: str, tmp_path: Path) -> None:
    file = tmp_path / "book"
    file.write_bytes(FAR_APART[how])
    code = (
        "import sys; from pathlib import Path; from node.desk.importers.reading import read_grids\n"
        "from node.desk.errors import ListTooLarge\n"
        "try: read_grids(Path(sys.argv[1]).read_bytes(), 'book.xlsx')\n"
        "except ListTooLarge: print('refused')"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(file)],
        check=False, cwd=ROOT, capture_output=True, text=True,
        timeout=60, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30)),
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "refused\n")


def test_empty_cells_with_a_style_and_empty_repeated_rows_take_no_room() -> None:
    styled = xlsx(
        '<row r="1"><c r="A1"><v>1</v></c><c r="XFD1" s="1"/></row>'
        '<row r="1048576"><c r="XFD1048576" s="1"/></row>'
    )
    (grid,) = read_workbook(styled)
    assert grid.lines == ((1, ("1",)),)
    empty = (
        '<table:table-row table:number-rows-repeated="1048570">'
        '<table:table-cell table:number-columns-repeated="16384"/></table:table-row>'
    )
    (grid,) = read_workbook(ods(f"<table:table-row>{cell('x', 3)}</table:table-row>{empty}"))
    assert grid.lines == ((1, ("x", "x", "x")),)


@pytest.mark.parametrize(
    "rows",
    ['<row r="1"><c x="<" r="XFD1048576"><v>1</v></c></row>', "<c x" * 2_000_000, "<c '" * 999_999],
)
def test_tags_that_no_program_writes_are_refused_in_no_time(rows: str) -> None:
    with pytest.raises(UnreadableList):
        check_extent(xlsx(rows))


def test_a_binary_workbook_is_refused_with_what_to_do() -> None:
    with pytest.raises(UnreadableList, match="save it as XLSX"):
        read_workbook(zipped({"xl/workbook.bin": "x"}))


LONG = f"<si><t>{'x' * 30_000}</t></si>"
CELL = '<c t="s"><v>{}</v></c>'
MUCH_TEXT = {
    "a text named by many cells": shared(LONG, "<row>" + CELL.format(0) * 9000 + "</row>"),
    "a text named behind a formula": shared(
        LONG, "<row>" + '<c t="s"><f>1</f><v>0</v></c>' * 9000 + "</row>"
    ),
    "a cell that is repeated": ods(
        f"<table:table-row>{cell('x' * 30_000, 9000)}</table:table-row>"
    ),
    "a row that is repeated": ods(
        f'<table:table-row table:number-rows-repeated="9000">{cell("x" * 30_000)}</table:table-row>'
    ),
}


@pytest.mark.parametrize("how", MUCH_TEXT)
def test_a_text_that_many_cells_repeat_is_refused_before_it_is_laid_out(how: str) -> None:
    with pytest.raises(ListTooLarge, match="more text"):
        read_workbook(MUCH_TEXT[how])


def test_one_long_text_among_many_short_ones_is_read() -> None:
    rows = "<row>" + CELL.format(1) * 300 + CELL.format(0) + "</row>"
    (grid,) = read_workbook(shared(LONG + "<si><t>no</t></si>", rows))
    assert grid.lines[0][1][299:] == ("no", "x" * 30_000)


def test_an_old_workbook_is_refused_with_what_to_do() -> None:
    with pytest.raises(UnreadableList, match="save it as XLSX"):
        read_workbook(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(4096))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_an_archive_with_two_parts_of_one_name_is_refused() -> None:
    file = io.BytesIO(xlsx("<row><c><v>1</v></c></row>"))
    with zipfile.ZipFile(file, "a") as archive:
        archive.writestr("xl/worksheets/sheet1.xml", "<worksheet/>")
    with pytest.raises(UnreadableList, match="damaged"):
        read_workbook(file.getvalue())
