"""Borders and lists of regions."""

import pytest

from federation.regions import country, covers, crosses_border, is_region


@pytest.mark.parametrize(
    ("a", "b", "crosses"),
    [
        ("US-CA", "US-NY", False),
        ("US", "US-CA", False),
        ("FR", "FR", False),
        ("FR", "DE", True),
        ("", "", True),
        ("FR", "", True),
        ("", "FR", True),
        ("us", "US", True),
    ],
)
def test_a_border_lies_between_countries_only(a: str, b: str, *, crosses: bool) -> None:
    assert crosses_border(a, b) is crosses


def test_a_country_covers_its_subdivisions_and_not_the_other_way_round() -> None:
    assert covers(["US"], "US-CA")
    assert covers(["US-CA"], "US-CA")
    assert not covers(["US-CA"], "US")
    assert not covers(["US-CA"], "US-NY")
    assert not covers([], "FR")
    assert not covers([""], "")


def test_the_country_of_nonsense_is_none() -> None:
    assert country("US-CA") == "US"
    assert [country(text) for text in ("", "U", "USA", "us", "US-", "US-CALI", "US CA")] == [""] * 7


def test_only_regions_of_the_standard_are_regions() -> None:
    assert all(is_region(text) for text in ("FR", "US-CA", "GB", "GB-SCT", "NL", "CA-ON"))
    assert not any(is_region(text) for text in ("UK", "XX", "US-ZZ", "us-ca", "", "US-", "France"))
