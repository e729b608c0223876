"""`parasol import`: an existing list becomes drafts, and every guess is shown."""

import base64
from pathlib import PurePath

import click

from cli.ask import read_input_file, read_text_file
from cli.cli_state import Cli
from cli.show import Result, emit, facts, present, table

# Doubts that are settled once for a whole column, by their code.
_OF_THE_COLUMN = frozenset({"column_not_confirmed", "the_column_may_be_about_the_reporter"})


@click.command("import")
@click.argument("file")
@click.option("--mapping", metavar="TOML", help="File that says what each column means.")
@click.option("--country", metavar="CC", help="Country of numbers written without one: US, FR, GB.")
@click.option(
    "--as-of",
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help='Day the list was written, for "last week" and days without a year.',
)
@click.option("--dry-run", is_flag=True, help="Show mapping and doubts, and store nothing.")
@click.option(
    "--sure",
    multiple=True,
    metavar="HEADER",
    help="A column that was taken rightly, such as Notes: its rows no longer wait; repeat it.",
)
@click.option("--name", help="File name to go by where FILE is -, such as list.csv.")
@click.pass_obj
def import_(
    cli: Cli,
    file: str,
    mapping: str | None,
    country: str | None,
    as_of: object,
    dry_run: bool,
    sure: tuple[str, ...],
    name: str | None,
) -> None:
    """Read FILE (CSV, TSV, XLSX, ODS or a chat export; - for standard input) into drafts.

    Nothing is published. The guessed mapping is shown and remembered; correct it in a file and give
    it with --mapping, or confirm a column of it with --sure. Importing the same file again adds
    nothing.
    """
    content = read_input_file(file, "FILE")
    result = cli.call(
        "import_list",
        filename=name or ("list.csv" if file == "-" else PurePath(file).name),
        content=base64.b64encode(content).decode(),
        mapping=None if mapping is None else read_text_file(mapping, "--mapping"),
        country=None if country is None else country.upper(),
        as_of=None if as_of is None else str(as_of)[:10],
        dry_run=dry_run,
        sure=list(sure),
    )
    then = [
        "the same without --dry-run, or with --mapping FILE after correcting the mapping"
        if dry_run
        else "parasol draft list, to review them"
    ]
    for asked in result.get("to_confirm") or []:
        header = asked["column"]
        then.append(
            f'look through the column "{header}"; if nothing in it is about who reported, '
            f'the same import with --sure "{header}" confirms it for all {asked["rows"]} rows'
        )
    emit(cli, {**result, "next": then} if not cli.as_json else result, _show)


_APART = frozenset({"doubts", "mapping", "skipped_rows", "to_confirm"})


def _show(result: Result) -> None:
    facts({name: value for name, value in result.items() if name not in _APART})
    mapping = result.get("mapping")
    if isinstance(mapping, str):
        print(f"\nMapping, as a file for --mapping:\n{mapping}")
    elif isinstance(mapping, dict):
        print("\nMapping:")
        facts(mapping)
    asked = result.get("to_confirm") or []
    if asked:
        print("\nColumns to confirm; until then their rows are not published:")
        table(asked, ["column", "field", "rows", "why"])
    settled = {row["column"] for row in asked}
    guessed: set[tuple[object, object]] = set()  # a whole column's guess is shown once
    doubts = []
    for row in result.get("doubts") or []:
        if row.get("column") in settled and row.get("code") in _OF_THE_COLUMN:
            continue
        if str(row.get("reason")).startswith("the column was taken as"):
            if (row.get("column"), row["reason"]) in guessed:
                continue
            guessed.add((row.get("column"), row["reason"]))
        doubts.append({**row, "blocking": "blocks" if row.get("blocking") else ""})
    if doubts:
        print("\nDoubts:")
        table(doubts, ["row", "column", "text", "guess", "reason", "blocking"])
    skipped = result.get("skipped_rows") or []
    if skipped:
        print("\nSkipped:")
        table(skipped, [*present(skipped, ["sheet"]), "row", "reason", "text"])
        more = result.get("skipped", 0) - len(skipped)
        if more > 0:
            print(f"and {more} more")
