"""`parasol draft`: what the organisation wrote or imported, before it is shared.

Nothing leaves the node from here but through `publish`, which is the review.
"""

from typing import Any

import click

from cli.ask import assignments, check_pairs, text_argument
from cli.cli_state import Cli
from cli.duty import tell_duty
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
@click.option(
    "--consent",
    "scopes",
    multiple=True,
    metavar="SCOPE",
    help="What the reporter allows: members, peers, print, statistics, contact, "
    "police_anonymised, police_supported; repeat it, or use commas. What is not named she did not "
    "allow. Without this option nobody asked her: a review then grants members and peers only.",
)
@click.option("--no-receipt", is_flag=True, help="Give out no receipt code.")
@click.option("--card", is_flag=True, help="Print the receipt code as a card to hand over.")
@click.pass_obj
def new(
    cli: Cli, pairs: tuple[str, ...], scopes: tuple[str, ...], no_receipt: bool, card: bool
) -> None:
    """Write a draft by hand. A duty to report that the policy names is shown before anything else.

    Its receipt code is shown once: the reporter's own words, to see what became of her report, to
    add to it, and to take it back.
    """
    if not pairs:
        raise click.UsageError("--set is missing: give at least codes, as --set codes=NP")
    check_pairs(pairs)
    tell_duty(cli)
    more: dict[str, Any] = {} if no_receipt else {"receipt": True}
    if scopes:
        more["consent"] = list(scopes)
    result = cli.call("draft_new", fields=assignments(pairs), **more)
    shown = words(result.get("id"))

    def layout(made: Result) -> None:
        from cli import cmd_receipt

        cmd_receipt.issued({} if card else made)
        if card and made.get("receipt"):
            cmd_receipt.card(made)

    emit(cli, result, layout, then=f"parasol draft publish {shown}, or draft edit {shown}")


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
@click.option(
    "--consent",
    "scopes",
    multiple=True,
    metavar="SCOPE",
    help="What the reporter answered since: print, or peers=no. A no stays a no.",
)
@click.pass_obj
def edit(cli: Cli, id: str, pairs: tuple[str, ...], scopes: tuple[str, ...]) -> None:  # noqa: A002
    """Change fields of a draft, or what its reporter allows."""
    if not pairs and not scopes:
        raise click.UsageError("--set is missing: which field shall change?")
    more = {"consent": list(scopes)} if scopes else {}
    result = cli.call("draft_edit", id=id, fields=assignments(pairs), **more)
    emit(cli, result, facts, then=f"parasol draft publish {id}")


_CURES = {
    "not_found": "parasol draft list has the ids of the drafts that wait",
    "already_published": "it is an alert by now: parasol draft show ID names it, "
    "parasol alert correct ALERT changes it",
    "refused_before": "it was put aside: parasol draft show ID says why; parasol draft new writes "
    "another",
    "no_consent": "the reporter said no; if she agrees now, write a new draft with her",
    "consent_not_clear": "ask her; then parasol draft edit ID --set consent=yes or no",
    "no_code": "say what happened: parasol draft edit ID --set codes=NP",
    "names_a_worker": "a member entered something of it as her own, so two people must agree: "
    "parasol draft approve ID --as NAME, then another publishes",
    "changed_meanwhile": "somebody changed it just now: look at it, and publish it again",
    **dict.fromkeys(
        ("column_not_confirmed", "the_column_may_be_about_the_reporter"),
        "look through the column, then import the list again with --sure HEADER",
    ),
}
_LOOK = "parasol draft show ID, draft edit ID, then publish it again"


def _cure(reasons: str) -> str:
    """Say what to do about a refusal: its codes, with commas, or a sentence of the policy."""
    codes = reasons.split(", ")
    return "\n".join(f"{code}: {_CURES[code]}" for code in codes if code in _CURES) or _LOOK


@draft.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("--all", "everything", is_flag=True, help="Every draft without blocking doubts.")
@click.option(
    "--despite", is_flag=True, help="Also what has blocking doubts, which you looked at; with ID."
)
@click.option("--dry-run", is_flag=True, help="Say what would be published, and change nothing.")
@click.option(
    "--hold",
    type=click.IntRange(1, 16),
    metavar="K",
    help="Give peers only tokens until K other organisations have a report on the same identifier; "
    "then those who have one get the alert.",
)
@click.option("--as", "by", metavar="NAME", help="Who you are, where the policy counts reviewers.")
@click.pass_obj
def publish(
    cli: Cli,
    ids: tuple[str, ...],
    everything: bool,
    despite: bool,
    dry_run: bool,
    by: str | None,
    hold: int | None,
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
    held = {"hold": hold} if hold is not None else {}
    result = cli.call("draft_publish", ids=list(ids), all=everything, **more, **said, **held)

    def show(shown: Result) -> None:
        for alert in shown["published"]:
            print(f"{'would publish' if dry_run else 'published'}\t{words(alert)}")
        for row in shown["refused"]:
            print(f"refused\t{words(row.get('id'))}\t{words(row.get('reason'))}")

    then = "the same without --dry-run" if dry_run else "parasol alert coverage"
    if result["refused"]:
        then = "\n".join(dict.fromkeys(_cure(str(row.get("reason"))) for row in result["refused"]))
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
@click.option("--as", "by", metavar="NAME", help="Who you are; kept inside, for the audit.")
@click.pass_obj
def refuse(cli: Cli, id: str, reason: str | None, by: str | None) -> None:  # noqa: A002
    """Put a draft aside with a reason.

    It stays private, and the same row of a list is not imported again."""
    why = text_argument(cli, reason, "Reason", argument="--reason")
    said = {"by": by} if by else {}
    emit(cli, cli.call("draft_refuse", id=id, reason=why, **said), facts, then="parasol draft list")
