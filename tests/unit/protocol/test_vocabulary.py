"""The vocabulary and the fields, and that the reference lists them all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from protocol import vocabulary
from protocol.errors import ProtocolError
from protocol.fields import FIELDS, expand, validate
from protocol.vocabulary import BY_LETTERS, CODES, CRIMES, NOTICES, is_notice, severity_of

ROOT = Path(__file__).parents[3]
REFERENCE = (ROOT / "docs/reference/vocabulary.md").read_text("utf-8")


def test_every_code_has_two_letters_of_its_own() -> None:
    assert len(CODES) == len(BY_LETTERS) == 33
    assert all(re.fullmatch("[A-Z]{2}", letters) for letters in BY_LETTERS)


def test_the_severities_are_those_of_the_design() -> None:
    counted = [sum(c.severity == s for c in CODES.values()) for s in range(5)]
    assert counted == [5, 5, 9, 9, 5]
    assert len(CRIMES) == 17
    assert not CRIMES & NOTICES


def test_the_highest_code_gives_the_severity() -> None:
    assert severity_of(["no_show", "weapon", "theft"]) == 4
    assert severity_of(["raid", "missing_worker"]) == 0


@pytest.mark.parametrize("codes", [[], ["murder"], ["raid", "theft"]])
def test_codes_that_are_none_unknown_or_mixed_are_refused(codes: list[str]) -> None:
    with pytest.raises(ProtocolError):
        severity_of(codes)
    with pytest.raises(ProtocolError):
        is_notice(codes)


def test_police_as_danger_and_an_officer_as_aggressor_share_no_code() -> None:
    assert is_notice(["police_activity"])
    assert "officer" in vocabulary.ROLES


def test_the_reference_lists_every_code_as_it_is() -> None:
    for code in CODES.values():
        crime = "◆" if code.crime else ""
        row = f"| `{code.name}` | {code.letters} | {crime} | {code.words} |"
        assert row.replace("|  |", "| |") in REFERENCE, code.name
    listed = re.findall(r"^\| `(\w+)` \| [A-Z]{2} \|", REFERENCE, re.MULTILINE)
    assert sorted(listed) == sorted(CODES)


def test_the_reference_lists_every_other_word() -> None:
    lists = (
        vocabulary.KINDS,
        vocabulary.ROLES,
        vocabulary.BASES,
        vocabulary.LOCATION_TYPES,
        vocabulary.DATE_SLOTS,
        vocabulary.LEVELS,
        vocabulary.AUDIENCES,
        vocabulary.IDENTIFIER_KINDS,
        vocabulary.SEVERITY_WORDS,
    )
    for words in lists:
        for word in words:
            assert f"`{word}`" in REFERENCE, word


def test_the_specification_lists_every_field() -> None:
    page = (ROOT / "docs/spec/02-records.md").read_text("utf-8")
    for name in FIELDS:
        assert f"`{name}`" in page, name


def test_the_strongest_form_ranks_highest_in_its_family() -> None:
    rank = {name: spec.rank for name, spec in FIELDS.items()}
    assert rank["place.region"] < rank["place.city"] < rank["place.district"]
    assert rank["date.month"] < rank["date.week"] < rank["date.day"] < rank["date.slot"]
    for kind in vocabulary.IDENTIFIER_KINDS:
        assert rank[f"{kind}.token"] < rank[f"{kind}.masked"] < rank[kind]


def test_expanding_twice_changes_nothing() -> None:
    once = expand({"codes": ["theft"], "phone": ["+15105550189"], "date.day": "2026-01-20"})
    assert expand(once) == once


def test_expanding_leaves_its_argument_alone() -> None:
    given = {"codes": ["theft"]}
    expand(given)  # type: ignore[arg-type]
    assert given == {"codes": ["theft"]}


def test_an_error_names_the_field_and_not_the_value() -> None:
    with pytest.raises(ProtocolError) as caught:
        validate("phone", ["510 555 0189"])
    assert str(caught.value).startswith("phone")
    assert "0189" not in str(caught.value)
