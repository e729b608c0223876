"""The strict profile, beside its vectors: limits, memory, and what encoding refuses."""

from __future__ import annotations

import tracemalloc
from typing import Any

import pytest

from protocol.codec import Value, decode, encode, pack
from protocol.errors import ErrorNumber, ParasolError, ProtocolError
from protocol.limits import ARRAY_ITEMS, STR_BYTES
from protocol.nesting import refuse_deep


@pytest.mark.parametrize(
    "value",
    [
        None,
        1.0,
        {},
        (1, 2),
        2**53,
        -(2**53),
        "\ud800",
        "é" * (STR_BYTES // 2) + "a",
        [0] * (ARRAY_ITEMS + 1),
        bytearray(b"x"),
    ],
)
def test_what_the_profile_cannot_spell_is_not_encoded(value: Any) -> None:
    with pytest.raises(ProtocolError):
        encode(value)


@pytest.mark.parametrize("value", [None.__class__, "\ud800", 2**70])
def test_packing_what_was_never_checked_still_fails_with_our_error(value: Any) -> None:
    with pytest.raises(ProtocolError):
        pack(value)


def test_the_deepest_value_is_eight_arrays() -> None:
    value: Value = []
    for _ in range(7):
        value = [value]
    assert decode(encode(value)) == value
    with pytest.raises(ProtocolError):
        encode([value])


def test_the_largest_array_and_text_fit() -> None:
    for value in ([0] * ARRAY_ITEMS, "é" * (STR_BYTES // 2)):
        largest: Value = value  # type: ignore[assignment]
        assert decode(encode(largest)) == largest


def test_true_and_one_are_different_values() -> None:
    assert decode(encode(True)) is True  # noqa: FBT003
    assert type(decode(encode(1))) is int


def test_a_failed_encoding_leaves_nothing_behind() -> None:
    with pytest.raises(ProtocolError):
        encode(["a", "\ud800"])
    assert encode([1]) == b"\x91\x01"


@pytest.mark.parametrize(
    "bomb",
    [
        b"\xdc\x10\x00" * 1_000,
        b"\xdc\x10\x00" * 80_000,
        (b"\xdc\x10\x00" + b"\x01" * 4_095) * 64,
        b"\xdc\x10\x00" + b"\xdc\x10\x00" * 4_096,
        b"\xdd\xff\xff\xff\xff" * 1_000,
    ],
)
def test_three_bytes_do_not_buy_thirty_thousand(bomb: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(ProtocolError):
            decode(bomb, limit=len(bomb))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 20 * 2**20


def test_data_with_many_array_headers_that_nests_flatly_is_read() -> None:
    rows: Value = [[0] * 16 for _ in range(600)]
    assert decode(encode(rows)) == rows
    lookalikes: Value = [b"\xdc\x10\x00" * 50] * 40
    mixed: Value = [lookalikes, "a" * 300, -1, 2**40, -(2**40), True, b"x" * 300]
    assert decode(encode(mixed)) == mixed


@pytest.mark.parametrize(
    "data",
    [
        b"\x91" * 8 + b"\x91\x90",
        b"\x92\x01",
        b"",
        b"\xc1",
        b"\x81\x01\x01",
        b"\xdc\x00\x02\x01",
        b"\xca\x00\x00\x00\x00",
    ],
)
def test_the_walk_before_decoding_refuses_what_decoding_would(data: bytes) -> None:
    with pytest.raises(ProtocolError):
        refuse_deep(data)
    with pytest.raises(ProtocolError):
        decode(data)


def test_the_walk_before_decoding_passes_what_decoding_would() -> None:
    value: Value = [1, -1, 200, -200, 2**20, 2**40, True, "a", "b" * 300, b"c" * 300, [[]] * 20]
    refuse_deep(encode(value))


def test_an_error_says_its_code_and_number() -> None:
    with pytest.raises(ParasolError) as caught:
        decode(b"\xc0")
    assert isinstance(caught.value, ProtocolError)
    assert (caught.value.code, caught.value.number, caught.value.detail) == (
        "malformed",
        ErrorNumber.MALFORMED,
        0,
    )


def test_a_refusal_never_quotes_what_was_refused() -> None:
    with pytest.raises(ProtocolError) as caught:
        decode(b"\xae+15105550189xx\xff")
    assert "5105550189" not in str(caught.value)
    assert caught.value.__cause__ is None
