"""Each command asks the node for the right thing, and shows people what came back."""

import base64
from pathlib import Path
from typing import Any

import pytest

from tests.support.control_node import played_node
from tests.support.parasol_command import Ran, parasol

OURS, THEIRS = "12345 12345 12345 12345 12345 12345", "67890 67890 67890 67890 67890 67890"


def ask(
    home: Path, words: list[str], answer: dict[str, Any], stdin: str = ""
) -> tuple[dict[str, Any], Ran]:
    """Run a command beside a played node; give the arguments of its last call, and how it ended."""
    answers = _Always(answer)
    with played_node(home, answers) as node:
        ran = parasol(*words, home=home, stdin=stdin)
    assert node.asked, ran.err
    return node.asked[-1][1], ran


class _Always(dict[str, Any]):
    """Answers whatever is asked with the same."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self._answer = answer

    def __getitem__(self, _name: str) -> dict[str, Any]:
        return self._answer


@pytest.mark.parametrize(
    ("words", "stdin", "args"),
    [
        (["peer", "invite", "--name", "Harbour"], "", {"name": "Harbour"}),
        (["peer", "accept", "-"], "parasol1:abc\n", {"text": "parasol1:abc", "name": None}),
        (["peer", "verify", "H", "--code", THEIRS], "", {"peer": "H", "code": THEIRS}),
        (["peer", "verify", "H", "--code", "-"], THEIRS + "\n", {"peer": "H", "code": THEIRS}),
        (["peer", "cancel", "ab"], "", {"invite": "ab"}),
        (["peer", "pause", "H"], "", {"peer": "H"}),
        (["peer", "resume", "H"], "", {"peer": "H"}),
        (["peer", "block", "H"], "", {"peer": "H"}),
        (["peer", "remove", "H"], "", {"peer": "H"}),
        (["peer", "update", "-"], "parasol1d:x\n", {"document": "parasol1d:x\n"}),
        (["draft", "show", "d1"], "", {"id": "d1"}),
        (["draft", "refuse", "d1", "--reason", "-"], "twice\n", {"id": "d1", "reason": "twice"}),
        (["draft", "edit", "d1", "--set", "hair="], "", {"id": "d1", "fields": {"hair": [""]}}),
        (
            ["draft", "new", "--set", "codes=NP", "--set", "phone=1", "--set", "phone=-"],
            "+1 415 555 0142\n",
            {"fields": {"codes": ["NP"], "phone": ["1", "+1 415 555 0142"]}, "receipt": True},
        ),
        (
            ["draft", "new", "--set", "phone=-", "--set", "text=-", "--no-receipt"],
            "+1 415 555 0142\nLeft.\nWithout paying.\n",
            {"fields": {"phone": ["+1 415 555 0142"], "text": ["Left.\nWithout paying."]}},
        ),
        (
            ["draft", "new", "--set", "codes=NP", "--consent", "members,print"],
            "",
            {"fields": {"codes": ["NP"]}, "consent": ["members,print"], "receipt": True},
        ),
        (
            ["draft", "edit", "d1", "--consent", "print"],
            "",
            {"id": "d1", "fields": {}, "consent": ["print"]},
        ),
        (["receipt", "show"], "one-two\n", {"code": "one-two"}),
        (
            ["receipt", "consent", "--no", "peers", "--yes", "print"],
            "one-two\n",
            {"code": "one-two", "yes": ["print"], "no": ["peers"]},
        ),
        (["receipt", "withdraw"], "one-two\n", {"code": "one-two"}),
        (
            ["receipt", "add"],
            "one-two\nHe\ncame back.\n",
            {"code": "one-two", "text": "He\ncame back."},
        ),
        (["receipt", "correct"], "one-two\nNo.\n", {"code": "one-two", "text": "No."}),
        (["receipt", "issue", "d1"], "", {"id": "d1"}),
        (["receipt", "accept", "u1"], "", {"id": "u1"}),
        (["receipt", "decline", "u1"], "", {"id": "u1"}),
        (["alert", "show", "a"], "", {"alert": "a"}),
        (["alert", "erase", "a"], "", {"alert": "a"}),
        (["alert", "erase", "a", "--dry-run"], "", {"alert": "a", "dry_run": True}),
        (["alert", "withdraw", "a", "--reason", "-"], "found\n", {"alert": "a", "reason": "found"}),
        (
            ["alert", "correct", "a", "--set", "city=Oakland"],
            "",
            {"alert": "a", "fields": {"city": ["Oakland"]}},
        ),
        (
            ["alert", "narrow", "a", "--peer", "H", "--withhold", "phone", "--withhold", "text"],
            "",
            {"alert": "a", "peer": "H", "withhold": ["phone", "text"], "hide": False},
        ),
        (
            ["alert", "narrow", "a", "--hide"],
            "",
            {"alert": "a", "peer": None, "withhold": [], "hide": True},
        ),
        (["alert", "widen", "a", "--peer", "H"], "", {"alert": "a", "peer": "H"}),
        (["policy", "show"], "", {}),
        (["policy", "check"], "", {"text": None}),
        (["policy", "apply", "-"], "categories = 'all'\n", {"text": "categories = 'all'\n"}),
        (["policy", "preview", "--peer", "H", "a"], "", {"peer": "H", "id": "a"}),
        (["keys", "show"], "", {}),
        (["keys", "rotate", "--recovery-file", "-"], "# x\none two\n", {"phrase": "one two"}),
        (
            ["keys", "revoke", "--recovery-file", "-", "--key", "ab", "--since", "2026-01-20"],
            "one two\n",
            {"phrase": "one two", "key": "ab", "since": "2026-01-20"},
        ),
        (["recover", "show"], "", {}),
        (["recover", "confirm"], "", {}),
        (["doctor"], "", {}),
    ],
    ids=lambda value: " ".join(value[:2]) if isinstance(value, list) else "",
)
def test_a_command_asks_the_node_for_what_was_said(
    tmp_path: Path, words: list[str], stdin: str, args: dict[str, Any]
) -> None:
    asked, ran = ask(tmp_path, ["--json", *words], {"done": True}, stdin)
    assert asked == args
    assert (ran.code, ran.json()) == (0, {"done": True})


def test_a_list_is_sent_as_it_is_with_what_is_needed_to_read_it(tmp_path: Path) -> None:
    (tmp_path / "my list.csv").write_bytes(b"\xff\xfenumber\n")
    (tmp_path / "map.toml").write_text("phone = 'number'\n")
    words = ["--json", "import", str(tmp_path / "my list.csv"), "--mapping"]
    words += [str(tmp_path / "map.toml"), "--country", "us", "--as-of", "2026-01-20", "--dry-run"]
    asked, ran = ask(tmp_path, words, {"rows": 1, "drafts": 1, "skipped": 0, "doubts": []})
    assert base64.b64decode(asked.pop("content")) == b"\xff\xfenumber\n"
    assert asked == {
        "filename": "my list.csv",
        "mapping": "phone = 'number'\n",
        "country": "US",
        "as_of": "2026-01-20",
        "dry_run": True,
        "sure": [],
    }
    assert ran.code == 0


def test_an_import_shows_reasons_what_blocks_what_was_skipped_and_what_to_confirm(
    tmp_path: Path,
) -> None:
    (tmp_path / "l.csv").write_text("x")
    hers = "the column may be about the reporter"
    doubt = {"row": 4, "column": "Date", "text": "3/4", "guess": "", "reason": "which is the month"}
    asked = {"row": 4, "column": "Notes", "text": "told me", "guess": "text", "reason": hers}
    answer = {
        "rows": 9, "skipped": 1,
        "doubts": [
            doubt | {"blocking": False},
            asked | {"blocking": True, "code": "the_column_may_be_about_the_reporter"},
            asked | {"blocking": True, "text": "Ada", "reason": "a name", "code": "name_in_text"},
        ],
        "to_confirm": [{"column": "Notes", "field": "text", "rows": 8, "why": hers}],
        "skipped_rows": [{"row": 7, "reason": "no report", "text": "hello"}],
    }  # fmt: skip
    args, ran = ask(tmp_path, ["import", str(tmp_path / "l.csv"), "--sure", "Notes"], answer)
    assert args["sure"] == ["Notes"]
    assert "4\tDate\t3/4\t–\twhich is the month\t–" in ran.out
    assert "4\tNotes\tAda\ttext\ta name\tblocks" in ran.out
    assert "told me" not in ran.out
    assert "7\tno report\thello" in ran.out
    assert f"Notes\ttext\t8\t{hers}" in ran.out
    assert '--sure "Notes"' in ran.err


def test_the_doubts_of_an_import_are_shown_row_by_row(tmp_path: Path) -> None:
    doubt = {"row": 3, "column": "when", "text": "last week\x1b[2J", "guess": "2026-W03"}
    answer = {"rows": 9, "drafts": 8, "skipped": 1, "doubts": [doubt], "mapping": {"when": "date"}}
    (tmp_path / "l.csv").touch()
    _, ran = ask(tmp_path, ["import", str(tmp_path / "l.csv")], answer)
    assert "3\twhen\tlast week\\u001b[2J\t2026-W03" in ran.out
    assert "when: date" in ran.out
    assert "draft list" in ran.err


def test_people_are_not_shown_the_code_that_the_invite_claims_for_the_other_side(
    tmp_path: Path,
) -> None:
    met = {"peer": "abc", "state": "unverified", "ours": OURS, "theirs": THEIRS, "reply": "p1r:x"}
    _, ran = ask(tmp_path, ["peer", "accept", "-"], met, "parasol1:abc")
    assert OURS in ran.out
    assert "p1r:x" in ran.out
    assert THEIRS not in ran.out
    row = {"id": "abc", "name": "H", "state": "unverified", "they_trust_us": False}
    peers = {"peers": [{**row, "ours": OURS, "theirs": THEIRS}]}
    _, ran = ask(tmp_path, ["peer", "list"], peers)
    assert OURS in ran.out
    assert THEIRS not in ran.out
    _, ran = ask(tmp_path, ["--json", "peer", "list"], peers)
    assert ran.json() == peers


def test_publishing_ends_with_3_where_nothing_could_be_published(tmp_path: Path) -> None:
    refused = {"published": [], "refused": [{"id": "d1", "reason": "no_consent"}]}
    _, ran = ask(tmp_path, ["draft", "publish", "d1"], refused)
    assert (ran.code, ran.out) == (3, "refused\td1\tno_consent\n")
    _, ran = ask(tmp_path, ["--json", "draft", "publish", "--all"], refused)
    assert (ran.code, ran.json()) == (3, refused)
    some = refused | {"published": ["a1"]}
    asked, ran = ask(tmp_path, ["draft", "publish", "--all"], some)
    assert asked == {"ids": [], "all": True}
    assert (ran.code, ran.out) == (0, "published\ta1\nrefused\td1\tno_consent\n")


def test_a_check_without_a_match_says_that_it_is_no_proof(tmp_path: Path) -> None:
    nothing = {"matches": [], "not_asked": [{"org": "Harbour", "reason": "unreachable"}]}
    asked, ran = ask(tmp_path, ["check", "-"], nothing, "+1 415 555 0142\n")
    assert asked == {"text": "+1 415 555 0142"}
    assert "Harbour\tunreachable" in ran.out
    assert (ran.out + ran.err).count("not proof of safety") == 1


def test_a_pipe_gets_no_line_of_how_a_text_was_read(tmp_path: Path) -> None:
    read_as = [{"kind": "phone", "text": "+1 415 555 0142"}]
    answer = {"matches": [], "not_asked": [], "read_as": read_as}
    _, ran = ask(tmp_path, ["check", "-"], answer, "+1 415 555 0142\n")
    assert "415" not in ran.out + ran.err
    _, ran = ask(tmp_path, ["--json", "check", "-"], answer, "+1 415 555 0142\n")
    assert ran.json()["read_as"] == read_as
    assert "415" not in ran.err


def test_a_number_on_the_command_line_is_warned_of(tmp_path: Path) -> None:
    _, ran = ask(tmp_path, ["check", "0142"], {"matches": [], "not_asked": []})
    assert "can be seen by others" in ran.err


def test_a_preview_shows_the_rule_behind_each_withheld_field(tmp_path: Path) -> None:
    rule = "origin.identifiers.phone=masked"
    answer = {
        "released": {"codes": ["robbery"], "phone.masked": ["+1*******142"]},
        "withheld": [{"field": "phone", "rule": rule}],
        "joinable": [],
    }
    _, ran = ask(tmp_path, ["policy", "preview", "--peer", "H", "a"], answer)
    assert f"phone\t{rule}" in ran.out
    assert "phone.masked: +1*******142" in ran.out


def test_an_alert_is_shown_with_what_is_absent(tmp_path: Path) -> None:
    answer = {
        "id": "a",
        "org": "o",
        "rev": 2,
        "status": "live",
        "fields": {"text": ["en", "\u202eevil"], "codes": ["robbery"]},
        "absent": ["phone"],
        "signature": "verified",
    }
    _, ran = ask(tmp_path, ["alert", "show", "a"], answer)
    assert "signature: verified" in ran.out
    assert "withheld or not recorded: phone" in ran.out
    assert "\\u202eevil" in ran.out


def test_coverage_tells_ages_as_people_do(tmp_path: Path) -> None:
    row = {"alert": "a", "peer": "H", "state": "overdue", "since": "x", "age_s": 111_600}
    _, ran = ask(tmp_path, ["alert", "coverage"], {"coverage": [row]})
    assert "a\tH\toverdue\tx\t31 h" in ran.out
    assert "phone those who are overdue" in ran.err


def test_a_bundle_is_written_for_its_owner_and_never_over_a_file(tmp_path: Path) -> None:
    out = tmp_path / "b"
    answer = {"bundle": base64.b64encode(b"PARASOL1\nx").decode(), "peer": "H"}
    words = ["--json", "bundle", "write", "H", "--out", str(out)]
    asked, ran = ask(tmp_path, words, answer)
    assert asked == {"peer": "H"}
    assert ran.json() == {"peer": "H", "path": str(out), "bytes": 10}
    assert out.read_bytes() == b"PARASOL1\nx"
    assert out.stat().st_mode & 0o777 == 0o600
    _, ran = ask(tmp_path, words, answer)
    assert ran.code == 2
    assert "nothing is overwritten" in ran.error()["message"]
    asked, _ = ask(tmp_path, ["bundle", "read", str(out)], {})
    assert base64.b64decode(asked["content"]) == b"PARASOL1\nx"


def test_a_backup_is_written_for_its_owner_and_never_over_a_file(tmp_path: Path) -> None:
    out = tmp_path / "copy"
    answer = {"content": base64.b64encode(b"sealed").decode(), "bytes": 6}
    _, ran = ask(tmp_path, ["--json", "backup", str(out)], answer)
    assert ran.json() == {"path": str(out), "bytes": 6}
    assert (out.read_bytes(), out.stat().st_mode & 0o777) == (b"sealed", 0o600)
    ran = parasol("backup", str(out), home=tmp_path)
    assert ran.code == 2


def test_a_large_backup_is_taken_from_where_the_node_left_it(tmp_path: Path) -> None:
    left, out = tmp_path / "left", tmp_path / "copy"
    left.write_bytes(b"sealed")
    _, ran = ask(tmp_path, ["--json", "backup", str(out)], {"path": str(left), "bytes": 6})
    assert ran.json() == {"path": str(out), "bytes": 6}
    assert (out.read_bytes(), out.stat().st_mode & 0o777) == (b"sealed", 0o600)
    assert not left.exists()
    left.write_bytes(b"sealed")
    _, ran = ask(tmp_path, ["backup", "-"], {"path": str(left), "bytes": 6})
    assert ran.out == "sealed"


@pytest.mark.parametrize(
    ("reason", "says"),
    [
        ("not_found", "parasol draft list"),
        ("already_published", "parasol alert correct"),
        ("refused_before", "parasol draft new"),
        ("no_code, name_in_text", "--set codes="),
        ("name_in_text", "parasol draft show ID, draft edit ID"),
        ("the_column_may_be_about_the_reporter", "--sure HEADER"),
    ],
)
def test_a_refusal_says_what_to_do_next(tmp_path: Path, reason: str, says: str) -> None:
    answer = {"published": [], "refused": [{"id": "d1", "reason": reason}]}
    _, ran = ask(tmp_path, ["draft", "publish", "d1"], answer)
    assert says in ran.err
