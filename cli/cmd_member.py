"""`parasol member`: who uses the pages of this node."""

import click

from cli.ask import confirm, text_argument
from cli.cli_state import Cli
from cli.ordered import OrderedGroup
from cli.show import Result, emit, facts, table, words
from cli.words import say

ROLES = ("member", "outreach", "reviewer", "keeper")


@click.group(cls=OrderedGroup)
def member() -> None:
    """Invite, list and remove those who use the pages."""


@member.command()
@click.option(
    "--role", type=click.Choice(ROLES), default="member",
    help="What she may do: member, outreach, reviewer or keeper.",
)  # fmt: skip
@click.option("--qr", is_flag=True, help="Show the link as a QR code as well.")
@click.pass_obj
def invite(cli: Cli, role: str, qr: bool) -> None:
    """Make an invitation: good once, and for a week. Nobody can read it again.

    \b
      parasol member invite --role reviewer
    """
    result = cli.call("member_invite", role=role)
    emit(cli, result, lambda shown: show_invitation(shown, qr=qr))


def show_invitation(result: Result, *, qr: bool = False) -> None:
    """Print an invitation, its links, and on wish a QR code of the first."""
    facts(result, ["role", "code", "until"])
    for link in result["links"]:
        print(words(link))
    if not result["links"]:
        say("This node serves no pages: set web_host and web_port in settings.toml.")
    elif qr:
        import segno

        segno.make(result["links"][0], micro=False).terminal(compact=True)


@member.command(name="list")
@click.pass_obj
def list_(cli: Cli) -> None:
    """List members and open invitations."""
    emit(cli, cli.call("member_list"), _show_list)


def _show_list(result: Result) -> None:
    table(result["members"], ["name", "role", "since", "second_factor"], none="nobody joined yet")
    if result["invitations"]:
        print("\nOpen invitations:")
        table(result["invitations"], ["id", "role", "by", "until"])
    for address in result["addresses"]:
        print(f"\nPages: {words(address)}")


@member.command()
@click.argument("invitation")
@click.pass_obj
def cancel(cli: Cli, invitation: str) -> None:
    """Take an open invitation back; INVITATION is its id in `parasol member list`."""
    emit(cli, cli.call("member_cancel", invitation=invitation), facts)


@member.command()
@click.argument("name", required=False)
@click.option("--to", "role", type=click.Choice(ROLES), required=True, help="The role.")
@click.pass_obj
def role(cli: Cli, name: str | None, role: str) -> None:
    """Give a member another role; she has to sign in again. NAME is - for standard input."""
    asked = text_argument(cli, name, "Working name", argument="NAME")
    emit(cli, cli.call("member_role", name=asked, role=role), facts)


@member.command()
@click.argument("name", required=False)
@click.pass_obj
def remove(cli: Cli, name: str | None) -> None:
    """Delete a member with all that names her. NAME is - for standard input."""
    asked = text_argument(cli, name, "Working name", argument="NAME")
    confirm(cli, "remove", "She can sign in no more, and what she was writing is deleted.")
    emit(cli, cli.call("member_remove", name=asked), facts)
