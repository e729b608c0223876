"""`parasol voice` and `parasol cluster`: what organisations say of each other's alerts.

A voice is a record of ours and travels; a cluster is our own view and stays here.
"""

import click

from cli.ask import text_argument
from cli.cli_state import Cli
from cli.ordered import OrderedGroup
from cli.show import Result, emit, facts, short, table, words

AS = click.option("--as", "by", metavar="NAME", help="Who you are; kept inside, for the audit.")
ONLY = click.option(
    "--only-origin", is_flag=True, help="Tell nobody but the organisation whose alert it is."
)


@click.group(cls=OrderedGroup)
def voice() -> None:
    """Corroborate, dispute and adopt alerts of others; say which are about one person.

    Your word goes where your alerts go. It names an alert by its key only: who does not have that
    alert does not learn whose it is.
    """


def _by(by: str | None) -> dict[str, str]:
    return {} if by is None else {"by": by}


@voice.command()
@click.argument("alert")
@click.option("--report", metavar="ID", help="The draft or alert of ours that it stands on.")
@ONLY
@AS
@click.pass_obj
def corroborate(
    cli: Cli, alert: str, report: str | None, only_origin: bool, by: str | None
) -> None:
    """Say that we hold a report of our own on ALERT.

    With --report, its reporter must have agreed to warn other organisations; if she takes that
    back, our word goes with it.
    """
    result = cli.call(
        "voice_corroborate", alert=alert, report=report or "", only_origin=only_origin, **_by(by)
    )
    emit(cli, result, facts, then=f"parasol alert show {alert}")


@voice.command()
@click.argument("alert")
@click.option("--reason", help="What is wrong; it travels. - reads standard input.")
@ONLY
@AS
@click.pass_obj
def dispute(cli: Cli, alert: str, reason: str | None, only_origin: bool, by: str | None) -> None:
    """Say that ALERT is wrong, and why.

    The reason goes to every peer that your policy shares with: name nobody in it, and no number.
    """
    text = text_argument(cli, reason, "Reason", argument="--reason")
    result = cli.call("voice_dispute", alert=alert, reason=text, only_origin=only_origin, **_by(by))
    emit(cli, result, facts, then=f"parasol alert show {alert}")


@voice.command("same-as")
@click.argument("alert")
@click.argument("other")
@ONLY
@AS
@click.pass_obj
def same_as(cli: Cli, alert: str, other: str, only_origin: bool, by: str | None) -> None:
    """Say that ALERT and OTHER are about one person. Nobody merges them because of it."""
    result = cli.call("voice_same_as", alert=alert, other=other, only_origin=only_origin, **_by(by))
    emit(cli, result, facts, then=f"parasol cluster show {alert}")


@voice.command()
@click.argument("alert")
@click.pass_obj
def adopt(cli: Cli, alert: str) -> None:
    """Make a draft of ALERT, to publish it as ours after a review.

    For alerts whose organisation is gone. What its terms do not allow hubs to forward goes to our
    own members only. When its organisation takes its alert back, ours goes as well.
    """
    result = cli.call("voice_adopt", alert=alert)
    emit(cli, result, facts, then=f"parasol draft show {result['id']}")


@voice.command()
@click.argument("voice")
@AS
@click.pass_obj
def withdraw(cli: Cli, voice: str, by: str | None) -> None:
    """Take back what we say: a VOICE by its id, or all that we say of an alert."""
    emit(cli, cli.call("voice_withdraw", voice=voice, **_by(by)), facts, then="parasol voice list")


@voice.command("list")
@click.argument("alert", required=False)
@click.pass_obj
def list_(cli: Cli, alert: str | None) -> None:
    """List what is said of alerts, or of one ALERT, ours and others'."""
    result = cli.call("voice_list", alert=alert)

    def show(shown: Result) -> None:
        rows = [
            {
                **row,
                "org": row.get("org_name") or short(row["org"]),
                "alert": [short(each) for each in row["alerts"]],
                "note": _note(row),
            }
            for row in shown["voices"]
        ]
        columns = ["voice", "org", "relation", "alert", "note", "text", "expires"]
        table(rows, columns, none="Nobody said anything.")

    emit(cli, result, show, then="parasol alert show ALERT" if result["voices"] else "")


def _note(row: Result) -> str:
    notes = []
    if not row["counts"]:
        notes.append("does not count: not verified, or not heard now")
    if not row["here"]:
        notes.append("the alert is not here")
    elif row["of_earlier"]:
        notes.append("of an earlier revision")
    return "; ".join(notes)


@click.group(cls=OrderedGroup)
def cluster() -> None:
    """See which alerts may be about one person; put together, and keep apart.

    Alerts are never merged: a cluster is a list of them, each with its organisation. What you
    decide stays here.
    """


@cluster.command("list")
@click.pass_obj
def clusters(cli: Cli) -> None:
    """List the clusters that follow from identifiers, voices and what was decided here."""
    result = cli.call("cluster_list")

    def show(shown: Result) -> None:
        rows = [
            {
                **row,
                "alerts": [f"{short(each['alert'])} {each['org_name']}" for each in row["alerts"]],
                "why": list(dict.fromkeys(why for each in row["why"] for why in each["why"])),
            }
            for row in shown["clusters"]
        ]
        table(rows, ["state", "organisations", "alerts", "why"], none="No two alerts are linked.")

    then = "parasol cluster join ALERT OTHER, or parasol cluster part ALERT OTHER"
    emit(cli, result, show, then=then if result["clusters"] else "")


@cluster.command("show")
@click.argument("alert")
@click.pass_obj
def cluster_show(cli: Cli, alert: str) -> None:
    """Show the cluster that ALERT is in, and why."""
    result = cli.call("cluster_show", alert=alert)

    def show(shown: Result) -> None:
        facts(shown, ["state", "organisations"])
        print()
        rows = [{**row, "org": row["org_name"] or short(row["org"])} for row in shown["alerts"]]
        table(rows, ["alert", "org", "severity", "codes"])
        for each in shown["why"]:
            one, other = each["alerts"]
            print(f"{short(one)} and {short(other)}: {words(each['why'])}")
        if shown["kept_apart"]:
            print(f"kept apart from: {words([short(each) for each in shown['kept_apart']])}")

    emit(cli, result, show, then="parasol cluster join ALERT OTHER" if result["why"] else "")


@cluster.command()
@click.argument("alert")
@click.argument("other")
@AS
@click.pass_obj
def join(cli: Cli, alert: str, other: str, by: str | None) -> None:
    """Remember that ALERT and OTHER are about one person."""
    result = cli.call("cluster_join", alert=alert, other=other, **_by(by))
    emit(cli, result, facts, then=f"to tell others: parasol voice same-as {alert} {other}")


@cluster.command()
@click.argument("alert")
@click.argument("other")
@AS
@click.pass_obj
def part(cli: Cli, alert: str, other: str, by: str | None) -> None:
    """Remember that ALERT and OTHER are about two persons."""
    result = cli.call("cluster_part", alert=alert, other=other, **_by(by))
    emit(cli, result, facts, then="parasol cluster list")
