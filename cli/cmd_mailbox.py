"""`parasol peer mailbox` and `parasol mail`: writing to a peer by a mailbox at a common peer.

Whoever holds a mailbox learns who writes to whom, so nothing here is done unless a keeper says so.
"""

import click

from cli.cli_state import Cli
from cli.ordered import OrderedGroup
from cli.show import Result, emit, facts, table


@click.command()
@click.argument("peer")
@click.option("--at", metavar="HUB", help="The common peer that holds the mailbox.")
@click.option("--stop", is_flag=True, help="No longer. What was left there stays until it ends.")
@click.pass_obj
def mailbox(cli: Cli, peer: str, at: str | None, stop: bool) -> None:
    """Write to PEER by the mailbox that HUB holds.

    For a peer that has no endpoint or is seldom online. HUB cannot open anything; it learns that
    you write to PEER, when, and how much. PEER's keeper names you the same way, to answer.
    """
    result = cli.call("peer_mailbox", peer=peer, at=at, stop=stop)
    then = "parasol mail list" if stop else "parasol mail carry, or wait a minute while it serves"
    emit(cli, result, facts, then=then)


@click.group(cls=OrderedGroup)
def mail() -> None:
    """Sealed mail, left for peers at a common peer."""


@mail.command("list")
@click.pass_obj
def list_(cli: Cli) -> None:
    """List to whom you write by a mailbox, and how much this node holds for others."""
    result = cli.call("mail_list")

    def show(shown: Result) -> None:
        none = "Nobody is written to by a mailbox."
        table(shown["mailboxes"], ["peer", "at", "left", "trouble"], none=none)
        if shown["held"]:
            print("\nHeld here for others, sealed to them:")
            table(shown["held"], ["from", "for", "wires", "bytes"])

    emit(cli, result, show, then="parasol peer mailbox PEER --at HUB")


@mail.command()
@click.pass_obj
def carry(cli: Cli) -> None:
    """Fetch what was left for you, and leave what you have to say, now.

    A serving node does it every minute."""
    result = cli.call("mail_carry")

    def show(shown: Result) -> None:
        for row in shown["fetched"]:
            print(f"Fetched at {row['at']}: {row['wires']} messages.")
        for row in shown["left"]:
            print(f"Left for {row['for']}: {row['messages']} messages.")
        if not shown["fetched"] and not shown["left"]:
            print("Nothing to fetch, and nothing new to leave.")
        for row in shown["troubles"]:
            print(f"{row['about']}: {row['reason']}")
        for name in shown["unanswered"]:
            print(f"{name} wrote by mail and hears nothing back: name a mailbox for it.")

    then = "parasol alert coverage, for who has confirmed what"
    if result.get("unanswered"):
        then = "parasol peer mailbox PEER --at HUB, so that they hear from you"
    emit(cli, result, show, then=then)
