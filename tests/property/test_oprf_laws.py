"""Laws of matching, for any input, any key, any blind and any bytes in place of an element."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from keys.oprf import (
    Blinded,
    blind,
    derive_key,
    evaluate,
    evaluate_own,
    finalize,
    own_token,
    token_input,
    token_of,
)
from keys.ristretto import Group, multiplied, scalar_from, system_group
from keys.ristretto_edwards import EdwardsRistretto
from protocol.errors import ErrorNumber, ProtocolError
from protocol.vocabulary import IDENTIFIER_KINDS

SEEDS = st.binary(min_size=32, max_size=32)
UNIFORM = st.binary(min_size=64, max_size=64)
KINDS = st.sampled_from(IDENTIFIER_KINDS)
KEY = derive_key(b"r" * 32).of("phone")
ONE = (1).to_bytes(32, "little")
# Half of all bytes below the prime are even, and of those an eighth are elements.
ELEMENTS = st.one_of(
    st.binary(max_size=40),
    SEEDS,
    SEEDS.map(lambda raw: bytes([raw[0] & 0xFE]) + raw[1:31] + bytes([raw[31] & 0x7F])),
    UNIFORM.map(EdwardsRistretto().from_hash),
)


@given(SEEDS, KINDS, st.text(max_size=60), UNIFORM.filter(any))
def test_who_asks_blindly_finds_the_origin_s_own_token(
    seed: bytes, kind: str, normal: str, uniform: bytes
) -> None:
    key, asked = derive_key(seed), token_input(kind, normal)
    blinded = blind(asked, lambda _: uniform)
    output = finalize(asked, blinded, evaluate(key.of(kind), blinded.element))
    assert output == evaluate_own(key.of(kind), asked)
    assert token_of(output) == own_token(key, kind, normal)


@given(st.binary(max_size=200), UNIFORM.filter(any), UNIFORM.filter(any))
def test_the_blind_changes_nothing_but_what_the_origin_sees(
    data: bytes, one: bytes, other: bytes
) -> None:
    first, second = blind(data, lambda _: one), blind(data, lambda _: other)
    assert (first.element == second.element) == (first.scalar == second.scalar)
    outputs = {finalize(data, each, evaluate(KEY, each.element)) for each in (first, second)}
    assert len(outputs) == 1


@given(KINDS, st.text(max_size=30), KINDS, st.text(max_size=30))
def test_two_identifiers_are_never_framed_alike(
    kind: str, normal: str, other_kind: str, other: str
) -> None:
    same = (kind, normal) == (other_kind, other)
    assert (token_input(kind, normal) == token_input(other_kind, other)) == same


@given(ELEMENTS)
@example(bytes(32))
@example(b"\xff" * 32)
@settings(max_examples=300)
def test_any_bytes_as_an_element_are_accepted_or_refused_as_malformed(element: bytes) -> None:
    try:
        evaluated = evaluate(KEY, element)
    except ProtocolError:
        with pytest.raises(ProtocolError) as refusal:
            finalize(b"", Blinded(ONE, b""), element)
        assert refusal.value.number is ErrorNumber.MALFORMED
    else:
        assert len(evaluated) == len(element) == 32
        # Accepted bytes are the only encoding: times one, they come back as they were.
        assert multiplied(EdwardsRistretto(), ONE, element) == element


@given(UNIFORM, UNIFORM, ELEMENTS)
@settings(max_examples=300)
def test_both_groups_do_the_same(uniform: bytes, chance: bytes, element: bytes) -> None:
    system, bundled = system_group(), EdwardsRistretto()
    scalar = scalar_from(chance)
    if system is None or scalar is None:
        return
    hashed = system.from_hash(uniform)
    assert hashed == bundled.from_hash(uniform)
    assert system.multiply_base(scalar) == bundled.multiply_base(scalar)
    for each in (element, hashed):
        assert _product(system, scalar, each) == _product(bundled, scalar, each)


def _product(group: Group, scalar: bytes, element: bytes) -> bytes | None:
    try:
        return multiplied(group, scalar, element)
    except ProtocolError:
        return None
