"""What the paper roots sign, with nothing but the words and a copy of the document."""

from collections.abc import Callable

import pytest

from keys.documents import Documents
from keys.errors import BadPhrase
from keys.orgdoc import OrgDoc, next_hash
from keys.phrase import new_phrase, phrase_to_key
from keys.pin import accept
from keys.signing import SigningKey
from node.errors import BadRequest
from node.rootdocs import (
    chain_with,
    find_key,
    next_root_of,
    parse_document,
    recovered,
    render_document,
    renewed,
    revoked,
    root_of,
    rotated,
)
from node.setup import first_document
from protocol.errors import ProtocolError
from protocol.ids import Day, text_id

TODAY = Day(20_474)
LATER = Day(20_600)


def bytes_of(seed: int) -> Callable[[int], bytes]:
    return lambda size: bytes([seed]) * size


PHRASES = new_phrase(bytes_of(1)), new_phrase(bytes_of(2))
NODE_KEY, NEW_KEY = SigningKey(bytes([3]) * 32), SigningKey(bytes([4]) * 32)
FIRST = first_document("Riverside", PHRASES, NODE_KEY, TODAY)
KNOWN = Documents((FIRST,), None)


def followed(new: OrgDoc) -> OrgDoc:
    return accept(FIRST, chain_with(KNOWN, new))


def test_a_document_travels_as_text_among_other_text() -> None:
    text = f"# words\n\nabandon ability\n\n{render_document([FIRST])}\n\nmore"
    assert parse_document(text).current.raw == FIRST.raw
    loud = render_document([FIRST]).upper().replace("PARASOL1D", "parasol1d")
    assert parse_document(loud).org == FIRST.org


@pytest.mark.parametrize("text", ["", "parasol1d:", "parasol1d:!!!", "parasol1d:aaaa", "words"])
def test_a_text_without_a_whole_document_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError):
        parse_document(text)


def test_a_revoked_key_is_so_for_whoever_had_pinned_the_document() -> None:
    root = root_of(KNOWN, PHRASES[0])
    new = followed(revoked(KNOWN, root, NODE_KEY.public, LATER - 3, LATER))
    assert new.ver == FIRST.ver + 1
    assert new.key_state(NODE_KEY.public, LATER - 3) == "revoked"
    assert new.key_state(NODE_KEY.public, LATER - 4) == "valid"


def test_revoking_again_keeps_the_earlier_day() -> None:
    root = root_of(KNOWN, PHRASES[0])
    once = revoked(KNOWN, root, NODE_KEY.public, LATER - 9, LATER)
    twice = revoked(Documents((once,), None), root, NODE_KEY.public, LATER, LATER)
    assert twice.revoked == ((NODE_KEY.public, LATER - 9),)


def test_a_rotation_lists_the_new_key_and_drops_the_old_one() -> None:
    root = root_of(KNOWN, PHRASES[0])
    new = followed(rotated(KNOWN, root, NEW_KEY.public, LATER, drop=[NODE_KEY.public]))
    assert new.key_state(NEW_KEY.public, LATER) == "valid"
    assert new.key_state(NODE_KEY.public, LATER) == "unknown"


def test_a_renewal_prolongs_the_document_and_its_valid_keys() -> None:
    new = followed(renewed(KNOWN, root_of(KNOWN, PHRASES[0]), LATER))
    assert new.exp > FIRST.exp
    assert new.key_state(NODE_KEY.public, new.exp) == "valid"


def test_the_next_root_takes_over_and_commits_to_another() -> None:
    after = next_hash(phrase_to_key(new_phrase(bytes_of(5))).public)
    root = next_root_of(KNOWN, PHRASES[1])
    revoke = (NODE_KEY.public, LATER)
    new = followed(recovered(KNOWN, root, after, LATER, revoke=revoke))
    assert (new.gen, new.ver, new.next, new.org) == (1, 1, after, FIRST.org)
    assert new.key_state(NODE_KEY.public, LATER) == "revoked"
    chain = parse_document(render_document(chain_with(KNOWN, new)))
    assert [each.gen for each in chain.orgdocs] == [0, 1]


def test_the_words_of_the_other_root_are_named_as_such() -> None:
    with pytest.raises(BadPhrase, match="next root; give those of the root"):
        root_of(KNOWN, PHRASES[1])
    with pytest.raises(BadPhrase, match="root; give those of the next root"):
        next_root_of(KNOWN, PHRASES[0])
    with pytest.raises(BadPhrase, match="not the root"):
        root_of(KNOWN, new_phrase(bytes_of(9)))


def test_a_key_is_found_by_the_start_of_its_id() -> None:
    assert find_key(KNOWN, text_id(NODE_KEY.public)[:6].upper()) == NODE_KEY.public
    for text in ("", "zzzz"):
        with pytest.raises(BadRequest, match="key: the start of one of"):
            find_key(KNOWN, text)
