"""The safety code is spoken, typed and compared."""

from __future__ import annotations

from hashlib import blake2b

import pytest

from keys.safety import safety_code, same_code
from tests.support.key_material import made_up

ORG = made_up("Riverside").org
CODE = safety_code(ORG)


def test_a_code_is_six_groups_of_five_digits() -> None:
    groups = CODE.split(" ")
    assert len(groups) == 6
    assert all(len(group) == 5 and group.isdigit() for group in groups)


def test_each_group_is_five_bytes_of_the_hash() -> None:
    raw = blake2b(ORG, digest_size=30, person=b"parasol1.safety").digest()
    assert CODE.split(" ")[5] == f"{int.from_bytes(raw[25:], 'big') % 100000:05d}"


@pytest.mark.parametrize("separator", ["", " ", "  ", "-", "\n", ". ", "\u00a0"])
def test_spacing_does_not_matter(separator: str) -> None:
    assert same_code(CODE.replace(" ", separator), ORG)


def test_digits_of_another_script_are_the_same_code() -> None:
    assert same_code(CODE.translate({48 + i: 0x0660 + i for i in range(10)}), ORG)


@pytest.mark.parametrize(
    "text", ["", "12345", CODE[:-1], CODE + "0", CODE + "x", CODE.replace(" ", "a")]
)
def test_another_text_is_not_the_code(text: str) -> None:
    assert not same_code(text, ORG)


def test_another_organisations_code_is_refused() -> None:
    assert not same_code(safety_code(made_up("Harbour").org), ORG)
