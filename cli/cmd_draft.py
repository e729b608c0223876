"""`parasol draft`: what the organisation wrote or imported, before it is shared.

Nothing leaves the node from here but through `publish`, which is the review.
"""

from typing import Any

import click

from cli.ask import assignments, text_argument
from cli.cli_state import Cli
from cli.exits import FAILED, POLICY
from cli.ordered import OrderedGroup
from cli.show import Result, emit, facts, table, words

FIELDS_HELP = """\b
FIELDS
  codes        what happened, several with commas: physical_assault or VI
  severity     1 to 4; a reason to raise it belongs into text
  role         client, posing_as_client, officer, manager,
               driver_or_landlord, other
  basis        first_hand, with_consent, relayed, press_or_police
  location     street, hotel, clients_home, workers_home, parlour, club,
               vehicle, online, other
  region       US-CA, FR, GB-ENG
  city, district
  date         2026-01-20, 2026-W03 or 2026-01
  slot         00-06, 06-12, 12-18 or 18-24
  phone, mail, handle, plate, profile
               handle is service:name, plate is US:ABC123
  part         part of a plate, ? for a letter unknown, * for several
  name         a name that he uses
  age, height, build, hair, marks, accent, words, clothing, race
  make, model, colour
               of the vehicle
  text, advice edited and factual; en: or fr: in front gives the language

\b
EXAMPLE
  printf '%s\\n' '+1 415 555 0142' 'Left without paying.' |
    parasol draft new --set codes=NP --set city=Oakland --set region=US-CA \\
      --set date=2026-01-20 --set phone=- --set text=-
"""


@click.group(cls=OrderedGroup)
def draft() -> None:
    """Write, review, publish and refuse drafts. An ID may be shortened to its start."""


@draft.command(epilog=FIELDS_HELP)
@click.option(
    "--set",
    "pairs",
    multiple=True,
    metavar="FIELD=VALUE",
    help="A field; repeat it for a list. FIELD=- reads it from standard input, one line each "
    "where several do, the last takes the rest.",
)
@click.pass_obj
def new(cli: Cli, pairs: tuple[str, ...]) -> None:
    """Write a draft by hand."""
    if not pairs:
        raise click.UsageError("--set is missing: give at least codes, as --set codes=NP")
    result = cli.call("draft_new", fields=assignments(pairs))
    shown = words(result.get("id"))
    emit(cli, result, facts, then=f"parasol draft publish {shown}, or draft edit {shown}")


@draft.command("list")
@click.pass_obj
def list_(cli: Cli) -> None:
    """List the drafts that wait for review."""

    def show(shown: Result) -> None:
        rows = [{**row, "doubts": _doubts(row.get("doubts"))} for row in shown["drafts"]]
        columns = ["id", "severity", "codes", "place", "date", "doubts"]
        table(
            rows, [name for name in columns if any(name in row for row in rows)], none="No drafts."
        )

    result = cli.call("draft_list")
    then = "parasol draft show ID, then draft publish ID or draft refuse ID"
    emit(cli, result, show, then=then if result["drafts"] else "parasol import FILE, or draft new")


def _doubts(found: Any) -> str:
    if not isinstance(found, list):
        return words(found)
    blocking = [each for each in found if isinstance(each, dict) and each.get("blocking")]
    others = len(found) - len(blocking)
    more = [f"{others} to look at"] if others else []
    return "; ".join([*map(_doubt, blocking), *more]) or "–"


def _doubt(found: Any) -> str:
    if isinstance(found, dict):
        stop = "! " if found.get("blocking") else ""
        said = [found.get("column"), found.get("text"), found.get("guess"), found.get("what")]
        return stop + " · ".join(words(each) for each in said if each)
    return words(found)


@draft.command()
@click.argument("id")
@click.pass_obj
def show(cli: Cli, id: str) -> None:  # noqa: A002 - the name of the argument in the help
    """Show one draft, its doubts, and the report behind it."""

    def layout(shown: Result) -> None:
        facts(shown, [name for name in shown if name not in {"fields", "doubts", "report"}])
        for part in ("fields", "report"):
            if isinstance(shown.get(part), dict):
                print(f"\n{part}")
                facts(shown[part])
        for found in shown.get("doubts") or []:
            print(f"? {_doubt(found)}")

    emit(cli, cli.call("draft_show", id=id), layout, then=f"parasol draft publish {id}")


@draft.command(epilog=FIELDS_HELP)
@click.argument("id")
@click.option(
    "--set",
    "pairs",
    multiple=True,
    metavar="FIELD=VALUE",
    help="A field's new value; an empty one removes the field; - reads standard input.",
)
@click.pass_obj
def edit(cli: Cli, id: str, pairs: tuple[str, ...]) -> None:  # noqa: A002
    """Change fields of a draft."""
    if not pairs:
        raise click.UsageError("--set is missing: which field shall change?")
    result = cli.call("draft_edit", id=id, fields=assignments(pairs))
    emit(cli, result, facts, then=f"parasol draft publish {id}")


@draft.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="Every draft without blocking doubts.")
@click.option(
    "--despite", is_flag=True, help="Also what has blocking doubts, which you looked at; with ID."
)
@click.option("--dry-run", is_flag=True, help="Say what would be published, and change nothing.")
@click.option("--as", "by", metavar="NAME", help="Who you are, where the policy counts reviewers.")
@click.pass_obj
def publish(
    cli: Cli,
    ids: tuple[str, ...],
    everything: bool,
    despite: bool,
    dry_run: bool,
    by: str | None,
) -> None:
    """Sign drafts as alerts and share them, as policy allows.

    Publishing says that you reviewed them, and that the organisation's members and trusted peers
    may be warned. Ends with 3 where nothing could be published. Where the policy asks for more
    reviewers than approved, an alert ends after the policy's hours, unless others confirm it.
    """
    if bool(ids) == everything:
        raise click.UsageError("name the drafts by ID, or give --all" if not ids else "ID or --all")
    if despite and everything:
        raise click.UsageError("--despite is for drafts that you name by ID, each looked at")
    more = {name: True for name, given in (("despite", despite), ("dry_run", dry_run)) if given}
    said = {"by": by} if by else {}
    result = cli.call("draft_publish", ids=list(ids), all=everything, **more, **said)

    def show(shown: Result) -> None:
        for alert in shown["published"]:
            print(f"{'would publish' if dry_run else 'published'}\t{words(alert)}")
        for row in shown["refused"]:
            print(f"refused\t{words(row.get('id'))}\t{words(row.get('reason'))}")

    then = "the same without --dry-run" if dry_run else "parasol alert coverage"
    if result["refused"]:
        then = "parasol draft show ID, draft edit ID, then publish it again"
    emit(cli, result, show, then=then)
    if result["refused"] and not result["published"]:
        unknown = all(row.get("reason") == "not_found" for row in result["refused"])
        raise click.exceptions.Exit(FAILED if unknown else POLICY)


@draft.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID...")
@click.option("--as", "by", required=True, metavar="NAME", help="Who you are.")
@click.pass_obj
def approve(cli: Cli, ids: tuple[str, ...], by: str) -> None:
    """Approve drafts as they stand, one reviewer of those that the policy asks for.

    An edit makes an approval void."""

    def show(shown: Result) -> None:
        rows = [{**row, "approved by": row["by"]} for row in shown["approved"]]
        table(rows, ["id", "approved by", "missing"])

    result = cli.call("draft_approve", ids=list(ids), by=by)
    emit(cli, result, show, then="parasol draft publish ID --as NAME")


@draft.command()
@click.argument("id")
@click.option("--reason", help="Why; - reads standard input.")
@click.pass_obj
def refuse(cli: Cli, id: str, reason: str | None) -> None:  # noqa: A002
    """Put a draft aside with a reason.

    It stays private, and the same row of a list is not imported again."""
    why = text_argument(cli, reason, "Reason", argument="--reason")
    emit(cli, cli.call("draft_refuse", id=id, reason=why), facts, then="parasol draft list")
