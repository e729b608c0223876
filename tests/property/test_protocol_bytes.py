"""Any bytes at all are accepted or raise ProtocolError; nothing else comes out of the decoders."""

from __future__ import annotations

import base64
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from protocol.codec import Value, decode, encode, pack, unpack
from protocol.commitment import decode_disclosures
from protocol.entry import Status, decode_entry
from protocol.errors import ProtocolError
from protocol.fields import FIELDS, validate
from protocol.ids import parse_record_key, text_id
from protocol.messages import NAMES, decode_body
from tests.vectors.drawing import Draw
from tests.vectors.generate_messages import _messages
from tests.vectors.generate_records import make_entry

VALUES: st.SearchStrategy[Any] = st.recursive(
    st.integers(-(2**53) + 1, 2**53 - 1)
    | st.booleans()
    | st.binary(max_size=70)
    | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=6),
    max_leaves=25,
)
LIVE = make_entry()
TOMBSTONE = make_entry(Status.ERASED, 2)
BODIES = [(m.name, encode(m.encode_body())) for m in _messages(Draw("mutation")).values()]


@given(st.binary(max_size=300))
def test_any_bytes_decode_or_are_refused(data: bytes) -> None:
    try:
        value = decode(data)
    except ProtocolError:
        return
    assert encode(value) == data
    assert unpack(data) == value


@given(st.binary(max_size=300))
def test_any_bytes_are_unpacked_or_refused(data: bytes) -> None:
    with suppress(ProtocolError):
        unpack(data)


def written(raw: bytes) -> str:
    """An alert's id by the library of the language."""
    return base64.b32encode(raw).decode().rstrip("=").lower()


@given(st.binary(min_size=16, max_size=16), st.sampled_from(["", " ", "-", "\n"]), st.booleans())
def test_an_alert_is_named_by_its_base32_however_it_is_spaced(
    raw: bytes, between: str, loud: bool
) -> None:
    name = text_id(raw)
    assert name == written(raw)
    spaced = between.join(name.upper() if loud else name)
    assert parse_record_key(spaced.replace("O", "0")) == raw


@given(
    st.one_of(
        st.text(max_size=30),
        st.text("abcdefghijklmnopqrstuvwxyz2345670189_+-", min_size=24, max_size=28),
        st.binary(min_size=15, max_size=17).map(written),
    )
)
def test_no_other_text_is_the_name_of_an_alert(text: str) -> None:
    try:
        raw = parse_record_key(text)
    except ProtocolError:
        return
    read = text.strip().lower().translate({ord("0"): "o", ord("1"): "i"})
    assert len(raw) == 16
    assert written(raw) == "".join(read.replace("-", "").split())


@given(VALUES)
def test_every_value_survives_its_encoding(value: Value) -> None:
    try:
        data = encode(value)
    except ProtocolError:
        return  # nested too deep
    again = decode(data)
    assert again == value
    assert pack(again) == data


@given(VALUES, st.data())
def test_no_other_bytes_spell_the_same_value(value: Value, data: st.DataObject) -> None:
    try:
        spelt = encode(value)
    except ProtocolError:
        return
    at = data.draw(st.integers(0, len(spelt) - 1))
    other = spelt[:at] + data.draw(st.binary(min_size=1, max_size=3)) + spelt[at + 1 :]
    try:
        read = decode(other)
    except ProtocolError:
        return
    assert other == spelt or encode(read) != spelt


@given(st.binary(max_size=200) | VALUES.map(lambda v: [1, v]).map(pack))
def test_any_bytes_are_an_entry_or_refused(data: bytes) -> None:
    with suppress(ProtocolError):
        assert decode_entry(data).raw == data


@given(st.integers(0, len(LIVE.raw) - 1), st.integers(1, 255))
def test_an_entry_with_a_flipped_byte_is_another_or_refused(at: int, flip: int) -> None:
    raw = bytearray(LIVE.raw)
    raw[at] ^= flip
    with suppress(ProtocolError):
        assert decode_entry(bytes(raw)).eid != LIVE.eid


@given(st.binary(max_size=200) | st.lists(VALUES, max_size=3).map(pack))
def test_any_bytes_disclose_nothing_of_an_entry_that_does_not_hold_them(data: bytes) -> None:
    for entry in (LIVE, TOMBSTONE):
        with suppress(ProtocolError):
            assert decode_disclosures(data, entry) == ()


@given(st.sampled_from(sorted(NAMES)) | st.text(max_size=8), VALUES)
def test_any_body_is_a_message_or_refused(name: str, body: Value) -> None:
    try:
        message = decode_body(name, body)
    except ProtocolError:
        return
    assert message.encode_body() == body


@settings(max_examples=300)
@given(st.sampled_from(BODIES), st.data())
def test_a_message_with_changed_bytes_is_another_or_refused(
    sent: tuple[str, bytes], data: st.DataObject
) -> None:
    name, raw = sent
    changed = bytearray(raw)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    with suppress(ProtocolError):
        body = decode(bytes(changed))
        assert decode_body(name, body).encode_body() == body


@given(st.sampled_from(sorted(FIELDS)) | st.text(max_size=8), VALUES)
def test_any_value_is_a_fields_or_refused(name: str, value: Value) -> None:
    with suppress(ProtocolError):
        validate(name, value)
