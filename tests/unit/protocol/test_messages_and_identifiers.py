"""Message bodies and identifiers, beside their vectors."""

from __future__ import annotations

import phonenumbers
import pytest

from protocol.errors import ErrorNumber, IdentifierError, ProtocolError
from protocol.identifiers import (
    calling_code,
    masked,
    normalise_email,
    normalise_handle,
    normalise_phone,
    normalise_plate,
    normalise_plate_part,
    normalise_profile,
)
from protocol.ids import Day, RecordKey
from protocol.messages import NAMES, RESERVED_NAMES, Hello, Pull, Put, decode_body


def test_a_type_name_of_the_future_is_another_version() -> None:
    with pytest.raises(ProtocolError) as caught:
        decode_body("gossip", [])
    assert caught.value.number is ErrorNumber.VERSION
    assert not NAMES & RESERVED_NAMES


def test_a_repr_shows_no_token_and_no_record() -> None:
    hello = Hello(b"secret-secret-16", trusted=True, docs=())
    put = Put(1, RecordKey(bytes(16)), b"entry", bytes(64), b"+15105550189")
    assert "secret" not in repr(hello)
    assert "5105550189" not in repr(put)


def test_a_message_comes_back_from_its_body() -> None:
    pull = Pull(1, Day(2), bytes(32), ((RecordKey(bytes(16)), "not_accepted"),), 4_096, 0)
    assert decode_body("pull", pull.encode_body()) == pull


def test_every_calling_code_in_the_world_is_split_from_its_number() -> None:
    for code in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
        assert calling_code(f"+{code}5550123") == str(code)


def test_one_number_typed_in_many_ways_is_one_number() -> None:
    typed = ("+15105550189", "510-555-0189", "(510) 555 0189", "1 510 555 0189 ext 4")
    assert {normalise_phone(text, "US") for text in typed} == {"+15105550189"}


def test_a_normal_form_is_its_own_normal_form() -> None:
    assert normalise_phone("+447700900123", None) == "+447700900123"
    assert normalise_email("ana@xn--bcher-kva.example.org") == "ana@xn--bcher-kva.example.org"
    assert normalise_handle("telegram:some_name") == "telegram:some_name"
    assert normalise_plate("US:7ABC271", None) == "US:7ABC271"
    assert normalise_plate_part("*7X*") == "*7X*"
    assert normalise_profile("example.com/profile.php?id=7") == "example.com/profile.php?id=7"


def test_o_and_zero_on_a_plate_stay_apart() -> None:
    assert normalise_plate("O0", "US") == "US:O0"


@pytest.mark.parametrize(
    ("kind", "normal"),
    [
        ("phone", "+15105550189"),
        ("email", "ab@example.com"),
        ("handle", "telegram:ab"),
        ("plate", "US:AB"),
        ("profile", "example.com/a"),
    ],
)
def test_a_mask_never_shows_the_whole(kind: str, normal: str) -> None:
    hidden = (
        normal.split("@", maxsplit=1)[0].rsplit(":", maxsplit=1)[-1].rsplit("/", maxsplit=1)[-1]
    )
    assert hidden not in masked(kind, normal).replace("example.com", "")


def test_an_identifier_error_never_quotes_what_was_typed() -> None:
    with pytest.raises(IdentifierError) as caught:
        normalise_phone("555-0123", "US")
    assert caught.value.code == "identifier"
    assert "0123" not in str(caught.value)
