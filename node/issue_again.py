"""Signs own records once more: after two texts for one revision, or under a new node key."""

import asyncio
from collections.abc import Collection

from sqlalchemy import Connection

from node.pipeline import publish, signed_again
from node.runtime import Node
from node.store.records import own_records
from protocol.ids import RecordKey


async def issue_again(node: Node, rks: Collection[RecordKey] | None = None) -> set[int]:
    """Issue records (None: those in conflict) at their next revision; returns peers with news."""
    context = node.context
    keys = set(context.conflicts) if rks is None else set(rks)
    known = await node.read(own_records, context.org, keys)
    least = {rk: context.register.least_revision(rk) for rk in known}
    least = {rk: context.register.least_revision(rk) for rk in known}
    again = await asyncio.to_thread(
        lambda: [
            signed_again(record, node.key, context.random, node.today, above=least[rk])
            for rk, record in known.items()
        ]
    )
    revisions = {rk: record.entry.rev for rk, record in known.items()}

    def effect(connection: Connection) -> set[int]:
        now = own_records(connection, context.org, revisions)
        same = [
            record
            for record in again
            if now[record.entry.rk].entry.rev == revisions[record.entry.rk]
        ]  # one that was changed meanwhile has its next revision already
        return publish(connection, context, same)

    news = await node.change(effect)
    context.conflicts.difference_update(keys)
    return news
