"""`parasol receipt`: what a reporter may do with her words, and what the desk does with hers.

A code is asked for on a terminal, unseen, or is the first line of standard input. It is never an
argument: those show in process lists.
"""

from typing import Any

import click

from cli.ask import confirm, read_stdin
from cli.cli_state import Cli
from cli.ordered import OrderedGroup
from cli.show import Result, duration, emit, facts, present, table, words

SCOPES = (
    "keep", "members", "peers", "print", "statistics", "contact", "police_anonymised",
    "police_supported",
)  # fmt: skip
_MEANS = {
    "keep": "keep with us",
    "members": "warn our members",
    "peers": "warn organisations that we trust",
    "print": "print",
    "statistics": "count in statistics",
    "contact": "contact me about it",
    "police_anonymised": "give to police, anonymised",
    "police_supported": "go to police with my support",
}
CODE_HELP = """\b
The words are asked for. In a script they are the first line of standard input:
  parasol receipt show < FILE
"""


@click.group(cls=OrderedGroup)
def receipt() -> None:
    """Show, narrow, add to and take back a report, by its reporter's receipt code."""


@receipt.command(epilog=CODE_HELP)
@click.pass_obj
def show(cli: Cli) -> None:
    """Show what became of a report: its consent, where it went, and who confirmed."""
    emit(cli, cli.call("receipt_show", code=_code(cli)), _show)


@receipt.command(epilog=CODE_HELP)
@click.option(
    "--no", multiple=True, type=click.Choice(SCOPES), help="Withdraw this; repeat it for several."
)
@click.option(
    "--yes", multiple=True, type=click.Choice(SCOPES), help="Allow this; repeat it for several."
)
@click.pass_obj
def consent(cli: Cli, no: tuple[str, ...], yes: tuple[str, ...]) -> None:
    """Change what may be done with a report.

    A no acts at once, wherever the alert went. A yes waits until the desk has agreed. Without keep
    the report is taken back as a whole.
    """
    if not no and not yes:
        raise click.UsageError("which scope? --no SCOPE or --yes SCOPE")
    code = _code(cli)
    if "keep" in no:
        _sure(cli)
    result = cli.call("receipt_consent", code=code, yes=list(yes), no=list(no))
    emit(cli, result, _show, then="parasol receipt show, to see who confirmed it")


@receipt.command(epilog=CODE_HELP)
@click.pass_obj
def withdraw(cli: Cli) -> None:
    """Take a report back as a whole: erased here, and at all who ever had its alert.

    This cannot be undone. On a terminal it must be confirmed by typing."""
    code = _code(cli)
    _sure(cli)
    result = cli.call("receipt_withdraw", code=code)
    emit(cli, result, _show, then="parasol receipt show, to see who confirmed it")


@receipt.command(epilog=CODE_HELP)
@click.pass_obj
def add(cli: Cli) -> None:
    """Add to a report; the rest of standard input, or asked for.

    It stays private, and waits for the desk."""
    _say(cli, "receipt_add")


@receipt.command(epilog=CODE_HELP)
@click.pass_obj
def correct(cli: Cli) -> None:
    """Say what is wrong in a report; the rest of standard input, or asked for.

    It stays private, and waits for the desk, which corrects the alert."""
    _say(cli, "receipt_correct")


@receipt.command()
@click.argument("id")
@click.pass_obj
def issue(cli: Cli, id: str) -> None:  # noqa: A002 - the name of the argument in the help
    """Give out a code for a draft or an alert of ours. It is shown once.

    A code that was given for it before opens it no longer.
    """
    emit(cli, cli.call("receipt_issue", id=id), issued)


@receipt.command()
@click.pass_obj
def updates(cli: Cli) -> None:
    """List what reporters sent, and the desk has not settled."""
    result = cli.call("receipt_updates")

    def layout(shown: Result) -> None:
        rows = shown["updates"]
        columns = ["id", "kind", "draft", "alert", "on", "scopes", "text"]
        table(rows, present(rows, columns), none="Nothing waits.")

    then = "parasol receipt accept ID, or receipt decline ID" if result["updates"] else ""
    emit(cli, result, layout, then=then)


@receipt.command()
@click.argument("id")
@click.pass_obj
def accept(cli: Cli, id: str) -> None:  # noqa: A002
    """Take up what a reporter sent.

    Her words join the private report; a consent comes in force. To change the alert: alert correct.
    """
    result = cli.call("receipt_accept", id=id)
    corrects = result.get("kind") == "correct" and result.get("alert")
    emit(cli, result, facts, then=f"parasol alert correct {result['alert']}" if corrects else "")


@receipt.command()
@click.argument("id")
@click.pass_obj
def decline(cli: Cli, id: str) -> None:  # noqa: A002
    """Decline what a reporter sent; her code shows it."""
    emit(cli, cli.call("receipt_decline", id=id), facts)


def issued(result: Result) -> None:
    """Print a new code, apart from all else: it cannot be shown again."""
    facts(result, [name for name in result if name != "receipt"])
    if result.get("receipt"):
        print(f"\n  {words(result['receipt'])}\n")
        print("Write these words down, or hand them over. They are shown this once.")


def card(result: Result) -> None:
    """Print what is handed to the reporter: nothing on it says what it is about."""
    print("Keep this paper. The words are yours alone, and nobody needs your name.\n")
    print(f"  {words(result['receipt'])}\n")
    print("With them you can ask us at any time what became of it, add something, correct")
    print("something, change what may be done with it, or take all of it back.")


def _code(cli: Cli) -> str:
    """The code alone."""
    if cli.may_ask():
        return str(click.prompt("Receipt code", hide_input=True, err=True))
    return _given(read_stdin("Receipt code"))


def _say(cli: Cli, name: str) -> None:
    if cli.may_ask():
        code = str(click.prompt("Receipt code", hide_input=True, err=True))
        text = read_stdin("What you want to say")
    else:
        first, _, text = read_stdin("Receipt code, then the text").partition("\n")
        code = _given(first)
    if not text.strip():
        raise click.UsageError("nothing was said: the text follows the code, on a line of its own")
    result = cli.call(name, code=code, text=text.strip())
    emit(cli, result, _show, then="the desk reads it; nothing is published by itself")


def _given(code: str) -> str:
    if not code.strip():
        raise click.UsageError("Receipt code: nothing came on standard input")
    return code


def _sure(cli: Cli) -> None:
    confirm(cli, "withdraw", "Will be erased for good, here and at all who have it.")


def _show(result: Result) -> None:
    lists = {"consent", "peers", "sent", "waits", "summary"}
    facts(result, [name for name in result if name not in lists])
    print()
    facts({_MEANS[scope]: _given_word(result["consent"].get(scope)) for scope in SCOPES})
    if result.get("waits"):
        print(f"waits for the desk: {words([_MEANS[scope] for scope in result['waits']])}")
    if "peers" in result:
        rows = [{**row, "age": duration(row.get("age_s"))} for row in result["peers"]]
        print()
        columns = ["peer", "what", "state", "since", "age", "reason"]
        table(rows, present(rows, columns), none="It went to no other organisation.")
        if result.get("summary"):
            print(words(result["summary"]))
    if result.get("sent"):
        print()
        table(result["sent"], present(result["sent"], ["kind", "scopes", "on", "state"]))


def _given_word(value: Any) -> str:
    return "not asked: the review decides" if value is None else words(value)
