"""`parasol check`: is this number, email, handle or plate known?"""

import sys
from typing import Any

import click

from cli.ask import text_argument
from cli.cli_state import Cli
from cli.judgement import also, left_out, ours, said
from cli.show import Result, emit, present, table, words

NOT_SAFE = "No match is not proof of safety."


def _show(result: Result) -> None:
    read_as = result.get("read_as", [])
    if read_as and sys.stdout.isatty():
        # Shown like the matches, and nowhere else: standard error is often kept in a file.
        print("Read as: " + ", ".join(f"{each['kind']} {words(each['text'])}" for each in read_as))
    matches = [
        {**row, "fields": _to_read(row), "said": said(row), "ours": ours(row),
         "also_reported_by": also(row)}
        for row in result.get("matches", [])
    ]  # fmt: skip
    columns = ["alert", "org", "why", "score", "fields"]
    further = present(matches, ["said", "ours", "also_reported_by"])
    table(matches, [*columns, *further], none=f"No record. {NOT_SAFE}")
    for sentence in left_out(result):
        print(sentence)
    if result.get("more"):
        print(f"\nAnd {result['more']} more: give more of it.")
    missing = result.get("not_asked", [])
    if missing:
        print("\nCould not be asked:")
        table(missing, ["org", "reason"])


def _to_read(match: Result) -> dict[str, Any]:
    """The fields of a match but for its tokens, which are for machines."""
    fields = match.get("fields") or {}
    return {name: value for name, value in fields.items() if not name.endswith(".token")}


@click.command()
@click.argument("text", required=False)
@click.option("--local", is_flag=True, help="Look in what is held here only; ask no other origin.")
@click.option(
    "--as", "viewer", type=click.Choice(["staff", "member"]), default="staff",
    help="As staff see it, or as a member does: without what is for staff.",
)  # fmt: skip
@click.pass_obj
def check(cli: Cli, text: str | None, local: bool, viewer: str) -> None:
    """Ask whether a number, email, handle or plate, whole or in part, is known.

    TEXT is - to read it from standard input; on a terminal it is asked for, and the answer begins
    with how it was read. Organisations that gave only tokens of their numbers are asked, without
    seeing what for; who could not be asked is named.

    \b
      parasol check -
    """
    asked = text_argument(cli, text, "Number, email, handle or plate", argument="TEXT")
    more: dict[str, Any] = {"local": True} if local else {}
    if viewer == "member":
        more["viewer"] = "members"
    result = cli.call("check", text=asked, **more)
    then = "parasol alert show ALERT" if result.get("matches") else ""
    emit(cli, result, _show, then=then)
