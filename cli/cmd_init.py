"""`parasol init`: make a node, and hand the keeper the two sheets that must leave this machine."""

import time
from pathlib import Path

import click

from cli.ask import ask_new_passphrase
from cli.cli_state import Cli
from cli.show import Result, emit, facts, words
from cli.words import say


@click.command()
@click.option("--org", required=True, help="The organisation's name, as peers see it.")
@click.option("--region", required=True, help="Its region, ISO 3166: US-CA, GB-ENG, FR.")
@click.option(
    "--preset",
    required=True,
    help="The policy to start from: criminalised, client_criminalised, gdpr or decriminalised.",
)
@click.option("--timezone", required=True, help="Time zone, such as America/Los_Angeles.")
@click.option("--language", default="en", show_default=True, help="Language of texts written here.")
@click.option("--listen", metavar="ADDRESS:PORT", help="Where to listen. [default: 127.0.0.1:8700]")
@click.option(
    "--endpoint",
    "endpoints",
    multiple=True,
    metavar="URL",
    help="Address at which peers reach this node; repeat it for several, or none for a node behind "
    "NAT. A secret path is put after it.",
)
@click.option(
    "--socks-proxy", metavar="URL", help="Proxy for onion peers: socks5://127.0.0.1:9050."
)
@click.option(
    "--pages",
    metavar="ADDRESS:PORT",
    help="Where members' pages listen, or none. [default: this machine alone, 1000 ports above "
    "--listen]",
)
@click.option(
    "--pages-address",
    "pages_addresses",
    multiple=True,
    metavar="URL",
    help="How members reach the pages, where that differs: https://example.org, or an onion "
    "service; repeat it for several.",
)
@click.option("--allow-loopback", is_flag=True, help="Allow peers on this machine, to try things.")
@click.option(
    "--recovery-out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the two files with the recovery words; a stick, best.",
)
@click.pass_obj
def init(
    cli: Cli,
    org: str,
    region: str,
    preset: str,
    timezone: str,
    language: str,
    listen: str | None,
    endpoints: tuple[str, ...],
    socks_proxy: str | None,
    pages: str | None,
    pages_addresses: tuple[str, ...],
    allow_loopback: bool,
    recovery_out: Path,
) -> None:
    """Make a new node: keys, store, and the policy of your region. Nothing is overwritten.

    \b
      parasol --passphrase-file pass.txt init --org "Riverside" --region US-CA \\
        --preset criminalised --timezone America/Los_Angeles --endpoint none \\
        --recovery-out /media/stick
    """
    if not endpoints:
        raise click.UsageError(
            "--endpoint is missing: the address at which peers reach this node, or none"
        )
    if "none" in endpoints and len(endpoints) > 1:
        raise click.UsageError("--endpoint none cannot stand beside an address")
    cli.need_passphrase_source()
    from keys.keystore import read_passphrase
    from node.setup import Wishes, init_node

    wishes = Wishes(
        org=org,
        region=region,
        preset=preset,
        timezone=timezone,
        language=language,
        listen=listen,
        endpoints=() if "none" in endpoints else endpoints,
        allow_loopback=allow_loopback,
        socks_proxy=socks_proxy,
        pages=pages,
        pages_addresses=pages_addresses,
    )
    prompt = ask_new_passphrase if cli.may_ask() else None
    result = init_node(
        cli.home,
        wishes,
        passphrase=read_passphrase(cli.passphrase_file, prompt).encode(),
        recovery_out=recovery_out.absolute(),
        now=time.time_ns() // 1000,
    )
    emit(cli, result, _show, then="parasol peer invite, and parasol serve")


def _show(result: Result) -> None:
    facts(result, ["org", "home", "endpoints"])
    files = "\n".join(f"  {words(path)}" for path in result["recovery_files"])
    say(
        f"\nThe recovery words of this organisation are in\n{files}\n"
        "Move these off this machine now, to two different places, and delete them here.\n"
        "The passphrase is nowhere else: keep a copy of it too."
    )
    for link in result["invitation"]["links"]:
        say("\nYour own account on the pages, once parasol serve runs; good once, for a week:")
        print(words(link))
