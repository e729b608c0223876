"""The freeze of our own node: until its keeper thaws it, it tells its peers nothing of its own.

For the hour in which somebody else may have been at the keyboard. What goes out is decided in
`federation.origin`, which gives a frozen channel no item, not even a correction: it may be what the
intruder did. Peers' questions about identifiers are answered `locked`.
What comes in is taken as ever, our own checks are answered, documents are exchanged, so that a
revoked key reaches everybody. Commands that would change what peers get are refused.

The freeze stands in the register: neither a restart nor a backup put back ends it.
"""

from sqlalchemy import Connection

from node.errors import NodeError
from node.store.context import FROZEN, Context
from protocol.codec import decode, encode
from protocol.shape import as_array, as_int, as_str

REASON_CHARS = 500
_REFUSED = frozenset(
    {"draft_publish", "draft_approve", "policy_apply", "bundle_write"}
    | {"recover_confirm", "recover_sign"}
    | {"policy_adopt", "policy_leave", "peer_verify", "peer_resume", "peer_introduce"}
    | {"receipt_accept", "dispute_close", "dispute_lift"}
    | {"voice_corroborate", "voice_dispute", "voice_same_as", "voice_withdraw"}
)
_READS = frozenset({"alert_list", "alert_show", "alert_coverage", "alert_board"})


class Frozen(NodeError):
    """The node is frozen: nothing that peers would get may be changed. parasol node thaw"""

    code = "frozen"


def refuse_while_frozen(context: Context, command: str) -> None:
    """Frozen where the node is, and the command would change what peers get."""
    changes = command in _REFUSED or (command.startswith("alert_") and command not in _READS)
    if changes and context.frozen:
        raise Frozen(
            "the node is frozen: nothing that peers would get may be changed."
            " When all is well again: parasol node thaw"
        )


def freeze(_: Connection, context: Context, reason: str) -> None:
    """Freeze the node from now on; once more only changes the reason."""
    found = frozen_since(context)
    since = context.now_us() if found is None else found[0]
    context.register.stage(FROZEN, b"", encode([since, reason]))


def thaw(_: Connection, context: Context) -> None:
    """End the freeze."""
    context.register.stage(FROZEN, b"", None)


def frozen_since(context: Context) -> tuple[int, str] | None:
    """Since when the node is frozen, in microseconds, and why; None where it is not."""
    raw = context.register.get(FROZEN, b"")
    if raw is None:
        return None
    since, reason = as_array(decode(raw), 2)
    return as_int(since), as_str(reason, 4 * REASON_CHARS)
