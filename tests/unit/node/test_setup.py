"""Making a node: what is there afterwards, and that a failure leaves nothing behind."""

import stat
from pathlib import Path
from typing import Any

import pytest

from keys.keystore import load_keystore
from keys.orgdoc import decode_orgdoc, next_hash
from keys.phrase import phrase_to_key
from keys.safety import safety_code
from node.control import Lock
from node.errors import BadSetting, NodeBusy, NodeExists
from node.rootdocs import parse_document, read_words
from node.settings import load_settings
from node.setup import Wishes, init_node
from protocol.errors import ParasolError
from protocol.ids import day_of, text_id

NOW = 1_768_953_600_000_000  # 2026-01-21
PASSPHRASE = b"orchard lamp seven"


def wishes(**other: Any) -> Wishes:
    settings = {"org": "Riverside", "region": "us-ca", "preset": "gdpr", "timezone": "UTC"}
    return Wishes(**{**settings, **other})


def make(home: Path, out: Path, asked: Wishes | None = None) -> dict[str, Any]:
    return init_node(home, asked or wishes(), passphrase=PASSPHRASE, recovery_out=out, now=NOW)


def everything(*folders: Path) -> set[Path]:
    return {path for folder in folders for path in [folder, *folder.rglob("*")] if path.exists()}


def test_a_new_node_has_keys_documents_a_policy_and_a_store(tmp_path: Path) -> None:
    home, out = tmp_path / "node", tmp_path / "stick"
    made = make(home, out, wishes(endpoints=["https://public.example.org/"]))
    keystore = load_keystore(home / "keystore", PASSPHRASE.decode())
    document = decode_orgdoc(*keystore.orgdocs[0])
    today = day_of(NOW)
    assert made["org"] == text_id(document.org) == text_id(keystore.org)
    assert made["safety_code"] == safety_code(document.org)
    assert (document.name, document.gen, document.ver) == ("Riverside", 0, 1)
    assert document.key_state(keystore.node_keys[0].public, today) == "valid"
    assert 'legal_model = "regulated"' in (home / "policy.toml").read_text()
    settings = load_settings(home)
    assert (settings.region, settings.listen_port) == ("US-CA", 8700)
    assert settings.endpoints == (f"https://public.example.org/{settings.secret_path}",)
    assert len(settings.secret_path) == 32


def test_the_recovery_files_hold_the_root_and_the_next_root(tmp_path: Path) -> None:
    home, out = tmp_path / "node", tmp_path / "stick"
    root_file, next_file = (Path(each) for each in make(home, out)["recovery_files"])
    keystore = load_keystore(home / "keystore", PASSPHRASE.decode())
    document = decode_orgdoc(*keystore.orgdocs[0])
    root = phrase_to_key(read_words(root_file.read_text()))
    after = phrase_to_key(read_words(next_file.read_text()))
    assert (root.public, next_hash(after.public)) == (document.root, document.next)
    assert parse_document(root_file.read_text()).current.raw == document.raw
    assert {stat.S_IMODE(path.stat().st_mode) for path in (root_file, next_file)} == {0o600}


def test_no_file_of_the_node_holds_the_words_or_the_passphrase(tmp_path: Path) -> None:
    home, out = tmp_path / "node", tmp_path / "stick"
    words = read_words(Path(make(home, out)["recovery_files"][0]).read_text()).split()
    for path in home.rglob("*"):
        data = path.read_bytes()
        assert PASSPHRASE not in data
        assert " ".join(words[:3]).encode() not in data


def test_the_folder_and_its_files_are_for_their_owner_only(tmp_path: Path) -> None:
    home = tmp_path / "node"
    home.mkdir(mode=0o755)
    make(home, tmp_path / "stick")
    assert {stat.S_IMODE(path.stat().st_mode) & 0o077 for path in everything(home)} == {0}


def test_a_node_is_never_overwritten(tmp_path: Path) -> None:
    home, out = tmp_path / "node", tmp_path / "stick"
    make(home, out)
    before = {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    with pytest.raises(NodeExists, match="nothing is overwritten"):
        make(home, tmp_path / "other")
    assert before == {path: path.read_bytes() for path in home.rglob("*") if path.is_file()}
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("other", "says"),
    [
        ({"preset": "strict"}, "criminalised"),
        ({"endpoints": ["http://127.0.0.1:1/"]}, "--allow-loopback"),
        ({"endpoints": ["https://public.example.org/?a=1"]}, r"\?"),
        ({"listen": "8701"}, "ADDRESS:PORT"),
    ],
)
def test_a_wrong_wish_is_refused_before_anything_is_made(
    tmp_path: Path, other: dict[str, Any], says: str
) -> None:
    home, out = tmp_path / "node", tmp_path / "stick"
    with pytest.raises(BadSetting, match=says):
        make(home, out, wishes(**other))
    assert everything(home, out) == set()


def test_a_failure_half_way_leaves_the_disk_as_it_was(tmp_path: Path) -> None:
    home, out = tmp_path / "node", tmp_path / "stick"
    home.mkdir()
    (home / "pass.txt").write_text("kept")
    (home / "store.db").mkdir()  # the store cannot be made here
    with pytest.raises((ParasolError, OSError, Exception)):
        make(home, out)
    assert everything(home, out) == {home, home / "pass.txt", home / "store.db"}


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    home, out = tmp_path / "node", tmp_path / "stick"
    home.mkdir()
    with Lock(home), pytest.raises(NodeBusy):
        make(home, out)
    assert not out.exists()


def test_an_empty_folder_of_mine_may_be_used_with_a_passphrase_file_in_it(tmp_path: Path) -> None:
    (tmp_path / "pass.txt").write_text("x")
    make(tmp_path, tmp_path / "words")
    assert (tmp_path / "pass.txt").read_text() == "x"
