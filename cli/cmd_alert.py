"""`parasol alert`: what is shared, ours and theirs, and how to take it back.

A correction travels as far as the alert did; `coverage` shows who confirmed it.
"""

from collections.abc import Mapping
from typing import Any

import click

from cli.ask import assignments, text_argument
from cli.ask import confirm as ask_to_confirm
from cli.cli_state import Cli
from cli.cmd_draft import FIELDS_HELP
from cli.judgement import also, left_out, ours, said
from cli.ordered import OrderedGroup
from cli.show import Result, alert_fields, duration, emit, facts, present, short, table, words
from cli.words import say

_WEAKER = (".masked", ".token")
_OURS = ("ref",)  # what an alert was adopted from: most are not
STATUSES = ["live", "withdrawn", "erased", "expired", "quarantined"]


@click.group(cls=OrderedGroup)
def alert() -> None:
    """Show, correct, narrow, withdraw and erase alerts.

    An ALERT is its id, the same on every node; its first 8 letters are enough.
    """


@alert.command("list")
@click.option("--org", help="Only those of one organisation: a PEER, or our own id.")
@click.option("--status", type=click.Choice(STATUSES), help="Only those of this status.")
@click.option(
    "--ending", type=int, metavar="DAYS", help="Only ours that end within DAYS unless renewed."
)
@click.option(
    "--as", "viewer", type=click.Choice(["staff", "member"]), default="staff",
    help="As staff see it, or as a member does: without what is for staff.",
)  # fmt: skip
@click.option("--ignored", is_flag=True, help="Also what the modes of peers leave out.")
@click.pass_obj
def list_(
    cli: Cli, org: str | None, status: str | None, ending: int | None, viewer: str, ignored: bool
) -> None:
    """List alerts, ours and those of peers."""
    more: dict[str, Any] = as_viewer(viewer) | ({"ignored": True} if ignored else {})
    result = cli.call("alert_list", org=org, status=status, ending=ending, **more)

    def show(shown: Result) -> None:
        rows = [
            {**row, "org": row.get("org_name") or short(row["org"]), "said": said(row),
             "ours": ours(row)}
            for row in shown["alerts"]
        ]  # fmt: skip
        columns = ["id", "org", "rev", "status", "severity", "codes", "expires"]
        table(rows, [*columns, *present(rows, ["said", "ours"])], none="No alerts.")
        for line in left_out(shown):
            print(line)

    then = "parasol alert show ALERT" if ending is None else "parasol alert renew ALERT"
    emit(cli, result, show, then=then if result["alerts"] else "")


@alert.command()
@click.argument("alert")
@click.pass_obj
def renew(cli: Cli, alert: str) -> None:
    """Let one of our alerts live on, unchanged, for as long as the policy says.

    Copies die on their last day unless their origin renews them. Look at it first: does it hold?
    """
    emit(cli, cli.call("alert_renew", alert=alert), _show_told, then=_see(alert))


@alert.command()
@click.argument("alert")
@click.option(
    "--as", "viewer", type=click.Choice(["staff", "member"]), default="staff",
    help="As staff see it, or as a member does: without what is for staff.",
)  # fmt: skip
@click.pass_obj
def show(cli: Cli, alert: str, viewer: str) -> None:
    """Show one alert, and check its signature again.

    Every field that we hold is shown; the rest was withheld or not recorded.
    """
    emit(cli, cli.call("alert_show", alert=alert, **as_viewer(viewer)), _show, then="")


def _show(result: Result) -> None:
    told = {"fields", "absent", "corroborated_by", "disputed_by"}  # the last two in words
    shown = {name: value for name, value in result.items() if name not in told}
    facts(shown | ({"also_reported_by": also(result)} if "also_reported_by" in result else {}))
    print()
    alert_fields(result.get("fields") or {})
    # The weaker forms of a field are no news to people where the field itself is absent.
    absent = [name for name in result.get("absent") or [] if not name.endswith(_WEAKER + _OURS)]
    if absent:
        print(f"\nwithheld or not recorded: {words(absent)}")


@alert.command(epilog=FIELDS_HELP)
@click.argument("alert")
@click.option(
    "--set",
    "pairs",
    multiple=True,
    metavar="FIELD=VALUE",
    help="A field's new value; an empty one removes the field; - reads standard input.",
)
@click.pass_obj
def correct(cli: Cli, alert: str, pairs: tuple[str, ...]) -> None:
    """Change fields of one of our alerts.

    It is the next revision, and all who have the alert are told."""
    if not pairs:
        raise click.UsageError("--set is missing: which field shall change?")
    result = cli.call("alert_correct", alert=alert, fields=assignments(pairs))
    emit(cli, result, facts, then=_see(alert))


@alert.command()
@click.argument("alert")
@click.option("--peer", help="For this PEER only; without it for all.")
@click.option(
    "--withhold",
    multiple=True,
    metavar="FIELD",
    help="No longer show this field (phone, place.city, …); repeat it for several.",
)
@click.option("--hide", is_flag=True, help="No longer show the alert at all.")
@click.pass_obj
def narrow(cli: Cli, alert: str, peer: str | None, withhold: tuple[str, ...], hide: bool) -> None:
    """Show less of one of our alerts than policy would.

    What went out before is recalled. A field is withheld with every level of it: phone takes
    phone.masked and phone.token along, date and place all of theirs. To keep the weaker levels,
    name the level: phone.clear withholds the clear number only, city the city and the district.
    """
    if not withhold and not hide:
        raise click.UsageError("what shall go? --withhold FIELD, or --hide for all of it")
    result = cli.call("alert_narrow", alert=alert, peer=peer, withhold=list(withhold), hide=hide)
    emit(cli, result, facts, then=_see(alert))


@alert.command()
@click.argument("alert")
@click.option("--peer", help="For this PEER only; without it for all.")
@click.pass_obj
def widen(cli: Cli, alert: str, peer: str | None) -> None:
    """Lift a narrowing of one of our alerts: policy alone decides again."""
    result = cli.call("alert_widen", alert=alert, peer=peer)
    emit(cli, result, facts, then=_see(alert))


@alert.command()
@click.argument("alert")
@click.option("--reason", help="Why, for those who have it; - reads standard input.")
@click.option("--dry-run", is_flag=True, help="Say who would be told, and change nothing.")
@click.pass_obj
def withdraw(cli: Cli, alert: str, reason: str | None, dry_run: bool) -> None:
    """Take one of our alerts back.

    All who have it keep nothing but the reason."""
    why = text_argument(cli, reason, "Reason", argument="--reason")
    result = cli.call("alert_withdraw", alert=alert, reason=why, **_dry(dry_run))
    emit(cli, result, _show_told, then="" if dry_run else _see(alert))


@alert.command()
@click.argument("alert")
@click.option("--dry-run", is_flag=True, help="Say who would be told, and change nothing.")
@click.pass_obj
def erase(cli: Cli, alert: str, dry_run: bool) -> None:
    """Erase one of our alerts here and at all who have it.

    This cannot be undone. On a terminal it must be confirmed by typing."""
    if not dry_run:
        told = cli.call("alert_coverage", alert=alert)["coverage"] if cli.may_ask() else []
        peers = words([_peer(row) for row in told])
        ask_to_confirm(cli, "erase", f"Will be erased for good, here and at: {peers}.")
    result = cli.call("alert_erase", alert=alert, **_dry(dry_run))
    emit(cli, result, _show_told, then="" if dry_run else _see(alert))


@alert.command()
@click.argument("alert")
@click.option("--as", "by", required=True, metavar="NAME", help="Who you are.")
@click.pass_obj
def confirm(cli: Cli, alert: str, by: str) -> None:
    """Approve one of our alerts that went out before enough reviewers had.

    With the last of them it lives as long as the policy says; without, it ends at its hour."""
    result = cli.call("alert_confirm", alert=alert, by=by)
    emit(cli, result, facts, then=_see(alert))


@alert.command()
@click.argument("alerts", nargs=-1, metavar="[ALERT]...")
@click.option("--as", "by", required=True, metavar="NAME", help="Who you are.")
@click.pass_obj
def sheet(cli: Cli, alerts: tuple[str, ...], by: str) -> None:
    """Make one copy of a sheet to print: these alerts, or all that may be printed.

    It has its number, a last day, and no more than the policy and the reporters allow on paper. Who
    made it is written down inside."""
    asked = {"alerts": list(alerts)} if alerts else {}
    result = cli.call("alert_sheet", by=by, **asked)

    def layout(shown: Result) -> None:
        number = f"Copy {shown['copy']} · " if shown["copy"] else ""
        print(f"{number}{shown['made']} · destroy after {shown['until']}")
        for each in shown["alerts"]:
            print(f"\n{words(each['id'])} · {words(each['organisation'])}")
            alert_fields(each["fields"])
        if shown["left_out"]:
            say(f"{shown['left_out']} alerts may not be printed and are left out.")

    emit(cli, result, layout, then="print it, hand it out, and destroy it after its day")


@alert.command()
@click.argument("alert", required=False)
@click.pass_obj
def coverage(cli: Cli, alert: str | None) -> None:
    """Show which peer confirmed what.

    The states are pending, confirmed, held, overdue and recalled.
    """
    result = cli.call("alert_coverage", alert=alert)

    def layout(shown: Result) -> None:
        rows = [
            {**row, "peer": _peer(row), "age": duration(row.get("age_s"))}
            for row in shown["coverage"]
        ]
        columns = ["alert", "what", "peer", "state", "since", "age", "reason"]
        table(rows, present(rows, columns), none="No peer was granted anything.")

    overdue = [row for row in result["coverage"] if row.get("state") == "overdue"]
    then = "phone those who are overdue; parasol status shows the last contact" if overdue else ""
    emit(cli, result, layout, then=then)


@alert.command()
@click.argument("alert")
@click.option("--reason", help="Which order says so; - to read it from standard input.")
@click.option("--until", metavar="DATE", help="The last day; without it, until it is lifted.")
@click.option("--lift", is_flag=True, help="Let the copy go again.")
@click.pass_obj
def hold(cli: Cli, alert: str, reason: str | None, until: str | None, lift: bool) -> None:
    """Keep a copy of an alert because a lawful order says so.

    The alert goes on as ever and can be erased; the copy stays, with its report, and nothing finds
    it but `alert held`. The origin of a peer's alert is told that it was kept.
    """
    if lift:
        if reason or until:
            raise click.UsageError("--lift takes neither --reason nor --until")
        emit(cli, cli.call("alert_lift", alert=alert), facts, then="parasol alert held")
        return
    given = text_argument(cli, reason, "Reason", argument="--reason")
    result = cli.call("alert_hold", alert=alert, reason=given, until=until)
    emit(cli, result, facts, then=f"parasol alert hold {short(result.get('alert', alert))} --lift")


@alert.command()
@click.argument("alert", required=False)
@click.pass_obj
def held(cli: Cli, alert: str | None) -> None:
    """List the copies that lawful orders keep; with ALERT, show what one of them says."""
    result = cli.call("alert_held", alert=alert)

    def layout(shown: Result) -> None:
        if "held" in shown:
            table(shown["held"], ["alert", "since", "until", "reason"], none="Nothing is kept.")
            return
        facts(shown, ["alert", "since", "until", "reason"])
        print()
        alert_fields(shown.get("fields") or {})
        facts(shown.get("report") or {})

    emit(cli, result, layout, then="")


def _peer(row: Mapping[str, Any]) -> str:
    return str(row.get("peer_name") or short(row["peer"]))


def _show_told(result: Result) -> None:
    told: Any = result.get("told")
    facts(result, [name for name in result if name != "told"])
    if isinstance(told, list):
        print("told: " + words(told))


def _dry(dry_run: bool) -> dict[str, bool]:
    return {"dry_run": True} if dry_run else {}


def _see(alert: str) -> str:
    return f"parasol alert coverage {alert}, to see who confirmed it"


def as_viewer(viewer: str) -> dict[str, str]:
    """The argument for a look as a member has it; staff's is the node's own."""
    return {"viewer": "members"} if viewer == "member" else {}
