"""What a command takes from a person: standard input for `-`, prompts and typed confirmations.

Arguments show in process lists, so numbers, texts, invites and reasons come from standard input.
Nothing here prompts off a terminal: a script that forgot a flag is told its name.
"""

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from cli.cli_state import Cli, at_terminal
from cli.words import say

TEXT_BYTES = 1024 * 1024
FILE_BYTES = 45 * 1024 * 1024


def read_stdin(what: str) -> str:
    """Read a text from standard input, without the line end that a pipe adds."""
    if at_terminal():
        say(f"{what}: type it, then Ctrl-D on a line of its own")
    return decode(_stdin(TEXT_BYTES + 1, what), what).rstrip("\r\n")


def _stdin(most: int, what: str) -> bytes:
    if sys.__stdin__ is None:
        raise click.UsageError(f"{what}: standard input is closed")
    return bytes(sys.__stdin__.buffer.read(most))


def decode(data: bytes, what: str) -> str:
    """Give the text of bytes from a pipe or a file. Raises a usage error where they are none."""
    if len(data) > TEXT_BYTES:
        raise click.UsageError(f"{what}: longer than 1 MiB")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise click.UsageError(f"{what}: not UTF-8 text; save it as UTF-8") from None


def text_argument(cli: Cli, value: str | None, what: str, *, argument: str) -> str:
    """Give a sensitive argument: `-` reads standard input, none asks on a terminal.

    `argument` names it in the error for a run without a terminal. Raises a usage error where there
    is nothing to read.
    """
    if value is None:
        if not cli.may_ask():
            raise click.UsageError(f"{argument} is missing: give - and write it to standard input")
        value = str(click.prompt(what, err=True))
    elif value == "-":
        value = line(what) if cli.may_ask() else read_stdin(what)
    elif not value.startswith("parasol1") and not cli.as_json:
        say(f"{what}: what stands on the command line can be seen by others; use - instead")
    if not value.strip():
        raise click.UsageError(f"{what}: nothing was given")
    return value.strip()


def line(what: str) -> str:
    """Ask for one line on a terminal."""
    return str(click.prompt(what, err=True, default="", show_default=False))


def ask_passphrase() -> str:
    """Ask for the passphrase on a terminal, without showing it."""
    return str(click.prompt("Passphrase", hide_input=True, err=True))


def ask_new_passphrase() -> str:
    """Ask twice for a passphrase that will protect a new node."""
    say("Choose a passphrase: six random words are good. Without it this node cannot be opened.")
    answer = click.prompt("Passphrase", hide_input=True, confirmation_prompt="Once more", err=True)
    return str(answer)


def confirm(cli: Cli, word: str, consequence: str) -> None:
    """On a terminal, have the keeper type `word` before what cannot be undone; elsewhere go on.

    A script has no one to ask, and says what it means by the command itself.
    """
    if not cli.may_ask():
        return
    say(consequence)
    if line(f'Type "{word}" to go on').strip() != word:
        raise click.ClickException("not confirmed; nothing was changed")


def assignments(pairs: Iterable[str]) -> dict[str, list[str]]:
    """Read `--set field=value` options into lists by field, in their order.

    A value of `-` comes from standard input. Where several are `-`, each takes one line in the
    order given, and the last takes the rest, so that a text may have many lines.
    """
    fields: dict[str, list[str]] = {}
    waiting: list[tuple[list[str], int, str]] = []
    for pair in pairs:
        name, value = _pair(pair)
        try:
            value.encode()
        except UnicodeEncodeError:
            raise click.UsageError(f"{name}: not UTF-8 text") from None
        values = fields.setdefault(name, [])
        if value == "-":
            waiting.append((values, len(values), name))
        values.append(value)
    if waiting:
        _fill(waiting)
    return fields


def check_pairs(pairs: Iterable[str]) -> None:
    """Refuse `--set` options that are no pairs, before anything is shown or read."""
    for pair in pairs:
        _pair(pair)


def _pair(pair: str) -> tuple[str, str]:
    name, equals, value = pair.partition("=")
    name = name.strip()
    if not equals or not name:
        # The word itself is not repeated: it may be a number that was meant to be a value.
        raise click.UsageError("--set takes field=value; an empty value removes a field")
    return name, value


def _fill(waiting: list[tuple[list[str], int, str]]) -> None:
    names = ", ".join(name for _, _, name in waiting)
    left = read_stdin(f"{names}: one line each" if len(waiting) > 1 else names)
    for number, (values, at, name) in enumerate(waiting, start=1):
        if number == len(waiting):
            values[at] = left
        else:
            values[at], newline, left = left.partition("\n")
            if not newline:
                raise click.UsageError(
                    f"standard input has too few lines: one each for {names}, in this order"
                )
        values[at] = values[at].rstrip("\r")
        if not values[at].strip():
            raise click.UsageError(
                f"{name}: nothing came on standard input; {name}= removes the field"
            )


def read_input_file(name: str, what: str) -> bytes:
    """Read a file, or standard input for `-`. Raises a usage error where it cannot be read."""
    if name == "-":
        data = _stdin(FILE_BYTES + 1, what)
    else:
        path = Path(name)
        if not path.is_file():
            raise click.UsageError(f"{what}: there is no file {name}")
        with path.open("rb") as file:
            data = file.read(FILE_BYTES + 1)
    if len(data) > FILE_BYTES:
        raise click.UsageError(f"{what}: larger than 45 MiB; split it")
    return data


def read_text_file(name: str, what: str) -> str:
    """Read a text file, or standard input for `-`."""
    return decode(read_input_file(name, what), what)
