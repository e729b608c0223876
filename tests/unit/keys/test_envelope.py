"""Everything that leaves a node is signed, padded and sealed to one peer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from nacl import bindings

from keys.envelope import (
    BUCKETS,
    MAX_INNER,
    OVERHEAD,
    BoxKey,
    Inner,
    key_id,
    make_box_key,
    make_inner,
    open_wire,
    request_hash,
    seal,
)
from protocol.codec import Value, encode
from protocol.errors import ErrorNumber, ProtocolError
from protocol.hashing import h
from tests.support.key_material import TODAY, made_up

RIVER = made_up("Riverside")
HARBOUR = made_up("Harbour")


def message(body: Value = 0, *, re: bytes = b"") -> Inner:
    return make_inner("poke", RIVER.org, RIVER.node_key.public, HARBOUR.org, 7, re, body)


def sealed(inner: Inner) -> bytes:
    return seal(inner, RIVER.node_key, HARBOUR.box.public)


def boxed(plain: bytes) -> bytes:
    """A wire around any plain text, as an attacker may make it."""
    return b"\1" + key_id(HARBOUR.box.public) + bindings.crypto_box_seal(plain, HARBOUR.box.public)


def padded(plain: bytes, bucket: int = 1024) -> bytes:
    return plain + b"\x80" + bytes(bucket - len(plain) - 1)


def refusal(wire: bytes, *keys: BoxKey) -> ErrorNumber:
    with pytest.raises(ProtocolError) as caught:
        open_wire(wire, keys or (HARBOUR.box,), HARBOUR.org)
    return caught.value.number


def test_an_envelope_opens_and_verifies_at_its_recipient() -> None:
    inner = message([1, "two", b"three"], re=b"r" * 32)
    opened = open_wire(sealed(inner), [HARBOUR.box], HARBOUR.org)
    assert opened.inner == inner
    opened.verify(RIVER.node_key.public)


def test_an_envelope_under_another_key_than_expected_is_refused() -> None:
    opened = open_wire(sealed(message()), [HARBOUR.box], HARBOUR.org)
    with pytest.raises(ProtocolError) as caught:
        opened.verify(RIVER.other_node_key.public)
    assert caught.value.number is ErrorNumber.KEY


def test_an_envelope_whose_signature_is_another_messages_is_refused() -> None:
    opened = open_wire(sealed(message(1)), [HARBOUR.box], HARBOUR.org)
    swapped = replace(opened, sig=open_wire(sealed(message(2)), [HARBOUR.box], HARBOUR.org).sig)
    with pytest.raises(ProtocolError) as caught:
        swapped.verify(RIVER.node_key.public)
    assert caught.value.number is ErrorNumber.SIGNATURE


@pytest.mark.parametrize(
    ("size", "bucket"), [(0, 1024), (700, 1024), (1500, 4096), (15000, 16384), (60000, 65536)]
)
def test_a_wire_has_one_of_five_sizes(size: int, bucket: int) -> None:
    assert len(sealed(message(b"x" * size))) == bucket + OVERHEAD


def test_a_message_fills_a_bucket_to_the_last_byte_but_one() -> None:
    overhead = len(message(b"x" * 900).raw) - 900 + 1 + 3 + 2 + 64
    assert len(sealed(message(b"x" * (1023 - overhead)))) == 1024 + OVERHEAD
    assert len(sealed(message(b"x" * (1024 - overhead)))) == 4096 + OVERHEAD


def test_the_biggest_message_fits_and_one_more_byte_is_refused() -> None:
    room = MAX_INNER - (len(message(b"x" * 70000).raw) - 70000)
    wire = sealed(message(b"x" * room))
    assert len(wire) == BUCKETS[-1] + OVERHEAD
    assert open_wire(wire, [HARBOUR.box], HARBOUR.org).inner.body == b"x" * room
    with pytest.raises(ProtocolError) as caught:
        message(b"x" * (room + 1))
    assert caught.value.number is ErrorNumber.TOO_BIG


def test_an_older_box_key_still_opens() -> None:
    newer = make_box_key(b"n" * 32, TODAY + 30)
    open_wire(sealed(message()), [newer, HARBOUR.box], HARBOUR.org)


def test_a_wire_for_a_box_key_that_we_do_not_hold_is_refused() -> None:
    assert refusal(sealed(message()), RIVER.box) is ErrorNumber.KEY


def test_a_wire_that_claims_our_box_key_but_was_sealed_to_another_is_refused() -> None:
    wire = seal(message(), RIVER.node_key, RIVER.box.public)
    assert refusal(b"\1" + key_id(HARBOUR.box.public) + wire[9:]) is ErrorNumber.MALFORMED


def test_a_message_for_another_organisation_is_refused_though_sealed_to_us() -> None:
    inner = make_inner("poke", RIVER.org, RIVER.node_key.public, RIVER.org, 7, b"", 0)
    assert refusal(sealed(inner)) is ErrorNumber.KEY


def test_another_suite_is_refused() -> None:
    wire = sealed(message())
    assert refusal(b"\2" + wire[1:]) is ErrorNumber.VERSION


@pytest.mark.parametrize("size", [0, 1, 8, 9, 57, 1024, 1080, 1082])
def test_a_wire_of_another_size_is_refused(size: int) -> None:
    assert refusal((sealed(message()) + b"\0")[:size]) is ErrorNumber.MALFORMED


def test_a_wire_longer_than_the_biggest_is_refused() -> None:
    assert refusal(b"\1" * (BUCKETS[-1] + OVERHEAD + 1)) is ErrorNumber.TOO_BIG


@pytest.mark.parametrize(
    "plain",
    [
        bytes(1024),
        b"\1" * 1024,
        padded(b""),
        padded(encode([b""])),
        padded(encode([b"", b"x" * 64])),
        padded(encode([b"\x90", b"x" * 64])),
        padded(encode([b"\x91\x01", b"x" * 64])),
        padded(encode([b"\x90", b"x" * 63])),
        padded(encode([b"\x90", b"x" * 64, 0])),
    ],
)
def test_a_sealed_text_that_is_no_message_is_refused(plain: bytes) -> None:
    assert refusal(boxed(plain)) in {ErrorNumber.MALFORMED, ErrorNumber.VERSION}


def test_a_message_padded_more_than_needed_is_refused() -> None:
    inner = message()
    plain = encode([inner.raw, RIVER.node_key.sign("msg", inner.raw)])
    open_wire(boxed(padded(plain)), [HARBOUR.box], HARBOUR.org)
    assert refusal(boxed(padded(plain, 4096))) is ErrorNumber.MALFORMED


@pytest.mark.parametrize(
    ("at", "value", "number"),
    [
        (0, 2, ErrorNumber.VERSION),
        (1, b"poke", ErrorNumber.MALFORMED),
        (1, "p" * 17, ErrorNumber.MALFORMED),
        (2, b"", ErrorNumber.MALFORMED),
        (3, b"x" * 31, ErrorNumber.MALFORMED),
        (4, b"x" * 33, ErrorNumber.MALFORMED),
        (5, -1, ErrorNumber.MALFORMED),
        (5, True, ErrorNumber.MALFORMED),
        (6, b"x", ErrorNumber.MALFORMED),
        (6, b"x" * 33, ErrorNumber.MALFORMED),
    ],
)
def test_a_message_that_breaks_a_rule_is_refused(
    at: int, value: Value, number: ErrorNumber
) -> None:
    rows: list[Value] = [
        1, "poke", bytes(RIVER.org), bytes(RIVER.node_key.public), bytes(HARBOUR.org), 7, b"", 0,
    ]  # fmt: skip
    rows[at] = value
    raw = encode(rows)
    assert refusal(boxed(padded(encode([raw, RIVER.node_key.sign("msg", raw)])))) is number


def test_a_message_must_be_signed_by_the_key_that_it_names() -> None:
    with pytest.raises(ValueError, match="the key that it names"):
        seal(message(), RIVER.other_node_key, HARBOUR.box.public)


def test_sealing_to_a_key_of_small_order_is_refused() -> None:
    with pytest.raises(ProtocolError) as caught:
        seal(message(), RIVER.node_key, bytes(32))
    assert caught.value.number is ErrorNumber.KEY
    with pytest.raises(ValueError, match="32 bytes"):
        seal(message(), RIVER.node_key, bytes(31))


def test_an_answer_is_bound_by_the_hash_of_its_request() -> None:
    inner = message()
    assert request_hash(inner) == h("req", inner.raw)


def test_neither_body_nor_secret_is_shown() -> None:
    box = make_box_key(b"S" * 32, TODAY)
    assert "SSSS" not in repr(box)
    opened = open_wire(sealed(message("he wears a red hat")), [HARBOUR.box], HARBOUR.org)
    assert "red hat" not in repr(opened)
