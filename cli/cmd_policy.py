"""`parasol policy`: what this node shares and holds, and what that means for one peer."""

import click

from cli.ask import read_text_file
from cli.cli_state import Cli
from cli.cmd_profile import adopt, leave, profile, sign_profile
from cli.ordered import OrderedGroup
from cli.show import Result, alert_fields, anything, emit, present, table, words
from cli.words import safe, say


@click.group(cls=OrderedGroup)
def policy() -> None:
    """Show, check and apply what this node shares.

    The policy is the file policy.toml in the node's folder. Edit it, check it, apply it.
    """


@policy.command()
@click.pass_obj
def show(cli: Cli) -> None:
    """Show the policy that is in force."""

    def layout(shown: Result) -> None:
        if isinstance(shown.get("text"), str):
            print(safe(shown["text"], lines=True).rstrip())
            if shown.get("edited"):
                say("Note: policy.toml was edited, and is not in force yet.")
        else:
            anything(shown)

    emit(cli, cli.call("policy_show"), layout, then="edit policy.toml, then parasol policy check")


@policy.command()
@click.pass_obj
def intake(cli: Cli) -> None:
    """Show what a reporter is told before she is asked anything."""

    def layout(shown: Result) -> None:
        duty = shown["mandatory_reporting"]
        print(safe(duty, lines=True) if duty else "No duty to report binds us.")
        print(words(shown["reporter_data"]))
        if shown["reporter_data_days"]:
            print(f"It is kept for {shown['reporter_data_days']} days.")
        print(words(shown["police_share"]))

    emit(cli, cli.call("policy_intake"), layout)


@policy.command()
@click.argument("file", required=False)
@click.pass_obj
def check(cli: Cli, file: str | None) -> None:
    """Say whether a policy is valid, and what would change.

    FILE is another than policy.toml, or - for standard input.

    For each peer: how many alerts would be called back, shown less of, and sent or shown more of.
    """
    text = None if file is None else read_text_file(file, "FILE")
    result = cli.call("policy_check", text=text)
    if result.get("changes"):
        effect = cli.call("policy_foresee", text=text)["peers"]
        result = {**result, "effect": effect}
    emit(cli, result, anything, then="parasol policy apply")


@policy.command()
@click.argument("file", required=False)
@click.pass_obj
def apply(cli: Cli, file: str | None) -> None:
    """Put the edited policy in force.

    FILE is another than policy.toml, or - for standard input.

    What may no longer be shared is recalled, and what may no longer be held is deleted at once.
    """
    text = None if file is None else read_text_file(file, "FILE")
    emit(cli, cli.call("policy_apply", text=text), anything, then="parasol alert coverage")


@policy.command()
@click.argument("id", metavar="[ALERT|DRAFT]", required=False)
@click.option("--peer", required=True, help="Whose view: the start of an id, or a name.")
@click.pass_obj
def preview(cli: Cli, id: str | None, peer: str) -> None:  # noqa: A002 - the argument's name
    """Show what a peer would see of an alert or draft.

    Each field that it would not see has the rule behind it.

    Last come the fields that this peer would learn from another one, if the two compared.

    Without an alert or draft: how many of our alerts the peer will see once it is trusted.
    """
    asked = {"peer": peer, "id": id} if id else {"peer": peer}
    result = cli.call("policy_preview", **asked)
    emit(cli, result, _show_preview if id else show_foresight)


def show_foresight(result: Result) -> None:
    """Print how many alerts a peer will see, and the rules that keep the others back."""
    print(f"{words(result['peer'])} will see {result['will_see']} of our {result['of']} alerts.")
    rules = result.get("rules") or {}
    rows = [{**row, **rules.get(row["rule"], {})} for row in result.get("withheld") or []]
    if rows:
        print("\nKept back:")
        table(rows, ["alerts", "rule", *present(rows, ["why"])])


def _show_preview(result: Result) -> None:
    released = result.get("released") or {}
    if released:
        print("They see:")
        alert_fields(released)
    else:
        print("They see nothing of it.")
    withheld = result.get("withheld") or []
    if withheld:
        print("\nWithheld:")
        rules = result.get("rules") or {}
        rows = [{**row, **rules.get(row["rule"], {})} for row in withheld]
        table(rows, ["field", "rule", *present(rows, ["why"])])
    joinable = result.get("joinable") or []
    if joinable:
        print("\nCould be joined, if peers compare:")
        if all(isinstance(row, dict) for row in joinable):
            table(joinable, list(dict.fromkeys(name for row in joinable for name in row)))
        else:
            print(words(joinable))


for command in (sign_profile, adopt, leave, profile):
    policy.add_command(command)
