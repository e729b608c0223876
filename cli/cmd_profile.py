"""`parasol policy sign-profile`, `adopt`, `leave` and `profile`: a policy of a region's network."""

from pathlib import Path

import click

from cli.ask import confirm, read_text_file
from cli.cli_state import Cli
from cli.files import write_new
from cli.show import Result, anything, emit, facts, table
from cli.words import safe


@click.command("sign-profile")
@click.argument("file")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Where to write it.")
@click.pass_obj
def sign_profile(cli: Cli, file: str, out: Path) -> None:
    """Sign a profile for the members of your network.

    FILE is TOML with the switches that bind them, or - for standard input; what it does not name
    each decides.
    """
    result = cli.call("policy_sign_profile", text=read_text_file(file, "FILE"))
    write_new(cli, out, result.pop("profile").encode())
    emit(
        cli, {**result, "file": str(out)}, facts, then="give it to them: parasol policy adopt FILE"
    )


@click.command()
@click.argument("file")
@click.option("--dry-run", is_flag=True, help="Show what would change; change nothing.")
@click.pass_obj
def adopt(cli: Cli, file: str, dry_run: bool) -> None:
    """Put a network's profile in force beside your own policy.

    FILE may be - for standard input. For each switch that it names the stricter of both counts.
    The network must be a verified peer. A profile of another network, or an older one, is refused.
    """
    result = cli.call("policy_adopt", text=read_text_file(file, "FILE"), dry_run=dry_run)

    def show(shown: Result) -> None:
        facts(shown, ["name", "day"])
        _rules(shown["narrowed"])
        print("\nWhat changes here:" if shown["changes"] else "\nNothing changes here.")
        if shown["changes"]:
            table(shown["changes"], ["switch", "old", "new"])

    then = "parasol policy adopt FILE, without --dry-run" if dry_run else "parasol policy profile"
    emit(cli, result, show, then=then)


@click.command()
@click.pass_obj
def leave(cli: Cli) -> None:
    """Leave the profile that is in force.

    Your own policy alone counts from then on, and may let out more.
    """
    confirm(cli, "leave", "what the profile withholds may go out to peers again.")
    emit(cli, cli.call("policy_leave"), anything, then="parasol policy show")


@click.command()
@click.pass_obj
def profile(cli: Cli) -> None:
    """Show the profile in force, and each rule that stands because of it."""
    result = cli.call("policy_profile")

    def show(shown: Result) -> None:
        found = shown["profile"]
        if found is None:
            print("No profile is in force.")
            return
        facts(found, ["name", "org", "day"])
        print()
        print(safe(found["text"], lines=True).rstrip())
        _rules(found["narrowed"])

    emit(cli, result, show)


def _rules(narrowed: list[Result]) -> None:
    print("\nStricter than our own policy:" if narrowed else "\nNowhere stricter than our own.")
    if narrowed:
        table(narrowed, ["switch", "old", "new", "rule"])
