"""The prompts: what keeps a draft from being published without a second look."""

import pytest

from node.desk.importers.consent import read_consent
from node.desk.importers.identifiers import read_handles, read_names
from node.desk.importers.phones import read_phones
from node.desk.importers.plates import read_plates
from node.desk.prompts import REPORTER_KEY, prompts
from protocol.codec import Value


def reasons(text: str, language: str = "en", **private: str) -> set[str]:
    """Why a text blocks a draft that is otherwise ready."""
    fields: dict[str, Value] = {"codes": ["theft"], "text": [language, text]}
    return {d.reason for d in prompts(fields, {REPORTER_KEY + k: v for k, v in private.items()})}


@pytest.mark.parametrize(
    ("text", "language", "reason"),
    [
        ("call me on 07700 900123", "en", "a number inside the text"),
        ("his number is +1 (415) 555-0123", "en", "a number inside the text"),
        ("écrire à a.b@example.org", "fr", "an email address inside the text"),
        ("see https://example.com/x", "en", "a web address inside the text"),
        ("he is @badguy there", "en", "a handle inside the text"),
        ("drives AB12 CDE", "en", "a plate inside the text"),
        ("He lives at 12 Mill Street", "en", "a street address inside the text"),
        ("raid at the flats on Mill St, 4 vans", "en", "a street address inside the text"),
        ("Il habite 12 rue de la Paix", "fr", "a street address inside the text"),
        ("Er wohnt in der Bahnhofstraße 12", "de", "a street address inside the text"),
        ("vive en la calle Mayor 3", "es", "a street address inside the text"),
        ("живёт на ул. Ленина 5", "ru", "a street address inside the text"),
        ("Tony hit me and ran.", "en", "a name inside the text"),
        ("called mike, very rude", "en", "a name inside the text"),
        ("Last night Zebulon hit me", "en", "a name inside the text"),
        ("tried to grab K", "en", "a name inside the text"),
        ("She said J. knows him", "en", "a name inside the text"),
        ("M. Dupont a frappé", "fr", "a name inside the text"),
        ("Sabine war dabei", "de", "a name inside the text"),
        ("Маша видела его", "ru", "a name inside the text"),
        ("An Asian man robbed me", "en", "a description by race alone"),
        ("un type noir m'a volée", "fr", "a description by race alone"),
    ],
)
def test_words_that_could_harm_somebody_block(text: str, language: str, reason: str) -> None:
    assert reason in reasons(text, language)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Held the door and did not let me out for about twenty minutes. Drives a van.", "en"),
        ("Followed me to the bus stop, seen around on Thursdays. I left.", "en"),
        ("A black pick up, took money back from my bag on 12/05/2026 at 22:30", "en"),
        ("Paid by PayPal, asked on WhatsApp. He wore a T-shirt.", "en"),
        ("DO NOT SEE HIM, VERY VIOLENT", "en"),
        ("A retiré le préservatif sans prévenir. J'ai dû partir.", "fr"),
        ("Der Mann hat die Tür abgeschlossen und das Handy gestohlen.", "de"),
        ("Не заплатил и ударил. Я ушла.", "ru"),
        ("He will grant nothing, may come back in May, mark my words", "en"),
    ],
)
def test_an_ordinary_story_does_not_block(text: str, language: str) -> None:
    assert not reasons(text, language)


def test_what_points_to_the_reporter_blocks() -> None:
    assert "this may point to the reporter" in reasons("zuzu was with him", contact="Zuzu, van")
    assert not reasons("Drives a van, I left", contact="K, outreach van")


def test_a_draft_without_a_code_blocks() -> None:
    assert [d.column for d in prompts({"phone": ["+14155550101"]}, {})] == ["codes"]


def test_race_beside_other_marks_does_not_block() -> None:
    fields: dict[str, Value] = {"codes": ["theft"], "person.race": "white"}
    assert prompts(fields, {})
    assert not prompts({**fields, "person.hair": "bald"}, {})


def test_a_no_wins_and_a_blank_is_no_answer() -> None:
    assert read_consent({"members": "N"})[0].no_consent
    assert read_consent({"all": "nein, danke"})[0].peers is False
    assert read_consent({"members": ""})[0].members is None
    assert read_consent({"members": "✓"})[0].members is True
    assert read_consent({"all": "yes", "members": "no"})[0].no_consent
    assert read_consent({"members": "ask her first"}) == (read_consent({})[0], ("members",))


def test_police_is_off_unless_a_row_says_otherwise() -> None:
    anonymous, _ = read_consent({"police": "anonymous only"})
    assert (anonymous.police_anonymised, anonymous.police_supported) == (True, False)
    assert read_consent({"police": "yes, with support"})[0].police_supported is True
    assert read_consent({"police": "no"})[0].police_anonymised is False


@pytest.mark.parametrize(
    ("cell", "country", "numbers"),
    [
        ("+1 510 555 0189 / +1 415 555 0115", "US", ["+15105550189", "+14155550115"]),
        ("07700900153\n07700900033", "GB", ["+447700900153", "+447700900033"]),
        ("07700 900111 (new), old: 07700 900112", "GB", ["+447700900111", "+447700900112"]),
        ("4165550000.0", "CA", ["+14165550000"]),
        ("0199858174", "FR", ["+33199858174"]),
        ("+44 (0)7700 900114", "FR", ["+447700900114"]),
        ("447700900115", "GB", ["+447700900115"]),
        ("030/23125000", "DE", ["+493023125000"]),
        ("cell: 415-555-0101 or 415-555-0102", "US", ["+14155550101", "+14155550102"]),
        ("unknown", "US", []),
    ],
)
def test_every_number_of_a_cell_is_read(cell: str, country: str, numbers: list[str]) -> None:
    found = read_phones(cell, country)
    assert (list(found.values), found.doubts) == (numbers, ())


@pytest.mark.parametrize("cell", ["555-0123", "4.16555E+09", "07700 900***", "12345"])
def test_a_number_that_is_not_whole_is_a_doubt(cell: str) -> None:
    found = read_phones(cell, "GB")
    assert not found.values
    assert found.doubts


@pytest.mark.parametrize(
    ("cell", "whole", "part"),
    [
        ("EDL-271", ["US:EDL271"], []),
        ("partial 7X", [], ["*7X*"]),
        ("CGR??", [], ["CGR??"]),
        ("starts with 7X", [], ["7X*"]),
        ("ends in 271", [], ["*271"]),
        ("ABC123 / part reg XK61", ["US:ABC123"], ["*XK61*"]),
        ("none", [], []),
    ],
)
def test_plates_are_read_whole_and_in_part(cell: str, whole: list[str], part: list[str]) -> None:
    found = read_plates(cell, "US")
    assert (list(found.values), list(found.parts)) == (whole, part)


def test_names_lose_their_quotes_and_doubts_are_kept() -> None:
    assert read_names("says Tony").values == ("Tony",)
    assert read_names("Rob / Bob").values == ("Rob", "Bob")
    assert read_names("'Doc'").values == ("Doc",)
    steve = read_names("Steve?")
    assert steve.values == ("Steve",)
    assert steve.doubts


def test_a_handle_needs_its_service_from_the_cell_or_the_header() -> None:
    assert read_handles("@badguy", "telegram").values == ("telegram:badguy",)
    assert read_handles("snap: badguy", None).values == ("snapchat:badguy",)
    assert read_handles("badguy", None).doubts
