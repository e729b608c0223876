"""Documents in transit tie a stranger's keys to one organisation's id."""

from __future__ import annotations

import pytest

from keys.documents import Documents, decode_documents, encode_documents
from protocol.codec import Value, decode, encode
from protocol.errors import ErrorNumber, ProtocolError
from tests.support.key_material import made_up

RIVER = made_up("Riverside")
HARBOUR = made_up("Harbour")
CHAIN = Documents((RIVER.doc(), RIVER.doc(1), RIVER.doc(2)), RIVER.card())


def refusal(documents: Value) -> ErrorNumber:
    with pytest.raises(ProtocolError) as caught:
        decode_documents(documents)
    return caught.value.number


def rows(documents: Documents) -> list[Value]:
    value = encode_documents(documents)
    assert isinstance(value, list)
    return value


def test_documents_survive_the_way_there_and_back() -> None:
    value = decode(encode(encode_documents(CHAIN)))
    assert decode_documents(value) == CHAIN
    assert CHAIN.org == RIVER.org
    assert CHAIN.current.gen == 2


def test_documents_may_come_without_a_card() -> None:
    bare = Documents((RIVER.doc(),), None)
    assert decode_documents(encode_documents(bare)) == bare


def test_no_documents_are_refused() -> None:
    assert refusal([]) is ErrorNumber.MALFORMED


def test_a_card_alone_is_refused() -> None:
    with pytest.raises(ProtocolError):
        decode_documents(rows(CHAIN)[-1:])


def test_a_card_before_the_end_is_refused() -> None:
    with pytest.raises(ProtocolError):
        decode_documents([rows(CHAIN)[-1], *rows(CHAIN)[:-1]])


def test_two_cards_are_refused() -> None:
    with pytest.raises(ProtocolError):
        decode_documents([*rows(CHAIN), rows(CHAIN)[-1]])


def test_a_chain_without_its_beginning_is_refused() -> None:
    assert refusal(rows(CHAIN)[1:]) is ErrorNumber.KEY


def test_a_chain_with_a_gap_is_refused() -> None:
    assert refusal([rows(CHAIN)[0], rows(CHAIN)[2]]) is ErrorNumber.KEY


def test_a_chain_out_of_order_is_refused() -> None:
    shuffled = Documents((RIVER.doc(0, 2), RIVER.doc(0, 1)), None)
    assert refusal(rows(shuffled)) is ErrorNumber.MALFORMED


def test_another_organisations_card_is_refused() -> None:
    assert refusal(rows(Documents((RIVER.doc(),), HARBOUR.card()))) is ErrorNumber.KEY


def test_another_organisations_document_in_the_chain_is_refused() -> None:
    assert refusal(rows(Documents((RIVER.doc(), HARBOUR.doc()), None))) is ErrorNumber.KEY


@pytest.mark.parametrize("value", [0, "docs", [0], [[b""]], [[b"", b"", b""]], [[b"\x90", b""]]])
def test_documents_of_another_shape_are_refused(value: Value) -> None:
    assert refusal(value) is ErrorNumber.MALFORMED
