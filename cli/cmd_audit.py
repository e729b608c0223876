"""`parasol audit`: who did what inside. It never leaves the node."""

import click

from cli.cli_state import Cli
from cli.show import Result, emit, present, table


@click.command()
@click.argument("alert", required=False)
@click.pass_obj
def audit(cli: Cli, alert: str | None) -> None:
    """Show who did what inside, newest first: all, or what was done with one ALERT.

    It never leaves the node.
    """

    def show(shown: Result) -> None:
        rows = shown["acts"]
        table(rows, present(rows, ["when", "who", "what", "alert", "why"]), none="Nothing noted.")

    asked = {"alert": alert} if alert else {}
    emit(cli, cli.call("audit", **asked), show)
