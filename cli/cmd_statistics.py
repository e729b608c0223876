"""`parasol statistics`: figures of closed months in which nobody can be found."""

import click

from cli.cli_state import Cli
from cli.show import Result, emit, table


@click.command()
@click.option("--since", metavar="MONTH", help="Not before this month, such as 2026-01.")
@click.option("--until", metavar="MONTH", help="Not after this month.")
@click.pass_obj
def statistics(cli: Cli, since: str | None, until: str | None) -> None:
    """Show the figures of closed months by region and gravest code, small ones left out.

    What was published of a month never changes, so that no difference of two reports tells of a
    single alert. Alerts are counted whose reporters, or origins, agreed to it. Where the policy
    counts checks, how many were made on a day comes last.
    """
    asked = {name: month for name, month in (("since", since), ("until", until)) if month}

    def show(shown: Result) -> None:
        rows = [
            {"month": each["month"], **figure}
            for each in shown["months"]
            for figure in each["figures"]
        ]
        columns = ["month", "region", "code", "alerts"]
        table(rows, columns, none="No figure is large enough to be shown.")
        print(f"\n{shown['open']} is still open.")
        if shown.get("checks"):
            print()
            table(shown["checks"], ["day", "checks"])

    emit(cli, cli.call("statistics", **asked), show)
