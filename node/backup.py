"""Putting a backup in place of a node, whole or not at all.

Everything is checked on temporary files before anything of the node is touched. Then, in this
order: the old store's journal is folded in, the keystore is replaced by one that speaks for the
old and the new store alike, the new store takes the old one's place in one rename. A crash at any
point leaves a node that opens: the old one before that rename, the restored one after it. In an
empty folder the settings come last, and without settings there is no node.

Invariants: the register is never replaced, because it knows what was narrowed since; an existing
policy and settings stay; a keystore never goes back to older documents; the old store, which may
hold what was erased, is gone when the new one stands. What then happens to the restored node is
decided in `node.opening`.
"""

import contextlib
import io
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, BinaryIO

from sqlcipher3 import dbapi2 as sqlcipher

from keys.envelope import BoxKey, make_box_key
from keys.errors import KeysError, KeystoreMissing
from keys.keystore import Keystore, load_keystore, save_keystore
from keys.orgdoc import OrgDoc, decode_orgdoc
from node.backup_file import Opened, read_backup
from node.errors import BadBackup, NodeError, StoreDamaged, StoreLocked
from node.moments import iso_time
from node.opening import RESTORED
from node.runtime import REGISTER_FILE, STORE_FILE, now_us
from node.settings import KEYSTORE_FILE, POLICY_FILE, SETTINGS_FILE
from node.store import meta
from node.store.engine import connect, sync_engine
from node.store.schema import upgrade_store
from protocol.ids import day_of, text_id

BACKUP = "backup_us"  # when the last backup was made
REHEARSED = "restored_us"  # when this store was last restored
STAGED = ".restore-"
UNREADABLE = ".unreadable"


def restore_node(
    home: Path,
    passphrase: bytes,
    data: bytes | Path,
    *,
    clock: Callable[[], int] = now_us,
    random: Callable[[int], bytes] = os.urandom,
) -> dict[str, Any]:
    """Restore a backup (its bytes, or its file) into `home`, whose lock the caller holds.

    BadBackup for what is not a whole backup, or another organisation's; WrongPassphrase. The node
    in `home` is untouched then. Says what was kept.
    """
    text = passphrase.decode()
    remove_leftovers(home, STAGED)
    with _staging(home) as stage, _source(data) as source:
        opened = read_backup(source, text, stage / KEYSTORE_FILE, stage / STORE_FILE)
        mine = _present(home, text, opened)
        keystore = _merged(mine, opened.keystore, clock(), random)
        _prepare(opened, keystore.store_key, clock())
        kept = [name for name in (SETTINGS_FILE, POLICY_FILE) if (home / name).exists()]
        if (home / REGISTER_FILE).exists():
            kept.append(REGISTER_FILE)
        lost = _set_register_aside(home, keystore.store_key)
        if mine is not None:
            _fold(home / STORE_FILE, keystore.store_key)
            save_keystore(home / KEYSTORE_FILE, keystore, text)
        _replace_store(home, opened.store)
        if mine is None:
            save_keystore(home / KEYSTORE_FILE, keystore, text)
        _write_missing(home / POLICY_FILE, opened.manifest.policy)
        _write_missing(home / SETTINGS_FILE, opened.manifest.settings)
    result: dict[str, Any] = {
        "org": text_id(keystore.org),
        "made": iso_time(opened.manifest.made_us),
        "kept": [name for name in kept if name not in lost],
    }
    if REGISTER_FILE not in result["kept"]:
        result["register"] = "lost: nothing goes out before parasol recover confirm"
    return result


def remove_leftovers(home: Path, prefix: str) -> None:
    """Remove what a killed restore or backup left; the caller holds the lock, so it is nobody's."""
    for leftover in home.glob(f"{prefix}*"):
        if leftover.is_dir():
            shutil.rmtree(leftover, ignore_errors=True)
        else:
            leftover.unlink(missing_ok=True)


@contextlib.contextmanager
def _staging(home: Path) -> Iterator[Path]:
    """Make a folder beside the node's files, on the same disk, so that a rename is enough."""
    stage = Path(tempfile.mkdtemp(prefix=STAGED, dir=home))
    try:
        yield stage
    finally:
        shutil.rmtree(stage, ignore_errors=True)


def _source(data: bytes | Path) -> BinaryIO:
    return data.open("rb") if isinstance(data, Path) else io.BytesIO(data)


def _present(home: Path, passphrase: str, opened: Opened) -> Keystore | None:
    """Open the keystore that is there; refuse where it is not of the backup's organisation."""
    try:
        mine = load_keystore(home / KEYSTORE_FILE, passphrase)
    except KeystoreMissing:
        return None
    except KeysError as error:
        raise NodeError(
            f"the keystore in {home} does not open ({error.code}), so that nobody can say whose "
            "node this is; move it away and restore again, or restore into an empty folder"
        ) from None
    if mine.org != opened.keystore.org:
        raise BadBackup(
            "this backup is of another organisation than the node here; "
            "give --home an empty folder to restore it there"
        )
    return mine


def _merged(
    mine: Keystore | None, theirs: Keystore, now: int, random: Callable[[int], bytes]
) -> Keystore:
    """Give the keystore of the restored node: the newer documents, the present box keys.

    It has a card to be issued that is newer than any before, because the box key may be new.
    """
    boxes: tuple[BoxKey, ...]
    if mine is None:
        newer, store_key = theirs, theirs.store_key
        boxes = (make_box_key(random(32), day_of(now)),)
    else:
        newer = theirs if _version(theirs) > _version(mine) else mine
        store_key, boxes = mine.store_key, mine.box_keys
    n = max(now, theirs.card_n + 1, mine.card_n + 1 if mine is not None else 0)
    return replace(newer, box_keys=boxes, store_key=store_key, card_n=n)


def _version(keystore: Keystore) -> tuple[int, int]:
    current: OrgDoc = decode_orgdoc(*keystore.orgdocs[-1])
    return current.gen, current.ver


def _prepare(opened: Opened, store_key: bytes, now: int) -> None:
    """Check the store whole, bring it to this release, note that it was restored, close it."""
    path = opened.store
    _check_pages(path, opened.keystore.store_key)
    upgrade_store(path, opened.keystore.store_key)
    engine = sync_engine(path, opened.keystore.store_key)
    try:
        with engine.begin() as connection:
            meta.put(connection, RESTORED, b"1")
            meta.put_int(connection, BACKUP, opened.manifest.made_us)
            meta.put_int(connection, REHEARSED, now)
    finally:
        engine.dispose()
    connection = connect(path, opened.keystore.store_key)
    try:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        if store_key != opened.keystore.store_key:
            # The node here was made anew since: its register is under the key that it has now.
            connection.execute("PRAGMA journal_mode=DELETE").fetchall()
            connection.execute(f"PRAGMA rekey=\"x'{store_key.hex()}'\"")
    finally:
        connection.close()
    _sync(path)


def _check_pages(path: Path, key: bytes) -> None:
    try:
        connection = connect(path, key)
    except (StoreLocked, StoreDamaged):
        raise BadBackup("the store in this backup does not open with its key") from None
    try:
        bad = connection.execute("PRAGMA cipher_integrity_check").fetchall()
        found = connection.execute("PRAGMA quick_check").fetchall()
    except sqlcipher.DatabaseError:
        bad, found = [("damaged",)], []
    finally:
        connection.close()
    if bad or [row[0] for row in found] != ["ok"]:
        raise BadBackup("the store in this backup is damaged")


def _set_register_aside(home: Path, key: bytes) -> list[str]:
    """Move away a register that is damaged or not under the store's key; gives what was moved."""
    path = home / REGISTER_FILE
    if not path.exists():
        return []
    try:
        _check_pages(path, key)
    except BadBackup:
        path.replace(path.with_name(REGISTER_FILE + UNREADABLE))
        for end in ("-wal", "-shm"):
            path.with_name(REGISTER_FILE + end).unlink(missing_ok=True)
        return [REGISTER_FILE]
    return []


def _fold(path: Path, key: bytes) -> None:
    """Fold the old store's journal into it, so that it stands without; a damaged one may fail."""
    if not path.exists():
        return
    with contextlib.suppress(StoreLocked, StoreDamaged, sqlcipher.DatabaseError):
        connection = connect(path, key)
        try:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        finally:
            connection.close()


def _replace_store(home: Path, new: Path) -> None:
    """Put the new store in the old one's place; a journal of the old must not be read into it."""
    path = home / STORE_FILE
    for end in ("-wal", "-shm", "-journal"):
        path.with_name(STORE_FILE + end).unlink(missing_ok=True)
    _sync(home)
    new.chmod(0o600)
    new.replace(path)
    _sync(home)


def _write_missing(path: Path, data: bytes) -> None:
    if path.exists():
        return
    staged = path.with_name(f"{STAGED}{path.name}")
    staged.unlink(missing_ok=True)
    staged.touch(mode=0o600)
    staged.write_bytes(data)
    _sync(staged)
    staged.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
