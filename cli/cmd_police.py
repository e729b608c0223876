"""`parasol police`: one alert to police, where everybody who must agrees. Never automatic."""

import json
import os
from pathlib import Path

import click

from cli.ask import line, text_argument
from cli.cli_state import Cli
from cli.ordered import OrderedGroup
from cli.show import Result, alert_fields, emit, facts
from cli.words import say


@click.group(cls=OrderedGroup)
def police() -> None:
    """Give one alert to police, where policy, the reporter and a named person agree."""


@police.command()
@click.argument("alert")
@click.option("--approver", metavar="NAME", help="The person whom the policy names, exactly so.")
@click.option("--why", help="Why, for the log inside; - reads standard input.")
@click.option(
    "--withhold",
    multiple=True,
    metavar="FIELD",
    help="What the approver does not agree to (phone, place.city, …); repeat it for several.",
)
@click.option("--dry-run", is_flag=True, help="Show what would go, and give nothing.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write to a new file that only you can read; else to standard output.",
)
@click.pass_obj
def export(
    cli: Cli,
    alert: str,
    approver: str | None,
    why: str | None,
    out: Path | None,
    withhold: tuple[str, ...],
    dry_run: bool,
) -> None:
    """Write what of one alert may go to police.

    It needs the policy's police_share, the reporter's consent, and the named approver. It says
    nothing that leads to the reporter, unless she wants to be supported in going there herself. It
    is written down inside who approved it and why, and goes to no peer. Whoever approves it looks
    with --dry-run first.
    """
    said = {"alert": alert, "withhold": list(withhold)}
    if dry_run:
        emit(cli, cli.call("police_export", **said, approver="", why="", dry_run=True), _show)
        return
    if approver is None:
        if not cli.may_ask():
            raise click.UsageError("--approver is missing: the person whom the policy names")
        approver = line("Who approves this? The name as in the policy")
    reason = text_argument(cli, why, "Why", argument="--why")
    if out is not None and out.exists():
        raise click.UsageError(f"--out: there is a file {out} already; nothing is overwritten")
    result = cli.call("police_export", **said, approver=approver, why=reason)
    if out is not None:
        _write(out, result)
        if cli.as_json:
            print(json.dumps({"alert": result["alert"], "out": str(out)}))
        say(f"Written to {out}; parasol audit {result['alert']} shows who approved it.")
        return

    emit(cli, result, _show, then=f"parasol audit {result['alert']}")


def _show(shown: Result) -> None:
    facts({name: value for name, value in shown.items() if name != "fields"})
    print()
    alert_fields(shown["fields"])


def _write(path: Path, result: Result) -> None:
    """Write a new file that only its owner can read."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(result, file, indent=2, ensure_ascii=False)
        file.write("\n")
