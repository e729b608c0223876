"""`parasol demo`: three organisations on this machine, from their lists to an erasure."""

from importlib import import_module

import click

from cli.cli_state import Cli


@click.command()
@click.option("--once", is_flag=True, help="End by itself: 0 when the whole story held.")
@click.pass_obj
def demo(cli: Cli, once: bool) -> None:
    """Run three nodes on this machine, with the lists that come with Parasol, until Ctrl-C.

    Shows what each sees of the same alert and the rule behind each field, then a correction, a
    narrowing, a withdrawal and an erasure, and who confirmed them.
    """
    import_module("cli.demo_story").run_demo(as_json=cli.as_json, once=once)
