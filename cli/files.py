"""Writing the files that a command makes: readable by their owner only, and never over another."""

import os
import sys
from pathlib import Path

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
    refuse_existing(path)
    if not path.parent.is_dir():
        raise click.UsageError(f"there is no folder {path.parent}")
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    with os.fdopen(fd, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def refuse_existing(path: Path) -> None:
    """Raise a usage error where a file is there already: nothing is ever overwritten."""
    if path.exists() or path.is_symlink():
        raise click.UsageError(f"{path} is there already, and nothing is overwritten; name another")
