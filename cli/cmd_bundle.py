"""`parasol bundle`: exchange with a peer by a sealed file, on a stick or by mail."""

import base64
from pathlib import Path

import click

from cli.ask import read_input_file
from cli.cli_state import Cli
from cli.files import write_new
from cli.ordered import OrderedGroup
from cli.show import anything, emit, facts


@click.group(cls=OrderedGroup)
def bundle() -> None:
    """Exchange with a peer by a sealed file. Only that peer can open it."""


@bundle.command()
@click.argument("peer")
@click.option("--out", metavar="FILE", help="Where to; it must not exist. - is standard output.")
@click.pass_obj
def write(cli: Cli, peer: str, out: str | None) -> None:
    """Write what PEER does not have yet into a sealed file."""
    result = cli.call("bundle_write", peer=peer)
    data = base64.b64decode(result.pop("bundle"))
    target = Path(out or f"{peer[:12]}.parasol-bundle")
    write_new(cli, target if out != "-" else None, data)
    result |= {"path": str(target) if out != "-" else "-", "bytes": len(data)}
    if out != "-":
        emit(cli, result, facts, then="give it to them; they run: parasol bundle read FILE")


@bundle.command()
@click.argument("file")
@click.pass_obj
def read(cli: Cli, file: str) -> None:
    """Take in a sealed file that a peer wrote for us.

    FILE is - for standard input."""
    content = base64.b64encode(read_input_file(file, "FILE")).decode()
    result = cli.call("bundle_read", content=content)
    emit(cli, result, anything, then="parasol bundle write PEER, to answer it")
