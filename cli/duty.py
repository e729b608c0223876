"""What a reporter must be told before she is asked anything: a duty to report that binds us."""

import tomllib

from cli.ask import confirm
from cli.cli_state import Cli
from cli.words import safe, say


def tell_duty(cli: Cli) -> None:
    """Show the duty to report, and on a terminal have it said that it was read.

    With --json nothing is shown: a program shows what `policy intake` says before its own first
    question.
    """
    if cli.as_json or not _may_have_duty(cli):
        return
    duty = cli.call("policy_intake")["mandatory_reporting"]
    if duty:
        say(safe(duty, lines=True))
        confirm(cli, "read", "Tell the reporter this before you write anything down.")


def _may_have_duty(cli: Cli) -> bool:
    """Whether to ask the node: not where no server runs and the file names no duty.

    A node that is opened for one command obeys the file; asking twice is a second passphrase.
    """
    from node.control import SOCKET_FILE
    from node.settings import POLICY_FILE

    try:
        policy = tomllib.loads((cli.home / POLICY_FILE).read_text("utf-8"))
    except (OSError, ValueError):
        return True
    return bool(policy.get("mandatory_reporting")) or (cli.home / SOCKET_FILE).exists()
