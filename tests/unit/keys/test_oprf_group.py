"""The group of matching, by a libsodium of the system and by PyNaCl's: one arithmetic."""

from __future__ import annotations

import ctypes

import pytest

from keys.oprf import expand_message_xmd
from keys.ristretto import ORDER, Group, SodiumRistretto, inverse, multiplied, system_group
from keys.ristretto_edwards import EdwardsRistretto
from protocol.errors import ProtocolError
from tests.support.rfc_ristretto import BAD_ENCODINGS, BLIND, MULTIPLES, OPRF, SECRET

unhex = bytes.fromhex
TAG = b"HashToGroup-OPRFV1-\x00-ristretto255-SHA512"


@pytest.fixture(params=["system", "bundled"])
def group(request: pytest.FixtureRequest) -> Group:
    """Each of the two; a system without libsodium has only the second."""
    if request.param == "bundled":
        return EdwardsRistretto()
    found = system_group()
    return found or pytest.skip("this system has no libsodium")


def scalar(number: int) -> bytes:
    return number.to_bytes(32, "little")


def test_multiples_of_the_generator_are_those_of_rfc_9496_a_1(group: Group) -> None:
    one, two = (unhex(text) for text in MULTIPLES[1:])
    assert group.multiply_base(scalar(1)) == multiplied(group, scalar(1), one) == one
    assert group.multiply_base(scalar(2)) == multiplied(group, scalar(2), one) == two
    assert multiplied(group, inverse(scalar(2)), two) == one
    assert multiplied(group, scalar(ORDER - 1), multiplied(group, scalar(ORDER - 1), one)) == one


@pytest.mark.parametrize("section", OPRF)
def test_inputs_are_hashed_blinded_and_evaluated_as_in_rfc_9497(group: Group, section: str) -> None:
    data, element, evaluated, _ = map(unhex, OPRF[section])
    hashed = group.from_hash(expand_message_xmd(data, TAG, 64))
    assert multiplied(group, unhex(BLIND), hashed) == element
    assert multiplied(group, unhex(SECRET), element) == evaluated
    assert multiplied(group, inverse(unhex(BLIND)), element) == hashed


@pytest.mark.parametrize("rule", BAD_ENCODINGS)
def test_what_rfc_9496_a_2_forbids_is_refused(group: Group, rule: str) -> None:
    for text in (*BAD_ENCODINGS[rule], MULTIPLES[0], MULTIPLES[1][:-2]):
        with pytest.raises(ProtocolError):
            multiplied(group, scalar(1), unhex(text))


def test_the_highest_bit_of_uniform_bytes_says_nothing(group: Group) -> None:
    plain = bytes(range(31)) + b"\x41" + bytes(range(31)) + b"\x42"
    marked = plain[:31] + b"\xc1" + plain[32:63] + b"\xc2"
    assert group.from_hash(plain) == group.from_hash(marked)


@pytest.mark.parametrize("uniform", [bytes(64), b"\xff" * 64, scalar(2**255 - 19) * 2])
def test_both_map_the_ends_of_the_range_alike(group: Group, uniform: bytes) -> None:
    assert group.from_hash(uniform) == EdwardsRistretto().from_hash(uniform)


def test_a_library_without_the_group_is_not_taken() -> None:
    with pytest.raises(AttributeError):
        SodiumRistretto(ctypes.CDLL(None))
