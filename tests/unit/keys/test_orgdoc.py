"""An org document says who an organisation is and which keys speak for it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from keys.errors import BadDocument
from keys.orgdoc import decode_orgdoc, first_org_id, next_hash, sign_orgdoc
from protocol.codec import Value, decode, encode
from protocol.errors import ErrorNumber, ProtocolError
from protocol.hashing import h
from tests.support.key_material import TODAY, made_up

RIVER = made_up("Riverside")
DOC = RIVER.doc()


def with_row(at: int, value: Value) -> bytes:
    rows = decode(DOC.raw)
    assert isinstance(rows, list)
    rows[at] = value
    return encode(rows)


def refusal(raw: bytes, sig: bytes | None = None) -> ErrorNumber:
    with pytest.raises(ProtocolError) as caught:
        decode_orgdoc(raw, RIVER.roots[0].sign("org", raw) if sig is None else sig)
    return caught.value.number


def test_a_document_survives_the_way_there_and_back() -> None:
    assert decode_orgdoc(DOC.raw, DOC.sig) == DOC
    assert DOC.name == "Riverside"
    assert DOC.root == RIVER.roots[0].public


def test_the_id_is_the_hash_of_the_first_root_and_its_successor() -> None:
    assert DOC.next == h("next", RIVER.roots[1].public)
    assert DOC.org == h("org", DOC.root, DOC.next) == first_org_id(DOC.root, DOC.next)


def test_a_first_document_that_claims_another_id_is_refused() -> None:
    assert refusal(with_row(1, b"x" * 32)) is ErrorNumber.KEY


def test_a_document_signed_by_another_root_is_refused() -> None:
    assert refusal(DOC.raw, RIVER.roots[1].sign("org", DOC.raw)) is ErrorNumber.SIGNATURE


def test_a_document_signed_as_a_card_is_refused() -> None:
    assert refusal(DOC.raw, RIVER.roots[0].sign("card", DOC.raw)) is ErrorNumber.SIGNATURE


@pytest.mark.parametrize(
    ("at", "value", "number"),
    [
        (0, 2, ErrorNumber.VERSION),
        (0, True, ErrorNumber.MALFORMED),
        (1, b"x" * 31, ErrorNumber.MALFORMED),
        (2, -1, ErrorNumber.MALFORMED),
        (2, 64, ErrorNumber.MALFORMED),
        (3, -1, ErrorNumber.MALFORMED),
        (4, b"x" * 33, ErrorNumber.MALFORMED),
        (5, b"", ErrorNumber.MALFORMED),
        (6, TODAY + 366, ErrorNumber.MALFORMED),
        (7, TODAY + 401, ErrorNumber.MALFORMED),
        (8, "", ErrorNumber.MALFORMED),
        (8, "  ", ErrorNumber.MALFORMED),
        (8, "n" * 81, ErrorNumber.MALFORMED),
        (8, b"Riverside", ErrorNumber.MALFORMED),
        (9, [[b"k" * 32, 5, 4]], ErrorNumber.MALFORMED),
        (9, [[b"k" * 32, 5]], ErrorNumber.MALFORMED),
        (9, [[b"k" * 32, 5, 6], [b"k" * 32, 7, 8]], ErrorNumber.MALFORMED),
        (9, [[bytes([i]) * 32, 5, 6] for i in range(9)], ErrorNumber.MALFORMED),
        (10, [[b"k" * 32, 5], [b"k" * 32, 6]], ErrorNumber.MALFORMED),
        (10, [[b"k" * 32]], ErrorNumber.MALFORMED),
    ],
)
def test_a_document_that_breaks_a_rule_is_refused(
    at: int, value: Value, number: ErrorNumber
) -> None:
    assert refusal(with_row(at, value)) is number


@pytest.mark.parametrize("change", [lambda r: r[:-1], lambda r: [*r, 0], lambda r: [r[0]]])
def test_a_document_with_another_number_of_parts_is_refused(
    change: Callable[[list[Value]], list[Value]],
) -> None:
    rows = decode(DOC.raw)
    assert isinstance(rows, list)
    assert refusal(encode(change(rows))) is ErrorNumber.MALFORMED


def test_a_document_longer_than_allowed_is_refused() -> None:
    assert refusal(b"\0" * 9000) is ErrorNumber.TOO_BIG


def test_four_hundred_days_are_allowed() -> None:
    raw = with_row(7, TODAY + 400)
    assert decode_orgdoc(raw, RIVER.roots[0].sign("org", raw)).exp == TODAY + 400


def test_we_cannot_sign_a_document_that_others_would_refuse() -> None:
    with pytest.raises(BadDocument):
        RIVER.doc(name=" ")


def test_a_later_generation_must_name_its_organisation() -> None:
    with pytest.raises(BadDocument):
        sign_orgdoc(
            RIVER.roots[1],
            gen=1,
            ver=1,
            next_=next_hash(RIVER.roots[2].public),
            iat=TODAY,
            exp=TODAY + 1,
            name="Riverside",
            keys=[],
        )


@pytest.mark.parametrize(
    ("day", "state"),
    [
        (TODAY - 1, "expired"),
        (TODAY, "valid"),
        (TODAY + 10, "valid"),
        (TODAY + 11, "expired"),
    ],
)
def test_a_key_is_valid_on_its_days_only(day: int, state: str) -> None:
    doc = RIVER.doc(keys=((RIVER.node_key, TODAY, TODAY + 10),))
    assert doc.key_state(RIVER.node_key.public, day) == state


def test_an_unlisted_key_is_unknown() -> None:
    assert DOC.key_state(RIVER.other_node_key.public, TODAY) == "unknown"


def test_a_key_is_revoked_from_the_day_on_that_its_organisation_says() -> None:
    doc = RIVER.doc(revoked=((RIVER.node_key, TODAY + 5),))
    assert doc.key_state(RIVER.node_key.public, TODAY + 4) == "valid"
    assert doc.key_state(RIVER.node_key.public, TODAY + 5) == "revoked"


def test_a_revoked_key_that_is_no_longer_listed_stays_revoked() -> None:
    doc = RIVER.doc(keys=(), revoked=((RIVER.node_key, TODAY),))
    assert doc.key_state(RIVER.node_key.public, TODAY + 400) == "revoked"


def test_an_old_document_first_warns_and_then_lapses() -> None:
    days = (DOC.exp, DOC.exp + 1, DOC.exp + 30, DOC.exp + 31)
    assert [DOC.standing(day) for day in days] == ["current", "overdue", "overdue", "lapsed"]
