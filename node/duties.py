"""What a policy promises by a certain time, done by the clock: alerts that nobody confirmed end,
what leads to a reporter is purged, the figures of a month that is over are worked out.

Each duty is idempotent and reads what is due from the store, so one that was missed while the node
was off is done at the next start. Nothing that signs runs while our key may not, or while nobody
knows what may go out.
"""

from collections.abc import Iterable

from node.deriving import derive_all
from node.disputing import follow_dispute_policy
from node.reviewing import end_unconfirmed
from node.runtime import Node
from node.statistics import close_months
from node.store import meta
from node.store.audit import forget_old
from node.store.disputes import forget_closed
from node.store.lookups import forget_checks
from node.store.reporter_data import purge_due

DELAYS_DAY = "delays_day"  # the day on which it was last looked what is held back no longer


async def do_duties(node: Node) -> None:
    """Do everything that is due now."""
    news = await node.change(follow_dispute_policy, node.context)
    news |= await end_delays(node)
    if not node.context.hold_all and may_sign(node):
        news |= await node.change(end_unconfirmed, node)
    if news:
        node.on_news(news)
    now = node.context.now_us()
    await node.change(forget_old, now)
    if await node.change(forget_closed, now):
        await node.store.checkpoint()
    await purge_reports(node)
    await node.change(forget_checks, node.policy, node.today)
    if not node.context.hold_all:
        await node.change(close_months, node.context)


async def end_delays(node: Node) -> set[int]:
    """Once a day, let go what `publish_delay` held back until today; returns peers with news."""
    today = node.today
    if not node.policy.publish_delay or await node.read(meta.get_int, DELAYS_DAY) == today:
        return set()
    news = await derive_all(node)
    await node.change(meta.put_int, DELAYS_DAY, today)
    return news


async def purge_reports(node: Node, only: Iterable[str] | None = None) -> None:
    """Purge the private reports (of these drafts; None: all) that the policy keeps no longer."""
    if await node.change(purge_due, node.context, only):
        await node.store.checkpoint()


def may_sign(node: Node) -> bool:
    """Whether peers would take what our node key signs."""
    return node.documents.current.key_state(node.key.public, node.today) == "valid"
