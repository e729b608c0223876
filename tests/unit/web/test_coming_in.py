"""What the pages decide before any page is shown: proofs, tries, forms, languages, members."""

from pathlib import Path

from node.store.engine import sync_engine
from node.store.members import (
    Invitation,
    Member,
    add_invitation,
    add_member,
    member_named,
    remove_member,
    take_invitation,
)
from node.store.schema import upgrade_store
from node.web.csrf import csrf_holds, csrf_key, csrf_proof
from node.web.languages import direction, wanted
from node.web.limits import MOST_KEYS, Limits, Rate
from node.web.passphrases import Passphrases
from node.web.vocabulary_words import CODE_WORDS, SEVERITY_WORDS, word
from protocol.ids import Day
from protocol.vocabulary import CODES

KEY = bytes(range(32))


def test_a_proof_holds_for_its_own_token_alone_and_looks_different_each_time() -> None:
    key = csrf_key(KEY)
    one, other = csrf_proof(key, "token", bytes(16)), csrf_proof(key, "token", bytes([7] * 16))
    assert one != other
    assert csrf_holds(key, "token", one)
    assert csrf_holds(key, "token", other)
    assert not csrf_holds(key, "tokem", one)
    for wrong in ("", "é", "AAAA", one[:-4], "x" * len(one)):
        assert not csrf_holds(key, "token", wrong)


def test_tries_at_one_thing_make_no_other_forgotten() -> None:
    limits, rate = Limits(), Rate(1, 10)
    assert limits.may("in", "heron", rate, 0)
    for n in range(MOST_KEYS + 1):
        limits.may("code:say_more", f"a fresh cookie {n}", rate, 0)
    assert not limits.may("in", "heron", rate, 1)
    for n in range(MOST_KEYS + 1):
        limits.may("in", f"{n}", rate, 0)
    assert limits.may("in", "heron", rate, 1)


def test_tries_run_out_and_come_back_with_time_for_each_key_alone() -> None:
    limits, rate = Limits(), Rate(2, 10)
    assert [limits.may("in", "a", rate, 0) for _ in range(3)] == [True, True, False]
    assert limits.may("in", "b", rate, 0)
    assert not limits.may("in", "a", rate, 9)
    assert limits.may("in", "a", rate, 10.5)


def test_the_language_is_the_one_that_the_browser_wants_most() -> None:
    assert wanted("fr-CA,fr;q=0.8,en;q=0.5") == "fr"
    assert wanted("de,es;q=0.3,ar;q=0.9") == "ar"
    assert wanted("") == wanted("xx;q=a,,;;") == wanted("fr;q=0") == "en"
    assert (direction("ar"), direction("ru")) == ("rtl", "ltr")


async def test_a_passphrase_fits_its_own_hash_and_nobody_has_none() -> None:
    passphrases = Passphrases()
    secret = await passphrases.hash("four plain words here")
    assert await passphrases.fits("four plain words here", secret)
    assert not await passphrases.fits("four plain words", secret)
    assert not await passphrases.fits("nobody has this name", None)


def test_every_code_has_the_words_of_the_vocabulary() -> None:
    assert {name: code.words for name, code in CODES.items()} == CODE_WORDS
    assert word("theft", str.upper) == "STOLE MONEY OR THINGS"
    assert word(4, str) == SEVERITY_WORDS[4]
    assert word("unheard_of", str) == "unheard_of"


def test_an_invitation_is_used_once_and_leaving_deletes_the_member(tmp_path: Path) -> None:
    upgrade_store(tmp_path / "store.db", KEY)
    engine = sync_engine(tmp_path / "store.db", KEY)
    with engine.begin() as connection:
        add_invitation(connection, "code", Invitation("i", "member", "keeper", 10))
        assert take_invitation(connection, "code", 5).role == "member"
        add_member(connection, Member("m", "Blue  Heron", "member", "", Day(1), "secret"))
        assert member_named(connection, "blue heron") is not None
        remove_member(connection, "m")
        assert member_named(connection, "Blue Heron") is None
    engine.dispose()
