"""What one run of the command line knows: the node's folder, where its passphrase is, how to print.

Made once from the global options and handed to every command as click's context object. Nothing
heavy is imported here; the node's code is reached late, through `call`.
"""

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


def default_home() -> Path:
    """Give the folder used when neither `--home` nor PARASOL_HOME is there."""
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "parasol"
    data = os.environ.get("XDG_DATA_HOME", "")
    return (Path(data) if data.startswith("/") else Path.home() / ".local" / "share") / "parasol"


def at_terminal() -> bool:
    """Whether a person can be asked: standard input and the messages are both at a terminal."""
    # A service may run without these, and Python then has None in their place.
    streams = (sys.__stdin__, sys.__stderr__)
    return all(stream is not None and stream.isatty() for stream in streams)


@dataclass(frozen=True, slots=True)
class Cli:
    """The global options of one run."""

    home: Path
    passphrase_file: Path | None
    as_json: bool

    def may_ask(self) -> bool:
        """Whether this run may put a question to a person."""
        return at_terminal() and not self.as_json

    def call(self, name: str, /, **args: Any) -> dict[str, Any]:
        """Run one command on the node and give what it returned; see `node.control.call`."""
        from node.control import call

        return call(self.home, self.passphrase, name, args)

    def passphrase(self) -> bytes:
        """Read the passphrase: from its file, the service credential, or a prompt on a terminal."""
        from cli.ask import ask_passphrase
        from keys.keystore import read_passphrase

        self.need_passphrase_source()
        prompt = ask_passphrase if self.may_ask() else None
        return read_passphrase(self.passphrase_file, prompt).encode()

    def need_passphrase_source(self) -> None:
        """Refuse early, by the flag's name, where no passphrase can be had."""
        import click

        credential = os.environ.get("CREDENTIALS_DIRECTORY", "")
        given = self.passphrase_file or (
            credential and (Path(credential) / "parasol-passphrase").exists()
        )
        if not given and not self.may_ask():
            raise click.UsageError(
                "the node's passphrase is needed: give --passphrase-file FILE before the command, "
                "or set PARASOL_PASSPHRASE_FILE"
            )
