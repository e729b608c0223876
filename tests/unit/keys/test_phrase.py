"""Twenty-four words on paper are a root key."""

from __future__ import annotations

import pytest

from keys.errors import BadPhrase
from keys.phrase import new_phrase, phrase_to_key
from keys.signing import SigningKey
from tests.support.key_material import Chance

PHRASE = new_phrase(Chance("paper"))


def test_a_phrase_has_twenty_four_words_that_are_the_key() -> None:
    assert len(PHRASE.split(" ")) == 24
    assert phrase_to_key(PHRASE) == SigningKey(Chance("paper")(32))


def test_the_words_of_an_empty_key_are_those_of_the_standard() -> None:
    # BIP-39's own test vector for 32 zero bytes.
    assert new_phrase(bytes) == "abandon " * 23 + "art"


def test_two_phrases_are_two_keys() -> None:
    chance = Chance("two")
    assert phrase_to_key(new_phrase(chance)) != phrase_to_key(new_phrase(chance))


@pytest.mark.parametrize("separator", ["  ", "\n", ", ", "\t"])
def test_words_may_be_written_as_people_write(separator: str) -> None:
    assert phrase_to_key(separator.join(PHRASE.upper().split())) == phrase_to_key(PHRASE)


def test_words_may_be_numbered() -> None:
    numbered = "\n".join(f"{n}. {word}" for n, word in enumerate(PHRASE.split(), start=1))
    assert phrase_to_key(numbered) == phrase_to_key(PHRASE)


@pytest.mark.parametrize("count", [0, 12, 23, 25])
def test_another_number_of_words_is_refused(count: int) -> None:
    with pytest.raises(BadPhrase, match=f"here are {count}"):
        phrase_to_key(" ".join((PHRASE + " art").split()[:count]))


def test_an_unknown_word_is_named_by_its_place_only() -> None:
    words = PHRASE.split()
    words[6] = "sesame"
    with pytest.raises(BadPhrase, match="word 7 ") as caught:
        phrase_to_key(" ".join(words))
    assert "sesame" not in str(caught.value)


def test_words_in_another_order_are_refused() -> None:
    words = PHRASE.split()
    words[0], words[1] = words[1], words[0]
    with pytest.raises(BadPhrase, match="changed places") as caught:
        phrase_to_key(" ".join(words))
    assert words[0] not in str(caught.value)
    assert caught.value.__suppress_context__
