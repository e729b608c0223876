"""`parasol serve`: run the node until SIGTERM or Ctrl-C."""

import asyncio
import inspect

import click

from cli.cli_state import Cli


@click.command()
@click.pass_obj
def serve(cli: Cli) -> None:
    """Run the node: answer peers and commands, sync, renew and expire. SIGTERM ends it cleanly."""
    from node.control import need_node

    need_node(cli.home)
    from node.app import serve as run

    running = run(cli.home, cli.passphrase())
    if inspect.iscoroutine(running):
        asyncio.run(running)
