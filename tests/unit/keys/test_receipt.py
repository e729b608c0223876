"""Receipt codes: how they are made, what is forgiven in typing them, what is kept of them."""

import os
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keys.receipt import HASH_BYTES, WORDS, code_letters, hash_code, new_code

SALT = bytes(range(16))
CODE = new_code(lambda count: bytes(range(count)))


def test_a_code_is_six_words_and_has_sixty_four_bits_or_more() -> None:
    words = CODE.split("-")
    assert len(words) == WORDS
    assert len({new_code(os.urandom) for _ in range(500)}) == 500
    assert WORDS * 11 >= 64  # 2,048 words, each drawn alike


def drawing(number: int) -> Callable[[int], bytes]:
    """Chance that draws the same two bytes each time."""
    return lambda count: number.to_bytes(2, "big") * (count // 2)


def test_every_word_of_the_list_is_drawn_from_as_many_random_bytes() -> None:
    first = [new_code(drawing(n)) for n in range(2 * 2048)]
    assert len(set(first[:2048])) == 2048
    assert first[:2048] == first[2048:]


@pytest.mark.parametrize(
    "change",
    [
        str.upper, str.title, lambda code: code.replace("-", " "), lambda code: f"  {code}\n",
        lambda code: code.replace("-", "\u2011"), lambda code: code.replace("-", ""),
        lambda code: "\n".join(f"{n}. {w}," for n, w in enumerate(code.split("-"), 1)),
        lambda code: code.replace("-", " – "),
    ],
)  # fmt: skip
def test_case_spaces_hyphens_and_numbering_are_forgiven(change: object) -> None:
    assert callable(change)
    assert code_letters(change(CODE)) == code_letters(CODE)
    assert hash_code(change(CODE), SALT) == hash_code(CODE, SALT)


def test_another_order_another_word_or_another_salt_is_another_hash() -> None:
    words = CODE.split("-")
    other = "-".join([words[1], words[0], *words[2:]])
    hashes = {
        hash_code(CODE, SALT), hash_code(other, SALT), hash_code("-".join(words[:5]), SALT),
        hash_code("", SALT), hash_code(CODE, SALT[::-1]),
    }  # fmt: skip
    assert len(hashes) == 5
    assert {len(each) for each in hashes} == {HASH_BYTES}


@settings(max_examples=20, deadline=None)
@given(st.text(max_size=2000))
def test_whatever_is_typed_has_a_hash(typed: str) -> None:
    assert len(hash_code(typed, SALT)) == HASH_BYTES
