"""`parasol dispute`: a listed person objects, and somebody answers in time."""

import click

from cli.ask import text_argument
from cli.cli_state import Cli
from cli.ordered import OrderedGroup
from cli.show import Result, emit, facts, present, table

OUTCOMES = ["kept", "corrected", "withdrawn"]
AS = click.option("--as", "by", required=True, metavar="NAME", help="Who you are.")


@click.group(cls=OrderedGroup)
def dispute() -> None:
    """Take objections of listed persons, answer and close them. An ID may be shortened."""


@dispute.command("open")
@click.argument("alert")
@click.option("--objection", help="What he says; - reads standard input.")
@AS
@click.pass_obj
def open_(cli: Cli, alert: str, objection: str | None, by: str) -> None:
    """Take an objection to one of our alerts.

    Where the policy says so, the alert is suspended until it is closed: here, and at all peers.
    """
    text = text_argument(cli, objection, "Objection", argument="--objection")
    result = cli.call("dispute_open", alert=alert, objection=text, by=by)
    emit(cli, result, facts, then=f"parasol dispute answer {result['id']}")


@dispute.command("list")
@click.option("--all", "everything", is_flag=True, help="Closed ones too.")
@click.pass_obj
def list_(cli: Cli, everything: bool) -> None:
    """List the objections that wait, the one that is due first in front."""

    def show(shown: Result) -> None:
        rows = [{**row, "late": row["overdue"]} for row in shown["disputes"]]
        columns = ["id", "alert", "state", "due", "late", "outcome", "objection"]
        table(rows, present(rows, columns), none="No objections.")

    result = cli.call("dispute_list", all=everything)
    emit(cli, result, show, then="parasol dispute answer ID" if result["disputes"] else "")


@dispute.command()
@click.argument("id")
@click.option(
    "--outcome",
    type=click.Choice(OUTCOMES),
    required=True,
    help="What becomes of the alert; correct it before you close.",
)
@click.option("--answer", help="What he is told; - reads standard input.")
@AS
@click.pass_obj
def answer(cli: Cli, id: str, outcome: str, answer: str | None, by: str) -> None:  # noqa: A002
    """Write down the answer, and what shall become of the alert."""
    text = text_argument(cli, answer, "Answer", argument="--answer")
    result = cli.call("dispute_answer", id=id, by=by, outcome=outcome, answer=text)
    emit(cli, result, facts, then=f"another person: parasol dispute close {result['id']}")


@dispute.command()
@click.argument("id")
@AS
@click.pass_obj
def close(cli: Cli, id: str, by: str) -> None:  # noqa: A002
    """Do what was answered: the alert comes back to all who had it, or is withdrawn."""
    result = cli.call("dispute_close", id=id, by=by)
    emit(cli, result, facts, then=f"parasol alert coverage {result['alert']}")


@dispute.command()
@click.argument("alert")
@AS
@click.pass_obj
def lift(cli: Cli, alert: str, by: str) -> None:
    """Let a suspended alert go whose objection a restored store does not know."""
    emit(cli, cli.call("dispute_lift", alert=alert, by=by), facts)


@dispute.command()
@click.argument("text", required=False)
@AS
@click.pass_obj
def inform(cli: Cli, text: str | None, by: str) -> None:
    """Word what a person may be told who asks whether he is listed.

    TEXT is his whole number, email, handle, plate or page; - reads standard input.
    """
    asked = text_argument(cli, text, "Identifier", argument="TEXT")

    def show(shown: Result) -> None:
        print(shown["answer"])

    result = cli.call("dispute_inform", text=asked, by=by)
    then = [f"parasol dispute open {alert}, if he objects" for alert in result["alerts"]]
    emit(cli, result, show, then=then[0] if then else "")
