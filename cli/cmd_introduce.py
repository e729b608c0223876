"""`parasol peer introduce`, `introductions` and `meet`: how organisations find each other by a hub.

Codes are shown, and never taken for compared: whoever meets somebody still rings them up.
"""

import click

from cli.cli_state import Cli
from cli.met import show_met
from cli.show import Result, emit, facts, short, table


@click.command()
@click.argument("peer", required=False)
@click.option("--me", is_flag=True, help="This organisation, by its own hubs.")
@click.option("--stop", is_flag=True, help="No longer. What others have seen they have seen.")
@click.pass_obj
def introduce(cli: Cli, peer: str | None, me: bool, stop: bool) -> None:
    """Say that PEER may be introduced to your other peers that may be.

    Nobody is introduced who does not ask for it: PEER's keeper says --me first. Each then sees the
    names, ids and codes of the others, and each decides.
    """
    result = cli.call("peer_introduce", peer=peer, me=me, stop=stop)
    then = "parasol peer introductions" if me and not stop else "parasol peer list"
    emit(cli, result, facts, then=then)


@click.command()
@click.pass_obj
def introductions(cli: Cli) -> None:
    """Ask every trusted peer whom it introduces, and list names, ids and codes, and by which hub.

    Only those who are introduced themselves are told.
    """
    result = cli.call("peer_introductions")

    def show(shown: Result) -> None:
        rows = [
            {**row, "org": short(row["org"]), "via": ", ".join(row["via"])}
            for row in shown["introductions"]
        ]
        table(rows, ["org", "name", "region", "code", "via", "state"], none="Nobody is introduced.")
        for row in shown["not_asked"]:
            print(f"{row['peer']} could not be asked: {row['reason']}")

    then = "parasol peer meet ORG" if result["introductions"] else "parasol peer introduce --me"
    emit(cli, result, show, then=then)


@click.command()
@click.argument("org")
@click.option("--name", help="What you call them.")
@click.pass_obj
def meet(cli: Cli, org: str, name: str | None) -> None:
    """Begin to peer with an organisation that a hub introduces.

    ORG is its name, or the start of its id. It becomes an unverified peer once its keeper does the
    same with you; then compare the codes by voice, as with an invite.
    """
    emit(cli, cli.call("peer_meet", org=org, name=name), show_met)
