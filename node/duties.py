"""What a policy promises by a certain time, done by the clock: alerts that nobody confirmed end.

Each duty is idempotent and reads what is due from the store, so one that was missed while the node
was off is done at the next start. Nothing that signs runs while our key may not, or while nobody
knows what may go out.
"""

from node.reviewing import end_unconfirmed
from node.runtime import Node
from node.store.audit import forget_old


async def do_duties(node: Node) -> None:
    """Do everything that is due now."""
    if not node.context.hold_all and may_sign(node):
        node.on_news(await node.change(end_unconfirmed, node))
    await node.change(forget_old, node.context.now_us())


def may_sign(node: Node) -> bool:
    """Whether peers would take what our node key signs."""
    return node.documents.current.key_state(node.key.public, node.today) == "valid"
