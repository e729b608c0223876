"""`parasol keys`: the organisation's keys, with its node or without it.

The root's words are read from a file or standard input, never from a flag. With `--out`, revoke and
recover need no node at all: the words and a copy of the document are enough, on any laptop.
"""

import os
import time
from datetime import date
from pathlib import Path
from typing import Any

import click

from cli.ask import confirm, read_text_file
from cli.cli_state import Cli
from cli.files import refuse_existing, write_new
from cli.ordered import OrderedGroup
from cli.show import anything, emit, facts

DAY_US = 86_400_000_000

recovery_file = click.option(
    "--recovery-file",
    required=True,
    metavar="FILE",
    help="The recovery file, or a file with its 24 words; - reads standard input.",
)
document_option = click.option(
    "--document",
    metavar="FILE",
    help="The organisation's newest document, with --out. [default: the one in the recovery file]",
)
out_option = click.option(
    "--out", metavar="FILE", help="Work without the node, and write the new document to FILE."
)


@click.group(cls=OrderedGroup)
def keys() -> None:
    """Show, rotate, revoke and recover the organisation's keys."""


@keys.command()
@click.option("--out", metavar="FILE", help="Write the organisation's document to FILE too.")
@click.pass_obj
def show(cli: Cli, out: str | None) -> None:
    """Show our organisation, its code, keys and document."""
    result = cli.call("keys_show")
    if out is not None:
        write_new(cli, Path(out), str(result["document"]).encode())
    shown = {name: value for name, value in result.items() if name != "document"}
    emit(
        cli,
        result if cli.as_json else shown,
        anything,
        then="keep a copy of the document with the recovery words: parasol keys show --out FILE",
    )


@keys.command()
@recovery_file
@click.pass_obj
def rotate(cli: Cli, recovery_file: str) -> None:
    """Make a new node key, and renew our document.

    Our alerts are signed again with it, and the organisation's document lasts another year.

    Once a year, and whenever the machine was out of your hands.
    """
    result = cli.call("keys_rotate", phrase=_words(recovery_file)[0])
    emit(cli, result, facts, then="parasol status, to see that the peers have it")


@keys.command()
@recovery_file
@click.option("--key", help="The node key, or its start; see keys show.")
@click.option(
    "--since",
    required=True,
    type=click.DateTime(["%Y-%m-%d"]),
    metavar="DATE",
    help="First day that what came under this key is not to be believed.",
)
@document_option
@out_option
@click.pass_obj
def revoke(
    cli: Cli,
    recovery_file: str,
    key: str | None,
    since: Any,
    document: str | None,
    out: str | None,
) -> None:
    """Revoke a node key: what it signed since DATE is hidden.

    Without --key it is the only key, or with several you are asked to name one.
    """
    phrase, sheet = _words(recovery_file)
    day = (since.date() - date(1970, 1, 1)).days
    confirm(cli, "revoke", f"What peers received under the key since {since:%Y-%m-%d} is hidden.")
    if out is None:
        result = cli.call("keys_revoke", phrase=phrase, key=key, since=f"{since:%Y-%m-%d}")
        emit(cli, result, facts, then="parasol keys rotate, for a new key")
        return
    from node.rootdocs import find_key, revoked, root_of

    known = _document(document, sheet)
    root = root_of(known, phrase)
    # Without a newer copy, the version jumps over those that may be out there.
    step = 1 if document is not None else 100
    chosen = find_key(known, key or _only_key(known))
    _write_document(cli, out, known, revoked(known, root, chosen, day, _today(), step=step))


@keys.command()
@recovery_file
@click.option(
    "--recovery-out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the file with the words of the new next root.",
)
@click.option("--key", help="Revoke this node key too; needs --since.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d"]), metavar="DATE", help="See keys revoke.")
@document_option
@out_option
@click.pass_obj
def recover(
    cli: Cli,
    recovery_file: str,
    recovery_out: Path,
    key: str | None,
    since: Any,
    document: str | None,
    out: str | None,
) -> None:
    """Take the organisation back with the next root.

    For when the root is lost or stolen.

    The next root becomes the root, and a new next root is made, in a new recovery file.
    """
    if (key is None) != (since is None):
        raise click.UsageError("--key and --since go together")
    if out is not None:
        refuse_existing(Path(out))
    from keys.orgdoc import next_hash
    from keys.phrase import new_phrase, phrase_to_key
    from node.rootdocs import find_key, next_root_of, recovered
    from node.setup import sheet as render_sheet
    from node.undo import cleared_on_failure

    phrase, sheet = _words(recovery_file)
    after = new_phrase(os.urandom)
    commitment = next_hash(phrase_to_key(after).public)
    known = _document(document, sheet if out is not None else _own_document(cli))
    root = next_root_of(known, phrase)
    revoke = None
    if key is not None:
        revoke = find_key(known, key), (since.date() - date(1970, 1, 1)).days
    new = recovered(known, root, commitment, _today(), revoke=revoke)
    duty = "takes over when the root is lost or stolen"
    with cleared_on_failure() as made:
        made.folder(recovery_out)
        path = recovery_out / f"parasol-next-root-{new.gen + 1}.txt"
        made.secret(path, render_sheet(new, "NEXT ROOT", duty, after))
        if out is None:
            from node.rootdocs import chain_with, render_document

            document_text = render_document(chain_with(known, new))
            result = cli.call("keys_recover", document=document_text)
            shown = {**result, "recovery_file": str(path)}
            emit(cli, shown, facts, then="move the new recovery file off this machine")
        else:
            _write_document(cli, out, known, new, recovery_file=str(path))


def _words(name: str) -> tuple[str, str]:
    """Read the words, and the whole file they stood in."""
    from node.rootdocs import read_words

    text = read_text_file(name, "--recovery-file")
    return read_words(text), text


def _document(name: str | None, sheet: str) -> Any:
    from node.rootdocs import DOCUMENT_PREFIX, parse_document

    if name is None and DOCUMENT_PREFIX not in sheet:
        raise click.UsageError(
            "--document is missing: the newest copy of the organisation's document, "
            "from parasol keys show --out FILE"
        )
    return parse_document(sheet if name is None else read_text_file(name, "--document"))


def _own_document(cli: Cli) -> str:
    return str(cli.call("keys_show")["document"])


def _only_key(documents: Any) -> str:
    from protocol.ids import text_id

    listed = documents.current.keys
    if len(listed) != 1:
        names = ", ".join(text_id(row[0])[:12] for row in listed)
        raise click.UsageError(f"--key is missing: the start of one of {names}")
    return text_id(listed[0][0])


def _today() -> int:
    return time.time_ns() // 1000 // DAY_US


def _write_document(cli: Cli, out: str, known: Any, new: Any, **more: str) -> None:
    from node.rootdocs import chain_with, render_document
    from protocol.ids import text_id

    write_new(cli, Path(out), render_document(chain_with(known, new)).encode())
    result = {"document": out, "org": text_id(new.org), "gen": new.gen, "ver": new.ver, **more}
    emit(cli, result, facts, then="give it to each peer: parasol peer update FILE")
