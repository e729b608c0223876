"""An encrypted copy of the node, and what waits for the keeper after a restore.

Decides that a backup is one moment of the store (SQLite's VACUUM INTO, under the store's own key),
without old box keys and without the register, and that nothing of it is readable on the way: the
temporary copy lies in the node's folder, encrypted and 0600, and is removed.
"""

import asyncio
import base64
import contextlib
import io
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from node.backup import BACKUP, remove_leftovers
from node.backup_file import Manifest, write_backup
from node.moments import iso_time
from node.runtime import STORE_FILE, Node
from node.settings import KEYSTORE_FILE, POLICY_FILE, SETTINGS_FILE
from node.store import meta
from node.store.engine import connect

INLINE = 24 * 1024 * 1024  # a larger backup is left in a file: it would be held in memory thrice
FOLDER = "backups"
COPYING = ".backup-"


_one_at_a_time = asyncio.Lock()


async def backup(node: Node) -> dict[str, Any]:
    """Make an encrypted copy of the node.

    Gives {"made", "bytes", "content"} with the file in base64, or "path" in place of "content"
    where it is large: a file in the node's folder, for the caller to take.
    """
    async with _one_at_a_time:
        remove_leftovers(node.home, COPYING)
        result = await asyncio.to_thread(_make, node)
    await node.change(meta.put_int, BACKUP, node.context.now_us())
    return result


def _make(node: Node) -> dict[str, Any]:
    now = node.context.now_us()
    result: dict[str, Any] = {"made": iso_time(now)}
    with _folder(node.home) as folder:
        copy = folder / STORE_FILE
        _copy_store(node, copy)
        keystore = folder / KEYSTORE_FILE
        node.write_keystore(keystore, replace(node.keystore, box_keys=()))
        manifest = Manifest(
            node.keystore.org,
            now,
            (node.home / SETTINGS_FILE).read_bytes(),
            (node.home / POLICY_FILE).read_bytes(),
        )
        parts = keystore, copy, node.keystore.store_key, manifest, node.context.random
        if copy.stat().st_size <= INLINE:
            out = io.BytesIO()
            result["bytes"] = write_backup(out, *parts)
            result["content"] = base64.b64encode(out.getbuffer()).decode()
            return result
        path = _new_file(node.home / FOLDER, now)
        with path.open("wb") as file:
            result["bytes"] = write_backup(file, *parts)
        result["path"] = str(path)
    return result


def _copy_store(node: Node, target: Path) -> None:
    """Copy one moment of the store; writers go on meanwhile."""
    target.touch(mode=0o600)
    connection = connect(node.home / STORE_FILE, node.keystore.store_key)
    try:
        connection.execute("VACUUM INTO ?", (str(target),))
    finally:
        connection.close()


@contextlib.contextmanager
def _folder(home: Path) -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix=COPYING, dir=home))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _new_file(folder: Path, now: int) -> Path:
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"parasol-{now}.parasol-backup"
    path.touch(mode=0o600, exist_ok=False)
    return path
