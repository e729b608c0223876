"""What a keeper does when a key is stolen, here or at a peer: `parasol peer brake`, `quarantine`,
`freeze`, and `parasol node freeze`.

Each begins with a telephone call, so each says whom to call. docs/howto/stolen-key.md
goes through the whole day.
"""

import click

from cli.ask import confirm, text_argument
from cli.cli_state import Cli
from cli.ordered import OrderedGroup
from cli.show import Result, emit, facts, present, short, table

_WAYS = ["erased", "withdrawn", "stopped", "narrowed", "shortened", "parted"]


@click.group(cls=OrderedGroup)
def brake() -> None:
    """What a peer took away at a stroke: hidden here, and not purged yet.

    More than 20 alerts that a peer erases, withdraws, stops, narrows or ends in 24 hours (or more
    than a tenth, where it has 50 or more here) may be the work of a thief. Ring its people up, then
    confirm or reject. Undecided, it is purged after 72 hours.
    """


@brake.command("list")
@click.pass_obj
def brake_list(cli: Cli) -> None:
    """List what the brake holds: of whom, how many alerts, since when."""
    result = cli.call("peer_brake_list")

    def show(shown: Result) -> None:
        rows = [{**row, "peer": short(row["peer"])} for row in shown["braked"]]
        columns = [
            "peer",
            "name",
            "state",
            "alerts",
            *present(rows, _WAYS),
            "since",
            "newest",
            "purged_from",
        ]
        table(rows, columns, none="The brake holds nothing.")

    then = ""
    if result["braked"]:
        then = (
            "ring them up: did they do that? Yes: parasol peer brake confirm PEER --until NEWEST."
            " No, or nobody answers who can say: parasol peer brake reject PEER"
        )
    emit(cli, result, show, then=then)


@brake.command("confirm")
@click.argument("peer")
@click.option(
    "--until", metavar="WHEN", required=True, help="The newest of the list that you read to them."
)
@click.pass_obj
def brake_confirm(cli: Cli, peer: str, until: str) -> None:
    """Purge it: the peer's people said by telephone that they meant it.

    What it took away after --until stays: nobody asked them about that.
    """
    gone = f"{peer}: what it took away until {until} is purged here; it cannot be undone."
    confirm(cli, "purge", gone)
    result = cli.call("peer_brake_confirm", peer=peer, until=until)
    emit(cli, result, facts, then="parasol status")


@brake.command("reject")
@click.argument("peer")
@click.pass_obj
def brake_reject(cli: Cli, peer: str) -> None:
    """Show it again, and quarantine the peer since its first such message."""
    result = cli.call("peer_brake_reject", peer=peer)
    emit(cli, result, facts, then=_LIFT.format(peer=peer))


_LIFT = (
    "tell them to revoke the key from paper: parasol keys revoke; read their new document with"
    " parasol peer update, and only then: parasol peer quarantine {peer} --lift"
)
_SINCE = (
    "From when on nothing of theirs is believed: 2026-11-20 02:00, or Friday 02:00, by our clock"
    " and in this node's time zone unless one is given."
)


@click.command()
@click.argument("peer")
@click.option("--since", metavar="WHEN", help=_SINCE)
@click.option("--lift", "lifted", is_flag=True, help="Believe the peer again.")
@click.pass_obj
def quarantine(cli: Cli, peer: str, since: str | None, lifted: bool) -> None:
    """Believe nothing that came of a peer since a moment.

    What came since then is hidden; what it took away since then is shown again, where the brake
    still holds it; what comes from now on waits without effect.
    """
    if lifted == (since is not None):
        raise click.UsageError("give --since WHEN, or --lift")
    result = cli.call("peer_quarantine", peer=peer, since=since, lifted=lifted)
    emit(cli, result, facts, then="parasol status" if lifted else _LIFT.format(peer=peer))


@click.command("freeze")
@click.argument("peer")
@click.option("--since", metavar="WHEN", required=True, help=_SINCE)
@click.pass_obj
def freeze_peer(cli: Cli, peer: str, since: str) -> None:
    """Pause and quarantine a peer that says by telephone: we may be in other hands.

    Call back the number that you know before you do it, and ask since when.
    """
    result = cli.call("peer_freeze", peer=peer, since=since)
    then = f"{_LIFT.format(peer=peer)} and parasol peer resume {peer}"
    emit(cli, result, facts, then=then)


@click.group(cls=OrderedGroup)
def node() -> None:
    """Freeze this node, where somebody else may have been at it, and thaw it."""


@node.command()
@click.option("--reason", help="Why, for whoever reads status; - for standard input.")
@click.pass_obj
def freeze(cli: Cli, reason: str | None) -> None:
    """Tell peers nothing more of our own. Checks go on, and what peers send is taken.

    It outlasts restarts and restores. Peers cannot see it: ring them up, and have each of them run
    `parasol peer freeze`.
    """
    said = "" if reason is None else reason
    if reason == "-":
        said = text_argument(cli, reason, "Reason", argument="--reason")
    result = cli.call("node_freeze", reason=said)
    then = (
        "ring up every peer: they run parasol peer freeze with our name and the moment;"
        " then look through this machine (docs/howto/stolen-key.md)"
    )
    emit(cli, result, facts, then=then)


@node.command()
@click.pass_obj
def thaw(cli: Cli) -> None:
    """Go on as before. What waits goes out at once."""
    confirm(cli, "thaw", "What waits on the ledgers goes to the peers at once.")
    emit(cli, cli.call("node_thaw"), facts, then="parasol alert coverage")
