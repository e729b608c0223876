"""The six shapes that organisations keep today, imported whole."""

from tests.unit.desk.lists import doubts_on, field_of, sample, shareable


def test_a_city_list_gives_a_draft_for_every_row_that_is_not_blank() -> None:
    result = sample("bay_area_list.csv", "US", "US-CA")
    assert (result.rows, len(result.drafts), result.skipped) == (184, 180, 4)
    first = result.drafts[0]
    assert first.row == 2
    assert first.fields["codes"] == ["physical_assault", "no_show", "confinement"]
    assert first.fields["date.day"] == "2026-01-20"
    assert first.fields["place.city"] == "Berkeley"
    assert first.fields["plate.part"] == ["*7X*"]
    assert first.fields["name"] == ["Tony"]


def test_both_numbers_of_a_cell_become_phones() -> None:
    result = sample("bay_area_list.csv", "US", "US-CA")
    draft = next(d for d in result.drafts if d.row == 3)
    assert draft.fields["phone"] == ["+15105550189", "+14155550115"]


def test_rows_that_were_read_with_certainty_have_no_doubt() -> None:
    result = sample("bay_area_list.csv", "US", "US-CA")
    assert not doubts_on(result, 6)
    assert not doubts_on(result, 13)


def test_short_and_careless_spellings_of_a_city_become_one() -> None:
    result = sample("bay_area_list.csv", "US", "US-CA")
    cities = {d.fields.get("place.city") for d in result.drafts}
    assert {"San Francisco", "Oakland"} <= cities
    assert not {"SF", "oakland"} & cities


def test_the_contact_details_of_a_reporter_reach_nothing_shareable() -> None:
    for name in ("capital_city_list.csv", "drop_in_book.xlsx"):
        result = sample(name, "CA", "CA-ON")
        for draft in result.drafts:
            details = next(
                (v for k, v in draft.private.items() if "ontact" in k and "etails" in k), ""
            )
            digits = "".join(c for c in details if c.isdigit())
            if digits:
                assert digits[-10:] not in shareable(draft)
            assert "drop-in" not in details or "ask for K" not in shareable(draft)


def test_numbers_and_dates_of_a_workbook_are_what_people_see() -> None:
    result = sample("drop_in_book.xlsx", "CA", "CA-ON")
    assert len(result.drafts) == 40
    first = result.drafts[0]
    assert first.row == 4
    assert first.fields["phone"] == ["+14155550170"]
    assert first.fields["date.day"] == "2026-05-10"
    assert first.fields["date.slot"] == "06-12"
    assert first.fields["plate"] == ["CA:JKC545"]


def test_a_french_list_is_read_day_first_with_its_levels_and_accents() -> None:
    result = sample("liste_francaise.csv", "FR", "FR")
    assert field_of(result, "Niveau") == "severity"
    assert field_of(result, "Description") == "person"
    assert field_of(result, "Récit") == "text"
    second = result.drafts[1]
    assert second.fields["date.day"] == "2026-11-12"
    assert second.fields["phone"] == ["+33199001234"]
    assert second.fields["place.city"] == "Saint-Étienne"
    assert second.fields["plate"] == ["FR:AB123CD"]


def test_an_outreach_sheet_keeps_its_refusals_and_its_reporters_number_home() -> None:
    result = sample("uk_outreach_sheet.csv", "GB", "GB")
    assert field_of(result, "Reporter (staff use)") == "reporter"
    refused = [d for d in result.drafts if d.no_consent]
    assert len(refused) == 18
    assert all(any(x.guess == "no_consent" and x.blocking for x in d.doubts) for d in refused)
    for draft in result.drafts:
        number = draft.private.get("reporter:Reporter (staff use)", "")
        digits = "".join(c for c in number if c.isdigit())
        if digits:
            assert digits[1:] not in shareable(draft)


def test_dates_in_an_order_foreign_to_the_country_are_read_by_the_whole_column() -> None:
    result = sample("uk_outreach_sheet.csv", "GB", "GB")
    draft = next(d for d in result.drafts if d.row == 8)
    assert draft.fields["date.day"] == "2025-10-07"
    assert all(x.column != "When" for x in doubts_on(result, 8))


def test_a_chat_gives_drafts_of_its_reports_only_and_drops_who_wrote_them() -> None:
    result = sample("chat_export.txt", "GB", "GB")
    assert result.rows == 150
    assert len(result.drafts) == 66
    for draft in result.drafts:
        assert "7700900123" not in shareable(draft)
        assert "Outreach" not in shareable(draft)
    assert all(any(x.blocking for x in d.doubts) for d in result.drafts)


def test_importing_a_list_twice_gives_the_same_fingerprints() -> None:
    first = sample("bay_area_list.csv", "US", "US-CA")
    again = sample("bay_area_list.csv", "US", "US-CA")
    assert [d.fingerprint for d in first.drafts] == [d.fingerprint for d in again.drafts]
    assert len({d.fingerprint for d in first.drafts}) == len(first.drafts)
