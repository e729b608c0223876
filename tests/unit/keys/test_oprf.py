"""Tokens: the RFC's values, what is refused, what is never shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from nacl import bindings

from keys.errors import KeysError, MatchingUnavailable
from keys.oprf import (
    Blinded,
    KindKey,
    blind,
    blind_all,
    derive_key,
    derive_kind,
    evaluate,
    evaluate_all,
    evaluate_own,
    expand_message_xmd,
    finalize,
    finalize_all,
    kind_info,
    oprf_available,
    own_token,
    token_input,
    token_of,
)
from keys.ristretto import ORDER, best_group
from protocol.errors import ErrorNumber, ProtocolError
from protocol.hashing import h
from protocol.limits import MATCH_ITEMS
from protocol.vocabulary import IDENTIFIER_KINDS
from tests.support.key_material import Chance
from tests.support.rfc_ristretto import (
    BAD_ENCODINGS,
    BLIND,
    EXPAND_TAG,
    EXPANDED,
    KEY_INFO,
    MULTIPLES,
    OPRF,
    SECRET,
    SEED,
)

unhex = bytes.fromhex
KEY = derive_key(b"r" * 32)
PHONES = KEY.of("phone")
ASKED = token_input("phone", "+15105550189")
BAD = [text for encodings in BAD_ENCODINGS.values() for text in encodings]


def padded(scalar: bytes) -> Callable[[int], bytes]:
    """A `random` whose 64 bytes reduce to this scalar."""
    return lambda size: scalar.ljust(size, b"\0")


def test_matching_is_available_with_the_libraries_that_are_locked() -> None:
    assert oprf_available()


def test_the_key_is_the_one_of_rfc_9497_a_1_1() -> None:
    assert derive_kind(unhex(SEED), unhex(KEY_INFO)).secret == unhex(SECRET)


@pytest.mark.parametrize("section", OPRF)
def test_each_step_gives_the_values_of_rfc_9497_a_1_1(section: str) -> None:
    data, element, evaluated, output = map(unhex, OPRF[section])
    key = KindKey(unhex(SECRET))
    blinded = blind(data, padded(unhex(BLIND)))
    assert blinded == Blinded(unhex(BLIND), element)
    assert evaluate(key, element) == evaluated
    assert finalize(data, blinded, evaluated) == evaluate_own(key, data) == output


@pytest.mark.parametrize(("message", "size", "uniform"), EXPANDED)
def test_messages_expand_as_in_rfc_9380_k_3(message: bytes, size: int, uniform: str) -> None:
    assert expand_message_xmd(message, EXPAND_TAG, size).hex() == uniform


def test_a_peer_finds_the_token_that_the_origin_disclosed() -> None:
    chance = Chance("asker")
    for kind in IDENTIFIER_KINDS:
        asked = token_input(kind, "same")
        blinded = blind(asked, chance)
        found = token_of(finalize(asked, blinded, evaluate(KEY.of(kind), blinded.element)))
        assert found == own_token(KEY, kind, "same")
        assert len(found) == 32


def test_two_questions_about_one_number_look_different() -> None:
    chance = Chance("asker")
    assert blind(ASKED, chance).element != blind(ASKED, chance).element


def test_tokens_differ_by_key_kind_and_value() -> None:
    other = derive_key(b"s" * 32)
    tokens = [
        own_token(key, kind, value)
        for key in (KEY, other)
        for kind in IDENTIFIER_KINDS
        for value in ("example.com/a", "example.com/b")
    ]
    assert len(set(tokens)) == len(tokens)


def test_an_identifier_is_framed_by_its_kind() -> None:
    assert ASKED == b"parasol1.id\0phone\0+15105550189"


@pytest.mark.parametrize("kind", ["name", "photo", "phone\0", ""])
def test_what_is_no_identifier_has_no_token(kind: str) -> None:
    with pytest.raises(ProtocolError) as refusal:
        token_input(kind, "Ana")
    assert refusal.value.number is ErrorNumber.MALFORMED


def test_a_key_is_named_by_eight_bytes_of_a_hash_of_its_public_parts() -> None:
    publics = [derive_kind(b"r" * 32, kind_info(kind)).public for kind in IDENTIFIER_KINDS]
    assert KEY.kid == h("oprf", b"".join(publics))[:8]
    assert derive_key(b"s" * 32).kid != KEY.kid


def test_each_kind_has_a_key_of_its_own_and_nothing_else_has_one() -> None:
    assert len({KEY.of(kind).secret for kind in IDENTIFIER_KINDS}) == len(IDENTIFIER_KINDS)
    assert kind_info("phone") == b"parasol1.oprf\0phone"
    with pytest.raises(ProtocolError):
        KEY.of("name")


def test_what_is_evaluated_as_another_kind_is_no_token() -> None:
    blinded = blind(ASKED, Chance("asker"))
    tokens = {own_token(KEY, kind, "+15105550189") for kind in IDENTIFIER_KINDS}
    for kind in IDENTIFIER_KINDS:
        found = token_of(finalize(ASKED, blinded, evaluate(KEY.of(kind), blinded.element)))
        assert (found in tokens) == (kind == "phone")


def test_secrets_are_in_no_repr() -> None:
    blinded = blind(ASKED, Chance("asker"))
    for secret, shown in ((PHONES.secret, repr(KEY)), (blinded.scalar, repr(blinded))):
        assert repr(secret)[2:-1] not in shown
        assert secret.hex() not in shown


@pytest.mark.parametrize("size", [0, 31, 33])
def test_elements_of_another_length_are_refused(size: int) -> None:
    refused(unhex(MULTIPLES[1]).ljust(size, b"\0")[:size])


@pytest.mark.parametrize("text", BAD)
def test_the_encodings_that_rfc_9496_a_2_forbids_are_refused(text: str) -> None:
    refused(unhex(text))


def test_the_identity_is_refused() -> None:
    refused(unhex(MULTIPLES[0]))


def test_an_element_with_its_highest_bit_set_is_refused_also_where_libsodium_takes_it() -> None:
    good = blind(ASKED, Chance("asker")).element
    refused(good[:31] + bytes([good[31] | 0x80]))


def refused(element: bytes) -> None:
    blinded = blind(ASKED, Chance("asker"))
    for attempt in (
        lambda: evaluate(PHONES, element),
        lambda: evaluate_all(PHONES, [blinded.element, element]),
        lambda: finalize(ASKED, blinded, element),
    ):
        with pytest.raises(ProtocolError) as refusal:
            attempt()
        assert refusal.value.number is ErrorNumber.MALFORMED


@pytest.mark.parametrize("value", [0, ORDER, ORDER + 1, 2**255])
def test_what_is_no_scalar_makes_neither_a_key_nor_a_blind(value: int) -> None:
    scalar = value.to_bytes(32, "little")
    with pytest.raises(ValueError, match="scalar"):
        KindKey(scalar)
    with pytest.raises(ValueError, match="scalar"):
        Blinded(scalar, unhex(MULTIPLES[1]))
    with pytest.raises(ValueError, match="scalar"):
        KindKey(b"\1" * 31)


def test_random_bytes_that_reduce_to_zero_are_drawn_again() -> None:
    drawn = iter([bytes(64), ORDER.to_bytes(64, "little"), unhex(BLIND).ljust(64, b"\0")])
    assert blind(ASKED, lambda _: next(drawn)).scalar == unhex(BLIND)


def test_a_batch_is_the_same_as_one_by_one() -> None:
    items = [token_input("phone", f"+151055501{number:02}") for number in range(MATCH_ITEMS)]
    blinds = blind_all(items, Chance("asker"))
    answers = evaluate_all(PHONES, [blinded.element for blinded in blinds])
    assert finalize_all(items, blinds, answers) == [evaluate_own(PHONES, item) for item in items]
    assert not finalize_all([], blind_all([], Chance("asker")), evaluate_all(PHONES, []))


def test_a_batch_of_more_than_16_is_refused() -> None:
    element = unhex(MULTIPLES[1])
    with pytest.raises(ProtocolError):
        evaluate_all(PHONES, [element] * (MATCH_ITEMS + 1))
    with pytest.raises(ValueError, match="too many"):
        blind_all([ASKED] * (MATCH_ITEMS + 1), Chance("asker"))


def test_an_answer_with_fewer_or_more_elements_is_refused() -> None:
    blinds = blind_all([ASKED, ASKED], Chance("asker"))
    answers = evaluate_all(PHONES, [blinded.element for blinded in blinds])
    for wrong in (answers[:1], [*answers, answers[0]]):
        with pytest.raises(ProtocolError):
            finalize_all([ASKED, ASKED], blinds, wrong)


def test_seeds_texts_and_inputs_have_limits() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        derive_key(b"r" * 31)
    with pytest.raises(ValueError, match="too long"):
        derive_kind(b"r" * 32, bytes(2**16))
    assert derive_kind(b"r" * 32, bytes(2**16 - 1)) != PHONES
    assert len(evaluate_own(PHONES, bytes(2**16 - 1))) == 64
    with pytest.raises(ProtocolError):
        evaluate_own(PHONES, bytes(2**16))


def test_without_the_curve_matching_is_off_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bindings, "has_crypto_core_ed25519", False)
    best_group.cache_clear()
    try:
        assert not oprf_available()
        with pytest.raises(MatchingUnavailable, match="cannot match") as raised:
            evaluate(PHONES, unhex(MULTIPLES[1]))
        assert isinstance(raised.value, KeysError)
        assert raised.value.code == "matching_unavailable"
    finally:
        best_group.cache_clear()
