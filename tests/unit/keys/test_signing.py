"""A signature holds for one key, one purpose and one text."""

from __future__ import annotations

import pytest

from keys.signing import SigningKey, new_signing_key, verify
from protocol.errors import ErrorNumber, ProtocolError
from tests.support.key_material import Chance

KEY = new_signing_key(Chance("signing"))


def refused(public: bytes, context: str, data: bytes, sig: bytes) -> bool:
    with pytest.raises(ProtocolError) as caught:
        verify(public, context, data, sig)
    return caught.value.number is ErrorNumber.SIGNATURE


def test_a_signature_verifies_for_its_own_context() -> None:
    for context in ("org", "card", "entry", "msg"):
        verify(KEY.public, context, b"text", KEY.sign(context, b"text"))


def test_a_signature_for_one_context_is_refused_in_another() -> None:
    assert refused(KEY.public, "entry", b"text", KEY.sign("msg", b"text"))


def test_a_changed_text_is_refused() -> None:
    assert refused(KEY.public, "msg", b"texT", KEY.sign("msg", b"text"))


def test_another_key_is_refused() -> None:
    assert refused(SigningKey(bytes(32)).public, "msg", b"text", KEY.sign("msg", b"text"))


@pytest.mark.parametrize("size", [0, 63, 65])
def test_a_signature_of_another_length_is_refused(size: int) -> None:
    sig = (KEY.sign("msg", b"text") + b"\0")[:size]
    assert refused(KEY.public, "msg", b"text", sig)


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_public_key_of_another_length_is_refused(size: int) -> None:
    assert refused((KEY.public + b"\0")[:size], "msg", b"text", KEY.sign("msg", b"text"))


def test_a_public_key_of_small_order_is_refused() -> None:
    assert refused(b"\1" + bytes(31), "msg", b"text", b"\1" + bytes(63))


def test_a_signing_key_does_not_show_its_seed() -> None:
    key = SigningKey(b"S" * 32)
    assert "SSSS" not in repr(key)
    assert "seed" not in repr(key)
