"""Whatever bytes arrive, the readers of `keys` accept them or raise ProtocolError."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nacl import bindings

from keys.card import decode_card
from keys.documents import Documents, decode_documents, encode_documents
from keys.endpoint import check_endpoint
from keys.envelope import _split, key_id, make_box_key, make_inner, open_wire, seal
from keys.invite import (
    Invite,
    decode_invite,
    decode_reply,
    encode_invite,
    encode_reply,
    qr_terminal,
)
from keys.orgdoc import decode_orgdoc
from keys.safety import safety_code, same_code
from protocol.codec import Value, decode, encode
from protocol.errors import ProtocolError
from protocol.ids import OrgId
from tests.support.key_material import made_up

RIVER = made_up("Riverside")
HARBOUR = made_up("Harbour")
DOC = RIVER.doc()
CARD = RIVER.card()
INVITE = encode_invite(Invite(RIVER.documents(), bytes(16)))
WIRE = seal(
    make_inner("poke", RIVER.org, RIVER.node_key.public, HARBOUR.org, 7, b"", []),
    RIVER.node_key,
    HARBOUR.box.public,
)

VALUES: st.SearchStrategy[Value] = st.recursive(
    st.one_of(
        st.integers(-(2**53) + 1, 2**53 - 1),
        st.booleans(),
        st.binary(max_size=80),
        st.sampled_from([b"k" * 32, b"s" * 64, DOC.raw, DOC.sig, CARD.raw, CARD.sig]),
        st.text(max_size=20),
    ),
    lambda inside: st.lists(inside, max_size=11),
    max_leaves=30,
)


def accepted_or_refused(read: Callable[[], object]) -> None:
    with suppress(ProtocolError):
        read()


def refused(read: Callable[[], object]) -> bool:
    try:
        read()
    except ProtocolError:
        return True
    return False


@given(st.one_of(st.binary(max_size=400), VALUES.map(encode)), st.binary(max_size=70))
@example(DOC.raw, b"")
@example(b"", bytes(64))
def test_any_bytes_as_an_org_document(raw: bytes, sig: bytes) -> None:
    accepted_or_refused(lambda: decode_orgdoc(raw, sig))
    accepted_or_refused(lambda: decode_card(raw, sig, DOC))


@given(VALUES)
def test_any_value_as_documents(value: Value) -> None:
    accepted_or_refused(lambda: decode_documents(value))


@given(st.integers(0, 10), VALUES)
def test_any_value_in_place_of_a_part_of_a_signed_document(at: int, value: Value) -> None:
    rows = decode(DOC.raw)
    assert isinstance(rows, list)
    rows[at] = value
    raw = encode(rows)
    accepted_or_refused(lambda: decode_orgdoc(raw, RIVER.roots[0].sign("org", raw)))


@given(st.integers(0, 9), VALUES)
def test_any_value_in_place_of_a_part_of_a_signed_card(at: int, value: Value) -> None:
    rows = decode(CARD.raw)
    assert isinstance(rows, list)
    rows[at] = value
    raw = encode(rows)
    accepted_or_refused(lambda: decode_card(raw, RIVER.node_key.sign("card", raw), DOC))


@given(st.one_of(st.binary(max_size=1200), st.binary(min_size=1024, max_size=1024)))
@example(b"")
def test_any_bytes_as_a_wire_and_inside_one(data: bytes) -> None:
    accepted_or_refused(lambda: open_wire(data, [HARBOUR.box], HARBOUR.org))
    wire = b"\1" + key_id(HARBOUR.box.public) + bindings.crypto_box_seal(data, HARBOUR.box.public)
    accepted_or_refused(lambda: open_wire(wire, [HARBOUR.box], HARBOUR.org))


@given(
    st.one_of(
        st.binary(max_size=200),
        st.tuples(st.binary(max_size=300), st.sampled_from([0, 63, 64, 65])).map(
            lambda parts: encode([parts[0], bytes(parts[1])])
        ),
        st.integers(65_450, 65_540).map(lambda size: encode([bytes(size), bytes(64)])),
    )
)
def test_a_message_is_split_exactly_where_the_codec_would(message: bytes) -> None:
    try:
        value = decode(message)
    except ProtocolError:
        value = []
    if (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], bytes)
        and isinstance(value[1], bytes)
        and len(value[1]) == 64
    ):
        assert _split(message) == (value[0], value[1])
    else:
        assert refused(lambda: _split(message))


@given(VALUES, VALUES)
def test_any_value_as_a_sealed_message(value: Value, sig: Value) -> None:
    for plain in (encode(value), encode([encode(value), sig]), encode([encode(value), b"s" * 64])):
        if len(plain) > 1023:
            continue
        padded = plain + b"\x80" + bytes(1023 - len(plain))
        sealed = bindings.crypto_box_seal(padded, HARBOUR.box.public)
        wire = b"\1" + key_id(HARBOUR.box.public) + sealed
        accepted_or_refused(partial(open_wire, wire, [HARBOUR.box], HARBOUR.org))


@given(
    st.one_of(st.text(), st.text().map("parasol1:".__add__), st.text().map("PARASOLlr:".__add__))
)
def test_any_text_as_an_invite_or_a_reply(text: str) -> None:
    accepted_or_refused(lambda: decode_invite(text))
    accepted_or_refused(lambda: decode_reply(text))


@given(st.binary(max_size=300))
def test_any_bytes_inside_a_well_made_invite(data: bytes) -> None:
    text = encode_reply(data)
    assert refused(lambda: decode_invite(text))
    if data:
        assert decode_reply(text) == data
    else:
        assert refused(lambda: decode_reply(text))


@given(st.integers(0, len(WIRE) - 1), st.integers(1, 255))
def test_a_wire_with_a_flipped_byte_is_refused(at: int, flip: int) -> None:
    changed = bytearray(WIRE)
    changed[at] ^= flip
    assert refused(lambda: open_wire(bytes(changed), [HARBOUR.box], HARBOUR.org))


@given(st.integers(0, len(DOC.raw) + 63), st.integers(1, 255))
def test_a_document_with_a_flipped_byte_is_refused(at: int, flip: int) -> None:
    changed = bytearray(DOC.raw + DOC.sig)
    changed[at] ^= flip
    raw, sig = bytes(changed[: len(DOC.raw)]), bytes(changed[len(DOC.raw) :])
    assert refused(lambda: decode_orgdoc(raw, sig))


@given(st.integers(0, len(CARD.raw) + 63), st.integers(1, 255))
def test_a_card_with_a_flipped_byte_is_refused(at: int, flip: int) -> None:
    changed = bytearray(CARD.raw + CARD.sig)
    changed[at] ^= flip
    raw, sig = bytes(changed[: len(CARD.raw)]), bytes(changed[len(CARD.raw) :])
    assert refused(lambda: decode_card(raw, sig, DOC))


@given(
    st.integers(0, len(INVITE) - len("parasol1:") - 1),
    st.sampled_from("0123456789abcdefghjkmnpqrstvwxyz"),
)
def test_an_invite_with_another_symbol_is_refused(at: int, symbol: str) -> None:
    at += len("parasol1:")
    changed = INVITE[:at] + symbol + INVITE[at + 1 :]
    assert (changed == INVITE) != refused(lambda: decode_invite(changed))


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), st.binary())
@settings(max_examples=50)
def test_an_envelope_opens_for_its_recipient_only(
    to_org: bytes, secret: bytes, body: bytes
) -> None:
    box = make_box_key(secret, 0)
    inner = make_inner("x", RIVER.org, RIVER.node_key.public, OrgId(to_org), 1, b"", body)
    wire = seal(inner, RIVER.node_key, box.public)
    opened = open_wire(wire, [HARBOUR.box, box], OrgId(to_org))
    opened.verify(RIVER.node_key.public)
    assert opened.inner == inner
    assert refused(lambda: open_wire(wire, [HARBOUR.box], OrgId(to_org)))
    assert refused(lambda: open_wire(wire, [box], HARBOUR.org))


@given(st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32), st.text())
def test_a_safety_code_names_one_organisation(one: bytes, other: bytes, text: str) -> None:
    assert same_code(safety_code(OrgId(one)), OrgId(one))
    assert same_code(safety_code(OrgId(one)), OrgId(other)) == (one == other)
    assert not same_code(text, OrgId(one))


@given(st.lists(st.sampled_from(range(3)), min_size=1, max_size=3))
def test_documents_are_read_back_as_they_were_sent(versions: list[int]) -> None:
    docs = Documents(tuple(RIVER.doc(0, ver) for ver in sorted(versions)), None)
    if len(set(versions)) == len(versions):
        assert decode_documents(decode(encode(encode_documents(docs)))) == docs


@given(
    st.one_of(
        st.text(),
        st.text().map("https://".__add__),
        st.tuples(
            st.sampled_from(["http://", "https://", "HTTPS://"]),
            st.sampled_from(["", "u@", "a:b@"]),
            st.sampled_from(["node.example.org", "127.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "["]),
            st.sampled_from(["", ":", ":1", ":-1", ":99999", ":x"]),
            st.sampled_from(["", "/", "/s", "?x", "#x"]),
        ).map("".join),
    ),
    st.booleans(),
)
def test_any_text_as_an_endpoint(url: str, loopback: bool) -> None:
    accepted_or_refused(lambda: check_endpoint(url, allow_loopback=loopback))


@pytest.mark.parametrize("text", [INVITE, "parasol1:0"])
def test_a_code_is_drawn_of_any_invite(text: str) -> None:
    assert qr_terminal(text)
