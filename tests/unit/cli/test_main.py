"""The `parasol` command as scripts and people meet it: output, errors, exit codes, start-up."""

import subprocess
import sys
from pathlib import Path

import pytest

from cli.exits import exit_code
from cli.main import wants_json
from federation.errors import FederationError
from keys.errors import KeysError
from node.errors import BadField, NotFound, Refused
from protocol.errors import ParasolError
from tests.support.control_node import played_node
from tests.support.parasol_command import ROOT, environment, parasol

STATUS = {
    "org": "abc",
    "ready": True,
    "peers": [
        {
            "id": "defghijklmnopqrstuvwxyz",
            "name": "Harbour [red]",
            "state": "trusted",
            "last_contact": 1768953600,
            "lag": 0,
            "overdue": 1,
        }
    ],
    "alerts": 3,
    "drafts": 0,
    "outbox": 0,
}


def test_help_lists_every_command_and_imports_none_of_them() -> None:
    code = (
        "import sys; from cli.main import parasol\n"
        "parasol.main(['--help'], standalone_mode=False)\n"
        "heavy = {'node', 'keys', 'protocol', 'federation', 'rich', 'asyncio', 'sqlalchemy'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    for name in ("init", "serve", "peer", "import", "draft", "alert", "check", "restore", "demo"):
        assert f"\n  {name} " in done.stdout


def test_json_prints_the_nodes_answer_as_one_object_and_nothing_else(tmp_path: Path) -> None:
    with played_node(tmp_path, {"status": STATUS}):
        ran = parasol("--json", "status", home=tmp_path)
    assert (ran.code, ran.json(), ran.err) == (0, STATUS, "")
    assert ran.out.count("\n") == 1


def test_people_get_text_in_a_pipe_and_what_to_do_next_beside_it(tmp_path: Path) -> None:
    with played_node(tmp_path, {"status": STATUS}):
        ran = parasol("status", home=tmp_path)
    assert ran.code == 0
    assert "id\tname\tstate\tlast contact\tlag\toverdue" in ran.out
    assert "defghijklmno\tHarbour [red]\ttrusted\t2026-01-21 00:00 UTC\t0\t1" in ran.out
    assert ran.err.startswith("Next: parasol doctor")


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (NotFound("no such alert"), 1),
        (BadField("codes: one of …"), 2),
        (Refused("consent.peers=no"), 3),
        (KeysError("a key"), 4),
        (FederationError("the peer"), 5),
    ],
)
def test_an_error_ends_with_the_exit_code_of_its_kind(
    tmp_path: Path, error: ParasolError, code: int
) -> None:
    with played_node(tmp_path, {"alert_show": error}):
        ran = parasol("--json", "alert", "show", "abc", home=tmp_path)
        told = parasol("alert", "show", "abc", home=tmp_path)
    assert (ran.code, ran.out) == (code, "")
    assert ran.error() == {"code": error.code, "message": str(error)}
    assert (told.code, told.err) == (code, f"parasol: {error}\n")


@pytest.mark.parametrize(("level", "code"), [("problem", 6), ("note", 0)])
def test_doctor_ends_with_6_where_there_is_something_to_act_on(
    tmp_path: Path, level: str, code: int
) -> None:
    findings = {"findings": [{"what": "a thing", "cure": "a cure", "level": level}]}
    with played_node(tmp_path, {"doctor": findings}):
        ran = parasol("--json", "doctor", home=tmp_path)
        told = parasol("doctor", home=tmp_path)
    assert (ran.code, ran.json(), ran.err) == (code, findings, "")
    assert told.code == code
    assert f"{level}: a thing" in told.out


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["statsu"], "No such command"),
        (["status", "--json"], "--json stands before the command"),
        (["draft", "new"], "--set is missing"),
        (["draft", "new", "--set", "4155550142"], "field=value"),
        (["draft", "publish"], "--all"),
        (["check"], "TEXT is missing: give -"),
        (["alert", "withdraw", "abc"], "--reason is missing: give -"),
        (["peer", "verify", "abc"], "--code is missing"),
        (["import", "nowhere.csv"], "there is no file"),
        (["alert", "narrow", "abc"], "--withhold"),
        (["keys", "revoke", "--since", "2026-01-01"], "--recovery-file"),
    ],
)
def test_wrong_use_ends_with_2_and_names_what_is_missing(
    tmp_path: Path, words: list[str], says: str
) -> None:
    ran = parasol(*words, home=tmp_path)
    assert ran.code == 2
    assert says in ran.err
    assert parasol("--json", *words, home=tmp_path).error()["code"] == "usage"


def test_a_value_in_the_place_of_a_field_is_not_repeated(tmp_path: Path) -> None:
    ran = parasol("draft", "new", "--set", "4155550142", home=tmp_path)
    assert "4155550142" not in ran.err


def test_without_a_node_the_error_says_how_to_make_one(tmp_path: Path) -> None:
    ran = parasol("--json", "status", home=tmp_path)
    assert (ran.code, ran.error()["code"]) == (1, "no_node")
    assert "parasol init" in ran.error()["message"]


def test_without_a_passphrase_the_missing_flag_is_named_and_nothing_is_asked(
    tmp_path: Path,
) -> None:
    (tmp_path / "settings.toml").touch()
    ran = parasol("status", home=tmp_path)
    assert ran.code == 2
    assert "--passphrase-file" in ran.err
    assert "PARASOL_PASSPHRASE_FILE" in ran.err


def test_an_unforeseen_error_shows_no_text_of_people(tmp_path: Path) -> None:
    with played_node(tmp_path, {"check": {"matches": ["+14155550142"]}}):
        ran = parasol("check", "-", home=tmp_path, stdin="+14155550142")
    assert ran.code == 1
    assert "please report this" in ran.err
    assert "4155550142" not in ran.out + ran.err


def test_a_reader_that_leaves_early_gets_no_traceback(tmp_path: Path) -> None:
    drafts = [{"id": f"d{number}", "codes": ["robbery"]} for number in range(20_000)]
    with played_node(tmp_path, {"draft_list": {"drafts": drafts}}):
        done = subprocess.run(  # noqa: S602 - the pipe of a shell is what is tried
            f"{sys.executable} -m cli.main draft list | head -1",
            shell=True,
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=environment(tmp_path),
            check=False,
        )
    assert done.stdout == "id\tcodes\tdoubts\n"
    assert "Traceback" not in done.stderr


def test_a_terminal_that_knows_no_accents_ends_nothing(tmp_path: Path) -> None:
    peer = STATUS["peers"][0] | {"name": "Åben dør"}  # type: ignore[index]
    with played_node(tmp_path, {"status": STATUS | {"peers": [peer]}}):
        done = subprocess.run(
            [sys.executable, "-m", "cli.main", "status"],
            capture_output=True,
            text=True,
            cwd=ROOT,
            env=environment(tmp_path) | {"PYTHONIOENCODING": "ascii"},
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert "ben d" in done.stdout


def test_errors_are_json_where_json_was_asked_before_the_command() -> None:
    assert wants_json(["--home", "--json", "--json", "status"])
    assert wants_json(["--json"])
    assert not wants_json(["--home", "--json", "status"])
    assert not wants_json(["check", "--json"])
    assert exit_code("a code of tomorrow") == 1


def test_the_version_is_told() -> None:
    ran = parasol("--version")
    assert (ran.code, ran.out.split()[0]) == (0, "parasol,")


def test_a_service_without_standard_input_is_told_so(tmp_path: Path) -> None:
    done = subprocess.run(  # noqa: S602 - only a shell closes a stream like this
        f"{sys.executable} -m cli.main check - <&-",
        shell=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=environment(tmp_path),
        check=False,
    )
    assert done.returncode == 2
    assert "standard input is closed" in done.stderr
