"""`parasol verdict`, `review` and `peer mode`: what we make of others' alerts. It stays here."""

from typing import Any

import click

from cli.ask import text_argument
from cli.cli_state import Cli
from cli.cmd_voice import AS
from cli.ordered import OrderedGroup
from cli.show import Result, emit, facts, present, short, table


@click.command()
@click.argument("alert", required=False)
@click.option("--hide", is_flag=True, help="Keep it from our members; staff see it, marked.")
@click.option("--note", help="A note that is shown with it; - reads standard input.")
@click.option("--severity", type=click.IntRange(0, 4), help="Ours for theirs; needs a reason.")
@click.option("--reason", help="Why, for our staff; - reads standard input.")
@click.option("--clear", is_flag=True, help="Take the verdict back.")
@AS
@click.pass_obj
def verdict(
    cli: Cli,
    alert: str | None,
    hide: bool,
    note: str | None,
    severity: int | None,
    reason: str | None,
    clear: bool,
    by: str | None,
) -> None:
    """Judge an alert of another organisation for our own people; without ALERT, list verdicts.

    It stays here, and nothing that its organisation sends changes it. It goes when the alert does.
    """
    given = {"by": by} if by is not None else {}
    if alert is None:
        _list(cli)
        return
    if clear:
        if hide or note or severity is not None or reason:
            raise click.UsageError("--clear takes back the whole verdict: give nothing else")
        emit(cli, cli.call("verdict_clear", alert=alert, **given), facts, then=_see(alert))
        return
    if note == "-" and reason == "-":
        raise click.UsageError("--note and --reason cannot both come from standard input")
    more: dict[str, Any] = {"hide": hide, "severity": severity, **given}
    if note is not None:
        more["note"] = text_argument(cli, note, "Note", argument="--note")
    if reason is not None or severity is not None:
        more["reason"] = text_argument(cli, reason, "Reason", argument="--reason")
    emit(cli, cli.call("verdict_set", alert=alert, **more), facts, then=_see(alert))


def _see(alert: str) -> str:
    return f"parasol alert show {alert} --as member, to see it as members do"


def _list(cli: Cli) -> None:
    def show(shown: Result) -> None:
        rows = [{**row, "org": row["org_name"] or short(row["org"])} for row in shown["verdicts"]]
        columns = ["alert", "org", "hide", "severity", "note", "reason"]
        table(rows, present(rows, columns), none="No verdicts.")

    emit(cli, cli.call("verdict_list"), show)


@click.group(cls=OrderedGroup)
def review() -> None:
    """Look through alerts of peers in review before members see them."""


@review.command("list")
@click.option("--peer", help="Only those of this PEER.")
@click.pass_obj
def list_(cli: Cli, peer: str | None) -> None:
    """List the alerts that wait for a person."""
    result = cli.call("review_list", peer=peer)

    def show(shown: Result) -> None:
        rows = [{**row, "org": row["org_name"] or short(row["org"])} for row in shown["waiting"]]
        table(rows, ["alert", "org", "severity", "codes"], none="Nothing waits.")

    emit(cli, result, show, then="parasol review pass ALERT" if result["waiting"] else "")


@review.command("pass")
@click.argument("alerts", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="All that wait now.")
@AS
@click.pass_obj
def pass_(cli: Cli, alerts: tuple[str, ...], everything: bool, by: str | None) -> None:
    """Show ALERTS to members from now on, as they stand.

    What their organisation adds later waits again; what it takes out does not.
    """
    if bool(alerts) == everything:
        raise click.UsageError("which alerts? name them, or give --all")
    given = {"by": by} if by is not None else {}
    result = cli.call("review_pass", alerts=list(alerts), all=everything, **given)
    emit(cli, result, facts, then="parasol review list")


@click.command("mode")
@click.argument("peer")
@click.argument("mode", required=False)
@click.pass_obj
def mode_(cli: Cli, peer: str, mode: str | None) -> None:
    """Say what becomes of PEER's alerts here, or decide it.

    MODE is review (a person passes each before members see it), members (shown with the peer's
    name; so it is at first), or ignore: and what: codes, their letters, or notice, nuisance,
    risky, dangerous, critical. What is ignored is in no list and no check; its number is told.

    \b
      parasol peer mode riverside ignore:nuisance,uneasy
    """
    result = cli.call("peer_mode", peer=peer, **({"mode": mode} if mode is not None else {}))
    waiting = result.get("waiting")
    emit(cli, result, facts, then="parasol review list" if waiting else "")
