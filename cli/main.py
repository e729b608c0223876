"""The `parasol` command: global options, the commands, and the edge where errors become exits.

Start-up is kept short: this module imports click and nothing else that is heavy; a command's module
is imported when that command runs. Every command is a call of `node.control.call` and a way to show
what came back, so the list below is the whole map of the command line.
"""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path

import click

from cli.cli_state import Cli, default_home
from cli.core_files import forbid_core_files
from cli.exits import report


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command lives, and what `parasol --help` says of it without importing it."""

    module: str
    help: str


COMMANDS = {
    "init": Entry("cli.cmd_init", "Make a new node: keys, store, the policy of your region."),
    "serve": Entry("cli.cmd_serve", "Run the node: peers, jobs, commands."),
    "status": Entry("cli.cmd_status", "Show peers, alerts, what waits and what is overdue."),
    "doctor": Entry("cli.cmd_status", "Find what will go wrong, and say the cure."),
    "import": Entry("cli.cmd_import", "Read a list into drafts: CSV, TSV, XLSX, ODS, chat."),
    "draft": Entry("cli.cmd_draft", "Write, review, publish and refuse drafts."),
    "receipt": Entry("cli.cmd_receipt", "What a reporter may do by her receipt code."),
    "alert": Entry("cli.cmd_alert", "Show, correct, narrow, withdraw and erase alerts."),
    "check": Entry("cli.cmd_check", "Ask whether a number, email, handle or plate is known."),
    "voice": Entry("cli.cmd_voice", "Corroborate, dispute and adopt alerts of others."),
    "cluster": Entry("cli.cmd_voice", "See which alerts may be about one person."),
    "verdict": Entry("cli.cmd_verdict", "Hide, note or rate an alert of others, here only."),
    "review": Entry("cli.cmd_verdict", "Pass alerts of peers in review to members."),
    "peer": Entry("cli.cmd_peer", "Invite, verify, pause, block and remove peers."),
    "dispute": Entry("cli.cmd_dispute", "Take objections of listed persons, and answer them."),
    "police": Entry("cli.cmd_police", "Give one alert to police, where everybody agrees."),
    "member": Entry("cli.cmd_member", "Invite, list and remove those who use the pages."),
    "statistics": Entry("cli.cmd_statistics", "Show figures in which nobody can be found."),
    "audit": Entry("cli.cmd_audit", "Show who did what inside."),
    "node": Entry("cli.cmd_defence", "Freeze this node, and thaw it."),
    "policy": Entry("cli.cmd_policy", "Show, check and apply what this node shares."),
    "keys": Entry("cli.cmd_keys", "Show, rotate, revoke and recover the organisation's keys."),
    "mail": Entry("cli.cmd_mailbox", "Leave and fetch sealed mail at a common peer."),
    "bundle": Entry("cli.cmd_bundle", "Exchange with a peer by a sealed file."),
    "backup": Entry("cli.cmd_backup", "Write an encrypted copy of the node."),
    "restore": Entry("cli.cmd_backup", "Put a backup in place of the node."),
    "recover": Entry("cli.cmd_backup", "After a restore: what is held back, and let it go."),
    "demo": Entry("cli.cmd_demo", "Three organisations on this machine, sharing sample lists."),
}


class LateGroup(click.Group):
    """A group whose commands are imported when they are used."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Name the commands in the order of a keeper's day."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import one command; None makes click say that there is no such command."""
        entry = COMMANDS.get(cmd_name)
        if entry is None:
            return None
        name = cmd_name if cmd_name != "import" else "import_"
        found: click.Command = getattr(import_module(entry.module), name)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands from the table above, importing none."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.help) for name, entry in COMMANDS.items()])


@click.group(cls=LateGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--home",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="PARASOL_HOME",
    help="The node's folder. [env: PARASOL_HOME]",
)
@click.option(
    "--passphrase-file",
    type=click.Path(path_type=Path),
    envvar="PARASOL_PASSPHRASE_FILE",
    help="File holding the node's passphrase. [env: PARASOL_PASSPHRASE_FILE]",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, for programs.")
@click.version_option(package_name="parasol-node", prog_name="parasol")
@click.pass_context
def parasol(
    ctx: click.Context, home: Path | None, passphrase_file: Path | None, as_json: bool
) -> None:
    """Share bad-date alerts with the organisations you trust, under the policy of your region.

    Give "-" where a number, text, invite or reason is wanted, and it is read from standard input:
    what stands on the command line can be seen by every user of the machine.
    """
    ctx.obj = Cli(
        home=(home or default_home()).absolute(), passphrase_file=passphrase_file, as_json=as_json
    )


def main(args: Sequence[str] | None = None) -> None:
    """Run one command and end the process with its exit code (see `cli.exits`)."""
    forbid_core_files()
    words = list(sys.argv[1:] if args is None else args)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a screen that cannot show a letter must not end us
            stream.reconfigure(errors="backslashreplace")
    try:
        code = parasol.main(words, prog_name="parasol", standalone_mode=False)
        sys.stdout.flush()
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001 - the edge of the command line
        code = report(error, as_json=wants_json(words))
    sys.exit(code if isinstance(code, int) else 0)


def wants_json(words: Sequence[str]) -> bool:
    """Whether `--json` stands before the command, also where the rest cannot be understood."""
    takes_value = False
    for word in words:
        if takes_value:
            takes_value = False
        elif word == "--json":
            return True
        elif not word.startswith("-"):
            return False
        else:
            takes_value = word in {"--home", "--passphrase-file"}
    return False


if __name__ == "__main__":
    main()
