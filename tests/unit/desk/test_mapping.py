"""The mapping as a file: what was guessed is written, corrected, read back and remembered."""

import datetime as dt

import pytest

from node.desk.errors import MappingFailure
from node.desk.importers.importing import import_list
from node.desk.importers.mapping import (
    Mapping,
    from_toml,
    header_fingerprint,
    known_fields,
    to_toml,
)
from tests.unit.desk.lists import SAMPLES, TODAY, imported, sample

LIST = "Date,Contact,Area,Kind\n2026-05-01,4155550101,Vanier,Code red\n"
CORRECTED = """
date_order = "day_first"
column = [
  { header = "Date", field = "date" },
  { header = "Contact", field = "phone" },
  { header = "Area", field = "place.district" },
  { header = "Kind", field = "codes" },
]
[codes]
"Code red" = ["physical_assault", "weapon"]
[defaults]
"place.city" = "Ottawa"
"""


def test_a_guessed_mapping_survives_its_file() -> None:
    for path in SAMPLES.glob("*.csv"):
        guessed = sample(path.name, "US").mapping
        assert from_toml(to_toml(guessed)) == guessed


def test_a_corrected_mapping_is_obeyed_and_leaves_no_doubt() -> None:
    before = imported(LIST, country="CA")
    assert "phone" not in before.drafts[0].fields if before.drafts else True
    result = imported(LIST, country="CA", mapping=from_toml(CORRECTED))
    (draft,) = result.drafts
    assert draft.fields["phone"] == ["+14155550101"]
    assert draft.fields["codes"] == ["physical_assault", "weapon"]
    assert draft.fields["place.city"] == "Ottawa"
    assert draft.fields["place.district"] == "Vanier"
    assert not draft.doubts


def test_a_remembered_mapping_is_found_by_the_header_in_any_order() -> None:
    kept = {header_fingerprint(("Kind", "Area", "Contact", "Date")): from_toml(CORRECTED)}
    asked: list[str] = []

    def remembered(fingerprint: str) -> Mapping | None:
        asked.append(fingerprint)
        return kept.get(fingerprint)

    result = import_list(
        LIST.encode(),
        "list.csv",
        mapping=None,
        remembered=remembered,
        country="CA",
        as_of=dt.date(2026, 6, 1),
        today=TODAY,
        region=None,
    )
    assert asked == list(kept)
    assert result.drafts[0].fields["phone"] == ["+14155550101"]
    assert result.mapping.fingerprint == asked[0]


def test_a_column_that_the_mapping_does_not_name_stays_private() -> None:
    mapping = from_toml('column = [{ header = "Incident", field = "text" }]')
    result = imported("Incident,Phone\nrobbed me,4155550101\n", mapping=mapping)
    assert "phone" not in result.drafts[0].fields
    assert any("'Phone'" in warning for warning in result.warnings)


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("column = [", "TOML"),
        ("", "column"),
        ('column = [{ header = "a", field = "phones" }]', "phones"),
        ('column = [{ header = "a", field = "phone", x = 1 }]', "x"),
        ('column = [{ header = "a", field = "phone" }]\n[codes]\nred = ["danger"]', "danger"),
    ],
)
def test_a_wrong_mapping_file_is_refused_with_where_it_is_wrong(text: str, word: str) -> None:
    with pytest.raises(MappingFailure) as refused:
        from_toml(text)
    assert word in str(refused.value)


def test_a_mapping_for_another_list_is_refused() -> None:
    with pytest.raises(MappingFailure):
        imported("a,b,c\n1,2,3\n", mapping=from_toml(CORRECTED))


def test_every_field_of_a_mapping_is_documented() -> None:
    reference = (SAMPLES.parents[1] / "docs" / "reference" / "import-mapping.md").read_text("utf-8")
    for name in known_fields() - {"chat"}:
        last = name.rpartition(".")[2]
        shown = "flag.CODE" if name.startswith("flag.") else name
        assert f"`{shown}`" in reference or f"`.{last}`" in reference, name
