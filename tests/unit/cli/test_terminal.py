"""On a terminal: tables, questions, and a typed word before what cannot be undone."""

from pathlib import Path

import pytest

from keys.keystore import load_keystore
from tests.support.control_node import Answer, played_node
from tests.support.parasol_command import parasol_at_terminal

COVERAGE = {"coverage": [{"alert": "a", "peer": "harbour", "state": "confirmed"}]}
DONE: dict[str, Answer] = {
    "alert_coverage": COVERAGE,
    "alert_erase": {"alert": "a"},
    "peer_remove": {"peer": "H"},
}


def test_an_erasure_names_who_will_be_told_and_wants_the_word(tmp_path: Path) -> None:
    with played_node(tmp_path, DONE) as node:
        ran = parasol_at_terminal("alert", "erase", "a", home=tmp_path, typed="erase\n")
    assert ran.code == 0
    assert "for good, here and at: harbour" in ran.out
    assert [name for name, _ in node.asked] == ["alert_coverage", "alert_erase"]


@pytest.mark.parametrize("typed", ["yes\n", "\n", "ERASE\n"])
def test_another_word_changes_nothing(tmp_path: Path, typed: str) -> None:
    with played_node(tmp_path, DONE) as node:
        ran = parasol_at_terminal("alert", "erase", "a", home=tmp_path, typed=typed)
    assert ran.code == 1
    assert "nothing was changed" in ran.out
    assert [name for name, _ in node.asked] == ["alert_coverage"]


def test_removing_a_peer_wants_the_word(tmp_path: Path) -> None:
    with played_node(tmp_path, DONE) as node:
        ran = parasol_at_terminal("peer", "remove", "H", home=tmp_path, typed="no\n")
        assert node.asked == []
        ran = parasol_at_terminal("peer", "remove", "H", home=tmp_path, typed="remove\n")
    assert ran.code == 0
    assert node.asked == [("peer_remove", {"peer": "H"})]


def test_json_is_never_asked_a_question_even_on_a_terminal(tmp_path: Path) -> None:
    with played_node(tmp_path, DONE):
        ran = parasol_at_terminal("--json", "alert", "erase", "a", home=tmp_path)
    assert (ran.code, ran.out) == (0, '{"alert": "a"}\n')


def test_a_check_asks_for_the_number(tmp_path: Path) -> None:
    nothing: dict[str, Answer] = {"check": {"matches": [], "not_asked": []}}
    for words in (["check"], ["check", "-"]):
        with played_node(tmp_path, nothing) as node:
            ran = parasol_at_terminal(*words, home=tmp_path, typed="0142\n")
        assert node.asked == [("check", {"text": "0142"})]
        assert "No record. No match is not proof of safety." in ran.out


def test_verifying_shows_our_code_before_it_asks_for_theirs(tmp_path: Path) -> None:
    row = {"id": "abc", "name": "H", "state": "unverified", "ours": "11111", "theirs": "22222"}
    answers: dict[str, Answer] = {
        "peer_list": {"peers": [row]},
        "policy_preview": {"peer": "H", "will_see": 5, "of": 7, "withheld": [], "rules": {}},
        "peer_verify": {"peer": "abc", "state": "trusted"},
    }
    with played_node(tmp_path, answers) as node:
        ran = parasol_at_terminal("peer", "verify", "H", home=tmp_path, typed="22222\n")
    assert node.asked[-1] == ("peer_verify", {"peer": "H", "code": "22222"})
    before = ran.out.split("Their code")[0]
    assert "11111" in before
    assert "H will see 5 of our 7 alerts." in before


def test_lists_are_tables_and_text_of_others_is_no_markup(tmp_path: Path) -> None:
    row = {
        "id": "a1",
        "org": "o",
        "rev": 1,
        "status": "live",
        "severity": 3,
        "expires": "2027-01-01",
    }
    alerts = [row | {"codes": ["robbery"], "org_name": "[bold]Harbour[/bold] \x1b[31m"}]
    with played_node(tmp_path, {"alert_list": {"alerts": alerts}}):
        ran = parasol_at_terminal("alert", "list", home=tmp_path)
    assert "[bold]Harbour[/bold] \\u001b[31m" in ran.out
    assert "\x1b[31m" not in ran.out
    assert "───" in ran.out


def test_a_passphrase_is_asked_twice_for_a_new_node_and_not_shown(tmp_path: Path) -> None:
    words = ["init", "--org", "Riverside", "--region", "FR", "--preset", "gdpr"]
    words += ["--timezone", "UTC", "--endpoint", "none"]
    words += ["--recovery-out", str(tmp_path / "words")]
    home = tmp_path / "node"
    answers = [("Passphrase: ", "orchard lamp\n"), ("Once more: ", "orchard lamp\n")]
    ran = parasol_at_terminal(*words, home=home, answers=answers)
    assert ran.code == 0, ran.out
    assert "orchard" not in ran.out
    assert load_keystore(home / "keystore", "orchard lamp").card_n == 0


def test_a_person_is_told_how_the_text_was_read_and_on_standard_output_alone(
    tmp_path: Path,
) -> None:
    read_as = [{"kind": "phone", "text": "+1 415 555 0142"}, {"kind": "name", "text": "x\x1b[2J"}]
    answers: dict[str, Answer] = {"check": {"matches": [], "not_asked": [], "read_as": read_as}}
    with played_node(tmp_path, answers):
        ran = parasol_at_terminal("check", "-", home=tmp_path, typed="0142\n")
    assert "Read as: phone +1 415 555 0142, name x\\u001b[2J" in ran.out
