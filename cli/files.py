"""Writing the files that a command makes: readable by their owner only, and never over another."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from cli.cli_state import Cli


def write_new(cli: Cli, path: Path | None, data: bytes) -> None:
    """Write a new file of mode 0600, or to standard output where `path` is None.

    Raises a usage error where the file exists, its folder does not, or `--json` wants the output.
    """
    if path is None:
        if cli.as_json:
            raise click.UsageError("--json and the file cannot both go to standard output")
        if sys.stdout.isatty():
            raise click.UsageError("this is no text for a terminal; give a file name")
        sys.stdout.buffer.write(data)
        return
    with _new_file(path) as file:
        file.write(data)


def move_new(cli: Cli, source: Path, path: Path | None) -> None:
    """Move a file that the node made to where the keeper wants it; see `write_new`."""
    if path is None:
        write_new(cli, None, b"")
        with source.open("rb") as data:
            shutil.copyfileobj(data, sys.stdout.buffer)
    else:
        with source.open("rb") as data, _new_file(path) as file:
            shutil.copyfileobj(data, file)
    source.unlink()


@contextmanager
def _new_file(path: Path) -> Iterator[BinaryIO]:
    refuse_existing(path)
    if not path.parent.is_dir():
        raise click.UsageError(f"there is no folder {path.parent}")
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(fd, "wb") as file:
        yield file
        file.flush()
        os.fsync(file.fileno())


def refuse_existing(path: Path) -> None:
    """Raise a usage error where a file is there already: nothing is ever overwritten."""
    if path.exists() or path.is_symlink():
        raise click.UsageError(f"{path} is there already, and nothing is overwritten; name another")
