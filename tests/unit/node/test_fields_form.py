"""What people write into fields becomes leaves in normal form, or an error that helps."""

import pytest

from node.errors import BadField
from node.fields_form import ALIASES, field_name, parse_form, replaces
from protocol.fields import FIELDS, expand

TODAY = 20_474  # 2026-01-21


def parse(**fields: str | list[str]) -> dict[str, object]:
    texts = {
        name.replace("__", "."): [value] if isinstance(value, str) else value
        for name, value in fields.items()
    }
    return dict(parse_form(texts, "US", TODAY))


def test_a_form_with_aliases_becomes_an_alert_that_expands() -> None:
    alert = parse_form(
        {
            "code": ["VI, robbery"],
            "region": ["us-ca"],
            "city": ["Oakland"],
            "date": ["2026-01-20"],
            "slot": ["18-24"],
            "number": ["(415) 555-0142"],
            "mail": ["Alex@Example.com"],
            "hair": ["short, grey"],
            "text": ["Left without paying."],
        },
        "US",
        TODAY,
    )
    leaves = expand(alert)
    assert leaves["codes"] == ["physical_assault", "robbery"]
    assert leaves["severity"] == 3
    assert leaves["place.region"] == "US-CA"
    assert leaves["date.week"] == "2026-W04"
    assert leaves["phone"] == ["+14155550142"]
    assert leaves["email"] == ["alex@example.com"]
    assert leaves["person.hair"] == "short, grey"
    assert leaves["text"] == ["en", "Left without paying."]


def test_every_field_that_can_be_written_has_a_leaf() -> None:
    fields = set(ALIASES) - {"date"}
    assert fields <= set(FIELDS)
    made = {name for name in FIELDS if name.endswith((".masked", ".token"))}
    rest = set(FIELDS) - fields - made - {"date.day", "date.week", "date.month"}
    assert rest == {"kind", "terms", "reason", "ref"}


def test_no_alias_means_two_fields() -> None:
    words = [word for field, others in ALIASES.items() for word in (field, *others)]
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("text", "leaf"),
    [
        ("2026-01-20", ("date.day", "2026-01-20")),
        ("2026-W03", ("date.week", "2026-W03")),
        ("2026-w03", ("date.week", "2026-W03")),
        ("2026-01", ("date.month", "2026-01")),
        ("yesterday", ("date.day", "2026-01-20")),
        ("today", ("date.day", "2026-01-21")),
    ],
)
def test_a_date_is_a_day_a_week_or_a_month(text: str, leaf: tuple[str, str]) -> None:
    assert parse(date=text) == dict([leaf])


@pytest.mark.parametrize(
    "text", ["2027-01-01", "2026-02-30", "20/01/2026", "2026-W60", "1026-01-01"]
)
def test_a_date_that_cannot_be_is_refused(text: str) -> None:
    with pytest.raises(BadField, match=r"^date: "):
        parse(date=text)


def test_an_identifier_written_twice_is_kept_once() -> None:
    found = parse(phone=["415 555 0142", "+1 (415) 555-0142; 415.555.0177"])
    assert found == {"phone": ["+14155550142", "+14155550177"]}


def test_a_bad_number_is_refused_without_repeating_it() -> None:
    with pytest.raises(BadField, match=r"^phone: ") as caught:
        parse(phone="555-0142")
    assert "0142" not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        ("fr: Il est parti.", ["fr", "Il est parti."]),
        ("he: said nothing", ["en", "he: said nothing"]),
        ("Left. en: not a prefix", ["en", "Left. en: not a prefix"]),
    ],
)
def test_a_text_names_its_language_or_has_the_nodes(given: str, stored: list[str]) -> None:
    assert parse(text=given) == {"text": stored}


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"codes": "robery"}, "did you mean robbery"),
        ({"codes": "raid, robbery"}, "write two drafts"),
        ({"role": "boss"}, "posing_as_client"),
        ({"severity": "9"}, "4 critical"),
        ({"codes": "WP", "severity": "2"}, "never lowered"),
        ({"region": "California"}, "US-CA"),
        ({"slot": "evening"}, "18-24"),
        ({"city": ["Oakland", "Berkeley"]}, "only once"),
        ({"city": "x" * 81}, "too long"),
        ({"phone__masked": "+1*******142"}, "made by the node itself"),
        ({"terms": "members"}, "made by the node itself"),
        ({"fone": "1"}, "phone"),
    ],
)
def test_a_bad_field_is_refused_with_what_it_may_be(fields: dict[str, str], says: str) -> None:
    with pytest.raises(BadField, match=says):
        parse(**fields)


def test_a_number_in_the_place_of_a_field_is_not_repeated() -> None:
    with pytest.raises(BadField) as caught:
        field_name("+14155550142")
    assert "4155550142" not in str(caught.value)


def test_words_of_the_vocabulary_may_be_written_as_people_do() -> None:
    assert parse(location="client's home", role="Posing as client") == {
        "location_type": "clients_home",
        "role": "posing_as_client",
    }


def test_a_city_without_a_region_takes_the_nodes() -> None:
    found = parse_form({"city": ["Oakland"]}, "US", TODAY, region="US-CA")
    assert found["place.region"] == "US-CA"


@pytest.mark.parametrize(
    ("fields", "gone"),
    [
        ({"city": ["Oakland"]}, {"place.city", "place.district"}),
        ({"date": ["2026-01"]}, {"date.day", "date.week", "date.month", "date.slot"}),
        ({"date": ["2026-01-20"]}, {"date.day", "date.week", "date.month"}),
        ({"phone": [""]}, {"phone", "phone.masked", "phone.token"}),
        ({"codes": ["NP"]}, {"codes", "severity", "kind"}),
        ({"hair": [""]}, {"person.hair"}),
    ],
)
def test_a_field_puts_aside_what_hangs_on_it(fields: dict[str, list[str]], gone: set[str]) -> None:
    assert replaces(fields) == gone


def test_an_empty_value_gives_no_leaf() -> None:
    assert parse(hair="", phone="") == {}


@pytest.mark.parametrize(
    ("field", "given", "says"),
    [
        ("city", "x" * 81, "place.city: too long: at most 80 characters, and this has 81"),
        ("hair", "x" * 205, "person.hair: too long: at most 200 characters, and this has 205"),
        ("name", "x" * 90, "name: too long: at most 80 characters each, and one has 90"),
        (
            "part",
            ", ".join(f"{n:02}A?" for n in range(20)),
            "plate.part: too many: at most 16, and",
        ),
        ("text", "ж" * 3000, "text: too long: at most 4096 bytes"),
        ("text", "x" * 20_000, "text: too long: at most 4096 bytes"),
        ("advice", "x" * 200_000, "advice: too long: at most 4096 bytes"),
    ],
)
def test_what_is_too_long_is_told_with_the_limit_and_its_length(
    field: str, given: str, says: str
) -> None:
    with pytest.raises(BadField) as error:
        parse(codes="RB", **{field: given})
    assert says in str(error.value)
    assert given not in str(error.value)
