"""A peer with a stale box key can ask for our documents and find the way back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from nacl import bindings

from keys.envelope import make_box_key, pad
from keys.knock import answer_knock, encode_knock, is_knock, open_answer
from protocol.codec import encode
from protocol.errors import ErrorNumber, ProtocolError
from tests.support.key_material import TODAY, made_up

RIVER = made_up("Riverside")
ONCE = make_box_key(b"o" * 32, TODAY)
ANSWER = answer_knock(encode_knock(ONCE), RIVER.documents())


def refusal(answer: bytes) -> ErrorNumber:
    with pytest.raises(ProtocolError) as caught:
        open_answer(answer, ONCE, RIVER.org)
    return caught.value.number


def test_a_knock_is_answered_with_documents() -> None:
    assert is_knock(encode_knock(ONCE))
    assert open_answer(ANSWER, ONCE, RIVER.org) == RIVER.documents()
    assert len(ANSWER) == 1 + 48 + 1024


def test_an_answer_opens_with_its_one_time_key_only() -> None:
    with pytest.raises(ProtocolError):
        open_answer(ANSWER, RIVER.box, RIVER.org)


def test_another_organisations_documents_are_refused() -> None:
    other = answer_knock(encode_knock(ONCE), made_up("Harbour").documents())
    assert refusal(other) is ErrorNumber.KEY


def test_a_sealed_text_that_holds_no_documents_is_refused() -> None:
    sealed = bindings.crypto_box_seal(pad(encode([1])), ONCE.public)
    assert refusal(b"\3" + sealed) is ErrorNumber.MALFORMED


@pytest.mark.parametrize("wire", [b"", b"\3", b"\1" + bytes(32), b"\3" + bytes(33)])
def test_anything_else_is_no_knock(wire: bytes) -> None:
    assert not is_knock(wire)
    with pytest.raises(ProtocolError):
        answer_knock(wire, RIVER.documents())


def test_a_knock_with_a_key_of_small_order_is_refused() -> None:
    with pytest.raises(ProtocolError) as caught:
        answer_knock(b"\3" + bytes(32), RIVER.documents())
    assert caught.value.number is ErrorNumber.KEY


@given(st.integers(0, len(ANSWER) - 1), st.integers(1, 255))
def test_an_answer_with_a_flipped_byte_is_refused(at: int, flip: int) -> None:
    changed = bytearray(ANSWER)
    changed[at] ^= flip
    refusal(bytes(changed))


@given(st.one_of(st.binary(max_size=100), st.binary(min_size=1073, max_size=1073)))
def test_any_bytes_as_an_answer_are_refused(answer: bytes) -> None:
    refusal(answer)
