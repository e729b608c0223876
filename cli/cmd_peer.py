"""`parasol peer`: how two organisations come to trust each other, and how they part.

The codes are the heart of it: each side reads its own to the other by voice. People are therefore
never shown the code that the invite claims for the other side; only `--json` carries it.
"""

import click

from cli.ask import confirm, line, read_text_file, text_argument
from cli.cli_state import Cli
from cli.cmd_defence import brake, freeze_peer, quarantine
from cli.cmd_introduce import introduce, introductions, meet
from cli.cmd_mailbox import mailbox
from cli.cmd_policy import show_foresight
from cli.cmd_verdict import mode_
from cli.met import show_met
from cli.ordered import OrderedGroup
from cli.show import Result, emit, facts, present, short, table, words


@click.group(cls=OrderedGroup)
def peer() -> None:
    """Invite, verify, pause, block and remove peers.

    A PEER is the start of an organisation's id, or the name you gave it.
    """


@peer.command()
@click.option("--name", help="What you call them, until they say their own name.")
@click.option("--qr", is_flag=True, help="Show the invite as a QR code too, on a terminal.")
@click.pass_obj
def invite(cli: Cli, name: str | None, qr: bool) -> None:
    """Make an invite for one organisation. It works once, for seven days.

    It is listed by `parasol peer list` until it is used, and `parasol peer cancel` takes it back.
    """
    result = cli.call("peer_invite", name=name)

    def show(shown: Result) -> None:
        print(shown["invite"])
        if qr:
            from keys.invite import qr_terminal

            print(qr_terminal(shown["invite"]))

    then = (
        "send it to them; they run: parasol peer accept -\n"
        f"If it went to the wrong people: parasol peer cancel {result.get('id')}"
    )
    emit(cli, result, show, then=then)


@peer.command()
@click.argument("invite")
@click.pass_obj
def cancel(cli: Cli, invite: str) -> None:
    """Take back an invite that nobody has used.

    INVITE is its id, from `parasol peer list`. Whoever brings it from now on is a stranger.
    """
    emit(cli, cli.call("peer_cancel", invite=invite), facts, then="parasol peer list")


@peer.command()
@click.argument("text", required=False)
@click.option("--name", help="What you call them.")
@click.pass_obj
def accept(cli: Cli, text: str | None, name: str | None) -> None:
    """Accept an invite, or the reply to one of yours.

    TEXT is - to read it from standard input.

    \b
      parasol peer accept - < invite.txt
    """
    given = text_argument(cli, text, "Invite", argument="TEXT")
    result = cli.call("peer_accept", text=given, name=name)
    emit(cli, result, show_met)


@peer.command()
@click.argument("peer")
@click.option("--code", help="Their thirty digits, as they read them to you; - for standard input.")
@click.pass_obj
def verify(cli: Cli, peer: str, code: str | None) -> None:
    """Trust a peer after both codes were compared by voice. Sharing starts at once.

    Read the code that your own screen shows as yours to them; type the one they read to you.
    """
    if code is None:
        if not cli.may_ask():
            raise click.UsageError("--code is missing: the thirty digits that they read to you")
        _show_ours(cli, peer)
        show_foresight(cli.call("policy_preview", peer=peer))
        code = line("Their code, as they read it to you")
    elif code == "-":
        code = text_argument(cli, "-", "Their code", argument="--code")
    result = cli.call("peer_verify", peer=peer, code=code)
    emit(cli, result, facts, then="parasol policy preview --peer PEER ALERT, to see what they see")


def _show_ours(cli: Cli, wanted: str) -> None:
    """Print our own code before theirs is asked for."""
    for row in cli.call("peer_list")["peers"]:
        if row.get("ours") and (row["id"].startswith(wanted) or row.get("name") == wanted):
            print(f"Our code, read it to them:\n  {row['ours']}")
            return


@peer.command("list")
@click.pass_obj
def list_(cli: Cli) -> None:
    """List peers with their state and whether they trust us yet, and invites not used so far."""
    result = cli.call("peer_list")

    def show(shown: Result) -> None:
        rows = [{**row, "id": short(row["id"])} for row in shown["peers"]]
        if rows and rows[0].get("ours"):
            print(f"Our code, to read aloud: {words(rows[0]['ours'])}\n")
        columns = ["id", "name", "state", "they_trust_us", *present(rows, ["trouble"])]
        table(rows, columns, none="No peers yet.")
        if shown.get("invites"):
            print("\nInvites that nobody has used:")
            table(shown["invites"], ["id", "name", "state", "made", "expires"])

    unverified = any(row.get("state") == "unverified" for row in result["peers"])
    then = "parasol peer verify PEER" if unverified else "parasol status"
    if not result["peers"]:
        then = "parasol peer cancel ID" if result.get("invites") else "parasol peer invite"
    emit(cli, result, show, then=then)


@peer.command()
@click.argument("peer")
@click.pass_obj
def compare(cli: Cli, peer: str) -> None:
    """Ask PEER where it stands, and show what is equal on both sides and what differs.

    Equal is what a digest of both sides has proved. What differs shows each side's reason.
    """
    result = cli.call("peer_compare", peer=peer)

    def show(shown: Result) -> None:
        for sentence in shown["summary"]:
            print(f"{sentence[:1].upper()}{sentence[1:]}.")
        titles = {"ours": "Ours, by their reason", "theirs": "Theirs, by our reason"}
        for whose, title in titles.items():
            rows = [{**row, "alert": short(row["alert"])} for row in shown[whose]["differing"]]
            if rows:
                print(f"\n{title}:")
                table(rows, ["alert", "reason", "since"])

    then = "parasol alert coverage, for who has confirmed what"
    if not result.get("asked", True):
        then = f"they could not be asked now ({result['trouble']}): this is how things stood before"
    emit(cli, result, show, then=then)


@peer.command()
@click.argument("peer")
@click.pass_obj
def pause(cli: Cli, peer: str) -> None:
    """Stop new alerts both ways. Corrections, withdrawals and erasures still flow."""
    emit(cli, cli.call("peer_pause", peer=peer), facts, then=f"parasol peer resume {peer}")


@peer.command()
@click.argument("peer")
@click.pass_obj
def resume(cli: Cli, peer: str) -> None:
    """Take up a paused or blocked peer again."""
    emit(cli, cli.call("peer_resume", peer=peer), facts, then="parasol status")


@peer.command()
@click.argument("peer")
@click.pass_obj
def block(cli: Cli, peer: str) -> None:
    """Refuse their alerts and recall ours."""
    confirm(cli, "block", f"{peer}: their alerts will be refused and ours recalled.")
    result = cli.call("peer_block", peer=peer)
    emit(cli, result, facts, then="parasol alert coverage, to see what they still hold")


@peer.command()
@click.argument("peer")
@click.pass_obj
def remove(cli: Cli, peer: str) -> None:
    """Recall ours, delete theirs, and end the peering.

    It ends once they confirmed. On a terminal it must be confirmed by typing."""
    confirm(cli, "remove", f"{peer}: our alerts will be recalled and theirs deleted here.")
    result = cli.call("peer_remove", peer=peer)
    emit(cli, result, facts, then="parasol peer list, until they are gone")


@peer.command()
@click.argument("document")
@click.pass_obj
def update(cli: Cli, document: str) -> None:
    """Read a peer's new organisation document.

    DOCUMENT is a file, or - for standard input.

    They make it with `parasol keys revoke` or `parasol keys recover`, also when their node is gone.
    """
    result = cli.call("peer_update", document=read_text_file(document, "DOCUMENT"))
    emit(cli, result, facts, then="parasol peer list")


for command in (mode_, introduce, introductions, meet, brake, quarantine, freeze_peer, mailbox):
    peer.add_command(command)
