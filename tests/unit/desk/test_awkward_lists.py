"""Lists that go on by other rules half-way down, and cells that say more than their column."""

import pytest

from node.desk.importers.mapping import REPORTER
from tests.unit.desk.lists import doubts_on, imported, shareable


def test_a_second_header_half_way_down_begins_another_list() -> None:
    result = imported(
        "Date,Incident,Client phone\n2026-03-01,robbery,5105550171\n\n"
        "Date,Incident,Worker phone\n2026-03-02,robbery,5105550972\n"
    )
    assert [d.fields.get("phone") for d in result.drafts] == [["+15105550171"], None]
    assert [d.row for d in result.drafts] == [2, 5]
    assert all("5105550972" not in shareable(d) for d in result.drafts)
    assert result.drafts[1].private["reporter:Worker phone"] == "5105550972"


def test_a_header_that_is_repeated_on_each_page_is_no_other_list() -> None:
    page = "Date,Incident,Client phone\n2026-03-0{n},robbery,510555017{n}\n"
    result = imported(page.format(n=1) + page.format(n=2))
    assert [d.fields["phone"] for d in result.drafts] == [["+15105550171"], ["+15105550172"]]


def test_a_number_that_is_the_reporters_in_another_row_waits_for_a_person() -> None:
    result = imported(
        "Date,Type,Client phone,Reporter phone\n2026-03-01,robbery,5105550101,510-555-0191\n"
        "2026-03-02,robbery,5105550191,\n2026-03-03,robbery,5105550102,5105550191\n"
    )
    assert any(d.blocking and "reporter" in d.reason for d in doubts_on(result, 3))
    assert not any(d.blocking for row in (2, 4) for d in doubts_on(result, row))


def test_the_clients_contact_is_no_city_called_by() -> None:
    result = imported(
        "Date,Type,Contact info used by client\n"
        "2026-03-01,robbery,WA 510-555-0191 / bad@example.com\n"
    )
    assert result.drafts[0].fields["phone"] == ["+15105550191"]
    assert result.drafts[0].fields["email"] == ["bad@example.com"]
    assert result.mapping.columns[2].field not in {"place.city", REPORTER}


def test_a_page_among_numbers_is_no_name() -> None:
    result = imported(
        "Date,Type,Client contact\n"
        "2026-03-01,robbery,510-555-0191 / bad@example.com / IG: bad_guy / t.me/badguy\n"
        "2026-03-02,robbery,site.example.com/badguy\n"
    )
    first, second = result.drafts
    assert "name" not in first.fields
    assert first.fields["handle"] == ["instagram:bad_guy", "telegram:badguy"]
    assert second.fields["profile"] == ["site.example.com/badguy"]


@pytest.mark.parametrize("words", ["ICE on the stroll", "LE?", "BB pushy"])
def test_an_unknown_category_is_a_draft_and_is_shown_in_the_lists_own_words(words: str) -> None:
    rows = f"2026-03-01,robbery,5105550191\n2026-03-01,{words},\n"
    result = imported(f"Date,Type,Client phone\n{rows}")
    doubt = next(d for d in doubts_on(result, 3) if "no code" in d.reason)
    assert (doubt.column, doubt.text, doubt.blocking) == ("Type", words, True)


def test_a_remark_in_brackets_is_no_part_of_a_plate() -> None:
    draft = imported("Date,Type,Plate\n2026-03-01,robbery,XYZ-1234 (maybe)\n").drafts[0]
    assert draft.fields["plate"] == ["US:XYZ1234"]
    assert any("not sure" in d.reason for d in draft.doubts)
