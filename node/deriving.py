"""Has ledgers derived anew in slices, so that whatever else is to be written has its turn.

Each slice is one commit (`node.store.due`). What was written to the queue while it ran goes before
the next one. Peers with news are told after each: what narrows need not wait for the last row.
"""

from node.runtime import Node
from node.store.due import START, derive_from, derive_next, is_due


async def derive_due(node: Node) -> set[int]:
    """Derive all that is due; returns the peers with news. One at a time: the next finds nothing.

    Where it is cut off, what is left stays due, is not told meanwhile, and a job goes on with it.
    """
    news: set[int] = set()
    async with node.deriving:
        if not await node.read(is_due):
            return news
        while (done := await node.change(derive_next, node.context)) is not None:
            news |= done.news
            if done.news or done.through:  # who is through can confirm again
                node.on_news(set(done.news | done.through))
    return news


async def derive_all(node: Node) -> set[int]:
    """Derive every ledger again from its first key on, due or not; returns the peers with news.

    For what the day changes: nothing is held up, since no row is more wrong than it was.
    """
    news: set[int] = set()
    at: bytes | None = START
    while at is not None:
        done = await node.change(derive_from, node.context, at)
        news |= done.news | done.through
        at = done.end
    return news
