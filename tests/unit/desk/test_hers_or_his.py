"""Columns about the reporter stay private; what may be about her waits for a person."""

import pytest

from node.desk.importers.mapping import REPORTER
from tests.unit.desk.lists import doubts_on, field_of, imported, shareable

HERS = [
    "Tell us in your own words",
    "Anything else about you that we should know?",
    "How did this make you feel?",
    "What support do you need?",
    "Raconte-nous avec tes mots",
    "De quoi avez-vous besoin ?",
    "¿Cómo te sentiste?",
    "Erzähl uns in deinen eigenen Worten",
    "Was brauchst du?",
    "Your age",
    "Where do you work?",
    "Worker description",
    "Worker's name",
    "Caller",
    "Caller tel",
    "Victim age",
    "Survivor phone",
    "Member location",
    "Provider number",
    "Lady's number",
    "Girl's number",
    "Informant",
    "Witness",
    "Personne signalante",
]
STORY = "I work as Fictional Fay at the corner house and he robbed me of everything"


@pytest.mark.parametrize("header", HERS)
def test_a_column_about_the_reporter_shares_nothing(header: str) -> None:
    result = imported(f"Date,Incident type,{header}\n2026-05-01,robbery,{STORY}\n")
    assert field_of(result, header) == REPORTER
    assert all("Fay" not in shareable(draft) for draft in result.drafts)


@pytest.mark.parametrize("header", ["Notes", "Words", "Details of it all", "What about it"])
def test_a_text_that_may_be_about_the_reporter_waits_for_a_person(header: str) -> None:
    result = imported(f"Date,{header}\n2026-05-01,He robbed me and left in a hurry that night\n")
    assert not next(c for c in result.mapping.columns if c.header == header).sure
    assert any(d.blocking and "about the reporter" in d.reason for d in doubts_on(result, 2))


@pytest.mark.parametrize("header", ["What happened to you?", "Was ist dir passiert?"])
def test_a_question_about_the_bad_date_is_its_story(header: str) -> None:
    result = imported(f"Date,{header}\n2026-05-01,he robbed me of my money\n")
    assert field_of(result, header) == "text"


@pytest.mark.parametrize(
    ("hers", "his"),
    [
        ("Caller tel", "Suspect phone"),
        ("Worker phone", "Client phone"),
        ("Your number", "Perpetrator number"),
        ("Personne signalante,Portable de la personne", "Téléphone du client"),
    ],
)
def test_of_two_numbers_only_the_clients_is_shared(hers: str, his: str) -> None:
    numbers = "4155550101," * (hers.count(",") + 1)
    result = imported(f"{hers},{his},What happened\n{numbers}4155550102,robbery\n")
    assert result.drafts[0].fields["phone"] == ["+14155550102"]
    assert "4155550101" not in shareable(result.drafts[0])


def test_the_number_of_the_person_beside_who_reported_is_hers() -> None:
    header = "Personne signalante,Portable de la personne,Que s'est-il passé"
    result = imported(f"{header}\nFay,4155550101,vol\n")
    assert field_of(result, "Portable de la personne") == REPORTER


def test_a_question_to_the_reader_that_is_answered_with_no_is_still_a_consent() -> None:
    result = imported("What happened,Can we publish what you told us?\nrobbery,No\n")
    assert result.drafts[0].no_consent


def test_only_telling_words_of_what_the_reporter_wrote_are_looked_for_in_the_story() -> None:
    felt = "He was rude. Took ages. The worst. I work with Zorabelle"
    told = "What happened,How did this make you feel?\nhe robbed me{},{}\n"
    assert not any(d.blocking for d in imported(told.format("", felt)).doubts)
    named = imported(told.format(" and zorabelle", felt)).doubts
    assert [d.text for d in named if "reporter" in d.reason] == ["Zorabelle"]


def test_a_bare_number_right_after_the_reporters_column_waits_for_a_person() -> None:
    result = imported("Worker,Phone,What happened\nFay,4155550101,robbery\n")
    assert any(d.blocking and d.column == "Phone" for d in result.drafts[0].doubts)
