"""From an error to an exit code and a message: the only place where that is decided.

Exit codes: 0 done · 1 failed · 2 used wrongly · 3 refused by policy, consent or review · 4 keys or
passphrase · 5 the peer · 6 doctor has found a problem. Scripts go by the error's `code`, which is
the same whether the command ran in this process or in the running node.
"""

import json
import os
import sys

import click

from cli.words import safe

FAILED, USAGE, POLICY, KEYS, PEER, PROBLEM = 1, 2, 3, 4, 5, 6

_CODES = {
    USAGE: "usage bad_field bad_request bad_setting bad_mapping identifier policy",
    POLICY: "refused_by_policy",
    KEYS: "keys wrong_passphrase no_passphrase keystore_exists keystore_missing keystore_damaged "
    "unsafe_mode bad_phrase bad_document store_locked key signature",
    PEER: "federation peer peer_refused unverified_peer wrong_code version stale clock quota busy "
    "not_granted conflict gone locked",
}
EXIT_CODES = {code: number for number, codes in _CODES.items() for code in codes.split()}


def exit_code(code: str) -> int:
    """Give the exit code for an error's code; what the table does not name has failed, 1."""
    return EXIT_CODES.get(code, FAILED)


def report(error: BaseException, *, as_json: bool) -> int:
    """Print an error to standard error, for people or as `{"error": {…}}`; give the exit code."""
    if isinstance(error, BrokenPipeError):
        # The reader of our output left, as `head` does; keep Python from failing on its last flush.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAILED
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, click.exceptions.NoArgsIsHelpError) and not as_json:
        print(error.format_message(), file=sys.stderr)
        return USAGE
    code, message, number = _describe(error)
    if as_json:
        print(json.dumps({"error": {"code": code, "message": message}}), file=sys.stderr)
    else:
        print(f"parasol: {safe(message, lines=True)}", file=sys.stderr)
    return number


def _describe(error: BaseException) -> tuple[str, str, int]:
    from protocol.errors import ParasolError

    if isinstance(error, click.UsageError):
        return "usage", _usage(error), USAGE
    if isinstance(error, (click.Abort, KeyboardInterrupt)):
        return "interrupted", "stopped; nothing more was done", 130
    if isinstance(error, click.ClickException):
        return "failed", error.format_message(), FAILED
    if isinstance(error, ParasolError):
        return error.code, str(error) or type(error).__doc__ or error.code, exit_code(error.code)
    if isinstance(error, OSError) and error.strerror:
        where = f" ({error.filename})" if error.filename else ""
        return "file", f"{error.strerror}{where}", FAILED
    from node.control import place

    # The message of an unforeseen error may hold what a person typed: say the kind and the place.
    return "internal", f"{type(error).__name__} at {place(error)}; please report this", FAILED


def _usage(error: click.UsageError) -> str:
    message = error.format_message()
    if isinstance(error, click.NoSuchOption) and error.option_name == "--json":
        message += " --json stands before the command: parasol --json …"
    if error.ctx is not None:
        message += f" Try: {error.ctx.command_path} --help"
    return message
