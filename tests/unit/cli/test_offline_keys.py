"""The paper words at work without a node: revoke and recover, on any laptop."""

from pathlib import Path

import pytest

from keys.documents import Documents
from keys.orgdoc import next_hash
from keys.phrase import phrase_to_key
from keys.pin import accept
from keys.signing import SigningKey
from node.rootdocs import chain_with, parse_document, read_words, render_document, renewed
from node.setup import first_document, sheets
from protocol.ids import Day
from tests.support.parasol_command import parasol

TODAY = Day(20_474)  # 2026-01-21
NODE_KEY = SigningKey(bytes([3]) * 32)


@pytest.fixture
def paper(tmp_path: Path) -> tuple[Path, Path, Documents]:
    """The two recovery files of an organisation, and its documents."""
    from keys.phrase import new_phrase

    phrases = new_phrase(lambda size: b"\x01" * size), new_phrase(lambda size: b"\x02" * size)
    document = first_document("Riverside", phrases, NODE_KEY, TODAY)
    paths = tmp_path / "root.txt", tmp_path / "next.txt"
    for path, text in zip(paths, sheets(document, phrases), strict=True):
        path.write_text(text)
    return (*paths, Documents((document,), None))


def test_a_key_is_revoked_with_the_words_and_a_copy_of_the_document(
    tmp_path: Path, paper: tuple[Path, Path, Documents]
) -> None:
    root, _, known = paper
    newer = renewed(known, phrase_to_key(read_words(root.read_text())), TODAY)
    (tmp_path / "doc").write_text(render_document(chain_with(known, newer)))
    words = ["--json", "keys", "revoke", "--recovery-file", str(root), "--since", "2026-01-20"]
    words += ["--document", str(tmp_path / "doc"), "--out", str(tmp_path / "new")]
    ran = parasol(*words, home=tmp_path / "no-node")
    assert (ran.code, ran.err) == (0, "")
    assert ran.json()["ver"] == 3
    made = parse_document((tmp_path / "new").read_text())
    new = accept(newer, made.orgdocs)
    assert new.key_state(NODE_KEY.public, TODAY - 1) == "revoked"
    assert parasol(*words).code == 2  # never over a file


def test_without_a_newer_copy_the_document_in_the_recovery_file_serves(
    tmp_path: Path, paper: tuple[Path, Path, Documents]
) -> None:
    root, _, _ = paper
    words = ["keys", "revoke", "--recovery-file", "-", "--since", "2026-01-20", "--out"]
    ran = parasol("--json", *words, str(tmp_path / "new"), stdin=root.read_text())
    assert ran.json()["ver"] == 101
    bare = read_words(root.read_text())
    ran = parasol(*words, str(tmp_path / "other"), stdin=bare)
    assert ran.code == 2
    assert "--document is missing" in ran.err


def test_the_organisation_is_taken_back_with_the_next_root(
    tmp_path: Path, paper: tuple[Path, Path, Documents]
) -> None:
    _, after, known = paper
    words = ["--json", "keys", "recover", "--recovery-file", str(after), "--recovery-out"]
    words += [str(tmp_path / "stick"), "--out", str(tmp_path / "new")]
    ran = parasol(*words)
    assert ran.code == 0, ran.err
    sheet = Path(ran.json()["recovery_file"])
    new = accept(known.current, parse_document((tmp_path / "new").read_text()).orgdocs)
    assert (new.gen, new.org) == (1, known.org)
    assert new.next == next_hash(phrase_to_key(read_words(sheet.read_text())).public)
    assert sheet.stat().st_mode & 0o777 == 0o600


def test_the_wrong_words_end_with_4_and_leave_nothing(
    tmp_path: Path, paper: tuple[Path, Path, Documents]
) -> None:
    root, _, _ = paper
    words = ["--json", "keys", "recover", "--recovery-file", str(root), "--recovery-out"]
    ran = parasol(*words, str(tmp_path / "stick"), "--out", str(tmp_path / "new"))
    assert (ran.code, ran.error()["code"]) == (4, "bad_phrase")
    assert "give those of the next root" in ran.error()["message"]
    assert not (tmp_path / "stick").exists()
    assert not (tmp_path / "new").exists()
