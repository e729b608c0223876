"""Files that hold secrets: who may read them, and how they are written.

Decides that a secret file which others on the machine can read is refused, with the command that
cures it, and that writing is all or nothing: a temporary file beside it, flushed, then renamed.
"""

from __future__ import annotations

import os
import stat
import tempfile
from pathlib import Path

from keys.errors import KeystoreDamaged, KeystoreExists, UnsafeMode

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def read_secret_file(path: Path, *, most: int, private: bool = True) -> bytes:
    """Read a secret of at most `most` bytes.

    UnsafeMode if `private` and anybody else may read or write it; KeystoreDamaged if it is longer
    or no plain file; FileNotFoundError and other OSError as they come.
    """
    # Not to hang on a named pipe: it is refused below.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    with os.fdopen(descriptor, "rb") as file:
        # Of the open file, not of the path: nobody can swap it in between.
        facts = os.fstat(file.fileno())
        if not stat.S_ISREG(facts.st_mode):
            raise KeystoreDamaged(f"{path} is not a plain file")
        if private:
            _refuse_others(path, facts)
        data = file.read(most + 1)
    if len(data) > most:
        raise KeystoreDamaged(f"{path} is too long for what it should be")
    return data


def write_secret_file(path: Path, data: bytes, *, create: bool) -> None:
    """Write a secret with mode 0600, whole or not at all, and durable on return.

    With `create` an existing file is left alone: KeystoreExists.
    """
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    temporary = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if create:
            # A link fails where a rename would overwrite.
            path.hardlink_to(temporary)
        else:
            temporary.replace(path)
    except FileExistsError:
        raise KeystoreExists(f"{path} exists already, and keys are never overwritten") from None
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _refuse_others(path: Path, facts: os.stat_result) -> None:
    if facts.st_mode & _OTHERS:
        raise UnsafeMode(f"{path} can be read by others on this machine; run: chmod 600 {path}")
    if facts.st_uid not in {os.geteuid(), 0} and os.geteuid() != 0:
        raise UnsafeMode(f"{path} belongs to another user; run: chown $(id -un) {path}")


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
