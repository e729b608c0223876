"""An invite is pasted, written down, read aloud or scanned."""

from __future__ import annotations

import pytest

from keys.documents import Documents
from keys.envelope import make_inner, seal
from keys.invite import (
    Invite,
    decode_invite,
    decode_reply,
    encode_invite,
    encode_reply,
    is_reply,
    qr_terminal,
)
from protocol.errors import ErrorNumber, ProtocolError
from tests.support.key_material import made_up

RIVER = made_up("Riverside")
HARBOUR = made_up("Harbour")
INVITE = Invite(RIVER.documents(), b"0123456789abcdef")
TEXT = encode_invite(INVITE)
HELLO = make_inner("hello", HARBOUR.org, HARBOUR.node_key.public, RIVER.org, 1, b"", 0)
WIRE = seal(HELLO, HARBOUR.node_key, RIVER.box.public)


def refusal(text: str) -> ErrorNumber:
    with pytest.raises(ProtocolError) as caught:
        decode_invite(text)
    return caught.value.number


def test_an_invite_survives_the_way_there_and_back() -> None:
    assert TEXT.startswith("parasol1:")
    assert decode_invite(TEXT) == INVITE


@pytest.mark.parametrize(
    "spoiled",
    [
        TEXT.upper(),
        TEXT.replace("0", "o"),
        TEXT.replace("0", "O"),
        TEXT.replace("1", "l"),
        TEXT.replace("1", "I"),
        f"  {TEXT}\r\n",
        "\n".join(TEXT[at : at + 60] for at in range(0, len(TEXT), 60)),
        "-".join(TEXT[at : at + 5] for at in range(0, len(TEXT), 5)),
        TEXT.replace(":", " : "),
    ],
)
def test_an_invite_forgives_how_it_was_copied(spoiled: str) -> None:
    assert decode_invite(spoiled) == INVITE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "parasol1:",
        "parasol1:00",
        "parasol2:" + TEXT[9:],
        TEXT[9:],
        TEXT[:-1],
        TEXT[:-8],
        TEXT + "0",
        TEXT + "u",
        TEXT + "é",
        TEXT + "=",
        TEXT[:100] + TEXT[101:],
        TEXT[:100] + TEXT[101] + TEXT[100] + TEXT[102:],
    ],
)
def test_an_invite_that_was_changed_is_refused(text: str) -> None:
    assert refusal(text) is ErrorNumber.MALFORMED


def test_an_endless_text_is_refused() -> None:
    assert refusal("parasol1:" + "0" * 2_000_000) is ErrorNumber.TOO_BIG


def test_an_invite_with_documents_that_do_not_verify_is_refused() -> None:
    mixed = Invite(Documents((RIVER.doc(),), HARBOUR.card()), INVITE.token)
    assert refusal(encode_invite(mixed)) is ErrorNumber.KEY


def test_a_token_has_sixteen_bytes() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        encode_invite(Invite(INVITE.docs, b""))


def test_a_token_is_not_shown() -> None:
    assert "0123456789abcdef" not in repr(INVITE)


def test_a_reply_survives_the_way_there_and_back() -> None:
    text = encode_reply(WIRE)
    assert text.startswith("parasol1r:")
    assert decode_reply(text.upper()) == WIRE


def test_a_reply_is_not_an_invite_and_an_invite_not_a_reply() -> None:
    text = encode_reply(WIRE)
    assert is_reply(text)
    assert not is_reply(TEXT)
    assert refusal(text) is ErrorNumber.MALFORMED
    assert refusal(text.replace("parasol1r:", "parasol1:")) is ErrorNumber.MALFORMED
    with pytest.raises(ProtocolError):
        decode_reply(TEXT)


def test_a_reply_longer_than_a_wire_is_refused() -> None:
    with pytest.raises(ProtocolError) as caught:
        decode_reply(encode_reply(b"\0" * 263_000))
    assert caught.value.number is ErrorNumber.TOO_BIG


def test_an_invite_fits_into_a_code_on_a_terminal() -> None:
    drawing = qr_terminal(TEXT)
    assert "█" in drawing or "▄" in drawing or "\033" in drawing


def test_a_text_too_long_for_a_code_says_so() -> None:
    with pytest.raises(ProtocolError) as caught:
        qr_terminal("parasol1:" + "0" * 5000)
    assert caught.value.number is ErrorNumber.TOO_BIG
