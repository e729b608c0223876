"""A card says where a node is, how to seal to it, and what it may hold."""

from __future__ import annotations

import pytest

from keys.card import Accepts, decode_card
from keys.errors import BadDocument
from keys.orgdoc import OrgDoc
from protocol.codec import Value, decode, encode
from protocol.errors import ErrorNumber, ProtocolError
from tests.support.key_material import ACCEPTS, TODAY, made_up

RIVER = made_up("Riverside")
HARBOUR = made_up("Harbour")
DOC = RIVER.doc()
CARD = RIVER.card()


def with_row(at: int, value: Value) -> bytes:
    rows = decode(CARD.raw)
    assert isinstance(rows, list)
    rows[at] = value
    return encode(rows)


def refusal(raw: bytes, sig: bytes | None = None, doc: OrgDoc = DOC) -> ErrorNumber:
    with pytest.raises(ProtocolError) as caught:
        decode_card(raw, RIVER.node_key.sign("card", raw) if sig is None else sig, doc)
    return caught.value.number


def test_a_card_survives_the_way_there_and_back() -> None:
    assert decode_card(CARD.raw, CARD.sig, DOC) == CARD
    assert CARD.accepts == ACCEPTS


def test_a_level_that_a_card_does_not_name_is_none() -> None:
    assert CARD.accepts.level("text") == "edited"
    assert CARD.accepts.level("photo") is None


def test_a_card_of_another_organisation_is_refused() -> None:
    assert refusal(CARD.raw, CARD.sig, HARBOUR.doc()) is ErrorNumber.KEY


def test_a_card_under_an_unlisted_key_is_refused() -> None:
    card = RIVER.card(node_key=RIVER.other_node_key)
    assert refusal(card.raw, card.sig) is ErrorNumber.KEY


def test_a_card_under_a_revoked_key_is_refused_whatever_the_day() -> None:
    doc = RIVER.doc(0, 2, revoked=((RIVER.node_key, TODAY + 300),))
    assert refusal(CARD.raw, CARD.sig, doc) is ErrorNumber.KEY


def test_a_card_signed_by_another_key_or_for_another_purpose_is_refused() -> None:
    assert refusal(CARD.raw, RIVER.roots[0].sign("card", CARD.raw)) is ErrorNumber.SIGNATURE
    assert refusal(CARD.raw, RIVER.node_key.sign("org", CARD.raw)) is ErrorNumber.SIGNATURE


@pytest.mark.parametrize(
    ("at", "value", "number"),
    [
        (0, 2, ErrorNumber.VERSION),
        (1, b"", ErrorNumber.MALFORMED),
        (2, b"x" * 31, ErrorNumber.MALFORMED),
        (3, 0, ErrorNumber.MALFORMED),
        (4, b"x" * 33, ErrorNumber.MALFORMED),
        (5, -1, ErrorNumber.MALFORMED),
        (6, "https://node.example.org/", ErrorNumber.MALFORMED),
        (6, ["https://node.example.org/"] * 9, ErrorNumber.MALFORMED),
        (6, ["x" * 513], ErrorNumber.MALFORMED),
        (7, [1], ErrorNumber.MALFORMED),
        (7, ["f"] * 33, ErrorNumber.MALFORMED),
        (8, ["US-CA", "criminalised"], ErrorNumber.MALFORMED),
        (8, ["US-CA", "criminalised", [["b", "x"], ["a", "x"]]], ErrorNumber.MALFORMED),
        (8, ["US-CA", "criminalised", [["a", "x"], ["a", "y"]]], ErrorNumber.MALFORMED),
        (9, b"1234567", ErrorNumber.MALFORMED),
    ],
)
def test_a_card_that_breaks_a_rule_is_refused(at: int, value: Value, number: ErrorNumber) -> None:
    assert refusal(with_row(at, value)) is number


def test_a_card_with_another_number_of_parts_is_refused() -> None:
    rows = decode(CARD.raw)
    assert isinstance(rows, list)
    assert refusal(encode(rows[:-1])) is ErrorNumber.MALFORMED
    assert refusal(encode([*rows, 0])) is ErrorNumber.MALFORMED


def test_we_cannot_sign_a_card_that_others_would_refuse() -> None:
    with pytest.raises(BadDocument):
        RIVER.card(n=0)


def test_levels_are_put_in_order_when_signed() -> None:
    assert Accepts("FR", "x", (("b", "1"), ("a", "2"))).level("a") == "2"
    assert [switch for switch, _ in CARD.accepts.levels] == sorted(
        switch for switch, _ in CARD.accepts.levels
    )


@pytest.mark.parametrize(
    ("today", "current"),
    [(TODAY - 2, False), (TODAY - 1, True), (TODAY, True), (TODAY + 45, True), (TODAY + 46, False)],
)
def test_a_card_is_current_for_forty_five_days(today: int, current: bool) -> None:
    assert CARD.is_current(today) is current
