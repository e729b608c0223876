"""The node's online secrets rest in one small encrypted file."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from keys import keystore
from keys.errors import (
    KeystoreDamaged,
    KeystoreExists,
    KeystoreMissing,
    UnsafeMode,
    WrongPassphrase,
)
from keys.keystore import MAGIC, Keystore, create_keystore, load_keystore, save_keystore
from protocol.codec import Value, decode, encode
from tests.support.key_material import made_up

RIVER = made_up("Riverside")
WORDS = "a correct passphrase"
STORE = Keystore(
    org=RIVER.org,
    node_keys=(RIVER.node_key, RIVER.other_node_key),
    box_keys=(RIVER.box,),
    store_key=b"STORESTORE" + bytes(22),
    orgdocs=((RIVER.doc().raw, RIVER.doc().sig),),
    card_n=41,
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "keystore"
    create_keystore(path, STORE, WORDS)
    return path


def rewrite(path: Path, at: int, value: Value) -> None:
    rows = decode(path.read_bytes()[len(MAGIC) :])
    assert isinstance(rows, list)
    rows[at] = value
    path.write_bytes(MAGIC + encode(rows))


def test_a_keystore_opens_with_its_passphrase(path: Path) -> None:
    assert load_keystore(path, WORDS) == STORE


def test_the_seed_of_tokens_is_kept(path: Path) -> None:
    with_seed = replace(STORE, oprf_seed=bytes(range(32)))
    save_keystore(path, with_seed, WORDS)
    assert load_keystore(path, WORDS) == with_seed


def test_a_keystore_of_before_matching_opens_without_a_seed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keystore, "VERSION", 1)
    monkeypatch.setattr(keystore, "_encode_contents", _first_version)
    save_keystore(path, STORE, WORDS)
    monkeypatch.undo()
    assert load_keystore(path, WORDS) == STORE


def _first_version(store: Keystore) -> bytes:
    seeds: list[Value] = [key.seed for key in store.node_keys]
    boxes: list[Value] = [[key.secret, key.made_day] for key in store.box_keys]
    documents: list[Value] = [[raw, sig] for raw, sig in store.orgdocs]
    return encode([1, bytes(store.org), seeds, boxes, store.store_key, documents, store.card_n])


def test_the_wrong_passphrase_is_a_clear_error(path: Path) -> None:
    with pytest.raises(WrongPassphrase, match="does not open") as caught:
        load_keystore(path, "a wrong passphrase")
    assert caught.value.code == "wrong_passphrase"
    assert "wrong passphrase" not in str(caught.value)


def test_a_passphrase_is_the_same_however_its_accents_were_typed(tmp_path: Path) -> None:
    create_keystore(tmp_path / "k", STORE, "caf\u00e9")
    assert load_keystore(tmp_path / "k", "cafe\u0301") == STORE


def test_a_keystore_is_for_its_owner_only_and_alone_in_its_folder(path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(path.parent.iterdir()) == [path]


def test_creating_never_overwrites(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(KeystoreExists):
        create_keystore(path, STORE, "another passphrase")
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_saving_replaces_under_a_fresh_salt_and_nonce(path: Path) -> None:
    before = path.read_bytes()
    save_keystore(path, STORE, WORDS)
    assert path.read_bytes() != before
    assert load_keystore(path, WORDS) == STORE
    assert list(path.parent.iterdir()) == [path]


def test_a_save_that_fails_leaves_the_old_keystore(path: Path) -> None:
    def broken(size: int) -> bytes:
        raise OSError("no entropy")

    before = path.read_bytes()
    with pytest.raises(OSError, match="no entropy"):
        save_keystore(path, STORE, WORDS, broken)
    assert path.read_bytes() == before


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o601])
def test_a_keystore_that_others_may_touch_is_refused_with_the_cure(path: Path, mode: int) -> None:
    path.chmod(mode)
    with pytest.raises(UnsafeMode, match=f"chmod 600 {path}"):
        load_keystore(path, WORDS)


def test_a_missing_keystore_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(KeystoreMissing, match="parasol init"):
        load_keystore(tmp_path / "none", WORDS)


@pytest.mark.parametrize(
    "content", [b"", b"hello", MAGIC, MAGIC + b"\xc0", MAGIC + b"\x91\x01", b"x" * (1 << 21)]
)
def test_a_file_that_is_no_keystore_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(KeystoreDamaged):
        load_keystore(path, WORDS)


def test_a_newer_keystore_is_refused(path: Path) -> None:
    rewrite(path, 0, 3)
    with pytest.raises(KeystoreDamaged, match="newer"):
        load_keystore(path, WORDS)


@pytest.mark.parametrize(
    ("at", "value"), [(1, 0), (1, 17), (1, 2**40), (2, 7), (2, 256 * 1024 + 1), (2, 2**40)]
)
def test_a_cost_out_of_bounds_is_refused_before_it_is_paid(path: Path, at: int, value: int) -> None:
    rewrite(path, at, value)
    with pytest.raises(KeystoreDamaged):
        load_keystore(path, WORDS)


@pytest.mark.parametrize(("at", "value"), [(1, 3), (2, 19 * 1024 + 1)])
def test_another_cost_within_bounds_does_not_open(path: Path, at: int, value: int) -> None:
    rewrite(path, at, value)
    with pytest.raises(WrongPassphrase):
        load_keystore(path, WORDS)


def test_a_changed_byte_does_not_open(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    with pytest.raises(WrongPassphrase):
        load_keystore(path, WORDS)


def test_a_named_pipe_is_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(KeystoreDamaged):
        load_keystore(tmp_path / "pipe", WORDS)


def test_neither_the_file_nor_its_repr_shows_a_secret(path: Path) -> None:
    assert b"STORE" not in path.read_bytes()
    assert RIVER.node_key.seed not in path.read_bytes()
    assert "STORE" not in repr(load_keystore(path, WORDS))
