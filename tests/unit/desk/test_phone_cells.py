"""Cells of numbers as people fill them: every number is taken, or a person is asked."""

import pytest

from node.desk.importers.draft import DraftProposal
from tests.unit.desk.lists import imported


def draft_with(cell: str) -> DraftProposal:
    (draft,) = imported(f'Client phone,What happened\n"{cell}",robbery\n', country="GB").drafts
    return draft


def test_two_numbers_among_words_are_both_taken_and_asked_about() -> None:
    draft = draft_with("07700 900146 (calls from 07700 900147 too)")
    assert draft.fields["phone"] == ["+447700900146", "+447700900147"]
    assert any(d.blocking and d.column == "Client phone" for d in draft.doubts)


@pytest.mark.parametrize(
    "cell", ["07700 9001", "0770090014612", "07700900146 / 147", "7.7009E+09", "07700 900146, 0770"]
)
def test_a_number_that_is_left_out_waits_for_a_person(cell: str) -> None:
    draft = draft_with(cell)
    assert draft.fields.get("phone", ["+447700900146"]) == ["+447700900146"]
    assert any(d.blocking and d.column == "Client phone" for d in draft.doubts)


def test_a_handle_of_a_named_service_beside_a_number_is_taken() -> None:
    draft = draft_with("07700 900146 telegram @fictionalbob")
    assert draft.fields["phone"] == ["+447700900146"]
    assert draft.fields["handle"] == ["telegram:fictionalbob"]
    assert not draft.doubts


@pytest.mark.parametrize("cell", ["07700 900146 @fictionalbob", "07700 900146, bob_22"])
def test_a_handle_of_no_named_service_is_a_doubt(cell: str) -> None:
    draft = draft_with(cell)
    assert draft.fields["phone"] == ["+447700900146"]
    assert any("handle" in d.reason for d in draft.doubts)


@pytest.mark.parametrize("cell", ["07700 900146 WhatsApp", "Mob: 07700 900146", "+44 7700 900146"])
def test_one_whole_number_with_a_label_is_not_doubted(cell: str) -> None:
    draft = draft_with(cell)
    assert draft.fields["phone"] == ["+447700900146"]
    assert not draft.doubts


@pytest.mark.parametrize("cell", ["07700900146/47", "07700900146/147", "07700 900146/7/8"])
def test_a_number_with_other_endings_is_never_read_as_one_long_number(cell: str) -> None:
    draft = draft_with(cell)
    assert draft.fields["phone"] == ["+447700900146"]
    assert any(d.blocking and d.column == "Client phone" for d in draft.doubts)


def test_a_slash_behind_a_towns_code_does_not_part_a_number() -> None:
    (draft,) = imported("Telefon des Kunden,Vorfall\n0221/5550123,Raub\n", country="DE").drafts
    assert draft.fields["phone"] == ["+492215550123"]


def test_digits_too_many_are_no_number_of_another_country_without_a_question() -> None:
    (draft,) = imported("Client phone,Type\n510555013637,robbery\n", country="US").drafts
    assert any(d.blocking and d.column == "Client phone" for d in draft.doubts)


@pytest.mark.parametrize("cell", ["#NAME?", "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "########"])
def test_an_error_of_a_spreadsheet_in_place_of_a_number_waits_for_a_person(cell: str) -> None:
    draft = draft_with(cell)
    assert "phone" not in draft.fields
    assert any(d.blocking and d.text == cell and "spreadsheet" in d.reason for d in draft.doubts)


def test_an_error_of_a_spreadsheet_is_never_shared_as_a_text() -> None:
    (draft,) = imported("Client phone,What happened,Type\n5105550101,#NAME?,robbery\n").drafts
    assert "text" not in draft.fields
    assert draft.private["row:What happened"] == "#NAME?"
