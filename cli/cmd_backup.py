"""`parasol backup`, `restore` and `recover`: an encrypted copy, its return, what waits after it.

A restored node must not show again what was narrowed after the backup was made. What peers did not
list is therefore held back until the keeper confirms it with `parasol recover confirm`.
"""

import base64
from datetime import UTC, datetime
from pathlib import Path

import click

from cli.ask import confirm, read_input_file
from cli.cli_state import Cli
from cli.files import move_new, refuse_existing, write_new
from cli.ordered import OrderedGroup
from cli.show import anything, emit, facts
from cli.words import say


@click.command()
@click.argument("file", required=False)
@click.pass_obj
def backup(cli: Cli, file: str | None) -> None:
    """Write an encrypted copy of the node.

    FILE must not exist; - is standard output.

    It opens with the node's passphrase only. Without FILE it is named by the time, in this folder.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    target = Path(file or f"parasol-{stamp}.parasol-backup")
    if file != "-":
        refuse_existing(target)
    result = cli.call("backup")
    if "path" in result:
        move_new(cli, Path(result["path"]), target if file != "-" else None)
    else:
        write_new(cli, target if file != "-" else None, base64.b64decode(result.pop("content")))
    if file != "-":
        shown = {**result, "path": str(target)}
        emit(
            cli, shown, facts, then="keep it off this machine; try parasol restore once, elsewhere"
        )


@click.command()
@click.argument("file")
@click.pass_obj
def restore(cli: Cli, file: str) -> None:
    """Put the backup FILE (- for standard input) in place of this node, or on a new machine.

    The node's passphrase must be the one of the backup. Stop `parasol serve` first.
    """
    data = read_input_file(file, "FILE") if file == "-" else Path(file)
    if isinstance(data, Path) and not data.is_file():
        raise click.UsageError(f"FILE: there is no file {file}")
    if (cli.home / "settings.toml").exists():
        confirm(cli, "restore", f"The node in {cli.home} will be put back to the backup's state.")
    passphrase = cli.passphrase()
    from node.backup import restore_node
    from node.control import Lock

    cli.home.mkdir(mode=0o700, parents=True, exist_ok=True)
    with Lock(cli.home):
        result = restore_node(cli.home, passphrase, data)
    then = "parasol serve; it asks the peers what they have, and holds back what they do not list"
    emit(cli, {"restored": str(cli.home), **result}, anything, then=then)


@click.group(cls=OrderedGroup)
def recover() -> None:
    """After a restore: what is held back, and let it go."""


@recover.command()
@click.pass_obj
def show(cli: Cli) -> None:
    """Show what is held back since the restore, and for which peer."""
    emit(cli, cli.call("recover_show"), anything, then="parasol recover confirm, once you looked")


@recover.command()
@click.argument("entry")
@click.pass_obj
def sign(cli: Cli, entry: str) -> None:
    """Sign one alert of ours that is dated after its key was revoked.

    ENTRY is its entry in `recover show`. Only if you know the text for yours: whoever had the key
    can have written it. A withdrawal or an erasure is never signed so."""
    if cli.may_ask():
        shown = cli.call("recover_show")["returned"]
        for row in shown:
            if row["by_hand"] and row["entry"].startswith(entry.strip().lower()):
                for name, value in sorted(row["fields"].items()):
                    say(f"{name}: {value}")
        confirm(cli, "sign", "This text will be signed as ours, and shared as policy allows.")
    emit(cli, cli.call("recover_sign", entry=entry), anything, then="parasol recover show")


@recover.command("confirm")
@click.pass_obj
def confirm_(cli: Cli) -> None:
    """Let what is held back go to the peers again.

    Only what policy and the register allow goes out."""
    confirm(cli, "confirm", "What is held back will be shared again, as policy allows.")
    emit(cli, cli.call("recover_confirm"), anything, then="parasol alert coverage")
